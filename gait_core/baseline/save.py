"""Writes a baseline: filled under another name and renamed in one step, so that it exists whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from gait_core.baseline.artefacts import ARTEFACTS, write_manifest
from gait_core.baseline.calibration import Calibration
from gait_core.baseline.fit import Fitted
from gait_core.baseline.manifest import BaselineManifest
from gait_core.baseline.model_choice import SavableModel
from gait_core.baseline.norms import Norms
from gait_core.baseline.reconstruction import by_part
from gait_core.baseline.store import ValidationScores
from gait_core.baseline.thresholds import Reference, Thresholds
from gait_core.cache.archive import save_arrays
from gait_core.gait.features import JOINTS
from gait_core.walks.prepare import PreparedWalk
from gait_core.workspace import Workspace, name_id, safe_name, whole_folder, write_json

__all__ = ["ARTEFACTS", "remember_walk", "save_baseline"]


def save_baseline(
    workspace: Workspace,
    baseline_id: str,
    *,
    model: SavableModel,
    fitted: Fitted,
    thresholds: Thresholds,
    reference: Reference | None,
    walks: Sequence[PreparedWalk],
    norms: Norms,
    calibration: Calibration,
    manifest: BaselineManifest,
) -> dict[str, str]:
    """Store a baseline, its subject and its walks.

    Parameters
    ----------
    workspace : Workspace
    baseline_id : str
        Name of the folder under ``baselines``.
    model : SavableModel
        The autoencoder.
    fitted : Fitted
        Its scorer and the scores of the held-out walks.
    thresholds : Thresholds
    reference : Reference or None
        Scores of other people that the limits were set from; stored beside them, so that other limits can be computed
        later. None where there are none for so few walks.
    walks : sequence of PreparedWalk
        In the order of `fitted.held_out`; each is entered into the catalogue.
    norms : Norms
    calibration : Calibration
    manifest : BaselineManifest
        Names the subject; written and sealed last.

    Returns
    -------
    dict of str to str
        Role of each of `ARTEFACTS` → path of its file.

    Raises
    ------
    StorageError
        When the disk is full or read-only; nothing stays behind.
    """
    folder = workspace.baseline_folder(baseline_id)
    with whole_folder(folder) as temporary:
        model.save(temporary / ARTEFACTS["model"])
        save_arrays(temporary / ARTEFACTS["scorer"], fitted.scorer.to_arrays())
        save_arrays(temporary / ARTEFACTS["validation"], _validation(fitted, walks, calibration).to_arrays())
        norms.save(temporary)
        write_json(temporary / ARTEFACTS["calibration"], calibration.to_dict())
        write_json(
            temporary / ARTEFACTS["thresholds"],
            thresholds.to_dict() | {"reference": reference.to_dict() if reference is not None else None},
        )
        write_manifest(temporary, manifest, baseline_id)
    _remember(workspace, manifest.subject, walks)
    return {name: str(folder / file) for name, file in ARTEFACTS.items()}


def _validation(fitted: Fitted, walks: Sequence[PreparedWalk], calibration: Calibration) -> ValidationScores:
    joints = [by_part(score.by_feature() / calibration.typical_by_feature) for score in fitted.held_out]
    return ValidationScores(
        walk_names=[walk.name for walk in walks],
        walk_scores=fitted.held_out_raw / calibration.typical_score,
        window_scores=[score.window_scores / calibration.typical_window for score in fitted.held_out],
        window_time_s=[walk.windows.middle_s for walk in walks],
        joint_scores=np.array(joints),
        joint_names=list(JOINTS),
    )


def _remember(workspace: Workspace, subject: str, walks: Sequence[PreparedWalk]) -> None:
    """Enter the subject and the walks into the catalogue."""
    if not any(record.get("name") == subject for record in workspace.records("subjects")):
        subject_id = name_id(subject)
        workspace.save_record("subjects", {"id": subject_id, "name": subject, "created_s": time.time()})
    for walk in walks:
        remember_walk(workspace, subject, walk)


def remember_walk(workspace: Workspace, subject: str, walk: PreparedWalk) -> None:
    """Enter one walk of one subject into the catalogue, under its content.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Pseudonym.
    walk : PreparedWalk
        Only the facts of its `summary` are stored; an earlier entry of the same subject and content is replaced.
    """
    record_id = f"{walk.content_sha256[:20]}-{name_id(subject, 50)}"
    earlier_id = f"{walk.content_sha256[:20]}-{safe_name(subject)[:40]}"
    earlier = workspace.record("walks", earlier_id) if earlier_id != record_id else None
    if earlier is not None and earlier.get("subject") == subject:
        workspace.delete_record("walks", earlier_id)  # an earlier version named it without telling names apart
    workspace.save_record("walks", {"id": record_id, "subject": subject, "used_s": time.time(), **walk.summary()})
