"""Whether the legs pass each other where they meet, or come apart again on the same side."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["settle_crossings"]

Array = NDArray[np.float64]

MEETING_LEG: Final = 0.35
"""Joints that come nearer than this may be exchanged there, leg lengths."""
MERGED_LEG: Final = 0.08
"""Joints nearer than this lie on each other: the positions in these frames do not show which leg is which."""
AROUND_S: Final = 0.20
"""Time before and after a meeting from which the motion through it is judged, s."""
FEWEST_FRAMES: Final = 2
DEGREE: Final = 3
ERROR_LEG: Final = 0.02
"""Usual distance of a joint from a cubic over that time, leg lengths."""
MOST_SQUARES: Final = 9.0


def settle_crossings(time_s: Array, place: Array, labels: Array) -> NDArray[np.bool_]:
    """Decide at every meeting of some joints of the legs whether their paths cross.

    The frames in which the legs lie on each other break the path of both, so that the change of speed over three frames
    hardly tells. Here the motion before is compared with the motion after, over a fifth of a second each.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        s.
    place : ndarray, shape (n, 2, k, 2)
        Joints of both legs that meet at the same time: the feet, or the knees, leg lengths.
    labels : ndarray, shape (n, 2)
        What the sides of a frame cost as they are, and exchanged.

    Returns
    -------
    ndarray, shape (n,), bool
        Frames whose legs are to be exchanged.

    Notes
    -----
    The cheapest of all ways to exchange the legs between meetings (Viterbi 1967): each way through a meeting costs what
    the joints lie off a cubic through it, each piece between two meetings what else speaks for or against its sides.
    """
    apart = np.linalg.norm(place[:, 0] - place[:, 1], axis=2).mean(axis=1)
    meetings = _meetings(time_s, apart)
    edges = [0, *meetings, len(time_s)]
    pieces = np.array([labels[first:last].sum(axis=0) for first, last in pairwise(edges)])
    total, back = pieces[0], []
    for number, meeting in enumerate(meetings, start=1):
        as_is, exchanged = _through(time_s, place, apart, meeting)
        # Rows: exchanged before or not; columns: after.
        options = total[:, None] + np.array([[as_is, exchanged], [exchanged, as_is]])
        back.append(options.argmin(axis=0))
        total = options.min(axis=0) + pieces[number]
    state = int(total.argmin())
    result = np.zeros(len(time_s), bool)
    for number in range(len(meetings), -1, -1):
        result[edges[number] : edges[number + 1]] = bool(state)
        if number:
            state = int(back[number - 1][state])
    return result


def _meetings(time_s: Array, apart: Array) -> list[int]:
    """Return the frames in which the joints are nearest to each other."""
    from scipy.signal import find_peaks

    step_s = float(np.median(np.diff(time_s)))
    found, _ = find_peaks(-apart, height=-MEETING_LEG, distance=max(1, round(AROUND_S / step_s)))
    return [int(frame) for frame in found]


def _through(time_s: Array, place: Array, apart: Array, meeting: int) -> tuple[float, float]:
    """Return what it costs to go through a meeting with the legs as they are, and with those after it exchanged."""
    away_s = time_s - time_s[meeting]
    clear = (np.abs(away_s) <= AROUND_S) & (apart > MERGED_LEG)
    before, after = np.flatnonzero(clear & (away_s < 0.0)), np.flatnonzero(clear & (away_s > 0.0))
    if min(len(before), len(after)) < FEWEST_FRAMES:
        return 0.0, 0.0
    frames = np.concatenate([before, after])
    powers = np.vander(away_s[frames] / AROUND_S, min(DEGREE, len(frames) - 2) + 1)
    # What a cubic leaves over: the projection on everything that it cannot follow.
    basis, _ = np.linalg.qr(powers)
    here = place[frames].reshape(len(frames), 2, -1)
    crossed = here.copy()
    crossed[len(before) :] = here[len(before) :, ::-1]

    def cost(paths: Array) -> float:
        flat = paths.reshape(len(frames), -1)
        rest = flat - basis @ (basis.T @ flat)
        squares = (rest.reshape(len(frames), -1, 2) ** 2).sum(axis=2) / (2.0 * ERROR_LEG**2)
        return float(np.minimum(squares, MOST_SQUARES).sum())

    return cost(here), cost(crossed)
