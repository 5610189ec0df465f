"""Analyses later walks: finds the landmarks, compares with a baseline, draws the overlays; here or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from gait_core.baseline.analyses import AnalysisSummary
from gait_core.baseline.assessment import ScoringBaseline
from gait_core.baseline.store import StoredBaseline
from gait_core.config import Limits, Profile, load_profiles, profile_named
from gait_core.errors import GaitError, InputError
from gait_core.pose.cluster import join_cluster
from gait_core.pose.extract import default_workers
from gait_core.pose.extract_on import extract_on
from gait_core.progress import Reporter
from gait_core.runtime.executors import local_threads
from gait_core.runtime.memory import MemoryMonitor
from gait_core.video.decode import decoder_bytes
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workflows.analyse_on_executor import FoundWalk, score_on
from gait_core.workflows.classify_walk import asks_for_outlines, promoted_for_walks
from gait_core.workflows.first_decode import decode_with_outlines
from gait_core.workflows.guard import AUTO, OFF, GuardedWalks, find_guard, guard_walks
from gait_core.workspace import Workspace

__all__ = ["analyse_walks"]

_OVERLAY_BYTES = 64 * 1024**2
"""Canvas and encoder of one overlay video."""


def analyse_walks(
    videos: Sequence[str],
    baseline_id: str,
    workspace: Workspace,
    reporter: Reporter,
    *,
    profile: str | None = None,
    person: str = "auto",
    overlay: bool = True,
    classify: bool = True,
    cluster: str | None = None,
    guard: str = AUTO,
) -> dict[str, Any]:
    """Compare walks with a baseline.

    Parameters
    ----------
    videos : sequence of str
    baseline_id : str
    workspace : Workspace
    reporter : Reporter
    profile : str, optional
        Default: the profile of the baseline, as it was then; one that finds the landmarks otherwise makes the
        comparison doubtful and says so.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    overlay : bool
        Also write the overlay videos.
    classify : bool
        Also apply the promoted models for the class of each walk; see `gait_core.learn.promoted_models`.
    cluster : str, optional
        Address of a Dask scheduler whose machines do all of it; default: this process does.
    guard : str
        ``auto``, ``off``, or a gallery whose enrolled walks of the subject the walks are compared with; see
        `gait_core.workflows.guard`.

    Returns
    -------
    dict
        ``walks``: one entry per video, in order; a video that failed has ``error``.

    Raises
    ------
    NotFoundError
        When there is no such baseline, or no such gallery.
    InputError
        When the gallery does not hold the subject, or is requested together with a cluster.
    ClusterError
        When the cluster does not fit or went away; what is finished is kept.
    """
    baseline = ScoringBaseline.load(workspace, baseline_id)
    stored = baseline.stored
    workspace.check_writable()
    settings = _profile(stored, profile, workspace, reporter)
    pose = settings.pose_settings().with_(person=person)
    paths = [Path(video) for video in videos]
    wanted = _guard_without_cluster(guard) if cluster else guard
    found_guard = find_guard(workspace, stored.subject, wanted)
    # First, so that outlines and landmarks come from one decode.
    guarded = (
        GuardedWalks(findings={})
        if found_guard is None
        else guard_walks(found_guard, paths, pose, workspace, reporter, limits=settings.limits())
    )
    classifiers = promoted_for_walks(workspace) if classify else ()
    decoded = guarded.decoded
    if not cluster and asks_for_outlines(workspace, classifiers):
        decoded |= decode_with_outlines(paths, pose, workspace, reporter, limits=settings.limits())

    def scored(
        executor: Executor, found: Sequence[FoundWalk | GaitError], check: Callable[[], None] = lambda: None
    ) -> list[AnalysisSummary | GaitError]:
        for path, walk in zip(paths, found, strict=True):
            if isinstance(walk, GaitError):
                reporter.warn("score", str(walk), item=path.name)
        usable = [walk for walk in found if not isinstance(walk, GaitError)]
        rest = iter(
            score_on(
                executor,
                usable,
                baseline,
                workspace=workspace,
                pose=pose,
                profile=settings.name,
                overlay=overlay,
                classifiers=classifiers,
                findings=guarded.findings,
                reporter=reporter,
                check=check,
            )
        )
        return [walk if isinstance(walk, GaitError) else next(rest) for walk in found]

    if cluster is None:
        calibration, limits = stored.calibration, settings.limits()
        prepared = prepare_walks(
            paths, pose, calibration.windows, workspace, reporter, limits=limits, side=calibration.visible_side
        )
        prepared = [
            replace(walk, cached=False) if isinstance(walk, PreparedWalk) and str(walk.path) in decoded else walk
            for walk in prepared
        ]
        with local_threads(_at_once(prepared, limits)) as pool:
            outcomes = scored(pool, prepared)
    else:
        with join_cluster(cluster, paths, pose, workspace=workspace, reporter=reporter) as machines:
            with reporter.stage("extract", f"Finding the person in every frame, on the cluster {cluster}"):
                remote = extract_on(machines, paths, pose, workspace=workspace, reporter=reporter)
            outcomes = scored(machines, remote, machines.check)
    walks = [_answer(video, outcome) for video, outcome in zip(videos, outcomes, strict=True)]
    return {"baseline_id": baseline_id, "walks": walks, "timing_s": reporter.timing_s}


def _profile(stored: StoredBaseline, wanted: str | None, workspace: Workspace, reporter: Reporter) -> Profile:
    """Return the profile to analyse with, and say where it is not that of the baseline."""
    name = stored.manifest.profile
    then = stored.profile or profile_named(name, workspace.profiles)
    then = then.with_(decoding=stored.decoding or then.decoding)
    if wanted is None:
        now = load_profiles(workspace.profiles).get(name)
        if now is None or now.pose_settings() != then.pose_settings():
            what = "deleted" if now is None else "changed"
            reporter.warn("probe", f"The profile {name!r} was {what} since the baseline was made; used as it was then.")
        return then
    chosen = profile_named(wanted, workspace.profiles)
    if chosen.decoding != then.decoding:
        reporter.warn(
            "probe",
            f"The profile {wanted!r} reads landmarks for {chosen.decoding}, the walks of the baseline were read for "
            f"{then.decoding}: this analysis reads them as the baseline did. Create the baseline again to change that.",
        )
        chosen = chosen.with_(decoding=then.decoding)
    if chosen.pose_settings() != then.pose_settings():
        this = repr(wanted) if wanted != name else "it as it is now"
        reporter.warn(
            "probe",
            f"The baseline was made with the profile {name!r}, this analysis uses {this}: "
            "differences may come from that.",
        )
    return chosen


def _guard_without_cluster(guard: str) -> str:
    """Return what to do about the guard, for which the machines of a cluster are not made."""
    if guard in (AUTO, OFF):
        return OFF
    raise InputError(
        "Expected --guard or --cluster, but got both.",
        "The guard looks at the videos on this machine: analyse without a cluster, or with --guard off.",
    )


def _at_once(walks: Sequence[PreparedWalk | GaitError], limits: Limits) -> int:
    """Return how many walks can be scored at the same time, given the memory."""
    tracks = [walk.track for walk in walks if isinstance(walk, PreparedWalk)]
    wanted = max(1, min(limits.workers or default_workers(), len(tracks)))
    if not limits.memory_bytes:
        return wanted
    largest = max((track.width_px * track.height_px for track in tracks), default=0)
    return MemoryMonitor(limits.memory_bytes).workers_for(wanted, decoder_bytes(largest) + _OVERLAY_BYTES)


def _answer(video: str, outcome: AnalysisSummary | GaitError) -> dict[str, Any]:
    if isinstance(outcome, GaitError):
        return {
            "path": video,
            "name": Path(video).name,
            "level": None,
            "score": None,
            "share_over_threshold": None,
            "joints": {},
            "classified": [],
            "warnings": [],
            "checks": [],
            "error": outcome.to_dict(),
        }
    return {
        "path": video,
        "name": outcome.name,
        "analysis_id": outcome.id,
        "measurement_id": outcome.measurement_id,
        "level": outcome.level,
        "score": outcome.score,
        "share_over_threshold": outcome.share_over_threshold,
        "joints": outcome.joints,
        "classified": outcome.classified,
        "warnings": outcome.warnings,
        "checks": outcome.facts.get("checks", []),
        "guard": outcome.facts.get("guard"),
        "frames": outcome.facts["frames"],
        "detection_rate": outcome.facts["detection_rate"],
        "cached": outcome.facts["cached"],
    }
