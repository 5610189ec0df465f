"""Tracks with known truth for the tests of `gait_core.gait`."""

from functools import cache

import numpy as np

from gait_core.pose.landmarks import MIRROR
from gait_core.pose.track import Track
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.walker import sample_person, walk

FINE_HZ = 300.0


@cache
def simulated(
    seed=1, fps=30.0, direction=1, yaw_deg=0.0, distance_m=4.5, duration_s=6.0, impairment=None, severity=0.0
):
    truth = walk(
        sample_person(seed),
        seed=seed,
        fps=fps,
        direction=direction,
        duration_s=duration_s,
        camera=Camera(yaw_deg=yaw_deg, distance_m=distance_m),
        impairment=impairment,
        severity=severity,
    )
    return truth, observe(truth, seed=seed, noise=NoiseModel.none())


def select(track, frames):
    return Track(
        position=track.position[frames],
        world=track.world[frames],
        confidence=track.confidence[frames],
        time_s=track.time_s[frames],
        width_px=track.width_px,
        height_px=track.height_px,
        info=track.info,
    )


def moved(track, matrix, shift=(0.0, 0.0), size=None):
    """Apply a linear map to the frame."""
    position = (track.position @ np.asarray(matrix, dtype=np.float32).T + np.asarray(shift)).astype(np.float32)
    width, height = size or (track.width_px, track.height_px)
    return track.with_(position=position, width_px=width, height_px=height)


def mirrored(track):
    """Return what a mirror shows: x turned round, left and right exchanged."""
    order = list(MIRROR)
    position = track.position[:, order].copy()
    position[..., 0] = track.width_px - position[..., 0]
    world = track.world[:, order].copy()
    world[..., 0] *= -1
    return track.with_(position=position, world=world, confidence=track.confidence[:, order])


def upside_down(track):
    return moved(track, [[-1, 0], [0, -1]], (track.width_px, track.height_px))


def sideways(track):
    return moved(track, [[0, -1], [1, 0]], (track.height_px, 0), (track.height_px, track.width_px))


def followed(track):
    """Return the same walk on a treadmill or by a camera that follows: the pelvis stays in the middle."""
    middle = track.position[:, [23, 24]].mean(axis=1)[:, :1]
    position = track.position.copy()
    position[..., 0] += track.width_px / 2 - middle
    return track.with_(position=position)


def concatenated(first, second, pause_s):
    return Track(
        position=np.concatenate([first.position, second.position]),
        world=np.concatenate([first.world, second.world]),
        confidence=np.concatenate([first.confidence, second.confidence]),
        time_s=np.concatenate([first.time_s, second.time_s - second.time_s[0] + first.time_s[-1] + pause_s]),
        width_px=first.width_px,
        height_px=first.height_px,
    )
