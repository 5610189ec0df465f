"""What a worker does with one walk: compares it with the baseline, measures it, stores both; draws the overlay.

The identifiers are given from outside. A task that is run again, because its worker died or only seemed to, finds
what the first run has stored and stores nothing beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.baseline.analyses import AnalysisSummary, load_analysis, read_summary, save_analysis
from gait_core.baseline.assessment import Assessment, ScoringBaseline, assess
from gait_core.baseline.save import remember_walk
from gait_core.baseline.store import StoredBaseline
from gait_core.cache import ArrayCache, waiting_lock
from gait_core.config import PoseSettings, Settings
from gait_core.errors import GaitError, NotFoundError, WalkRefused, WalkWarning
from gait_core.gait.cleaned_walk import repaired_landmarks
from gait_core.gait.features import JOINTS, joint_label
from gait_core.gait.gate import further_warnings
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.pose.extract import ExtractedWalk, extract_track, load_walk
from gait_core.progress import Reporter
from gait_core.report.overlay import write_overlay
from gait_core.runtime.workers import in_worker
from gait_core.walks.measurements import MeasuredWalk
from gait_core.walks.prepare import PreparedWalk, prepare_walk
from gait_core.walks.repaired import keep_repaired, repaired_of
from gait_core.workflows.classify_walk import WalkClassifiers
from gait_core.workflows.guard import warning_of
from gait_core.workflows.measure import measure_prepared
from gait_core.workflows.walk_doubts import doubts_about, with_decoding_doubt
from gait_core.workspace import Workspace

__all__ = ["SameProcess", "WalkToScore", "draw_task", "score_task"]

_NO_STRIDE = "No complete stride could be measured, so there is nothing that could be compared with the baseline."
_REMEDY = "Run again; if it fails again, send the log to the developers."


@dataclass(frozen=True, kw_only=True)
class WalkToScore(Settings):
    """One walk and all that a worker has to know of it.

    Attributes
    ----------
    path : str
        Absolute.
    address : str
        Where its landmarks lie in the cache.
    cached : bool
        What is reported of the walk: whether they lay there before.
    baseline_id, profile : str
    pose : mapping
        Fields of `PoseSettings`, for landmarks that have left the cache meanwhile.
    analysis_id, measurement_id : str
        Under which the results are to be stored.
    created_s : float
        When they count as made, s since 1970.
    workspace : str
    mark : str
        File of the run, see `gait_core.runtime.workers`.
    guard : mapping
        What the guard against the wrong person says, see `gait_core.workflows.guard`; empty where it was off.
    classifiers : sequence of str
        Names of the promoted models that are applied as well.
    overlay : bool
        Whether an overlay video is drawn afterwards.
    """

    path: str
    address: str
    cached: bool
    baseline_id: str
    profile: str
    analysis_id: str
    measurement_id: str
    created_s: float
    workspace: str
    mark: str
    pose: Mapping[str, Any] = field(default_factory=dict)
    guard: Mapping[str, Any] = field(default_factory=dict)
    classifiers: Sequence[str] = ()
    overlay: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class SameProcess:
    """What a worker within the process of the run is handed, so that nothing is loaded or prepared twice.

    Attributes
    ----------
    reporter : Reporter
        Of the run.
    baseline : ScoringBaseline
    walks : mapping of str to PreparedWalk
        By the identifier of their analyses; those that are missing are prepared by the worker.
    classifiers : WalkClassifiers
        The promoted models that are applied as well.
    """

    reporter: Reporter
    baseline: ScoringBaseline
    walks: Mapping[str, PreparedWalk]
    classifiers: WalkClassifiers


def score_task(task: Mapping[str, Any], attempt: int, here: SameProcess | None = None) -> dict[str, Any]:  # noqa: ARG001
    """Score and measure one walk and store both; return the summary as ``summary``.

    Parameters
    ----------
    task : mapping
        Fields of `WalkToScore`.
    attempt : int
        How many workers died over it before.
    here : SameProcess, optional
        For a worker within the process of the run.

    Returns
    -------
    dict
        See `gait_core.runtime.workers.in_worker`; ``summary`` holds the fields of `AnalysisSummary`.
    """
    walk = WalkToScore.from_dict(task)
    return _answer(walk, here, lambda reporter: {"summary": _scored(walk, here, reporter).to_dict()})


def draw_task(task: Mapping[str, Any], attempt: int, here: SameProcess | None = None) -> dict[str, Any]:  # noqa: ARG001
    """Draw the overlay video of one stored analysis, unless it is there already.

    Parameters
    ----------
    task : mapping
        Fields of `WalkToScore`.
    attempt : int
        How many workers died over it before.
    here : SameProcess, optional
        For a worker within the process of the run.

    Returns
    -------
    dict
        See `gait_core.runtime.workers.in_worker`; no facts are added.
    """
    walk = WalkToScore.from_dict(task)

    def work(reporter: Reporter) -> dict[str, Any]:
        workspace = Workspace(walk.workspace)
        target = workspace.analysis_folder(walk.analysis_id) / "overlay.mp4"
        if not target.is_file():
            analysis = load_analysis(workspace, walk.analysis_id)
            prepared = here.walks.get(walk.analysis_id) if here is not None else None
            if prepared is not None:
                track = repaired_landmarks(prepared.landmarks)
            else:
                track = repaired_of(_extracted(walk, workspace, reporter).track, walk.analysis_id, workspace)
            write_overlay(target, Path(walk.path), track, analysis, reporter)
        return {}

    return _answer(walk, here, work)


def _answer(walk: WalkToScore, here: SameProcess | None, work: Callable[[Reporter], dict[str, Any]]) -> dict[str, Any]:
    """Work while no other worker has the same walk: one that a scheduler gave up may still be at it."""
    mark = Path(walk.mark)

    def alone(reporter: Reporter) -> dict[str, Any]:
        with waiting_lock(mark.with_name(f"{mark.stem}-{walk.analysis_id}.lock"), reporter):
            return work(reporter)

    reporter = here.reporter if here is not None else None
    return in_worker(mark, alone, name=Path(walk.path).name, remedy=_REMEDY, reporter=reporter)


def _scored(walk: WalkToScore, here: SameProcess | None, reporter: Reporter) -> AnalysisSummary:
    workspace = Workspace(walk.workspace)
    known = workspace.analysis_folder(walk.analysis_id)
    if (known / "analysis.json").is_file():
        return read_summary(known)
    baseline = here.baseline if here is not None else ScoringBaseline.load(workspace, walk.baseline_id)
    stored = baseline.stored
    prepared = here.walks.get(walk.analysis_id) if here is not None else None
    prepared = prepared or _prepared(walk, stored, workspace, reporter)
    reporter.check()
    prepared = with_decoding_doubt(prepared, stored)
    assessment = assess(prepared, baseline)
    measured = _measured(walk, prepared, stored, workspace)
    guarded = warning_of(walk.guard)
    doubts = [*doubts_about(measured, stored, baseline.norms), *([] if guarded is None else [guarded])]
    if measured is not None:
        doubts += further_warnings(measured.measurement.checks, measured.measurement.warnings, assessment.warnings)
    if measured is None or not measured.measurement.strides:
        doubts.append(WalkWarning(code="nothing_to_compare", message=_NO_STRIDE, blocking=True))
    assessment = assessment.with_doubts(doubts)
    classifiers = here.classifiers if here is not None else WalkClassifiers(workspace, walk.classifiers)
    measurement = None if measured is None else measured.measurement
    classified = classifiers.classify(prepared, measurement, stored.calibration.windows)
    summary = _summary(walk, prepared, assessment, stored, measured, classified)
    remember_walk(workspace, stored.subject, prepared)
    if walk.overlay and here is None:  # another process draws
        keep_repaired(prepared, walk.analysis_id, workspace)
    _store(workspace, summary, assessment)  # last: where it exists, everything does
    return summary


def _extracted(walk: WalkToScore, workspace: Workspace, reporter: Reporter) -> ExtractedWalk:
    """Return the landmarks from the cache; found again where the cache is too small to keep them until now."""
    path = Path(walk.path)
    try:
        return load_walk(path, walk.address, workspace=workspace, cached=walk.cached)
    except NotFoundError:
        pose = PoseSettings.from_dict(walk.pose)
        return extract_track(path, pose, workspace=workspace, reporter=reporter.without_events())


def _prepared(walk: WalkToScore, stored: StoredBaseline, workspace: Workspace, reporter: Reporter) -> PreparedWalk:
    prepared = prepare_walk(
        Path(walk.path),
        _extracted(walk, workspace, reporter),
        stored.calibration.windows,
        cache=ArrayCache.of(workspace),
        side=stored.calibration.visible_side,
    )
    if isinstance(prepared, GaitError):
        raise prepared
    return prepared


def _measured(
    walk: WalkToScore, prepared: PreparedWalk, stored: StoredBaseline, workspace: Workspace
) -> MeasuredWalk | None:
    """Measure the same walk, with the scale that the baseline was given; None where no gait can be measured."""
    scale = stored.calibration.scale_input
    if scale.kind == "speed":
        scale = ScaleInput()  # the speed of the baseline's walks says nothing about this one
    try:
        return measure_prepared(
            prepared,
            workspace,
            subject=stored.subject,
            profile=walk.profile,
            request={
                "videos": [walk.path],
                "subject": stored.subject,
                "profile": walk.profile,
                "person": walk.pose.get("person", "auto"),
                "side": stored.calibration.visible_side,
            },
            scale=scale,
            measurement_id=walk.measurement_id,
            created_s=walk.created_s,
        )
    except WalkRefused:
        return None


def _summary(
    walk: WalkToScore,
    prepared: PreparedWalk,
    assessment: Assessment,
    stored: StoredBaseline,
    measured: MeasuredWalk | None,
    classified: Sequence[dict[str, Any]],
) -> AnalysisSummary:
    return AnalysisSummary(
        id=walk.analysis_id,
        baseline_id=stored.id,
        subject=stored.subject,
        name=prepared.name,
        path=str(prepared.path),
        content_sha256=prepared.content_sha256,
        created_s=walk.created_s,
        level=assessment.level,
        score=assessment.score,
        share_over_threshold=assessment.share_over_threshold,
        joints=assessment.joints,
        warnings=[warning.to_dict() for warning in assessment.warnings],
        thresholds={key: value for key, value in stored.thresholds.to_dict().items() if key != "settings"},
        facts={
            **prepared.summary(),
            "checks": [] if measured is None else [check.to_dict() for check in measured.measurement.checks],
            **({"guard": dict(walk.guard)} if walk.guard else {}),
        },
        measurement_id=measured.id if measured is not None else "",
        request={
            "videos": [walk.path],
            "baseline_id": stored.id,
            "profile": None if walk.profile == stored.manifest.profile else walk.profile,
            "person": walk.pose.get("person", "auto"),
            **({"guard": walk.guard["gallery"]} if walk.guard.get("asked") else {}),
        },
        classified=list(classified),
    )


def _store(workspace: Workspace, summary: AnalysisSummary, assessment: Assessment) -> None:
    curves = {
        "window_time_s": assessment.window_time_s,
        "window_scores": assessment.window_scores,
        "window_limit": np.array(assessment.window_limit),
        "joint_time_s": assessment.joint_time_s,
        "joint_time_scores": assessment.joint_time_scores,
        "joint_names": np.array(_joint_names(summary), dtype=np.str_),
    }
    save_analysis(workspace, summary, curves)


def _joint_names(summary: AnalysisSummary) -> list[str]:
    return [joint_label(joint, str(summary.facts["visible_side"])) for joint in JOINTS]
