"""What a promoted model said of a walk, in words: for the page and for the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["OF_GROUPS", "class_name", "trained_on", "verdict"]

OF_GROUPS: Final = (
    "These models learned from groups of people, not from this person. They have no part in the level, and a class is "
    "not a diagnosis."
)


def verdict(said: Mapping[str, Any]) -> str:
    """Return what a model said in one short sentence.

    Parameters
    ----------
    said : mapping
        One of `gait_core.baseline.analyses.AnalysisSummary.classified`.

    Returns
    -------
    str
        The class and its probability, that it abstains, or why it could not be used.
    """
    error = said.get("error")
    if error:
        return f"Could not be used. {error.get('message', '')} {error.get('remedy', '')}".strip()
    if said.get("abstained"):
        return "Abstains: this walk is unlike those that it learned from."
    found = str(said.get("class"))
    share = (said.get("probabilities") or {}).get(found)
    told = "–" if share is None or not math.isfinite(share) else f"{100 * share:.0f} %"
    return f"{class_name(found).capitalize()}, {told}"


def trained_on(said: Mapping[str, Any]) -> str:
    """Return what a model is, what it learned from and how well it did there.

    Parameters
    ----------
    said : mapping
        As for `verdict`.

    Returns
    -------
    str
        One sentence; empty where nothing is known.
    """
    data = said.get("trained_on") or {}
    if not data:
        return ""
    counts = ", ".join(f"{count} {class_name(name)}" for name, count in (data.get("subjects") or {}).items())
    judged = (data.get("balanced_accuracy") or {}).get("mean")
    parts = [
        f"{said.get('classifier')}, trained on {data.get('name') or 'a dataset'}",
        f"subjects: {counts}" if counts else "",
        "" if judged is None else f"balanced accuracy in cross-validation {judged:.2f}",
    ]
    return f"{'; '.join(part for part in parts if part)}."


def class_name(name: str) -> str:
    """Return the name of a class for people: ``stiff_knee`` as ``stiff knee``.

    Returns
    -------
    str
    """
    return name.replace("_", " ").strip()
