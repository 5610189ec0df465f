"""What is done with the walks of one person: make a baseline, and compare later walks with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.api.analysed import AnalysedWalks, WalkAnalysis
from gait_core.api.baselines import Baseline
from gait_core.api.inputs import (
    PathLike,
    Videos,
    profile_name,
    reporter_for,
    text_of,
    videos_of,
    with_exit_code,
    workspace_of,
)
from gait_core.config import DEFAULT_PROFILE, PERSONS, Profile, ThresholdSettings
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["analyse", "create_baseline"]


def create_baseline(
    videos: Videos,
    *,
    subject: str,
    speed_mps: float | None = None,
    height_m: float | None = None,
    fps: float | None = None,
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    cell: str = "gru",
    from_scratch: bool = False,
    thresholds: ThresholdSettings | Mapping[str, Any] | None = None,
    workers: int | None = None,
    use_cache: bool = True,
    cluster: str | None = None,
    disable_optimizations: bool = False,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> Baseline:
    """Make a baseline from walks of one person and store it.

    Parameters
    ----------
    videos : path-like, or iterable of path-like
        Videos and folders of videos, at least three walks, usually five, filmed from the same side.
    subject : str
        Pseudonym of the person.
    speed_mps, height_m : float, optional
        Walking speed, 0.1 to 4 m/s, and height of the person, 0.8 to 2.5 m: gives lengths in metres.
    fps : float, optional
        True frame rate of slow-motion video, 5 to 1000 Hz.
    profile : str or Profile
        Performance profile; one of your own is stored in the workspace.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    cell : {"gru", "lstm"}
        Recurrent cell of the model.
    from_scratch : bool
        Do not start from the pre-trained model.
    thresholds : ThresholdSettings or mapping, optional
        How the limits between normal, watch and alert are set.
    workers : int, optional
        Videos at once, 1 to 64.
    use_cache : bool
        False neither reads nor writes cached landmarks.
    cluster : str, optional
        Address of a Dask scheduler whose machines find the landmarks.
    disable_optimizations : bool
        For comparison: one video after another, no cache, an LSTM from scratch.
    workspace : Workspace or path-like, optional
        Where the baseline is stored.
    reporter : Reporter, optional

    Returns
    -------
    Baseline
        `analyse` takes it.

    Raises
    ------
    InputError
        When fewer than three walks can be used or a setting is wrong. Nothing is stored then.
    MachineError
        When the machine lacks something.
    """
    from gait_core.workflows.cluster_landmarks import spread
    from gait_core.workflows.create_baseline import BaselineRequest
    from gait_core.workflows.create_baseline import create_baseline as create

    space, told = workspace_of(workspace), reporter_for(reporter)
    params = {
        "videos": videos_of(videos),
        "subject": text_of("subject", subject),
        "speed_mps": speed_mps,
        "height_m": height_m,
        "fps": fps,
        "profile": profile_name(profile, space),
        "person": person,
        "cell": cell,
        "from_scratch": from_scratch,
        "thresholds": thresholds.to_dict() if isinstance(thresholds, ThresholdSettings) else thresholds,
        "workers": workers,
        "use_cache": use_cache,
        "cluster": cluster,
        "disable_optimizations": disable_optimizations,
    }
    result = create(BaselineRequest.from_dict(spread(params, space, told)), space, told)
    return Baseline(id=str(result["baseline_id"]), workspace=space, answer=result)


def analyse(
    videos: Videos,
    baseline: Baseline | str,
    *,
    profile: str | Profile | None = None,
    person: str = PERSONS[0],
    overlay: bool = False,
    classify: bool = True,
    cluster: str | None = None,
    guard: str = "auto",
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> AnalysedWalks:
    """Compare walks with a baseline.

    Parameters
    ----------
    videos : path-like, or iterable of path-like
        Videos and folders of videos.
    baseline : Baseline or str
        What `create_baseline` returned, the identifier of a stored one, or a subject that has only one.
    profile : str or Profile, optional
        Default: that of the baseline, as it was then.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    overlay : bool
        Also make the overlay videos.
    classify : bool
        Also apply the promoted models, see `TrainingRun.promote`.
    cluster : str, optional
        Address of a Dask scheduler whose machines do all of it.
    guard : str
        Gallery with enrolled walks of the person, to warn if another person seems to walk; ``auto`` where exactly one
        holds them, or ``off``.
    workspace : Workspace or path-like, optional
        Default: that of the baseline.
    reporter : Reporter, optional

    Returns
    -------
    AnalysedWalks
        One entry per video, in order; a video that failed is an entry with its `error`.

    Raises
    ------
    NotFoundError
        When there is no such baseline or subject.
    InputError
        When there is no video, a setting is wrong, the subject has several baselines, or the baseline is of another
        workspace.
    MachineError
        When the machine lacks something.
    """
    from gait_core.baseline.named import baseline_id_of
    from gait_core.workflows.analyse import analyse_walks

    space = _workspace(baseline, workspace)
    result = analyse_walks(
        videos_of(videos),
        baseline.id if isinstance(baseline, Baseline) else baseline_id_of(space, str(baseline)),
        space,
        reporter_for(reporter),
        profile=None if profile is None else profile_name(profile, space),
        person=person,
        overlay=overlay,
        classify=classify,
        cluster=cluster,
        guard=guard,
    )
    result = with_exit_code(result)
    return AnalysedWalks([WalkAnalysis(answer=walk, workspace=space) for walk in result["walks"]], result)


def _workspace(baseline: Baseline | str, given: Workspace | PathLike | None) -> Workspace:
    """Return the workspace to work in: the one given, else that of the baseline."""
    if not isinstance(baseline, Baseline):
        return workspace_of(given)
    if given is not None and workspace_of(given).root != baseline.workspace.root:
        raise InputError(
            f"Expected the workspace of the baseline, {baseline.workspace.root}, but got {workspace_of(given).root}.",
            "Omit workspace, or give a baseline of that workspace.",
        )
    return baseline.workspace
