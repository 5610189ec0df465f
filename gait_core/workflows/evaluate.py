"""Evaluates a trained model on data that it has never seen, and says where it should abstain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.cache.archive import json_ready
from gait_core.config import Settings
from gait_core.errors import InputError, SettingsError
from gait_core.learn.channel_map import fitted_samples, parse_map
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.predictions import Predictions
from gait_core.learn.scores import score
from gait_core.learn.trained_model import TrainedModel, find_model, load_model
from gait_core.progress import Reporter
from gait_core.workflows.evaluate_signs import refuse_other_signs
from gait_core.workflows.evaluate_warnings import class_warnings, familiar_people
from gait_core.workspace import Workspace

__all__ = ["EvaluateRequest", "check_kind", "evaluate_model"]

_LIKE_TRAINING: Final = ("rows", "channels", "window_s", "hop_s", "table", "reference_class")


@dataclass(frozen=True, kw_only=True)
class EvaluateRequest(Settings):
    """Which model is to be evaluated on which data.

    Attributes
    ----------
    model : str
        Identifier of a run, name of a model, or path of a folder of either.
    dataset : str
        Path.
    data : mapping
        Fields of `DatasetSettings`; what decides the rows is as in training unless it is given.
    map : sequence of str
        ``MODEL_CHANNEL=[-]CHANNEL[:+OFFSET]``, see `gait_core.learn.channel_map`.
    abstain : bool
        Leave out what is unlike the training data; False judges everything.
    """

    model: str
    dataset: str
    data: Mapping[str, Any] = field(default_factory=dict)
    map: Sequence[str] = ()
    abstain: bool = True

    _choices = {"abstain": (False, True)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.map, str):
            raise SettingsError(f"Expected a list of mappings, but got {self.map!r}.", "Put it in a list.")
        parse_map(self.map)
        DatasetSettings.from_dict(self.data)


def evaluate_model(request: EvaluateRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Judge a trained model on a dataset.

    Parameters
    ----------
    request : EvaluateRequest
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    dict
        ``metrics`` and ``confusion`` of what it does not abstain from, ``mapped`` {channel: how}, ``abstained``
        {``count``, ``of``, ``unit``, ``limit``, ``distances``}, ``metrics_without_abstention``, ``warnings`` [sentence]
        where the figures say less than they seem to; as `evaluate --json` prints it.

    Raises
    ------
    NotFoundError, ModelError
        When there is no such model, or it is damaged.
    InputError
        When the data are of another kind, lack a channel, have another zero, unit or sign, or an unknown class.
    """
    with reporter.stage("model", "Loading the model"):
        model = load_model(find_model(request.model, workspace))
    with reporter.stage("dataset", "Reading the dataset"):
        dataset = open_dataset(Path(request.dataset), _data_settings(request, model))
        given = dataset.samples(None, workspace, reporter)
        check_kind(model, given)
        samples, mapped = fitted_samples(given, model.usual, model.facts.classes, parse_map(request.map))
        refuse_other_signs(model, samples, mapped)
        warnings = familiar_people(model, samples, given.digest(), workspace)
    with reporter.stage("evaluate", f"Judging {len(samples)} rows"):
        predictions = model.predict(samples)
        reporter.check()
        groups = _groups(predictions)
        unlike = model.unlike(samples, groups) if request.abstain else {}
        trusted = predictions.take(np.flatnonzero(~np.isin(groups, list(unlike))))
        everything = score(predictions).to_dict()
        scores = score(trusted).to_dict() if len(trusted) else None
        rows = score(trusted, level="row").to_dict() if len(trusted) else None
        warnings += class_warnings(trusted)
    for warning in warnings:
        reporter.warn("evaluate", warning)
    limit = None if model.familiarity is None else model.familiarity.limit
    answer: dict[str, Any] = json_ready(
        {
            "model": request.model,
            "classifier": model.facts.model,
            "run": model.facts.run,
            "classes": model.facts.classes,
            "metrics": (scores or _undefined(everything))["metrics"],
            "row_metrics": (rows or _undefined(everything))["metrics"],
            "per_class": None if scores is None else scores["per_class"],
            "confusion": np.zeros_like(everything["confusion"]).tolist() if scores is None else scores["confusion"],
            "metrics_without_abstention": everything["metrics"],
            "unit": predictions.unit,
            "subjects": len(np.unique(samples.subjects)),
            "mapped": mapped,
            "unused_channels": [name for name in given.channels if name not in _used(model, request)],
            "abstained": {
                "count": len(unlike),
                "of": len(np.unique(groups)),
                "unit": predictions.unit,
                "limit": limit,
                "distances": unlike,
            },
            "warnings": warnings,
            "problems": [problem.to_dict() for problem in dataset.problems],
            "timing_s": reporter.timing_s,
        }
    )
    return answer


def check_kind(model: TrainedModel, samples: Samples) -> None:
    """Raise `InputError` when rows differ in kind or length from those that the model was trained on."""
    facts = model.facts
    if samples.kind != facts.kind or (facts.kind == "curves" and samples.n_steps != facts.n_steps):
        raise InputError(
            f"Expected {facts.kind} of {facts.n_steps} steps, on which {facts.title} was trained, but got "
            f"{samples.kind} of {samples.longest} steps.",
            "Choose a model of such rows, or make other rows of videos with --data rows=windows, curves or clips.",
        )


def _data_settings(request: EvaluateRequest, model: TrainedModel) -> DatasetSettings:
    learned = model.facts.data_settings
    values: dict[str, Any] = {name: learned[name] for name in _LIKE_TRAINING if name in learned}
    if not request.map:
        values["features"] = learned.get("features", ())
    # No person is trained on here, so no person can be on both sides of a split.
    return DatasetSettings.from_dict({**values, "several_labels": True, **request.data})


def _groups(predictions: Predictions) -> Any:
    if predictions.unit == "subject":
        return predictions.subjects
    return np.char.add(np.char.add(predictions.subjects.astype(np.str_), " "), predictions.walks.astype(np.str_))


def _used(model: TrainedModel, request: EvaluateRequest) -> set[str]:
    sources = parse_map(request.map)
    return {sources[name].channel if name in sources else name for name in model.facts.channels}


def _undefined(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics without a value, for a model that abstained from everything."""
    nothing = {"mean": None, "ci_low": None, "ci_high": None}
    return {"metrics": dict.fromkeys(scores["metrics"], nothing)}
