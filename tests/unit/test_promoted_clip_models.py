"""Promoted models of clips: asked where the outline of the walker is known, and they say so where it is not."""

from pathlib import Path

import pytest
from support.clip_model import drawn_clip, save_clip_model
from test_walks_prepare import prepared

from gait_core.cache import ArrayCache
from gait_core.config import FeatureSettings, PoseSettings
from gait_core.learn.promoted_models import promote_model
from gait_core.pose.extracted import TRACK_KIND
from gait_core.progress import silent
from gait_core.walks.clips import clip_address
from gait_core.workflows import first_decode
from gait_core.workflows.classify_walk import WalkClassifiers, asks_for_outlines, promoted_for_walks


@pytest.fixture
def asked(workspace, tmp_path):
    promote_model(workspace, str(save_clip_model(tmp_path / "made" / "model")), "Bars")
    return WalkClassifiers(workspace, promoted_for_walks(workspace))


def test_a_model_of_clips_is_asked_where_the_clip_is_known(workspace, asked):
    assert asked.names == ("bars",) and asks_for_outlines(workspace, asked.names)
    assert not asks_for_outlines(workspace, ["another"])
    clip = drawn_clip(30, seed=2)
    ArrayCache.of(workspace).put(
        *clip_address(prepared().address, "silhouette"),
        {"frames": clip.frames, "summary": clip.summary},
        {"digest": clip.digest},
    )
    (said,) = asked.classify(prepared(), None, FeatureSettings(cutoff_hz=8.0))
    assert (said["class"], said["abstained"], said["rows"]) == ("wide", False, 1)
    assert said["probabilities"]["wide"] > 0.5


def test_without_the_outline_it_says_why_it_was_not_asked(asked):
    (said,) = asked.classify(prepared(), None, FeatureSettings())
    assert (said["class"], said["probabilities"], said["abstained"]) == (None, {}, True)
    assert "outline of the person, which is not in the cache" in said["error"]["message"]
    assert "predict" in said["error"]["remedy"]


def test_only_videos_whose_landmarks_are_unknown_are_decoded_for_the_outline(workspace, monkeypatch):
    decoded = []
    monkeypatch.setattr(first_decode, "probe", lambda path, _: path)
    monkeypatch.setattr(first_decode, "track_address", lambda path, *_: path.stem)
    monkeypatch.setattr(
        first_decode, "extract_many", lambda paths, *_, masks, **__: decoded.append((paths, masks)) or []
    )
    ArrayCache.of(workspace).put(TRACK_KIND, "known", {})
    paths = [Path("known.mp4"), Path("new.mp4")]
    found = first_decode.decode_with_outlines(paths, PoseSettings(), workspace, silent())
    assert found == {"new.mp4"} and decoded == [([Path("new.mp4")], True)]
    assert first_decode.decode_with_outlines(paths[:1], PoseSettings(), workspace, silent()) == frozenset()
    assert len(decoded) == 1, "nothing is started for videos that are known"
