"""Clean the landmarks of a walk, and keep a log in which every repair can be undone.

Four things go wrong with the landmarks of a pose model: both legs change places or are mixed, one landmark jumps away
for a frame or two, a bone changes its length from one frame to the next, and for some frames nothing is found. All are
looked for before anything is undone, so that the list of repairs stays the same whatever the user undoes.

Where the track holds all places in which the joints of the legs may be, the legs are solved over the whole walk
(`gait_core.gait.legs.solver`); elsewhere exchanged legs are found afterwards (`gait_core.gait.swaps`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.gait.angles import SIDES
from gait_core.gait.artefacts import find_outliers, find_shape_breaks, find_turned_feet
from gait_core.gait.channels import ROWS
from gait_core.gait.gaps import ARMS, fill_gaps, longest_gap_s, runs, trusted
from gait_core.gait.legs.solver import solve_legs
from gait_core.gait.swaps import LEG_ROWS, OTHER_ROWS, SwapRepair, put_legs_right, repair_leg_swaps
from gait_core.pose.landmarks import INDEX, LANDMARKS
from gait_core.pose.track import Track

__all__ = ["REPAIR_KINDS", "Cleaned", "Repair", "clean"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

REPAIR_KINDS: Final[Mapping[str, str]] = {
    "swap": "Left and right leg swapped back",
    "blend": "Mixed legs left out",
    "joint": "Joints moved to where the motion of the leg puts them",
    "outlier": "Jumps left out",
    "bone_length": "Impossible bone lengths left out",
    "turned_foot": "Reversed feet left out",
    "gap": "Short gaps filled",
}
"""Kind → what is done, in words."""

_LEGS: Final = (*LEG_ROWS, *OTHER_ROWS)
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "head": ("left_ear", "right_ear"),
    "trunk": ("left_shoulder", "right_shoulder", "left_hip", "right_hip"),
    **{f"{side} arm": (f"{side}_elbow", f"{side}_wrist") for side in ("left", "right")},
    **{
        f"{side} leg": tuple(f"{side}_{name}" for name in ("knee", "ankle", "heel", "foot_index"))
        for side in ("left", "right")
    },
}
_PART_OF: Final = {name: part for part, names in _PARTS.items() for name in names}


@dataclass(frozen=True, kw_only=True)
class Repair:
    """One thing that was put right in the landmarks of a walk.

    Attributes
    ----------
    kind : {"swap", "blend", "joint", "outlier", "bone_length", "turned_foot", "gap"}
        What was done, see `REPAIR_KINDS`.
    start_s, end_s : float
        Times of the first and last frame, s.
    frames : tuple of int
        Frames of the track, rising.
    side : {"left", "right"} or None
        Side of the body; None when both or neither is meant.
    landmarks : tuple of str
        Landmarks that were changed or left out.
    sentence : str
        For people.
    """

    kind: str
    start_s: float
    end_s: float
    frames: tuple[int, ...]
    side: str | None
    landmarks: tuple[str, ...]
    sentence: str

    @property
    def place(self) -> str:
        """Part of the body, for example ``left leg``; ``legs`` for both, ``body`` for more."""
        parts = {_PART_OF[name] for name in self.landmarks}
        if len(parts) == 1:
            return parts.pop()
        return "legs" if parts == {"left leg", "right leg"} else "body"

    @property
    def id(self) -> str:
        """Stable name by which this one repair is undone."""
        return f"{self.kind}:{self.place.replace(' ', '_')}:{self.frames[0]}-{self.frames[-1]}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and the ``id`` for JSON."""
        return {"id": self.id, **vars(self), "frames": list(self.frames), "landmarks": list(self.landmarks)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        rest = {name: value for name, value in values.items() if name not in ("id", "frames", "landmarks")}
        return cls(frames=tuple(values["frames"]), landmarks=tuple(values["landmarks"]), **rest)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cleaned:
    """Clean landmarks, and what was done.

    Attributes
    ----------
    track : Track
        With every repair that is not undone; the track given itself when there is none.
    repairs : tuple of Repair
        All that were found, those undone among them, in order of time.
    undone : frozenset of str
        Which of them were not carried out, by `Repair.id`.
    swap : SwapRepair
        What was carried out between the legs.
    unfilled : ndarray, shape (n_frames, 33), bool
        Short gaps that are to stay open, because their repair is undone.
    """

    track: Track
    repairs: tuple[Repair, ...]
    undone: frozenset[str]
    swap: SwapRepair
    unfilled: Mask


def clean(
    track: Track, leg_px: float, undone: frozenset[str] = frozenset(), settings: FeatureSettings | None = None
) -> Cleaned:
    """Repair the landmarks of a walk.

    Parameters
    ----------
    track : Track
        Landmarks as found.
    leg_px : float
        Leg length, px.
    undone : frozenset of str
        Repairs that are not to be carried out: `Repair.id` for a single one, a key of `REPAIR_KINDS` for a whole kind.
    settings : FeatureSettings, optional
        Which landmarks can be trusted, the longest gap that is filled, and whether legs are exchanged at all.

    Returns
    -------
    Cleaned
        What is left out has confidence 0, and of the arms, which need no confidence, no position.
    """
    settings = settings or FeatureSettings()
    swap, moved = _legs_right(track, leg_px, settings)
    position = swap.track.position.astype(np.float64)
    valid = trusted(swap.track, settings.min_confidence)
    jumped = find_outliers(position, valid, track.time_s, leg_px)
    misshapen = find_shape_breaks(position, valid, jumped, track.time_s)
    trusted_yet = valid & ~jumped & ~misshapen
    turned = find_turned_feet(_feet_filled(position, trusted_yet, track.time_s, settings), track.time_s) & trusted_yet
    filled = _short_gaps(valid, trusted_yet & ~turned, track.time_s, settings)
    legs = np.isin(np.arange(len(LANDMARKS)), _LEGS)
    filled &= ~(swap.blended[:, None] & legs)
    masks = {
        "swap": swap.swapped[:, None] & legs,
        "blend": swap.blended[:, None] & legs,
        "joint": moved,
        "outlier": jumped,
        "bone_length": misshapen,
        "turned_foot": turned,
        "gap": filled,
    }
    repairs = tuple(sorted(_listed(track, masks), key=lambda repair: (repair.start_s, repair.id)))
    dropped = frozenset(repair.id for repair in repairs if {repair.id, repair.kind} & undone)
    return _carried_out(track, swap, masks, repairs, dropped)


def _legs_right(track: Track, leg_px: float, settings: FeatureSettings) -> tuple[SwapRepair, Mask]:
    """Return the track with its legs put right, and which single joints were moved besides."""
    nothing = np.zeros(len(track), dtype=bool)
    moved = np.zeros((len(track), len(LANDMARKS)), dtype=bool)
    if not settings.repair_swaps:
        return SwapRepair(track=track, swapped=nothing, blended=nothing), moved
    if track.candidates is None:
        return repair_leg_swaps(track, leg_px), moved
    solution = solve_legs(track, leg_px, settings)
    return SwapRepair(track=solution.track, swapped=solution.swapped, blended=nothing), solution.moved


def _feet_filled(position: Array, valid: Mask, time_s: Array, settings: FeatureSettings) -> Array:
    """Return positions of heels and toes with their short gaps filled, as they will be used; the others are NaN."""
    filled = np.full_like(position, np.nan)
    for row in (INDEX[f"{side}_{name}"] for side in SIDES for name in ("heel", "foot_index")):
        filled[:, row] = fill_gaps(position[:, row], valid[:, row], time_s, longest_gap_s(row, settings))[0]
    return filled


def _short_gaps(before: Mask, after: Mask, time_s: NDArray[np.float64], settings: FeatureSettings) -> Mask:
    """Return what is missing from the start, not left out by a repair, and will be interpolated."""
    filled = np.zeros_like(before)
    nothing = np.zeros((len(time_s), 1))
    for name in ROWS:
        row = INDEX[name]
        filled[:, row] = fill_gaps(nothing, after[:, row], time_s, longest_gap_s(row, settings))[1] & ~before[:, row]
    return filled


def _listed(track: Track, masks: Mapping[str, Mask]) -> list[Repair]:
    """Return one repair for every uninterrupted run of frames in one part of the body."""
    repairs = []
    for kind, mask in masks.items():
        whole = kind in ("swap", "blend")
        parts = {"legs": tuple(LANDMARKS[row] for row in _LEGS)} if whole else _PARTS
        body = np.asarray(mask[:, [INDEX[name] for name in _PART_OF]].all(axis=1))
        repairs += [_repair(track, kind, "body", tuple(_PART_OF), span) for span in runs(body)]
        for part, names in parts.items():
            here = np.asarray(mask[:, [INDEX[name] for name in names]] & ~body[:, None])
            for start, stop in runs(np.asarray(here.any(axis=1))):
                chosen = tuple(names[number] for number in np.flatnonzero(here[start:stop].any(axis=0)))
                repairs.append(_repair(track, kind, part, chosen, (start, stop)))
    return repairs


def _repair(track: Track, kind: str, part: str, names: tuple[str, ...], span: tuple[int, int]) -> Repair:
    start, stop = span
    side = part.split()[0] if part.startswith(("left", "right")) else None
    start_s, end_s = float(track.time_s[start]), float(track.time_s[stop - 1])
    return Repair(
        kind=kind,
        start_s=start_s,
        end_s=end_s,
        frames=tuple(range(start, stop)),
        side=side,
        landmarks=names,
        sentence=_sentence(kind, part, names, start_s, stop - start),
    )


def _sentence(kind: str, part: str, names: tuple[str, ...], start_s: float, count: int) -> str:
    frames = "1 frame" if count == 1 else f"{count} frames"
    when = f"at {start_s:.2f} s, for {frames}"
    listed = ", ".join(name.replace("foot_index", "toe").replace("_", " ") for name in names)
    if kind == "swap":
        return f"The left and the right leg had changed places {when}; they were changed back."
    if kind == "blend":
        return f"Both legs were mixed up {when}; their positions there are left out."
    if kind == "joint":
        return f"The {part} did not fit its motion {when}: {listed}. Its position comes from the rest of the walk."
    if kind == "outlier":
        return f"A sudden jump {when}: {listed}. The position there is left out."
    if kind == "bone_length":
        return f"A bone with an impossible length {when}: {listed}. The position there is left out."
    if kind == "turned_foot":
        return f"A foot that points backwards {when}: {listed}. The position there is left out."
    where = "The person was" if part == "body" else f"The {part} was"
    return f"{where} not seen {when}; the gap was filled from the frames before and after."


def _carried_out(
    track: Track, swap: SwapRepair, masks: Mapping[str, Mask], repairs: tuple[Repair, ...], dropped: frozenset[str]
) -> Cleaned:
    kept = {kind: mask.copy() for kind, mask in masks.items()}
    for repair in repairs:
        if repair.id in dropped:
            rows = [INDEX[name] for name in repair.landmarks]
            kept[repair.kind][repair.frames[0] : repair.frames[-1] + 1, rows] = False
    swapped, blended = (kept[kind][:, _LEGS[0]] for kind in ("swap", "blend"))
    result = _put_back(track, swap, swapped, blended, masks["joint"] & ~kept["joint"]) if dropped else swap.track
    missing = kept["outlier"] | kept["bone_length"] | kept["turned_foot"]
    # Found in legs that were put right: where that is undone, they belong to the other leg.
    back = np.flatnonzero(swap.swapped & ~swapped)
    order, mirrored = list(_LEGS), [*OTHER_ROWS, *LEG_ROWS]
    legs = missing[back]
    legs[:, order] = missing[back][:, mirrored]
    missing[back] = legs
    return Cleaned(
        track=_without(result, missing),
        repairs=repairs,
        undone=dropped,
        swap=SwapRepair(track=result, swapped=swapped, blended=blended),
        unfilled=masks["gap"] & ~kept["gap"],
    )


def _put_back(track: Track, swap: SwapRepair, swapped: Mask, blended: Mask, moved: Mask) -> Track:
    """Return the repaired track with some of it as the model gave it: frames of the legs, and single joints."""
    given = put_legs_right(track, swapped, blended)
    if track.candidates is None:
        return given
    legs = np.isin(np.arange(len(LANDMARKS)), _LEGS)
    back = moved | ((swap.swapped & ~swapped)[:, None] & legs)
    position, confidence = swap.track.position.copy(), swap.track.confidence.copy()
    position[back], confidence[back] = given.position[back], given.confidence[back]
    return swap.track.with_(position=position, world=given.world, confidence=confidence)


def _without(track: Track, missing: Mask) -> Track:
    """Return the track with some landmarks missing, itself when there are none."""
    if not missing.any():
        return track
    position, confidence = track.position.copy(), track.confidence.copy()
    confidence[missing] = 0.0
    for row in ARMS:
        position[missing[:, row], row] = np.nan
    return track.with_(position=position, confidence=confidence)
