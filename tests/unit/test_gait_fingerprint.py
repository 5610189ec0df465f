"""One recording is told from another walk of the same person, whatever became of the file."""

import numpy as np
import pytest
from gait_walks import select, simulated

from gait_core.bench.clips import passes
from gait_core.gait.fingerprint import fingerprint_of, same_recording
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.walker import sample_person, walk


def noisy(track, seed=0, share=0.02):
    """Return landmarks as another encoding gives them: off by some hundredths of a leg."""
    leg_px = 0.25 * track.height_px
    noise = np.random.default_rng(seed).normal(0.0, share * leg_px, track.position.shape)
    return track.with_(position=(track.position + noise).astype(np.float32))


def resized(track, factor):
    return track.with_(
        position=(factor * track.position).astype(np.float32),
        width_px=round(factor * track.width_px),
        height_px=round(factor * track.height_px),
    )


def cropped(track, left, top, right, bottom):
    """Return the track in an image of which some columns and rows were cut off, or, below 0, added."""
    return track.with_(
        position=(track.position - np.array([left, top])).astype(np.float32),
        width_px=track.width_px - left - right,
        height_px=track.height_px - top - bottom,
    )


def walks_of(person, count=8):
    """Return walks of one person past one camera."""
    camera = Camera(yaw_deg=0.0, distance_m=4.5)
    truths = [
        walk(sample_person(person), seed=100 * person + number, fps=30.0, duration_s=4.0, camera=camera)
        for number in range(count)
    ]
    tracks = [observe(truth, seed=number, noise=NoiseModel.none()) for number, truth in enumerate(truths)]
    # Somebody presses the button: no two recordings begin at the same moment of the walk.
    starts = 4 * np.random.default_rng(person).permutation(count)
    return [select(track, slice(int(start), None)) for track, start in zip(tracks, starts, strict=True)]


def exchanged(track):
    """Return the track with the legs exchanged in every third frame, as a pose model does it."""
    position = track.position.copy()
    position[::3, [27, 28]] = position[::3, [28, 27]]
    return track.with_(position=position)


@pytest.mark.parametrize(
    "copy",
    [
        lambda track: track,
        noisy,
        lambda track: resized(noisy(track), 0.5),
        exchanged,
        lambda track: select(track, slice(0, None, 2)),
        lambda track: noisy(select(track, slice(20, None)), share=0.003),
        lambda track: noisy(select(track, slice(20, None)), share=0.02),
        lambda track: track.with_(time_s=track.time_s + 3.0),
        lambda track: cropped(noisy(track), 30, 40, 10, 60),
        lambda track: cropped(noisy(track), -40, -60, -40, -60),
        lambda track: noisy(track.with_(time_s=1.05 * track.time_s)),
        lambda track: noisy(track.with_(time_s=0.92 * track.time_s)),
    ],
    ids=[
        "remuxed",
        "encoded again",
        "smaller",
        "legs exchanged",
        "half the frames",
        "trimmed",
        "trimmed and encoded again",
        "another clock",
        "cropped",
        "padded",
        "slowed",
        "quickened",
    ],
)
def test_a_copy_is_the_same_recording(copy):
    _, track = simulated()
    assert same_recording(fingerprint_of(track), fingerprint_of(copy(track)))
    assert same_recording(fingerprint_of(copy(track)), fingerprint_of(track))


def test_another_walk_of_the_same_person_is_another_recording():
    prints = [fingerprint_of(track) for track in walks_of(3)]
    pairs = [(i, j) for i in range(len(prints)) for j in range(i)]
    assert not [pair for pair in pairs if same_recording(prints[pair[0]], prints[pair[1]])]


def test_walks_that_enter_the_image_at_the_same_place_are_others():
    """As a light barrier films them: two of these passed for one recording once."""
    prints = [fingerprint_of(observe(passes(number, height_px=540, seconds=10.0), seed=number)) for number in range(5)]
    pairs = [(i, j) for i in range(len(prints)) for j in range(i)]
    assert not [pair for pair in pairs if same_recording(prints[pair[0]], prints[pair[1]])]


def test_what_cannot_be_told_is_not_the_same():
    _, track = simulated()
    whole = fingerprint_of(track)
    assert fingerprint_of(select(track, slice(0, 8))) == ""
    assert not same_recording("", "")
    for damaged in ("", "nonsense", "2:0.2:4:10:abc", "1:x:4:10:abc", "1:0.2:4:10:\x00", whole[:40]):
        assert not same_recording(whole, damaged)


def test_a_fingerprint_stays_small():
    _, track = simulated(duration_s=6.0)
    assert len(fingerprint_of(track)) < 4000
