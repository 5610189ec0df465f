"""What a network learns before it sees patients: strides of both sides, and pieces of them hidden."""

from __future__ import annotations

import numpy as np

from gait_core.bench.classifier_pretraining import hidden_pieces, sagittal, simulated_strides
from gait_core.learn.datasets.samples import Samples
from gait_core.progress import silent


def test_simulated_strides_are_whole_cycles_of_both_sides():
    strides = simulated_strides(2, silent())
    assert strides.shape[1:] == (101, 4)
    assert len(strides) >= 2 * 9  # two people, nine gaits
    for knee in (1, 3):
        assert np.all(np.ptp(strides[:, :, knee], axis=1) > 10.0)
        # Both ends are contacts of one foot: the curve comes back to where it began.
        assert np.median(np.abs(strides[:, 0, knee] - strides[:, -1, knee])) < 5.0


def test_one_piece_of_each_stride_is_hidden():
    hidden = hidden_pieces(200, np.random.default_rng(1))[:, :, 0]
    lengths = hidden.sum(axis=1)
    assert (lengths.min(), lengths.max()) == (10, 30)
    edges = np.diff(np.pad(hidden.astype(int), ((0, 0), (1, 1))), axis=1)
    assert np.all((edges == 1).sum(axis=1) == 1)


def test_only_curves_that_the_simulator_has_are_kept_in_its_order():
    names = [f"{side}_{name}_deg" for side in ("left", "right") for name in ("ankle_abduction", "knee_flexion")]
    names += ["left_ankle_flexion_deg", "right_ankle_flexion_deg"]
    values = np.broadcast_to(np.arange(6.0), (3, 101, 6))
    samples = Samples(
        values=values,
        lengths=np.full(3, 101),
        labels=np.array([0, 1, 0]),
        subjects=np.array(["a", "b", "c"]),
        walks=np.array(["a", "b", "c"]),
        channels=tuple(names),
        classes=("control", "stroke"),
        kind="curves",
    )
    assert sagittal(samples).values[0, 0].tolist() == [4.0, 1.0, 5.0, 3.0]
