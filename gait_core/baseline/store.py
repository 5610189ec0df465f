"""Baselines and analyses as they lie on disk; reading them loads no training library.

::

    baselines/<id>/
      manifest.json          inputs by content, settings, model hashes, versions, durations, walks
      baseline_model.keras   the autoencoder
      scorer.npz             its weights for NumPy, the person's codes, the scale of each feature
      calibration.json       speed, frame rate, scale, feature statistics, window settings, conditions
      thresholds.json        the limits
      validation.npz         scores of the held-out walks, window by window
      variants/<name>.json   other limits that a researcher saved
    analyses/<id>/
      analysis.json, scores.npz, overlay.mp4
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.thresholds import Reference, Thresholds, compute_thresholds
from gait_core.config import Settings, ThresholdSettings
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.workspace import Workspace, read_json, safe_name, write_atomic, write_json

__all__ = [
    "AnalysisSummary",
    "BaselineSummary",
    "StoredAnalysis",
    "StoredBaseline",
    "ValidationScores",
    "delete_analysis",
    "delete_baseline",
    "list_analyses",
    "list_baselines",
    "load_analysis",
    "load_arrays",
    "load_baseline",
    "save_arrays",
    "save_variant",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class ValidationScores:
    """Scores of the baseline's own walks, each held out in turn.

    Attributes
    ----------
    walk_names : list of str
    walk_scores : ndarray, shape (n_walks,)
        Unitless; 1 is typical.
    window_scores, window_time_s : list of ndarray, shape (n_windows_of_walk,)
        Scores of the windows and the time of their middle, s.
    joint_scores : ndarray, shape (n_walks, n_joints)
        The same per joint; 1 is typical of that joint.
    joint_names : list of str
    """

    walk_names: list[str]
    walk_scores: NDArray[np.float64]
    window_scores: list[NDArray[np.float64]]
    window_time_s: list[NDArray[np.float64]]
    joint_scores: NDArray[np.float64]
    joint_names: list[str]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return flat arrays for `save_arrays`."""
        return {
            "walk_names": np.array(self.walk_names, dtype=np.str_),
            "walk_scores": self.walk_scores,
            "window_scores": np.concatenate(self.window_scores),
            "window_time_s": np.concatenate(self.window_time_s),
            "window_counts": np.array([len(scores) for scores in self.window_scores]),
            "joint_scores": self.joint_scores,
            "joint_names": np.array(self.joint_names, dtype=np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `to_arrays` gave."""
        cuts = np.cumsum(arrays["window_counts"])[:-1]
        return cls(
            walk_names=[str(name) for name in arrays["walk_names"]],
            walk_scores=arrays["walk_scores"],
            window_scores=np.split(arrays["window_scores"], cuts),
            window_time_s=np.split(arrays["window_time_s"], cuts),
            joint_scores=arrays["joint_scores"],
            joint_names=[str(name) for name in arrays["joint_names"]],
        )


@dataclass(frozen=True, kw_only=True)
class BaselineSummary(Settings):
    """One line of the list of baselines."""

    id: str
    subject: str
    created_s: float
    n_walks: int
    profile: str
    mode: str
    path: str


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredBaseline:
    """A baseline with everything that pages and scoring need."""

    id: str
    folder: Path = field(repr=False)
    manifest: dict[str, Any]
    calibration: dict[str, Any]
    thresholds: Thresholds
    reference: Reference | None

    @property
    def subject(self) -> str:
        """Pseudonym of the person."""
        return str(self.manifest["subject"])

    @property
    def walks(self) -> list[dict[str, Any]]:
        """The walks that it was made from."""
        return list(self.manifest["walks"])

    @property
    def validation(self) -> ValidationScores:
        """Scores of the held-out walks."""
        return ValidationScores.from_arrays(load_arrays(self.folder / "validation.npz"))

    def thresholds_with(self, settings: ThresholdSettings) -> Thresholds:
        """Return the limits that other settings would give."""
        return compute_thresholds(self.validation.walk_scores, settings, self.reference)

    def variants(self) -> dict[str, Thresholds]:
        """Return the saved variants by name, oldest first."""
        found = sorted((self.folder / "variants").glob("*.json"), key=lambda path: path.stat().st_mtime)
        return {path.stem: Thresholds.from_dict(read_json(path)) for path in found}


@dataclass(frozen=True, kw_only=True)
class AnalysisSummary(Settings):
    """One analysed walk, without its curves."""

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


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as one ``.npz`` file, atomically and without pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    write_atomic(path, buffer.getvalue())


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `save_arrays` wrote.

    Raises
    ------
    NotFoundError, StorageError
        When the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise NotFoundError(f"Expected {path.name} in {path.parent}, but it is not there.", "Make it again.") from None
    except (ValueError, OSError, zipfile.BadZipFile, KeyError, EOFError) as error:
        raise StorageError(
            f"Expected arrays in {path}, but the file is damaged.", "Make the baseline again."
        ) from error


def load_baseline(workspace: Workspace, baseline_id: str) -> StoredBaseline:
    """Return a baseline.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    folder = workspace.baseline_folder(baseline_id)
    if not (folder / "manifest.json").is_file():
        known = ", ".join(entry.name for entry in workspace.folders("baselines", "manifest.json")[-5:]) or "none"
        raise NotFoundError(
            f"Expected a baseline {baseline_id!r}, but there is none; the latest are: {known}.",
            "Copy the name from `baseline list` or from the Library page.",
        )
    stored = read_json(folder / "thresholds.json")
    reference = stored.get("reference")
    return StoredBaseline(
        id=baseline_id,
        folder=folder,
        manifest=read_json(folder / "manifest.json"),
        calibration=read_json(folder / "calibration.json"),
        thresholds=Thresholds.from_dict(stored),
        reference=Reference.from_dict(reference) if reference else None,
    )


def list_baselines(workspace: Workspace) -> list[BaselineSummary]:
    """Return all baselines, newest first; a damaged one is left out."""
    found = []
    for folder in workspace.folders("baselines", "manifest.json"):
        try:
            manifest = read_json(folder / "manifest.json")
            found.append(
                BaselineSummary(
                    id=folder.name,
                    subject=manifest["subject"],
                    created_s=manifest["created_s"],
                    n_walks=len(manifest["walks"]),
                    profile=manifest["profile"],
                    mode=manifest["training"]["mode"],
                    path=str(folder),
                )
            )
        except (KeyError, TypeError, StorageError, NotFoundError):
            continue
    return sorted(found, key=lambda summary: summary.created_s, reverse=True)


def delete_baseline(workspace: Workspace, baseline_id: str) -> None:
    """Delete a baseline and every analysis that was made with it."""
    for analysis in list_analyses(workspace, baseline_id):
        delete_analysis(workspace, analysis.id)
    workspace.delete_folder("baselines", baseline_id)


def save_variant(workspace: Workspace, baseline_id: str, name: str, settings: ThresholdSettings) -> Path:
    """Save limits under a name; an existing name is never overwritten.

    Raises
    ------
    InputError
        When the name is taken or empty.
    """
    stored = load_baseline(workspace, baseline_id)
    cleaned = safe_name(name, fallback="")
    if not cleaned:
        raise InputError("Expected a name with letters or digits, but got none.", "Give the variant a name.")
    path = stored.folder / "variants" / f"{cleaned}.json"
    if path.exists():
        raise InputError(f"Expected a new name, but the variant {cleaned!r} exists.", "Choose another name.")
    write_json(path, stored.thresholds_with(settings).to_dict())
    return path


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
