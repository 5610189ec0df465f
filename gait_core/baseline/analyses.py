"""Analysed walks as they lie on disk.

::

    analyses/<id>/
      analysis.json   level, score, warnings, facts
      scores.npz      scores window by window and moment by moment
      overlay.mp4     the video with what was found
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.archive import load_arrays
from gait_core.config import Settings
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.workspace import Workspace, read_json

__all__ = ["AnalysisSummary", "StoredAnalysis", "delete_analysis", "list_analyses", "load_analysis"]


@dataclass(frozen=True, kw_only=True)
class AnalysisSummary(Settings):
    """One analysed walk, without its curves.

    `measurement_id` names the measurement of the same walk; empty where no gait could be measured. `request` holds the
    parameters of an ``analyse`` job of this walk alone; empty where an earlier version did not keep them.
    `classified` holds what each promoted model said of the walk, see `gait_core.workflows.classify_walk`; it has no
    part in the level.
    """

    id: str
    baseline_id: str
    subject: str
    name: str
    path: str
    content_sha256: str
    created_s: float
    level: str | None
    score: float | None
    share_over_threshold: float | None
    joints: dict[str, float] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    thresholds: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    measurement_id: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    classified: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredAnalysis:
    """One analysed walk with its curves.

    Attributes
    ----------
    summary : AnalysisSummary
    window_time_s, window_scores : ndarray, shape (n_windows,)
        Middle of each window, s, and its score.
    joint_time_s : ndarray, shape (n_times,)
    joint_time_scores : ndarray, shape (n_times, n_joints)
        Deviation per moment and joint; 1 is typical.
    joint_names : list of str
    overlay : Path or None
        The overlay video, when one was made.
    """

    summary: AnalysisSummary
    window_time_s: NDArray[np.float64]
    window_scores: NDArray[np.float64]
    window_limit: float
    joint_time_s: NDArray[np.float64]
    joint_time_scores: NDArray[np.float64]
    joint_names: list[str]
    overlay: Path | None

    @property
    def joints(self) -> dict[str, float]:
        """Deviation of each joint over the whole walk; 1 is typical."""
        return self.summary.joints


def list_analyses(workspace: Workspace, baseline_id: str | None = None) -> list[AnalysisSummary]:
    """Return the analysed walks, newest first, optionally of one baseline; a damaged one is left out."""
    found = []
    for folder in workspace.folders("analyses", "analysis.json"):
        try:
            summary = AnalysisSummary.from_dict(read_json(folder / "analysis.json"))
        except (InputError, TypeError, StorageError, NotFoundError):
            continue
        if baseline_id is None or summary.baseline_id == baseline_id:
            found.append(summary)
    return sorted(found, key=lambda summary: summary.created_s, reverse=True)


def load_analysis(workspace: Workspace, analysis_id: str) -> StoredAnalysis:
    """Return one analysed walk.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    folder = workspace.analysis_folder(analysis_id)
    summary = AnalysisSummary.from_dict(read_json(folder / "analysis.json"))
    arrays = load_arrays(folder / "scores.npz")
    overlay = folder / "overlay.mp4"
    return StoredAnalysis(
        summary=summary,
        window_time_s=arrays["window_time_s"],
        window_scores=arrays["window_scores"],
        window_limit=float(arrays["window_limit"]),
        joint_time_s=arrays["joint_time_s"],
        joint_time_scores=arrays["joint_time_scores"],
        joint_names=[str(name) for name in arrays["joint_names"]],
        overlay=overlay if overlay.is_file() else None,
    )


def delete_analysis(workspace: Workspace, analysis_id: str) -> None:
    """Delete one analysed walk with its overlay."""
    workspace.delete_folder("analyses", analysis_id)
