"""What all tables of people share: subjects, labels, covariates, and lines that occur twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from gait_core.errors import InputError
from gait_core.learn.datasets.dataset import Fact
from gait_core.learn.datasets.problems import Problem, listed
from gait_core.learn.datasets.table_file import Table

__all__ = ["LABEL", "SUBJECT", "check_key_columns", "fact_of", "is_covariate", "numeric_columns", "without_repeats"]

SUBJECT: Final = "subject"
LABEL: Final = "label"

_NO_NAME: Final = frozenset({"", "nan", "null"})

_UNITS: Final = frozenset({"mps", "m", "cm", "mm", "kg", "kgm2", "years", "year", "y", "yrs", "s", "hz", "px", "fps"})
_COVARIATES: Final = frozenset(
    {
        "speed",
        "walking_speed",
        "gait_speed",
        "belt_speed",
        "treadmill_speed",
        "velocity",
        "age",
        "height",
        "body_height",
        "stature",
        "weight",
        "body_weight",
        "mass",
        "body_mass",
        "bmi",
        "leg_length",
        "sex",
        "gender",
        "site",
        "hospital",
        "centre",
        "center",
        "visit",
        "date",
        "camera",
        "device",
        "fps",
        "frame_rate",
    }
)
"""Names, without units, of what is known about a person or a recording rather than measured from the gait."""


def is_covariate(name: str) -> bool:
    """Return whether a column says something about the person or the recording: ``speed_mps``, ``age_years``, ``sex``.

    Returns
    -------
    bool
    """
    parts = name.casefold().replace("-", "_").replace(" ", "_").split("_")
    while len(parts) > 1 and parts[-1] in _UNITS:
        parts.pop()
    return "_".join(parts) in _COVARIATES


def check_key_columns(table: Table, columns: Sequence[str] = (SUBJECT, LABEL)) -> None:
    """Refuse a table in which a cell of these columns is empty.

    Raises
    ------
    InputError
        When a cell is empty; names the lines.
    """
    for name in columns:
        empty = [
            str(line) for line, cell in zip(table.lines, table.column(name), strict=True) if cell.casefold() in _NO_NAME
        ]
        if empty:
            raise InputError(
                f"Expected a {name} in every line of {table.path.name}, but line {listed(empty)} has none.",
                f"Fill in the {name}, or delete these lines.",
            )


def numeric_columns(table: Table, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divide columns into those that hold numbers and those that hold text.

    Returns
    -------
    numbers, texts : list of str

    Raises
    ------
    InputError
        When a column holds numbers in most of its lines and text in others.
    """
    numeric, text = [], []
    for name in names:
        cells = table.column(name)
        values = [table.number(cell) for cell in cells]
        wrong = [place for place, value in enumerate(values) if value is None]
        if not wrong:
            numeric.append(name)
        elif 2 * len(wrong) > len(cells):
            text.append(name)
        else:
            first = [f"{table.lines[place]} ({cells[place]!r})" for place in wrong]
            raise InputError(
                f"Expected numbers in column {name!r} of {table.path.name}, but line {listed(first)} holds something "
                "else.",
                "Correct these cells, or leave them empty where the value is missing.",
            )
    return numeric, text


def fact_of(table: Table, name: str) -> Fact:
    """Return a column as a fact about the subjects of a table.

    Returns
    -------
    Fact
    """
    cells = table.column(name)
    numbers = [table.number(cell) for cell in cells]
    subjects, labels = tuple(table.column(SUBJECT)), tuple(table.column(LABEL))
    if any(number is None for number in numbers):
        return Fact(name=name, subjects=subjects, labels=labels, values=tuple(cells))
    values = tuple(float(number) if number is not None else np.nan for number in numbers)
    return Fact(name=name, subjects=subjects, labels=labels, values=values)


def without_repeats(table: Table) -> tuple[Table, list[Problem]]:
    """Return a table with each line once, and a warning where lines occur twice.

    Returns
    -------
    table : Table
    problems : list of Problem
        Empty when no line occurs twice.
    """
    seen: set[tuple[str, ...]] = set()
    keep, twice = [], []
    for place, row in enumerate(table.rows):
        if tuple(row) in seen:
            twice.append(str(table.lines[place]))
        else:
            seen.add(tuple(row))
            keep.append(place)
    if not twice:
        return table, []
    problem = Problem(
        code="duplicate_rows",
        message=f"{len(twice)} lines of {table.path.name} repeat an earlier line and are used once: "
        f"line {listed(twice)}.",
        remedy="Delete them, or correct them if they were meant to differ.",
        severity="warning",
        items=tuple(twice),
    )
    once = Table(
        path=table.path,
        header=table.header,
        rows=[table.rows[place] for place in keep],
        lines=tuple(table.lines[place] for place in keep),
        decimal_comma=table.decimal_comma,
    )
    return once, [problem]
