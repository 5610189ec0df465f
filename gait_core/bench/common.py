"""What every benchmark shares: its result, the machine it ran on, and how it is printed."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from gait_core.runtime.checkout import commit

__all__ = ["BenchResult", "Table", "area_under_roc", "as_text", "commit"]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows as readable text.

    Attributes
    ----------
    title : str
    columns : sequence of str
    rows : sequence of sequence
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        rows = [[_finite(value) for value in row] for row in self.rows]
        return {"title": self.title, "columns": list(self.columns), "rows": rows}


@dataclass(frozen=True, kw_only=True)
class BenchResult:
    """What a benchmark measured.

    Attributes
    ----------
    bench : str
        Name.
    settings : mapping
        What was run.
    figures : mapping of str to float
        The figures that docs/benchmarks.md quotes.
    tables : sequence of Table
    """

    bench: str
    settings: Mapping[str, Any]
    figures: Mapping[str, float]
    tables: Sequence[Table] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON layout, with commit and machine."""
        return {
            "bench": self.bench,
            "commit": commit(),
            "machine": {
                "cpu": platform.processor() or platform.machine(),
                "cores": psutil.cpu_count(),
                "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
                "python": platform.python_version(),
                "system": platform.platform(),
            },
            "settings": dict(self.settings),
            "figures": {name: _finite(round(float(value), 4)) for name, value in self.figures.items()},
            "tables": [table.to_dict() for table in self.tables],
        }


def joined(bench: str, parts: Iterable[BenchResult], **settings: Any) -> BenchResult:
    """Return the figures and tables of several benchmarks as one.

    Parameters
    ----------
    bench : str
        Name of the whole.
    parts : iterable of BenchResult
        Taken one after the other, so that a generator may run them.
    **settings
        Those of the whole; those of each part are added under its name.

    Returns
    -------
    BenchResult
    """
    found = list(parts)
    return BenchResult(
        bench=bench,
        settings={**settings, **{part.bench: part.settings for part in found}},
        figures={name: value for part in found for name, value in part.figures.items()},
        tables=[table for part in found for table in part.tables],
    )


def _finite(value: Any) -> Any:
    """Return None for a figure that could not be measured: JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def area_under_roc(normal: NDArray[np.float64], impaired: NDArray[np.float64]) -> float:
    """Return the probability that an impaired walk scores above a normal one, ties counting half.

    Returns
    -------
    float
        In [0, 1]; 0.5 is chance.

    References
    ----------
    Hanley & McNeil 1982, Radiology 143:29 (equal to the Mann–Whitney statistic).
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([normal, impaired]))[len(normal) :]
    n = len(impaired)
    return float((ranks.sum() - n * (n + 1) / 2) / (n * len(normal)))


def as_text(result: Mapping[str, Any]) -> str:
    """Write the result of a benchmark as Markdown.

    Parameters
    ----------
    result : mapping
        As of `BenchResult.to_dict`.

    Returns
    -------
    str
        A heading, the figures as a list, and the tables.
    """
    lines = [f"### {result['bench']} ({result['commit']})", ""]
    lines += [f"- {name}: {'–' if value is None else value}" for name, value in result["figures"].items()]
    for table in result["tables"]:
        lines += ["", f"**{table['title']}**", "", "| " + " | ".join(table["columns"]) + " |"]
        lines.append("|" + "---|" * len(table["columns"]))
        lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in table["rows"]]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
