"""Datasets that are stored as arrays: ``samples.npz`` with ``dataset.json`` beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.errors import InputError, StorageError
from gait_core.learn.datasets.classes import class_order, label_numbers
from gait_core.learn.datasets.dataset import Dataset, Reading
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.progress import Reporter
from gait_core.workspace import Workspace, read_json, write_json

__all__ = ["DESCRIPTION", "SAMPLES", "StoredDataset", "description_of", "save_dataset", "write_description"]

DESCRIPTION: Final = "dataset.json"
SAMPLES: Final = "samples.npz"
_FORMAT: Final = "gait-dataset"
_VERSION: Final = 1


def write_description(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``dataset.json``: what a dataset is and how it was made.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    """
    write_json(folder / DESCRIPTION, {"format": _FORMAT, "version": _VERSION, **facts})


def description_of(folder: Path) -> dict[str, Any]:
    """Return what ``dataset.json`` says; empty where there is none.

    Returns
    -------
    dict of str to object

    Raises
    ------
    InputError
        When the file describes something else, or a later version.
    StorageError
        When it is damaged.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        return {}
    facts = read_json(path)
    if not isinstance(facts, dict) or facts.get("format") != _FORMAT or facts.get("version") != _VERSION:
        raise InputError(
            f"Expected {path} to describe a dataset of version {_VERSION}, but it does not.",
            "Make the dataset again with this version.",
        )
    return facts


def save_dataset(folder: Path, samples: Samples, facts: Mapping[str, Any]) -> None:
    """Store samples as a dataset.

    Parameters
    ----------
    folder : Path
        Made where missing; an earlier dataset in it is replaced.
    samples : Samples
    facts : mapping
        How they were made; ``several_labels`` states that one subject may have several labels.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    """
    save_arrays(folder / SAMPLES, samples.to_arrays())
    write_description(folder, {"kind": "samples", "digest": samples.digest(), **facts})


class StoredDataset(Dataset):
    """A dataset that is stored as arrays.

    Parameters
    ----------
    path : Path
        The folder.
    settings : DatasetSettings

    Raises
    ------
    StorageError
        When a file is damaged, or the arrays are not those that the description names.
    """

    kind = "samples"

    def __init__(self, path: Path, settings: DatasetSettings) -> None:
        self.description = description_of(path)
        self._stored = Samples.from_arrays(load_arrays(path / SAMPLES))
        if self.description.get("digest", self._stored.digest()) != self._stored.digest():
            raise StorageError(
                f"Expected the samples in {path} as they were made, but {SAMPLES} has changed since.",
                "Make the dataset again.",
            )
        names = np.array(self._stored.classes, np.str_)[self._stored.labels].tolist()
        super().__init__(path, settings, subjects=self._stored.subjects.tolist(), labels=names)

    @property
    def several_labels(self) -> bool:
        """Whether one subject may have several labels, by its settings or by its description."""
        return super().several_labels or bool(self.description.get("several_labels", False))

    def _read(self, settings: DatasetSettings, workspace: Workspace | None, reporter: Reporter) -> Reading:
        del workspace, reporter
        names = [label for _, label in self.labelled]
        classes = class_order(names, settings.reference_class)
        labels = label_numbers(names, classes, settings.reference_class)
        return Reading(samples=_with_features(replace(self._stored, labels=labels, classes=classes), settings))


def _with_features(samples: Samples, settings: DatasetSettings) -> Samples:
    if not settings.features:
        return samples
    unknown = [name for name in settings.features if name not in samples.channels]
    if unknown:
        raise InputError(
            f"Expected features among {', '.join(samples.channels)}, but got {', '.join(unknown)}.",
            "Choose from these.",
        )
    place = [samples.channels.index(name) for name in settings.features]
    return replace(samples, values=samples.values[:, :, place], channels=tuple(settings.features))
