"""Which measured events match which reference events, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.gait_events import GaitEvent
from gait_core.validation.agreement import BlandAltman, bland_altman

__all__ = ["CLOSE_S", "TOLERANCE_S", "EventAgreement", "Matching", "match_events", "summarise_events"]

TOLERANCE_S: Final = 0.15
"""A measured event farther than this from every reference event is a different event."""

CLOSE_S: Final = 0.04
"""Within this of the reference an event counts as close: one frame at 25 frames per second."""


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Found and reference events, paired.

    Attributes
    ----------
    pairs : tuple of (GaitEvent, GaitEvent)
        Found, reference; in order of the reference.
    extra : tuple of GaitEvent
        Found without a reference.
    missed : tuple of GaitEvent
        Reference events that were not found.
    outside : int
        Events at the ends that only one of both could have seen; they count neither way.
    """

    pairs: tuple[tuple[GaitEvent, GaitEvent], ...]
    extra: tuple[GaitEvent, ...]
    missed: tuple[GaitEvent, ...]
    outside: int = 0

    def of(self, kind: str | None = None, side: str | None = None) -> Matching:
        """Return the part of one kind and side; None takes all."""

        def wanted(event: GaitEvent) -> bool:
            return kind in (None, event.kind) and side in (None, event.side)

        return Matching(
            pairs=tuple(pair for pair in self.pairs if wanted(pair[1])),
            extra=tuple(filter(wanted, self.extra)),
            missed=tuple(filter(wanted, self.missed)),
        )

    @property
    def errors_s(self) -> NDArray[np.float64]:
        """Measured minus reference time of every pair, s; late is positive."""
        return np.array([found.time_s - reference.time_s for found, reference in self.pairs], dtype=float)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN when there is nothing to compare."""
        total = 2 * len(self.pairs) + len(self.extra) + len(self.missed)
        return 2 * len(self.pairs) / total if total else float("nan")


def match_events(
    found: Sequence[GaitEvent],
    reference: Sequence[GaitEvent],
    *,
    tolerance_s: float = TOLERANCE_S,
    spans_s: Sequence[tuple[float, float]] | None = None,
) -> Matching:
    """Pair events of the same side and kind, nearest first, each at most once.

    Parameters
    ----------
    found, reference : sequence of GaitEvent
        On one clock.
    tolerance_s : float
        Largest distance of a pair, s.
    spans_s : sequence of (float, float), optional
        Where the method could see events, s; reference events elsewhere are not missed. In the same way a found event
        before the first or after the last reference event of its side and kind is not extra.

    Returns
    -------
    Matching
    """
    spans = list(spans_s) if spans_s is not None else [(-np.inf, np.inf)]
    pairs: list[tuple[GaitEvent, GaitEvent]] = []
    extra, missed = list(found), list(reference)
    candidates = sorted(
        (
            (abs(a.time_s - b.time_s), i, j)
            for i, a in enumerate(found)
            for j, b in enumerate(reference)
            if a.side == b.side and a.kind == b.kind and abs(a.time_s - b.time_s) <= tolerance_s
        )
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in candidates:
        if i not in taken[0] and j not in taken[1]:
            pairs.append((found[i], reference[j]))
            taken[0].add(i)
            taken[1].add(j)
    extra = [event for i, event in enumerate(found) if i not in taken[0]]
    missed = [event for j, event in enumerate(reference) if j not in taken[1]]
    true_missed = tuple(e for e in missed if any(low <= e.time_s <= high for low, high in spans))
    true_extra = tuple(event for event in extra if _marked(event, reference))
    return Matching(
        pairs=tuple(sorted(pairs, key=lambda pair: pair[1].time_s)),
        extra=true_extra,
        missed=true_missed,
        outside=len(extra) + len(missed) - len(true_extra) - len(true_missed),
    )


def _marked(event: GaitEvent, reference: Sequence[GaitEvent]) -> bool:
    """Return whether the reference marks events of this side and kind before and after this one."""
    times = [other.time_s for other in reference if (other.side, other.kind) == (event.side, event.kind)]
    return bool(times) and min(times) <= event.time_s <= max(times)


@dataclass(frozen=True, kw_only=True)
class EventAgreement:
    """How one kind of event agrees.

    Attributes
    ----------
    kind : str
        ``initial_contact`` or ``foot_off``.
    side : {"left", "right", "both"}
    matched, extra, missed : int
    f1 : float
    median_error_ms : float
        Median of the absolute error.
    bias_ms : float
        Mean of measured − reference; late is positive.
    within_40ms_pct : float
        Share of the matched events at most 40 ms away.
    bland_altman : BlandAltman or None
        Of the errors, ms; the reference is 0.
    errors_ms, reference_s : tuple of float
        Single errors and when they happened, for a plot.
    """

    kind: str
    side: str
    matched: int
    extra: int
    missed: int
    f1: float
    median_error_ms: float
    bias_ms: float
    within_40ms_pct: float
    bland_altman: BlandAltman | None
    errors_ms: tuple[float, ...]
    reference_s: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return dict(vars(self), bland_altman=self.bland_altman.to_dict() if self.bland_altman else None)


def summarise_events(matching: Matching, kind: str, side: str = "both") -> EventAgreement:
    """Sum up the events of one kind and side.

    Parameters
    ----------
    matching : Matching
        Events of any kind and side; only the part asked for counts.
    kind : {"initial_contact", "foot_off"}
    side : {"left", "right", "both"}

    Returns
    -------
    EventAgreement
        Errors are NaN without a pair, `bland_altman` is None below three pairs, and `f1` is NaN without any event.
    """
    part = matching.of(kind, None if side == "both" else side)
    errors = part.errors_s * 1000.0
    some = len(errors) > 0
    nothing = float("nan")
    return EventAgreement(
        kind=kind,
        side=side,
        matched=len(part.pairs),
        extra=len(part.extra),
        missed=len(part.missed),
        f1=part.f1,
        median_error_ms=float(np.median(np.abs(errors))) if some else nothing,
        bias_ms=float(np.mean(errors)) if some else nothing,
        within_40ms_pct=float(100.0 * np.mean(np.abs(errors) <= 1000.0 * CLOSE_S)) if some else nothing,
        bland_altman=bland_altman(errors, np.zeros(len(errors))),
        errors_ms=tuple(errors.tolist()),
        reference_s=tuple(reference.time_s for _, reference in part.pairs),
    )
