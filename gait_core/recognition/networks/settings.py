"""How each recognition network is built: one class of settings per network, from `GaitBaseSettings` to `XGaitSettings`.

All take frames of one shape, (batch, frames, height, width, channels), and differ in what the channels hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, TypeAlias

from gait_core.config import Settings
from gait_core.errors import SettingsError

__all__ = [
    "PARTS",
    "PART_FEATURES",
    "DeepGaitV2Settings",
    "GaitBaseSettings",
    "NetworkSettings",
    "SkeletonGaitPPSettings",
    "SkeletonGaitSettings",
    "XGaitSettings",
]

PARTS: Final = 16
"""Horizontal strips into which the last feature map is divided."""
PART_FEATURES: Final = 256
"""Features of the embedding of one part, at any width of the network."""
Channels: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings):
    """What all recognition networks have in common.

    Attributes
    ----------
    classes : int
        People whom the classifier head tells apart; 0 builds the network without that head, which an embedding does
        not need.
    width : float
        Factor on the number of channels: 1 is the published network, 0.25 a network for demonstrations.
    frame_height : int
        64 or 128 px; the width is 11/16 of it.
    normalised_embedding : bool
        Use the normalised features in front of the classifier as embedding, instead of what feeds them.
    """

    network: ClassVar[str]
    channels: ClassVar[Channels]
    heads: ClassVar[int] = 1

    classes: int = 0
    width: float = 1.0
    frame_height: int = 64
    normalised_embedding: bool = False

    _ranges = {"classes": (0, 10_000_000), "width": (0.0625, 4.0)}
    _choices = {"frame_height": (64, 128), "normalised_embedding": (False, True)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if (64 * self.width) % 4:
            raise SettingsError(
                f"Expected a width that makes 64 channels a multiple of 4, but got {self.width:g}.",
                "Choose a width such as 1, 0.5 or 0.25.",
            )

    @property
    def widths(self) -> tuple[int, int, int, int]:
        """Channels of the four stages."""
        first = round(64 * self.width)
        return first, 2 * first, 4 * first, 8 * first

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a frame."""
        return self.frame_height, self.frame_height * 11 // 16, len(self.channels)

    @property
    def parts(self) -> int:
        """Parts of the embedding."""
        return PARTS * self.heads


@dataclass(frozen=True, kw_only=True)
class GaitBaseSettings(NetworkSettings):
    """GaitBase: a residual network of nine layers on each silhouette."""

    network = "gaitbase"
    channels = ("silhouette",)


@dataclass(frozen=True, kw_only=True)
class DeepGaitV2Settings(NetworkSettings):
    """DeepGaitV2: residual stages of which the last three also look along time.

    Attributes
    ----------
    mode : {"2d", "p3d", "3d"}
        Blocks of these stages: frame by frame, frame by frame with a separate temporal convolution, or volumes.
    blocks : tuple of four int
        Residual blocks per stage; (1, 4, 4, 1) for Gait3D and GREW, (1, 1, 1, 1) for the smaller data sets.
    """

    network = "deepgaitv2"
    channels: ClassVar[Channels] = ("silhouette",)

    mode: str = "p3d"
    blocks: tuple[int, int, int, int] = (1, 1, 1, 1)

    _choices = {**NetworkSettings._choices, "mode": ("2d", "p3d", "3d")}

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.blocks) != 4 or not all(isinstance(count, int) and 1 <= count <= 32 for count in self.blocks):
            raise SettingsError(
                f"Expected blocks to be four numbers from 1 to 32, but got {self.blocks!r}.",
                "Give the residual blocks of each stage, such as (1, 4, 4, 1).",
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a mapping, as JSON gives it; an unknown key raises `SettingsError`."""
        known = dict(values)
        if isinstance(known.get("blocks"), list):
            known["blocks"] = tuple(known["blocks"])
        return super().from_dict(known)


@dataclass(frozen=True, kw_only=True)
class SkeletonGaitSettings(DeepGaitV2Settings):
    """SkeletonGait: DeepGaitV2 on two skeleton maps instead of a silhouette."""

    network = "skeletongait"
    channels = ("limb", "joint")


@dataclass(frozen=True, kw_only=True)
class SkeletonGaitPPSettings(DeepGaitV2Settings):
    """SkeletonGait++: skeleton maps and silhouette, each with a stage of its own, fused by attention."""

    network = "skeletongaitpp"
    channels = ("limb", "joint", "silhouette")


@dataclass(frozen=True, kw_only=True)
class XGaitSettings(NetworkSettings):
    """XGait: silhouette and body-part labels, crossed globally and part by part.

    Attributes
    ----------
    top_strip_for_all : bool
        Weigh all three body regions by the top quarter of the silhouette's features, as published checkpoints were
        trained; False takes each region's own rows.
    """

    network = "xgait"
    channels = ("parsing", "silhouette")
    heads = 4

    top_strip_for_all: bool = True
