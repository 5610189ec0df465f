"""Solve a walk for its legs: which place belongs to which leg, decided over the whole walk.

In a side view the legs hide each other once a step, and a pose model that sees one frame at a time takes one for the
other in a tenth of the frames. But what it sees is nearly always right: in 98 of 100 frames one of the peaks of its
heat maps lies on the joint. So the peaks are kept, and motion shows whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.gait.gaps import runs
from gait_core.gait.legs.crossings import settle_crossings
from gait_core.gait.legs.hypotheses import Places, bone_cost, hypotheses, pair_cost, places_of
from gait_core.gait.legs.paths import best_path
from gait_core.gait.legs.smoothing import smooth_path
from gait_core.gait.swaps import put_legs_right
from gait_core.pose.candidates import JOINTS
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["LegSolution", "solve_legs"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROWS: Final = np.array([[INDEX[f"{side}_{joint}"] for joint in JOINTS] for side in ("left", "right")])
FEWEST_FRAMES: Final = 6
WINDOW_FRAMES: Final = 256
LOOK_AHEAD_FRAMES: Final = 48
"""Frames that are solved together, and how many of them are solved again with those that follow."""
SCALE_S: Final = 1.0
CORNER_HZ: Final = 6.0
PLACE_LEG: Final = 0.008
"""Usual error of a peak of full strength, leg lengths."""
LEAST_STRENGTH: Final = 0.2
SUPPORTED: Final = 0.15
"""A place whose strength times its fit to the path is below this says nothing."""
UNSUPPORTED_CONFIDENCE: Final = 0.5
MOVED_LEG: Final = 0.06
"""A joint this far from where the model put it was moved; it is listed, leg lengths."""
EXCHANGED_LEG: Final = 0.1
"""Legs count as exchanged where that brings their joints nearer to the model's by this, mean of all, leg lengths."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LegSolution:
    """A track with its legs solved, and what was changed.

    Attributes
    ----------
    track : Track
    swapped : ndarray, shape (n_frames,), bool
        Frames whose legs the model had exchanged.
    moved : ndarray, shape (n_frames, 33), bool
        Joints that lie elsewhere than the model had put them, exchanged legs aside.
    lost : ndarray, shape (n_frames, 33), bool
        Joints that no peak supported for longer than a gap may be; they are missing now.
    """

    track: Track
    swapped: Mask
    moved: Mask
    lost: Mask


def solve_legs(track: Track, leg_px: float, settings: FeatureSettings) -> LegSolution:
    """Decide for a whole walk which place belongs to which leg, and smooth the legs without lag.

    Parameters
    ----------
    track : Track
        With candidates.
    leg_px : float
        Usual leg length, px.
    settings : FeatureSettings
        The longest gap that may be bridged.

    Returns
    -------
    LegSolution
        A copy; the track given is not changed.

    Notes
    -----
    The walk is solved in windows of some 256 frames that overlap, so that memory does not grow with its length. The
    path of both legs is found by dynamic programming (`paths.best_path`); through its places runs a smoothing spline in
    which a weak or stray peak counts little (`smoothing.smooth_path`).
    """
    position, confidence = track.position.astype(np.float64), track.confidence.astype(np.float64)
    lost = np.zeros((len(track), track.position.shape[1]), bool)
    bridged_s = settings.max_gap_s + 1.0 / max(track.frame_rate_hz, 1.0) + 1e-3
    solved = np.zeros(len(track), bool)
    for frames in _pieces(track, bridged_s):
        part = _part(track, frames)
        place, strength = _chosen(part, _scale_px(part, leg_px))
        unit = leg_px / np.maximum(strength, LEAST_STRENGTH) * PLACE_LEG
        for side in range(2):
            for joint in range(len(JOINTS)):
                row = ROWS[side, joint]
                path, fit = smooth_path(part.time_s, place[:, side, joint], unit[:, side, joint], CORNER_HZ)
                position[frames, row] = path
                support = strength[:, side, joint] * fit
                lost[frames, row] = _long(support < SUPPORTED, part.time_s, settings.max_gap_s)
                confidence[frames, row] = support
        position[frames[:, None, None], ROWS] += _middle(part)[:, None, None]
        solved[frames] = True
    return _solution(track, position, confidence, lost, solved, leg_px)


def _pieces(track: Track, bridged_s: float) -> list[NDArray[np.int64]]:
    """Return the frames of each uninterrupted piece that is long enough to be solved."""
    assert track.candidates is not None, "the track has no candidates"
    found = np.flatnonzero(track.detected)
    cuts = np.flatnonzero(np.diff(track.time_s[found]) > bridged_s) + 1
    return [piece for piece in np.split(found, cuts) if len(piece) >= FEWEST_FRAMES]


def _part(track: Track, frames: NDArray[np.int64]) -> Track:
    assert track.candidates is not None, "the track has no candidates"
    return track.with_(
        position=track.position[frames],
        world=track.world[frames],
        confidence=track.confidence[frames],
        time_s=track.time_s[frames],
        candidates=track.candidates[frames],
    )


def _middle(track: Track) -> Array:
    return np.asarray(track.position[:, [INDEX["left_hip"], INDEX["right_hip"]]].astype(np.float64).mean(axis=1))


