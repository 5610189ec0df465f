"""What is stored beside a model: which model it is, how it was made, and the digest of each of its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gait_core.cache.archive import json_ready
from gait_core.config import Settings
from gait_core.errors import GaitError, ModelError
from gait_core.learn.history import History
from gait_core.learn.registry import InputShape, model_kind

__all__ = ["FORMAT", "ArtefactFile", "ModelManifest"]

FORMAT: Final = 1
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FORMER_CLASSIFIER: Final = frozenset({"sha256", "data_settings"})
"""Fields that only the manifests of classifiers had before all models were stored alike."""


@dataclass(frozen=True, kw_only=True)
class ArtefactFile:
    """One file of a stored model.

    Attributes
    ----------
    name : str
        Of a file in the same folder as the manifest; never a path.
    sha256 : str
        Digest of its content, 64 hexadecimal digits.
    size_bytes : int
    """

    name: str
    sha256: str
    size_bytes: int

    def __post_init__(self) -> None:
        if not _PLAIN_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not the plain name of a file")
        if not _DIGEST.fullmatch(self.sha256):
            raise ValueError(f"{self.sha256!r} is not a SHA-256 digest")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ArtefactFile:
        """Build from JSON."""
        size = int(values["size_bytes"])
        return cls(name=str(values["name"]), sha256=str(values["sha256"]), size_bytes=size)


@dataclass(frozen=True, kw_only=True)
class ModelManifest:
    """The manifest of a stored model.

    Attributes
    ----------
    model : str
        Name in `gait_core.learn.registry`.
    settings : Settings
        Of the kind of model.
    inputs : InputShape
        What it was built for.
    feature_names : tuple of str
        Last axis of its inputs; empty where the inputs are no named features.
    versions : mapping of str to str
        What it was made with.
    history : History
        Losses of its training.
    files : mapping of str to ArtefactFile
        ``model`` is the ``.keras`` file of a network; ``arrays`` and all others are ``.npz`` files.
    details : mapping
        What the owner of the model adds, JSON-serialisable.
    """

    model: str
    settings: Settings
    inputs: InputShape
    feature_names: tuple[str, ...]
    versions: Mapping[str, str]
    history: History
    files: Mapping[str, ArtefactFile]
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON."""
        found: dict[str, Any] = json_ready(
            {
                "format": FORMAT,
                "model": self.model,
                "settings": self.settings.to_dict(),
                "inputs": {"axes": self.inputs.axes, "classes": self.inputs.classes},
                "feature_names": self.feature_names,
                "versions": self.versions,
                "history": vars(self.history),
                "files": {role: vars(file) for role, file in self.files.items()},
                "details": self.details,
            }
        )
        return found

    @classmethod
    def from_dict(cls, values: Any, stem: str) -> ModelManifest:
        """Read a manifest.

        Parameters
        ----------
        values : object
            What the JSON file holds.
        stem : str
            Name of the manifest without ``.json``.

        Raises
        ------
        ModelError
            When it has a format that is not known here, or is not a manifest at all.
        """
        found = values.get("format") if isinstance(values, Mapping) else None
        if found != FORMAT:
            raise ModelError(
                f"Expected the manifest {stem}.json in format {FORMAT}, but it has the format {found!r}.",
                "Update Gait Studio, or make the model again.",
            )
        _refuse_former_classifier(values, stem)
        try:
            return _of(values)
        except (KeyError, TypeError, ValueError, AttributeError, GaitError) as error:
            raise ModelError(
                f"Expected {stem}.json to be the manifest of a model, but it is not ({error}).",
                "Restore the file, or make the model again.",
            ) from error


def _refuse_former_classifier(values: Mapping[str, Any], stem: str) -> None:
    """Say plainly that a classifier comes from before all models were stored alike; it does not justify a reader."""
    if _FORMER_CLASSIFIER & set(values):
        raise ModelError(
            f"Expected {stem}.json to be the manifest of a model, but it describes a classifier as an earlier version "
            "of Gait Studio stored it.",
            "Train the classifier again; `train --help` lists the options.",
        )


def _of(values: Mapping[str, Any]) -> ModelManifest:
    kind = model_kind(str(values["model"]))
    inputs = InputShape(
        axes=tuple(int(size) for size in values["inputs"]["axes"]), classes=int(values["inputs"]["classes"])
    )
    kind.check(inputs)
    return ModelManifest(
        model=kind.name,
        settings=kind.settings.from_dict(values["settings"]),
        inputs=inputs,
        feature_names=tuple(map(str, values["feature_names"])),
        versions={str(name): str(version) for name, version in values["versions"].items()},
        history=_history(values["history"]),
        files={str(role): ArtefactFile.from_dict(file) for role, file in values["files"].items()},
        details=dict(values["details"]),
    )


def _history(values: Mapping[str, Any]) -> History:
    first = values["first_val_loss"]
    return History(
        loss=[_number(value) for value in values["loss"]],
        val_loss=[_number(value) for value in values["val_loss"]],
        first_val_loss=_number(first),
        best_epoch=int(values["best_epoch"]),
        stopped_early=str(values["stopped_early"]),
        metrics={str(name): [_number(value) for value in own] for name, own in values["metrics"].items()},
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
