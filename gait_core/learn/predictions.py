"""What a classifier says about samples that it has not learned from, row by row, and gathered by subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError

__all__ = ["Predictions", "joined_predictions"]

_ROWS: Final = ("probabilities", "labels", "subjects", "walks", "thresholds")


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Class probabilities beside the truth.

    Attributes
    ----------
    probabilities : ndarray of float64, shape (n, n_classes)
        Each row sums to 1.
    labels : ndarray of int64, shape (n,)
        True class, an index into `classes`.
    subjects, walks : ndarray of str, shape (n,)
    thresholds : ndarray of float64, shape (n,)
        With two classes, the probability of the second one from which a row counts as of that class; NaN where the
        more probable class is taken.
    classes : tuple of str
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]
    subjects: NDArray[np.str_]
    walks: NDArray[np.str_]
    thresholds: NDArray[np.float64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = (len(self.labels), len(self.classes))
        if self.probabilities.shape != shape:
            raise InputError(
                f"Expected probabilities of shape {shape}, but got {self.probabilities.shape}.",
                "Give one row per sample and one column per class.",
            )
        if len(self.labels) and not np.isfinite(self.probabilities).all():
            raise InputError(
                "Expected probabilities between 0 and 1, but some are NaN or infinite.",
                "Train the model again with a lower learning rate.",
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted class of each row: the most probable one, or by the threshold where there is one."""
        found: NDArray[np.int64] = self.probabilities.argmax(axis=1).astype(np.int64)
        by_threshold = np.isfinite(self.thresholds)
        if by_threshold.any():
            found[by_threshold] = self.probabilities[by_threshold, 1] >= self.thresholds[by_threshold]
        return found

    @property
    def unit(self) -> str:
        """What is judged as one: the ``subject``, or the ``walk`` where a subject has walks of several classes."""
        _, subject_of = np.unique(self.subjects, return_inverse=True)
        pairs = np.unique(np.stack([subject_of, self.labels], axis=1), axis=0)
        return "walk" if len(pairs) > len(np.unique(subject_of)) else "subject"

    def take(self, rows: NDArray[Any]) -> Self:
        """Return some rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ROWS})

    def gathered(self, unit: str | None = None) -> Self:
        """Return one row per subject or walk, with the mean of the probabilities of its rows.

        The truth decides nothing here but what is gathered: where a subject walks in several ways, each walk is judged
        by itself.

        Parameters
        ----------
        unit : {"subject", "walk"}, optional
            Default: `unit`.

        Raises
        ------
        InputError
            When rows of one unit are of different classes.
        """
        if not len(self):
            return self
        names = self.subjects
        if (unit or self.unit) == "walk":
            names = np.char.add(np.char.add(self.subjects.astype(np.str_), "\0"), self.walks.astype(np.str_))
        _, first, unit_of = np.unique(names, return_index=True, return_inverse=True)
        if (self.labels != self.labels[first][unit_of]).any():
            row = int(np.flatnonzero(self.labels != self.labels[first][unit_of])[0])
            raise InputError(
                f"Expected one class per walk, but walk {self.walks[row]} of subject {self.subjects[row]} has several.",
                "Correct the labels of its rows, or give the rows different walks.",
            )
        counts = np.bincount(unit_of)
        sums = np.zeros((len(first), len(self.classes)))
        np.add.at(sums, unit_of, self.probabilities)
        return replace(self.take(first), probabilities=sums / counts[:, None])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for one ``.npz`` file."""
        return {name: getattr(self, name) for name in _ROWS} | {"classes": np.array(self.classes, np.str_)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`.

        Raises
        ------
        InputError
            When an array is missing or does not fit the others.
        """
        missing = sorted({*_ROWS, "classes"} - set(arrays))
        if missing:
            raise InputError(f"Expected stored predictions, but {', '.join(missing)} is missing.", "Train again.")
        classes = tuple(str(name) for name in np.atleast_1d(arrays["classes"]).tolist())
        return cls(classes=classes, **{name: arrays[name] for name in _ROWS})


def joined_predictions(parts: Sequence[Predictions]) -> Predictions:
    """Put predictions of the same classes one after the other.

    Returns
    -------
    Predictions

    Raises
    ------
    InputError
        With none, or when the classes differ.
    """
    if not parts or any(part.classes != parts[0].classes for part in parts):
        raise InputError("Expected predictions of the same classes, but got none, or several sets.", "Train again.")
    rows: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ROWS}
    return replace(parts[0], **rows)
