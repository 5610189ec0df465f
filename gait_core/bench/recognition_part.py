"""What one part of the benchmark of recognition gives: `Part`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gait_core.bench.common import Table
from gait_core.progress import Reporter

__all__ = ["MeasurePart", "Part"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Figures and tables that join those of the other parts.

    Attributes
    ----------
    figures : mapping of str to float
    tables : sequence of Table
    """

    figures: Mapping[str, float]
    tables: Sequence[Table]


class MeasurePart(Protocol):
    """Measures one part."""

    def __call__(self, reporter: Reporter, *, quick: bool) -> Part:
        """Measure and return the figures."""
