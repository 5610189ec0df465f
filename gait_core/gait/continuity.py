"""What a recording or a conversion did to time: images that stand still, cuts, holes, a changing speed of playing.

All are found from the landmarks as the pose model gave them, before any smoothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.body import body_height_px, middle
from gait_core.gait.gaps import runs
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

if TYPE_CHECKING:
    from gait_core.gait.view import Segment

__all__ = ["SWING_SLOPE_S", "hole_s", "jump_s", "repeated_share", "speed_ratio", "still_s"]

_LEGS: Final = tuple(INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("hip", "knee", "ankle"))

_BODY: Final = tuple(
    INDEX[f"{side}_{name}"]
    for side in ("left", "right")
    for name in ("shoulder", "hip", "knee", "ankle", "heel", "foot_index")
)
MOVING_PER_S: Final = 0.15
REPEATED_SHARE: Final = 0.2
"""Median movement of the landmarks, as a share of that in the frames around, below which an image is that before."""

STILL_PER_S: Final = 0.035
"""Fastest median landmark in an image that is repeated, body heights per second: it settles within a few frames. In 25
videos of real walks the slowest frame has 0.09, of which the pose model's unrest alone makes 0.05."""
SHORTEST_STILL_S: Final = 0.15
"""A frame that is shown twice, as after a change of the frame rate, is no standing image."""
BESIDE_S: Final = 0.2
BESIDE_PERCENTILE: Final = 75.0
"""The landmarks need a few frames to settle in an image that stands still."""
ABRUPT_SHARE: Final = 0.5
"""Share of the usual speed directly before and after, which no one loses or gains within a frame."""

LONGEST_JUMP_S: Final = 0.15
"""A tracker needs a few frames to arrive where the person is after a cut."""
USUAL_S: Final = 0.5
_FEWEST_FRAMES: Final = 8
LARGEST_JUMP_LEG: Final = 0.45
"""Distance of the trunk from where its speed would have carried it, leg lengths, from which frames are missing."""
RUNNING_LEG_PER_S: Final = 3.0
"""What is allowed for each second in which nothing is known."""

FAST_SHARE, SLOW_SHARE, CRAWL_SHARE = 0.7, 0.65, 0.1
"""Shares of the usual speed that tell a fast stretch from a slow one, and a slow one from standing."""
SHORTEST_FAST_S, SHORTEST_SLOW_S = 0.5, 1.0
LONGEST_CHANGE_S: Final = 0.5
SAME_REACH: Final = 0.85
"""Range of the distance between the ankles over that at full speed, from which the steps count as equally long."""
LEAST_SWING_RATIO: Final = 1.4
"""By how much the legs swing faster as well; where only the body does, a camera is panned."""
SWING_SLOPE_S: Final = 0.1

LONGEST_UNTOLD_S: Final = 0.3
"""A hole in which at least the contact of a foot is lost, s."""


def still_s(track: Track, segments: Sequence[Segment]) -> tuple[float, float] | None:
    """Return when the image stands still while the person walks.

    Parameters
    ----------
    track : Track
        As found in a video.
    segments : sequence of Segment
        The passes.

    Returns
    -------
    tuple of float or None
        Begin and end, s: times and lengths that span it are wrong.
    """
    if not track.detected.any() or not segments:
        return None
    apart = np.linalg.norm(np.diff(track.position[:, _LEGS].astype(np.float64), axis=0), axis=2)
    moved = np.median(np.where(np.isfinite(apart), apart, np.inf), axis=1)
    speed_per_s = moved / body_height_px(track.position[track.detected]) / np.diff(track.time_s)
    walking = _within(track.time_s[:-1], segments)
    usual_per_s = float(np.median(speed_per_s[walking])) if walking.any() else 0.0
    beside = max(2, round(BESIDE_S * track.frame_rate_hz))
    longest: tuple[float, float] | None = None
    for start, stop in runs(speed_per_s < STILL_PER_S):
        before, after = speed_per_s[max(0, start - beside) : start], speed_per_s[stop : stop + beside]
        if not len(before) or not len(after):
            continue
        slower = min(np.percentile(part, BESIDE_PERCENTILE) for part in (before, after))
        abrupt = slower >= max(ABRUPT_SHARE * usual_per_s, 2.0 * STILL_PER_S)
        span = float(track.time_s[start]), float(track.time_s[stop])
        if abrupt and span[1] - span[0] >= max(SHORTEST_STILL_S, longest[1] - longest[0] if longest else 0.0):
            longest = span
    return longest


def repeated_share(track: Track) -> float:
    """Return how many frames of a walk show the same image as the one before.

    Parameters
    ----------
    track : Track
        As found in a video.

    Returns
    -------
    float
        Share of the frames in which the person moves, in [0, 1]: a tenth at most where no frame is repeated, because a
        foot stands, and a fifth after a conversion from 24 to 30 frames a second.
    """
    from scipy.ndimage import percentile_filter

    if not track.detected.any() or len(track) < _FEWEST_FRAMES:
        return 0.0
    apart = np.linalg.norm(np.diff(track.position[:, _BODY].astype(np.float64), axis=0), axis=2)
    moved = np.median(np.nan_to_num(apart, nan=0.0), axis=1)
    usual = percentile_filter(moved, 75.0, size=9, mode="nearest")
    walking = usual * track.frame_rate_hz >= MOVING_PER_S * body_height_px(track.position[track.detected])
    return float((moved[walking] < REPEATED_SHARE * usual[walking]).mean()) if walking.any() else 0.0


