"""Hips, knees, ankles, heels and toes from the markers of a trial, whichever set was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.markers.joint_centres import LONGEST_GAP_S, fill_short_gaps, hip_centres, moved_inwards, slow_axis
from gait_core.markers.marker_names import KNOWN_SETS, Markers
from gait_core.markers.trial import MarkerTrial
from gait_core.pose.landmarks import LANDMARKS

__all__ = ["LEG_PARTS", "LegMarkers", "legs_of"]

Array = NDArray[np.float64]
Way = tuple[Array, str]
"""Positions, and how they were obtained."""

LEG_PARTS: Final = ("hip", "knee", "ankle", "heel", "foot_index")
WIDTH_M: Final[Mapping[str, float]] = {"knee": 0.10, "ankle": 0.07}
"""Ordinary widths of the joints of adults, as they are measured for Plug-in Gait (Davis et al. 1991, Hum Mov Sci 10:
575–587). The shift goes across the walk: a wrong width hardly changes what is seen from the side."""
MARKER_RADIUS_M: Final = 0.007
SEEN_SHARE: Final = 0.5
"""A method of locating a joint is used when it gives at least this share of the frames of the best one."""
_MOST_LABELS: Final = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class LegMarkers:
    """The landmarks of both legs, and what else was recorded.

    Attributes
    ----------
    marker_set : str
        For people.
    points_m : mapping of str to ndarray, shape (n, 3)
        ``left_hip``, ``left_knee``, ``left_ankle``, ``left_heel``, ``left_foot_index`` and those of the right leg;
        shoulders, elbows, wrists and ears where the set has them. Recorded axes, m; NaN where missing.
    made_of : mapping of str to str
        Landmark → how it was obtained.
    notes : tuple of str
        What was estimated or filled, in words, one sentence each.
    """

    marker_set: str
    points_m: Mapping[str, Array]
    made_of: Mapping[str, str]
    notes: tuple[str, ...]


def legs_of(trial: MarkerTrial) -> LegMarkers:
    """Find the landmarks of both legs in a trial.

    The middle of a lateral and a medial marker is the joint; with the lateral one alone, a joint that the laboratory's
    model gave, else the marker moved inwards by half a usual width of the joint. Hips are taken from the model, else
    from the pelvis markers (`hip_centres`), else the greater trochanters stand for them.

    Returns
    -------
    LegMarkers
        All five landmarks of each leg.

    Raises
    ------
    InputError
        When a landmark cannot be made; names the known set that comes closest and what it lacks.
    """
    markers = Markers(trial.points_m)
    ways = _as_recorded(trial) or _legs(markers, trial.rate_hz)
    lacking = [f"{side} {part}" for side in SIDES for part in LEG_PARTS if f"{side}_{part}" not in ways]
    if lacking:
        raise _no_set(trial, markers, lacking)
    ways |= {name: way for name, way in _upper_body(markers).items() if name not in ways}
    points, gaps = {}, 0
    for name, (curve, _) in ways.items():
        points[name], filled = fill_short_gaps(curve, trial.rate_hz)
        gaps += filled
    made_of = {name: text for name, (_, text) in ways.items()}
    return LegMarkers(
        marker_set="Gait Studio" if trial.own else _set_name(markers),
        points_m=points,
        made_of=made_of,
        notes=tuple(_notes(made_of, gaps)),
    )


def _as_recorded(trial: MarkerTrial) -> dict[str, Way]:
    """Return the landmarks of a file of our own export."""
    seen = {
        name: curve
        for name, curve in trial.points_m.items()
        if trial.own and name in LANDMARKS and np.isfinite(curve).any()
    }
    return {name: (curve, name) for name, curve in seen.items()}


def _set_name(markers: Markers) -> str:
    return next((known.name for known in KNOWN_SETS if not known.lacking(markers)), "anatomical markers")


def _no_set(trial: MarkerTrial, markers: Markers, lacking: Sequence[str]) -> InputError:
    name = trial.name
    remedy = "Export the trial with all its markers, under the names of one of the usual marker sets."
    expected = "Expected the markers of hips, knees, ankles, heels and toes of both legs"
    if not markers.points_m and trial.own:
        return InputError(
            f"{expected} in metres, but {trial.name} was exported without a scale, in leg lengths.",
            "Measure the walk with the body height or a distance, and export it again.",
        )
    if not markers.points_m:
        return InputError(f"{expected}, but {name} has no marker with a position.", remedy)
    closest = min(KNOWN_SETS, key=lambda known: len(known.lacking(markers)) / (2 * len(known.left)))
    without = closest.lacking(markers)
    labels = sorted(markers.points_m)
    shown = ", ".join(labels[:_MOST_LABELS]) + (
        f" and {len(labels) - _MOST_LABELS} more" * (len(labels) > _MOST_LABELS)
    )
    lacks = f"lacks {', '.join(without)}" if without else "is complete"
    missing = ", ".join(part.replace("foot_index", "toe") for part in lacking)
    return InputError(
        f"{expected}, but {name} has nothing for {missing}: the closest set, {closest.name}, {lacks}. "
        f"Found were {shown}.",
        remedy,
    )


def _legs(markers: Markers, rate_hz: float) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    centres = markers.has_stem("hip") and not markers.has("asis") and not markers.has("medial knee")
    for number, side in enumerate(SIDES):
        ways |= _named(f"{side}_hip", _hip_ways(markers, side, number, centres))
    hips = [ways.get(f"{side}_hip") for side in SIDES]
    across = slow_axis(hips[0][0], hips[1][0], rate_hz) if hips[0] and hips[1] else None
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        above = ways.get(f"{side}_hip")
        for joint in ("knee", "ankle"):
            inwards = None if across is None or above is None else (above[0], sign * across)
            ways |= _named(f"{side}_{joint}", _joint_ways(markers, side, joint, inwards, as_it_is=centres))
            above = ways.get(f"{side}_{joint}")
        ways |= _named(f"{side}_heel", [_single(markers, side, "heel")])
        toes = [
            _single(markers, side, "toe"),
            _single(markers, side, "mt2"),
            _middle(markers, side, "mt1", "mt5"),
            _single(markers, side, "mt1"),
            _single(markers, side, "mt5"),
        ]
        ways |= _named(f"{side}_foot_index", toes)
    return ways


def _named(name: str, ways: Sequence[Way | None]) -> dict[str, Way]:
    """Return the first method that gives enough frames, under its name; nothing when there is none."""
    possible = [way for way in ways if way is not None]
    frames = [int(np.isfinite(curve).all(axis=1).sum()) for curve, _ in possible]
    most = max(frames, default=0)
    return next(
        ({name: way} for way, count in zip(possible, frames, strict=True) if count and count >= SEEN_SHARE * most), {}
    )


def _single(markers: Markers, side: str, place: str) -> Way | None:
    label = markers.find(side, place)
    return (markers.points_m[label], label) if label else None


def _middle(markers: Markers, side: str, one: str, other: str) -> Way | None:
    first, second = markers.find(side, one), markers.find(side, other)
    if first is None or second is None:
        return None
    return (markers.points_m[first] + markers.points_m[second]) / 2, f"middle of {first} and {second}"


def _hip_ways(markers: Markers, side: str, number: int, centres: bool) -> list[Way | None]:
    trochanter = _single(markers, side, "trochanter")
    if trochanter and not centres:
        trochanter = (trochanter[0], f"greater trochanter {trochanter[1]}")
    return [_single(markers, side, "hip centre"), _from_pelvis(markers, number), trochanter]


def _from_pelvis(markers: Markers, number: int) -> Way | None:
    asis = [markers.find(side, "asis") for side in SIDES]
    psis = [markers.find(side, "psis") for side in SIDES]
    if asis[0] is None or asis[1] is None:
        return None
    if psis[0] is not None and psis[1] is not None:
        back = (markers.points_m[psis[0]] + markers.points_m[psis[1]]) / 2
        names = ", ".join((asis[0], asis[1], psis[0], psis[1]))
    elif markers.sacrum is not None:
        back, names = markers.points_m[markers.sacrum], ", ".join((asis[0], asis[1], markers.sacrum))
    else:
        return None
    hips = hip_centres((markers.points_m[asis[0]], markers.points_m[asis[1]]), back)
    return hips[number], f"Harrington 2007 from the pelvis markers {names}"


def _joint_ways(
    markers: Markers, side: str, joint: str, inwards: tuple[Array, Array] | None, *, as_it_is: bool
) -> list[Way | None]:
    lateral = _single(markers, side, f"lateral {joint}")
    if lateral and not as_it_is:
        if inwards is None:
            lateral = (lateral[0], f"{lateral[1]}, not moved inwards")
        else:
            by_m = WIDTH_M[joint] / 2 + MARKER_RADIUS_M
            lateral = (
                moved_inwards(lateral[0], *inwards, by_m),
                f"{lateral[1]}, moved inwards by {1000 * by_m:.0f} mm",
            )
    return [
        _middle(markers, side, f"lateral {joint}", f"medial {joint}"),
        _single(markers, side, f"{joint} centre"),
        lateral,
    ]


def _upper_body(markers: Markers) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    for side in SIDES:
        ways |= _named(f"{side}_shoulder", [_single(markers, side, "shoulder")])
        elbow = [_middle(markers, side, "lateral elbow", "medial elbow"), _single(markers, side, "lateral elbow")]
        ways |= _named(f"{side}_elbow", elbow)
        wrist = [_middle(markers, side, "one wrist", "other wrist"), _single(markers, side, "wrist")]
        ways |= _named(f"{side}_wrist", wrist)
        ear = [_single(markers, side, "ear"), _middle(markers, side, "front head", "back head")]
        ways |= _named(f"{side}_ear", ear)
    return ways


def _notes(made_of: Mapping[str, str], gaps: int) -> list[str]:
    notes = []
    if any(made_of[f"{side}_hip"].startswith("greater trochanter") for side in SIDES):
        notes.append(
            "The greater trochanters stand for the hip joints, as pelvis markers are missing; the joint itself lies a "
            "few centimetres further up and inwards."
        )
    alone = [joint for joint in WIDTH_M if any("moved inwards" in made_of[f"{side}_{joint}"] for side in SIDES)]
    if alone:
        notes.append(
            f"The middle of {' and '.join(alone)} is estimated from the lateral marker and a typical joint width."
        )
    toes = dict.fromkeys(made_of[f"{side}_foot_index"] for side in SIDES)
    if not all("index" in text or "tip" in text.lower() for text in toes):
        notes.append(
            f"The tip of the foot is taken from {', '.join(toes)}; it may lie a few centimetres behind the toes."
        )
    if gaps:
        filled = "One gap" if gaps == 1 else f"{gaps} gaps"
        notes.append(f"{filled} of up to {LONGEST_GAP_S:g} s in the landmarks {'was' if gaps == 1 else 'were'} filled.")
    return notes
