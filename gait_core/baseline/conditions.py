"""Compares the conditions under which a walk and a baseline were filmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gait_core.errors import WalkWarning
from gait_core.gait.features import GaitFeatures

__all__ = ["compare_conditions", "conditions_of"]

_SLOW_RATE_SHARE: Final = 0.7
_VIEW_DEG: Final = 20.0


def conditions_of(walks: Iterable[GaitFeatures]) -> dict[str, Any]:
    """Summarise the conditions of the walks of a baseline, for ``calibration.json``."""
    walks = list(walks)
    rates = [float(walk.quality["frame_rate_hz"]) for walk in walks]
    views = [float(walk.quality["view_deg"]) for walk in walks]
    return {
        "visible_sides": sorted({walk.visible_side for walk in walks}),
        "frame_rate_hz": {"min": min(rates), "max": max(rates)},
        "view_deg": {"min": min(views), "max": max(views)},
        "leg_length_px": [round(float(walk.leg_length_px), 1) for walk in walks],
    }


def compare_conditions(walk: GaitFeatures, conditions: Mapping[str, Any]) -> tuple[WalkWarning, ...]:
    """Return a warning for each condition that makes the comparison doubtful or void."""
    found = []
    sides = conditions["visible_sides"]
    if walk.visible_side not in sides:
        found.append(
            WalkWarning(
                code="other_side",
                message=f"The walk shows the {walk.visible_side} side, the baseline the {' and '.join(sides)} side; "
                "the two cannot be compared. Film from the same side as the baseline.",
                blocking=True,
            )
        )
    slowest = float(conditions["frame_rate_hz"]["min"])
    rate = float(walk.quality["frame_rate_hz"])
    if rate < _SLOW_RATE_SHARE * slowest and rate < 25.0:
        found.append(
            WalkWarning(
                code="lower_frame_rate",
                message=f"The walk has {rate:.0f} frames/s, the baseline at least {slowest:.0f}; fast movements are "
                "blurred. Film at the same frame rate.",
                blocking=rate < 12.0,
            )
        )
    view = float(walk.quality["view_deg"])
    low, high = (float(conditions["view_deg"][key]) for key in ("min", "max"))
    if not low - _VIEW_DEG <= view <= high + _VIEW_DEG:
        found.append(
            WalkWarning(
                code="other_view",
                message=f"The camera stands about {view:.0f}° off the side view, in the baseline {low:.0f}° to "
                f"{high:.0f}°. Put the camera where it stood for the baseline.",
            )
        )
    return tuple(found)
