"""Classifiers of gait: trained and cross-validated, evaluated on other data, applied to videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gait_core.api.inputs import PathLike, Videos, profile_name, reporter_for, videos_of, workspace_of
from gait_core.api.training_results import ClassifiedWalks, Evaluation, TrainingRun, WalkClass
from gait_core.config import DEFAULT_PROFILE, PERSONS, Profile
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["evaluate", "predict", "train"]


def train(
    dataset: PathLike,
    model: str,
    *,
    settings: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    folds: int = 5,
    seeds: int = 1,
    first_seed: int = 0,
    inner_folds: int = 5,
    threshold: str = "half",
    calibrate: bool = False,
    permuted: bool = False,
    final: bool = True,
    run: str = "",
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> TrainingRun:
    """Train a classifier and evaluate it by cross-validation over subjects.

    Parameters
    ----------
    dataset : path-like
        Folder of videos per class, ``labels.csv``, table of gait cycles or of parameters, or a folder that
        ``dataset make`` wrote.
    model : str
        Name of a classifier, such as ``svm`` or ``tcn``.
    settings, data : mapping, optional
        Fields of the settings of the classifier and of `DatasetSettings`.
    folds, seeds : int
        Folds by subject, and how often they are redrawn.
    first_seed : int
        Of the first repetition; the others follow.
    inner_folds : int
        Parts of the training subjects, one of which decides what has to be decided without the test fold.
    threshold : {"half", "inner"}
        Probability from which the second of two classes is chosen: one half, or what is best on the inner part.
    calibrate : bool
        Fit a temperature to the probabilities on the inner part.
    permuted : bool
        Train on labels exchanged between subjects: a control, which has to end at chance.
    final : bool
        Also train a model on all subjects, for `evaluate` and `predict`.
    run : str
        Identifier of an unfinished run of the same request, to continue it.
    workspace : Workspace or path-like, optional
        Where the run is stored.
    reporter : Reporter, optional

    Returns
    -------
    TrainingRun

    Raises
    ------
    InputError
        When the dataset has errors, or a setting is wrong.
    MachineError
        When the machine lacks something.
    """
    from gait_core.workflows.train import TrainRequest, train_classifier

    space = workspace_of(workspace)
    request = TrainRequest(
        dataset=str(Path(dataset).expanduser()),
        model=model,
        settings=dict(settings or {}),
        data=dict(data or {}),
        folds=folds,
        seeds=seeds,
        first_seed=first_seed,
        inner_folds=inner_folds,
        threshold=threshold,
        calibrate=calibrate,
        permuted=permuted,
        final=final,
        run=run,
    )
    answer = train_classifier(request, space, reporter_for(reporter))
    return TrainingRun(id=str(answer["run"]), workspace=space, answer=answer)


def evaluate(
    model: TrainingRun | PathLike,
    dataset: PathLike,
    *,
    data: Mapping[str, Any] | None = None,
    map: Sequence[str] = (),  # noqa: A002 - named like the option of the command
    abstain: bool = True,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Judge a trained classifier on data that it has never seen.

    Parameters
    ----------
    model : TrainingRun or path-like
        What `train` returned, the identifier of a run, or a folder.
    dataset : path-like
        As in `train`.
    data : mapping, optional
        Fields of `DatasetSettings`.
    map : sequence of str
        ``MODEL_CHANNEL=[-]CHANNEL[:+OFFSET]``: which channel of the data stands for which of the model.
    abstain : bool
        Leave out what is unlike the training data.
    workspace : Workspace or path-like, optional
        Default: that of the run.
    reporter : Reporter, optional

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        When the data do not fit the model.
    NotFoundError
        When there is no such model.
    """
    from gait_core.workflows.evaluate import EvaluateRequest, evaluate_model

    request = EvaluateRequest(
        model=_name_of(model),
        dataset=str(Path(dataset).expanduser()),
        data=dict(data or {}),
        map=tuple(map),
        abstain=abstain,
    )
    return Evaluation(answer=evaluate_model(request, _space(model, workspace), reporter_for(reporter)))


def predict(
    model: TrainingRun | PathLike,
    videos: Videos,
    *,
    map: Sequence[str] = (),  # noqa: A002 - named like the option of the command
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    workers: int | None = None,
    use_cache: bool = True,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> ClassifiedWalks:
    """Classify the walks in videos; a model abstains from what is unlike its training data.

    Parameters
    ----------
    model : TrainingRun or path-like
        What `train` returned, the identifier of a run, or a folder.
    videos : path-like, or iterable of path-like
        Videos and folders of videos.
    map : sequence of str
        As in `evaluate`.
    profile : str or Profile
        Performance profile.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    workers : int, optional
        Videos at once, 1 to 64.
    use_cache : bool
    workspace : Workspace or path-like, optional
        Default: that of the run.
    reporter : Reporter, optional

    Returns
    -------
    ClassifiedWalks
        One entry per video, in order; a video that failed is an entry with its `error`.

    Raises
    ------
    InputError
        When the model has not learned from what videos give.
    NotFoundError
        When there is no such model.
    """
    from gait_core.workflows.predict import PredictRequest, predict_walks

    space = _space(model, workspace)
    request = PredictRequest(
        model=_name_of(model),
        videos=videos_of(videos),
        map=tuple(map),
        profile=profile_name(profile, space),
        person=person,
        workers=workers,
        use_cache=use_cache,
    )
    result = predict_walks(request, space, reporter_for(reporter))
    return ClassifiedWalks([WalkClass(answer=walk, workspace=space) for walk in result["walks"]], result)


def _name_of(model: TrainingRun | PathLike) -> str:
    return model.id if isinstance(model, TrainingRun) else str(model)


def _space(model: TrainingRun | PathLike, given: Workspace | PathLike | None) -> Workspace:
    return model.workspace if given is None and isinstance(model, TrainingRun) else workspace_of(given)
