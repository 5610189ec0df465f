"""What results have in common when they are shown: tables for pandas and for a notebook, figures, words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "FAILED", "Row", "checked_table", "data_frame", "html_table", "level_word", "new_figure", "shown"]

Row = Mapping[str, object]
FAILED: Final = "failed"
WITHHELD: Final = "withheld"
COLOURS: Final = {"left": "#0B6470", "right": "#B98A3E", "normal": "#0B6470", "watch": "#B98A3E", "alert": "#A33B3B"}
_STYLE: Final = "text-align:left;padding:.15em .8em .15em 0"


def level_word(level: str | None) -> str:
    """Return the level as a word; a level that a warning forbids is ``withheld``.

    Returns
    -------
    str
        ``normal``, ``watch``, ``alert`` or ``withheld``.
    """
    return level or WITHHELD


def shown(value: object) -> str:
    """Return a value as a person reads it: three significant digits, nothing for what is missing.

    Returns
    -------
    str
        The text; empty for None and NaN.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else str(value)


def html_table(title: str, rows: Sequence[Row], note: str = "") -> str:
    """Return a small HTML table; whatever users named is escaped.

    Parameters
    ----------
    title : str
        Stands above the table.
    rows : sequence of mapping
        Column → value; the keys of the first row are the head.
    note : str
        Stands below the table.

    Returns
    -------
    str
    """
    columns = list(rows[0]) if rows else []
    head = "".join(f'<th style="{_STYLE}">{escape(name)}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_STYLE}">{escape(shown(row.get(name)))}</td>' for name in columns) + "</tr>"
        for row in rows
    )
    foot = f"<p><small>{escape(note)}</small></p>" if note else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
    return f"<div><p><strong>{escape(title)}</strong></p>{table}{foot}</div>"


def data_frame(rows: Sequence[Row], columns: Sequence[str] = ()) -> Any:
    """Return rows as a `pandas.DataFrame`; `columns` come first and stand even without rows.

    Returns
    -------
    pandas.DataFrame
        One row per entry of `rows`.

    Raises
    ------
    LibraryError
        When pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        from gait_core.errors import LibraryError

        raise LibraryError("Expected pandas, but it is not installed.", "Install it: pip install pandas.") from error
    return pd.DataFrame(list(rows), columns=list(dict.fromkeys((*columns, *(name for row in rows for name in row)))))


def checked_table(table: str, allowed: Sequence[str]) -> str:
    """Return the name of a table.

    Returns
    -------
    str
        `table`, unchanged.

    Raises
    ------
    InputError
        When there is no such table.
    """
    if table not in allowed:
        from gait_core.errors import InputError

        raise InputError(
            f"Expected the table to be one of {', '.join(allowed)}, but got {table!r}.", "Choose one of these."
        )
    return table


def new_figure(n_axes: int = 1, *, width_in: float = 7.0, height_in: float = 4.0) -> tuple[Figure, list[Axes]]:
    """Return a figure that needs no display, and its axes side by side.

    Parameters
    ----------
    n_axes : int
    width_in, height_in : float
        Size, inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : list of matplotlib.axes.Axes
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    axes = [figure.add_subplot(1, n_axes, number + 1) for number in range(n_axes)]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes
