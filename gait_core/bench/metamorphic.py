"""Compare the parameters of one walk, measured twice: once as it is, once after a change that must not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import MeasureSettings
from gait_core.gait.angles import SIDES
from gait_core.gait.events.detect import detect_events
from gait_core.gait.events.gait_events import KINDS, EventSet, GaitEvent
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.measurement import motion_of
from gait_core.gait.parameters.lengths import find_steps
from gait_core.gait.parameters.parameter import Parameter
from gait_core.gait.parameters.spatiotemporal import spatiotemporal
from gait_core.gait.strides import build_strides
from gait_core.gait.swaps import put_legs_right
from gait_core.pose.candidates import COLUMNS
from gait_core.pose.landmarks import MIRROR
from gait_core.pose.track import Track

__all__ = [
    "COMPARED",
    "FEET",
    "PHASES",
    "SHOWN_BESIDE",
    "STEPS",
    "Comparison",
    "compare",
    "mirrored_track",
    "with_gap",
    "with_legs_exchanged",
]

STEPS: Final = (
    "cadence_spm",
    "stride_time_s",
    "step_time_s",
    "step_length_leg",
    "stride_length_leg",
    "walking_speed_leg_per_s",
)
"""Parameters between contacts: an error that all contacts of a foot share does not matter to them."""
PHASES: Final = ("stance_time_s", "swing_time_s", "stance_pct", "swing_pct")
"""Parameters between a contact and a foot off."""
COMPARED: Final = (*STEPS, *PHASES)
SHOWN_BESIDE: Final = ("single_support_s", "double_support_s")
"""Double support lasts about 0.2 s, of which 2 % is 4 ms, a tenth of a frame: no share within 2 % is required of it."""
FEET: Final = ("near", "far")
SAME_EVENT_S: Final = 0.12
"""Two events of the same foot and kind within this time are the same event."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How far the parameters of a changed walk lie from those of the original.

    Attributes
    ----------
    all_pct, common_pct : mapping of (parameter, "left", "right" or "both") to float
        Changed over original, less one, %; of all that was measured, and of the events found in both.
    shifts_s : mapping of ("near" or "far", kind) to tuple of float
        Changed minus original, s, of the events found in both, by the foot and by what it does.
    lost, added : int
        Events found only in the original, and only in the changed walk.
    strides, strides_common : int
        Of the original, and of those built on events found in both.
    """

    all_pct: Mapping[tuple[str, str], float]
    common_pct: Mapping[tuple[str, str], float]
    shifts_s: Mapping[tuple[str, str], tuple[float, ...]]
    lost: int
    added: int
    strides: int
    strides_common: int

    @property
    def event_shifts_s(self) -> tuple[float, ...]:
        """Shifts of all events, s."""
        return tuple(shift for shifts in self.shifts_s.values() for shift in shifts)


def compare(original: Track, changed: Track, settings: MeasureSettings, *, sides_exchanged: bool) -> Comparison:
    """Measure both and compare.

    Parameters
    ----------
    original, changed : Track
        On the same clock.
    settings : MeasureSettings
    sides_exchanged : bool
        The left of the changed walk is the right of the original one.

    Returns
    -------
    Comparison
        Under the sides of the original walk.

    Raises
    ------
    WalkRefused
        When one of them cannot be measured.
    """
    motions = [motion_of(track, settings) for track in (original, changed)]
    events = [detect_events(motion, settings) for motion in motions]
    pairs = _pairs(events[0].events, events[1].events, sides_exchanged)
    common = [events[k].with_events([pair[k] for pair in pairs]) for k in (0, 1)]
    found = [_parameters(motion, here, settings) for motion, here in zip(motions, events, strict=True)]
    shared = [_parameters(motion, here, settings) for motion, here in zip(motions, common, strict=True)]
    return Comparison(
        all_pct=_relative_pct(found[0], found[1], sides_exchanged),
        common_pct=_relative_pct(shared[0], shared[1], sides_exchanged),
        shifts_s=_shifts_s(motions[0], pairs),
        lost=len(events[0].events) - len(pairs),
        added=len(events[1].events) - len(pairs),
        strides=len(build_strides(events[0], motions[0])),
        strides_common=len(build_strides(common[0], motions[0])),
    )


def _other(side: str) -> str:
    return SIDES[1 - SIDES.index(side)]


def _pairs(
    first: Sequence[GaitEvent], second: Sequence[GaitEvent], sides_exchanged: bool
) -> list[tuple[GaitEvent, GaitEvent]]:
    """Return events that were found in both, in order of time."""
    pairs = []
    for event in first:
        side = _other(event.side) if sides_exchanged else event.side
        same = [e for e in second if (e.side, e.kind) == (side, event.kind)]
        best = min(same, key=lambda e: abs(e.time_s - event.time_s), default=None)
        if best is not None and abs(best.time_s - event.time_s) <= SAME_EVENT_S:
            pairs.append((event, best))
    return pairs


def _shifts_s(
    motion: Kinematics, pairs: Sequence[tuple[GaitEvent, GaitEvent]]
) -> dict[tuple[str, str], tuple[float, ...]]:
    found: dict[tuple[str, str], list[float]] = {(foot, kind): [] for foot in FEET for kind in KINDS}
    for first, second in pairs:
        here = min(motion.segments, key=lambda s: max(s.start_s - first.time_s, first.time_s - s.end_s))
        foot = FEET[0] if here.visible_side == first.side else FEET[1]
        found[foot, first.kind].append(second.time_s - first.time_s)
    return {key: tuple(shifts) for key, shifts in found.items()}


def _parameters(motion: Kinematics, events: EventSet, settings: MeasureSettings) -> dict[str, Parameter]:
    return spatiotemporal(motion, events, find_steps(motion, events), build_strides(events, motion), None, settings)


def _relative_pct(
    first: Mapping[str, Parameter], second: Mapping[str, Parameter], sides_exchanged: bool
) -> dict[tuple[str, str], float]:
    changes = {}
    for name in (*COMPARED, *SHOWN_BESIDE):
        if name not in first or name not in second:
            continue
        for side in ("both", *SIDES):
            there = _other(side) if sides_exchanged and side in SIDES else side
            before, after = getattr(first[name], side), getattr(second[name], there)
            if before is not None and after is not None and np.isfinite(before.mean) and before.mean:
                changes[name, side] = 100.0 * (after.mean / before.mean - 1.0)
    return changes


def mirrored_track(track: Track) -> Track:
    """Return what the landmarks would be in a mirror.

    Returns
    -------
    Track
        x reversed within the frame and in space, left and right exchanged.
    """
    order = list(MIRROR)
    position, world = track.position[:, order].copy(), track.world[:, order].copy()
    position[..., 0] = track.width_px - position[..., 0]
    world[..., 0] *= -1
    candidates = _sides_exchanged(track, np.ones(len(track), dtype=bool))
    if candidates is not None:
        candidates[..., 0] = track.width_px - candidates[..., 0]
    return track.with_(position=position, world=world, confidence=track.confidence[:, order], candidates=candidates)


def with_legs_exchanged(track: Track, start_s: float, end_s: float) -> Track:
    """Return a track in which the pose model would have exchanged the legs for some time.

    Parameters
    ----------
    track : Track
    start_s, end_s : float
        First and last moment, s.

    Returns
    -------
    Track
        A copy; the frames at both moments are among those exchanged.
    """
    swapped = (track.time_s >= start_s - 1e-6) & (track.time_s <= end_s + 1e-6)
    exchanged = put_legs_right(track, swapped, np.zeros(len(track), dtype=bool))
    return exchanged.with_(candidates=_sides_exchanged(track, swapped))


def _sides_exchanged(track: Track, frames: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """Return the places where joints may be, with what speaks for left and right exchanged in some frames."""
    if track.candidates is None:
        return None
    candidates = np.array(track.candidates)
    left, right = COLUMNS.index("as_left"), COLUMNS.index("as_right")
    for own, other in ((left, right), (right, left)):
        candidates[frames, ..., own] = track.candidates[frames, ..., other]
    return candidates


def with_gap(track: Track, start_s: float, end_s: float) -> Track:
    """Return a track in which no person was found for some time.

    Parameters
    ----------
    track : Track
    start_s, end_s : float
        The frames from the first moment up to, and without, the last one are empty, s.

    Returns
    -------
    Track
        A copy; in the empty frames, positions are NaN and confidences 0.
    """
    missing = (track.time_s >= start_s - 1e-6) & (track.time_s < end_s - 1e-6)
    position, world, confidence = track.position.copy(), track.world.copy(), track.confidence.copy()
    position[missing], world[missing], confidence[missing] = np.nan, np.nan, 0.0
    candidates = None if track.candidates is None else np.array(track.candidates)
    if candidates is not None:
        candidates[missing] = np.nan
    return track.with_(position=position, world=world, confidence=confidence, candidates=candidates)
