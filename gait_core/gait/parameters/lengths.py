"""Steps of a walk, and how far each foot was set from the last, in leg lengths.

With a camera at rest, a standing foot has a place in the frame. `Kinematics.pelvis` and `Kinematics.points` together
give that place at the depth of the pelvis, parallax removed, so that near and far foot can be compared. The place of a
foot is the median of its ankle over mid-stance: the time of the contact hardly matters to it, and a swinging leg that
passes in front, and takes the landmark along for a few frames, is outvoted. A path that is not square to the camera is
recognised by the growth of the image and taken into account.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gait_core.gait.channels import other_side
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, EventSet, GaitEvent
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.strides import PASS_MARGIN_S, Stride

__all__ = ["Step", "find_steps", "stride_lengths_leg"]

STANDING: Final = (0.05, 0.40)
"""Part of the stride after initial contact in which the ankle of the standing foot stays in its place."""
HALF_WIDTH_LEG: Final = 0.06
"""Half the usual distance between the feet, sideways: a step width of 0.10 m and a leg of 0.83 m."""
FOCAL_OF_PICTURE: Final = 0.8
"""Focal length over the longer side of the frame, for the main camera of a phone."""
MOST_OBLIQUE_RAD: Final = float(np.radians(30.0))
LEAST_TRAVEL_LEG: Final = 2.0
REACH_S: Final = 0.1
"""Time around initial contact in which the feet are furthest apart, s."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """From the initial contact of one foot to that of the other.

    Attributes
    ----------
    side : {"left", "right"}
        Foot that lands.
    pass_number : int
        Index into `Kinematics.segments`.
    start_s, end_s : float
        Contact of the other foot, and of this one, s.
    length_leg : float
        How far this foot was set before the other, leg lengths; NaN when a foot was not seen.
    reach_leg : float
        How far its heel was before the other one at contact, leg lengths: 5 to 10 % less, because the heel behind has
        risen and moved forward. It needs no fixed camera.
    """

    side: str
    pass_number: int
    start_s: float
    end_s: float
    length_leg: float
    reach_leg: float

    @property
    def duration_s(self) -> float:
        """Step time, s."""
        return self.end_s - self.start_s


def find_steps(motion: Kinematics, events: EventSet) -> tuple[Step, ...]:
    """Return the steps of all passes, in order of time.

    Parameters
    ----------
    motion : Kinematics
    events : EventSet

    Returns
    -------
    tuple of Step
        Only those in which the foot that lands left the floor in between, and nothing else happened: where an
        event is missing, the step falls out, not the walk.
    """
    steps: list[Step] = []
    times_s = [event.time_s for event in events.events]
    for number, segment in enumerate(motion.segments):
        first = bisect_left(times_s, segment.start_s - PASS_MARGIN_S)
        inside = events.events[first : bisect_right(times_s, segment.end_s + PASS_MARGIN_S)]
        oblique = 0.0 if motion.view.camera_moves else _oblique_rad(motion, number)
        steps += [
            _step(motion, number, before, after, oblique)
            for before, between, after in zip(inside, inside[1:], inside[2:], strict=False)
            if _is_step(before, between, after)
        ]
    return tuple(sorted(steps, key=lambda step: step.end_s))


def _is_step(before: GaitEvent, between: GaitEvent, after: GaitEvent) -> bool:
    kinds = (before.kind, between.kind, after.kind)
    return kinds == (INITIAL_CONTACT, FOOT_OFF, INITIAL_CONTACT) and before.side != between.side == after.side


def _step(motion: Kinematics, number: int, before: GaitEvent, after: GaitEvent, oblique_rad: float) -> Step:
    reach = _reach(motion, number, after.side, after.time_s)
    stride_s = 2.0 * (after.time_s - before.time_s)
    length = reach
    if not motion.view.camera_moves:
        length = _place(motion, number, after.side, after.time_s, stride_s, oblique_rad)
        length -= _place(motion, number, before.side, before.time_s, stride_s, oblique_rad)
    return Step(
        side=after.side,
        pass_number=number,
        start_s=before.time_s,
        end_s=after.time_s,
        length_leg=length,
        reach_leg=reach,
    )


def _reach(motion: Kinematics, number: int, side: str, contact_s: float) -> float:
    """Return how far the landing heel gets before the other one, leg lengths; NaN when it was not seen."""
    near = _between(motion, number, contact_s - REACH_S, contact_s + REACH_S)
    apart = motion.points[f"{side}_heel"][near, 0] - motion.points[f"{other_side(side)}_heel"][near, 0]
    seen = apart[np.isfinite(apart)]
    return float(seen.max()) if len(seen) else float("nan")


def _place(motion: Kinematics, number: int, side: str, contact_s: float, stride_s: float, oblique_rad: float) -> float:
    """Return where a foot was set on the floor along the path, leg lengths; from where does not matter."""
    start_s, end_s = (contact_s + share * stride_s for share in STANDING)
    standing = _between(motion, number, start_s, end_s)
    ankle = motion.pelvis[standing, 0] + motion.points[f"{side}_ankle"][standing, 0]
    seen = ankle[np.isfinite(ankle)]
    if not len(seen):
        return float("nan")
    nearer = HALF_WIDTH_LEG if side == motion.segments[number].visible_side else -HALF_WIDTH_LEG
    return float((np.median(seen) - nearer * np.sin(oblique_rad)) / np.cos(oblique_rad))


def _oblique_rad(motion: Kinematics, number: int) -> float:
    """Return by how much the path of a pass leads away from the camera (towards it: negative), rad.

    The size of the image falls as the distance grows: d ln(size) / d(travel) = −tan(angle) / distance, and the
    distance in leg lengths is the focal length over the leg length in px (pinhole camera, Hartley & Zisserman 2004,
    section 6.1). On an oblique path the nearer foot appears displaced along it by half the step width times the
    sine of the angle, which makes one step too long and the next too short, and all lengths shrink by the cosine.
    """
    segment = motion.segments[number]
    span = slice(segment.start, segment.stop)
    travel, size_px = motion.pelvis[span, 0], motion.leg_px[span]
    known = np.isfinite(travel) & np.isfinite(size_px)
    if known.sum() < 3 or np.ptp(travel[known]) < LEAST_TRAVEL_LEG:
        return 0.0
    growth = float(np.polyfit(travel[known], np.log(size_px[known]), 1)[0])
    focal_px = FOCAL_OF_PICTURE * max(motion.track.width_px, motion.track.height_px)
    angle = float(np.arctan(-growth * focal_px / np.median(size_px[known])))
    return float(np.clip(angle, -MOST_OBLIQUE_RAD, MOST_OBLIQUE_RAD))


def _between(motion: Kinematics, number: int, start_s: float, end_s: float) -> slice:
    """Return the samples of a pass between two times, both included."""
    segment = motion.segments[number]
    first = int(np.searchsorted(motion.time_s, start_s, side="left"))
    stop = int(np.searchsorted(motion.time_s, end_s, side="right"))
    return slice(max(first, segment.start), max(0, min(stop, segment.stop)))


def stride_lengths_leg(motion: Kinematics, strides: Sequence[Stride]) -> list[float]:
    """Return the length of each stride, leg lengths; NaN where a foot was not seen.

    Parameters
    ----------
    motion : Kinematics
    strides : sequence of Stride
        With a camera that moves a stride is the sum of its two steps, and needs the contact of the other foot.

    Returns
    -------
    list of float
        One length per stride, leg lengths.
    """
    if motion.view.camera_moves:
        return [_two_steps(motion, stride) for stride in strides]
    oblique = {number: _oblique_rad(motion, number) for number in {stride.pass_number for stride in strides}}
    lengths = []
    for stride in strides:
        number = stride.pass_number
        start, end = (
            _place(motion, number, stride.side, contact_s, stride.duration_s, oblique[number])
            for contact_s in (stride.start_s, stride.end_s)
        )
        lengths.append(end - start)
    return lengths


def _two_steps(motion: Kinematics, stride: Stride) -> float:
    if stride.opposite_contact_s is None:
        return float("nan")
    first = _reach(motion, stride.pass_number, other_side(stride.side), stride.opposite_contact_s)
    return first + _reach(motion, stride.pass_number, stride.side, stride.end_s)
