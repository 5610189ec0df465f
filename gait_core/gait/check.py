"""What one check of the quality gate says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from gait_core.errors import WalkWarning

__all__ = ["NO_DOUBT", "STATES", "Check", "check_of", "graded", "no_better"]

STATES: Final = ("good", "poor", "unusable", "not_measured")
NO_DOUBT: Final = frozenset({"no_scale", "scale_unused", "markers"})
"""Codes of warnings that state what was measured with, or in which units, and raise no doubt about it."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        Stable name, for example ``view_angle``.
    label : str
        For people, for example ``View angle``.
    state : {"good", "poor", "unusable", "not_measured"}
    figure : float or None
        What was measured; None when nothing was.
    unit : str
        Of the figure, for example ``°``.
    sentence : str
        What was found.
    advice : str
        What to do better next time; empty when nothing is wrong.
    """

    name: str
    label: str
    state: str
    figure: float | None
    unit: str
    sentence: str
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**values)


def check_of(name: str, label: str, unit: str) -> Callable[..., Check]:
    """Return a maker of one check; advice is dropped where nothing is wrong.

    Parameters
    ----------
    name : str
        Key of the check, for example ``body_in_frame``.
    label : str
        Name of the check for display.
    unit : str
        Unit of its figure.

    Returns
    -------
    callable
        Takes state, figure, sentence and advice, and returns a `Check`.
    """

    def make(state: str, figure: float | None, sentence: str, advice: str = "") -> Check:
        rounded = None if figure is None else round(float(figure), 4)
        return Check(
            name=name,
            label=label,
            state=state,
            figure=rounded,
            unit=unit,
            sentence=sentence,
            advice=advice if state in ("poor", "unusable") else "",
        )

    return make


def graded(figure: float, limits: tuple[float, float]) -> str:
    """Return the state by two limits, good and usable; falling limits mean that more is better.

    Returns
    -------
    {"good", "poor", "unusable"}
    """
    good, usable = limits
    sign = 1.0 if usable >= good else -1.0
    return "good" if sign * figure <= sign * good else "poor" if sign * figure <= sign * usable else "unusable"


def no_better(check: Check, warnings: Sequence[WalkWarning], belongs_to: Mapping[str, str]) -> Check:
    """Return a check that is never better than the warnings that belong to it.

    Parameters
    ----------
    check : Check
    warnings : sequence of WalkWarning
    belongs_to : mapping of str to str
        Code of a warning → name of the check that it belongs to.

    Returns
    -------
    Check
    """
    for warning in warnings:
        if belongs_to.get(warning.code) != check.name:
            continue
        state = "unusable" if warning.blocking else "poor"
        if check.state == "not_measured" or STATES.index(state) > STATES.index(check.state):
            check = replace(check, state=state, sentence=warning.message)
    return check
