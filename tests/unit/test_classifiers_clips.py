"""Networks that look at clips: padding, pieces of each epoch, mirror images, resuming, and clear errors."""

from __future__ import annotations

import mmap
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from test_classifiers import clips as walkers
from test_classifiers import samples, settings_of

from gait_core.errors import Cancelled, InputError, SettingsError
from gait_core.learn.backend import load_keras, seed_everything
from gait_core.learn.classifiers import SampleShape, classifier
from gait_core.learn.classifiers.clip_batches import ClipBatches, clip_inputs, evenly_spaced
from gait_core.learn.classifiers.sides import Sides
from gait_core.learn.datasets.clips import Clips, ClipSpool
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.registry import InputShape
from gait_core.progress import Event, Reporter
from gait_core.walks.clips import WalkClip

NAMES = ("variable_ar_cnn", "vit_gru", "vit_transformer")


def noise(*shapes: tuple[int, int]) -> Clips:
    """Return clips of some lengths and widths."""
    draw = np.random.default_rng(0)
    return Clips.of([draw.integers(0, 256, (count, 64, width, 1), np.uint8) for count, width in shapes])


@cache
def network(name: str):
    """Return an untrained network over 8 frames."""
    seed_everything(1)
    shape = InputShape(axes=(20, 64, 44, 1), classes=3)
    return classifier(name).network.build(settings_of(name), shape)


def outputs(name: str, inputs: np.ndarray) -> np.ndarray:
    return np.asarray(load_keras().ops.convert_to_numpy(network(name)(inputs, training=False)))


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_gets_the_same_answer_alone_and_in_a_padded_batch(name):
    multiple = classifier(name).width_multiple
    clips = noise((20, 30), (5, 51), (9, 40)) if multiple > 1 else noise((20, 44), (5, 44), (9, 44))
    pieces = [(0, 3), (1, 0), (2, 0)]
    together = outputs(name, clip_inputs(clips, pieces, 8, multiple))
    assert np.ptp(together, axis=0).max() > 1e-4, "the clips differ"
    for row, piece in enumerate(pieces):
        alone = clip_inputs(clips, [piece], 8, multiple)
        np.testing.assert_allclose(outputs(name, alone)[0], together[row], atol=1e-6)
        # What lies in the made-up part is never looked at.
        alone[..., :-1] += 7 * (1 - alone[..., -1:])
        np.testing.assert_allclose(outputs(name, alone)[0], together[row], atol=1e-6)


def test_width_counts_and_is_not_stretched():
    clip = np.zeros((8, 64, 24, 1), np.uint8)
    clip[:, :, 8:16] = 255
    wide = np.repeat(clip, 2, axis=2)
    clips = Clips.of([clip, wide, np.pad(clip, ((0, 0), (0, 0), (8, 8), (0, 0)))])
    inputs = clip_inputs(clips, [(0, 0), (1, 0), (2, 0)], 8, 8)
    assert inputs.shape == (3, 8, 64, 48, 2)
    assert inputs[0, 0, 0].sum(axis=0).tolist() == [8, 24]
    assert inputs[1, 0, 0].sum(axis=0).tolist() == [16, 48]


def batches_of(seed: int = 0, **options) -> ClipBatches:
    clips = noise((20, 30), (12, 40), (5, 36), (16, 44), (9, 30))
    targets = np.eye(3, dtype=np.float32)[[0, 1, 2, 1, 0]]
    common = {"frames": 8, "pieces": 3, "batch_size": 2, "width_multiple": 8, "seed": seed}
    return ClipBatches(clips, targets, **(common | options))


def test_an_epoch_depends_on_its_number_and_the_seed_alone():
    first, again = batches_of(), batches_of()
    for epoch in (1, 2):
        list(first.batches(epoch))
    epochs = [list(source.batches(epoch)) for source, epoch in ((first, 3), (again, 3), (again, 4))]
    for one, two in zip(epochs[0], epochs[1], strict=True):
        np.testing.assert_array_equal(one.inputs, two.inputs)
        np.testing.assert_array_equal(one.targets, two.targets)
    assert any(one.inputs.shape != two.inputs.shape or (one.inputs != two.inputs).any() for one, two in
               zip(epochs[1], epochs[2], strict=True))  # fmt: skip
    assert len(epochs[0]) == first.steps_per_epoch == 3
    assert batches_of(accumulate=2).steps_per_epoch == 4
    assert first.fingerprint() == again.fingerprint()
    assert len({batches_of(**one).fingerprint() for one in ({}, {"seed": 1}, {"frames": 9}, {"pieces": 2})}) == 4


def test_clips_are_judged_by_pieces_that_cover_them_evenly():
    source = batches_of()
    assert evenly_spaced(noise((20, 30), (17, 30), (5, 30)), 8, 3) == [(0, 0), (0, 12), (1, 0), (1, 9), (2, 0)]
    assert evenly_spaced(noise((40, 30), (15, 30)), 8, 3) == [(0, 0), (0, 16), (0, 32), (1, 3)]
    found = list(source.in_order())
    assert sum(batch.real for batch in found) == 7
    assert all(len(batch.inputs) == 2 for batch in found)
    assert np.concatenate([batch.targets[: batch.real] for batch in found]).argmax(axis=1).tolist() == [
        0, 0, 1, 2, 1, 1, 0,
    ]  # fmt: skip


