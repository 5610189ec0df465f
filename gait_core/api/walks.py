"""What is done with walks alone: simulate, find the landmarks, measure, compare profiles, validate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gait_core.api.compared import ComparedProfiles
from gait_core.api.inputs import (
    PathLike,
    Videos,
    edits_of,
    one_video,
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
from gait_core.api.validated import Validation
from gait_core.config import DEFAULT_PROFILE, EVENT_METHODS, PERSONS, MeasureSettings, Profile, profile_named
from gait_core.gait.events.edits import Edit
from gait_core.gait.measurement import Measurement
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["compare_profiles", "extract", "measure", "simulate", "validate"]


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
        "videos": videos_of(videos),
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


def compare_profiles(
    video: PathLike,
    profiles: Sequence[str | Profile],
    *,
    overlay: bool = True,
    person: str = PERSONS[0],
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> ComparedProfiles:
    """Run one video under several profiles, each in a process of its own with nothing cached.

    Parameters
    ----------
    video : path-like
    profiles : sequence of str or Profile
        Two to six different ones; those of your own are stored in the workspace.
    overlay : bool
        Also make the overlay videos.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    ComparedProfiles
        A profile that did not work is a run with its error.

    Raises
    ------
    InputError
        When the video or a profile cannot be used, or no profile works on the video.
    MachineError
        When the machine lacks something.
    """
    from gait_core.jobs.profile_runs import measure_under
    from gait_core.workflows.compare_profiles import CompareRequest
    from gait_core.workflows.compare_profiles import compare_profiles as compare

    space = workspace_of(workspace)
    names = [profile_name(profile, space) for profile in profiles]
    request = CompareRequest(video=one_video(video), profiles=names, overlay=overlay, person=person)
    result = compare(request, space, reporter_for(reporter), measure_under)
    return ComparedProfiles(id=str(result["comparison_id"]), workspace=space, answer=result)


def validate(
    reference: PathLike,
    video: PathLike | WalkMeasurement | None = None,
    *,
    offset_s: float | None = None,
    limits: Mapping[str, float] | None = None,
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    height_m: float | None = None,
    distance_m: float | None = None,
    distance_px: float | None = None,
    speed_mps: float | None = None,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> Validation:
    """Hold a measurement against a reference.

    Parameters
    ----------
    reference : path-like
        ``.csv``, ``.c3d``, or motion capture as ``.npz``.
    video : path-like or WalkMeasurement, optional
        Of the same walk, or what `measure` made of it; motion capture does without.
    offset_s : float, optional
        Added to the times of the reference, s; found when not given.
    limits : mapping of str to float, optional
        Limits that differ from the usual ones, by the name of the figure.
    profile, person, height_m, distance_m, distance_px, speed_mps
        As in `measure`, for a video.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        When the reference cannot be used, is of another walk, or needs a video; or the video cannot be measured.
    MachineError
        When the machine lacks something.
    """
    from gait_core.workflows.validate import validate_file

    measurement: Measurement | None = None
    if isinstance(video, WalkMeasurement):
        measurement = video.measurement
    elif video is not None:
        (walk,) = measure(
            one_video(video),
            profile=profile,
            person=person,
            height_m=height_m,
            distance_m=distance_m,
            distance_px=distance_px,
            speed_mps=speed_mps,
            workspace=workspace,
            reporter=reporter,
        )
        measurement = walk.measurement
    return Validation(result=validate_file(Path(reference).expanduser(), measurement, limits=limits, offset_s=offset_s))
