"""The offset between the clock of a reference and that of the video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import GaitEvent
from gait_core.gait.measurement import Measurement
from gait_core.validation.event_agreement import match_events
from gait_core.validation.reference_model import Reference

__all__ = ["Alignment", "align", "stride_series"]

GRID_HZ: Final = 100.0
SHORTEST_OVERLAP_S: Final = 1.0
FEWEST_EVENTS: Final = 4
LOWEST_CORRELATION: Final = 0.6
ANOTHER_STRIDE_S: Final = 0.3
NEARLY_AS_GOOD: Final = 0.01
EVENT_ERROR_S: Final = 0.015
"""Usual error of an event: by so much over the root of their number, two shifts cannot be told apart."""
BIN_S: Final = 0.02
NEAR_S: Final = 0.08
AGREEING_S: Final = 0.15
HALF_STRIDE_S: Final = (0.3, 1.0)
"""Times by which a reference with its sides exchanged lies off: half a stride of anybody who walks."""

_FOUND_FROM: Final = {"knee angle": "the knee angles of both legs", "events": "the gait events"}

Array = NDArray[np.float64]
Candidate = tuple[float, float]
"""Offset, s, and how well it fits; higher is better."""


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """How a reference was aligned with the clock of the video.

    Attributes
    ----------
    offset_s : float
        Added to the times of the reference, s.
    method : {"same clock", "given", "knee angle", "events", "none"}
    fit : float or None
        Correlation of the knee angles, or share of the events that found a partner.
    ambiguous : bool
        Another stride would fit nearly as well.
    exchanged : bool
        With left and right exchanged the clocks would agree, while as it stands they are half a stride apart.
    sentence : str
        For people.
    """

    offset_s: float
    method: str
    fit: float | None
    ambiguous: bool
    sentence: str
    exchanged: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)


def align(measurement: Measurement, reference: Reference, *, offset_s: float | None = None) -> Alignment:
    """Find what has to be added to the times of the reference.

    The knee angles of both legs are shifted until they correlate best; without angles the events are, until most of
    them meet. The second way takes the common error of all events out, and says so.

    Parameters
    ----------
    measurement : Measurement
    reference : Reference
    offset_s : float, optional
        When it is known.

    Returns
    -------
    Alignment
        An offset of 0 with the method ``none`` where the reference holds mean values only.

    Raises
    ------
    InputError
        When nothing of the reference fits to the walk: another walk, or no overlap.
    """
    if offset_s is not None:
        return Alignment(
            offset_s=offset_s,
            method="given",
            fit=None,
            ambiguous=False,
            sentence=f"The reference was shifted by {offset_s:+.3f} s, as given.",
        )
    if reference.same_clock:
        return Alignment(
            offset_s=0.0, method="same clock", fit=None, ambiguous=False, sentence="The reference has the same clock."
        )
    found = measurement.current_events.events
    knees = {key: curve for key, curve in reference.angles.items() if key[0] == "knee"}
    if knees:
        candidates = _by_angle(stride_series(measurement, "knee"), reference.time_s, knees)
        return _chosen(candidates, found, reference, "knee angle")
    if reference.events:
        return _chosen(_by_events(found, reference.events), found, reference, "events")
    return Alignment(
        offset_s=0.0,
        method="none",
        fit=None,
        ambiguous=False,
        sentence="The reference has no knee angle and no events: only mean values are compared.",
    )


def stride_series(measurement: Measurement, name: str) -> dict[str, tuple[Array, Array]]:
    """Put the curves of the single strides back on the clock of the video.

    Returns
    -------
    dict of side to (time_s, values), each shape (n,)
        A uniform grid; NaN between the strides.
    """
    strides = measurement.strides
    if not strides:
        return {}
    start_s, end_s = min(s.start_s for s in strides), max(s.end_s for s in strides)
    grid = np.arange(start_s, end_s, 1.0 / GRID_HZ)
    series = {}
    for side in ("left", "right"):
        values = np.full(len(grid), np.nan)
        own = [stride for stride in strides if stride.side == side]
        for stride, curve in zip(own, measurement.curves.values[name, side], strict=True):
            inside = (grid >= stride.start_s) & (grid <= stride.end_s)
            values[inside] = np.interp(grid[inside], np.linspace(stride.start_s, stride.end_s, len(curve)), curve)
        series[side] = (grid, values)
    return series


def _by_angle(
    measured: Mapping[str, tuple[Array, Array]], time_s: Array, knees: Mapping[tuple[str, str], Array]
) -> list[Candidate]:
    """Return offsets at which the knee angles correlate, best first; one per peak."""
    sides = [side for _, side in knees if side in measured]
    if not sides:
        return []
    grid = np.arange(time_s[0], time_s[-1], 1.0 / GRID_HZ)
    seen = np.stack([measured[side][1] for side in sides])
    known = np.stack([_resampled(grid, time_s, knees["knee", side]) for side in sides])
    begin_s = float(measured[sides[0]][0][0])
    lags = np.arange(-seen.shape[1] + 1, known.shape[1])
    fits = np.array([_correlation(seen, known, int(lag)) for lag in lags])
    peaks = [
        i
        for i in range(1, len(lags) - 1)
        if fits[i] > LOWEST_CORRELATION and fits[i] >= fits[i - 1] and fits[i] > fits[i + 1]
    ]
    candidates = []
    for i in peaks:
        bend = fits[i - 1] - 2.0 * fits[i] + fits[i + 1]
        part = 0.5 * (fits[i - 1] - fits[i + 1]) / bend if np.isfinite(bend) and bend < 0.0 else 0.0
        lag_s = (lags[i] + part) / GRID_HZ
        candidates.append((begin_s - float(grid[0]) - float(lag_s), float(fits[i])))
    return sorted(candidates, key=lambda candidate: -candidate[1])


def _resampled(grid: Array, time_s: Array, values: Array) -> Array:
    known = np.isfinite(values)
    if known.sum() < 2:
        return np.full(len(grid), np.nan)
    nearest = np.abs(grid - time_s[known][np.clip(np.searchsorted(time_s[known], grid), 0, known.sum() - 1)])
    curve = np.interp(grid, time_s[known], values[known], left=np.nan, right=np.nan)
    return np.asarray(np.where(nearest > 0.1, np.nan, curve))


def _correlation(seen: Array, known: Array, lag: int) -> float:
    """Correlate both sides together; ``known`` sample ``lag`` lies under ``seen`` sample 0."""
    low, high = max(0, -lag), min(seen.shape[1], known.shape[1] - lag)
    if high - low < SHORTEST_OVERLAP_S * GRID_HZ:
        return -1.0
    a, b = seen[:, low:high], known[:, low + lag : high + lag]
    both = np.isfinite(a) & np.isfinite(b)
    needed = 0.6 * min(np.isfinite(seen).sum(), np.isfinite(known).sum())
    if both.sum() < max(needed, SHORTEST_OVERLAP_S * GRID_HZ):
        return -1.0
    rows = [(x[m] - x[m].mean(), y[m] - y[m].mean()) for x, y, m in zip(a, b, both, strict=True) if m.sum() > 1]
    x, y = np.concatenate([row[0] for row in rows]), np.concatenate([row[1] for row in rows])
    size = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / size) if size > 0.0 else -1.0


def _by_events(found: Sequence[GaitEvent], reference: Sequence[GaitEvent]) -> list[Candidate]:
    """Return offsets at which events of the same side and kind meet, best first."""
    apart = np.array([a.time_s - b.time_s for a in found for b in reference if (a.side, a.kind) == (b.side, b.kind)])
    if not len(apart):
        return []
    bins = np.round(apart / BIN_S).astype(int)
    votes = {int(place): int((np.abs(bins - place) <= 1).sum()) for place in np.unique(bins)}
    likely = sorted(votes, key=lambda place: -votes[place])[:40]
    candidates: dict[float, float] = {}
    for place in likely:
        near = apart[np.abs(apart - place * BIN_S) <= NEAR_S]
        offset_s = float(np.median(near))
        count, spread_s = _meeting(found, reference, offset_s)
        if count >= min(FEWEST_EVENTS, len(found), len(reference)):
            # A wrong stride matches nearly as many events, but less closely.
            candidates[round(offset_s, 3)] = count / min(len(found), len(reference)) - min(spread_s / NEAR_S, 1.0)
    return sorted(candidates.items(), key=lambda candidate: -candidate[1])


def _meeting(found: Sequence[GaitEvent], reference: Sequence[GaitEvent], offset_s: float) -> tuple[int, float]:
    """Return how many events meet at an offset, and the median distance of those, s."""
    moved = [GaitEvent(time_s=e.time_s + offset_s, side=e.side, kind=e.kind) for e in reference]
    errors = match_events(found, moved, tolerance_s=NEAR_S).errors_s
    return len(errors), float(np.median(np.abs(errors))) if len(errors) else NEAR_S


def _chosen(
    candidates: Sequence[Candidate], found: Sequence[GaitEvent], reference: Reference, method: str
) -> Alignment:
    if not candidates:
        raise InputError(
            f"Expected {reference.name} to be of the same walk as the video, but at no shift in time do "
            f"{_FOUND_FROM[method]} fit.",
            "Check that both show the same walk, that left and right agree, and that they overlap by two strides.",
        )
    best = candidates[0]
    count = _meeting(found, reference.events, best[0])[0] if reference.events else 0
    told_apart = 2.0 * EVENT_ERROR_S / NEAR_S / max(1.0, count**0.5) if method == "events" else NEARLY_AS_GOOD
    close = [c for c in candidates if best[1] - c[1] <= told_apart]
    if method == "knee angle" and len(close) > 1 and reference.events:
        best = max(close, key=lambda c: _rank(found, reference.events, c[0]))
    ambiguous = any(abs(c[0] - best[0]) > ANOTHER_STRIDE_S for c in close)
    exchanged = _fits_exchanged(found, reference.events, best[0])
    sentence = f"The reference was shifted by {best[0]:+.3f} s, found from {_FOUND_FROM[method]}."
    if method == "events":
        sentence += " This removes the common error of all events: read the bias as a difference between the kinds."
    if ambiguous:
        sentence += " Another stride fits nearly as well: give the shift yourself if you know it."
    if exchanged is not None:
        sentence += (
            f" It is half a stride off; with left and right exchanged it fits at {exchanged:+.3f} s. Check which side "
            "is which in the reference; if the clocks are really that far apart, give the shift yourself."
        )
    count = _meeting(found, reference.events, best[0])[0] if reference.events else 0
    share = count / max(1, min(len(found), len(reference.events))) if reference.events else None
    fit = best[1] if method == "knee angle" else share
    return Alignment(
        offset_s=best[0],
        method=method,
        fit=fit,
        ambiguous=ambiguous,
        sentence=sentence,
        exchanged=exchanged is not None,
    )


def _fits_exchanged(found: Sequence[GaitEvent], reference: Sequence[GaitEvent], offset_s: float) -> float | None:
    """Return the shift, nearly none, at which the events fit with left and right exchanged; else None.

    Half a stride later the other foot does the same: at any shift a reference with its sides exchanged fits about as
    well as the true one. It gives itself away where the clocks agree.
    """
    if not HALF_STRIDE_S[0] <= abs(offset_s) <= HALF_STRIDE_S[1] or not reference:
        return None
    other = {"left": "right", "right": "left"}
    turned = [replace(event, side=other[event.side]) for event in reference]
    here = [candidate for candidate in _by_events(found, turned) if abs(candidate[0]) <= AGREEING_S]
    if not here:
        return None
    straight, _ = _meeting(found, reference, offset_s)
    best_s = here[0][0]
    return best_s if _meeting(found, turned, best_s)[0] >= straight else None


def _rank(found: Sequence[GaitEvent], reference: Sequence[GaitEvent], offset_s: float) -> tuple[int, float]:
    count, spread_s = _meeting(found, reference, offset_s)
    return count, -spread_s
