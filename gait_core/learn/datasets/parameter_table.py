"""Tables of parameters: one line per walk or person, or a series of lines per person that is summarised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.datasets.classes import class_order, label_numbers
from gait_core.learn.datasets.column_names import ORDERS, has_points
from gait_core.learn.datasets.dataset import Dataset, Reading
from gait_core.learn.datasets.labelled_table import (
    LABEL,
    SUBJECT,
    check_key_columns,
    fact_of,
    is_covariate,
    numeric_columns,
    without_repeats,
)
from gait_core.learn.datasets.missing import missing_problem
from gait_core.learn.datasets.problems import Problem, listed
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.series import FEWEST_VALUES, summary, summary_names
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.table_file import read_table
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["ParameterTable", "is_parameter_header"]

_WALK: Final = "walk"
_SERIES_FROM: Final = 20


def is_parameter_header(header: Sequence[str]) -> bool:
    """Return whether the columns can be those of a parameter table.

    Returns
    -------
    bool
    """
    return {SUBJECT, LABEL} <= set(header) and len(header) > len({SUBJECT, LABEL}) and not has_points(header)


class ParameterTable(Dataset):
    """A table of parameters.

    Parameters
    ----------
    path : Path
        Columns ``subject`` and ``label``, optional ``walk`` and a column of order (``time_s``, ``stride`` …), and
        columns of numbers. Covariates and columns of text are kept as facts and not learned from.
    settings : DatasetSettings

    Raises
    ------
    InputError
        When the file is no such table; names the line or column.
    """

    kind = "parameters"

    def __init__(self, path: Path, settings: DatasetSettings) -> None:
        whole = read_table(path)
        check_key_columns(whole)
        ordered = any(name in whole.header for name in (*ORDERS, _WALK))
        # In a series without a column of order, equal values are nothing unusual.
        unordered_series = _looks_like_series(whole.column(SUBJECT)) and not ordered
        self._table, problems = (whole, []) if unordered_series else without_repeats(whole)
        rest = [name for name in whole.header if name not in (SUBJECT, LABEL, _WALK, *ORDERS)]
        self._numeric, text = numeric_columns(self._table, rest)
        covariates = [name for name in rest if name in text or is_covariate(name)]
        if covariates:
            problems.append(
                Problem(
                    code="covariates",
                    message=f"Not learned from, since they describe the person or the recording: {listed(covariates)}.",
                    remedy="Name them as features to use them.",
                    severity="note",
                    items=tuple(covariates),
                )
            )
        super().__init__(
            path,
            settings,
            subjects=self._table.column(SUBJECT),
            labels=self._table.column(LABEL),
            facts=[fact_of(self._table, name) for name in covariates],
            problems=problems,
        )

    def _read(self, settings: DatasetSettings, workspace: Workspace | None, reporter: Reporter) -> Reading:
        del workspace, reporter
        series = self._is_series(settings)
        columns, names = self._features(settings, series)
        values, keys, problems = self._summaries(columns, settings) if series else self._rows(columns)
        place = [number for number, name in enumerate(self._names(columns, series)) if name in names]
        values = values[:, place]
        whole = np.isfinite(values).all(axis=1)
        if not whole.all():
            gaps = [keys[row][2] for row in np.flatnonzero(~whole)]
            problems.append(missing_problem(gaps, settings, what="rows", where=self.path.name))
        if not whole.any():
            problems.append(
                Problem(
                    code="no_rows",
                    message=f"Expected rows to learn from in {self.path.name}, but none is complete.",
                    remedy="Fill in the missing values, or name columns without gaps as features.",
                )
            )
            return Reading(samples=None, problems=tuple(problems))
        kept = [keys[row] for row in np.flatnonzero(whole)]
        classes = class_order([label for _, label in self.labelled], settings.reference_class)
        samples = Samples(
            values=values[whole][:, None, :].astype(np.float32),
            lengths=np.ones(len(kept), dtype=np.int64),
            labels=label_numbers([label for _, label, _ in kept], classes, settings.reference_class),
            subjects=np.array([subject for subject, _, _ in kept], np.str_),
            walks=np.array([name for _, _, name in kept], np.str_),
            channels=tuple(names),
            classes=classes,
            kind="parameters",
        )
        return Reading(samples=samples, problems=tuple(problems))

    def _is_series(self, settings: DatasetSettings) -> bool:
        if settings.table != "auto":
            return settings.table == "series"
        units = self._table.column(SUBJECT)
        if _WALK in self._table.header:
            units = [f"{subject}\0{walk}" for subject, walk in zip(units, self._table.column(_WALK), strict=True)]
        return _looks_like_series(units)

    def _features(self, settings: DatasetSettings, series: bool) -> tuple[list[str], list[str]]:
        """Return the columns that are needed, and the names of the features wanted, in order."""
        if not settings.features:
            columns = [name for name in self._numeric if not is_covariate(name)]
            if not columns:
                raise InputError(
                    f"Expected columns of numbers in {self.path.name} beside {SUBJECT} and {LABEL}, but got none.",
                    "Add parameters, or name covariates as features.",
                )
            return columns, self._names(columns, series)
        possible = {name: [name] for name in self._numeric}
        if series:
            possible = {name: list(summary_names(name)) for name in self._numeric}
            possible |= {feature: [feature] for names in list(possible.values()) for feature in names}
        unknown = [name for name in settings.features if name not in possible]
        if unknown:
            raise InputError(
                f"Expected features among {', '.join(sorted(possible))}, but got {', '.join(unknown)}.",
                "Choose from these; columns of text cannot be learned from.",
            )
        names = [feature for name in settings.features for feature in possible[name]]
        wanted = set(names)
        columns = [name for name in self._numeric if wanted & set(self._names([name], series))]
        ordered = [name for name in self._names(columns, series) if name in wanted]
        return columns, ordered

    def _names(self, columns: Sequence[str], series: bool) -> list[str]:
        return [feature for name in columns for feature in (summary_names(name) if series else (name,))]

    def _rows(self, columns: list[str]) -> tuple[NDArray[np.float64], list[tuple[str, str, str]], list[Problem]]:
        """Return each line as a row, with subject, label and name."""
        table = self._table
        names = [f"line {line}" for line in table.lines]
        if _WALK in table.header:
            names = [f"{subject}, {walk}" for subject, walk in zip(*map(table.column, (SUBJECT, _WALK)), strict=True)]
        keys = list(zip(table.column(SUBJECT), table.column(LABEL), names, strict=True))
        return table.numbers(columns), keys, []

    def _gaps(self, values: NDArray[np.float64], settings: DatasetSettings) -> list[Problem]:
        lines = [f"line {self._table.lines[row]}" for row in np.flatnonzero(np.isnan(values).any(axis=1))]
        return [missing_problem(lines, settings, what="lines", where=self.path.name)] if lines else []

    def _summaries(
        self, columns: list[str], settings: DatasetSettings
    ) -> tuple[NDArray[np.float64], list[tuple[str, str, str]], list[Problem]]:
        """Return the summary of each series as a row, with subject, label and name."""
        values = self._table.numbers(columns)
        rows, keys, short = [], [], []
        for key, lines in self._series().items():
            found = [summary(values[lines, column]) for column in range(len(columns))]
            kept = [one for one in found if one is not None]
            if len(kept) < len(columns):
                short.append(key[2])
                continue
            rows.append(np.concatenate(kept))
            keys.append(key)
        problems = self._gaps(values, settings)
        problems.append(
            Problem(
                code="series",
                message=f"The lines of each {'walk' if _WALK in self._table.header else 'subject'} are taken as a "
                f"series and summarised: {len(rows)} rows.",
                remedy="Set table to 'rows' to learn from each line.",
                severity="note",
            )
        )
        if short:
            problems.append(
                Problem(
                    code="short_series",
                    message=f"{len(short)} series have fewer than {FEWEST_VALUES} values and are left out: "
                    f"{listed(short)}.",
                    remedy="Record longer, or set table to 'rows'.",
                    severity="warning",
                    items=tuple(short),
                )
            )
        width = len(self._names(columns, series=True))
        return np.array(rows).reshape(len(rows), width), keys, problems

    def _series(self) -> Mapping[tuple[str, str, str], NDArray[np.intp]]:
        """Return the places of each series in order of time, where there is such a column, else of the lines."""
        table = self._table
        walks = table.column(_WALK) if _WALK in table.header else [""] * len(table)
        found: dict[tuple[str, str, str], list[int]] = {}
        for place, (subject, label, walk) in enumerate(
            zip(table.column(SUBJECT), table.column(LABEL), walks, strict=True)
        ):
            found.setdefault((subject, label, f"{subject}, {walk}" if walk else subject), []).append(place)
        order = next((name for name in ORDERS if name in table.header), None)
        if order is None:
            return {key: np.array(places) for key, places in found.items()}
        times = table.numbers([order])[:, 0]
        return {key: np.array(places)[np.argsort(times[places], kind="stable")] for key, places in found.items()}


def _looks_like_series(units: Sequence[str]) -> bool:
    counts: dict[str, int] = {}
    for unit in units:
        counts[unit] = counts.get(unit, 0) + 1
    return float(np.median(list(counts.values()))) >= _SERIES_FROM
