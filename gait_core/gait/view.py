"""When the person walks, which way, and which side the camera sees.

Works on the landmarks as found, before any smoothing, and ignores their confidence: a leg that is hidden for a moment
must not end a walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.body import leg_length_px
from gait_core.gait.camera_motion import is_shaken
from gait_core.gait.continuity import SWING_SLOPE_S, jump_s, speed_ratio
from gait_core.gait.gaps import runs
from gait_core.gait.signals import time_grid
from gait_core.gait.view_marks import known_samples, odd_samples, on_grid, raw_marks, rolling_range, slope, step_time_s
from gait_core.pose.track import Track

__all__ = ["Segment", "View", "look"]

SLOWEST_LEG_PER_S: Final = 0.08
"""Pelvis speed below which no one walks: about 0.07 m/s. The error of the landmarks alone gives 0.015 over half a
second, so that a person who stands does not reach it."""
STEADY_SHARE: Final = 0.6
"""Share of the usual speed that separates walking from starting and stopping."""
SWING_RANGE_LEG: Final = 0.55
"""Range of the distance between the ankles that shows stepping when the camera follows the person."""
LEAST_RANGE_LEG: Final = 0.15
"""Range of the distance between the ankles below which a moving pelvis is a moving camera."""
SWING_WINDOW_S: Final = 1.2
SHORTEST_SEGMENT_S: Final = 0.5
BRIDGED_S: Final = 0.6
CLIP_END_S: Final = 0.03
"""Left out where the recording begins or ends in the middle of walking, s."""
LIMP_SHARE: Final = 0.4
TAPER_SHARE: Final = 0.25
STOPPING_S: Final = 1.0
"""Stopping and starting take less than that; slower steps for longer, of at least that share of the usual speed and
swing, belong to the walk."""
FRONTAL_RATIO: Final = 0.75
"""Width over height of the trunk landmarks seen from the front."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One uninterrupted piece of walking in one direction.

    Attributes
    ----------
    start, stop : int
        Samples of the fixed-rate grid, stop excluded.
    start_s, end_s : float
        Times of the first and last sample, s.
    direction : {-1, 1}
        Walking to the left or right of the frame.
    visible_side : {"left", "right"}
        Side of the body that is nearer to the camera.
    used : bool
        False when this pass shows the other side than the one that was analysed.
    """

    start: int
    stop: int
    start_s: float
    end_s: float
    direction: int
    visible_side: str
    used: bool = True

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return self.end_s - self.start_s

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Segment:
        """Build from the output of `to_dict`."""
        return cls(**values)


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """What the camera saw of the walk.

    Attributes
    ----------
    segments : tuple of Segment
    leg_length_px : float
        Longest usual thigh plus shank, px.
    view_deg : float
        Angle between the line of sight and the side view, degrees; 0 = pure side view, 90 = from the front.
    camera_moves : bool
        True when the walk was recognised by leg swing (treadmill or panning camera).
    depth_agreement : float
        Share of walking samples in which the model's depth confirms the visible side, in [0, 1].
    sudden_turn : bool
        Two passes in opposite directions follow each other faster than a person can turn.
    jump_s : float or None
        When the trunk jumps from one place to another, s: a cut, or the pose passed to another person.
    moves_backwards : bool
        The pelvis moved against the direction of the feet.
    speed_ratio : float or None
        By what factor the speed changes at once while the steps stay as long, which no one does: the speed of playing
        changes; None where it does not.
    """

    segments: tuple[Segment, ...]
    leg_length_px: float
    view_deg: float
    camera_moves: bool
    depth_agreement: float
    sudden_turn: bool
    jump_s: float | None
    moves_backwards: bool
    speed_ratio: float | None = None


def look(track: Track, rate_hz: float, *, edge_trim_s: float, max_gap_s: float) -> View:
    """Find the walking segments, their direction and visible side.

    Parameters
    ----------
    track : Track
        At least two frames with a person, upright.
    rate_hz : float
        Rate of the grid that the segments refer to, Hz.
    edge_trim_s : float
        Part dropped at both ends of every segment, s.
    max_gap_s : float
        A longer time without a person interrupts a segment, s.

    Returns
    -------
    View

    Notes
    -----
    Camera at rest: walking is where the pelvis moves at more than 60 % of its usual speed. Camera that follows, or
    treadmill: where the ankles swing past each other by more than half a leg length. The direction is that of the feet
    and the face (heel to toe, ears to nose), so that a panning camera cannot turn it round; a person who
    walks to the right of the frame shows the right side.
    """
    from scipy.ndimage import uniform_filter1d

    found = track.detected
    times, position, world = track.time_s[found], track.position[found], track.world[found]
    grid = time_grid(track.time_s, rate_hz)
    leg = leg_length_px(position)
    marks = on_grid(times, raw_marks(position, world, leg), grid)
    known = known_samples(times, grid, track.time_s, max_gap_s)
    step_s = step_time_s(marks["separation"], rate_hz)
    speed = slope(marks["pelvis"], rate_hz, step_s)
    swing = rolling_range(marks["separation"], rate_hz, max(SWING_WINDOW_S, 2.0 * step_s))
    walking, camera_moves = _walking(speed, swing, known, rate_hz)
    towards = marks["facing"] + (0 if camera_moves else np.clip(speed, -1, 1))
    facing = uniform_filter1d(towards, odd_samples(0.4, rate_hz))
    trim = round(edge_trim_s * rate_hz)
    shown = round(min(edge_trim_s, CLIP_END_S) * rate_hz)
    segments = []
    for direction in (1, -1):
        for start, stop in runs(walking & (facing * direction > 0.4)):
            first = start + (trim if start else shown)
            last = stop - (trim if stop < len(grid) else shown)
            if last - first >= SHORTEST_SEGMENT_S * rate_hz:
                segments.append(
                    Segment(
                        start=first,
                        stop=last,
                        start_s=float(grid[first]),
                        end_s=float(grid[last - 1]),
                        direction=direction,
                        visible_side="right" if direction > 0 else "left",
                    )
                )
    segments.sort(key=lambda segment: segment.start)
    return replace(
        _view(
            segments,
            marks,
            speed,
            leg,
            camera_moves=camera_moves,
            jump_s=jump_s(times, position, leg, shaken=is_shaken(track)),
            trim=trim,
        ),
        speed_ratio=speed_ratio(
            np.where(known & (np.abs(speed) >= SLOWEST_LEG_PER_S), np.abs(speed), 0.0),
            marks["separation"],
            np.abs(slope(marks["separation"], rate_hz, SWING_SLOPE_S)),
            rate_hz,
        ),
    )


def _view(
    segments: list[Segment],
    marks: Mapping[str, NDArray[np.float64]],
    speed: NDArray[np.float64],
    leg: float,
    *,
    camera_moves: bool,
    jump_s: float | None,
    trim: int,
) -> View:
    sign = np.zeros(len(speed))
    for segment in segments:
        sign[segment.start : segment.stop] = segment.direction
    walked = sign != 0 if segments else np.ones(len(speed), dtype=bool)
    ratio = abs(float(np.median((marks["shoulder_width"] * np.where(sign < 0, -1, 1))[walked])))
    agreement = marks["depth"] * sign
    sudden = any(
        a.direction != b.direction and b.start - a.stop - 2 * trim < 0.35 * _per_second(segments)
        for a, b in pairwise(segments)
    )
    return View(
        segments=tuple(segments),
        leg_length_px=leg,
        view_deg=float(np.degrees(np.arcsin(min(1.0, ratio / FRONTAL_RATIO)))),
        camera_moves=camera_moves,
        depth_agreement=float((agreement[walked] > 0).mean()) if segments else 0.0,
        sudden_turn=sudden,
        jump_s=jump_s,
        moves_backwards=bool(segments) and not camera_moves and float(np.median((speed * sign)[walked])) < 0,
    )


def _per_second(segments: list[Segment]) -> float:
    first = segments[0]
    return (first.stop - first.start - 1) / first.duration_s


def _walking(
    speed: NDArray[np.float64], swing: NDArray[np.float64], known: NDArray[np.bool_], rate_hz: float
) -> tuple[NDArray[np.bool_], bool]:
    """Return where the person walks, and whether the camera follows the person."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    pace = np.abs(speed)
    moving = known & (pace >= SLOWEST_LEG_PER_S) & (swing >= LEAST_RANGE_LEG)
    if moving.any():
        usual = float(np.percentile(pace[moving], 75))
        moving &= pace >= STEADY_SHARE * usual
        # A limp slows the pelvis within a step: a short slow part between two moving pieces belongs to the walk.
        size = odd_samples(BRIDGED_S, rate_hz)
        closed = minimum_filter1d(maximum_filter1d(moving.astype(np.uint8), size), size) > 0
        moving |= closed & known & (pace >= LIMP_SHARE * usual)
        moving |= _slow_ends(moving, known & (pace >= TAPER_SHARE * usual), swing, rate_hz)
    # A rolling range looks half a window ahead and back: taken back, so that standing is left out again.
    stepping = minimum_filter1d((known & (swing >= SWING_RANGE_LEG)).astype(np.uint8), odd_samples(0.6, rate_hz)) > 0
    camera_moves = bool(moving.sum() < 0.5 * stepping.sum())
    return (moving | stepping if camera_moves else moving), camera_moves


def _slow_ends(
    moving: NDArray[np.bool_], slow: NDArray[np.bool_], swing: NDArray[np.float64], rate_hz: float
) -> NDArray[np.bool_]:
    """Return the slow ends of a walk in which a person goes on stepping for longer than it takes to stop."""
    stepping = slow & (swing >= TAPER_SHARE * float(np.median(swing[moving]))) & (swing >= LEAST_RANGE_LEG)
    ends = np.zeros_like(moving)
    for start, stop in runs(stepping & ~moving):
        touches = (start > 0 and moving[start - 1]) or (stop < len(moving) and moving[stop])
        if touches and stop - start >= STOPPING_S * rate_hz:
            ends[start:stop] = True
    return ends
