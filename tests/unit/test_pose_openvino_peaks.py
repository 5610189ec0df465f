"""The heat maps read at their own peaks."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.pose.candidates import CANDIDATES_SHAPE, JOINTS
from gait_core.pose.landmarks import INDEX
from gait_core.pose.openvino.peaks import leg_peaks, recentre

LEFT, RIGHT = (INDEX[f"{side}_ankle"] for side in ("left", "right"))
ANKLE = JOINTS.index("ankle")


def heat_maps(*peaks: tuple[int, float, float, float]) -> np.ndarray:
    """Return logits of 39 maps with round peaks: map, column, row, height of the logit."""
    rows, columns = np.mgrid[:64, :64]
    found = np.full((64, 64, 39), -6.0, np.float32)
    for number, column, row, height in peaks:
        away = (columns - column) ** 2 + (rows - row) ** 2
        found[:, :, number] = np.maximum(found[:, :, number], height - 0.8 * away)
    return found


def test_a_point_goes_to_the_peak_beside_it_and_no_farther() -> None:
    maps = heat_maps((0, 20.0, 30.0, 2.0), (1, 20.0, 30.0, 2.0), (2, 20.0, 30.0, -1.0))[:, :, :3]
    points = np.array([[23.4, 29.0], [26.0, 30.0], [23.0, 30.0]]) / 64
    moved = recentre(points, maps)
    assert moved[0] * 64 == pytest.approx([20.0, 30.0], abs=1e-6)
    assert moved[1] == pytest.approx(points[1])  # the peak may be the other leg's
    assert moved[2] == pytest.approx(points[2])  # the map is below one half


def test_the_mean_around_the_peak_is_finer_than_a_cell() -> None:
    moved = recentre(np.array([[21.0, 33.0]]) / 64, heat_maps((0, 20.3, 30.4, 3.0)))
    assert moved[0] * 64 == pytest.approx([20.3, 30.4], abs=0.1)


def test_points_outside_the_map_stay() -> None:
    points = np.array([[1.2, 0.5], [0.5, -0.3]])
    assert recentre(points, heat_maps((0, 63, 32, 9.0), (1, 32, 0, 9.0))) == pytest.approx(points)


def test_both_legs_are_found_in_the_maps_of_both() -> None:
    maps = heat_maps((LEFT, 20, 40, 3.0), (LEFT, 45, 41, -1.0), (RIGHT, 45, 41, 2.0))
    found = leg_peaks(maps)
    assert found.shape == CANDIDATES_SHAPE
    left, right = found[ANKLE, :2]
    assert left[:2] * 64 == pytest.approx([20, 40], abs=0.01)
    assert right[:2] * 64 == pytest.approx([45, 41], abs=0.01)
    assert left[2] == pytest.approx(1 / (1 + np.exp(-3.0)), abs=1e-6)
    assert left[3] < 0.05
    assert right[2] == pytest.approx(1 / (1 + np.exp(1.0)), abs=1e-6)
    assert right[3] == pytest.approx(1 / (1 + np.exp(-2.0)), abs=1e-6)
    assert np.isnan(found[ANKLE, 2:]).all(), "the same place in both maps is one place"
    assert np.isnan(found[JOINTS.index("knee")]).all()


def test_a_blunt_peak_is_less_certain() -> None:
    sharp, blunt = heat_maps((LEFT, 20, 40, 3.0)), heat_maps((LEFT, 20, 40, 3.0))
    blunt[:, :, LEFT] = 3.0 + (blunt[:, :, LEFT] - 3.0) / 8
    spread = [leg_peaks(maps)[ANKLE, 0, 4] for maps in (sharp, blunt)]
    assert spread[0] < spread[1]
