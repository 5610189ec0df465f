"""What is done with walks alone: simulate them, find the landmarks, measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gait_core.api.inputs import (
    PathLike,
    Videos,
    edits_of,
    profile_name,
    reporter_for,
    scale_of,
    settings_of,
    videos_of,
    with_exit_code,
    workspace_of,
)
from gait_core.api.landmarks import ExtractedWalks, WalkLandmarks
from gait_core.api.measured import MeasuredWalks, WalkMeasurement
from gait_core.config import DEFAULT_PROFILE, EVENT_METHODS, PERSONS, MeasureSettings, Profile, profile_named
from gait_core.gait.events.edits import Edit
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["extract", "measure", "simulate"]


def simulate(
    folder: PathLike,
    *,
    walks: int = 5,
    pattern: str | None = None,
    severity: float = 0.7,
    affected_side: str = "left",
    seed: int = 0,
    fps: float = 30.0,
    first_walk: int = 0,
    direction: int | None = None,
    reporter: Reporter | None = None,
) -> list[Path]:
    """Make videos of a simulated walker, each with its truth beside it.

    Parameters
    ----------
    folder : path-like
        Where the videos go; made when missing.
    walks : int
        Number of videos, at least 1.
    pattern : str, optional
        An impairment of `gait_core.simulate.impairments.IMPAIRMENTS`; default: normal gait.
    severity : float
        Of the pattern, in [0, 1].
    affected_side : {"left", "right"}
        Of a one-sided pattern.
    seed : int
        The person; the same seed gives the same person and walks.
    fps : float
        Frame rate, Hz.
    first_walk : int
        Number of the first walk: a later call with the next number gives new walks of the same person.
    direction : {+1, -1}, optional
        Walk to the right or to the left; default: in turn.
    reporter : Reporter, optional

    Returns
    -------
    list of Path
        The videos, in order.

    Raises
    ------
    SettingsError
        When a parameter is out of range.
    StorageError
        When the folder cannot be written.
    """
    from gait_core.simulate.cohort import simulate_walks

    return simulate_walks(
        Path(folder).expanduser(),
        walks=walks,
        pattern=pattern,
        severity=severity,
        affected_side=affected_side,
        seed=seed,
        fps=fps,
        first_walk=first_walk,
        direction=direction,
        reporter=reporter_for(reporter),
    )


def extract(
    videos: Videos,
    *,
    profile: str | Profile = DEFAULT_PROFILE,
    engine: str | None = None,
    person: str = PERSONS[0],
    workers: int | None = None,
    use_cache: bool = True,
    cluster: str | None = None,
    export: PathLike | None = None,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> ExtractedWalks:
    """Find the landmarks in videos.

    Parameters
    ----------
    videos : path-like, or iterable of path-like
        Videos and folders, which are searched with the folders in them.
    profile : str or Profile
        Performance profile; one of your own is stored in the workspace.
    engine : {"auto", "openvino", "mediapipe"}, optional
        What runs the pose model; default: that of the profile.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    workers : int, optional
        Videos at once, 1 to 64.
    use_cache : bool
        False neither reads nor writes cached landmarks.
    cluster : str, optional
        Address of a Dask scheduler whose machines do it.
    export : path-like, optional
        Folder that also receives the landmarks as ``.keypoints.json.gz`` and ``.npz``.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    ExtractedWalks
        One entry per video, in order; a video that failed is an entry with its `error`.

    Raises
    ------
    InputError
        When there is no video or a setting is wrong.
    MachineError
        When the machine lacks something, which no other video could escape.
    """
    from gait_core.workflows.extract import ExtractRequest, extract_walks

    space = workspace_of(workspace)
    name = profile_name(profile, space)
    request = ExtractRequest(
        videos=videos_of(videos, deep=True),
        profile=name,
        engine=engine,
        person=person,
        workers=workers,
        use_cache=use_cache,
        cluster=cluster,
        export=None if export is None else str(Path(export).expanduser()),
    )
    chosen = profile_named(name, space.profiles)
    settings = chosen.pose_settings().with_(engine=engine or chosen.engine, person=person)
    result = extract_walks(request, space, reporter_for(reporter))
    result["exit_code"] = 1 if any("error" in walk for walk in result["walks"]) else 0
    walks = [
        WalkLandmarks(answer=walk, workspace=space, settings=settings, use_cache=use_cache) for walk in result["walks"]
    ]
    return ExtractedWalks(walks, result)


def measure(
    videos: Videos,
    *,
    subject: str = "",
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    method: str = EVENT_METHODS[0],
    height_m: float | None = None,
    distance_m: float | None = None,
    distance_px: float | None = None,
    speed_mps: float | None = None,
    events: PathLike | Sequence[Edit | Mapping[str, Any]] | None = None,
    fps: float | None = None,
    side: str | None = None,
    settings: MeasureSettings | Mapping[str, Any] | None = None,
    workers: int | None = None,
    use_cache: bool = True,
    cluster: str | None = None,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> MeasuredWalks:
    """Measure gait parameters, events and curves, without a baseline.

    Parameters
    ----------
    videos : path-like, or iterable of path-like
        Videos and folders of videos.
    subject : str
        Pseudonym.
    profile : str or Profile
        Performance profile; one of your own is stored in the workspace.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    method : {"coordinate", "velocity", "foot_velocity"}
        Rule that finds the events.
    height_m, speed_mps : float, optional
        Height of the person, m, or walking speed, m/s: gives lengths in metres.
    distance_m, distance_px : float, optional
        A known distance on the floor, m, and its length in the frame, px: gives lengths in metres.
    events : path-like or sequence, optional
        Changed events, for a single video: an ``edits.json``, or objects.
    fps : float, optional
        True frame rate of slow-motion video, 5 to 1000 Hz.
    side : {"left", "right"}, optional
        Side wanted where a walk shows both.
    settings : MeasureSettings or mapping, optional
        Further settings; an `event_method` among them overrides `method`.
    workers : int, optional
        Videos at once, 1 to 64.
    use_cache : bool
        False neither reads nor writes cached landmarks.
    cluster : str, optional
        Address of a Dask scheduler whose machines find the landmarks.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    MeasuredWalks
        One entry per video, in order; a video that failed is an entry with its `error`.

    Raises
    ------
    InputError
        When there is no video or a setting is wrong.
    MachineError
        When the machine lacks something, which no other video could escape.
    """
    from gait_core.workflows.cluster_landmarks import spread
    from gait_core.workflows.measure import MeasureRequest, measure_walks

    space, told = workspace_of(workspace), reporter_for(reporter)
    params = {
        "videos": videos_of(videos, markers=True),
        "subject": subject,
        "profile": profile_name(profile, space),
        "person": person,
        "scale": scale_of(height_m=height_m, distance_m=distance_m, distance_px=distance_px, speed_mps=speed_mps),
        "settings": settings_of(method, settings),
        "edits": edits_of(events),
        "fps": fps,
        "side": side,
        "workers": workers,
        "use_cache": use_cache,
        "cluster": cluster,
    }
    result = with_exit_code(measure_walks(MeasureRequest.from_dict(spread(params, space, told)), space, told))
    return MeasuredWalks([WalkMeasurement(answer=walk, workspace=space) for walk in result["walks"]], result)
