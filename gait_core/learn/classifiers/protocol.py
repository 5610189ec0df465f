"""What every classifier offers, what it is built for, and what a training reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import Settings
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.history import History
from gait_core.learn.registry import InputShape
from gait_core.progress import Reporter

__all__ = ["Classifier", "FitReport", "SampleShape"]


@dataclass(frozen=True, kw_only=True)
class SampleShape:
    """What a classifier is built for.

    Attributes
    ----------
    n_steps : int
        Steps of the longest row in training; 1 for parameters; frames of clips.
    channels : tuple of str
        Names with units, in the order of the columns.
    classes : tuple of str
        In the order of the labels.
    kind : {"curves", "windows", "parameters", "clips"}
        What a row is.
    frame_px : tuple of int
        Height and width of the largest frame of clips; 0 for other kinds.
    """

    n_steps: int
    channels: tuple[str, ...]
    classes: tuple[str, ...]
    kind: str
    frame_px: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Return the shape of samples."""
        return cls(
            n_steps=samples.longest,
            channels=samples.channels,
            classes=samples.classes,
            kind=samples.kind,
            frame_px=(0, 0) if samples.clips is None else samples.clips.frame_px,
        )

    @property
    def size(self) -> InputShape:
        """The same in numbers."""
        frame = self.frame_px if self.kind == "clips" else ()
        return InputShape(axes=(self.n_steps, *frame, len(self.channels)), classes=len(self.classes))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-serialisable values."""
        lists = {name: list(getattr(self, name)) for name in ("channels", "classes", "frame_px")}
        return {**vars(self), **lists}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(
            n_steps=int(values["n_steps"]),
            channels=tuple(map(str, values["channels"])),
            classes=tuple(map(str, values["classes"])),
            kind=str(values["kind"]),
            frame_px=_frame_px(values.get("frame_px", (0, 0))),
        )


def _frame_px(values: Any) -> tuple[int, int]:
    height, width = values
    return int(height), int(width)


@dataclass(frozen=True, kw_only=True)
class FitReport:
    """What a training came to.

    Attributes
    ----------
    epochs : int
        Epochs run; 0 for a classifier that has none.
    history : History or None
        Losses by epoch; None for a classifier that has no epochs.
    parameters : int
        Numbers learned from the data.
    duration_s : float
        Time taken, s.
    notes : tuple of str
        What the user should know, one sentence each.
    """

    epochs: int
    history: History | None
    parameters: int
    duration_s: float
    notes: tuple[str, ...] = ()


class Classifier(Protocol):
    """Learns classes from samples and gives the probability of each class for others."""

    @property
    def name(self) -> str:
        """Name in the registry."""

    @property
    def settings(self) -> Settings:
        """Settings that it was built with."""

    @property
    def shape(self) -> SampleShape:
        """What it was built for."""

    def fit(
        self,
        training: Samples,
        validation: Samples | None = None,
        *,
        reporter: Reporter | None = None,
        checkpoint: Path | None = None,
        labels: Mapping[str, int] | None = None,
    ) -> FitReport:
        """Learn from samples.

        Parameters
        ----------
        training : Samples
            At least two classes.
        validation : Samples, optional
            Rows of other subjects, for early stopping; a classifier without epochs does not look at them.
        reporter : Reporter, optional
            Gets the losses of each epoch and can cancel.
        checkpoint : Path, optional
            ``.npz`` file from which a training that was killed continues; only networks write one.
        labels : mapping, optional
            Added to each epoch's event, for example the fold.

        Returns
        -------
        FitReport

        Raises
        ------
        InputError
            When the samples do not fit the classifier, or hold fewer than two classes.
        """

    def predict(self, samples: Samples) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n, n_classes); every row sums to 1.

        Raises
        ------
        InputError
            When the samples have other channels, or are of another kind, than in training.
        ModelError
            Before `fit`.
        """

    def save(self, folder: Path) -> None:
        """Write everything that `load_classifier` needs into a folder, with `gait_core.learn.artefact.save_artefact`.

        Raises
        ------
        ModelError
            Before `fit`.
        StorageError
            When the place is read-only or full.
        """
