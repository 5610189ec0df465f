"""Find and repair frames in which the pose model has exchanged the left and the right leg.

In a side view the legs hide each other once a step. Pose models then often go on with the wrong leg, jump to and fro
for some frames, and mix both legs by their own smoothing. The distance between the ankles along the
image keeps its size when the labels are exchanged and only changes its sign; the legs' true motion makes it
a smooth oscillation. The path of that oscillation is found first, and the labels follow from its sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from gait_core.gait.gaps import runs
from gait_core.pose.landmarks import INDEX, MIRROR
from gait_core.pose.track import Track

__all__ = ["SwapRepair", "put_legs_right", "repair_leg_swaps"]

LEG_ROWS: Final = tuple(INDEX[f"left_{name}"] for name in ("knee", "ankle", "heel", "foot_index"))
OTHER_ROWS: Final = tuple(MIRROR[row] for row in LEG_ROWS)
STEP_S: Final = 0.04
CELL_LEG: Final = 0.025
CELLS: Final = 50
"""Cells on each side of zero: ankles up to 1.25 leg lengths apart."""
TOP_SPEED: Final = 8
"""Cells per step: 5 leg lengths a second between the ankles."""
REACH: Final = 4
"""Greatest change of speed considered, cells per step and step."""
PULL: Final = 25.0 * STEP_S**2
"""Restoring pull of a stride of about 1.25 s, per step and step."""
JERK_COST: Final = 0.008
SWAP_COST: Final = 0.01
LOST_COST: Final = 0.25
BLEND_LEG: Final = 0.2
DECIDED_LEG: Final = 0.1
TOO_FAST_LEG_PER_S: Final = 6.0
BOUNCE_LEG_PER_S: Final = 1.5


@dataclass(frozen=True, kw_only=True, eq=False)
class SwapRepair:
    """A track with its legs put right, and what was done.

    Attributes
    ----------
    track : Track
    swapped : ndarray, shape (n_frames,), bool
        Frames whose legs were exchanged.
    blended : ndarray, shape (n_frames,), bool
        Frames that fit neither labelling; their legs are now missing.
    """

    track: Track
    swapped: NDArray[np.bool_]
    blended: NDArray[np.bool_]


def repair_leg_swaps(track: Track, leg_px: float) -> SwapRepair:
    """Exchange the legs back where the pose model exchanged them.

    Parameters
    ----------
    track : Track
        Landmarks as found.
    leg_px : float
        Leg length, px.

    Returns
    -------
    SwapRepair
        A copy; the track given is not changed.

    Notes
    -----
    The path of the signed distance between the ankles is the cheapest in a grid of distances and speeds (dynamic
    programming, Viterbi 1967, IEEE Trans Inf Theory 13:260): a change of speed other than the pull of the
    pendulum costs by its square, a frame off the path by its distance up to a limit, and an exchanged frame a little,
    so that the labels of the model stay where motion does not decide. Pieces whose legs move smoothly are left alone.
    """
    swapped = np.zeros(len(track), dtype=bool)
    blended = np.zeros(len(track), dtype=bool)
    ankles = track.position[:, [INDEX["left_ankle"], INDEX["right_ankle"]], 0].astype(np.float64)
    gap = (ankles[:, 0] - ankles[:, 1]) / leg_px
    for start, stop in runs(np.isfinite(gap)):
        times, seen = track.time_s[start:stop], gap[start:stop]
        if len(times) < 5 or not _suspicious(times, seen):
            continue
        even = np.arange(times[0], times[-1] + STEP_S / 2, STEP_S)
        nearest = np.searchsorted((times[1:] + times[:-1]) / 2, even)
        path = np.interp(times, even, _path(seen[nearest]))
        keep, exchange = np.abs(seen - path), np.abs(seen + path)
        legs = track.position[start:stop][:, [LEG_ROWS, OTHER_ROWS]].astype(np.float64)
        swapped[start:stop] = _settled(exchange < keep, np.abs(exchange - keep) > DECIDED_LEG, legs)
        blended[start:stop] = np.minimum(keep, exchange) > BLEND_LEG
    return SwapRepair(
        track=put_legs_right(track, swapped & ~blended, blended), swapped=swapped & ~blended, blended=blended
    )


def _settled(labels: NDArray[np.bool_], decided: NDArray[np.bool_], legs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Label the frames with the ankles side by side, where the sign of their distance says nothing.

    Between two clear frames of equal label they get that label; between two of different label the change lies
    where it makes the whole legs, shape (n, 2, k, 2), move least.
    """
    clear = np.flatnonzero(decided)
    if not len(clear):
        return np.zeros_like(labels)
    result = labels.copy()
    result[: clear[0]], result[clear[-1] :] = labels[clear[0]], labels[clear[-1]]
    for before, after in pairwise(clear):
        if after - before == 1:
            continue
        result[before:after] = labels[before]
        if labels[before] != labels[after]:
            here = legs[before : after + 1]
            straight = np.linalg.norm(np.diff(here, axis=0), axis=3).sum(axis=(1, 2))
            crossed = np.linalg.norm(here[1:] - here[:-1, ::-1], axis=3).sum(axis=(1, 2))
            result[before + 1 + int(np.argmin(crossed - straight)) : after] = labels[after]
    return result


