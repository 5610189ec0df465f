"""What every kind of dataset offers; each kind says only how its rows are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.datasets.classes import class_order
from gait_core.learn.datasets.problems import Problem, errors_of
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.progress import Reporter, silent
from gait_core.workspace import Workspace

__all__ = ["VARIES", "Dataset", "Fact", "Reading"]

VARIES = "…"
"""Covariate of a subject whose rows differ in it."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something known about each walk or person that is not learned from but may give the label away.

    Attributes
    ----------
    name : str
        A column of a table, or a property of videos.
    subjects, labels : tuple of str
    values : tuple of float or str
        All numbers or all text; NaN where unknown.
    """

    name: str
    subjects: tuple[str, ...]
    labels: tuple[str, ...]
    values: tuple[float, ...] | tuple[str, ...]

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers."""
        return not any(isinstance(value, str) for value in self.values)

    def by_subject(self, subjects: Sequence[str]) -> NDArray[Any]:
        """Return one value per subject: the mean of numbers, text where it is always the same."""
        found: dict[str, list[Any]] = {subject: [] for subject in subjects}
        for subject, value in zip(self.subjects, self.values, strict=True):
            if subject in found:
                found[subject].append(value)
        if self.numeric:
            finite = {subject: [value for value in own if np.isfinite(value)] for subject, own in found.items()}
            return np.array([np.mean(own) if own else np.nan for own in finite.values()])
        texts = [sorted(set(own)) for own in found.values()]
        return np.array([own[0] if len(own) == 1 else VARIES if own else "" for own in texts], np.str_)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What reading a dataset gave.

    Attributes
    ----------
    samples : Samples or None
        None when there is no row to learn from; a problem says why.
    problems : tuple of Problem
    facts : tuple of Fact
        Known only from reading, such as the frame size of videos.
    """

    samples: Samples | None
    problems: tuple[Problem, ...] = ()
    facts: tuple[Fact, ...] = ()


class Dataset(ABC):
    """Labelled walks, whatever they are stored as.

    Parameters
    ----------
    path : Path
        File or folder.
    settings : DatasetSettings
    subjects, labels : sequence of str
        Of each walk, cycle or line, as stored.
    facts : sequence of Fact
        Covariates.
    problems : sequence of Problem
        What was found when it was opened.
    splits : mapping of str to str
        Subject → ``train`` or ``test``, where a label file says so.

    Attributes
    ----------
    kind : {"videos", "labels", "cycles", "parameters", "samples"}
    """

    kind: ClassVar[str]

    def __init__(
        self,
        path: Path,
        settings: DatasetSettings,
        *,
        subjects: Sequence[str],
        labels: Sequence[str],
        facts: Sequence[Fact] = (),
        problems: Sequence[Problem] = (),
        splits: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self.settings = settings
        self.facts = tuple(facts)
        self.splits: Mapping[str, str] = dict(splits or {})
        self._labelled = tuple(zip(subjects, labels, strict=True))
        self._opening = tuple(problems)
        self._readings: dict[str, Reading] = {}
        self.classes = class_order(labels, settings.reference_class)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {self.kind}, {len(self.subjects)} subjects, classes {self.classes})"

    @property
    def name(self) -> str:
        """Display name: that of the folder or file."""
        return self.path.stem if self.path.is_file() else self.path.name

    @property
    def labelled(self) -> tuple[tuple[str, str], ...]:
        """Subject and label of each walk, cycle or line, as stored."""
        return self._labelled

    @property
    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted."""
        return tuple(sorted({subject for subject, _ in self._labelled}))

    @cached_property
    def covariates(self) -> Mapping[str, NDArray[Any]]:
        """Facts about the subjects, in their order; reported, never used unless named as features."""
        return {fact.name: fact.by_subject(self.subjects) for fact in self.facts}

    @property
    def several_labels(self) -> bool:
        """Whether one subject may have several labels."""
        return self.settings.several_labels

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found so far: when it was opened and when it was read last."""
        last = tuple(self._readings.values())[-1:]
        return (*self._opening, *(problem for reading in last for problem in reading.problems))

    def read(
        self,
        settings: DatasetSettings | None = None,
        workspace: Workspace | None = None,
        reporter: Reporter | None = None,
    ) -> Reading:
        """Return the rows with everything that was found on the way; arguments as for `samples`.

        The last reading is kept, so that to check and then to train reads once.
        """
        chosen = settings or self.settings
        key = chosen.digest()
        if key not in self._readings:
            reading = self._read(chosen, workspace, reporter or silent())
            self._readings = {key: reading}
        return self._readings[key]

    def samples(
        self,
        settings: DatasetSettings | None = None,
        workspace: Workspace | None = None,
        reporter: Reporter | None = None,
    ) -> Samples:
        """Return the rows to learn from.

        Parameters
        ----------
        settings : DatasetSettings, optional
            Other settings than those with which it was opened.
        workspace : Workspace, optional
            Whose cache keeps what is computed from videos; tables do without.
        reporter : Reporter, optional

        Returns
        -------
        Samples

        Raises
        ------
        InputError
            When there is no row to learn from, or a value is missing and `DatasetSettings.missing` is ``refuse``.
        Cancelled
            When the user stopped the work; what is finished is in the cache.
        """
        reading = self.read(settings, workspace, reporter)
        for problem in errors_of(reading.problems):
            raise InputError(problem.message, problem.remedy)
        if reading.samples is None:
            raise InputError(f"Expected rows to learn from in {self.path}, but found none.", "Check the dataset.")
        return reading.samples

    @abstractmethod
    def _read(self, settings: DatasetSettings, workspace: Workspace | None, reporter: Reporter) -> Reading:
        """Read the rows; what is wrong with some of them becomes a problem and the others continue."""
