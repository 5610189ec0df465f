"""Makes a baseline: videos → landmarks → features → model fitted to the person → limits → stored artefacts."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gait_core.baseline.fit import (
    MINIMUM_WALKS,
    Fitted,
    relative_scores,
)
from gait_core.baseline.model_choice import fit_walks, needs_keras
from gait_core.baseline.norms import Norms, measure_norms
from gait_core.baseline.pretrained import Pretrained
from gait_core.baseline.run_settings import RunSettings
from gait_core.baseline.save import save_baseline
from gait_core.baseline.thresholds import Thresholds, compute_thresholds
from gait_core.cache import ArrayCache
from gait_core.config import (
    Profile,
    digest_of,
    profile_named,
)
from gait_core.errors import GaitError, InputError, WalkWarning
from gait_core.gait.fingerprint import same_recording
from gait_core.gait.identity import people_doubt
from gait_core.progress import Reporter
from gait_core.runtime.memory import batch_size_for
from gait_core.runtime.memory_readings import machine_memory
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workflows.baseline_manifest import calibration_of, manifest_of
from gait_core.workflows.baseline_request import BaselineRequest
from gait_core.workflows.before.fit import HELD_OUT_NOTE, fit_unoptimised
from gait_core.workflows.before.prepare import prepare_unoptimised
from gait_core.workspace import Workspace, new_id, safe_name

__all__ = ["RECOMMENDED_WALKS", "BaselineRequest", "create_baseline"]

RECOMMENDED_WALKS = 5


def create_baseline(request: BaselineRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Make a baseline and store it.

    Parameters
    ----------
    request : BaselineRequest
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    dict
        ``baseline_id``, ``walks``, ``timing_s``, ``training``, ``thresholds``, ``artefacts``,
        ``warnings``: what ``baseline create --json`` prints.

    Raises
    ------
    GaitError
        When fewer than three walks can be used, or when the machine lacks something. Nothing is stored then.
    """
    begun_s = time.perf_counter()
    settings = request.run_settings()
    profile = profile_named(request.profile, workspace.profiles)
    workspace.check_writable()
    if not request.disable_optimizations and needs_keras(settings, from_scratch=request.from_scratch):
        from gait_core.learn.backend import preload

        preload()
        batch = min(profile.batch_size, batch_size_for(profile.base, machine_memory().available_bytes))
        settings = settings.with_(learn=settings.learn.with_(batch_size=batch))

    outcomes = _prepared(request, profile, settings, workspace, reporter)
    widened = settings.thresholds.method == "conformal" and not request.disable_optimizations
    usable, reasons = _usable(request.videos, outcomes, reporter, widened=widened)

    fitted, pretrained, model = _fitted(request, usable, settings, workspace, reporter)
    with reporter.stage("thresholds", "Setting the limits"):
        scores = relative_scores(fitted)
        reference = pretrained.reference_for(len(usable)) if pretrained is not None else None
        thresholds = compute_thresholds(scores, settings.thresholds, reference)
        if request.disable_optimizations:
            thresholds = replace(thresholds, note=f"{thresholds.note} {HELD_OUT_NOTE}")
        baseline_id = new_id(safe_name(request.subject, "baseline"))
        timing = reporter.timing_s | {"total": time.perf_counter() - begun_s}
        norms = measure_norms(
            [walk.landmarks for walk in usable],
            usable[0].features.visible_side,
            request.scale_input(),
            cache=ArrayCache.of(workspace) if request.use_cache and not request.disable_optimizations else None,
            addresses=[digest_of([walk.address, walk.time_scale]) for walk in usable],
        )
        doubts = _doubts(usable, norms, reporter)
        manifest = manifest_of(
            request, profile, settings, usable, outcomes, fitted, pretrained, timing, reasons=reasons, doubts=doubts
        )
        artefacts = save_baseline(
            workspace,
            baseline_id,
            model=model,
            fitted=fitted,
            thresholds=thresholds,
            reference=reference,
            walks=usable,
            norms=norms,
            calibration=calibration_of(request, settings, usable, fitted),
            manifest=manifest,
        )
    return {
        "baseline_id": baseline_id,
        "subject": request.subject,
        "walks": manifest.all_walks,
        "timing_s": _timing(reporter, begun_s),
        "training": fitted.training,
        "thresholds": _threshold_summary(thresholds),
        "artefacts": artefacts,
        "warnings": [doubt.to_dict() for doubt in doubts],
    }


def _doubts(walks: Sequence[PreparedWalk], norms: Norms, reporter: Reporter) -> tuple[WalkWarning, ...]:
    """Ask whether the walks show one person, as an analysis asks it of a later walk."""
    if len(norms.proportions) != len(walks):
        return ()  # the proportions of a walk that cannot be measured are unknown
    sentence = people_doubt(norms.proportions, [walk.name for walk in walks])
    if not sentence:
        return ()
    reporter.warn("thresholds", sentence)
    return (WalkWarning(code="other_person", message=sentence),)


