"""Measures walks: from video files to stored events, parameters and curves, with or without a baseline."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gait_core.config import DEFAULT_PROFILE, FeatureSettings, MeasureSettings, Profile, Settings, profile_named
from gait_core.errors import GaitError, InputError, WalkWarning
from gait_core.gait.events.edits import Edit
from gait_core.gait.measurement import measure
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.markers.endings import is_marker_file
from gait_core.progress import Reporter
from gait_core.walks.measurements import MeasuredWalk, new_walk_id, save_measurement
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workflows.marker_walks import MARKER_SCALE, check_options, prepare_recording
from gait_core.workspace import Workspace

__all__ = ["MeasureRequest", "measure_prepared", "measure_walks", "walk_answer"]


@dataclass(frozen=True, kw_only=True)
class MeasureRequest(Settings):
    """Which walks are to be measured, and how.

    Attributes
    ----------
    videos : sequence of str
        Paths of videos, and of walks with markers (``.c3d``, ``.npz``).
    subject : str
        Pseudonym; may be empty.
    profile : str
        Name of a performance profile.
    scale : mapping
        Fields of `ScaleInput`.
    settings : mapping
        Fields of `MeasureSettings`.
    edits : sequence of mapping
        Changed events, for a single video.
    fps : float or None
        True frame rate, Hz, where the file's own time stamps are wrong.
    side : {"left", "right"} or None
        Side wanted where a walk shows both.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    workers : int or None
    use_cache : bool
    """

    videos: Sequence[str]
    subject: str = ""
    profile: str = DEFAULT_PROFILE
    scale: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    edits: Sequence[Mapping[str, Any]] = ()
    fps: float | None = None
    side: str | None = None
    person: str = "auto"
    workers: int | None = None
    use_cache: bool = True

    _ranges = {"fps": (5.0, 1000.0), "workers": (1, 64)}
    _choices = {"side": (None, "left", "right")}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.videos:
            raise InputError("Expected at least one video, but got none.", "Name the videos to be measured.")
        if self.edits and len(self.videos) > 1:
            raise InputError(
                f"Expected one video with a file of events, but got {len(self.videos)}.", "Measure them one by one."
            )


def measure_walks(request: MeasureRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Measure walks and store what comes out.

    Parameters
    ----------
    request : MeasureRequest
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    dict
        ``walks``: one entry per video, in order, as `measure --json` prints it; a video that failed has ``error`` and
        the others go on. ``timing_s``.

    Raises
    ------
    GaitError
        When the settings are wrong or the machine lacks something.
    """
    settings, scale = MeasureSettings.from_dict(request.settings), ScaleInput.from_dict(request.scale)
    edits = [Edit(**edit) for edit in request.edits]
    profile = profile_named(request.profile, workspace.profiles)
    paths = [Path(video) for video in request.videos]
    check_options(paths, scale, request.fps, side=request.side, person=request.person, profile=request.profile)
    workspace.check_writable()
    outcomes = _prepared(paths, request, profile, workspace, reporter)
    walks: list[dict[str, Any]] = []
    with reporter.stage("measure", "Finding the steps"):
        for number, (video, outcome) in enumerate(zip(request.videos, outcomes, strict=True)):
            reporter.check()
            try:
                if isinstance(outcome, GaitError):
                    raise outcome
                measured = measure_prepared(
                    outcome,
                    workspace,
                    subject=request.subject,
                    profile=request.profile,
                    settings=settings,
                    scale=MARKER_SCALE if is_marker_file(outcome.path) else scale,
                    edits=edits,
                    request=_alone(request, video).to_dict(),
                    measurement_id=new_walk_id(outcome.path, reporter.run_id, number),
                )
                walks.append(walk_answer(measured))
            except InputError as error:
                reporter.warn("measure", f"{error.message} {error.remedy}", item=Path(video).name)
                walks.append(_failed(video, error))
            reporter.progress("measure", number + 1, len(outcomes), "walks")
    return {"walks": walks, "timing_s": reporter.timing_s}


def _alone(request: MeasureRequest, video: str) -> MeasureRequest:
    """Return the request that measures one walk alone: one with markers without what only videos need."""
    if not is_marker_file(Path(video)):
        return request.with_(videos=[video])
    return request.with_(videos=[video], scale={}, fps=None, side=None, person="auto", profile=DEFAULT_PROFILE)


