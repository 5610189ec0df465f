"""The size of aligned frames, and whether their sides were already cut off: `Geometry`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from gait_core.errors import InputError

__all__ = ["Geometry"]

_HEIGHTS: Final = (64, 128)


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Size of aligned frames; says whether the columns at both sides were already cut off.

    Attributes
    ----------
    height_px : {64, 128}
    width_px : int
        As large as the height, or 11/16 of it where the sides were already cut off.
    """

    height_px: int = 64
    width_px: int = 64

    def __post_init__(self) -> None:
        if self.height_px not in _HEIGHTS or self.width_px not in (self.height_px, self.cut_width_px):
            raise InputError(
                f"Expected aligned frames of 64 x 64 or 64 x 44 px (or 128 x 128, 128 x 88), but got {self.height_px} "
                f"x {self.width_px}.",
                "Align the silhouettes first (height x width).",
            )

    @property
    def cut_width_px(self) -> int:
        """Width of the frames that a network takes, px."""
        return self.height_px * 11 // 16

    @property
    def already_cut(self) -> bool:
        """True when nothing may be cut off any more."""
        return self.width_px == self.cut_width_px

    @property
    def columns(self) -> slice:
        """Columns that a network takes: those in the middle, or all where the sides were already cut off."""
        margin = (self.width_px - self.cut_width_px) // 2
        return slice(margin, margin + self.cut_width_px)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and `already_cut`, for manifests."""
        return asdict(self) | {"already_cut": self.already_cut}
