"""The order that walking has: right contact, left foot off, left contact, right foot off, and again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent

__all__ = ["CYCLE", "in_order", "steps_between"]

CYCLE: Final = (
    ("right", INITIAL_CONTACT),
    ("left", FOOT_OFF),
    ("left", INITIAL_CONTACT),
    ("right", FOOT_OFF),
)
"""Side and kind in order of time."""
_PLACE: Final[Mapping[tuple[str, str], int]] = MappingProxyType({key: number for number, key in enumerate(CYCLE)})
_PHASE: Final[Mapping[tuple[str, str], float]] = MappingProxyType(dict(zip(CYCLE, (0.0, 0.12, 0.5, 0.62), strict=True)))
"""Usual share of the cycle (Perry & Burnfield 2010, chapter 1)."""
WIDEST: Final = 0.25
"""An event may come earlier or later than usual by this share of the cycle."""
MISSING_COST: Final = 0.45
"""What a missing event costs against one event kept."""


def steps_between(first: GaitEvent, second: GaitEvent) -> int:
    """Return how many places of `CYCLE` lie between two events, 1 to 4; 4 for two of the same side and kind.

    Returns
    -------
    int
        From 1 to 4.
    """
    gap = (_PLACE[second.side, second.kind] - _PLACE[first.side, first.kind]) % len(CYCLE)
    return gap or len(CYCLE)


def in_order(events: Sequence[GaitEvent], stride_s: float) -> tuple[tuple[GaitEvent, ...], tuple[GaitEvent, ...]]:
    """Keep as many events as follow each other in the order and at about the times of walking.

    Parameters
    ----------
    events : sequence of GaitEvent
        Of both feet in one pass.
    stride_s : float
        Usual stride time, s.

    Returns
    -------
    kept, dropped : tuple of GaitEvent
        In order of time.

    Notes
    -----
    The best chain is found by dynamic programming: every event kept counts by its confidence, every event that the
    chain leaps over costs a part of one, and a step at an unusual phase costs the square of its deviation.
    """
    ordered = sorted(events, key=lambda event: event.time_s)
    if not ordered:
        return (), ()
    worth = [0.5 + 0.5 * event.confidence for event in ordered]
    best = list(worth)
    most = list(best)  # the best chain that ends at an event or before it
    before: list[int | None] = [None] * len(ordered)
    for j, event in enumerate(ordered):
        for i in range(j - 1, -1, -1):
            # From here back a chain is too far away to win, whatever it is worth: the time follows the length.
            if most[i] + worth[j] - _least_cost(event.time_s - ordered[i].time_s, stride_s) < best[j]:
                break
            cost = _cost(ordered[i], event, stride_s)
            # Among chains of equal worth, prefer the one that starts from the earlier event, but any to none.
            total = -math.inf if cost is None else best[i] + worth[j] - cost
            if total > best[j] or (total == best[j] and before[j] is not None):
                best[j], before[j] = total, i
        most[j] = max(best[j], most[j - 1]) if j else best[j]
    chain: set[int] = set()
    at: int | None = max(range(len(ordered)), key=best.__getitem__)
    while at is not None:
        chain.add(at)
        at = before[at]
    return (
        tuple(event for number, event in enumerate(ordered) if number in chain),
        tuple(event for number, event in enumerate(ordered) if number not in chain),
    )


def _least_cost(apart_s: float, stride_s: float) -> float:
    """Return the lowest cost of letting an event follow one that lies so far back."""
    cycles = max(0.0, apart_s / stride_s - 1.5)
    return MISSING_COST * len(CYCLE) * max(0.0, cycles - 1.0)


def _cost(first: GaitEvent, second: GaitEvent, stride_s: float) -> float | None:
    """Return what it costs to let one event follow another; None when it cannot."""
    passed = (second.time_s - first.time_s) / stride_s
    usual = (_PHASE[second.side, second.kind] - _PHASE[first.side, first.kind]) % 1.0 or 1.0
    cycles = max(0, round(passed - usual))
    away = passed - usual - cycles
    if passed <= 0.0 or abs(away) > WIDEST * (1 + cycles):
        return None
    missing = steps_between(first, second) - 1 + len(CYCLE) * cycles
    return 4.0 * away**2 + MISSING_COST * missing
