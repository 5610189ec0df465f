"""What is known of a video file before it is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

__all__ = ["VideoInfo"]


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What is known of a video file before it is decoded.

    Attributes
    ----------
    path, name : str
        Absolute path and file name.
    size_bytes : int
        Size of the file.
    content_sha256 : str
        Digest of its bytes; a renamed copy has the same.
    frame_count : int
        Frames in the file.
    width_px, height_px : int
        Size of the upright frame with square pixels.
    frame_rate_hz : float
        Frames per second: the common rate, or the mean one when the rate varies.
    duration_s : float
        From the first frame to the end of the last one, s.
    codec, pixel_format : str
        As the decoder calls them.
    rotation_deg : int
        Counter-clockwise rotation that makes the stored frame upright, degrees.
    variable_frame_rate : bool
        True when the distance of the time stamps is uneven.
    frames_declared : int
        Frames that the head of the file promises to be shown; more than `frame_count` when it was cut off, 0 when
        unknown.
    """

    path: str
    name: str
    size_bytes: int
    content_sha256: str
    frame_count: int
    width_px: int
    height_px: int
    frame_rate_hz: float
    duration_s: float
    codec: str
    rotation_deg: int
    variable_frame_rate: bool
    pixel_format: str
    frames_declared: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`; further keys are ignored."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})
