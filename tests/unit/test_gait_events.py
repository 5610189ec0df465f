from dataclasses import replace

import numpy as np
import pytest
from gait_walks import concatenated, followed, mirrored, select, simulated

from gait_core.config import FeatureSettings, MeasureSettings
from gait_core.gait.events.certainty import CLOSE_S, Evidence, confidence, time_sd_s
from gait_core.gait.events.detect import detect_events, foot_path
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, EventSet, GaitEvent
from gait_core.gait.events.methods import CITATIONS, METHODS, coordinate
from gait_core.gait.events.order import in_order, steps_between
from gait_core.gait.events.swing_speed import own_contacts_s, own_offs_s
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.strides import Stride, build_strides, cut_strides
from gait_core.simulate.noise import observe
from gait_core.simulate.walker import sample_person, walk

MEASURE = FeatureSettings(rate_hz=100.0)
SETTINGS = MeasureSettings()
FRAME_S = 1.0 / 30.0


def measured(track, settings=SETTINGS):
    motion = compute_kinematics(track, MEASURE)
    return motion, detect_events(motion, settings)


def errors_s(events, truth, shift_s=0.0):
    """Return errors of the events found, and how many true ones in the middle of the walk were missed."""
    found, missed = [], 0
    for side in ("left", "right"):
        for kind in (INITIAL_CONTACT, FOOT_OFF):
            true, times = truth.event_times_s(side, kind) + shift_s, events.times_s(side, kind)
            for time_s in times:
                found.append(time_s - true[np.argmin(np.abs(true - time_s))])
            inner = true[(true > shift_s + 0.5) & (true < shift_s + truth.time_s[-1] - 0.5)]
            missed += sum(np.abs(times - time_s).min(initial=9.0) > 0.15 for time_s in inner)
    return np.array(found), missed


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("direction", [1, -1])
def test_every_rule_finds_the_events_of_a_clean_walk(method, direction):
    truth, track = simulated(seed=3, direction=direction)
    motion, events = measured(track, MeasureSettings(event_method=method))
    found, missed = errors_s(events, truth)
    assert events.method == method
    assert missed == 0
    assert np.abs(found).max() < 0.09
    assert np.median(np.abs(found)) < FRAME_S
    assert len(build_strides(events, motion)) >= 2


def test_every_rule_that_can_be_chosen_is_cited():
    assert set(METHODS) == set(CITATIONS) == set(MeasureSettings._choices["event_method"])


@pytest.mark.parametrize("impairment", [None, "crouch", "shuffling", "foot_drop", "circumduction"])
def test_noisy_walks_keep_their_events(impairment):
    matched = wrong = 0
    found = []
    for seed in range(8):
        truth = walk(
            sample_person(seed), seed=seed, impairment=impairment, severity=0.7 if impairment else 0.0, direction=1
        )
        _, events = measured(observe(truth, seed=seed))
        errors, missed = errors_s(events, truth)
        found += errors[np.abs(errors) <= 0.15].tolist()
        matched += int((np.abs(errors) <= 0.15).sum())
        wrong += missed + int((np.abs(errors) > 0.15).sum())
    assert 2 * matched / (2 * matched + wrong) >= 0.98
    assert np.median(np.abs(found)) < FRAME_S


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_the_frame_rate_hardly_matters(fps):
    _, reference = measured(simulated(seed=2)[1])
    _, events = measured(simulated(seed=2, fps=fps)[1])
    for side in ("left", "right"):
        for kind in (INITIAL_CONTACT, FOOT_OFF):
            other = reference.times_s(side, kind)
            for time_s in events.times_s(side, kind):
                assert np.abs(other - time_s).min() < 0.025 or time_s < 0.6 or time_s > other.max() + 0.3


def test_a_mirror_exchanges_the_sides_and_nothing_else():
    _, track = simulated(seed=4)
    _, events = measured(track)
    _, turned = measured(mirrored(track))
    for side, other in (("left", "right"), ("right", "left")):
        for kind in (INITIAL_CONTACT, FOOT_OFF):
            assert np.allclose(events.times_s(side, kind), turned.times_s(other, kind), atol=1e-3)


def test_a_camera_that_follows_gives_the_same_events():
    _, track = simulated(seed=5)
    _, events = measured(track)
    _, still = measured(followed(track))
    times = np.array([event.time_s for event in events.events])
    assert len(still.events) >= len(times) - 2
    assert all(np.abs(times - event.time_s).min() < 0.03 for event in still.events if 1.0 < event.time_s < times.max())


