"""What makes the figures of an evaluation say less than they seem to: people known from training, classes missing."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from gait_core.errors import GaitError
from gait_core.learn.datasets.problems import listed, loose_name
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.predictions import Predictions
from gait_core.learn.trained_model import TrainedModel
from gait_core.workspace import Workspace, read_json

__all__ = ["class_warnings", "familiar_people"]

_NOT_UNSEEN = "the figures are not those of unseen people, and too good"
_TABLES = ("cycles", "parameters", "samples")


def familiar_people(model: TrainedModel, samples: Samples, digest: str, workspace: Workspace) -> list[str]:
    """Return warnings where data hold people whom a model was trained on.

    Names of subjects are compared with those of the run that the model comes from, and rows with those of the training
    data where these still lie at their place as a table: a model itself keeps neither.

    Parameters
    ----------
    model : TrainedModel
    samples : Samples
        With the channels of the model.
    digest : str
        Of the data as they were given.
    workspace : Workspace
        Where the run is looked for.

    Returns
    -------
    list of str
    """
    if digest == model.facts.dataset.get("digest"):
        return [f"These are the data that the model was trained on: {_NOT_UNSEEN}."]
    people = sorted(set(samples.subjects.tolist()))
    learned = _training_subjects(model, workspace)
    told = []
    known = [name for name in people if loose_name(name) in (learned or ())]
    if known:
        told.append(
            f"{len(known)} of {len(people)} subjects have the name of one that the model was trained on: "
            f"{listed(known)}. If they are the same people, {_NOT_UNSEEN}: leave them out. If they are others, give "
            "them other names."
        )
    same = sorted(set(_owners_of_training_rows(model, samples)) - set(known))
    if same:
        told.append(
            f"{len(same)} of {len(people)} subjects have rows with exactly the values of a row that the model was "
            f"trained on, under another name: {listed(same)}. So {_NOT_UNSEEN}: leave them out."
        )
    if learned is None:
        told.append(
            f"The run {model.facts.run} that the model comes from is not here, so that it is unknown whether "
            "the model was trained on these people. Where it was, the figures are too good."
        )
    return told


def class_warnings(predictions: Predictions) -> list[str]:
    """Return a warning where a class of a model has no people in the data.

    Parameters
    ----------
    predictions : Predictions
        What the figures are computed from.

    Returns
    -------
    list of str
    """
    there = {predictions.classes[number] for number in set(predictions.labels.tolist())}
    absent = [name for name in predictions.classes if name not in there]
    if not there or not absent:
        return []
    if len(there) == 1:
        (only,) = there
        return [
            f"All evaluated data are of the class {only}: balanced accuracy is then the share of {only} that is "
            f"found, and says nothing of how well the model tells {only} from {listed(absent)}."
        ]
    return [f"No evaluated data are of the class {listed(absent)}: the figures are those of the other classes alone."]


def _training_subjects(model: TrainedModel, workspace: Workspace) -> set[str] | None:
    """Return the names of those whom the model was trained on, None where its run is not there.

    Each of them is tested once in a cross-validation; those that a label file keeps for testing are not among them.
    """
    places = [workspace.runs / model.facts.run / "run.json"] if model.facts.run else []
    if model.folder is not None:
        places.insert(0, model.folder.resolve().parent / "run.json")
    for place in places:
        with contextlib.suppress(GaitError, OSError, KeyError, TypeError, AttributeError):
            run: Any = read_json(place)
            if run["id"] == model.facts.run:
                return {loose_name(str(name)) for split in run["splits"] for name in split["test"]}
    return None


def _owners_of_training_rows(model: TrainedModel, samples: Samples) -> list[str]:
    """Return the subjects of rows that are equal to a row of the training data, where these are still as they were."""
    learned = model.facts.dataset
    if learned.get("kind") not in _TABLES or (samples.kind == "parameters" and len(samples.channels) < 3):
        return []  # videos would have to be read again, and few numbers may be equal by chance
    try:
        settings = DatasetSettings.from_dict(model.facts.data_settings)
        training = open_dataset(Path(str(learned["path"])), settings).samples()
    except (GaitError, OSError, KeyError, TypeError):
        return []
    if training.digest() != learned.get("digest") or training.channels != samples.channels:
        return []
    rows = {row.tobytes() for row in training.values}
    return [str(name) for name, row in zip(samples.subjects, samples.values, strict=True) if row.tobytes() in rows]
