"""What is odd in a walk with markers is said of markers, not of a camera."""

import re

import numpy as np
import pytest
from support.recorded_walks import PARTS, recording

from gait_core.config import FeatureSettings
from gait_core.errors import WalkRefused, WalkWarning
from gait_core.workflows.marker_walks import prepare_recording
from gait_core.workflows.marker_words import warnings_of
from gait_core.workspace import Workspace

CAMERA = re.compile(r"\b(film|video|camera|frame|frames|filmed|slow motion|light|image)\b", re.IGNORECASE)
QUALITY = {
    "missing_leg_share": 0.3,
    "frame_rate_hz": 12.0,
    "near_leg_confidence": 0.5,
    "far_leg_confidence": 0.4,
    "view_deg": 60.0,
    "walking_s": 3.0,
    "camera_tilt_deg": -5.0,
    "hole_s": (1.8, 2.6),
}
CODES = [
    "low_frame_rate",
    "legs_too_fast",
    "legs_out_of_frame",
    "low_leg_confidence",
    "far_leg_uncertain",
    "not_side_view",
    "pose_jumps",
    "several_people",
    "frames_missing",
    "person_missing",
    "few_strides",
    "no_rhythm",
    "camera_tilted",
]


@pytest.mark.parametrize("code", CODES)
def test_a_warning_speaks_of_markers(code):
    given = WalkWarning(code=code, message="Film from the side with a camera.", blocking=True)
    (found,) = warnings_of([given], QUALITY, "right")
    assert (found.code, found.blocking) == (code, True)
    assert not CAMERA.search(found.message)


def test_what_only_a_camera_can_do_wrong_is_dropped():
    codes = ["small_person", "feet_unseen", "parts_hidden", "walks_backwards"]
    given = [WalkWarning(code=code, message="As before.") for code in codes]
    assert [warning.code for warning in warnings_of(given, QUALITY, "left")] == ["walks_backwards"]
    assert warnings_of(given[-1:], QUALITY, "left") == given[-1:]


def refused(tmp_path, changes):
    recording(tmp_path / "made.npz")
    with np.load(tmp_path / "made.npz") as file:
        stored = dict(file)
    marks = {f"{side}_{part}": stored[f"{side}_{part}"] for side in "LR" for part in PARTS}
    np.savez(tmp_path / "walk.npz", **(stored | {name: changes(mark) for name, mark in marks.items()}))
    with pytest.raises(WalkRefused) as error:
        prepare_recording(tmp_path / "walk.npz", FeatureSettings(), Workspace(tmp_path / "ws"))
    assert not CAMERA.search(str(error.value))
    return str(error.value)


def test_someone_who_stands_does_not_walk(tmp_path):
    sway_mm = np.random.default_rng(1).normal(size=(501, 3))
    found = refused(tmp_path, lambda mark: mark[:1] + sway_mm)
    assert "within 5.0 s the hips move over 0.0 m" in found


def test_an_axis_that_does_not_point_up(tmp_path):
    assert "the hips are not above the ankles" in refused(tmp_path, lambda mark: mark[:, [0, 2, 1]])
    assert "the hips are not above the ankles" in refused(tmp_path, lambda mark: mark * [1.0, 1.0, -1.0])
