"""Marker positions of a C3D file: labels without a subject's name, metres, NaN where a marker was not seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.markers.believable import UNIT_NAMES
from gait_core.markers.c3d_values import long_list, texts_of

__all__ = ["point_labels", "read_positions"]

Array = NDArray[np.float64]

UNITS_M: Final = {
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 0.001),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 0.01),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1.0),
}
LEAST_SIZE_M, LARGEST_SIZE_M = 0.3, 3.0
"""Markers on the legs of a child, or on a whole body, lie over as much at one moment, m."""
IMPOSSIBLE_M: Final = (0.03, 30.0)
"""A stated unit that makes the markers lie over less or more is wrong, m."""
NOT_POSITIONS: Final = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS")
"""Parameters of POINT that list the labels of computed quantities (Vicon's manual of model outputs)."""
_COMPUTED: Final = re.compile(r".*(Angles?|Forces?|Moments?|Powers?|Progress|GRF|AbsAnkleAngle)", re.IGNORECASE)
_LONGEST_NAMES: Final = 6


def point_labels(content: Any) -> tuple[list[str], list[str]]:
    """Return the labels of all points without a subject's name in front, one for each point, else as written.

    Parameters
    ----------
    content : ezc3d.c3d

    Returns
    -------
    list of str
        Empty texts for points without a label, and for those of other subjects than the one seen best.
    list of str
        Who was left out, in one sentence.
    """
    raw = long_list(content, "POINT", "LABELS")
    count = int(content["data"]["points"].shape[1])
    raw = [*raw, *[""] * (count - len(raw))][:count]
    prefixes = [prefix for prefix in texts_of(content, "SUBJECTS", "LABEL_PREFIXES") if prefix]
    bare = [_bare(label, prefixes) for label in raw]
    main, others = _subjects(content, raw, bare)
    if not others:
        return bare, []
    kept = ["" if label.rpartition(":")[0] in others else text for label, text in zip(raw, bare, strict=True)]
    return kept, [f"Of several subjects, {main} is read, who was seen best; left out: {', '.join(sorted(others))}."]


def _subjects(content: Any, raw: Sequence[str], bare: Sequence[str]) -> tuple[str, set[str]]:
    """Return the subject with the most positions, and the others, where several have markers of the same name."""
    holders: dict[str, set[str]] = {}
    for label, text in zip(raw, bare, strict=True):
        if ":" in label:
            holders.setdefault(text, set()).add(label.rpartition(":")[0])
    subjects = {subject for found in holders.values() if len(found) > 1 for subject in found}
    if not subjects:
        return "", set()
    seen = np.isfinite(_seen(content)).all(axis=2).sum(axis=1)
    of = {
        subject: sum(int(count) for label, count in zip(raw, seen, strict=True) if label.rpartition(":")[0] == subject)
        for subject in sorted(subjects)
    }
    main = max(of, key=lambda subject: of[subject])
    return main, subjects - {main}


def _bare(label: str, prefixes: Sequence[str]) -> str:
    if ":" in label:
        return label.rpartition(":")[2].strip()
    for prefix in prefixes:
        if label.startswith(prefix) and len(label) > len(prefix):
            return label[len(prefix) :]
    return label


def read_positions(content: Any, labels: Sequence[str], name: str) -> tuple[dict[str, Array], float, list[str]]:
    """Read the positions of all markers, without angles, forces and other computed quantities.

    Parameters
    ----------
    content : ezc3d.c3d
    labels : sequence of str
        From `point_labels`.
    name : str
        File name, for messages.

    Returns
    -------
    dict of str to ndarray, shape (n, 3)
        Recorded axes, m; NaN where a marker was not seen: no number, a negative residual or exactly 0, 0, 0.
    float
        Metres of the unit that was taken.
    list of str
        What was decided, one sentence each.

    Raises
    ------
    InputError
        When the unit is none of mm, cm and m.
    """
    points = _seen(content)
    computed = {
        label.rpartition(":")[2] for group in NOT_POSITIONS for label in long_list(content, "POINT", group) if label
    }
    found: dict[str, Array] = {}
    doubled: list[str] = []
    for number, label in enumerate(labels):
        if not label or label in computed or _COMPUTED.fullmatch(label):
            continue
        curve = points[number]
        if label not in found:
            found[label] = curve
            continue
        here, before = (int(np.isfinite(values[:, 0]).sum()) for values in (curve, found[label]))
        if here and before:
            doubled.append(label)
        if here > before:
            found[label] = curve
    metres, notes = _metres(content, found, name)
    if doubled:
        named = ", ".join(doubled[:_LONGEST_NAMES]) + (" and more" if len(doubled) > _LONGEST_NAMES else "")
        notes.append(f"More than one marker is called {named}; the one that was seen in more frames is used.")
    return {label: curve * metres for label, curve in found.items()}, metres, notes


def _seen(content: Any) -> Array:
    """Return all points, shape (n_points, n, 3), NaN where they were not seen."""
    points = np.array(content["data"]["points"][:3], dtype=np.float64).transpose(1, 2, 0)
    missing = ~np.isfinite(points).all(axis=2) | (points == 0.0).all(axis=2)
    residuals = np.asarray(content["data"]["meta_points"]["residuals"], dtype=float)
    if residuals.size == missing.size:
        missing |= residuals.reshape(missing.shape) < 0.0
    points[missing] = np.nan
    return points


def _metres(content: Any, points: dict[str, Array], name: str) -> tuple[float, list[str]]:
    """Return how many metres one unit of the file has, and what was assumed."""
    stated = next(iter(long_list(content, "POINT", "UNITS")), "")
    size = _size(points)
    fitting = [metres for metres in UNIT_NAMES if LEAST_SIZE_M <= size * metres < LARGEST_SIZE_M]
    if not stated:
        metres = fitting[0] if fitting else 0.001
        why = "by the size of the body" if fitting else "as usual"
        return metres, [f"The file states no unit of length; {UNIT_NAMES[metres]} is assumed, {why}."] if points else []
    metres_stated = UNITS_M.get(stated.lower().rstrip("."))
    if metres_stated is None:
        raise InputError(
            f"Expected marker positions in mm, cm or m in {name}, but its unit is {stated!r}.",
            "Export the file again in millimetres.",
        )
    if fitting and not IMPOSSIBLE_M[0] <= size * metres_stated <= IMPOSSIBLE_M[1]:
        return fitting[0], [
            f"The file states {stated}, which would spread the markers over {size * metres_stated:.2g} m; "
            f"{UNIT_NAMES[fitting[0]]} is assumed."
        ]
    return metres_stated, []


def _size(points: dict[str, Array]) -> float:
    """Return over how much the markers lie at one moment along their longest axis, in units of the file."""
    if not points:
        return float("nan")
    stacked = np.stack(list(points.values()))
    several = np.isfinite(stacked[..., 0]).sum(axis=0) >= 2
    if not several.any():
        return float("nan")
    stacked = stacked[:, several]
    return float(np.median(np.nanmax(stacked, axis=0) - np.nanmin(stacked, axis=0), axis=0).max())
