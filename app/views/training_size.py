"""Training lab, before the start: how many numbers a model learns, how much memory that takes, and how it is fed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import words
from app.components import box, error_box, facts, note
from gait_core.errors import GaitError, MemoryLimitError
from gait_core.learn.classifiers import ClassifierKind, SampleShape
from gait_core.walks.clips import CLIP_HEIGHT_PX, CLIP_WIDTH_PX
from gait_core.workflows.training_size import TrainingSize, size_of_training

__all__ = ["render", "shape_of"]


def render(report: Mapping[str, Any] | None, spec: ClassifierKind, changed: Mapping[str, Any], folds: int) -> None:
    """Draw the size of a model on a dataset that was checked.

    Parameters
    ----------
    report : mapping or None
        Of the check of the dataset; None before there is one.
    spec : ClassifierKind
    changed : mapping
        Its settings that differ from their default.
    folds : int
    """
    if report is None or not report["row_kind"]:
        note("Check the dataset to see how many weights the model learns and how much memory that takes.")
        return
    if report["row_kind"] not in spec.inputs:
        return
    rows = sum(int(count) for count in report["rows"].values())
    try:
        size = size_of_training(spec, spec.settings.from_dict(changed), shape_of(report), rows, folds=folds)
    except MemoryLimitError as error:
        error_box(error.to_dict(), "This model does not fit into the memory")
        return
    except GaitError:
        return  # a wrong setting is reported when the training is started
    _draw(size)


def _draw(size: TrainingSize) -> None:
    items = [
        ("Rows to learn from", f"{size.rows:,}", f"{words.plural(size.parameters, 'weight')} to learn")
        if size.parameters > 1
        else ("Rows to learn from", f"{size.rows:,}", "the model grows with them"),
        (
            "Memory of the training",
            f"about {words.size(size.memory_bytes)}",
            f"{words.size(size.free_bytes)} are free now",
        ),
    ]
    if size.batch_size is not None:
        how = "chosen by the free memory and the number of rows" if size.batch_chosen else "as you set it"
        items.append(("Batch", words.plural(size.batch_size, "row"), how))
    facts(items)
    if not size.fits:
        box(
            "More memory than is free",
            "The training may be stopped by the system. Choose a smaller batch or a smaller model, or close programs.",
            "warn",
        )


def shape_of(report: Mapping[str, Any]) -> SampleShape:
    """Return what a classifier is built for on a dataset that was checked; of clips with their usual width."""
    steps, _ = report["shape"]
    clips = report["row_kind"] == "clips"
    return SampleShape(
        n_steps=int(steps),
        channels=tuple(map(str, report["channels"])),
        classes=tuple(map(str, report["subjects"])),
        kind=str(report["row_kind"]),
        frame_px=(CLIP_HEIGHT_PX, CLIP_WIDTH_PX) if clips else (0, 0),
    )