def _prepared(
    request: BaselineRequest, profile: Profile, settings: RunSettings, workspace: Workspace, reporter: Reporter
) -> list[PreparedWalk | GaitError]:
    videos = [Path(video) for video in request.videos]
    pose = profile.pose_settings().with_(person=request.person)
    if request.disable_optimizations:
        return prepare_unoptimised(videos, pose, settings.features, reporter, true_fps=request.fps)
    return prepare_walks(
        videos,
        pose,
        settings.features,
        workspace,
        reporter,
        limits=profile.limits(request.workers),
        use_cache=request.use_cache,
        true_fps=request.fps,
    )


def _fitted(
    request: BaselineRequest,
    walks: Sequence[PreparedWalk],
    settings: RunSettings,
    workspace: Workspace,
    reporter: Reporter,
) -> tuple[Fitted, Pretrained | None, Any]:
    if request.disable_optimizations:
        fitted, model = fit_unoptimised([walk.windows.stacked() for walk in walks], settings.learn, reporter)
        return fitted, None, model
    with reporter.stage("train", "Fitting the model to this person"):
        # A killed training resumes when the same windows are learned from again.
        windows = [hashlib.sha256(walk.windows.stacked().tobytes()).hexdigest() for walk in walks]
        checkpoints = workspace.cache / "training" / digest_of([settings.digest(), windows])
        outcome = fit_walks(walks, settings, reporter, from_scratch=request.from_scratch, checkpoints=checkpoints)
        shutil.rmtree(checkpoints, ignore_errors=True)
        return outcome


def _usable(
    videos: Sequence[str], outcomes: Sequence[PreparedWalk | GaitError], reporter: Reporter, *, widened: bool
) -> tuple[list[PreparedWalk], dict[int, WalkWarning]]:
    """Return the walks that count, and why others do not, by their `id`; each recording counts once."""
    found: list[PreparedWalk] = []
    failed: list[str] = []
    reasons: dict[int, WalkWarning] = {}
    for video, outcome in zip(videos, outcomes, strict=True):
        name = Path(video).name
        if isinstance(outcome, GaitError):
            failed.append(f"{name}: {outcome.message}")
            reporter.warn("features", f"{outcome.message} {outcome.remedy}", item=name)
        elif (twin := _twin(outcome, found)) is not None:
            what = "video" if outcome.content_sha256 == twin.content_sha256 else "recording, in another file,"
            failed.append(f"{name}: the same {what} as {twin.name}")
            reporter.warn("features", f"the same {what} as {twin.name}; counted once", item=name)
            message = f"It is the same {what} as {twin.name}, and counts once."
            reasons[id(outcome)] = WalkWarning(code="same_recording", message=message)
        elif outcome.blocking:
            failed.append(f"{name}: {outcome.blocking[0].message}")
            reporter.warn("features", outcome.blocking[0].message, item=name)
        else:
            found.append(outcome)
    found, other_side = _same_side(found)
    for walk in other_side:
        failed.append(f"{walk.name}: shows the other side of the body")
        message = f"It shows the {walk.features.visible_side} side of the body, most walks the other one."
        reasons[id(walk)] = WalkWarning(code="other_side", message=message)
        reporter.warn("features", "shows the other side of the body than most walks; left out", item=walk.name)
    if len(found) < MINIMUM_WALKS:
        raise InputError(
            f"Expected at least {MINIMUM_WALKS} usable walks, but {len(found)} of {len(videos)} can be used. "
            + "; ".join(failed),
            "Replace the videos named here by other walks of the same person, filmed from the same side.",
        )
    if len(found) < RECOMMENDED_WALKS:
        what = "with wider limits" if widened else "whose limits are uncertain"
        reporter.warn("features", f"{len(found)} walks make a baseline {what}; {RECOMMENDED_WALKS} are recommended.")
    return found, reasons


def _twin(walk: PreparedWalk, others: Sequence[PreparedWalk]) -> PreparedWalk | None:
    """Return the walk among others that is the same recording, or None."""
    return next(
        (
            other
            for other in others
            if walk.content_sha256 == other.content_sha256 or same_recording(walk.fingerprint, other.fingerprint)
        ),
        None,
    )


def _same_side(walks: list[PreparedWalk]) -> tuple[list[PreparedWalk], list[PreparedWalk]]:
    """Split walks into those that show the side most of them show, and the others."""
    if not walks:
        return [], []
    side = Counter(walk.features.visible_side for walk in walks).most_common(1)[0][0]
    return (
        [walk for walk in walks if walk.features.visible_side == side],
        [walk for walk in walks if walk.features.visible_side != side],
    )


def _timing(reporter: Reporter, begun_s: float) -> dict[str, float]:
    stages = ("probe", "extract", "features", "train", "thresholds")
    timing = reporter.timing_s
    return {name: round(timing.get(name, 0.0), 4) for name in stages} | {
        "total": round(time.perf_counter() - begun_s, 4)
    }


def _threshold_summary(thresholds: Thresholds) -> dict[str, Any]:
    summary = thresholds.to_dict()
    summary.pop("settings")
    return summary
