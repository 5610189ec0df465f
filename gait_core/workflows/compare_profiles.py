"""The job that runs one video under several profiles and stores what comes out."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from numpy.typing import NDArray

from gait_core.compare.agreement import agreement, curve_differences, curve_means, gait_values
from gait_core.compare.comparison_store import COLLECTION, store_comparison
from gait_core.compare.measured_profile import MeasuredProfile, ProfileRunner
from gait_core.compare.overlay import write_overlays
from gait_core.compare.profile_comparison import ProfileComparison, ProfileRun, most_accurate
from gait_core.compare.summary import summary
from gait_core.config import Profile, Settings, profile_named
from gait_core.errors import Cancelled, GaitError, InputError, MachineError
from gait_core.pose.extracted import track_cost
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.walks.measurements import MeasuredWalk
from gait_core.workspace import Workspace, new_id, safe_name, whole_folder

__all__ = ["CompareRequest", "compare_profiles", "machine_facts"]

_MOST_PROFILES: Final = 6
_RUNS: Final = ".runs"


@dataclass(frozen=True, kw_only=True)
class CompareRequest(Settings):
    """What is to be compared.

    Attributes
    ----------
    video : str
        Path.
    profiles : sequence of str
        Names, two or more.
    overlay : bool
        Also make the overlay videos.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    """

    video: str
    profiles: Sequence[str]
    overlay: bool = True
    person: str = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        count = len(set(self.profiles))
        if not 2 <= count <= _MOST_PROFILES or count != len(self.profiles):
            raise InputError(
                f"Expected two to {_MOST_PROFILES} different profiles, but got {', '.join(self.profiles) or 'none'}.",
                "Choose at least two.",
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Done:
    """A run, and what it is compared by."""

    run: ProfileRun
    walk: MeasuredWalk | None = None
    track: Track | None = None


def compare_profiles(
    request: CompareRequest, workspace: Workspace, reporter: Reporter, run_profile: ProfileRunner
) -> dict[str, Any]:
    """Run one video under several profiles and store the comparison.

    Parameters
    ----------
    request : CompareRequest
    workspace : Workspace
        Its cache is neither read nor written: every profile does all the work.
    reporter : Reporter
    run_profile : callable
        Runs one profile; `gait_core.jobs.profile_runs.measure_under` does so in a process of its own.

    Returns
    -------
    dict
        ``comparison_id``, ``summary``, ``reference`` and ``runs``.

    Raises
    ------
    InputError
        When the video or a profile cannot be used, or no profile works on the video. Nothing is stored then.
    """
    profiles = [profile_named(name, workspace.profiles) for name in request.profiles]
    workspace.check_writable()
    with reporter.stage("probe", "Looking at the video"):
        info = probe(Path(request.video), MetadataCache.of(workspace))
    comparison_id = new_id(safe_name(Path(request.video).stem, "walk")[:30])
    _sweep(workspace)
    with whole_folder(workspace.entry(COLLECTION, comparison_id)) as folder:
        runs = folder / _RUNS
        with reporter.stage("compare", "Running the profiles one after another"):
            done = [
                _one(number, profile, request, runs / str(number), profiles, reporter, run_profile)
                for number, profile in enumerate(profiles)
            ]
        with reporter.stage("agreement", "Comparing what came out"):
            best, near = _reference(done, profiles)
            held = [_held_against(entry, best, near) for entry in done]
            comparison = ProfileComparison(
                id=comparison_id,
                created_s=time.time(),
                name=Path(request.video).name,
                path=str(Path(request.video)),
                content_sha256=info.content_sha256,
                duration_s=info.duration_s,
                frame_rate_hz=info.frame_rate_hz,
                width_px=info.width_px,
                height_px=info.height_px,
                near=near,
                reference=best.run.name,
                runs=tuple(entry.run for entry in held),
                machine=machine_facts(),
                curves=_curves(held, near),
                request=request.to_dict(),
            )
        if request.overlay:
            with reporter.stage("overlay", "Drawing the overlay videos"):
                tracks = {
                    folder / f"overlay_{number}.mp4": entry.track
                    for number, entry in enumerate(held)
                    if entry.track is not None
                }
                write_overlays(Path(request.video), tracks, near, reporter)
        shutil.rmtree(runs, ignore_errors=True)
        store_comparison(folder, comparison)
    return {
        "comparison_id": comparison_id,
        "summary": summary(comparison),
        "reference": comparison.reference,
        "runs": comparison.to_dict()["runs"],
    }


def machine_facts() -> dict[str, Any]:
    """Return what the times of a comparison depend on.

    Returns
    -------
    dict
        ``cpu`` (name of the CPU, or else its architecture), ``cores`` (logical ones), ``memory_gib`` and
        ``system``.
    """
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": platform.platform(),
    }


def _one(
    number: int,
    profile: Profile,
    request: CompareRequest,
    folder: Path,
    profiles: Sequence[Profile],
    reporter: Reporter,
    run_profile: ProfileRunner,
) -> _Done:
    """Run one profile; one that fails is reported, and the others continue."""

    def tell(done: float, total: float) -> None:
        reporter.progress("compare", done, total, "frames", item=profile.name)
        reporter.progress("compare", number + min(1.0, done / total), len(profiles), "profiles")

    reporter.progress("compare", number, len(profiles), "profiles", message=f"Profile {profile.name}")
    try:
        measured = run_profile(
            [Path(request.video)], profile, folder, reporter, on_progress=tell, person=request.person
        )
        walk = measured.walks[0]
        if isinstance(walk, GaitError):
            raise walk
    except Cancelled:
        raise
    except GaitError as error:
        reporter.warn("compare", f"{error.message} {error.remedy}", item=profile.name)
        reporter.item_end("compare", profile.name, state="failed", message=str(error))
        return _Done(run=ProfileRun(name=profile.name, settings=profile.to_dict(), error=error.to_dict()))
    track = measured.tracks[0]
    assert track is not None
    cost = track_cost(track.info, len(track), walk.content_sha256)
    reporter.item_end("compare", profile.name, state="done", cost=cost)
    return _Done(run=_facts(profile, measured, track, walk), walk=walk, track=track)


def _facts(profile: Profile, measured: MeasuredProfile, track: Track, walk: MeasuredWalk) -> ProfileRun:
    used = track.info.get("settings") or {}
    return ProfileRun(
        name=profile.name,
        settings=profile.to_dict(),
        engine=str(track.info.get("engine", "")),
        precision=str(used.get("precision", "")),
        frames=len(track),
        detection_rate=track.detection_rate,
        stages_s=measured.stages_s,
        frames_per_s=measured.frames_per_s,
        cpu_s=round(measured.cpu_s, 3),
        peak_bytes=measured.peak_bytes,
        values=gait_values(walk.measurement),
        warnings=tuple(warning.message for warning in walk.measurement.warnings if warning.code != "no_scale"),
    )


def _reference(done: Sequence[_Done], profiles: Sequence[Profile]) -> tuple[_Done, str]:
    """Return the most accurate run that succeeded, and the side of the body that it sees."""
    sound = {entry.run.name: entry for entry in done if entry.walk is not None}
    if not sound:
        error = done[0].run.error or {}
        kind = MachineError if error.get("kind") == "MachineError" else InputError
        raise kind(
            f"No profile succeeded on this video. {done[0].run.name}: {error.get('message', '')}".strip(),
            error.get("remedy", ""),
        )
    best = sound[most_accurate([profile for profile in profiles if profile.name in sound]).name]
    assert best.walk is not None
    return best, best.walk.measurement.visible_side


def _held_against(entry: _Done, best: _Done, near: str) -> _Done:
    if entry is best or entry.walk is None or entry.track is None or best.walk is None or best.track is None:
        return entry
    own, reference = (curve_means(done.measurement.curves, near) for done in (entry.walk, best.walk))
    run = replace(
        entry.run,
        agreement=agreement(entry.track, best.track, near),
        curve_difference_deg=curve_differences(own, reference),
    )
    return replace(entry, run=run)


def _curves(done: Sequence[_Done], near: str) -> dict[str, NDArray[np.float64]]:
    return {
        f"{number}_{name}": values
        for number, entry in enumerate(done)
        if entry.walk is not None
        for name, values in curve_means(entry.walk.measurement.curves, near).items()
    }


def _sweep(workspace: Workspace) -> None:
    """Delete what a comparison that was killed left behind; jobs of a workspace run one at a time."""
    for folder in (workspace.root / COLLECTION).glob(".*.tmp"):
        shutil.rmtree(folder, ignore_errors=True)
