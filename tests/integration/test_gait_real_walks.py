"""Real clips through the pose model and the features."""

import pytest

from gait_core.config import FeatureSettings, PoseSettings
from gait_core.errors import ModelError, WalkRefused
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
