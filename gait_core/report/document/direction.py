"""In which direction a joint differs from the baseline, by how much and in which phase of the stride, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from gait_core.gait.deviation import LEAST_SD_DEG, phase_at

if TYPE_CHECKING:
    from gait_core.baseline.findings import BaselineComparison

__all__ = ["direction_sentence", "direction_sentences"]

_MORE_LESS: Final = {
    "hip": ("The {part} is bent {away}° more", "The {part} is bent {away}° less"),
    "knee": ("The {part} is bent {away}° more", "The {part} is bent {away}° less"),
    "ankle and foot": ("The {side} toes point {away}° higher", "The {side} toes point {away}° lower"),
    "arm": ("The {part} is {away}° further forward", "The {part} is {away}° further back"),
}
"""Part of one side of the body → in words, where its angle is greater and where it is smaller."""
_UNUSUAL_SD: Final = 2.0


def direction_sentences(comparison: BaselineComparison, parts: Sequence[str], most: int) -> list[str]:
    """Say in which direction the parts of the body differ.

    Parameters
    ----------
    comparison : BaselineComparison
    parts : sequence of str
        Parts of the body, the most different first.
    most : int
        Sentences at most.

    Returns
    -------
    list of str
        In the order of `parts`, without those of which it cannot be said.
    """
    told = (direction_sentence(comparison, part) for part in parts)
    return [sentence for sentence in told if sentence][:most]


def direction_sentence(comparison: BaselineComparison, part: str) -> str:
    """Say in which direction a joint angle differs where it differs most, in degrees.

    Parameters
    ----------
    comparison : BaselineComparison
    part : str
        Part of the body, for example ``left knee``.

    Returns
    -------
    str
        Empty for a part without an angle, and for one that stays within 2 SD of the baseline's walks throughout.
    """
    side, _, name = part.partition(" ")
    key = ("ankle" if name == "ankle and foot" else name, side)
    z, band = comparison.z.get(key), comparison.bands.get(key)
    if name not in _MORE_LESS or z is None or band is None:
        return ""
    away_deg = np.where(np.abs(z) >= _UNUSUAL_SD, z * np.maximum(band.sd, LEAST_SD_DEG), 0.0)
    at = int(np.nanargmax(np.abs(away_deg)))
    if not abs(away_deg[at]) >= 1.0:
        return ""
    words = _MORE_LESS[name][0 if away_deg[at] > 0 else 1]
    text = words.format(part=part, side=side, away=f"{abs(away_deg[at]):.0f}")
    return f"{text} than usual in {phase_at(at)}."
