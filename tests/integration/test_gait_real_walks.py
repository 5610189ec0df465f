"""Real clips through the pose model and the features."""

import numpy as np
import pytest

from gait_core.config import FeatureSettings, PoseSettings
from gait_core.errors import ModelError, WalkRefused
from gait_core.gait.body import middle
from gait_core.gait.features import compute_features
from gait_core.gait.windows import windows_of
from gait_core.pose.extract import extract_track

pytestmark = pytest.mark.slow


def features_of_clip(path, workspace):
    try:
        track = extract_track(path, PoseSettings(), workspace=workspace).track
    except ModelError as missing:
        pytest.skip(f"the pose model is not on this machine: {missing}")
    return compute_features(track)


@pytest.mark.parametrize("name", ["p1s1", "p6s3"])
def test_a_normal_walk_gives_windows_without_a_warning(data, seen, name):
    features = features_of_clip(data / "walks" / f"{name}.mp4", seen)
    assert features.visible_side == "right"
    assert not features.warnings
    assert len(windows_of(features, FeatureSettings())) > 15
    assert 80 < features.quality["cadence_estimate_spm"] < 125
    assert features.quality["swapped_frames"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("sideways_nometa", "sideways|person"), ("legs_cut_off", "cut off"), ("no_person_gray", "person")],
)
def test_hostile_clips_are_refused_with_the_reason(data, workspace, name, reason):
    with pytest.raises(WalkRefused, match=reason):
        features_of_clip(data / "hostile" / f"{name}.mp4", workspace)


def test_two_people_crossing_blocks_the_level(data, workspace):
    features = features_of_clip(data / "hostile" / "two_people_crossing.mp4", workspace)
    assert "several_people" in {warning.code for warning in features.blocking}


def test_a_person_who_enters_the_frame_is_seen_from_head_to_foot(data, seen):
    """A square around the legs alone once kept itself there: shoulders at the hips, and a knee range of 169°."""
    track = extract_track(data / "abnormal" / "normal_01.mp4", PoseSettings(), workspace=seen).track
    shoulder, hip, ankle = (middle(track.position[track.detected], name) for name in ("shoulder", "hip", "ankle"))
    trunk, legs = np.linalg.norm(shoulder - hip, axis=1), np.linalg.norm(hip - ankle, axis=1)
    assert (trunk / legs).min() > 0.4
    features = compute_features(track)
    assert not {"pose_jumps", "image_frozen"} & {warning.code for warning in features.warnings}
    assert features.quality["cadence_estimate_spm"] == pytest.approx(107, abs=5)


def test_a_camera_that_is_panned_changes_no_speed_of_playing(data, seen):
    features = features_of_clip(data / "other" / "marche-manon.mp4", seen)
    assert "playing_speed" not in {warning.code for warning in features.warnings}
