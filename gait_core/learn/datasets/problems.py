"""What the user has to know about a dataset before a training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

__all__ = ["SEVERITIES", "Problem", "alike_names", "errors_of", "listed", "loose_name"]

SEVERITIES: Final = ("error", "warning", "note")
"""An error stops a training, a warning is shown, a note says how the data were read."""

_SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something about a dataset that the user has to know.

    Attributes
    ----------
    code : str
        Stable name: ``"one_subject_two_labels"``.
    message : str
        What is wrong, in one sentence.
    remedy : str
        What to do about it; empty for a note.
    severity : {"error", "warning", "note"}
    items : tuple of str
        What it concerns: files, lines, subjects or columns; all of them, where the message names a few.
    """

    code: str
    message: str
    remedy: str = ""
    severity: str = "error"
    items: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self) | {"items": list(self.items)}

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def errors_of(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return those that stop a training.

    Returns
    -------
    tuple of Problem
    """
    return tuple(problem for problem in problems if problem.severity == "error")


def loose_name(name: str) -> str:
    """Return a name without what people write differently by mistake: upper and lower case, and blanks.

    Returns
    -------
    str
    """
    return "".join(name.casefold().split())


def alike_names(names: Iterable[str]) -> list[str]:
    """Return the names that differ from another in upper and lower case or blanks only, side by side.

    Returns
    -------
    list of str
    """
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(loose_name(name), set()).add(name)
    return [name for _, own in sorted(groups.items()) if len(own) > 1 for name in sorted(own)]


def listed(items: Sequence[str]) -> str:
    """Return a few of many items for a sentence: ``a, b, c, d, e and 4 more``.

    Returns
    -------
    str
    """
    shown = ", ".join(items[:_SHOWN])
    return f"{shown} and {len(items) - _SHOWN} more" if len(items) > _SHOWN else shown
