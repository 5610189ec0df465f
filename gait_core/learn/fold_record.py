"""What one fold of a cross-validation came to: its record and its predictions, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from gait_core.cache.archive import json_ready, load_arrays, save_arrays
from gait_core.errors import GaitError, NotFoundError, StorageError
from gait_core.learn.decision import Decision
from gait_core.learn.history import History
from gait_core.learn.predictions import Predictions
from gait_core.workspace import read_json, write_json

__all__ = ["FoldRecord", "is_finished", "read_fold", "read_record", "write_fold"]

FORMAT: Final = 1
_RECORD: Final = "fold.json"
_PREDICTIONS: Final = "predictions.npz"


@dataclass(frozen=True, kw_only=True)
class FoldRecord:
    """What one fold came to.

    Attributes
    ----------
    seed, fold, folds : int
        Repetition, 1-based number of the fold, number of folds.
    training_subjects, inner_subjects, test_subjects : tuple of str
        Those to learn from, those among them on whom everything is chosen, those who are tested.
    scores, row_scores : mapping of str to float
        Per subject (or walk) and per row, see `gait_core.learn.scores.METRICS`; NaN where one is not defined.
    decision : Decision
        Temperature and threshold, chosen on the inner subjects.
    history : History or None
    epochs, parameters : int
    halvings : int
        How often the batch was halved for want of memory.
    duration_s : float
        Of the whole fold.
    stopped : bool
        The user ended the training early.
    notes : tuple of str
    """

    seed: int
    fold: int
    folds: int
    training_subjects: tuple[str, ...]
    inner_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]
    scores: Mapping[str, float]
    row_scores: Mapping[str, float]
    decision: Decision
    history: History | None
    epochs: int
    parameters: int
    halvings: int
    duration_s: float
    stopped: bool = False
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.seed}-{self.fold}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON, None for NaN."""
        values = dict(vars(self), decision=self.decision.to_dict())
        values["history"] = None if self.history is None else vars(self.history)
        found: dict[str, Any] = json_ready({"format": FORMAT, **values})
        return found

    @classmethod
    def from_dict(cls, values: Any, source: str) -> Self:
        """Build from JSON.

        Raises
        ------
        StorageError
            When a value is missing or of another kind, or another version wrote it.
        """
        try:
            if values["format"] != FORMAT:
                raise ValueError(f"format {values['format']!r}")
            own = {entry.name: values[entry.name] for entry in fields(cls)}
            for name in ("training_subjects", "inner_subjects", "test_subjects", "notes"):
                own[name] = tuple(map(str, own[name]))
            for name in ("scores", "row_scores"):
                own[name] = {str(key): _number(value) for key, value in own[name].items()}
            own["decision"] = Decision.from_dict(own["decision"])
            own["history"] = _history(own["history"])
            return cls(**own)
        except (KeyError, TypeError, ValueError, AttributeError, GaitError) as error:
            raise StorageError(
                f"Expected the record of a fold in {source}, but it is not ({error}).",
                "Delete the folder of this fold and resume the run.",
            ) from error


def write_fold(folder: Path, record: FoldRecord, predictions: Predictions) -> None:
    """Store a finished fold; the record comes last, and makes it a finished one.

    Parameters
    ----------
    folder : Path
        Of this fold.
    record : FoldRecord
    predictions : Predictions
        Of its test subjects.

    Raises
    ------
    StorageError
        When there is no space; the fold is not finished then.
    """
    save_arrays(folder / _PREDICTIONS, predictions.to_arrays())
    write_json(folder / _RECORD, record.to_dict())


def read_fold(folder: Path) -> tuple[FoldRecord, Predictions] | None:
    """Read a finished fold; None where there is none.

    Returns
    -------
    (FoldRecord, Predictions) or None

    Raises
    ------
    StorageError
        When it is damaged.
    """
    record = read_record(folder)
    if record is None:
        return None
    try:
        return record, Predictions.from_arrays(load_arrays(folder / _PREDICTIONS))
    except (GaitError, ValueError, KeyError) as error:
        raise StorageError(
            f"Expected the predictions of a fold in {folder / _PREDICTIONS}, but they are damaged ({error}).",
            "Delete the folder of this fold and resume the run.",
        ) from error


def is_finished(folder: Path) -> bool:
    """Return whether the folder of a fold holds its record, without reading it.

    Returns
    -------
    bool
    """
    return (folder / _RECORD).is_file()


def read_record(folder: Path) -> FoldRecord | None:
    """Read what a finished fold came to, without its predictions; None where there is none.

    Returns
    -------
    FoldRecord or None

    Raises
    ------
    StorageError
        When it is damaged, or when its predictions are gone.
    """
    try:
        values = read_json(folder / _RECORD)
    except NotFoundError:
        return None
    if not (folder / _PREDICTIONS).is_file():
        raise StorageError(
            f"Expected the predictions of a fold in {folder / _PREDICTIONS}, but there are none.",
            "Delete the folder of this fold and resume the run.",
        )
    return FoldRecord.from_dict(values, str(folder / _RECORD))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _history(values: Mapping[str, Any] | None) -> History | None:
    if values is None:
        return None

    def numbers(found: Sequence[float | None]) -> list[float]:
        return [_number(value) for value in found]

    return History(
        loss=numbers(values["loss"]),
        val_loss=numbers(values["val_loss"]),
        first_val_loss=_number(values["first_val_loss"]),
        best_epoch=int(values["best_epoch"]),
        stopped_early=str(values["stopped_early"]),
        metrics={str(name): numbers(own) for name, own in values["metrics"].items()},
    )
