"""Which frames of a walk become input of a recognition network: `InputSettings`."""

from __future__ import annotations

from dataclasses import dataclass

from gait_core.config import Settings
from gait_core.errors import SettingsError

__all__ = ["InputSettings"]


@dataclass(frozen=True, kw_only=True)
class InputSettings(Settings):
    """How frames are selected and what is computed from them.

    Attributes
    ----------
    maps : bool
        Also compute the limb and joint maps, where landmarks are known.
    parsing : bool
        Also label body parts, where landmarks are known.
    smallest_ratio, largest_ratio : float
        Bounds of a mask's area and height, as a share of the median over nearby frames.
    median_frames : int
        Frames over which that median is taken; a person who walks towards the camera grows slowly.
    fewest_pixels : int
        Masks with fewer pixels than this count as empty.
    least_largest_share : float
        Least share of the mask's pixels in the part that is kept.
    narrowest, widest : float
        Bounds of width over height of the person.
    least_visibility : float
        Least mean visibility of the landmarks, where they are known.
    least_joint_visibility : float
        Landmarks below this visibility count as missing; the maps fill them from other frames.
    most_missing_joints : float
        From this share of the 17 joints on that are missing, a frame is dropped.
    least_overlap : float
        Least intersection over union with the aligned frame before or after; 0.64 or more is usual, in real walks
        also where only every fourth frame is there.
    most_jump : float
        Largest move of the person's centre between two frames, in heights of the person per frame.
    border_px : int
        Masks nearer than this to the border of the frame touch it, px.
    fewest_frames : int
        A sequence with fewer frames carries a warning.
    most_frames : int
        Frames after this many are dropped.
    """

    maps: bool = True
    parsing: bool = True
    smallest_ratio: float = 0.5
    largest_ratio: float = 1.6
    median_frames: int = 61
    fewest_pixels: int = 40
    least_largest_share: float = 0.9
    narrowest: float = 0.2
    widest: float = 0.9
    least_visibility: float = 0.5
    least_joint_visibility: float = 0.3
    most_missing_joints: float = 0.3
    least_overlap: float = 0.55
    most_jump: float = 0.25
    border_px: int = 2
    fewest_frames: int = 15
    most_frames: int = 720

    _ranges = {
        "smallest_ratio": (0.0, 1.0),
        "largest_ratio": (1.0, 100.0),
        "median_frames": (3, 100_001),
        "fewest_pixels": (1, 100_000),
        "least_largest_share": (0.0, 1.0),
        "narrowest": (0.0, 10.0),
        "widest": (0.0, 10.0),
        "least_visibility": (0.0, 1.0),
        "least_joint_visibility": (0.0, 1.0),
        "most_missing_joints": (0.0, 1.0),
        "least_overlap": (0.0, 1.0),
        "most_jump": (0.0, 100.0),
        "border_px": (0, 100),
        "fewest_frames": (1, 10_000),
        "most_frames": (1, 100_000),
    }
    _choices = {"maps": (False, True), "parsing": (False, True)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.narrowest >= self.widest:
            raise SettingsError(
                f"Expected narrowest below widest ({self.widest:g}), but got {self.narrowest:g}.",
                "Give the narrowest width over height first.",
            )
