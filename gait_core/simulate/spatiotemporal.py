"""Events, steps and speed of a simulated walk, from the contact of the feet with the floor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.simulate.motion import Motion
from gait_core.simulate.truth import SIDES

__all__ = ["Spatiotemporal", "spatiotemporal"]


@dataclass(frozen=True, kw_only=True)
class Spatiotemporal:
    """The fields of the same names of `WalkTruth`."""

    events: tuple[GaitEvent, ...]
    foot_placements: tuple[tuple[str, float, float, float], ...]
    step_time_s: dict[str, tuple[float, ...]]
    step_length_m: dict[str, tuple[float, ...]]
    cadence_spm: float
    speed_mps: float
    stride_length_m: float


def spatiotemporal(motion: Motion, begin_s: float, length_s: float, shift_m: float) -> Spatiotemporal:
    """Measure a motion between two times.

    Parameters
    ----------
    motion : Motion
        The motion on its fine clock.
    begin_s, length_s : float
        Start on that clock, and duration, s.
    shift_m : float
        By how much the path was moved afterwards, m.

    Returns
    -------
    Spatiotemporal
        Events with times from the start; a step is named after the foot that lands.
    """
    events: list[GaitEvent] = []
    contacts: list[tuple[float, int, float]] = []
    placed: list[tuple[str, float, float, float]] = []
    for placement in motion.placements:
        cycles = motion.cycles[placement.side]
        number = np.floor(cycles[min(placement.start + 1, len(cycles) - 1)])
        start_s = float(np.interp(number, cycles, motion.time_s)) - begin_s
        end_s = float(np.interp(number + motion.foot_off[placement.side], cycles, motion.time_s)) - begin_s
        side = SIDES[placement.side]
        ankle_x_m = placement.ankle_x_m + shift_m
        if placement.start > 0 and 0.0 <= start_s <= length_s:
            contacts.append((start_s, placement.side, ankle_x_m))
            events.append(GaitEvent(time_s=round(start_s, 6), side=side, kind=INITIAL_CONTACT))
        if placement.end < len(cycles) and 0.0 <= end_s <= length_s:
            events.append(GaitEvent(time_s=round(end_s, 6), side=side, kind=FOOT_OFF))
        if end_s > 0.0 and start_s < length_s:
            placed.append((side, round(start_s, 6), round(end_s, 6), round(ankle_x_m, 5)))
    step_time: dict[str, list[float]] = {side: [] for side in SIDES}
    step_length: dict[str, list[float]] = {side: [] for side in SIDES}
    for (before_s, before, from_m), (after_s, after, to_m) in pairwise(sorted(contacts)):
        if before != after:
            step_time[SIDES[after]].append(round(after_s - before_s, 6))
            step_length[SIDES[after]].append(round(to_m - from_m, 5))
    times_s = step_time["left"] + step_time["right"]
    mean_time_s = float(np.mean(times_s)) if times_s else 0.0
    mean_length_m = float(np.mean(step_length["left"] + step_length["right"])) if times_s else 0.0
    return Spatiotemporal(
        events=tuple(sorted(events, key=lambda event: event.time_s)),
        foot_placements=tuple(sorted(placed, key=lambda placement: placement[1])),
        step_time_s={side: tuple(values) for side, values in step_time.items()},
        step_length_m={side: tuple(values) for side, values in step_length.items()},
        cadence_spm=60.0 / mean_time_s if times_s else 0.0,
        speed_mps=mean_length_m / mean_time_s if times_s else 0.0,
        stride_length_m=2.0 * mean_length_m,
    )
