"""Analysed walks as they lie on disk.

::

    analyses/<id>/
      analysis.json   level, score, warnings, facts; its seal covers it and scores.npz
      scores.npz      scores window by window and moment by moment
      overlay.mp4     the video with what was found
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import Settings
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.storage.check import SealCheck
from gait_core.storage.damaged import DamagedItem, read_each
from gait_core.storage.records import read_record
from gait_core.storage.seal import SEAL, sealed
from gait_core.workspace import Workspace, read_json, whole_folder, write_json

__all__ = [
    "AnalysisSummary",
    "StoredAnalysis",
    "damaged_analyses",
    "delete_analysis",
    "list_analyses",
    "load_analysis",
    "read_summary",
    "save_analysis",
    "verify_analysis",
]

_SUMMARY: Final = "analysis.json"
_SCORES: Final = "scores.npz"
_REMEDY: Final = "Delete the analysis and analyse the walk again; its landmarks come from the cache."


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
    """Return the analysed walks that can be read; see `damaged_analyses` for the others.

    Parameters
    ----------
    workspace : Workspace
    baseline_id : str, optional
        Only walks compared with this baseline; default: all.

    Returns
    -------
    list of AnalysisSummary
        Newest first.
    """
    found, _ = read_each(workspace.entries("analyses"), read_summary)
    wanted = [one for one in found if baseline_id is None or one.baseline_id == baseline_id]
    return sorted(wanted, key=lambda summary: summary.created_s, reverse=True)


def damaged_analyses(workspace: Workspace) -> list[DamagedItem]:
    """Return the analyses that cannot be read.

    Returns
    -------
    list of DamagedItem
        What is wrong with each and what can be done; oldest identifier first.
    """
    return read_each(workspace.entries("analyses"), read_summary)[1]


def save_analysis(workspace: Workspace, summary: AnalysisSummary, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Store an analysed walk whole and sealed.

    Parameters
    ----------
    workspace : Workspace
    summary : AnalysisSummary
    arrays : mapping of str to ndarray
        The curves of `StoredAnalysis`, by their names.

    Raises
    ------
    StorageError
        When the place is read-only or full; nothing stays behind.
    """
    with whole_folder(workspace.analysis_folder(summary.id)) as folder:
        save_arrays(folder / _SCORES, arrays)
        write_json(folder / _SUMMARY, sealed(summary.to_dict(), folder, [_SCORES]))


def read_summary(folder: Path) -> AnalysisSummary:
    """Read one analysed walk without its curves, after comparing it with its seal.

    Returns
    -------
    AnalysisSummary
        Everything in ``analysis.json`` but the seal.

    Raises
    ------
    NotFoundError
        When there is none.
    StorageError
        When it is damaged, or is not what was stored.
    """
    what = f"the analysis {folder.name}"
    values = read_record(folder / _SUMMARY, AnalysisSummary, what=what, remedy=_REMEDY)
    try:
        return AnalysisSummary.from_dict(values)
    except (InputError, TypeError) as error:
        raise StorageError(
            f"Expected {what} as Gait Studio stores it, but {_SUMMARY} is not: {error}", _REMEDY
        ) from error


def load_analysis(workspace: Workspace, analysis_id: str) -> StoredAnalysis:
    """Return one analysed walk with its curves.

    Returns
    -------
    StoredAnalysis
        Its `overlay` is None where there is no overlay video.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    StorageError
        When it is damaged, or is not what was stored.
    """
    folder = workspace.analysis_folder(analysis_id)
    summary = read_summary(folder)
    overlay = folder / "overlay.mp4"
    try:
        return StoredAnalysis(
            summary=summary, overlay=overlay if overlay.is_file() else None, **_curves(load_arrays(folder / _SCORES))
        )
    except (NotFoundError, KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"Expected the curves of the analysis {folder.name} as Gait Studio stores them, but {_SCORES} does not "
            f"hold them ({error}).",
            _REMEDY,
        ) from error


def verify_analysis(workspace: Workspace, analysis_id: str) -> SealCheck:
    """Compare a stored analysis with its seal.

    Returns
    -------
    SealCheck
        ``changed`` also when a file is missing or cannot be read, ``unsealed`` when an earlier version stored the
        analysis without a seal; `message` gives the reason.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    folder = workspace.analysis_folder(analysis_id)
    if not folder.is_dir():
        raise NotFoundError(
            f"Expected an analysis {analysis_id!r}, but there is none.", "Look at the list of analyses."
        )
    try:
        summary = load_analysis(workspace, analysis_id).summary
        sealed_since = SEAL in read_json(folder / _SUMMARY)
    except (StorageError, NotFoundError) as error:
        return SealCheck(name=analysis_id, state="changed", message=error.message, remedy=error.remedy or _REMEDY)
    if not sealed_since:
        words = "An earlier version stored this analysis and did not seal it."
        return SealCheck(name=analysis_id, state="unsealed", message=words, remedy="Analyse the walk again.")
    level = "no level" if summary.level is None else f"level {summary.level}"
    score = "" if summary.score is None else f", score {summary.score:.2f}"
    return SealCheck(
        name=analysis_id,
        state="intact",
        message=f"The analysis of {summary.name} is as it was stored: {level}{score}.",
        files=(_SUMMARY, _SCORES),
    )


def _curves(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    names = [str(name) for name in arrays["joint_names"]]
    lengths = {
        name: np.asarray(arrays[name], np.float64) for name in ("window_time_s", "window_scores", "joint_time_s")
    }
    by_joint = np.asarray(arrays["joint_time_scores"], np.float64)
    windows, moments = len(lengths["window_time_s"]), len(lengths["joint_time_s"])
    shapes = {name: values.shape for name, values in (*lengths.items(), ("joint_time_scores", by_joint))}
    wanted = {
        "window_time_s": (windows,),
        "window_scores": (windows,),
        "joint_time_s": (moments,),
        "joint_time_scores": (moments, len(names)),
    }
    if shapes != wanted:
        raise ValueError(f"shapes {shapes}")
    return {
        **lengths,
        "joint_time_scores": by_joint,
        "joint_names": names,
        "window_limit": float(arrays["window_limit"]),
    }


def delete_analysis(workspace: Workspace, analysis_id: str) -> None:
    """Delete one analysed walk with its overlay."""
    workspace.delete_folder("analyses", analysis_id)
