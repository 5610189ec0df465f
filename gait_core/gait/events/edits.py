"""Changes that a person makes to the events, kept apart from the automatic result."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, KINDS, EventSet, GaitEvent
from gait_core.gait.events.order import steps_between
from gait_core.storage.json_file import parse_json

__all__ = ["ACTIONS", "Edit", "apply_edits", "check_times", "count_changed", "edits_from_json", "edits_to_json"]

ACTIONS: Final = ("move", "add", "delete")
SAME_S: Final = 0.0005
"""Two times that differ by less are the same."""
ADJOINING_S: Final = 2.0
"""Events farther apart are not neighbours: another pass may lie between."""
_NAMES: Final = {INITIAL_CONTACT: "contact", FOOT_OFF: "foot off"}


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change to the events.

    Attributes
    ----------
    action : {"move", "add", "delete"}
    side : {"left", "right"}
    kind : {"initial_contact", "foot_off"}
    time_s : float
        Of the event that is moved or deleted, as it is before this change, or of the new one, s.
    new_time_s : float or None
        Where it is moved to, s; only for ``move``.

    Raises
    ------
    InputError
        When a field is none of these.
    """

    action: str
    side: str
    kind: str
    time_s: float
    new_time_s: float | None = None

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("action", self.action, ACTIONS),
            ("side", self.side, SIDES),
            ("kind", self.kind, KINDS),
        ):
            if value not in choices:
                raise InputError(
                    f"Expected {name} among {', '.join(choices)}, but got {value!r}.", "Give one of these."
                )
        for time_s in (self.time_s, *([] if self.new_time_s is None else [self.new_time_s])):
            if isinstance(time_s, bool) or not isinstance(time_s, int | float) or not math.isfinite(time_s):
                raise InputError(f"Expected the time of an event in s, but got {time_s!r}.", "Give a number.")
        if (self.action == "move") != (self.new_time_s is not None):
            raise InputError(
                f"Expected a new time for a move and for nothing else, but got {self.action} with {self.new_time_s}.",
                "Give new_time_s when an event is moved.",
            )


def apply_edits(events: EventSet, edits: Sequence[Edit]) -> EventSet:
    """Change the events, one edit after the other; to undo, leave out the last.

    Parameters
    ----------
    events : EventSet
        The automatic result; it is left as it is.
    edits : sequence of Edit
        In the order in which they were made.

    Returns
    -------
    EventSet
        Events set by a person have ``source="manual"`` and confidence 1.

    Raises
    ------
    InputError
        When the event to be changed is not there, or an event would stand out of order; the message names its
        neighbours.
    """
    return events.with_events(list(_carried_out(events, edits)))


def check_times(edits: Sequence[Edit], first_s: float, last_s: float) -> None:
    """Refuse events that a person put outside of the walk.

    Parameters
    ----------
    edits : sequence of Edit
    first_s, last_s : float
        Where the walk begins and ends, s.

    Raises
    ------
    InputError
        Names the first of them.
    """
    for edit in edits:
        time_s = edit.time_s if edit.new_time_s is None else edit.new_time_s
        if edit.action != "delete" and not first_s <= time_s <= last_s:
            raise InputError(
                f"Expected a {edit.side} {_NAMES[edit.kind]} between {first_s:.2f} and {last_s:.2f} s, where the walk "
                f"lies, but got one at {time_s:.6g} s.",
                "Give a time within the video.",
            )


def count_changed(events: EventSet, edits: Sequence[Edit]) -> int:
    """Return how many events a person moved, added or deleted, however many edits that took.

    Parameters
    ----------
    events : EventSet
        The automatic result.
    edits : sequence of Edit
        In the order in which they were made.

    Returns
    -------
    int
        An event that was moved three times counts once; one that was put back where it was found does not count.

    Raises
    ------
    InputError
        As `apply_edits` does.
    """
    found_as = _carried_out(events, edits)
    kept = {id(found) for found in found_as.values() if found is not None}
    deleted = [event for event in events.events if id(event) not in kept]
    moved = sum(found is not None and abs(found.time_s - event.time_s) >= SAME_S for event, found in found_as.items())
    added = [event for event, found in found_as.items() if found is None]
    put_back = sum(any(_same_place(event, gone) for gone in deleted) for event in added)
    return moved + len(added) + len(deleted) - 2 * put_back


