"""What a training is requested with: the same as a settings file, on the command line, from a page and from Python."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gait_core.cache.archive import json_ready
from gait_core.config import Settings
from gait_core.errors import InputError, SettingsError
from gait_core.learn.classifiers import ClassifierKind, classifier, classifiers
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.decision import THRESHOLDS
from gait_core.learn.folds import CrossValidationSettings
from gait_core.learn.runs import load_run, manifest_of
from gait_core.storage.json_file import MOST_JSON_BYTES, parse_json, read_content
from gait_core.workspace import Workspace

__all__ = ["TrainRequest", "classifier_named", "config_of", "merged", "read_config", "resumed_request"]

_NESTED: Final = ("settings", "data")


@dataclass(frozen=True, kw_only=True)
class TrainRequest(Settings):
    """Which classifier is to be trained on which data, and how it is evaluated.

    Attributes
    ----------
    dataset : str
        Path.
    model : str
        Name of a classifier, see `gait_core.learn.classifiers`.
    settings : mapping
        Fields of the settings of that classifier.
    data : mapping
        Fields of `DatasetSettings`.
    folds, seeds, first_seed, inner_folds, threshold, calibrate, permuted
        See `CrossValidationSettings`.
    final : bool
        Also train a model on all subjects and store it with its card; never done with permuted labels.
    run : str
        Identifier; an unfinished run of the same request continues. Empty: a new one.
    """

    dataset: str
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    folds: int = 5
    seeds: int = 1
    first_seed: int = 0
    inner_folds: int = 5
    threshold: str = "half"
    calibrate: bool = False
    permuted: bool = False
    final: bool = True
    run: str = ""

    _choices = {
        "threshold": THRESHOLDS,
        "calibrate": (False, True),
        "permuted": (False, True),
        "final": (False, True),
    }

    def __post_init__(self) -> None:
        self._check_kinds()
        super().__post_init__()
        self.validation()
        DatasetSettings.from_dict(self.data)
        self.model_settings()

    def _check_kinds(self) -> None:
        for names, kind, told in ((("dataset", "model", "run"), str, "text"), (_NESTED, Mapping, "a JSON object")):
            for name in names:
                value = getattr(self, name)
                if not isinstance(value, kind):
                    raise SettingsError(
                        f"Expected {name} to be {told}, but got {value!r}.", "Correct it, or leave it out."
                    )

    @property
    def classifier(self) -> ClassifierKind:
        """The classifier that is requested."""
        return classifier_named(self.model)

    def model_settings(self) -> Settings:
        """Return all settings of the classifier, defaults included."""
        return self.classifier.settings.from_dict(self.settings)

    def data_settings(self) -> DatasetSettings:
        """Return how the dataset is read: as the classifier needs it, where `data` does not say otherwise."""
        return DatasetSettings.from_dict({**self.classifier.data, **self.data})

    def validation(self) -> CrossValidationSettings:
        """Return how the cross-validation is done."""
        names = ("folds", "seeds", "first_seed", "inner_folds", "threshold", "calibrate", "permuted")
        return CrossValidationSettings(**{name: getattr(self, name) for name in names})


def classifier_named(name: str) -> ClassifierKind:
    """Return the classifier of a name.

    Returns
    -------
    ClassifierKind

    Raises
    ------
    InputError
        When there is none of that name; says which one may be meant.
    """
    names = [spec.name for spec in classifiers()]
    if name in names:
        return classifier(name)
    close = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.5)
    raise InputError(
        f"Expected the classifier to be one of {', '.join(names)}, but got {name!r}.",
        f"Did you mean {close[0]!r}?" if close else "Choose one of these.",
    )


def read_config(path: Path) -> dict[str, Any]:
    """Read a settings file: a JSON object with fields of `TrainRequest`.

    Returns
    -------
    dict
        Names and values are not checked yet.

    Raises
    ------
    InputError
        When it cannot be read, or is not a JSON object.
    """
    try:
        content = read_content(path, MOST_JSON_BYTES)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(
            f"Expected a settings file in JSON at {path}, but it cannot be read ({why}).", "Check the path."
        ) from error
    return config_of(content, str(path))


def config_of(content: bytes, source: str) -> dict[str, Any]:
    """Return the fields in the contents of a settings file.

    Parameters
    ----------
    content : bytes
    source : str
        Named in messages.

    Returns
    -------
    dict
        Names and values are not checked yet.

    Raises
    ------
    InputError
        When it is not a JSON object.
    """
    try:
        values = parse_json(content)
    except ValueError as error:
        raise InputError(
            f"Expected a settings file in JSON at {source}, but it cannot be read ({error}).", "Check its text."
        ) from error
    if not isinstance(values, dict):
        raise InputError(f"Expected a JSON object in {source}, but got {type(values).__name__}.", "Put it in braces.")
    return values


def merged(values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Put what was named beside a settings file over what the file says.

    Parameters
    ----------
    values : mapping
        Fields of `TrainRequest`, as in a settings file.
    given : mapping
        Such fields too; they win. Of `settings` and `data` each key by itself: the other keys stay.

    Returns
    -------
    dict
        Names and values are not checked.
    """
    found = {**values, **given}
    for name in _NESTED:
        below, above = values.get(name), given.get(name)
        if below is not None and above is not None:
            # What is not a mapping stays as it is, and is refused when the request is made of it.
            found[name] = {**below, **above} if isinstance(below, Mapping) and isinstance(above, Mapping) else below
    return found


def resumed_request(workspace: Workspace, run_id: str, given: Mapping[str, Any]) -> TrainRequest:
    """Return the request of an earlier run, to continue it.

    Parameters
    ----------
    workspace : Workspace
    run_id : str
    given : mapping
        What else was named, which has to be what the run was started with; of `settings` and `data` each key by itself.

    Returns
    -------
    TrainRequest
        What the run was started with; `run` is set, so that the run continues.

    Raises
    ------
    NotFoundError
        When there is no such run.
    SettingsError
        When something else was named than the run was started with.
    StorageError
        When the manifest of the run is damaged.
    """
    manifest = manifest_of(load_run(workspace, run_id))
    request = TrainRequest.from_dict({**manifest.request, "run": run_id})
    plain = {name: value for name, value in given.items() if name not in (*_NESTED, "run")}
    _refuse_changes(run_id, request.to_dict(), {**request.to_dict(), **plain})
    asked = TrainRequest.from_dict(merged(request.to_dict(), {**given, "run": run_id}))
    _refuse_changes(run_id, request.model_settings().to_dict(), asked.model_settings().to_dict())
    _refuse_changes(run_id, request.data_settings().to_dict(), asked.data_settings().to_dict())
    return request


def _refuse_changes(run_id: str, started: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    for name, value in asked.items():
        if json_ready(started.get(name)) != json_ready(value):
            raise SettingsError(
                f"Expected {name} {started.get(name)!r}, with which the run {run_id} was started, but got {value!r}.",
                "Resume it without further options, or start a new run.",
            )