def test_two_passes_are_measured_each_and_no_stride_joins_them():
    there, track = simulated(seed=1, direction=1)
    back, second = simulated(seed=1, direction=-1)
    both = concatenated(track, second, pause_s=1.0)
    motion, events = measured(both)
    assert len(motion.segments) == 2
    strides = build_strides(events, motion)
    assert {stride.pass_number for stride in strides} == {0, 1}
    for stride in strides:
        segment = motion.segments[stride.pass_number]
        assert segment.start_s <= stride.start_s < stride.end_s <= segment.end_s
        assert stride.near == (stride.side == segment.visible_side)
    first, missed = errors_s(events.with_events([e for e in events.events if e.time_s < track.time_s[-1]]), there)
    assert missed == 0 and np.median(np.abs(first)) < FRAME_S
    shift_s = float(both.time_s[len(track)])
    later, missed = errors_s(events.with_events([e for e in events.events if e.time_s > shift_s]), back, shift_s)
    assert missed == 0 and np.median(np.abs(later)) < FRAME_S


def test_both_ends_of_a_pass_are_left_out():
    _, track = simulated(seed=6)
    motion, events = measured(track, MeasureSettings(edge_ignore_s=0.8))
    segment = motion.segments[0]
    assert all(segment.start_s + 0.8 <= event.time_s <= segment.end_s - 0.8 for event in events.events)
    assert len(events.events) < len(detect_events(motion, SETTINGS).events)


def test_a_long_gap_costs_its_strides_only_and_is_named():
    _, track = simulated(seed=7)
    confidence = track.confidence.copy()
    gone = (track.time_s > 1.4) & (track.time_s < 1.8)
    confidence[np.ix_(gone, [29, 31])] = 0.0
    motion, events = measured(track.with_(confidence=confidence))
    assert [(r.code, r.side) for r in events.rejections] == [("gap", "left")]
    assert 1.3 < events.rejections[0].start_s < events.rejections[0].end_s < 1.9
    strides = build_strides(events, motion)
    assert any(stride.side == "right" and stride.start_s < 1.6 < stride.end_s for stride in strides)
    assert not any(stride.side == "left" and stride.start_s < 1.6 < stride.end_s for stride in strides)
    assert all(r.side == "left" for r in cut_strides(events, motion)[1])


def test_legs_exchanged_for_a_moment_leave_the_order_right():
    truth, track = simulated(seed=8)
    position = track.position.copy()
    piece = slice(40, 47)
    left, right = [25, 27, 29, 31], [26, 28, 30, 32]
    position[piece, left], position[piece, right] = track.position[piece, right], track.position[piece, left]
    motion, events = measured(track.with_(position=position))
    found, missed = errors_s(events, truth)
    assert missed == 0 and np.abs(found).max() < 0.1
    assert not cut_strides(events, motion)[1]


def test_an_event_out_of_order_is_dropped_alone():
    _, events = measured(simulated(seed=9)[1])
    first = events.times_s("left", INITIAL_CONTACT)[0]
    spurious = GaitEvent(time_s=float(first) + 0.3, side="left", kind=INITIAL_CONTACT, confidence=0.4)
    kept, dropped = in_order([*events.events, spurious], 1.1)
    assert dropped == (spurious,)
    assert kept == events.events


def test_steps_between_events():
    contact = GaitEvent(time_s=0.0, side="right", kind=INITIAL_CONTACT)
    assert steps_between(contact, GaitEvent(time_s=1.0, side="left", kind=FOOT_OFF)) == 1
    assert steps_between(contact, GaitEvent(time_s=1.0, side="right", kind=FOOT_OFF)) == 3
    assert steps_between(contact, contact) == 4
    assert in_order([], 1.1) == ((), ())


def test_strides_hold_their_events_in_order():
    motion, events = measured(simulated(seed=10)[1])
    strides = build_strides(events, motion)
    assert strides and all(isinstance(stride, Stride) for stride in strides)
    for stride in strides:
        between = [stride.opposite_foot_off_s, stride.opposite_contact_s, stride.foot_off_s]
        assert stride.start_s < stride.end_s and 50.0 < stride.foot_off_pct < 75.0
        seen = [time_s for time_s in between if time_s is not None]
        assert seen == sorted(seen)
        assert Stride.from_dict(stride.to_dict()) == stride


@pytest.mark.parametrize(
    ("kind", "side", "code"),
    [(FOOT_OFF, "same", "missing"), (INITIAL_CONTACT, "same", "too_long")],
)
def test_a_stride_without_an_event_says_which(kind, side, code):
    motion, events = measured(simulated(seed=1, duration_s=8.0, distance_m=7.0)[1])
    middle = sorted(events.times_s("left", kind))[1]
    cut = events.with_events([e for e in events.events if (e.time_s, e.side) != (middle, "left")])
    rejected = cut_strides(cut, motion)[1]
    assert [r.code for r in rejected if r.side == "left"] == [code]
    assert "left" in rejected[0].reason
    assert len(build_strides(cut, motion)) < len(build_strides(events, motion))


