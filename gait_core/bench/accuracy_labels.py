"""Events of real walks against what two people saw in the frames, each by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.bench.common import Table
from gait_core.errors import InputError
from gait_core.gait.channels import other_side
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.pose.track import Track
from gait_core.validation.event_agreement import Matching, match_events
from gait_core.workspace import read_json

__all__ = ["LABELS", "label_figures", "labelled_events"]

LABELS: Final = Path(__file__).resolve().parents[2] / "tests" / "labels" / "real_walks.json"
"""Labels of the real walks; only a checkout has them."""
_KINDS: Final[Mapping[str, tuple[str, str]]] = {"contact": (INITIAL_CONTACT, "contact"), "off": (FOOT_OFF, "off")}
_CLOSE_S: Final = 0.05
_MARGIN_S: Final = 0.15
"""Events this far outside the labels of a clip are not labelled there, and count neither way."""


def labelled_events(labels: Mapping[str, Any], track: Track, seen_by: str) -> tuple[GaitEvent, ...]:
    """Return the labels of one pass as events on the clock of the video.

    A label names the first frame in which a foot stands, or no longer does: what happened lies between this frame and
    the one before, and its middle is taken. Half a frame lies midway.

    Parameters
    ----------
    labels : mapping
        Of one clip: ``near_side`` and, for each pass, a list of ``foot``, ``kind``, ``frame``.
    track : Track
        Landmarks of the clip, whose time stamps are those of the frames.
    seen_by : {"a", "b"}
        The pass.

    Returns
    -------
    tuple of GaitEvent
        In order of time.
    """
    near = labels["near_side"]
    numbers = np.arange(len(track.time_s))
    events = [
        GaitEvent(
            time_s=float(np.interp(float(label["frame"]) - 0.5, numbers, track.time_s)),
            side=near if label["foot"] == "near" else other_side(near),
            kind=_KINDS[label["kind"]][0],
        )
        for label in labels["passes"][seen_by]
    ]
    return tuple(sorted(events, key=lambda event: event.time_s))


def label_figures(
    clips: Sequence[tuple[str, Track, Sequence[GaitEvent]]], labels: Path = LABELS
) -> tuple[dict[str, float], Table]:
    """Compare the events found in real walks with both passes of labels, and the passes with each other.

    Parameters
    ----------
    clips : sequence of (str, Track, sequence of GaitEvent)
        Name of the clip without its ending, its landmarks, and the events that were found.
    labels : Path
        JSON file, see `labelled_events`.

    Returns
    -------
    figures : dict
        ``real_contact_bias_ms``, ``real_contact_error_ms`` (median, and median absolute, against the mean of both
        passes where both have the event), ``real_contact_f1`` (within 50 ms, every event that either pass labelled
        counts), ``label_contact_agreement_ms`` (median absolute difference of the passes) and
        ``label_contact_f1`` (of one pass against the other); the same for ``off``; ``real_labelled_events``.
    table : Table

    Raises
    ------
    InputError
        When a clip has no labels.
    """
    stored = read_json(labels)["clips"]
    missing = [name for name, _, _ in clips if name not in stored]
    if missing:
        raise InputError(f"Expected labels of {missing[0]} in {labels.name}, but there are none.", "Label the clip.")
    figures: dict[str, float] = {}
    rows: list[list[Any]] = []
    for kind, name in _KINDS.values():
        errors, apart, counts, agreed = [], [], np.zeros(3), np.zeros(3)
        for clip, track, found in clips:
            a, b = (_of(labelled_events(stored[clip], track, seen_by), kind) for seen_by in ("a", "b"))
            passes = match_events(a, b)
            apart += [first.time_s - second.time_s for first, second in passes.pairs]
            agreed += _counts(passes, len(a), len(b))
            truth = _agreed(passes, [*a, *b])
            here = _within(_of(found, kind), truth)
            pairs = match_events(here, truth)
            own = pairs.errors_s.tolist()
            errors += own
            counts += _counts(pairs, len(here), len(truth))
            rows.append([clip, name, len(truth), len(here), _median_ms(own), _median_ms(np.abs(own))])
        figures |= {
            f"real_{name}_bias_ms": _median_ms(errors),
            f"real_{name}_error_ms": _median_ms(np.abs(errors)),
            f"real_{name}_f1": _f1(counts),
            f"label_{name}_agreement_ms": _median_ms(np.abs(apart)),
            f"label_{name}_f1": _f1(agreed),
        }
        figures["real_labelled_events"] = figures.get("real_labelled_events", 0.0) + counts[2]
    columns = ["clip", "kind", "labelled", "found", "bias ms", "error ms"]
    return figures, Table(title="Events of real walks against two passes of labels", columns=columns, rows=rows)


def _of(events: Sequence[GaitEvent], kind: str) -> list[GaitEvent]:
    return [event for event in events if event.kind == kind]


def _agreed(passes: Matching, every: Sequence[GaitEvent]) -> list[GaitEvent]:
    """Return the events of both passes: their mean where both have one, else that of the one that has it."""
    both = [
        GaitEvent(time_s=(first.time_s + second.time_s) / 2, side=first.side, kind=first.kind)
        for first, second in passes.pairs
    ]
    paired = {id(event) for pair in passes.pairs for event in pair}
    alone = [event for event in every if id(event) not in paired]
    return sorted([*both, *alone], key=lambda event: event.time_s)


def _within(found: Sequence[GaitEvent], truth: Sequence[GaitEvent]) -> list[GaitEvent]:
    if not truth:
        return []
    first, last = truth[0].time_s - _MARGIN_S, truth[-1].time_s + _MARGIN_S
    return [event for event in found if first <= event.time_s <= last]


def _counts(matching: Matching, found: int, true: int) -> np.ndarray:
    close = int(np.sum(np.abs(matching.errors_s) <= _CLOSE_S)) if len(matching.pairs) else 0
    return np.array([close, found, true], dtype=float)


def _f1(counts: np.ndarray) -> float:
    close, found, true = counts
    return float(2 * close / (found + true)) if found + true else float("nan")


def _median_ms(values_s: Sequence[float] | np.ndarray) -> float:
    return 1000.0 * float(np.median(values_s)) if len(values_s) else float("nan")
