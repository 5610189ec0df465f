"""Checks what a file with markers states of itself against what a body and a clock can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.body import LONGEST_LEG_M, SHORTEST_LEG_M
from gait_core.gait.stretch import LONGEST_HOLE_S

__all__ = ["UNIT_NAMES", "believable_legs", "believable_unit", "leg_length_m", "longest_part"]

Array = NDArray[np.float64]

UNLIKE, UNLIKELY = 1.1, 1.2
"""Longer over shorter thigh, or shank: 1.05 at most in ten recordings of six laboratories."""
MOVING_M, STILL_M = 0.3, 0.02
"""Range of a mark that moves, on a treadmill as well, and of one that lies about in the laboratory."""
UNIT_NAMES: Final = {0.001: "mm", 0.01: "cm", 1.0: "m"}


def leg_length_m(points_m: Mapping[str, Array]) -> float:
    """Return the usual distance from hip to ankle, of the longer leg.

    Parameters
    ----------
    points_m : mapping of str to ndarray, shape (n, 3)
        ``left_hip``, ``left_ankle`` and so on, m.

    Returns
    -------
    float
        m; NaN where hip and ankle are never seen together.
    """
    lengths = []
    for side in SIDES:
        with np.errstate(over="ignore"):  # infinitely long legs are refused
            length = np.linalg.norm(points_m[f"{side}_hip"] - points_m[f"{side}_ankle"], axis=1)
        length = length[~np.isnan(length)]
        if len(length):
            lengths.append(float(np.median(length)))
    return max(lengths, default=float("nan"))


def believable_legs(points_m: Mapping[str, Array], name: str) -> list[str]:
    """Compare the thighs and the shanks of both legs: a marker that lies wrong makes one longer than the other.

    Parameters
    ----------
    points_m : mapping of str to ndarray, shape (n, 3)
        ``left_hip``, ``left_knee``, ``left_ankle`` and so on, m.
    name : str
        File name, for messages.

    Returns
    -------
    list of str
        What is odd, one sentence each.

    Raises
    ------
    InputError
        When one is longer by more than anybody's, a mark stands still beside others that move, or two are the same.
    """
    _check_movement(points_m, name)
    notes = []
    for part, upper, lower in (("thigh", "hip", "knee"), ("shank", "knee", "ankle")):
        apart_m = [np.linalg.norm(points_m[f"{s}_{upper}"] - points_m[f"{s}_{lower}"], axis=1) for s in SIDES]
        if not all(np.isfinite(one).any() for one in apart_m):
            continue
        left_m, right_m = (float(np.nanmedian(one)) for one in apart_m)
        ratio = max(left_m, right_m) / max(min(left_m, right_m), 1e-9)
        found = f"the left {part} is {left_m:.2f} m long and the right one {right_m:.2f} m"
        if ratio > UNLIKELY:
            raise InputError(
                f"Expected legs of about the same length, but in {name} {found}: a marker lies wrong, or labels are "
                "exchanged.",
                "Check the markers of hip, knee and ankle and their labels, and export the trial again.",
            )
        if ratio > UNLIKE:
            sentence = f"{found}: check the markers of hip, knee and ankle; angles of the leg depend on them."
            notes.append(sentence[0].upper() + sentence[1:])
    return notes


def _check_movement(points_m: Mapping[str, Array], name: str) -> None:
    """Refuse a mark that stands still while others move, and two that are one."""
    remedy = "Check the labels of the markers, and export the trial again."
    seen = {mark: curve for mark, curve in points_m.items() if np.isfinite(curve).all(axis=1).sum() > 1}
    moved_m = {
        mark: float(np.nanmax(np.nanmax(curve, axis=0) - np.nanmin(curve, axis=0))) for mark, curve in seen.items()
    }
    if not seen or max(moved_m.values()) < MOVING_M:
        return
    for mark, distance_m in moved_m.items():
        if distance_m < STILL_M:
            raise InputError(
                f"Expected every marker to move in a walk, but in {name} the {mark.replace('_', ' ')} stands still.",
                remedy,
            )
    for left, right in ((mark, f"right{mark[4:]}") for mark in seen if mark.startswith("left_")):
        if right in seen and np.array_equal(seen[left], seen[right], equal_nan=True):
            raise InputError(
                f"Expected two legs, but in {name} the {left.replace('_', ' ')} and the {right.replace('_', ' ')} are "
                "the same marker.",
                remedy,
            )


def believable_unit(length_m: float, metres: float, name: str) -> tuple[float, list[str]]:
    """Return the unit of length in which the legs are those of a person.

    Parameters
    ----------
    length_m : float
        Hip to ankle in the unit that was taken, m; NaN where it is not known.
    metres : float
        Of that unit: one of `UNIT_NAMES`.
    name : str
        File name, for messages.

    Returns
    -------
    metres : float
        The same unit where the legs fit, or the one of mm, cm and m in which they do.
    notes : list of str
        What was assumed, if anything.

    Raises
    ------
    InputError
        When the legs fit in none of them.
    """
    if np.isnan(length_m) or SHORTEST_LEG_M <= length_m <= LONGEST_LEG_M:
        return metres, []
    for other, unit in UNIT_NAMES.items():
        fitting_m = length_m * other / metres
        if SHORTEST_LEG_M <= fitting_m <= LONGEST_LEG_M:
            return other, [
                f"In {UNIT_NAMES[metres]}, the legs would be {length_m:.2g} m long from hip to ankle; {unit} is "
                f"assumed, in which they are {fitting_m:.2f} m long."
            ]
    raise InputError(
        f"Expected legs of {SHORTEST_LEG_M:g} to {LONGEST_LEG_M:g} m from hip to ankle, but in {name} they are "
        f"{length_m:.2g} m long, and no other unit of length fits.",
        "Check the unit of length and the names of the markers, and export the file again.",
    )


def longest_part(time_s: Array, name: str) -> tuple[slice, list[str]]:
    """Return the longest part of a recording without a long hole in its times.

    Everything that is measured lies on a uniform time grid, which a hole of hours would fill the memory with.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
    name : str
        File name, for messages.

    Returns
    -------
    part : slice
        Of the samples.
    notes : list of str
        Which hole was found and what is used, if there is one.

    Raises
    ------
    InputError
        When the times are not one row of finite numbers that rise from each sample to the next.
    """
    remedy = "Check the times, in seconds, and write the file again."
    if time_s.ndim != 1 or not len(time_s):
        raise InputError(f"Expected the time of each sample in {name}, but got the shape {time_s.shape}.", remedy)
    steps_s = np.diff(time_s)
    if not (np.isfinite(time_s).all() and (steps_s > 0.0).all()):
        sample = 1 + int(np.argmin(np.append(True, np.isfinite(time_s[1:]) & (steps_s > 0.0)))) if len(steps_s) else 1
        raise InputError(
            f"Expected times that rise from each sample to the next, but in {name} sample {sample} is at "
            f"{time_s[sample - 1]:g} s.",
            remedy,
        )
    holes = np.flatnonzero(steps_s > LONGEST_HOLE_S)
    if not len(holes):
        return slice(0, len(time_s)), []
    edges = [0, *(int(hole) + 1 for hole in holes), len(time_s)]
    longest = int(np.argmax(np.diff(edges)))
    start, stop = edges[longest], edges[longest + 1]
    first = int(holes[0])
    more = f" (and {len(holes) - 1} more)" if len(holes) > 1 else ""
    return slice(start, stop), [
        f"After {time_s[first]:.1f} s there is no sample for {steps_s[first]:.1f} s{more}. Only the longest part "
        f"without such a hole is used: {time_s[stop - 1] - time_s[start]:.1f} s from {time_s[start]:.1f} s on."
    ]
