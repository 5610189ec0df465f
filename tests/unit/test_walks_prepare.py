"""A prepared walk hands on what was made of it: each stage once, whoever measures it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from gait_walks import simulated
from support.walk_stages import STAGES, counting

from gait_core.baseline.norms import measure_norms
from gait_core.cache import ArrayCache
from gait_core.config import FeatureSettings, MeasureSettings
from gait_core.gait.measurement import measure, motion_of
from gait_core.pose.extracted import ExtractedWalk
from gait_core.video.info import VideoInfo
from gait_core.walks.prepare import PreparedWalk, prepare_walk

ONCE = dict.fromkeys(STAGES, 1)


def prepared(cache=None, settings=None):
    _, track = simulated(seed=1, duration_s=6.0)
    info = VideoInfo(
        path="/walk.mp4",
        name="walk.mp4",
        size_bytes=1000,
        content_sha256="0" * 64,
        frame_count=len(track),
        width_px=track.width_px,
        height_px=track.height_px,
        frame_rate_hz=30.0,
        duration_s=track.duration_s,
        codec="h264",
        rotation_deg=0,
        variable_frame_rate=False,
        pixel_format="yuv420p",
    )
    outcome = ExtractedWalk(track=track, info=info, cached=True, address="a", warnings=())
    walk = prepare_walk(Path("walk.mp4"), outcome, settings or FeatureSettings(), cache=cache)
    assert isinstance(walk, PreparedWalk)
    return walk


@pytest.fixture
def counts(monkeypatch):
    """Return how often each stage ran."""
    found: Counter[str] = Counter()
    for name, stage in counting(lambda name: found.update([name])).items():
        monkeypatch.setattr(STAGES[name], name, stage)
    return found


def test_features_measurement_and_norms_pass_each_stage_once(counts):
    walk = prepared()
    first = measure(walk.motion())
    measure_norms([walk.landmarks], walk.features.visible_side)
    assert counts == ONCE
    alone = measure(motion_of(walk.track, side=walk.features.visible_side))
    assert first.to_dict() == alone.to_dict()
    for name, values in first.to_arrays().items():
        np.testing.assert_array_equal(values, alone.to_arrays()[name])


def test_with_features_from_the_cache_only_measuring_cleans(counts, workspace):
    cache = ArrayCache.of(workspace)
    first = prepared(cache)
    assert counts == ONCE
    counts.clear()
    again = prepared(cache)
    assert (again.cleaned, not counts) == (None, True)
    assert measure(again.motion()).to_dict() == measure(first.motion()).to_dict()
    assert counts == ONCE


def test_another_corner_smooths_again_but_cleans_no_more(counts):
    walk = prepared()
    measure(walk.motion(MeasureSettings(cutoff_hz=8.0)))
    assert counts == ONCE | {"smooth": 2}


def test_a_baseline_with_other_rules_of_cleaning_has_the_walk_cleaned_for_each(counts):
    measure(prepared(settings=FeatureSettings(max_gap_s=0.05)).motion())
    assert counts == dict.fromkeys(STAGES, 2)
