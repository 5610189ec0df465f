"""Missing values in tables: refused unless the user asks for the rows to be left out."""

from __future__ import annotations

from collections.abc import Sequence

from gait_core.learn.datasets.problems import Problem, listed
from gait_core.learn.datasets.settings import DatasetSettings

__all__ = ["missing_problem"]


def missing_problem(rows: Sequence[str], settings: DatasetSettings, *, what: str, where: str) -> Problem:
    """Return what to say about rows with missing values.

    Parameters
    ----------
    rows : sequence of str
        Names of the rows, for display.
    settings : DatasetSettings
        Whether they are left out.
    what : str
        What a row is: ``cycles``, ``lines``.
    where : str
        Name of the file.

    Returns
    -------
    Problem
    """
    if settings.missing == "drop":
        return Problem(
            code="missing_values",
            message=f"{len(rows)} {what} of {where} have missing values and are left out: {listed(rows)}.",
            remedy="Check that those left out are not mostly of one class.",
            severity="warning",
            items=tuple(rows),
        )
    return Problem(
        code="missing_values",
        message=f"Expected a number in every cell, but {len(rows)} {what} of {where} have missing values (NaN): "
        f"{listed(rows)}.",
        remedy="Fill in the values, name only columns without gaps as features, or set missing to 'drop' to leave "
        "these rows out.",
        items=tuple(rows),
    )
