"""Numbers, times and technical names in words that a clinician reads."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gait_core.jobs.kinds import job_kinds
from gait_core.phrases import percent, plural

__all__ = [
    "ago",
    "duration",
    "joint_name",
    "kind_name",
    "moment",
    "number",
    "percent",
    "plural",
    "rate",
    "size",
    "stage_name",
    "stages_of",
    "state_name",
]

_STAGES: Final[Mapping[str, str]] = {
    "probe": "Check the videos",
    "models": "Get the pose model",
    "extract": "Find the body in every frame",
    "features": "Measure the gait",
    "train": "Learn how this person walks",
    "validate": "Test on held-out walks",
    "thresholds": "Set the thresholds",
    "score": "Compare with the baseline",
    "measure": "Find the steps",
    "compare": "Run the profiles one by one",
    "agreement": "Compare the results",
    "overlay": "Draw the overlay video",
    "simulate": "Simulate the walks",
    "render": "Draw the videos",
    "save": "Save",
    "dataset": "Read and check the dataset",
    "scores": "Compute the figures",
    "final": "Train the final model",
    "model": "Load the model",
    "predict": "Classify",
    "silhouettes": "Cut out the silhouettes",
    "embed": "Compute the embeddings",
    "enrol": "Enrol in the gallery",
    "judge": "Test on held-out walks",
    "guard": "Compare with the enrolled walks",
}
_STAGES_FOR: Final[Mapping[tuple[str, str], str]] = {
    ("train", "train"): "Cross-validate by subject",
    ("recognise_train", "train"): "Train the network",
    ("recognise_model", "model"): "Check and convert the weights",
    ("recognise_export", "model"): "Export and compare",
    ("recognise_embed", "embed"): "Read the walks and embed them",
    ("recognise_enrol", "embed"): "Read the walks and embed them",
    ("recognise_identify", "embed"): "Read the walks and compare them",
    ("recognise_check", "embed"): "Embed the walks in every way",
}
_STAGES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "baseline": ("probe", "extract", "features", "train", "thresholds"),
    "analyse": ("probe", "extract", "features", "score", "overlay"),
    "compare_profiles": ("probe", "compare", "agreement", "overlay"),
    "measure": ("probe", "extract", "features", "measure"),
    "train": ("dataset", "train", "scores", "final"),
    "recognise_embed": ("embed",),
    "recognise_enrol": ("embed", "enrol"),
    "recognise_identify": ("embed",),
    "recognise_check": ("embed",),
    "recognise_model": ("model",),
    "recognise_export": ("model",),
    "recognise_train": ("silhouettes", "train"),
}
_STATES: Final[Mapping[str, str]] = {
    "queued": "Queued",
    "running": "Running",
    "cancelling": "Stopping…",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "crashed": "Stopped unexpectedly",
    "damaged": "Damaged",
    "done": "Done",
}


def stage_name(stage: str, kind: str = "") -> str:
    """Return a stage of the pipeline as people call it; `kind` is that of the job, where a stage has several names."""
    return _STAGES_FOR.get((kind, stage)) or _STAGES.get(stage, stage.replace("_", " ").capitalize() or "Starting")


def stages_of(kind: str) -> tuple[str, ...]:
    """Return the stages that a kind of job usually goes through."""
    return _STAGES_OF.get(kind, ())


def state_name(state: str) -> str:
    """Return a state of a job in words."""
    return _STATES.get(state, state.capitalize())


def kind_name(kind: str) -> str:
    """Return a kind of job in words; of a later version's kinds only the name is known."""
    known = job_kinds().get(kind)
    return known.title if known is not None else kind.replace("_", " ").capitalize()


def joint_name(name: str) -> str:
    """Turn ``left_knee`` into ``left knee``."""
    return name.replace("_", " ").strip()


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with a fixed number of decimals, or a dash."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def size(count: float | None) -> str:
    """Return bytes as kB, MB or GB (powers of 1000)."""
    if count is None:
        return "–"
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            digits = 0 if unit in ("bytes", "kB") or value >= 100 else 1
            return f"{value:.{digits}f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def duration(seconds: float | None) -> str:
    """Return a span of time to a precision that people use."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def rate(per_s: float | None, unit: str) -> str:
    """Return a rate such as ``31 frames/s``; empty when unknown."""
    if not per_s:
        return ""
    digits = 0 if per_s >= 10 else 1
    return f"{per_s:.{digits}f} {unit}/s"


def moment(seconds: float | None) -> str:
    """Return local date and time."""
    if not seconds:
        return "–"
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%d %b %Y, %H:%M")


def ago(seconds: float | None, now_s: float | None = None) -> str:
    """Return how long ago something was."""
    if not seconds:
        return "–"
    passed_s = max(0.0, (now_s if now_s is not None else time.time()) - seconds)
    for limit_s, unit_s, word in ((3600, 60, "minute"), (86400, 3600, "hour"), (30 * 86400, 86400, "day")):
        if passed_s < 60:
            return "just now"
        if passed_s < limit_s:
            return f"{plural(int(passed_s // unit_s), word)} ago"
    return moment(seconds)
