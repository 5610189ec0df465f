"""The places where a joint of a leg may be: what is kept of every frame so that the whole walk can decide."""

from __future__ import annotations

from typing import Final

__all__ = ["CANDIDATES_SHAPE", "COLUMNS", "JOINTS", "MOST_CANDIDATES"]

JOINTS: Final = ("knee", "ankle", "heel", "foot_index")
"""Joints that both legs have and that a pose model mistakes for each other."""
MOST_CANDIDATES: Final = 5
"""Places kept of each joint, both legs together."""
COLUMNS: Final = ("x", "y", "as_left", "as_right", "spread")
"""Place, strength as the joint of the left and of the right leg in [0, 1], and spread along one axis."""
CANDIDATES_SHAPE: Final = (len(JOINTS), MOST_CANDIDATES, len(COLUMNS))
"""Shape of the candidates of one frame; rows beyond the last place are NaN."""
