"""Chooses and opens the engine that the settings name."""

from __future__ import annotations

from gait_core.config import PoseSettings
from gait_core.errors import SettingsError
from gait_core.pose.engine import PoseEngine
from gait_core.pose.following import FollowingEngine
from gait_core.pose.mediapipe_engine import MediaPipeEngine, mediapipe_version

__all__ = ["engine_version", "open_engine"]


def engine_version(settings: PoseSettings) -> str:
    """Return the version of the engine without loading it; part of the address of cached landmarks."""
    _check_engine(settings)
    return mediapipe_version()


def open_engine(settings: PoseSettings) -> PoseEngine:
    """Return a new engine for one video.

    Raises
    ------
    SettingsError
        When there is no such engine.
    ModelError
        When the pose model is missing or damaged.
    LibraryError
        When a library is missing.
    """
    _check_engine(settings)
    engine = MediaPipeEngine(settings)
    return engine if settings.person == "auto" else FollowingEngine(engine, settings.person)


def _check_engine(settings: PoseSettings) -> None:
    if settings.engine != "mediapipe":
        raise SettingsError(
            f"Expected the engine mediapipe, but got {settings.engine!r}.", "Choose --engine mediapipe."
        )
