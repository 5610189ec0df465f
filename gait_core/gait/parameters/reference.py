"""Literature values of healthy people, shown beside a measured value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["REFERENCES", "ReferenceRange"]


@dataclass(frozen=True, kw_only=True)
class ReferenceRange:
    """Where most healthy people of one population lie.

    Attributes
    ----------
    low, high : float
        Mean − 1.96 SD and mean + 1.96 SD between people, in the unit of the parameter: 95 % of them.
    source : str
        Publication.
    population : str
        Who was measured, and how.
    """

    low: float
    high: float
    source: str
    population: str


def _range(mean: float, sd: float, source: str, population: str) -> ReferenceRange:
    return ReferenceRange(
        low=round(mean - 1.96 * sd, 3), high=round(mean + 1.96 * sd, 3), source=source, population=population
    )


REFERENCES: Final[Mapping[str, ReferenceRange]] = {
    "walking_speed_mps": _range(
        1.24,
        0.28,
        "Kasović, Štefan & Štefan 2021, Clin Interv Aging 16:225",
        "565 men and women from 60 years, at usual speed over a pressure platform",
    ),
}
"""Parameter → range. Only figures that were checked against their source stand here; the others are left out."""
