"""Training lab, before the start: how many numbers a model learns, how much memory that takes, and how it is fed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import words
from app.components import box, error_box, facts, note
from gait_core.errors import GaitError, MemoryLimitError
from gait_core.learn.classifiers import ClassifierKind, SampleShape
from gait_core.learn.classifiers.batch_size import fitting_batch_size
from gait_core.runtime.memory_readings import machine_memory
from gait_core.walks.clips import CLIP_HEIGHT_PX, CLIP_WIDTH_PX

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
        note("Check the dataset to see how many numbers the model learns and how much memory that takes.")
        return
    if report["row_kind"] not in spec.inputs:
        return
    shape, rows = shape_of(report), sum(int(count) for count in report["rows"].values())
    try:
        settings = spec.settings.from_dict(dict(changed))
        values = settings.to_dict()
        wants_batch = "batch_size" in values and values["batch_size"] is None
        if wants_batch:
            training = max(1, rows * (folds - 1) // folds)
            size = fitting_batch_size(
                lambda batch: spec.memory_bytes(settings.with_(batch_size=batch), shape, rows),
                training,
                int(values.get("accumulate") or 1),
            )
            settings = settings.with_(batch_size=size)
        memory = spec.memory_bytes(settings, shape, rows)
        learned = spec.parameter_count(settings, shape)
    except MemoryLimitError as error:
        error_box(error.to_dict(), "This model does not fit into the memory")
        return
    except GaitError:
        return  # a setting that is wrong is told when the training is started
    free = machine_memory().available_bytes
    items = [
        ("Numbers to learn", f"{learned:,}", f"from {words.plural(rows, 'row')}"),
        ("Memory of the training", f"about {words.size(memory)}", f"{words.size(free)} are free now"),
    ]
    if "batch_size" in values:
        how = "chosen by the free memory and the number of rows" if wants_batch else "as you set it"
        items.append(("Batch", words.plural(int(settings.to_dict()["batch_size"]), "row"), how))
    facts(items)
    if memory > free:
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
