"""Agreement of two profiles: what is put in is what comes out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gait_core.compare.agreement import (
    agreement,
    curve_differences,
    curve_means,
    distances_pct,
    gait_values,
    value_differences,
)
from gait_core.compare.profile_comparison import ProfileComparison, ProfileRun, most_accurate
from gait_core.compare.summary import summary
from gait_core.config import PROFILES
from gait_core.errors import InputError
from gait_core.gait.body import body_height_px
from gait_core.gait.measurement import measure, motion_of
from gait_core.pose.landmarks import INDEX, LANDMARKS, MIRROR
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk
from gait_core.workflows.compare_profiles import CompareRequest


@pytest.fixture(scope="module")
def track():
    truth = walk(sample_person(1), seed=1, fps=60.0, duration_s=5.0, camera=Camera(distance_m=8.0))
    return observe(truth, seed=1)


def shifted(track, away, names=LANDMARKS):
    position = track.position.copy()
    position[:, [INDEX[name] for name in names], 0] += away
    return track.with_(position=position)


def thinned(track, step):
    return track.with_(
        position=track.position[::step],
        world=track.world[::step],
        confidence=track.confidence[::step],
        time_s=track.time_s[::step],
    )


def height(track):
    return body_height_px(track.position[track.detected].astype(float))


def test_a_track_agrees_with_itself(track):
    found = agreement(track, track, "left")
    assert (found["median_pct"], found["p95_pct"], found["exchanged_share"]) == (0.0, 0.0, 0.0)
    assert found["frames"] == int(track.detected.sum())
    assert len(found["landmarks"]) == 33


def test_a_shift_is_told_in_per_cent_of_the_height(track):
    found = agreement(shifted(track, 0.02 * height(track)), track, "left")
    assert found["median_pct"] == pytest.approx(2.0, abs=1e-3)
    assert found["p95_pct"] == pytest.approx(2.0, abs=1e-3)


def test_a_shift_of_one_leg_stays_with_that_leg(track):
    near = motion_of(track).visible_side
    far = "left" if near == "right" else "right"
    moved = shifted(track, 0.01 * height(track), [f"{far}_{name}" for name in ("knee", "ankle", "heel", "foot_index")])
    groups = agreement(moved, track, near)["groups"]
    assert groups["far leg"]["median_pct"] == pytest.approx(1.0, abs=1e-3)
    assert all(groups[name]["p95_pct"] == 0.0 for name in ("near leg", "trunk", "arms", "head"))


def test_another_rate_is_compared_at_the_same_moments(track):
    for own, reference in ((thinned(track, 3), track), (track, thinned(track, 3))):
        values = distances_pct(own, reference)
        assert len(values) == len(thinned(track, 3))
        assert np.nanmax(values) < 1e-3


def test_nothing_is_compared_across_a_gap(track):
    position = track.position.copy()
    position[100:140] = np.nan
    values = distances_pct(track, track.with_(position=position))
    assert np.isnan(values[100:140]).all()
    assert np.isfinite(values[:100]).any()
    lost = agreement(track.with_(position=np.full_like(track.position, np.nan)), track, "left")
    assert lost["frames"] == 0
    assert lost["median_pct"] is None


def test_exchanged_legs_are_told_apart_from_distance(track):
    position = track.position.copy()
    position[50:80] = position[50:80][:, list(MIRROR)]
    position[:, : INDEX["left_hip"] + 2] = track.position[:, : INDEX["left_hip"] + 2]  # only the legs
    found = agreement(track.with_(position=position), track, "left")
    assert 0.02 < found["exchanged_share"] <= 30 / len(track) + 1e-3  # where the feet cross it cannot be told
    assert found["groups"]["near leg"]["median_pct"] == 0.0
    assert found["p95_pct"] < 3.1


def test_curves_and_values_of_the_same_walk_are_the_same(track):
    found = measure(motion_of(track))
    means = curve_means(found.curves, found.visible_side)
    assert set(curve_differences(means, means).values()) == {0.0}
    moved = {name: values + 3.0 for name, values in means.items()}
    assert set(curve_differences(moved, means).values()) == {3.0}
    values = gait_values(found)
    assert {"cadence_spm", "stance_pct", "knee_rom_deg"} <= values.keys()
    assert set(value_differences(values, values).values()) == {0.0}
    assert curve_differences({"knee_near": np.full(101, np.nan)}, means) == {"knee_near": None}


def test_the_reference_is_the_most_accurate_one():
    assert most_accurate(list(PROFILES.values())).name == "accurate"
    assert most_accurate([PROFILES["balanced"], PROFILES["fast"]]).name == "balanced"
    larger = PROFILES["fast"].with_(name="larger", max_side_px=None)
    assert most_accurate([PROFILES["fast"], larger]).name == "larger"


def run(name, seconds, **more):
    return ProfileRun(name=name, settings=PROFILES[name].to_dict(), stages_s={"start": 9.0, "pose": seconds}, **more)


def compared(*runs, reference="accurate"):
    return ProfileComparison(
        id="x",
        created_s=0.0,
        name="walk.mp4",
        path="walk.mp4",
        content_sha256="",
        duration_s=1.0,
        frame_rate_hz=30.0,
        width_px=10,
        height_px=10,
        near="left",
        reference=reference,
        runs=runs,
        machine={},
    )


def test_the_summary_says_time_landmarks_and_values():
    groups = {name: {"median_pct": 1.0, "p95_pct": 2.0} for name in ("head", "trunk", "arms", "near leg")}
    groups["far leg"] = {"median_pct": 1.0, "p95_pct": 6.3}
    fast = run(
        "fast",
        4.0,
        agreement={"median_pct": 0.9, "groups": groups, "exchanged_share": 0.12},
        values={"cadence_spm": {"mean": 111.24}},
        curve_difference_deg={"knee_near": 2.0, "knee_far": None},
    )
    said = summary(compared(fast, run("accurate", 10.0, values={"cadence_spm": {"mean": 111.2}})))
    assert "fast took 0.4 times as long as accurate (4.0 s against 10.0 s)" in said
    assert "0.9 % of the body height away" in said
    assert "the far leg in one frame of twenty by 6.3 % or more" in said
    assert "in 12 % of the frames one of the two confuses left and right" in said
    assert "cadence is the same" in said
    assert "the knee angle by 2.0°" in said


def test_the_summary_says_when_there_is_nothing_to_compare():
    broken = ProfileRun(name="fast", settings=PROFILES["fast"].to_dict(), error={"message": "no"})
    assert summary(compared(broken, run("accurate", 1.0))) == (
        "fast did not work on this video. Only accurate succeeded, so there is nothing to compare."
    )
    lost = run("fast", 1.0, agreement={"median_pct": None, "groups": {}})
    assert "no frame could be compared" in summary(compared(lost, run("accurate", 1.0)))


@pytest.mark.parametrize("names", [[], ["fast"], ["fast", "fast"], list("abcdefg")])
def test_two_to_six_different_profiles(names):
    with pytest.raises(InputError, match="different profiles"):
        CompareRequest(video="x.mp4", profiles=names)


def test_what_an_earlier_version_compared_is_read_under_the_names_of_today():
    made = compared(run("accurate", 20.0, cpu_s=31.5), run("fast", 10.0, cpu_s=9.0))
    stored = json.loads(json.dumps(made.to_dict()))
    stored["machine"]["processor"] = stored["machine"].pop("cpu", "Test")
    for one in stored["runs"]:
        one["processor_s"] = one.pop("cpu_s")
    read = ProfileComparison.from_dict(stored, {})
    assert [one.cpu_s for one in read.runs] == [31.5, 9.0] and read.machine["cpu"] == "Test"
