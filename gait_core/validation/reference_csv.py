"""Reads a reference from a table."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Final

import numpy as np

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import GaitEvent
from gait_core.markers.event_dialects import KIND_WORDS, SIDE_WORDS, letters_of
from gait_core.validation.reference_model import ANGLE_NAMES, Reference

__all__ = ["reference_from_csv"]

_ANGLE: Final = re.compile(rf"(left|right)_({'|'.join(ANGLE_NAMES)})_deg")
_STATED_SEPARATOR: Final = re.compile(r"sep=(,|;|\t|\\t|\|)", re.IGNORECASE)
_MOST_NAMES: Final = 6
_LAYOUTS: Final = (
    "events (columns time_s, side, kind), parameters (name, side, mean) or angles (time_s, left_knee_deg, …)"
)
Row = Mapping[str, str]
Rows = Sequence[tuple[int, Row]]
"""Rows that are not empty, each with its line in the file."""


def reference_from_csv(path: Path, walk: str | None = None) -> Reference:
    """Read events, parameters or angles, told apart by the names of the columns.

    Separators may be comma, semicolon or tab. Rows of our own exports can be read back. Empty rows, and a first line
    that names the separator (``sep=;``), are what Excel adds and are skipped. A row that occurs twice counts
    once, and the notes of the reference say so.

    Parameters
    ----------
    path : Path
    walk : str, optional
        Path of the video, or its file name: where the column ``walk`` names several, only its rows are read.

    Returns
    -------
    Reference
        With events, parameters or angles, as the layout has it.

    Raises
    ------
    InputError
        When the columns are none of the three layouts, a value cannot be read, or it is not known which of several
        walks is meant; names the line.
    """
    columns, rows, notes = _table(path)
    if "walk" in columns:
        rows = _rows_of(path, rows, walk)
    if {"time_s", "side", "kind"} <= columns:
        return Reference(name=path.name, kind="csv", events=_events(path, rows), notes=notes)
    if {"name", "side", "mean"} <= columns:
        return Reference(name=path.name, kind="csv", parameters=_parameters(path, rows), notes=notes)
    angles = {column: match for column in columns if (match := _ANGLE.fullmatch(column))}
    if "time_s" in columns and angles:
        return Reference(
            name=path.name,
            kind="csv",
            time_s=np.array([_value(path, line, row, "time_s") for line, row in rows]),
            angles={
                (match[2], match[1]): np.array([_value(path, line, row, column, missing=True) for line, row in rows])
                for column, match in sorted(angles.items())
            },
            notes=notes,
        )
    raise InputError(
        f"Expected a table of {_LAYOUTS}, but {path.name} has the columns {', '.join(sorted(columns)) or 'none'}.",
        "Rename the columns.",
    )


def _table(path: Path) -> tuple[set[str], Rows, tuple[str, ...]]:
    """Return the names of the columns, the rows, and what was skipped in them."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Expected a table in UTF-8, but {path.name} is not text.", "Save it as CSV in UTF-8."
        ) from error
    lines = text.splitlines()
    skipped = 0
    separator = None
    if lines and (stated := _STATED_SEPARATOR.fullmatch(lines[0].strip())):
        skipped, separator = 1, {"\\t": "\t"}.get(stated[1], stated[1])
    head = lines[skipped] if len(lines) > skipped else ""
    separator = separator or max(",;\t", key=head.count)
    found: list[tuple[int, Row]] = []
    seen: set[tuple[str, ...]] = set()
    doubled: list[int] = []
    try:
        reader = csv.DictReader(lines[skipped:], delimiter=separator, restval="", restkey="")
        for values in reader:
            row = {key.strip().lower(): _text(value) for key, value in values.items() if key}
            content = tuple(row.values())
            if not any(content):
                continue
            line = reader.line_num + skipped
            if content in seen:
                doubled.append(line)
                continue
            seen.add(content)
            found.append((line, row))
    except csv.Error as error:
        raise InputError(f"Expected a table, but {path.name} cannot be read ({error}).", "Save it as CSV.") from error
    columns = {name.strip().lower() for name in reader.fieldnames or ()}
    if not found:
        raise InputError(f"Expected rows below the head of {path.name}, but there are none.", "Export it again.")
    notes = (f"{_counted_rows(doubled)} in {path.name} and count once.",) if doubled else ()
    return columns, found, notes


def _counted_rows(doubled: Sequence[int]) -> str:
    if len(doubled) == 1:
        return f"Line {doubled[0]} repeats an earlier one"
    return f"{len(doubled)} lines (the first is {doubled[0]}) repeat earlier ones"


def _rows_of(path: Path, rows: Rows, walk: str | None) -> Rows:
    """Return the rows of one walk, selected by the column ``walk``."""
    names = list(dict.fromkeys(row["walk"] for _, row in rows))
    if len(names) == 1:
        return rows
    wanted = [name for name in names if walk is not None and _same_name(name, walk)]
    # Videos of one name in two folders: our own tables then state the whole path.
    wanted = [name for name in wanted if name == walk] or wanted
    if len(wanted) != 1:
        shown = ", ".join(name or "(empty)" for name in names[:_MOST_NAMES])
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        video = f"the video is {PurePath(walk).name}" if walk else "no video was named"
        raise InputError(
            f"Expected rows of one walk in {path.name}, but its column walk names {shown}{more}, and {video}.",
            "Keep the rows of this walk only, or write the file name of the video into the column walk.",
        )
    return [(line, row) for line, row in rows if row["walk"] == wanted[0]]


def _same_name(stated: str, video: str) -> bool:
    """Return whether a table means a video: by its file name, with or without folder and ending."""
    stated_name, name = (PurePath(text.replace("\\", "/")).name.casefold() for text in (stated, video))
    return stated_name in (name, PurePath(name).stem)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _events(path: Path, rows: Rows) -> tuple[GaitEvent, ...]:
    events = []
    for line, row in rows:
        side = SIDE_WORDS.get(row["side"].lower())
        kind = KIND_WORDS.get(letters_of(row["kind"]))
        if side is None or kind is None:
            raise InputError(
                f"Expected left or right and initial_contact or foot_off in line {line} of {path.name}, but got "
                f"{row['side']!r} and {row['kind']!r}.",
                "Correct the line.",
            )
        events.append(GaitEvent(time_s=_value(path, line, row, "time_s"), side=side, kind=kind))
    return tuple(sorted(events, key=lambda event: event.time_s))


def _parameters(path: Path, rows: Rows) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], float] = {}
    for line, row in rows:
        side = SIDE_WORDS.get(row["side"].lower(), row["side"].lower())
        if side not in ("left", "right", "both"):
            raise InputError(
                f"Expected left, right or both in line {line} of {path.name}, but got {row['side']!r}.",
                "Correct the line.",
            )
        if not row["mean"]:
            continue
        value = _value(path, line, row, "mean")
        if values.setdefault((row["name"], side), value) != value:
            raise InputError(
                f"Expected one mean of {row['name']} ({side}) in {path.name}, but line {line} states {value:g} and an "
                f"earlier one {values[row['name'], side]:g}.",
                "Keep one of the lines; several walks in one table need a column walk.",
            )
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