def _within(time_s: NDArray[np.float64], segments: Sequence[Segment]) -> NDArray[np.bool_]:
    inside = np.zeros(len(time_s), dtype=bool)
    for segment in segments:
        inside |= (time_s >= segment.start_s - 1e-6) & (time_s <= segment.end_s + 1e-6)
    return inside


def hole_s(track: Track, segments: Sequence[Segment]) -> tuple[float, float] | None:
    """Return the longest time in a walk in which nothing is known of the person.

    Parameters
    ----------
    track : Track
        As found.
    segments : sequence of Segment
        The passes.

    Returns
    -------
    tuple of float or None
        Begin and end, s; None where a hole is so short that no contact of a foot need be lost in it.
    """
    if not segments:
        return None
    times_s = track.time_s[track.detected]
    gaps_s = np.where(
        (times_s[:-1] >= segments[0].start_s) & (times_s[1:] <= segments[-1].end_s), np.diff(times_s), 0.0
    )
    longest = int(gaps_s.argmax()) if len(gaps_s) else 0
    if not len(gaps_s) or gaps_s[longest] <= LONGEST_UNTOLD_S:
        return None
    return float(times_s[longest]), float(times_s[longest + 1])


def jump_s(time_s: NDArray[np.float64], position: NDArray[Any], leg_px: float, *, shaken: bool = False) -> float | None:
    """Return when the trunk jumps from one place to another, as at a cut.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Of the frames with a person, s.
    position : ndarray, shape (n, 33, 2)
        Landmarks, px.
    leg_px : float
        Length of a leg, px.
    shaken : bool
        The camera moves, and the image with it: twice as much is then no jump.

    Returns
    -------
    float or None
        Time of the largest jump, s; None where there is none.
    """
    from scipy.ndimage import median_filter

    if len(time_s) < _FEWEST_FRAMES:
        return None
    trunk = 0.5 * (middle(position, "hip") + middle(position, "shoulder")).astype(np.float64) / leg_px
    frame_s = float(np.median(np.diff(time_s)))
    span = max(1, round(LONGEST_JUMP_S / frame_s) - 2)
    # The median of three frames on each side: a frame in which the model errs, and comes back, is no jump.
    path = np.stack([trunk[:-2], trunk[1:-1], trunk[2:]])
    middles, at_s = np.median(path, axis=0), time_s[1:-1]
    apart = span + 2
    if len(middles) <= apart:
        return None
    moved, lasted_s = middles[apart:] - middles[:-apart], at_s[apart:] - at_s[:-apart]
    reach = 2 * max(apart, round(USUAL_S / frame_s)) + 1
    usual = median_filter(np.diff(trunk, axis=0) / np.diff(time_s)[:, None], size=(reach, 1), mode="nearest")
    away = np.linalg.norm(moved - usual[apart // 2 + 1 :][: len(moved)] * lasted_s[:, None], axis=1)
    largest_leg = LARGEST_JUMP_LEG * (2.0 if shaken else 1.0)
    # Over a hole, and just after one, the tracker has to find the person again, who has gone on.
    first, last = np.maximum(np.arange(len(moved)) - apart, 0), np.arange(len(moved)) + apart
    hole_s = at_s[last] - at_s[first] - (last - first) * frame_s
    beyond = np.nan_to_num(away - largest_leg - RUNNING_LEG_PER_S * np.maximum(hole_s, 0.0), nan=-1.0)
    largest = int(beyond.argmax())
    return float(0.5 * (at_s[largest] + at_s[largest + apart])) if beyond[largest] > 0.0 else None


def speed_ratio(
    pace: NDArray[np.float64], separation: NDArray[np.float64], swing: NDArray[np.float64], rate_hz: float
) -> float | None:
    """Return by what factor everything is faster before or after a slow stretch with equally long steps.

    Parameters
    ----------
    pace : ndarray, shape (m,)
        Speed of the pelvis, leg lengths per second; zero where it is not known.
    separation : ndarray, shape (m,)
        Distance of the ankles, leg lengths.
    swing : ndarray, shape (m,)
        Speed at which that distance changes, leg lengths per second.
    rate_hz : float
        Of the samples, Hz.

    Returns
    -------
    float or None
        None where the speed of playing does not change.

    Notes
    -----
    People who walk at half their speed make steps of about three quarters the length (Grieve 1968, Biomed Eng 3:118:
    step length grows with about the 0.42th power of speed), and need a step or more to change it. Where the speed of
    playing changes, it jumps, and the steps stay as long. Where a camera is panned, the legs swing as before.
    """
    moving = pace > 0.0
    usual = float(np.percentile(pace[moving], 90)) if moving.any() else 0.0
    fast, slow = pace >= FAST_SHARE * usual, (pace >= CRAWL_SHARE * usual) & (pace < SLOW_SHARE * usual)
    least, near = round(SHORTEST_SLOW_S * rate_hz), round(LONGEST_CHANGE_S * rate_hz)
    quick = [span for span in runs(fast) if span[1] - span[0] >= round(SHORTEST_FAST_S * rate_hz)]
    for start, stop in runs(slow):
        beside = [(a, b) for a, b in quick if 0 <= start - b <= near or 0 <= a - stop <= near]
        if stop - start < least or not beside:
            continue
        reach = max(float(np.ptp(separation[a:b])) for a, b in beside)
        swings = max(float(np.percentile(swing[a:b], 80)) for a, b in beside)
        as_long = float(np.ptp(separation[start:stop])) >= SAME_REACH * reach
        if as_long and swings >= LEAST_SWING_RATIO * float(np.percentile(swing[start:stop], 80)):
            return usual / float(np.median(pace[start:stop]))
    return None
