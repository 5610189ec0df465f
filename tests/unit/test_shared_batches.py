"""Every batch can be shared equally by the devices, whatever the number of rows and the size of a batch."""

import numpy as np
import pytest

from gait_core.learn.batches import ArrayBatches
from gait_core.learn.classifiers.clip_batches import ClipBatches
from gait_core.learn.classifiers.sides import ExchangingBatches, Sides
from gait_core.learn.datasets.clips import Clips

SIDES = Sides(channels=np.array([0, 1]), classes=np.array([0, 1]))


def array_source(rows, **options):
    values = np.arange(rows * 2, dtype=np.float32).reshape(rows, 1, 2)
    return ExchangingBatches(
        ArrayBatches(values, np.eye(2, dtype=np.float32)[np.arange(rows) % 2], **options), SIDES, 0
    )


def clip_source(rows, **options):
    clips = Clips.of([np.full((4 + row, 8, 8, 1), row, np.uint8) for row in range(rows)])
    targets = np.eye(2, dtype=np.float32)[np.arange(rows) % 2]
    return ClipBatches(clips, targets, frames=4, pieces=1, width_multiple=8, **options).exchanging(SIDES)


@pytest.mark.parametrize("make", [array_source, clip_source])
@pytest.mark.parametrize(
    ("rows", "batch_size", "devices", "accumulate"), [(7, 3, 2, 1), (1, 4, 2, 1), (5, 4, 3, 1), (9, 4, 2, 2)]
)
def test_a_batch_is_shared_equally(make, rows, batch_size, devices, accumulate):
    source = make(rows, batch_size=batch_size, devices=devices, accumulate=accumulate)
    for batch in (*source.batches(1), *source.in_order()):
        assert len(batch.inputs) == len(batch.targets)
        assert len(batch.inputs) % devices == 0 and 0 < batch.real <= len(batch.inputs)
    assert len(list(source.batches(1))) % accumulate == 0
    assert sum(batch.real for batch in source.in_order()) == rows, "each row is judged once"


@pytest.mark.parametrize("make", [array_source, clip_source])
def test_with_one_device_a_batch_has_the_rows_that_were_asked_for(make):
    assert {len(batch.inputs) for batch in make(7, batch_size=3).batches(1)} == {3}
