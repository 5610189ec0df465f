"""How much memory a training takes is told before it starts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gait_core.errors import MemoryLimitError
from gait_core.learn.classifiers import SampleShape, batch_size, classifier
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.stored import save_dataset
from gait_core.progress import Event, Reporter
from gait_core.workflows import training_size
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest
from gait_core.workflows.training_size import size_line, size_of_training
from gait_core.workspace import Workspace

MIB = 1024**2


def windows() -> Samples:
    labels = np.repeat([0, 1] * 4, 2)
    values = np.random.default_rng(0).normal(size=(len(labels), 12, 4)) + labels[:, None, None]
    return Samples(
        values=values.astype(np.float32),
        lengths=np.full(len(labels), 12),
        labels=labels,
        subjects=np.repeat([f"s{number}" for number in range(8)], 2),
        walks=np.arange(len(labels)).astype(np.str_),
        channels=("left_a_m", "right_a_m", "left_b_m", "right_b_m"),
        classes=("control", "patient"),
        kind="windows",
    )


@pytest.mark.parametrize("free_share", [2.0, 0.5])
def test_the_line_has_the_numbers_of_the_model(monkeypatch: pytest.MonkeyPatch, free_share: float) -> None:
    kind, samples = classifier("tcn"), windows()
    settings = kind.settings.from_dict({"batch_size": 16})
    memory = kind.memory_bytes(settings, SampleShape.of(samples), len(samples))
    free = SimpleNamespace(available_bytes=int(memory * free_share))
    monkeypatch.setattr(training_size, "machine_memory", lambda: free)
    size = size_of_training(kind, settings, SampleShape.of(samples), len(samples), folds=5)
    line = size_line(kind, size)
    assert size.fits == (free_share > 1)
    assert (size.batch_size, size.batch_chosen) == (16, False)
    assert f"{kind.parameter_count(settings, SampleShape.of(samples)):,} weights to learn from 16 rows" in line
    assert f"about {round(memory / MIB):,} MB of memory ({free.available_bytes // MIB:,} MB are free)" in line
    assert line.endswith("16 rows in a batch")


def test_a_batch_size_that_is_left_open_is_chosen_for_the_rows_that_one_fold_trains_on() -> None:
    """About an eighth of the rows, a power of two: 200 of 400 rows in two folds, 360 in ten."""
    kind, shape = classifier("tcn"), SampleShape.of(windows())
    for folds, expected in ((2, 16), (10, 32)):
        size = size_of_training(kind, kind.settings(), shape, 400, folds=folds)
        assert (size.batch_size, size.batch_chosen, size.rows) == (expected, True, 400)
        assert size.settings == kind.settings(batch_size=expected)
        assert size.memory_bytes == kind.memory_bytes(size.settings, shape, 400)


def test_a_classifier_without_batches_has_none() -> None:
    kind = classifier("logistic_regression")
    size = size_of_training(kind, kind.settings(), SampleShape.of(windows()), 16, folds=2)
    assert (size.batch_size, size.batch_chosen, size.settings) == (None, False, kind.settings())
    assert "batch" not in size_line(kind, size)


def test_where_not_one_row_fits_the_batch_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    none_free = SimpleNamespace(available_bytes=0, reserve_bytes=0)
    monkeypatch.setattr(batch_size, "machine_memory", lambda: none_free)
    kind = classifier("tcn")
    with pytest.raises(MemoryLimitError, match="memory free for this network"):
        size_of_training(kind, kind.settings(), SampleShape.of(windows()), 16, folds=2)


@pytest.mark.parametrize(("free_bytes", "kind"), [(2**50, "note"), (0, "warning")])
def test_it_is_told_before_the_first_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, kind: str
) -> None:
    monkeypatch.setattr(training_size, "machine_memory", lambda: SimpleNamespace(available_bytes=free_bytes))
    save_dataset(tmp_path / "data", windows(), {})
    request = TrainRequest(dataset=str(tmp_path / "data"), model="logistic_regression", folds=2, final=False)
    told: list[Event] = []
    train_classifier(request, Workspace(tmp_path / "space"), Reporter(sink=told.append))
    about = [number for number, event in enumerate(told) if "MB of memory" in event.message]
    folds = next(number for number, event in enumerate(told) if (event.kind, event.stage) == ("stage", "train"))
    assert [told[number].kind for number in about] == [kind]
    assert about[0] < folds
