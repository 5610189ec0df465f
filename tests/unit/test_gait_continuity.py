"""Standing images, cuts, holes and a changing speed of playing are told from what people do."""

import re
from dataclasses import replace

import numpy as np
import pytest
from gait_walks import select, simulated

from gait_core.gait.continuity import still_s
from gait_core.gait.features import compute_features
from gait_core.pose.landmarks import INDEX
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk

BROKEN = {
    "frames_repeated",
    "too_many_repeated",
    "image_frozen",
    "pose_jumps",
    "playing_speed",
    "frames_missing",
    "person_missing",
    "feet_unseen",
}


def played(track, frames, fps=30.0):
    """Return these frames of a track one after the other, as if nothing had been cut or repeated."""
    arrays = {name: getattr(track, name)[frames] for name in ("position", "world", "confidence")}
    return replace(track, **arrays, time_s=np.arange(len(frames)) / fps)


def broken(track):
    """Return the warnings of a walk that say what is wrong with its time, by code."""
    return {one.code: one for one in compute_features(track).warnings if one.code in BROKEN}


@pytest.fixture(scope="module")
def seen():
    return observe(simulated(fps=30.0)[0], seed=4)


def frozen(track, frames, *, catches_up=True):
    """Repeat one frame for that many frames, and go on at the true time or where the walk stopped."""
    every, middle = np.arange(len(track)), len(track) // 2
    if catches_up:
        every[middle : middle + frames] = middle
    else:
        every = np.concatenate((every[:middle], np.full(frames, middle), every[middle:]))
    return played(track, every)


@pytest.mark.parametrize("catches_up", [True, False], ids=["catches up", "goes on where it stopped"])
def test_a_standing_image_in_a_walk_withholds_the_level(seen, catches_up):
    assert not broken(seen)
    warning = broken(frozen(seen, 12, catches_up=catches_up))["image_frozen"]
    assert warning.blocking and "The image stands still from" in warning.message


def test_a_frame_that_is_shown_twice_is_no_standing_image(seen):
    assert not broken(frozen(seen, 2, catches_up=False))


def test_slow_walkers_stand_still_for_no_time():
    person = sample_person(3)
    truth = walk(person, seed=3, fps=60.0, duration_s=6.0, impairment="shuffling", severity=1.0)
    assert not broken(observe(truth, seed=3))


def between(track, places, fps=30.0):
    """Return a track at places between its frames, one after the other."""
    low = np.minimum(places.astype(int), len(track) - 2)
    share = (places - low).astype(np.float32)[:, None, None]
    arrays = {
        name: (1.0 - share) * getattr(track, name)[low] + share * getattr(track, name)[low + 1]
        for name in ("position", "world")
    }
    return replace(track, **arrays, confidence=track.confidence[low], time_s=np.arange(len(places)) / fps)


def test_a_person_who_stops_is_no_standing_image(seen):
    """Somebody who slows down over half a second, stands like a statue, and starts again as slowly."""
    pace = np.concatenate(
        (np.ones(50), np.linspace(1.0, 0.0, 16), np.zeros(20), np.linspace(0.0, 1.0, 16), np.ones(40))
    )
    places = np.cumsum(pace)
    assert "image_frozen" not in broken(between(seen, places[places < len(seen) - 1]))


def test_nothing_is_looked_for_where_no_one_walks(seen):
    assert still_s(frozen(seen, 12), ()) is None
    assert still_s(seen.with_(confidence=np.zeros_like(seen.confidence)), ()) is None


def test_a_cut_is_named_with_its_time_and_withholds_the_level(seen):
    middle = len(seen) // 2
    warning = broken(played(seen, np.r_[:middle, middle + 15 : len(seen)]))["pose_jumps"]
    assert warning.blocking and f"at {middle / 30.0:.1f} s" in warning.message and "as at a cut" in warning.message


def test_landmarks_that_err_in_one_frame_are_no_cut(seen):
    position = seen.position.copy()
    position[len(seen) // 2] += 200.0
    assert "pose_jumps" not in broken(seen.with_(position=position))


def test_a_hole_is_named_and_not_a_walk_too_short(seen):
    middle = len(seen) // 2
    missing = select(seen, np.r_[:middle, middle + 15 : len(seen)])
    found = broken(missing)
    assert set(found) == {"frames_missing"}
    assert not found["frames_missing"].blocking and "The video has no frames from" in found["frames_missing"].message
    position = seen.position.copy()
    position[middle : middle + 15] = np.nan
    assert "The person was not found from" in broken(seen.with_(position=position))["person_missing"].message
    texts = " ".join(warning.message for warning in compute_features(missing).warnings)
    assert "walk farther" not in texts and "slow motion" not in texts


def test_the_second_half_at_half_speed_is_a_changed_speed_of_playing():
    track = observe(simulated(fps=30.0, duration_s=6.0)[0], seed=4)
    middle = len(track) // 2
    slow = played(track, np.r_[:middle, np.repeat(np.arange(middle, len(track)), 2)])
    warning = broken(slow)["playing_speed"]
    assert warning.blocking
    assert float(re.search(r"by a factor of ([\d.]+)", warning.message)[1]) == pytest.approx(2.0, abs=0.2)
    assert not broken(track)


def test_a_camera_that_begins_to_follow_the_person_is_no_changed_speed():
    track = observe(simulated(fps=30.0, duration_s=6.0)[0], seed=4)
    position, middle = track.position.copy(), len(track) // 2
    hip = position[:, [INDEX["left_hip"], INDEX["right_hip"]], 0].mean(axis=1)
    panned = 0.6 * np.maximum(hip - hip[middle], 0.0) if hip[-1] > hip[0] else 0.6 * np.minimum(hip - hip[middle], 0.0)
    position[:, :, 0] -= panned[:, None]
    assert "playing_speed" not in broken(track.with_(position=position))


def test_covered_feet_withhold_the_level(seen):
    confidence = seen.confidence.copy()
    confidence[:, [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("heel", "foot_index")]] = 0.55
    warning = broken(replace(seen, confidence=confidence))["feet_unseen"]
    assert warning.blocking and "their place is a guess" in warning.message


def test_repeated_frames_are_named_with_the_rate_that_is_left(seen):
    """Every fifth frame twice is 24 of 30 a second; every second one is 15, too few to tell a time or a length."""
    every = np.arange(len(seen))
    found = broken(played(seen, np.where(every % 5 == 4, every - 1, every)))
    assert set(found) <= {"frames_repeated"} and not found["frames_repeated"].blocking
    assert int(re.search(r"about (\d+) different ones", found["frames_repeated"].message)[1]) == pytest.approx(
        24, abs=1
    )
    warning = broken(played(seen, every - every % 2))["too_many_repeated"]
    assert warning.blocking and "Times and lengths are withheld" in warning.message


def test_an_image_that_shakes_is_no_cut(seen):
    shaken = np.random.default_rng(1).uniform(-0.1, 0.1, (len(seen), 1, 2)) * np.ptp(seen.position[0, :, 1])
    moved = replace(seen, position=(seen.position + shaken).astype(np.float32))
    assert "pose_jumps" not in broken(moved.with_(info={**seen.info, "frame_quality": {"camera_shake": 0.05}}))
