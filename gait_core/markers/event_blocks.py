"""Reads the group EVENT of a C3D file: times in every arrangement that is met, and which of them count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.gait_events import KINDS, GaitEvent
from gait_core.markers.c3d_values import number_of, numbered, texts_of, values_of
from gait_core.markers.event_dialects import Meaning, meaning_of

__all__ = ["read_events"]

Array = NDArray[np.float64]

SAME_S: Final = 0.05
"""A marked event and one of a force plate that lie closer together are the same, s."""
APART_S: Final = 0.3
"""Events of one foot and kind that lie further apart than this are two, s."""
AGREEING_SHARE: Final = 0.8
_MOST_NAMES: Final = 8
_KIND_NAMES: Final = {"initial_contact": "foot strike", "foot_off": "foot off"}


@dataclass(frozen=True)
class _Row:
    time_s: float
    meaning: Meaning | None
    name: str


def read_events(content: Any, span_s: tuple[float, float] | None, rate_hz: float) -> tuple[list[GaitEvent], list[str]]:
    """Read foot strikes and foot offs.

    Parameters
    ----------
    content : ezc3d.c3d
    span_s : (float, float) or None
        Times of the first and the last frame on the clock of the format, s; None where events may lie anywhere.
    rate_hz : float
        Frames per second.

    Returns
    -------
    list of GaitEvent
        On the clock of the format, in order of time, each once.
    list of str
        What was not understood or left out, one sentence each.
    """
    frame_s = 1.0 / rate_hz
    reach_s = None if span_s is None else (span_s[0] - 1.01 * frame_s, span_s[1] + 1.01 * frame_s)
    rows = _rows(content, reach_s) or _header_rows(content)
    notes = _not_understood(rows)
    used = number_of(content, "EVENT", "USED")
    if used is not None and 0 < used < len(rows):
        notes.append(f"EVENT:USED states {int(used)} events, but the file holds {len(rows)}: all of them are read.")
    rows = [row for row in rows if row.meaning is not None]
    if span_s is not None and reach_s is not None:
        rows, dropped = _inside(rows, reach_s, span_s[0])
        notes += dropped
    rows, chosen = _marked_before_plates(rows)
    return _once(rows, frame_s), [*notes, *chosen]


def _rows(content: Any, reach_s: tuple[float, float] | None) -> list[_Row]:
    rows = []
    used = number_of(content, "EVENT", "USED")
    left = None if used is None else int(used)
    for number in numbered(content, "EVENT", "TIMES"):
        columns = [texts_of(content, "EVENT", f"{name}{number}") for name in ("LABELS", "CONTEXTS", "DESCRIPTIONS")]
        counts = {len(column) for column in columns[:2]} | ({left} if left is not None else set())
        times_s = _seconds(values_of(content, "EVENT", f"TIMES{number}"), counts - {0}, reach_s)
        left = None if left is None else max(left - len(times_s), 0)
        columns = [column[: len(times_s)] for column in columns]
        for time_s, label, context, description in zip_longest(times_s, *columns, fillvalue=""):
            name = " ".join(text for text in (context, label) if text) or description or "without a label"
            rows.append(_Row(float(time_s), meaning_of(label, context, description), name))
    return rows


def _seconds(values: list[Any], counts: set[int], reach_s: tuple[float, float] | None) -> Array:
    """Return the times of one block, s.

    The format has minutes and seconds in two rows. Some programs write one row: either seconds, or minutes and seconds
    in turn; the number of events shows which, and where it does not, what lies inside the trial.
    """
    try:
        times = np.asarray(values, dtype=float)
    except ValueError:
        return np.full(len(values), np.nan)
    if times.ndim >= 2 and len(times) == 2:
        return np.asarray(60.0 * times[0] + times[1]).ravel()
    if times.ndim == 2 and times.shape[1] == 2:
        return np.asarray(60.0 * times[:, 0] + times[:, 1])
    times = times.ravel()
    size = len(times)
    ways = {size: [times]}
    if size % 2 == 0:
        ways[size // 2] = [60.0 * times[::2] + times[1::2], 60.0 * times[: size // 2] + times[size // 2 :]]
    fitting = [way for count in sorted(counts) if count in ways for way in ways[count]]
    candidates = fitting or [way for found in ways.values() for way in found]
    return max(candidates, key=lambda way: _share_inside(way, reach_s))


def _share_inside(times_s: Array, reach_s: tuple[float, float] | None) -> float:
    if reach_s is None or not len(times_s):
        return 0.0
    return float(np.mean((times_s >= reach_s[0]) & (times_s <= reach_s[1])))


def _header_rows(content: Any) -> list[_Row]:
    """Return the up to 18 events that older programs write into the header, labels of four letters."""
    header = content["header"]["events"]
    pairs = zip(header["events_time"], header["events_label"], strict=False)
    named = [(float(time_s), str(label).strip("\0 ")) for time_s, label in pairs if str(label).strip("\0 ")]
    return [_Row(time_s, meaning_of(label), label) for time_s, label in named]


def _not_understood(rows: Sequence[_Row]) -> list[str]:
    counted = Counter(row.name for row in rows if row.meaning is None)
    if not counted:
        return []
    named = ", ".join(f"{name} ({count})" for name, count in counted.most_common(_MOST_NAMES))
    more = f" and {len(counted) - _MOST_NAMES} more labels" if len(counted) > _MOST_NAMES else ""
    return [f"Events that are no contact or foot off of one foot, and are left out: {named}{more}."]


def _inside(rows: list[_Row], reach_s: tuple[float, float], first_s: float) -> tuple[list[_Row], list[str]]:
    """Drop events outside of the trial, after asking whether the file counts from its own first frame instead."""

    def kept(shift_s: float) -> list[_Row]:
        moved = [replace(row, time_s=row.time_s + shift_s) for row in rows]
        return [row for row in moved if reach_s[0] <= row.time_s <= reach_s[1]]

    inside = kept(0.0)
    if len(inside) < len(rows) and len(kept(first_s)) == len(rows):
        counted = "No event lies" if not inside else f"Only {len(inside)} of {len(rows)} events lie"
        return kept(first_s), [
            f"{counted} inside the trial as the format counts; they are taken to count from its first frame, which "
            f"lies at {first_s:.2f} s."
        ]
    dropped = len(rows) - len(inside)
    if not dropped:
        return inside, []
    events = "One event lies" if dropped == 1 else f"{dropped} events lie"
    left_out = "is" if dropped == 1 else "are"
    return inside, [f"{events} outside of the recorded frames, or without a time, and {left_out} left out."]


def _marked_before_plates(rows: Sequence[_Row]) -> tuple[list[_Row], list[str]]:
    """Let marked events win over those of force plates.

    Where nearly all marked events of a foot have one of the plate at the same moment, a moment that only the plate has
    is one that was not marked; it is kept.
    """
    chosen: list[_Row] = []
    notes: list[str] = []
    passed: Counter[str] = Counter()
    for side in ("left", "right"):
        for kind in KINDS:
            of_both = [row for row in rows if row.meaning and (row.meaning.side, row.meaning.kind) == (side, kind)]
            marked = [row for row in of_both if row.meaning and not row.meaning.plate]
            plates = [row for row in of_both if row.meaning and row.meaning.plate]
            if marked and plates:
                passed.update(row.name for row in plates)
                plates = _not_marked(marked, plates)
                if plates:
                    times = ", ".join(f"{row.time_s:.2f}" for row in plates)
                    notes.append(f"The {side} {_KIND_NAMES[kind]} at {times} s is only known from the force plate.")
            chosen += [*marked, *plates]
    if passed:
        named = ", ".join(f"{name} ({count})" for name, count in sorted(passed.items()))
        notes.insert(0, f"Events of force plates, {named}, are overridden by the marked events of the same foot.")
    return chosen, notes


def _not_marked(marked: Sequence[_Row], plates: Sequence[_Row]) -> list[_Row]:
    apart_s = np.abs(np.subtract.outer([row.time_s for row in marked], [row.time_s for row in plates]))
    if np.mean(apart_s.min(axis=1) <= SAME_S) < AGREEING_SHARE:
        return []
    return [row for row, nearest_s in zip(plates, apart_s.min(axis=0), strict=True) if nearest_s > APART_S]


def _once(rows: Sequence[_Row], frame_s: float) -> list[GaitEvent]:
    events: list[GaitEvent] = []
    last: dict[tuple[str, str], float] = {}
    for row in sorted(rows, key=lambda row: row.time_s):
        if row.meaning is None or not np.isfinite(row.time_s):
            continue
        key = (row.meaning.side, row.meaning.kind)
        if row.time_s - last.get(key, -np.inf) > 1.01 * frame_s:
            events.append(GaitEvent(time_s=row.time_s, side=row.meaning.side, kind=row.meaning.kind))
            last[key] = row.time_s
    return events