def _scale_px(track: Track, leg_px: float) -> Array:
    """Return the leg length at each time, px: it changes when the person comes nearer."""
    from scipy.ndimage import median_filter

    hip, knee, ankle = (
        track.position[:, [INDEX[f"{side}_{joint}"] for side in ("left", "right")]].astype(np.float64)
        for joint in ("hip", "knee", "ankle")
    )
    lengths = (np.linalg.norm(hip - knee, axis=2) + np.linalg.norm(knee - ankle, axis=2)).max(axis=1)
    width = 2 * round(SCALE_S * track.frame_rate_hz / 2) + 1
    usual: Array = median_filter(lengths, size=width, mode="nearest")
    return np.clip(usual, 0.5 * leg_px, 1.5 * leg_px)


def _chosen(track: Track, leg_px: Array) -> tuple[Array, Array]:
    """Return the places of both legs from the middle of the hips, px, (n, 2, 4, 2), and their strength, (n, 2, 4)."""
    place = np.empty((len(track), 2, len(JOINTS), 2))
    strength = np.empty((len(track), 2, len(JOINTS)))
    labels = np.empty((len(track), 2))
    first, before = 0, None
    while True:
        last = min(first + WINDOW_FRAMES, len(track))
        if len(track) - last < FEWEST_FRAMES:
            last = len(track)
        window = np.arange(first, last)
        part = _part(track, window)
        places = places_of(part, leg_px[window])
        choice, cost = hypotheses(places)
        legs = _legs(places, choice)
        if before is not None:
            cost = _pinned(legs, cost, before)
        path = best_path(part.time_s, legs, cost, pair_cost(places, choice))
        frame, side, joint = np.ogrid[: len(window), :2, : len(JOINTS)]
        taken = choice[frame[..., 0], side[..., 0], path]
        place[window] = places.point[frame, joint, taken]
        strength[window] = places.strength[frame, joint, taken]
        for column, of in enumerate((side, 1 - side)):
            labels[window, column] = np.minimum(places.cost[frame, of, joint, taken], 1e3).sum(axis=(1, 2))
        if last == len(track):
            break
        first = last - LOOK_AHEAD_FRAMES
        before = place[first : first + 2]
    feet = settle_crossings(track.time_s, place[:, :, 1:], labels)
    place[feet], strength[feet] = place[feet, ::-1], strength[feet, ::-1]
    # The knees meet at another time than the feet.
    knees = settle_crossings(track.time_s, place[:, :, :1], _shank_cost(place))
    place[knees, :, 0], strength[knees, :, 0] = place[knees, ::-1, 0], strength[knees, ::-1, 0]
    return place * leg_px[:, None, None, None], strength


def _shank_cost(place: Array) -> Array:
    """Return what the lengths of both shanks say against each frame, as it is and with the knees exchanged."""
    knee, ankle = place[:, :, 0], place[:, :, 1]
    usual = float(np.median(np.linalg.norm(knee - ankle, axis=2)))
    costs = [bone_cost(ankle - of, usual).sum(axis=1) for of in (knee, knee[:, ::-1])]
    return np.stack(costs, axis=1)


def _legs(places: Places, choice: NDArray[np.int64]) -> Array:
    """Return the joints of all legs, shape (n, 2, m, 4, 2)."""
    frame, joint = np.arange(len(choice))[:, None, None, None], np.arange(len(JOINTS))
    return np.asarray(places.point[frame, joint, choice])


def _pinned(legs: Array, cost: Array, before: Array) -> Array:
    """Return the costs with the first frames held where the window before has put them."""
    cost = cost.copy()
    for frame, known in enumerate(before):
        away = np.linalg.norm(legs[frame] - known[:, None], axis=3).sum(axis=2)
        nearest = np.nanargmin(np.where(np.isfinite(cost[frame]), away, np.inf), axis=1)
        others = np.arange(cost.shape[2]) != nearest[:, None]
        cost[frame][others] = np.inf
    return cost


def _long(mask: Mask, time_s: Array, longest_s: float) -> Mask:
    """Return the runs of a mask that last longer than a gap may."""
    result = np.zeros_like(mask)
    for start, stop in runs(mask):
        result[start:stop] = time_s[stop - 1] - time_s[start] > longest_s
    return result


def _solution(track: Track, position: Array, support: Array, lost: Mask, solved: Mask, leg_px: float) -> LegSolution:
    """Put the solved legs into a copy of the track, and return what has changed."""
    straight = np.linalg.norm(position[:, ROWS] - track.position[:, ROWS], axis=3).mean(axis=(1, 2))
    crossed = np.linalg.norm(position[:, ROWS] - track.position[:, ROWS[::-1]], axis=3).mean(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        swapped = solved & (crossed < straight - EXCHANGED_LEG * leg_px)
    base = put_legs_right(track, swapped, np.zeros_like(swapped))
    legs = np.zeros(position.shape[1], bool)
    legs[ROWS] = True
    here = solved[:, None] & legs
    with np.errstate(invalid="ignore"):
        moved = here & (np.linalg.norm(position - base.position, axis=2) > MOVED_LEG * leg_px) & ~lost
    confidence = base.confidence.astype(np.float64)
    known = np.maximum(confidence, support)
    confidence = np.where(
        here, np.where(support < SUPPORTED, np.minimum(confidence, UNSUPPORTED_CONFIDENCE), known), confidence
    )
    confidence[lost] = 0.0
    return LegSolution(
        track=base.with_(
            position=np.where(here[:, :, None], position, base.position).astype(np.float32),
            confidence=confidence.astype(np.float32),
        ),
        swapped=swapped,
        moved=moved,
        lost=lost,
    )
