"""Two tracks of one video: how far apart, which frames both have, who found whom."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.pose.parity import compare_tracks
from gait_core.pose.track import Track
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk


@pytest.fixture(scope="module")
def track() -> Track:
    return observe(walk(sample_person(11), seed=1), seed=1)


def test_a_track_agrees_with_itself(track):
    parity = compare_tracks(track, track)
    assert parity.frames == len(track)
    assert parity.median_pct == parity.p95_pct == 0.0
    assert parity.found_same == 1.0
    assert parity.found_both == pytest.approx(track.detection_rate)


def test_a_shift_is_found_in_percent_of_the_body(track):
    parity = compare_tracks(track, track.with_(position=track.position + np.float32([3.0, 4.0])))
    assert parity.median_pct == pytest.approx(100 * 5 / parity.height_px, rel=1e-3)
    assert list(parity.by_landmark().values()) == [pytest.approx(parity.median_pct, rel=1e-3)] * 33
    assert 150 < parity.height_px < 400


def test_one_landmark_that_moves_is_named(track):
    moved = track.position.copy()
    moved[:, 31] += 20
    parity = compare_tracks(track, track.with_(position=moved))
    points = parity.by_landmark()
    assert max(points, key=lambda name: points[name]) == "left_foot_index"
    assert parity.median_pct == 0.0
    assert json.loads(json.dumps(parity.to_dict(), allow_nan=False))["landmarks_median_pct"]["nose"] == 0.0


def test_frames_that_one_lacks_or_missed_are_left_out(track):
    every = np.arange(len(track)) % 6 != 5  # 25 of 30 frames a second
    thinned = track.with_(
        position=track.position[every], world=track.world[every], confidence=track.confidence[every],
        time_s=track.time_s[every],
    )  # fmt: skip
    assert compare_tracks(track, thinned).frames == every.sum()
    assert compare_tracks(thinned, track).p95_pct == 0.0
    missed = track.position.copy()
    missed[:10] = np.nan
    parity = compare_tracks(track, track.with_(position=missed))
    assert parity.found_same == pytest.approx(1 - track.detected[:10].sum() / len(track))
    assert len(parity.distance_pct) == track.detected[10:].sum()


def test_frames_that_cut_the_person_off_are_known(track):
    moved = track.position.copy()
    moved[:5, 0, 0] = -3.0
    parity = compare_tracks(track.with_(position=moved), track)
    assert not parity.whole[: track.detected[:5].sum()].any()
    assert len(parity.in_view_pct) == parity.whole.sum()
    assert parity.in_view_pct.max() == 0.0


def test_tracks_without_a_common_frame_give_no_number(track):
    parity = compare_tracks(track, track.with_(time_s=track.time_s + 100))
    assert parity.frames == 0
    assert parity.to_dict()["median_pct"] is None


def test_tracks_of_other_frames_are_refused(track):
    with pytest.raises(InputError, match="one video"):
        compare_tracks(track, track.with_(width_px=track.width_px // 2))