def _prepared(
    paths: Sequence[Path], request: MeasureRequest, profile: Profile, workspace: Workspace, reporter: Reporter
) -> list[PreparedWalk | GaitError]:
    """Prepare videos and walks with markers, in the order in which they were named."""
    settings = FeatureSettings()
    videos = [path for path in paths if not is_marker_file(path)]
    filmed = iter(
        prepare_walks(
            videos,
            profile.pose_settings().with_(person=request.person),
            settings,
            workspace,
            reporter,
            limits=profile.limits(request.workers),
            use_cache=request.use_cache,
            true_fps=request.fps,
            side=request.side,
            need_windows=False,
        )
        if videos
        else ()
    )
    found: list[PreparedWalk | GaitError] = []
    for path in paths:
        if not is_marker_file(path):
            found.append(_with_side(next(filmed), request.side))
            continue
        reporter.check()
        try:
            found.append(prepare_recording(path, settings, workspace, use_cache=request.use_cache))
        except GaitError as error:
            found.append(error)
    return found


def _with_side(walk: PreparedWalk | GaitError, side: str | None) -> PreparedWalk | GaitError:
    """Say where the side that was asked for is not seen."""
    if isinstance(walk, GaitError) or side in (None, walk.features.visible_side):
        return walk
    text = (
        f"The {side} side was asked for, but the walk shows the {walk.features.visible_side} side only, which was "
        "measured."
    )
    return replace(walk, warnings=(*walk.warnings, WalkWarning(code="side_unseen", message=text)))


def measure_prepared(
    walk: PreparedWalk,
    workspace: Workspace,
    *,
    subject: str,
    profile: str,
    request: Mapping[str, Any],
    settings: MeasureSettings | None = None,
    scale: ScaleInput | None = None,
    edits: Sequence[Edit] = (),
    measurement_id: str | None = None,
    created_s: float | None = None,
) -> MeasuredWalk:
    """Measure one walk whose landmarks are known, and store it.

    Parameters
    ----------
    walk : PreparedWalk
    workspace : Workspace
    subject, profile : str
    request : mapping
        Parameters of the job that measures this walk alone, to be kept with the result.
    settings, scale, edits : optional
        As in `MeasureRequest`.
    measurement_id : str, optional
        Default: a new one.
    created_s : float, optional
        When it counts as measured, s since 1970; default: now.

    Returns
    -------
    MeasuredWalk
        As it was stored.

    Raises
    ------
    WalkRefused, InputError
        When no gait can be measured, or an edit puts the events out of order.
    """
    measurement = measure(
        walk.motion(settings),
        settings,
        scale=scale,
        edits=edits,
        quality=walk.features.quality,
        warnings=walk.warnings,
    )
    measured = MeasuredWalk.of(
        walk,
        measurement,
        measurement_id=measurement_id or new_walk_id(walk.path),
        subject=subject,
        created_s=time.time() if created_s is None else created_s,
        profile=profile,
        request=request,
    )
    save_measurement(workspace, measured)
    return measured


def walk_answer(walk: MeasuredWalk) -> dict[str, Any]:
    """Return what `measure --json` prints of one walk.

    Returns
    -------
    dict
        ``path``, ``name``, ``measurement_id``, ``visible_side``, ``event_method``; ``events`` with the changes by hand;
        and of `Measurement.to_dict` ``parameters``, ``key_values``, ``scale``, ``strides``, ``rejections``,
        ``repairs``, ``checks`` and ``warnings``.
    """
    measurement = walk.measurement
    events = measurement.current_events
    values = measurement.to_dict()
    return {
        "path": walk.path,
        "name": walk.name,
        "measurement_id": walk.id,
        "parameters": values["parameters"],
        "events": [event.to_dict() for event in events.events],
        "warnings": values["warnings"],
        "key_values": values["key_values"],
        "scale": values["scale"],
        "strides": values["strides"],
        "rejections": values["rejections"],
        "repairs": values["repairs"],
        "checks": values["checks"],
        "visible_side": measurement.visible_side,
        "event_method": events.method,
    }


def _failed(video: str, error: GaitError) -> dict[str, Any]:
    return {
        "path": video,
        "name": Path(video).name,
        "measurement_id": None,
        "parameters": {},
        "events": [],
        "warnings": [],
        "error": error.to_dict(),
    }
