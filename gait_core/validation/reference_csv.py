"""Reads a reference from a table."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.validation.reference_model import ANGLE_NAMES, Reference

__all__ = ["KIND_WORDS", "SIDE_WORDS", "reference_from_csv"]

SIDE_WORDS: Final[Mapping[str, str]] = {"l": "left", "left": "left", "r": "right", "right": "right"}
KIND_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("initialcontact", "footstrike", "heelstrike", "contact", "ic", "hs", "fs"), INITIAL_CONTACT),
    **dict.fromkeys(("footoff", "toeoff", "off", "fo", "to"), FOOT_OFF),
}
"""What programs call the two events, in small letters without anything between."""

_ANGLE: Final = re.compile(rf"(left|right)_({'|'.join(ANGLE_NAMES)})_deg")
_LAYOUTS: Final = (
    "events (columns time_s, side, kind), parameters (name, side, mean) or angles (time_s, left_knee_deg, …)"
)
Row = Mapping[str, str]


def reference_from_csv(path: Path) -> Reference:
    """Read events, parameters or angles, told apart by the names of the columns.

    Separators may be comma, semicolon or tab. Rows of our own exports can be read back.

    Raises
    ------
    InputError
        When the columns are none of the three layouts, or a value cannot be read; names the line.
    """
    columns, rows = _table(path)
    if {"time_s", "side", "kind"} <= columns:
        return Reference(name=path.name, kind="csv", events=_events(path, rows))
    if {"name", "side", "mean"} <= columns:
        return Reference(name=path.name, kind="csv", parameters=_parameters(path, rows))
    angles = {column: match for column in columns if (match := _ANGLE.fullmatch(column))}
    if "time_s" in columns and angles:
        return Reference(
            name=path.name,
            kind="csv",
            time_s=np.array([_value(path, line, row, "time_s") for line, row in enumerate(rows, start=2)]),
            angles={
                (match[2], match[1]): np.array(
                    [_value(path, line, row, column, missing=True) for line, row in enumerate(rows, start=2)]
                )
                for column, match in sorted(angles.items())
            },
        )
    raise InputError(
        f"Expected a table of {_LAYOUTS}, but {path.name} has the columns {', '.join(sorted(columns)) or 'none'}.",
        "Rename the columns.",
    )


def _table(path: Path) -> tuple[set[str], list[Row]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Expected a table in UTF-8, but {path.name} is not text.", "Save it as CSV in UTF-8."
        ) from error
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(text.splitlines(), delimiter=separator, restval="", restkey="")
        rows: list[Row] = [{key.strip().lower(): _text(value) for key, value in row.items() if key} for row in reader]
    except csv.Error as error:
        raise InputError(f"Expected a table, but {path.name} cannot be read ({error}).", "Save it as CSV.") from error
    columns = {name.strip().lower() for name in reader.fieldnames or ()}
    if not rows:
        raise InputError(f"Expected rows below the head of {path.name}, but there are none.", "Export it again.")
    return columns, rows


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _events(path: Path, rows: Sequence[Row]) -> tuple[GaitEvent, ...]:
    events = []
    for line, row in enumerate(rows, start=2):
        side = SIDE_WORDS.get(row["side"].lower())
        kind = KIND_WORDS.get(re.sub(r"[^a-z]", "", row["kind"].lower()))
        if side is None or kind is None:
            raise InputError(
                f"Expected left or right and initial_contact or foot_off in line {line} of {path.name}, but got "
                f"{row['side']!r} and {row['kind']!r}.",
                "Correct the line.",
            )
        events.append(GaitEvent(time_s=_value(path, line, row, "time_s"), side=side, kind=kind))
    return tuple(sorted(events, key=lambda event: event.time_s))


def _parameters(path: Path, rows: Sequence[Row]) -> dict[tuple[str, str], float]:
    values = {}
    for line, row in enumerate(rows, start=2):
        side = SIDE_WORDS.get(row["side"].lower(), row["side"].lower())
        if side not in ("left", "right", "both"):
            raise InputError(
                f"Expected left, right or both in line {line} of {path.name}, but got {row['side']!r}.",
                "Correct the line.",
            )
        if row["mean"]:
            values[row["name"], side] = _value(path, line, row, "mean")
    return values


def _value(path: Path, line: int, row: Row, column: str, *, missing: bool = False) -> float:
    text = row.get(column, "")
    if missing and text.lower() in ("", "nan", "na"):
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"Expected a number under {column} in line {line} of {path.name}, but got {text!r}.",
            "Write decimals with a point and correct the line.",
        )
    return value
