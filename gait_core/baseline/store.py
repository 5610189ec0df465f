"""Baselines as they lie on disk; reading them loads no training library.

::

    baselines/<id>/
      manifest.json          inputs by content, settings, model hashes, versions, durations, walks
      baseline_model.keras   the autoencoder
      scorer.npz             its weights for NumPy, the person's codes, the scale of each feature
      calibration.json       speed, frame rate, scale, feature statistics, window settings, conditions
      thresholds.json        the limits
      validation.npz         scores of the held-out walks, window by window
      variants/<name>.json   other limits that a researcher saved
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.analyses import delete_analysis, list_analyses
from gait_core.baseline.artefacts import SealState, check_variant, read_manifest
from gait_core.baseline.calibration import Calibration
from gait_core.baseline.manifest import BaselineManifest, WalkFacts
from gait_core.baseline.thresholds import Reference, Thresholds, compute_thresholds
from gait_core.cache.archive import load_arrays
from gait_core.config import Profile, Settings, ThresholdSettings
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.storage.damaged import DamagedItem, read_each
from gait_core.storage.seal import sealed
from gait_core.storage.stored_format import StoredFormat
from gait_core.workspace import Workspace, read_json, safe_name, write_json

__all__ = [
    "BaselineSummary",
    "StoredBaseline",
    "ValidationScores",
    "damaged_baselines",
    "delete_baseline",
    "list_baselines",
    "load_baseline",
    "save_variant",
]

_THRESHOLDS_FORMAT: Final = StoredFormat(newest=1, keys=("watch", "alert"))


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
        """Build from the output of `to_arrays`."""
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
    """A baseline with everything that pages and scoring need.

    `seal` states what it could be checked against when it was read: see `gait_core.baseline.artefacts.SealState`.
    """

    id: str
    folder: Path = field(repr=False)
    manifest: BaselineManifest
    calibration: Calibration
    thresholds: Thresholds
    reference: Reference | None
    seal: SealState = "unsealed"

    @property
    def subject(self) -> str:
        """Pseudonym of the person."""
        return self.manifest.subject

    @property
    def profile(self) -> Profile | None:
        """The performance profile as it was then; None for a baseline of a version that kept its name only."""
        return self.manifest.profile_settings

    @property
    def decoding(self) -> str:
        """How the landmarks of its walks were read from the pose model; empty where no engine saw them."""
        return next((walk.decoding for walk in self.walks if walk.used), "")

    @property
    def walks(self) -> tuple[WalkFacts, ...]:
        """The walks that it was made from."""
        return self.manifest.walks

    @property
    def validation(self) -> ValidationScores:
        """Scores of the held-out walks."""
        path = self.folder / "validation.npz"
        try:
            return ValidationScores.from_arrays(load_arrays(path))
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise StorageError(
                f"Expected the scores of the held-out walks in {path}, but it does not hold them ({error}).",
                "Create the baseline again from the same videos; their landmarks come from the cache.",
            ) from error

    def thresholds_with(self, settings: ThresholdSettings) -> Thresholds:
        """Return the limits that other settings would give."""
        return compute_thresholds(self.validation.walk_scores, settings, self.reference)

    def variants(self) -> dict[str, Thresholds]:
        """Return the saved variants by name, oldest first."""
        found = sorted((self.folder / "variants").glob("*.json"), key=lambda path: path.stat().st_mtime)
        return dict(_variant(path) for path in found)


def load_baseline(workspace: Workspace, baseline_id: str) -> StoredBaseline:
    """Return a baseline after comparing every file of it with the seal in its manifest.

    Returns
    -------
    StoredBaseline
        Its `seal` states how much could be compared.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    StorageError
        When it is damaged, or a file is not what was stored.
    """
    folder = workspace.baseline_folder(baseline_id)
    if not folder.is_dir():
        known = ", ".join(entry.name for entry in workspace.folders("baselines", "manifest.json")[-5:]) or "none"
        raise NotFoundError(
            f"Expected a baseline {baseline_id!r}, but there is none; the latest are: {known}.",
            "Copy the name from `baseline list` or from the Library page.",
        )
    return _read(folder)


def _read(folder: Path) -> StoredBaseline:
    manifest, seal = _whole_manifest(folder)
    thresholds, reference = _thresholds(folder)
    return StoredBaseline(
        id=folder.name,
        folder=folder,
        manifest=manifest,
        calibration=Calibration.from_dict(read_json(folder / "calibration.json"), f"{folder.name}/calibration.json"),
        thresholds=thresholds,
        reference=reference,
        seal=seal,
    )


def _whole_manifest(folder: Path) -> tuple[BaselineManifest, SealState]:
    try:
        return read_manifest(folder)
    except NotFoundError as error:
        raise StorageError(
            f"Expected the baseline {folder.name} with its manifest, but manifest.json is missing.",
            "Restore the file from a backup, or delete the baseline and create it again.",
        ) from error


def list_baselines(workspace: Workspace) -> list[BaselineSummary]:
    """Return the baselines that can be used; see `damaged_baselines` for the others.

    Returns
    -------
    list of BaselineSummary
        Newest first.
    """
    found, _ = read_each(workspace.entries("baselines"), _summary)
    return sorted(found, key=lambda summary: summary.created_s, reverse=True)


def damaged_baselines(workspace: Workspace) -> list[DamagedItem]:
    """Return the baselines that cannot be used.

    Returns
    -------
    list of DamagedItem
        What is wrong with each and what can be done; oldest identifier first.
    """
    return read_each(workspace.entries("baselines"), _summary)[1]


def _summary(folder: Path) -> BaselineSummary:
    manifest, seal = _whole_manifest(folder)
    if seal == "unsealed":
        _read(folder)  # no seal covers the other files
    return BaselineSummary(
        id=folder.name,
        subject=manifest.subject,
        created_s=manifest.created_s,
        n_walks=len(manifest.walks),
        profile=manifest.profile,
        mode=manifest.training.mode,
        path=str(folder),
    )


def _variant(path: Path) -> tuple[str, Thresholds]:
    values = read_json(path)
    thresholds = _THRESHOLDS_FORMAT.read(values, f"variants/{path.name}", Thresholds.from_dict)
    check_variant(values, path)
    return path.stem, thresholds


def _thresholds(folder: Path) -> tuple[Thresholds, Reference | None]:
    def build(stored: Mapping[str, Any]) -> tuple[Thresholds, Reference | None]:
        reference = stored.get("reference")
        return Thresholds.from_dict(stored), Reference.from_dict(reference) if reference else None

    source = f"{folder.name}/thresholds.json"
    return _THRESHOLDS_FORMAT.read(read_json(folder / "thresholds.json"), source, build)


def delete_baseline(workspace: Workspace, baseline_id: str) -> None:
    """Delete a baseline and every analysis that was made with it."""
    for analysis in list_analyses(workspace, baseline_id):
        delete_analysis(workspace, analysis.id)
    workspace.delete_folder("baselines", baseline_id)


def save_variant(workspace: Workspace, baseline_id: str, name: str, settings: ThresholdSettings) -> Path:
    """Save limits under a name; an existing name is never overwritten.

    Parameters
    ----------
    workspace : Workspace
    baseline_id : str
    name : str
        Reduced to lower-case letters, digits, ``-`` and ``_`` for the name of the file.
    settings : ThresholdSettings
        From which the limits are computed, with the scores of the baseline's held-out walks.

    Returns
    -------
    Path
        The file, in ``variants`` beside the baseline's other files.

    Raises
    ------
    InputError
        When the name is taken or empty.
    NotFoundError
        When there is no such baseline.
    StorageError
        When the baseline is damaged, or the workspace is read-only or full.
    """
    stored = load_baseline(workspace, baseline_id)
    cleaned = safe_name(name, fallback="")
    if not cleaned:
        raise InputError("Expected a name with letters or digits, but got none.", "Give the variant a name.")
    path = stored.folder / "variants" / f"{cleaned}.json"
    if path.exists():
        raise InputError(f"Expected a new name, but the variant {cleaned!r} exists.", "Choose another name.")
    write_json(path, sealed(stored.thresholds_with(settings).to_dict(), path.parent))
    return path