def test_mirror_images_of_about_half_of_the_clips_are_drawn_with_their_classes():
    sides = Sides(channels=np.array([0]), classes=np.array([0, 2, 1]))
    plain, source = batches_of(batch_size=5), batches_of(batch_size=5).exchanging(sides)
    shares = []
    for epoch in range(1, 13):
        (one,), (two,) = plain.batches(epoch), source.batches(epoch)
        for before, after, old, new in zip(one.inputs, two.inputs, one.targets, two.targets, strict=True):
            flipped = not np.array_equal(before, after)
            width = int(before[0, 0, :, -1].sum())
            np.testing.assert_array_equal(after[:, :, :width], before[:, :, :width][:, :, ::-1] if flipped else
                                          before[:, :, :width])  # fmt: skip
            np.testing.assert_array_equal(new, old[[0, 2, 1]] if flipped else old)
            shares.append(flipped)
    assert 0.3 < np.mean(shares) < 0.7


def test_rows_of_clips_keep_their_pixels_where_they_are():
    data = samples("clips", 12, unequal=True)
    part = data.take([5, 2])
    assert part.clips.pixels is data.clips.pixels
    np.testing.assert_array_equal(part.clips.piece(1, 1, 3), data.clips.piece(2, 1, 3))
    mirrored = part.mirrored()
    np.testing.assert_array_equal(mirrored.clips.piece(0, 0, 4), part.clips.piece(0, 0, 4)[:, :, ::-1])
    np.testing.assert_array_equal(mirrored.mirrored().values, part.values)
    assert len({data.digest(), part.digest(), mirrored.digest(), data.take([2, 5]).digest()}) == 4
    assert mirrored.mirrored().digest() == part.digest()
    with pytest.raises(InputError, match="numbers to store, but got clips"):
        data.to_arrays()
    with pytest.raises(InputError, match="a clip for each of 12 rows"):
        replace(data, clips=None)
    with pytest.raises(InputError, match="none for other kinds"):
        replace(data, kind="curves")


def test_a_vision_transformer_refuses_outlines_of_any_width_and_tables():
    data = replace(samples("clips"), channels=("outline",))
    with pytest.raises(InputError, match="silhouette or skeleton_maps for vit_gru, but got outline"):
        classifier("vit_gru").build(settings_of("vit_gru"), SampleShape.of(data))
    table = samples("curves")
    with pytest.raises(InputError, match="Expected clips for vit_gru, but got curves"):
        classifier("vit_gru").build(settings_of("vit_gru"), SampleShape.of(table)).fit(table)
    with pytest.raises(SettingsError, match="multiple of heads"):
        settings_of("vit_gru", width=17)


class StopAfter(Reporter):
    """Cancels when an epoch has been reported."""

    def __init__(self, epochs: int) -> None:
        super().__init__(self._count, lambda: self.left <= 0)
        self.left = epochs

    def _count(self, event: Event) -> None:
        self.left -= event.kind == "epoch"


def test_a_training_that_was_interrupted_ends_like_an_unbroken_one(tmp_path):
    data = walkers(np.random.default_rng(3), np.arange(10) % 2, 2, unequal=True)
    training, held_out = data.take(slice(0, 6)), data.take(slice(6, 10))

    def untrained():
        settings = settings_of("variable_ar_cnn", epochs=3, batch_size=4, dropout=0.2)
        return classifier("variable_ar_cnn").build(settings, SampleShape.of(training))

    whole, resumed = untrained(), untrained()
    whole.fit(training, held_out)
    path = tmp_path / "fold.npz"
    with pytest.raises(Cancelled):
        untrained().fit(training, held_out, reporter=StopAfter(1), checkpoint=path)
    notes: list[str] = []
    resumed.fit(training, held_out, checkpoint=path, reporter=Reporter(lambda event: notes.append(event.message)))
    assert "Continuing after epoch 1 of 3." in notes
    for one, two in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True):
        assert one.tobytes() == two.tobytes()


def test_the_networks_of_the_product_are_small():
    data: Samples = samples("clips")
    for name in NAMES:
        kind = classifier(name)
        shape = SampleShape.of(replace(data, channels=("outline",)) if name == "variable_ar_cnn" else data)
        assert kind.parameter_count(kind.settings(), shape) < 300_000
        few, many = (kind.memory_bytes(kind.settings(batch_size=8), shape, rows) for rows in (60, 1000))
        assert few < 2**30
        assert many - few < 5 * 2**20, "the clips stay in their file"
        assert kind.data == {"rows": "clips", "channels": "outline" if name == "variable_ar_cnn" else "silhouette"}


def test_many_clips_stay_in_their_file(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (150, 64, 44, 1), np.uint8)
    clip = WalkClip(frames=frames, summary=np.zeros((352, 1), np.float32), digest="a")
    with ClipSpool(tmp_path) as spool:
        for _ in range(12):
            spool.append(clip)
        rows = spool.rows()
    owner = rows["clips"].pixels
    while isinstance(owner, np.ndarray):
        owner = owner.base
    assert isinstance(owner, mmap.mmap)
    np.testing.assert_array_equal(rows["clips"].take([11]).piece(0, 148, 30), frames[148:])
    assert rows["values"].shape == (12, 352, 1)
