"""Tables of gait cycles: one line per subject, cycle, side and channel, with 101 points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from gait_core.errors import InputError
from gait_core.gait.curves import POINTS
from gait_core.learn.datasets.classes import class_order, label_numbers
from gait_core.learn.datasets.column_names import POINT, did_you_mean, has_points
from gait_core.learn.datasets.dataset import Dataset, Reading
from gait_core.learn.datasets.labelled_table import LABEL, SUBJECT, check_key_columns, fact_of, without_repeats
from gait_core.learn.datasets.missing import missing_problem
from gait_core.learn.datasets.problems import Problem, listed
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.table_file import Table, read_table
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["CycleTable", "is_cycle_header"]

_COLUMNS: Final = (SUBJECT, LABEL, "side", "channel")
_SIDES: Final = {"left": "left", "l": "left", "right": "right", "r": "right", "": "", "both": ""}
_FEWEST_SHARE: Final = 0.5
"""A channel that fewer cycles have is left out; cycles without a channel that stays are."""


def is_cycle_header(header: Sequence[str]) -> bool:
    """Return whether the columns are meant as those of a table of cycles: whether there are points of a cycle.

    Returns
    -------
    bool
    """
    return has_points(header)


class CycleTable(Dataset):
    """A table of gait cycles; each cycle of a subject is a row, each channel of each side a channel.

    Parameters
    ----------
    path : Path
        Columns ``subject``, ``label``, ``side`` (left or right; empty or ``both`` for a channel without a side),
        ``channel``, ``p000_deg`` to ``p100_deg``; optional ``cycle``; all others are covariates.
    settings : DatasetSettings

    Raises
    ------
    InputError
        When the file is no such table; names the line or column.
    """

    kind = "cycles"

    def __init__(self, path: Path, settings: DatasetSettings) -> None:
        table, problems = without_repeats(read_table(path))
        _check_columns(table)
        self._points, self._unit = _points(table)
        check_key_columns(table, (SUBJECT, LABEL, "channel"))
        self._table = table
        known = {SUBJECT, LABEL, "cycle", "side", "channel", *self._points}
        super().__init__(
            path,
            settings,
            subjects=table.column(SUBJECT),
            labels=table.column(LABEL),
            facts=[fact_of(table, name) for name in table.header if name not in known],
            problems=problems,
        )

    def _read(self, settings: DatasetSettings, workspace: Workspace | None, reporter: Reporter) -> Reading:
        del workspace, reporter
        table = self._table
        values = table.numbers(self._points)
        cycles, names = self._cycles()
        channels, problems = _channels(cycles, settings)
        whole = {key: own for key, own in cycles.items() if set(channels) <= set(own)}
        problems += _incomplete(cycles, channels)
        keys = [key for key, own in whole.items() if np.isfinite(values[[own[name] for name in channels]]).all()]
        gaps = [names[key] for key in whole if key not in set(keys)]
        if gaps:
            problems.append(missing_problem(gaps, settings, what="cycles", where=self.path.name))
        if not keys:
            return Reading(samples=None, problems=(*problems, _nothing(self.path.name)))
        rows = np.array([[whole[key][name] for name in channels] for key in keys])
        labels = [label for _, label, _ in keys]
        classes = class_order([label for _, label in self.labelled], settings.reference_class)
        samples = Samples(
            values=values[rows].transpose(0, 2, 1).astype(np.float32),
            lengths=np.full(len(keys), POINTS),
            labels=label_numbers(labels, classes, settings.reference_class),
            subjects=np.array([subject for subject, _, _ in keys], np.str_),
            walks=np.array([names[key] for key in keys], np.str_),
            channels=channels,
            classes=classes,
            kind="curves",
        )
        return Reading(samples=samples, problems=tuple(problems))

    def _cycles(self) -> tuple[dict[tuple[str, str, str], dict[str, int]], dict[tuple[str, str, str], str]]:
        """Return for each cycle the line of each of its channels, and a display name."""
        table = self._table
        numbers = table.column("cycle") if "cycle" in table.header else ["1"] * len(table)
        found: dict[tuple[str, str, str], dict[str, int]] = {}
        for place, (subject, label, side, channel) in enumerate(zip(*map(table.column, _COLUMNS), strict=True)):
            name = f"{_side(table, place, side)}{channel}_{self._unit}"
            own = found.setdefault((subject, label, numbers[place]), {})
            if name in own:
                raise InputError(
                    f"Expected {name} of cycle {numbers[place]} of subject {subject} once in {self.path.name}, but "
                    f"lines {table.lines[own[name]]} and {table.lines[place]} give it different values.",
                    "Number the cycles in a column 'cycle', or delete one of the lines.",
                )
            own[name] = place
        return found, {key: f"{key[0]}, cycle {key[2]}" for key in found}


def _check_columns(table: Table) -> None:
    missing = [name for name in _COLUMNS if name not in table.header]
    if missing:
        others = [name for name in table.header if not POINT.fullmatch(name)]
        raise InputError(
            f"Expected columns {', '.join(_COLUMNS)} in {table.path.name}, which its points make a table of gait "
            f"cycles, but {', '.join(missing)} is missing; beside the points it has {', '.join(others[:9])}.",
            f"{did_you_mean(missing, table.header)}Add what is missing; where a channel has no side, leave the "
            "cells of side empty.",
        )


def _points(table: Table) -> tuple[tuple[str, ...], str]:
    """Return the columns of the points in order, and their unit."""
    units = sorted({match[2] for name in table.header if (match := POINT.fullmatch(name))})
    if not units:
        raise InputError(
            f"Expected {POINTS} points p000_deg to p100_deg in {table.path.name}, but its columns are numbered "
            f"otherwise: {listed([name for name in table.header if name not in _COLUMNS])}.",
            "Name the points p000_deg, p001_deg … p100_deg, with the unit of the values.",
        )
    if len(units) != 1:
        raise InputError(
            f"Expected points of one unit in {table.path.name}, but got {', '.join(units)}.", "Use one table per unit."
        )
    wanted = tuple(f"p{number:03d}_{units[0]}" for number in range(POINTS))
    there = [name for name in table.header if POINT.fullmatch(name)]
    wrong = sorted(set(wanted) ^ set(there))
    if wrong:
        raise InputError(
            f"Expected {POINTS} points {wanted[0]} to {wanted[-1]} in {table.path.name}, but got {len(there)}; "
            f"missing or in addition: {listed(wrong)}.",
            f"Interpolate each cycle to {POINTS} points, 0 to 100 % of the cycle.",
        )
    return wanted, units[0]


def _side(table: Table, place: int, side: str) -> str:
    if side.casefold() not in _SIDES:
        raise InputError(
            f"Expected side left or right in line {table.lines[place]} of {table.path.name}, but got {side!r}.",
            "Name the side of the body: a column that names the affected side gives the label away.",
        )
    known = _SIDES[side.casefold()]
    return f"{known}_" if known else ""


def _channels(
    cycles: dict[tuple[str, str, str], dict[str, int]], settings: DatasetSettings
) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the channels that are used, and what to know about the others."""
    counts: dict[str, int] = {}
    for own in cycles.values():
        for name in own:
            counts[name] = counts.get(name, 0) + 1
    if settings.features:
        unknown = sorted(set(settings.features) - set(counts))
        if unknown:
            raise InputError(
                f"Expected features among {', '.join(sorted(counts))}, but got {', '.join(unknown)}.",
                "Choose from these.",
            )
        return tuple(settings.features), []
    rare = sorted(name for name, count in counts.items() if count < _FEWEST_SHARE * len(cycles))
    problems = []
    if rare:
        problems.append(
            Problem(
                code="rare_channels",
                message=f"Fewer than half of the cycles have {listed(rare)}: left out.",
                remedy="Add the missing curves, or name the channels wanted as features.",
                severity="warning",
                items=tuple(rare),
            )
        )
    return tuple(sorted(set(counts) - set(rare))), problems


def _incomplete(cycles: dict[tuple[str, str, str], dict[str, int]], channels: tuple[str, ...]) -> list[Problem]:
    short = [f"{key[0]}, cycle {key[2]}" for key, own in cycles.items() if not set(channels) <= set(own)]
    if not short:
        return []
    return [
        Problem(
            code="incomplete_cycles",
            message=f"{len(short)} of {len(cycles)} cycles lack a channel and are left out: {listed(short)}.",
            remedy="Add the missing curves, or name only the channels that all have as features.",
            severity="warning",
            items=tuple(short),
        )
    ]


def _nothing(name: str) -> Problem:
    return Problem(
        code="no_rows",
        message=f"Expected cycles to learn from in {name}, but none is complete.",
        remedy="Add the missing values, or name only the channels that all have as features.",
    )