def test_two_foot_offs_in_one_stride_are_out_of_order():
    motion, events = measured(simulated(seed=1)[1])
    stride = build_strides(events, motion)[0]
    extra = GaitEvent(time_s=stride.start_s + 0.02, side=stride.side, kind=FOOT_OFF)
    rejected = cut_strides(events.with_events([*events.events, extra]), motion)[1]
    assert [r.code for r in rejected if r.start_s == stride.start_s] == ["order"]


def test_a_walk_with_one_stride_or_none_gives_no_error():
    _, track = simulated(seed=2)
    motion, events = measured(select(track, slice(0, 34)))
    assert isinstance(events, EventSet)
    assert build_strides(events, motion) == ()
    assert cut_strides(events, motion)[1] == ()


def test_events_of_an_interpolated_leg_count_less():
    _, track = simulated(seed=3)
    _, events = measured(track)
    target = events.times_s("left", INITIAL_CONTACT)[1]
    confidence = track.confidence.copy()
    confidence[np.argmin(np.abs(track.time_s - target)), 29] = 0.0
    _, filled = measured(track.with_(confidence=confidence))
    best = min(filled.events, key=lambda e: abs(e.time_s - target) + (e.side != "left"))
    assert best.confidence < 1.0
    assert abs(best.time_s - target) < 0.02


def test_the_known_delay_of_a_pose_engine_is_taken_out():
    _, track = simulated(seed=3)
    _, exact = measured(track)
    _, late = measured(track.with_(info={**track.info, "engine": "mediapipe"}))
    earlier = exact.times_s("left", INITIAL_CONTACT) - late.times_s("left", INITIAL_CONTACT)
    # Two of three cues of the pass are late, and a foot's own speed counts as much as they do.
    assert np.all((earlier > 0.0) & (earlier < 2 / 3 * 0.028))
    assert np.allclose(exact.times_s("left", FOOT_OFF), late.times_s("left", FOOT_OFF))


def test_a_contact_whose_swing_was_not_seen_takes_the_lag_of_its_pass():
    _, track = simulated(seed=3)
    motion, _ = measured(track)
    path = foot_path(motion, motion.segments[0], "left")
    foremost = coordinate(path)
    assert np.isfinite(own_contacts_s(foremost, path)).sum() >= 2
    last = path.sample(float(foremost.contact_s[-1]))
    cut = replace(path, heel=np.where(np.arange(len(path.heel))[:, None] < last - 5, np.nan, path.heel))
    assert np.isnan(own_contacts_s(foremost, cut)).all()


def test_foot_off_does_not_depend_on_how_fast_the_hips_move():
    _, track = simulated(seed=3)
    motion, _ = measured(track)
    path = foot_path(motion, motion.segments[0], "left")
    sway = np.cumsum(0.15 * np.sin(2 * np.pi * path.time_s)) / path.rate_hz
    swayed = replace(
        path,
        toe=path.toe + np.stack([sway, 0.0 * sway], axis=-1),
        floor=path.floor + 0.15 * np.sin(2 * np.pi * path.time_s),
    )
    found, moved = own_offs_s(coordinate(path), path), own_offs_s(coordinate(path), swayed)
    assert np.isfinite(found).sum() >= 2
    assert np.nanmax(np.abs(found - moved)) < 0.005


def test_an_event_tells_how_sure_its_time_is():
    truth, track = simulated(seed=3, duration_s=8.0, distance_m=7.0)
    _, events = measured(track)
    assert all(0.3 < event.confidence <= 1.0 and 0.01 < event.time_sd_s < 0.1 for event in events.events)
    errors = [
        (event, min(abs(event.time_s - one.time_s) for one in truth.events if (one.side, one.kind) == key))
        for event in events.events
        for key in [(event.side, event.kind)]
    ]
    sure = [error for event, error in errors if event.confidence > 0.9]
    assert len(sure) > 5 and np.mean([error < CLOSE_S for error in sure]) > 0.85


def test_what_speaks_against_an_event_makes_it_less_sure():
    plain = Evidence(kind=INITIAL_CONTACT, disagreement_s=0.0, stride_s=1.1, at_end=False, landmark_confidence=1.0)
    worse = (
        {"disagreement_s": 0.04},
        {"disagreement_s": np.nan},
        {"stride_s": 2.0},
        {"at_end": True},
        {"landmark_confidence": 0.2},
        {"kind": FOOT_OFF},
    )
    assert all(time_sd_s(replace(plain, **change)) > time_sd_s(plain) for change in worse)
    assert confidence(0.01) > 0.999 and confidence(0.05) == pytest.approx(0.683, abs=0.001)


def test_events_are_found_up_to_the_ends_of_a_clip():
    truth, track = simulated(seed=5)
    _, events = measured(track)
    inside = [event for event in truth.events if 0.1 < event.time_s < track.time_s[-1] - 0.1]
    assert min(inside, key=lambda event: event.time_s).time_s < 0.4
    for event in inside:
        assert np.abs(events.times_s(event.side, event.kind) - event.time_s).min() < 0.1
