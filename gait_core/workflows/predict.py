"""Says which class of gait videos show, according to a trained model, or that it had better not say."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.cache import ArrayCache
from gait_core.cache.archive import json_ready
from gait_core.config import DEFAULT_PROFILE, PERSONS, Settings, profile_named
from gait_core.errors import GaitError, InputError
from gait_core.gait.curves import Curves
from gait_core.learn.channel_map import ChannelSource, chosen_sources, fitted_samples, parse_map
from gait_core.learn.datasets.gathered import GatheredRows
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.walk_rows import channels_of, rows_of_walk
from gait_core.learn.trained_model import TrainedModel, find_model, load_model
from gait_core.progress import Reporter
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workspace import Workspace

__all__ = ["PredictRequest", "predict_prepared", "predict_walks", "video_settings"]


@dataclass(frozen=True, kw_only=True)
class PredictRequest(Settings):
    """Which walks are to be classified, and by which model.

    Attributes
    ----------
    model : str
        Identifier of a run, name of a model, or path of a folder of either.
    videos : sequence of str
        Paths.
    map : sequence of str
        ``MODEL_CHANNEL=[-]CHANNEL[:+OFFSET]``, see `gait_core.learn.channel_map`.
    profile : str
        Name of a performance profile.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    workers : int or None
    use_cache : bool
    """

    model: str
    videos: Sequence[str]
    map: Sequence[str] = ()
    profile: str = DEFAULT_PROFILE
    person: str = "auto"
    workers: int | None = None
    use_cache: bool = True

    _ranges = {"workers": (1, 64)}
    _choices = {"person": PERSONS}

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_map(self.map)
        if not self.videos:
            raise InputError("Expected at least one video, but got none.", "Name the videos to be classified.")


def predict_walks(request: PredictRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Classify walks.

    Parameters
    ----------
    request : PredictRequest
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    dict
        ``walks``: one entry per video, in order: ``class`` (None where it abstains), ``probabilities`` {class: mean
        over the rows}, ``abstained``, ``reasons``, ``distance``, ``limit``, ``rows``, ``warnings``; a video that failed
        has ``error`` and the others continue. ``model``, ``mapped``, ``timing_s``.

    Raises
    ------
    NotFoundError, ModelError
        When there is no such model, or it is damaged.
    InputError
        When it has not learned from what a video gives.
    """
    with reporter.stage("model", "Loading the model"):
        model = load_model(find_model(request.model, workspace))
        settings = video_settings(model)
    sources = parse_map(request.map)
    # All videos give the same channels: one that is missing is reported before any of them is decoded.
    chosen_sources(channels_of(settings), model.facts.channels, sources)
    profile = profile_named(request.profile, workspace.profiles)
    workspace.check_writable()
    outcomes = prepare_walks(
        [Path(video) for video in request.videos],
        profile.pose_settings().with_(person=request.person),
        settings.feature_settings(),
        workspace,
        reporter,
        limits=profile.limits(request.workers),
        use_cache=request.use_cache,
        need_windows=settings.rows == "windows",
        masks=settings.rows == "clips",
    )
    walks: list[dict[str, Any]] = []
    with reporter.stage("predict", "Classifying"):
        for number, (video, outcome) in enumerate(zip(request.videos, outcomes, strict=True), start=1):
            reporter.check()
            cache = ArrayCache.of(workspace) if request.use_cache else None
            walks.append(_answer(video, outcome, model, sources, cache, reporter))
            reporter.progress("predict", number, len(outcomes), "walks")
    return {
        "model": request.model,
        "classifier": model.facts.model,
        "classes": list(model.facts.classes),
        "walks": walks,
        "mapped": {name: str(one) for name, one in sources.items()},
        "timing_s": reporter.timing_s,
    }


def predict_prepared(
    walk: PreparedWalk,
    model: TrainedModel,
    *,
    sources: Mapping[str, ChannelSource] | None = None,
    cache: ArrayCache | None = None,
    curves: Curves | None = None,
) -> dict[str, Any]:
    """Classify one walk whose landmarks are known.

    Parameters
    ----------
    walk : PreparedWalk
    model : TrainedModel
    sources : mapping of str to ChannelSource, optional
    cache : ArrayCache, optional
        Where curves are kept.
    curves : Curves, optional
        Of the same walk where it is measured already, for a model of curves; measured here where they are not given.

    Returns
    -------
    dict
        An entry of ``walks`` of `predict_walks`, without its path.

    Raises
    ------
    InputError
        When the walk gives no row, or lacks a channel of the model.
    """
    settings = video_settings(model)
    rows = rows_of_walk(walk, settings, cache, curves=curves)
    if isinstance(rows, GaitError):
        raise rows
    with GatheredRows(settings, Path(tempfile.gettempdir())) as gathered:
        gathered.add(rows, subject=walk.name, label=model.facts.classes[0], walk=walk.name)
        samples = gathered.samples(model.facts.classes)
    fitted, _ = fitted_samples(samples, model.usual, model.facts.classes, sources or {}, refuse_misfits=False)
    found = model.predict(fitted).gathered("walk")
    misfits = {name: how for name, how in model.usual.misfits(fitted).items() if name not in (sources or {})}
    reasons = [f"{name} {how}" for name, how in misfits.items()]
    distance, limit = None, None
    if model.familiarity is not None:
        limit = model.familiarity.limit
        distance = float(np.median(model.familiarity.distances(fitted)))
        if distance > limit:
            reasons.append(f"it lies {distance:.3g} from the training data, of which nearly all lie within {limit:.3g}")
    answer: dict[str, Any] = json_ready(
        {
            "class": None if reasons else model.facts.classes[int(found.predicted[0])],
            "probabilities": dict(zip(model.facts.classes, found.probabilities[0].tolist(), strict=True)),
            "abstained": bool(reasons),
            "reasons": reasons,
            "distance": distance,
            "limit": limit,
            "rows": len(samples),
            "warnings": [warning.to_dict() for warning in walk.warnings],
        }
    )
    return answer


def _answer(
    video: str,
    outcome: PreparedWalk | GaitError,
    model: TrainedModel,
    sources: Mapping[str, ChannelSource],
    cache: ArrayCache | None,
    reporter: Reporter,
) -> dict[str, Any]:
    named = {"path": video, "name": Path(video).name}
    try:
        if isinstance(outcome, GaitError):
            raise outcome
        return {**named, **predict_prepared(outcome, model, sources=sources, cache=cache)}
    except InputError as error:
        reporter.warn("predict", f"{error.message} {error.remedy}", item=named["name"])
        return {**named, "class": None, "probabilities": {}, "abstained": True, "error": error.to_dict()}


def video_settings(model: TrainedModel) -> DatasetSettings:
    """Return how a video becomes the rows that the model takes.

    Returns
    -------
    DatasetSettings
        Kind of rows, length and step of the windows, and channels, as the model learned them.

    Raises
    ------
    InputError
        When a video gives no such rows.
    """
    if model.facts.kind == "parameters":
        raise InputError(
            f"Expected a model of windows, curves or clips, which videos give, but {model.facts.title} was trained "
            f"on {model.facts.kind}.",
            "Train a model on videos or on a table of gait cycles, or use `evaluate` with a table.",
        )
    learned = model.facts.data_settings
    values = {name: learned[name] for name in ("window_s", "hop_s", "channels") if name in learned}
    return DatasetSettings.from_dict({**values, "rows": model.facts.kind})
