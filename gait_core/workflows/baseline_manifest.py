"""What a baseline states of itself: how it was made, of which walks, and how its limits came about."""

from __future__ import annotations

import contextlib
import math
import platform
import time
from collections.abc import Mapping, Sequence
from importlib import metadata

import numpy as np

from gait_core import __version__
from gait_core.baseline.calibration import Calibration
from gait_core.baseline.conditions import conditions_of
from gait_core.baseline.fit import (
    Fitted,
    relative_scores,
    typical_by_feature,
    typical_score,
    typical_window,
    window_limit,
)
from gait_core.baseline.manifest import MANIFEST_FORMAT, BaselineManifest
from gait_core.baseline.pretrained import Pretrained
from gait_core.baseline.run_settings import RunSettings
from gait_core.config import (
    Profile,
)
from gait_core.errors import GaitError, WalkWarning
from gait_core.gait.features import FEATURE_NAMES
from gait_core.walks.prepare import PreparedWalk
from gait_core.workflows.baseline_request import BaselineRequest

__all__ = ["calibration_of", "manifest_of"]


def _library_versions() -> dict[str, str]:
    """Return the versions of what decides landmarks and scores."""
    names = {"numpy": "numpy", "opencv": "opencv-python", "openvino": "openvino", "mediapipe": "mediapipe", "av": "av"}
    found = {}
    for name, package in names.items():
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(package)
    return found


def calibration_of(
    request: BaselineRequest, settings: RunSettings, walks: Sequence[PreparedWalk], fitted: Fitted
) -> Calibration:
    """Return what a score of this baseline is measured with.

    Parameters
    ----------
    request : BaselineRequest
    settings : RunSettings
    walks : sequence of PreparedWalk
        Those that the baseline was made of.
    fitted : Fitted

    Returns
    -------
    Calibration
    """
    scorer = fitted.scorer
    return Calibration(
        speed_mps=request.speed_mps,
        scale_input=request.scale_input(),
        fps=request.fps or float(np.median([walk.features.quality["frame_rate_hz"] for walk in walks])),
        leg_length_px=tuple(round(float(walk.features.leg_length_px), 2) for walk in walks),
        feature_names=tuple(FEATURE_NAMES),
        feature_mean=tuple(float(value) for value in scorer.mean),
        feature_sd=tuple(float(value) for value in scorer.sd),
        residual_scale=tuple(float(value) for value in scorer.scale),
        typical_score=typical_score(fitted),
        typical_window=typical_window(fitted),
        window_limit=window_limit(fitted),
        typical_by_feature=typical_by_feature(fitted),
        windows=settings.features,
        conditions=conditions_of(walk.features for walk in walks),
    )


def manifest_of(
    request: BaselineRequest,
    profile: Profile,
    settings: RunSettings,
    usable: Sequence[PreparedWalk],
    outcomes: Sequence[PreparedWalk | GaitError],
    fitted: Fitted,
    pretrained: Pretrained | None,
    timing: Mapping[str, float],
    *,
    reasons: Mapping[int, WalkWarning],
    doubts: Sequence[WalkWarning],
) -> BaselineManifest:
    """Return what a baseline states of itself.

    Parameters
    ----------
    request : BaselineRequest
    profile : Profile
    settings : RunSettings
    usable : sequence of PreparedWalk
        Walks that it was made of.
    outcomes : sequence of PreparedWalk or GaitError
        Of every video of the request.
    fitted : Fitted
    pretrained : Pretrained or None
    timing : mapping of str to float
        Stage → s.
    reasons : mapping of int to WalkWarning
        `id` of a walk that was left out → why.
    doubts : sequence of WalkWarning

    Returns
    -------
    BaselineManifest
    """
    chosen = {id(walk) for walk in usable}
    scores = relative_scores(fitted)
    left_out = []
    for video, outcome in zip(request.videos, outcomes, strict=True):
        if isinstance(outcome, GaitError):
            left_out.append({"path": video, "error": outcome.to_dict(), "used": False})
        elif id(outcome) not in chosen:
            summary = outcome.summary()
            if id(outcome) in reasons:  # first: it is the one that is shown
                summary["warnings"] = [reasons[id(outcome)].to_dict(), *summary["warnings"]]
            left_out.append(summary | {"used": False})
    stored = {
        "format": MANIFEST_FORMAT,
        "subject": request.subject,
        "created_s": time.time(),
        "profile": request.profile,
        "profile_settings": profile.to_dict(),
        "request": request.to_dict(),
        "optimised": not request.disable_optimizations,
        "settings": settings.to_dict(),
        "settings_digest": settings.digest(),
        "walks": [walk.summary() | {"used": True, "score": float(s)} for walk, s in zip(usable, scores, strict=True)],
        "left_out": left_out,
        "warnings": [doubt.to_dict() for doubt in doubts],
        "training": fitted.training,
        "pretrained_sha256": pretrained.sha256 if pretrained is not None else None,
        "versions": {"gait_studio": __version__, "python": platform.python_version(), **_library_versions()},
        "timing_s": {name: round(seconds, 4) for name, seconds in timing.items() if math.isfinite(seconds)},
    }
    return BaselineManifest.from_dict(stored, "the new manifest")
