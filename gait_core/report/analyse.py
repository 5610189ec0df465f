"""Analyses later walks: compares each with a baseline, draws the overlay, stores what came out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.baseline.analyses import AnalysisSummary
from gait_core.baseline.arrays import save_arrays
from gait_core.baseline.norms import Norms
from gait_core.baseline.save import remember_walk
from gait_core.baseline.score import Comparison, compare, load_scorer
from gait_core.baseline.store import StoredBaseline, load_baseline
from gait_core.baseline.walks import PreparedWalk, prepare_walks
from gait_core.config import FeatureSettings, profile_named
from gait_core.errors import GaitError, WalkRefused, WalkWarning
from gait_core.gait.features import JOINTS, joint_label
from gait_core.gait.identity import compare_people, one_person
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.progress import Reporter
from gait_core.report.measure import measure_prepared
from gait_core.report.measurements import MeasuredWalk
from gait_core.report.overlay import write_overlay
from gait_core.workspace import Workspace, new_id, safe_name, whole_folder, write_json

__all__ = ["analyse_walks"]


def analyse_walks(
    videos: Sequence[str],
    baseline_id: str,
    workspace: Workspace,
    reporter: Reporter,
    *,
    profile: str | None = None,
    person: str = "auto",
    overlay: bool = True,
) -> dict[str, Any]:
    """Compare walks with a baseline.

    Parameters
    ----------
    videos : sequence of str
    baseline_id : str
    workspace : Workspace
    reporter : Reporter
    profile : str, optional
        Default: the profile of the baseline; another one makes the comparison doubtful and says so.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    overlay : bool
        Also write the overlay videos.

    Returns
    -------
    dict
        ``walks``: one entry per video, in order; a video that failed has ``error``.

    Raises
    ------
    NotFoundError
        When there is no such baseline.
    """
    stored = load_baseline(workspace, baseline_id)
    workspace.check_writable()
    chosen = profile or str(stored.manifest["profile"])
    if chosen != stored.manifest["profile"]:
        reporter.warn(
            "probe",
            f"The baseline was made with the profile {stored.manifest['profile']!r}, this analysis uses {chosen!r}: "
            "differences may come from that.",
        )
    settings = profile_named(chosen, workspace.profiles)
    sides = stored.calibration["conditions"]["visible_sides"]
    outcomes = prepare_walks(
        [Path(video) for video in videos],
        settings.pose_settings().with_(person=person),
        FeatureSettings.from_dict(stored.calibration["windows"]),
        workspace,
        reporter,
        limits=settings.limits(),
        side=sides[0] if len(sides) == 1 else None,
    )
    scorer, norms = load_scorer(stored), Norms.load(stored.folder)
    walks: list[dict[str, Any]] = []
    pairs: list[tuple[PreparedWalk, Comparison, str]] = []
    with reporter.stage("score", "Comparing with the baseline"):
        for video, outcome in zip(videos, outcomes, strict=True):
            reporter.check()
            if isinstance(outcome, GaitError):
                reporter.warn("score", f"{outcome.message} {outcome.remedy}", item=Path(video).name)
                walks.append(_failed(video, outcome))
                continue
            comparison = compare(outcome, stored, scorer)
            measured = _measured(outcome, workspace, stored, chosen)
            comparison = replace(comparison, warnings=(*comparison.warnings, *_person_doubt(measured, norms)))
            summary = _summary(outcome, comparison, stored, measured)
            pairs.append((outcome, comparison, summary.id))
            walks.append(_answer(summary))
            _store(workspace, summary, comparison)
            remember_walk(workspace, stored.subject, outcome)
    if overlay and pairs:
        with reporter.stage("overlay", "Drawing the overlay video"):
            for walk, comparison, analysis_id in pairs:
                write_overlay(workspace.analysis_folder(analysis_id) / "overlay.mp4", walk, comparison, reporter)
    return {"baseline_id": baseline_id, "walks": walks, "timing_s": reporter.timing_s}


def _failed(video: str, error: GaitError) -> dict[str, Any]:
    return {
        "path": video,
        "name": Path(video).name,
        "level": None,
        "score": None,
        "share_over_threshold": None,
        "joints": {},
        "warnings": [],
        "error": error.to_dict(),
    }


def _measured(walk: PreparedWalk, workspace: Workspace, stored: StoredBaseline, profile: str) -> MeasuredWalk | None:
    """Measure the same walk, with the scale that the baseline was given; None where no gait can be measured."""
    scale = ScaleInput.from_dict(stored.calibration.get("scale_input") or {})
    if scale.kind == "speed":
        scale = ScaleInput()  # the speed of the baseline's walks says nothing of this one
    try:
        return measure_prepared(walk, workspace, subject=stored.subject, profile=profile, scale=scale)
    except WalkRefused:
        return None


def _person_doubt(measured: MeasuredWalk | None, norms: Norms | None) -> list[WalkWarning]:
    """Warn when the proportions of the body are not those of the baseline; a group of people has none of its own."""
    if measured is None or norms is None or not one_person(norms.proportions):
        return []
    verdict = compare_people(measured.measurement.proportions, norms.proportions)
    return [WalkWarning(code="other_person", message=verdict.sentence)] if verdict.same is False else []


def _summary(
    walk: PreparedWalk, comparison: Comparison, stored: StoredBaseline, measured: MeasuredWalk | None
) -> AnalysisSummary:
    return AnalysisSummary(
        id=new_id(safe_name(walk.path.stem, "walk")[:30]),
        baseline_id=stored.id,
        subject=stored.subject,
        name=walk.name,
        path=str(walk.path),
        content_sha256=walk.content_sha256,
        created_s=time.time(),
        level=comparison.level,
        score=comparison.score,
        share_over_threshold=comparison.share_over_threshold,
        joints=comparison.joints,
        warnings=[warning.to_dict() for warning in comparison.warnings],
        thresholds={key: value for key, value in stored.thresholds.to_dict().items() if key != "settings"},
        facts=walk.summary(),
        measurement_id=measured.id if measured is not None else "",
    )


def _answer(summary: AnalysisSummary) -> dict[str, Any]:
    return {
        "path": summary.path,
        "name": summary.name,
        "analysis_id": summary.id,
        "measurement_id": summary.measurement_id,
        "level": summary.level,
        "score": summary.score,
        "share_over_threshold": summary.share_over_threshold,
        "joints": summary.joints,
        "warnings": summary.warnings,
        "frames": summary.facts["frames"],
        "detection_rate": summary.facts["detection_rate"],
        "cached": summary.facts["cached"],
    }


def _store(workspace: Workspace, summary: AnalysisSummary, comparison: Comparison) -> None:
    with whole_folder(workspace.analysis_folder(summary.id)) as temporary:
        write_json(temporary / "analysis.json", summary.to_dict())
        save_arrays(
            temporary / "scores.npz",
            {
                "window_time_s": comparison.window_time_s,
                "window_scores": comparison.window_scores,
                "window_limit": np.array(comparison.window_limit),
                "joint_time_s": comparison.joint_time_s,
                "joint_time_scores": comparison.joint_time_scores,
                "joint_names": np.array(_joint_names(summary), dtype=np.str_),
            },
        )


def _joint_names(summary: AnalysisSummary) -> list[str]:
    return [joint_label(joint, str(summary.facts["visible_side"])) for joint in JOINTS]
