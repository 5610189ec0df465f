"""Chooses and opens the engine that the settings name."""

from __future__ import annotations

from gait_core.config import PoseSettings
from gait_core.pose.engine import PoseEngine
from gait_core.pose.following import FollowingEngine
from gait_core.pose.mediapipe_engine import MediaPipeEngine, mediapipe_version

__all__ = ["engine_version", "open_engine", "resolved"]


def resolved(settings: PoseSettings) -> PoseSettings:
    """Return the settings with the engine and the precision that ``auto`` means on this machine."""
    return settings.with_(engine="mediapipe", precision="f32") if settings.engine == "auto" else settings


def engine_version(settings: PoseSettings) -> str:  # noqa: ARG001
    """Return the version of the engine without loading it; part of the address of cached landmarks."""
    return mediapipe_version()


def open_engine(settings: PoseSettings) -> PoseEngine:
    """Return a new engine for one video.

    Raises
    ------
    ModelError
        When the pose model is missing or damaged.
    LibraryError
        When a library is missing.
    """
    engine = MediaPipeEngine(settings)
    return engine if settings.person == "auto" else FollowingEngine(engine, settings.person, settings.max_side_px)
