"""A measured walk and its motion, for the tests of exports and validation."""

from functools import cache

from gait_walks import simulated

from gait_core.gait.measurement import measure, motion_of
from gait_core.gait.parameters.scale import ScaleInput


@cache
def measured(seed=1, with_scale=True, duration_s=8.0, direction=1):
    """Return truth, motion and measurement of a simulated walk."""
    truth, track = simulated(seed=seed, duration_s=duration_s, direction=direction, distance_m=8.0)
    motion = motion_of(track)
    scale = ScaleInput(kind="height", value=truth.height_m) if with_scale else ScaleInput()
    return truth, motion, measure(motion, scale=scale)
