"""Trains one classifier: out of memory, once more with half the batch; a loss that is not a number ends it clearly."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gait_core.errors import GaitError, MemoryLimitError, ModelError, NotFoundError, StorageError
from gait_core.learn.classifiers.protocol import Classifier, FitReport
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.history import History
from gait_core.learn.memory_kills import kills_for_memory
from gait_core.progress import Reporter
from gait_core.workspace import read_json, write_json

__all__ = [
    "OUT_OF_MEMORY",
    "Attempt",
    "MakeClassifier",
    "clear_attempt",
    "fit_once_more",
    "ran_out_of_memory",
]

_MOST_HALVINGS: Final = 1
_ATTEMPT: Final = "attempt.json"
OUT_OF_MEMORY: Final = (
    "ResourceExhaustedError",
    "RESOURCE_EXHAUSTED",
    "out of memory",
    "OOM when allocating",
    "std::bad_alloc",
)
"""What libraries write when memory ran out."""


class MakeClassifier(Protocol):
    """Builds a classifier that has not been trained."""

    def __call__(self, *, seed: int, halvings: int = 0, epochs: int | None = None) -> Classifier:
        """Return a classifier.

        Parameters
        ----------
        seed : int
        halvings : int
            How often to halve the batch and to double the steps whose gradients are added up, so that the effective
            batch stays.
        epochs : int, optional
            Fixed number of epochs; default: that of the settings.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempt:
    """A classifier that was trained.

    Attributes
    ----------
    classifier : Classifier
    report : FitReport
    halvings : int
        How often the batch was halved.
    """

    classifier: Classifier
    report: FitReport
    halvings: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the training, a halved batch among it."""
        if not self.halvings:
            return self.report.notes
        values = self.classifier.settings.to_dict()
        rows, steps = int(values.get("batch_size") or 1), int(values.get("accumulate") or 1)
        halved = (
            f"Memory ran out: the batch was halved to {rows} rows and the gradients of {steps} steps are averaged, so "
            f"that {rows * steps} rows count for each change of the weights."
        )
        return (halved, *self.report.notes)


def fit_once_more(
    make: MakeClassifier,
    training: Samples,
    validation: Samples | None,
    *,
    seed: int,
    folder: Path,
    reporter: Reporter,
    labels: Mapping[str, int],
    halvings: int = 0,
    epochs: int | None = None,
) -> Attempt:
    """Train a classifier; when memory runs out, train it once more with half the batch.

    A training that the system killed for want of memory is known by its folder when it is started again, and is also
    repeated with half the batch.

    Parameters
    ----------
    make : callable
    training : Samples
    validation : Samples or None
        By which to stop.
    seed : int
        Of the classifier.
    folder : Path
        Where the checkpoint lies while the training runs, ``checkpoint.npz``; with a halved batch
        ``checkpoint-half.npz``.
    reporter : Reporter
    labels : mapping
        Added to the events of each epoch.
    halvings : int
        With how often halved a batch to begin.
    epochs : int, optional
        Fixed number of epochs.

    Returns
    -------
    Attempt

    Raises
    ------
    MemoryLimitError
        When half the batch is too much as well.
    ModelError
        When the loss becomes NaN or infinite; the best weights before are kept in the folder ``best``.
    """
    if halvings < _MOST_HALVINGS:
        halvings = max(halvings, _halvings_of(folder, reporter))
    while True:
        _note_attempt(folder, halvings)
        try:
            classifier = make(seed=seed, halvings=halvings, epochs=epochs)
            report = classifier.fit(
                training, validation, reporter=reporter, checkpoint=_checkpoint(folder, halvings), labels=labels
            )
        except Exception as error:
            if not ran_out_of_memory(error):
                raise
            if halvings >= _MOST_HALVINGS or not _can_halve(make, seed):
                raise _too_little_memory(error) from error
            halvings += 1
            _let_go(error)
            reporter.warn(
                "train", "Memory ran out: once more with half the batch, the gradients of two steps added up."
            )
            continue
        _check_losses(report.history, classifier, folder, labels)
        return Attempt(classifier=classifier, report=report, halvings=halvings)


def clear_attempt(folder: Path) -> None:
    """Delete what only an unfinished training needs, and the folder where nothing else is in it."""
    for name in ("checkpoint*.npz", ".checkpoint*.tmp", "attempt.json"):
        for path in folder.glob(name):
            path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def ran_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out, also on a GPU.

    Returns
    -------
    bool
    """
    if isinstance(error, MemoryError | MemoryLimitError):
        return True
    return not isinstance(error, GaitError) and any(
        word in type(error).__name__ or word in str(error) for word in OUT_OF_MEMORY
    )


def _checkpoint(folder: Path, halvings: int) -> Path:
    # Another batch size is another training, and has a checkpoint of its own.
    return folder / ("checkpoint-half.npz" if halvings else "checkpoint.npz")


def _note_attempt(folder: Path, halvings: int) -> None:
    write_json(folder / _ATTEMPT, {"halvings": halvings, "pid": os.getpid(), "kills": kills_for_memory()})


def _halvings_of(folder: Path, reporter: Reporter) -> int:
    """Return how small the batch has to be after what an earlier, unfinished attempt in this folder came to."""
    try:
        found = read_json(folder / _ATTEMPT)
        halvings, kills = int(found["halvings"]), found["kills"]
    except (NotFoundError, StorageError, KeyError, TypeError, ValueError):
        return 0
    now = kills_for_memory()
    if kills is None or now is None or now <= int(kills):
        return halvings
    reporter.warn("train", "The system has ended processes for want of memory: the batch is halved for this training.")
    return _MOST_HALVINGS


def _can_halve(make: MakeClassifier, seed: int) -> bool:
    """Return whether a halved batch changes anything: a classifier without batches needs what it needs."""
    settings = make(seed=seed).settings.to_dict()
    return int(settings.get("batch_size") or 1) > 1


def _let_go(error: BaseException) -> None:
    """Free what the failed attempt holds: its frames keep arrays alive, and Keras keeps its graphs."""
    error.__traceback__ = None
    gc.collect()


def _too_little_memory(error: BaseException) -> MemoryLimitError:
    first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return MemoryLimitError(
        f"Expected enough memory for this training, but it ran out ({first}).",
        "Choose a smaller model, a smaller batch_size or fewer rows, or close other programs; then resume the run.",
    )


def _check_losses(history: History | None, classifier: Classifier, folder: Path, labels: Mapping[str, int]) -> None:
    """Raise `ModelError` when a loss is not a number; keep the best weights first."""
    if history is None:
        return
    epoch = next((n for n, loss in enumerate(history.loss, start=1) if not math.isfinite(loss)), None)
    if epoch is None:
        return
    kept = ""
    if history.val_loss and history.best_epoch > 0:  # without validation the last weights stay, which are spoilt
        classifier.save(folder / "best")
        kept = f" The weights of epoch {history.best_epoch} are kept in {folder / 'best'}."
    where = f" in fold {labels['fold']}" if "fold" in labels else ""
    raise ModelError(
        f"Expected a loss that is a number, but after epoch {epoch}{where} it is {history.loss[epoch - 1]}.{kept}",
        _ADVICE,
    )


_ADVICE: Final = (
    "Start a new run with a tenth of the learning_rate and with clipnorm 1; "
    "if mixed_precision is on, turn it off; look for extreme values with `dataset check`."
)