def _suspicious(times: NDArray[np.float64], gap: NDArray[np.float64]) -> bool:
    """Return whether the ankles part faster than legs can, or rebound where they should pass each other."""
    picked = np.searchsorted(times, np.arange(times[0], times[-1] + 1e-6, STEP_S))
    picked = np.unique(np.minimum(picked, len(times) - 1))
    speed = np.diff(gap[picked]) / np.diff(times[picked])
    rebound = (speed[1:] * speed[:-1] < 0) & (np.minimum(np.abs(speed[1:]), np.abs(speed[:-1])) > BOUNCE_LEG_PER_S)
    return bool((np.abs(speed) > TOO_FAST_LEG_PER_S).any() or (rebound & (np.abs(gap[picked][1:-1]) < 0.4)).any())


def _path(gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smooth signed distance behind a distance whose sign may be wrong, one value per step."""
    place = np.arange(-CELLS, CELLS + 1)
    speeds = np.arange(-TOP_SPEED, TOP_SPEED + 1)
    changes = np.arange(-REACH, REACH + 1)
    state = place * CELL_LEG
    # Cost of each change of speed at each place, before the place is left.
    push = JERK_COST * (changes[:, None] + PULL * place[None, :]) ** 2
    source = place[None, :] - speeds[:, None] + CELLS
    outside = (source < 0) | (source >= len(place))
    source = np.clip(source, 0, len(place) - 1)
    row = np.arange(len(speeds))[:, None]
    emission = np.minimum(np.abs(state - gap[:, None]), np.abs(state + gap[:, None]) + SWAP_COST)
    np.minimum(emission, LOST_COST, out=emission)
    total = np.tile(emission[0], (len(speeds), 1))
    back = np.empty((len(gap), len(speeds), len(place)), dtype=np.int8)
    padded = np.full((len(speeds) + 2 * REACH, len(place)), np.inf)
    windows = sliding_window_view(padded, len(speeds), axis=0)[::-1].transpose(0, 2, 1)
    push = push[:, None, :]
    for step in range(1, len(gap)):
        padded[REACH:-REACH] = total
        # Slice c of the windows holds, for every speed now, the cost at the speed before: now − change.
        options = windows + push
        best = options.argmin(axis=0)
        cheapest = np.take_along_axis(options, best[None], axis=0)[0]
        total = np.where(outside, np.inf, cheapest[row, source]) + emission[step]
        back[step] = best[row, source]
    speed, here = (int(k) for k in np.unravel_index(int(total.argmin()), total.shape))
    path = np.empty(len(gap))
    for step in range(len(gap) - 1, 0, -1):
        path[step] = state[here]
        change = int(changes[back[step, speed, here]])
        here = int(source[speed, here])
        speed -= change
    path[0] = state[here]
    return path


def put_legs_right(track: Track, swapped: NDArray[np.bool_], blended: NDArray[np.bool_]) -> Track:
    """Return a track with the legs of some frames exchanged, and those of others missing.

    Parameters
    ----------
    track : Track
        Not changed, and returned itself when there is nothing to do.
    swapped, blended : ndarray, shape (n_frames,), bool
        Frames whose legs are exchanged; frames whose legs become missing (confidence 0).

    Returns
    -------
    Track
        A new track, or `track` itself.
    """
    if not swapped.any() and not blended.any():
        return track
    order, mirrored = [*LEG_ROWS, *OTHER_ROWS], [*OTHER_ROWS, *LEG_ROWS]
    position, world, confidence = track.position.copy(), track.world.copy(), track.confidence.copy()
    frames = np.flatnonzero(swapped)[:, None]
    position[frames, order] = track.position[frames, mirrored]
    world[frames, order] = track.world[frames, mirrored]
    confidence[frames, order] = track.confidence[frames, mirrored]
    confidence[np.flatnonzero(blended)[:, None], order] = 0.0
    return track.with_(position=position, world=world, confidence=confidence)