def _carried_out(events: EventSet, edits: Sequence[Edit]) -> dict[GaitEvent, GaitEvent | None]:
    """Return the events after the edits, in order of time, each with the automatic one that it was; None if added."""
    current: dict[GaitEvent, GaitEvent | None] = {event: event for event in events.events}
    for edit in edits:
        was = None if edit.action == "add" else current.pop(_found(list(current), edit))
        if edit.action != "delete":
            time_s = edit.time_s if edit.new_time_s is None else edit.new_time_s
            new = GaitEvent(time_s=time_s, side=edit.side, kind=edit.kind, confidence=1.0, source="manual")
            _check_order(list(current), new)
            current[new] = was
        current = dict(sorted(current.items(), key=lambda pair: pair[0].time_s))
    return current


def _same_place(one: GaitEvent, other: GaitEvent) -> bool:
    return (one.side, one.kind) == (other.side, other.kind) and abs(one.time_s - other.time_s) < SAME_S


def edits_to_json(edits: Sequence[Edit]) -> str:
    """Return edits as JSON text.

    Returns
    -------
    str
        A JSON object with ``schema`` and ``edits``.
    """
    return json.dumps({"schema": 1, "edits": [asdict(edit) for edit in edits]}, indent=1)


def edits_from_json(text: str) -> tuple[Edit, ...]:
    """Read what `edits_to_json` wrote.

    Returns
    -------
    tuple of Edit
        In the order in which they were made.

    Raises
    ------
    InputError
        When the text is something else.
    """
    try:
        stored: Any = parse_json(text.encode("utf-8"))
        if not isinstance(stored, dict) or not isinstance(stored.get("edits", []), list):
            raise ValueError("it holds no object with a list of edits")
        rows = stored["edits"]
        return tuple(
            Edit(
                action=str(row["action"]),
                side=str(row["side"]),
                kind=str(row["kind"]),
                time_s=row["time_s"],
                new_time_s=row.get("new_time_s"),
            )
            for row in rows
        )
    except KeyError as error:
        raise InputError(
            f"Expected edits of gait events as JSON, but {error.args[0]!r} is missing.",
            "Give a file that was saved beside a measurement.",
        ) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"Expected edits of gait events as JSON, but the text cannot be read ({error}).",
            "Give a file that was saved beside a measurement.",
        ) from error


def _found(events: Sequence[GaitEvent], edit: Edit) -> GaitEvent:
    for event in events:
        if event.side == edit.side and event.kind == edit.kind and abs(event.time_s - edit.time_s) < SAME_S:
            return event
    raise InputError(
        f"Expected a {edit.side} {_NAMES[edit.kind]} at {edit.time_s:.3f} s, but there is none.",
        "Choose an event that is on the timeline.",
    )


def _check_order(events: Sequence[GaitEvent], new: GaitEvent) -> None:
    """Reject an event that does not fit between the one before and the one after it.

    Missing events are allowed on both sides, an event in a wrong place between two that fit each other is not.
    """
    before = max((e for e in events if e.time_s <= new.time_s), key=lambda e: e.time_s, default=None)
    after = min((e for e in events if e.time_s > new.time_s), key=lambda e: e.time_s, default=None)
    near_before = before if before is not None and new.time_s - before.time_s <= ADJOINING_S else None
    near_after = after if after is not None and after.time_s - new.time_s <= ADJOINING_S else None
    fits = True
    if near_before is not None and near_after is not None:
        fits = steps_between(near_before, new) + steps_between(new, near_after) == steps_between(
            near_before, near_after
        )
    elif near_before is not None or near_after is not None:
        other = near_before or near_after
        fits = other is not None and (other.side, other.kind) != (new.side, new.kind)
    if not fits:
        around = " and ".join(_named(event) for event in (near_before, near_after) if event is not None)
        raise InputError(
            "Expected the order right contact, left foot off, left contact, right foot off, "
            f"but a {_named(new)} does not fit beside {around}.",
            "Move it to the other side of its neighbour, or delete or move the neighbour first.",
        )


def _named(event: GaitEvent) -> str:
    return f"{event.side} {_NAMES[event.kind]} at {event.time_s:.2f} s"
