"""Samples: what fits together, exchanging sides, taking rows, storing and reading back."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.errors import InputError
from gait_core.learn.datasets.samples import Samples, joined

CHANNELS = ("left_knee_deg", "trunk_deg", "right_knee_deg")


def samples(n: int = 6, n_steps: int = 4, channels: tuple[str, ...] = CHANNELS, **changes) -> Samples:
    values = np.random.default_rng(0).normal(size=(n, n_steps, len(channels)))
    given = {
        "values": values,
        "lengths": np.full(n, n_steps),
        "labels": np.arange(n) % 2,
        "subjects": [f"s{row // 2}" for row in range(n)],
        "walks": [f"w{row}" for row in range(n)],
        "channels": channels,
        "classes": ("normal", "stroke"),
        "kind": "curves",
    }
    return Samples(**(given | changes))


def test_sides_are_exchanged_and_twice_is_the_identity():
    one = samples()
    other = one.mirrored()
    assert np.array_equal(other.values[..., 0], one.values[..., 2])
    assert np.array_equal(other.values[..., 1], one.values[..., 1])
    assert not np.array_equal(other.values, one.values)
    assert np.array_equal(other.mirrored().values, one.values)
    assert other.digest() != one.digest() == other.mirrored().digest()


@pytest.mark.parametrize("channels", [("near_knee_deg", "far_knee_deg"), ("left_knee_deg", "right_hip_deg")])
def test_without_pairs_of_sides_the_samples_are_their_own_mirror_image(channels):
    one = samples(channels=channels)
    assert one.swap is None
    assert one.mirrored() is one


@pytest.mark.parametrize("rows", [[3, 1], np.array([False, True] * 3), slice(2, 5), [], np.array([], dtype=np.int64)])
def test_rows_are_taken_with_all_that_belongs_to_them(rows):
    one = samples()
    chosen = np.arange(6)[np.asarray(rows, dtype=np.intp) if isinstance(rows, list) else rows]
    part = one.take(rows)
    assert part.walks.tolist() == [f"w{row}" for row in chosen]
    assert np.array_equal(part.values, one.values[chosen])
    assert part.labels.tolist() == (chosen % 2).tolist()
    assert part.channels == one.channels


def test_samples_come_back_from_a_file_as_they_were(tmp_path):
    one = samples(subjects=["åse", "b", "c" * 40, "d", "e", "ß"])
    save_arrays(tmp_path / "samples.npz", one.to_arrays())
    again = Samples.from_arrays(load_arrays(tmp_path / "samples.npz"))
    assert again.digest() == one.digest()
    assert again.subjects.tolist() == one.subjects.tolist()
    assert (again.channels, again.classes, again.kind) == (one.channels, one.classes, one.kind)
    assert again.values.dtype == np.float32
    assert again.labels.dtype == np.int64


def test_the_digest_sees_every_part():
    one = samples()
    changed = [
        samples(labels=1 - one.labels),
        samples(subjects=["x"] * 6),
        samples(walks=["x"] * 6),
        samples(classes=("normal", "other")),
        samples(channels=("left_knee_deg", "trunk_deg", "right_hip_deg")),
        samples(kind="windows"),
        samples(values=one.values + 1),
    ]
    assert len({one.digest(), *(other.digest() for other in changed)}) == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [0, 1, 2, 0, 1, 0]}, "Expected labels from 0 to 1"),
        ({"labels": [0, 1]}, r"Expected labels of shape \(6,\)"),
        ({"lengths": [0, 4, 4, 4, 4, 4]}, "Expected lengths from 1 to 4"),
        ({"lengths": [3, 4, 4, 4, 4, 4]}, "Expected 0 after the length"),
        ({"values": np.full((6, 4, 3), np.nan)}, "w0 of subject s0 holds NaN"),
        ({"values": np.zeros((6, 4, 2))}, "one column per channel"),
        ({"channels": ("a", "a", "b")}, "Expected different channels"),
        ({"classes": ()}, "Expected different classes"),
        ({"kind": "pictures"}, "Expected kind among"),
        ({"kind": "parameters"}, "Expected parameters with one step"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        samples(**changes)


def test_stored_arrays_of_another_kind_are_refused():
    arrays = samples().to_arrays()
    with pytest.raises(InputError, match="labels is missing"):
        Samples.from_arrays({name: array for name, array in arrays.items() if name != "labels"})
    with pytest.raises(InputError, match="other arrays"):
        Samples.from_arrays(arrays | {"labels": np.array(["a"] * 6)})


def test_parts_are_joined_and_shorter_rows_padded():
    long, short = samples(n_steps=4), samples(n_steps=2)
    both = joined([long, short])
    assert both.values.shape == (12, 4, 3)
    assert both.lengths.tolist() == [4] * 6 + [2] * 6
    assert not both.values[6:, 2:].any()
    with pytest.raises(InputError, match="made in the same way"):
        joined([long, samples(kind="windows")])
    with pytest.raises(InputError, match="Expected samples"):
        joined([])
