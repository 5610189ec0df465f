"""The landmarks of one video, where they lie in the cache, and how many videos are analysed at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gait_core.config import PoseSettings
from gait_core.errors import WalkWarning
from gait_core.pose.engine import CPU
from gait_core.pose.engines import engine_version, resolved
from gait_core.pose.models.assets import model_sha256
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.runtime.cpu import available_cpus
from gait_core.video.info import VideoInfo

__all__ = ["MOST_WORKERS", "STAGE", "TRACK_KIND", "ExtractedWalk", "default_workers", "track_address", "track_cost"]

STAGE = "extract"
TRACK_KIND = "track"
MOST_WORKERS = 5
_TOLD_SETTINGS: Final = ("variant", "engine", "precision", "target_fps", "max_side_px", "person")


@dataclass(frozen=True, kw_only=True, eq=False)
class ExtractedWalk:
    """The landmarks of one video and what is known of it.

    Attributes
    ----------
    track : Track
    info : VideoInfo
    cached : bool
        True when the landmarks came from the cache.
    address : str
        Where the landmarks lie in the cache: a digest of content, settings, model, engine and, where it is not the CPU,
        device.
    warnings : tuple of WalkWarning
        Reasons to doubt the walk.
    """

    track: Track
    info: VideoInfo
    cached: bool
    address: str
    warnings: tuple[WalkWarning, ...]


def default_workers() -> int:
    """Return how many videos are analysed at once unless the user says otherwise.

    Returns
    -------
    int
        One per available CPU, at most five.
    """
    return min(MOST_WORKERS, available_cpus())


def track_address(
    info: VideoInfo, settings: PoseSettings, reporter: Reporter | None = None, *, device: str = CPU
) -> str:
    """Return the content address of a track.

    A renamed video has the same address; another setting, model or engine version gives another one, and so does a
    device other than the CPU, which rounds in its own way.

    Parameters
    ----------
    info : VideoInfo
    settings : PoseSettings
        With ``auto`` or without: both give the same address.
    reporter : Reporter, optional
        Receives the progress when the model has to be fetched.
    device : str
        Where the pose model runs, as the engine calls it.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    settings = resolved(settings)
    parts = (
        info.content_sha256,
        settings.digest(),
        model_sha256(settings.variant, reporter),
        engine_version(settings),
        *([] if device == CPU else [device]),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def track_cost(info: Mapping[str, Any], frames: int, content_sha256: str) -> dict[str, Any]:
    """Return how a track was made, which is kept with the video in the job's status.

    Parameters
    ----------
    info : mapping
        Facts stored with the track: `engine`, `settings`, `extraction_s`, `stage_s` and others, each where known.
    frames : int
    content_sha256 : str
        Digest of the video.

    Returns
    -------
    dict
        ``frames``, ``content_sha256`` and ``settings``, a selection of those that decide the landmarks; each where
        known: ``engine``, ``engine_version``, ``device``, ``device_reason``, ``extraction_s`` (duration, s),
        ``stage_s`` and ``frames_decoded``.
    """
    settings = info.get("settings") or {}
    kept = ("engine", "engine_version", "device", "device_reason", "extraction_s", "stage_s", "frames_decoded")
    return {
        "frames": frames,
        "content_sha256": content_sha256,
        **{name: info[name] for name in kept if info.get(name) is not None},
        "settings": {name: settings[name] for name in _TOLD_SETTINGS if name in settings},
    }
