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
    people : str
        The same people in a few words, for a sentence.
    """

    low: float
    high: float
    source: str
    population: str
    people: str


def _range(mean: float, sd: float, *, source: str, population: str, people: str) -> ReferenceRange:
    low, high = round(mean - 1.96 * sd, 3), round(mean + 1.96 * sd, 3)
    return ReferenceRange(low=low, high=high, source=source, population=population, people=people)


REFERENCES: Final[Mapping[str, ReferenceRange]] = {
    "walking_speed_mps": _range(
        1.24,
        0.28,
        source="Kasović, Štefan & Štefan 2021, Clin Interv Aging 16:225",
        population="565 men and women aged 60 and over, at their usual speed over a pressure platform",
        people="healthy people aged 60 and over",
    ),
}
"""Parameter → range. Only figures that were checked against their source stand here; the others are left out."""
