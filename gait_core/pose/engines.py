"""Chooses and opens the engine that the settings name."""

from __future__ import annotations

from gait_core.config import PoseSettings
from gait_core.pose.engine import CPU, PoseEngine
from gait_core.pose.following import FollowingEngine
from gait_core.pose.mediapipe.engine import MediaPipeEngine, mediapipe_version
from gait_core.pose.openvino.engine import OpenVinoEngine, openvino_version
from gait_core.pose.openvino.library import openvino_installed
from gait_core.runtime.processor import has_fast_bf16

__all__ = ["engine_version", "open_engine", "resolved"]


def resolved(settings: PoseSettings) -> PoseSettings:
    """Return the settings with the engine and the precision that ``auto`` means on this machine."""
    engine = settings.engine
    if engine == "auto":
        # Following a chosen person was tuned on MediaPipe's own search, and loses people on the other engine.
        engine = "openvino" if openvino_installed() and settings.person == "auto" else "mediapipe"
    precision = settings.precision
    if engine == "mediapipe":
        precision = "f32"
    elif precision == "auto":
        precision = "bf16" if has_fast_bf16() else "f32"
    return settings.with_(engine=engine, precision=precision)


def engine_version(settings: PoseSettings) -> str:
    """Return the version of the engine without loading it; part of the address of cached landmarks.

    Raises
    ------
    LibraryError
        When the engine is not installed.
    """
    return openvino_version() if resolved(settings).engine == "openvino" else mediapipe_version()


def open_engine(settings: PoseSettings, *, masks: bool = False, at_once: int = 1, device: str = CPU) -> PoseEngine:
    """Return a new engine for one video.

    Parameters
    ----------
    settings : PoseSettings
    masks : bool
        Also give the mask of the person.
    at_once : int
        Videos that share the processors.
    device : str
        Where the models run, as the engine calls it.

    Raises
    ------
    ModelError
        When the pose model is missing or damaged.
    LibraryError
        When a library is missing.
    """
    settings = resolved(settings)
    engine: OpenVinoEngine | MediaPipeEngine
    if settings.engine == "openvino":
        engine = OpenVinoEngine(settings, masks=masks, at_once=at_once, device=device)
    else:
        engine = MediaPipeEngine(settings, masks=masks, device=device)
    return engine if settings.person == "auto" else FollowingEngine(engine, settings.person, settings.max_side_px)
