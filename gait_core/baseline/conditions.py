"""Compares the conditions under which a walk and a baseline were filmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from gait_core.errors import WalkWarning
from gait_core.gait.features import GaitFeatures

__all__ = ["Conditions", "compare_conditions", "conditions_of"]

_SLOW_RATE_SHARE: Final = 0.7
_VIEW_DEG: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How the walks of a baseline were filmed.

    Attributes
    ----------
    visible_sides : tuple of {"left", "right"}
        Sides of the body turned to the camera, in alphabetical order.
    frame_rate_hz, view_deg : tuple of float
        Lowest and highest; the view is the angle off the side view.
    leg_length_px : tuple of float
        One per walk.
    """

    visible_sides: tuple[str, ...]
    frame_rate_hz: tuple[float, float]
    view_deg: tuple[float, float]
    leg_length_px: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "visible_sides": list(self.visible_sides),
            "frame_rate_hz": dict(zip(("min", "max"), self.frame_rate_hz, strict=True)),
            "view_deg": dict(zip(("min", "max"), self.view_deg, strict=True)),
            "leg_length_px": list(self.leg_length_px),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(
            visible_sides=tuple(str(side) for side in values["visible_sides"]),
            frame_rate_hz=_range(values["frame_rate_hz"]),
            view_deg=_range(values["view_deg"]),
            leg_length_px=tuple(float(length) for length in values.get("leg_length_px", ())),
        )


def _range(values: Mapping[str, Any]) -> tuple[float, float]:
    return float(values["min"]), float(values["max"])


def conditions_of(walks: Iterable[GaitFeatures]) -> Conditions:
    """Summarise how the walks of a baseline were filmed.

    Returns
    -------
    Conditions
    """
    walks = list(walks)
    rates = [float(walk.quality["frame_rate_hz"]) for walk in walks]
    views = [float(walk.quality["view_deg"]) for walk in walks]
    return Conditions(
        visible_sides=tuple(sorted({walk.visible_side for walk in walks})),
        frame_rate_hz=(min(rates), max(rates)),
        view_deg=(min(views), max(views)),
        leg_length_px=tuple(round(float(walk.leg_length_px), 1) for walk in walks),
    )


def compare_conditions(walk: GaitFeatures, conditions: Conditions) -> tuple[WalkWarning, ...]:
    """Return a warning for each condition that makes the comparison doubtful or void.

    Returns
    -------
    tuple of WalkWarning
    """
    found = []
    sides = conditions.visible_sides
    if walk.visible_side not in sides:
        found.append(
            WalkWarning(
                code="other_side",
                message=f"The walk shows the {walk.visible_side} side, the baseline the {' and '.join(sides)} side; "
                "the two cannot be compared. Film from the same side as the baseline.",
                blocking=True,
            )
        )
    slowest, _ = conditions.frame_rate_hz
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
    low, high = conditions.view_deg
    if not low - _VIEW_DEG <= view <= high + _VIEW_DEG:
        found.append(
            WalkWarning(
                code="other_view",
                message=f"The camera stands about {view:.0f}° off the side view, in the baseline {low:.0f}° to "
                f"{high:.0f}°. Put the camera where it stood for the baseline.",
            )
        )
    return tuple(found)
