"""What a training takes before it starts: numbers to learn, memory, and the rows in a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gait_core.config import Settings
from gait_core.learn.classifiers import ClassifierKind, SampleShape
from gait_core.learn.classifiers.batch_size import fitting_batch_size
from gait_core.phrases import plural
from gait_core.runtime.memory_readings import machine_memory

__all__ = ["TrainingSize", "size_line", "size_of_training"]

_MIB: Final = 1024**2


@dataclass(frozen=True, kw_only=True)
class TrainingSize:
    """What a training takes.

    Attributes
    ----------
    settings : Settings
        Of the classifier, with its batch size.
    parameters : int
        Numbers that are learned.
    memory_bytes, free_bytes : int
        Estimate of the memory that the training takes, and what the machine has free now.
    rows : int
        Of the dataset.
    batch_chosen : bool
        Whether the batch size was left open, and was chosen by the free memory and the number of rows.
    """

    settings: Settings
    parameters: int
    memory_bytes: int
    free_bytes: int
    rows: int
    batch_chosen: bool

    @property
    def batch_size(self) -> int | None:
        """Rows in a batch; None for a classifier without batches."""
        return self.settings.to_dict().get("batch_size")

    @property
    def fits(self) -> bool:
        """Whether as much memory is free now."""
        return self.memory_bytes <= self.free_bytes


def size_of_training(
    kind: ClassifierKind, settings: Settings, shape: SampleShape, rows: int, *, folds: int
) -> TrainingSize:
    """Return what a training takes, with the batch size that memory allows where the settings leave it open.

    Parameters
    ----------
    kind : ClassifierKind
    settings : Settings
        Of the classifier.
    shape : SampleShape
        What it is built for.
    rows : int
        Of the dataset.
    folds : int
        Parts of the cross-validation; a batch is chosen for the rows of all of them but one.

    Returns
    -------
    TrainingSize

    Raises
    ------
    MemoryLimitError
        When the batch size is left open and not even one row fits.
    """
    values = settings.to_dict()
    chosen = "batch_size" in values and values["batch_size"] is None
    if chosen:
        size = fitting_batch_size(
            lambda batch: kind.memory_bytes(settings.with_(batch_size=batch), shape, rows),
            max(1, rows * (folds - 1) // folds),
            int(values.get("accumulate") or 1),
        )
        settings = settings.with_(batch_size=size)
    return TrainingSize(
        settings=settings,
        parameters=kind.parameter_count(settings, shape),
        memory_bytes=kind.memory_bytes(settings, shape, rows),
        free_bytes=machine_memory().available_bytes,
        rows=rows,
        batch_chosen=chosen,
    )


def size_line(kind: ClassifierKind, size: TrainingSize) -> str:
    """Say in one line what a training takes.

    Parameters
    ----------
    kind : ClassifierKind
    size : TrainingSize
        As `size_of_training` gives it.

    Returns
    -------
    str
    """
    rows = plural(size.rows, "row")
    parts = [
        f"{size.parameters:,} weights to learn from {rows}" if size.parameters > 1 else f"{rows} to learn from",
        f"about {max(1, round(size.memory_bytes / _MIB)):,} MB of memory ({size.free_bytes // _MIB:,} MB are free)",
        *([] if size.batch_size is None else [f"{size.batch_size} rows in a batch"]),
    ]
    return f"{kind.title}: {', '.join(parts)}"
