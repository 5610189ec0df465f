"""Whether a training that is killed and continued ends with the weights of an unbroken one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.common import BenchResult
from gait_core.bench.processes import call
from gait_core.errors import GaitError
from gait_core.learn.classifiers import Classifier, SampleShape, classifier
from gait_core.learn.datasets.samples import Samples
from gait_core.progress import Event, Reporter, silent
from gait_core.workspace import Workspace

__all__ = ["bench_classifier_resume", "compare_resumed", "train_until_killed"]

_EPOCHS: Final = 4
_KILLED_AFTER: Final = 2
_SETTINGS: Final = {"epochs": _EPOCHS, "patience": _EPOCHS, "filters": 16, "batch_size": 16}
_ROWS: Final = 96
_STEPS: Final = 40
_CHANNELS: Final = ("left_knee_deg", "right_knee_deg", "left_hip_deg", "right_hip_deg")


def bench_classifier_resume(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Kill a training of the temporal convolutional network in its third epoch, continue, and compare the weights.

    Dropout, exchange of sides, warm-up and cosine decay are on. The process is killed by SIGKILL, between two batches.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        The same.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``resume_max_difference``: largest absolute difference of a weight, 0 when both trainings end alike.

    Raises
    ------
    GaitError
        When the training was not killed in its third epoch, so that there is nothing to compare.
    """
    del workspace, data
    with TemporaryDirectory() as place, reporter.stage("resume", "Killing a training and continuing it"):
        checkpoint = Path(place) / "checkpoint.npz"
        try:
            call(train_until_killed, {"checkpoint": str(checkpoint)}, reporter)
        except GaitError:
            if not checkpoint.is_file():
                raise
        else:
            raise GaitError("Expected the training to be killed, but it ended by itself.", "Report this.")
        found, _ = call(compare_resumed, {"checkpoint": str(checkpoint)}, reporter)
    return BenchResult(
        bench="classifier_resume",
        settings={"epochs": _EPOCHS, "killed_after": _KILLED_AFTER, "continued": found["continued"], "quick": quick},
        figures={"resume_max_difference": found["difference"]},
    )


def train_until_killed(checkpoint: str) -> dict[str, Any]:
    """Train, and kill this process in the epoch after `_KILLED_AFTER`.

    Returns
    -------
    dict
        Empty, and only where the process was not killed.
    """
    batches = {"left": -1}

    def note(event: Event) -> None:
        if event.kind == "epoch" and event.data.get("epoch") == _KILLED_AFTER:
            batches["left"] = 2

    def cancelled() -> bool:
        # Asked after every batch.
        if batches["left"] > 0:
            batches["left"] -= 1
            if not batches["left"]:
                os.kill(os.getpid(), signal.SIGKILL)
        return False

    _fit(Path(checkpoint), Reporter(sink=note, cancelled=cancelled))
    return {}


def compare_resumed(checkpoint: str) -> dict[str, Any]:
    """Continue from a checkpoint, train without a break, and compare the weights.

    Returns
    -------
    dict
        ``difference``, the largest absolute difference of a weight, and ``continued``, the notes of the training that
        was continued.
    """
    notes: list[str] = []

    def note(event: Event) -> None:
        if event.kind == "note":
            notes.append(event.message)

    resumed = _fit(Path(checkpoint), Reporter(sink=note))
    unbroken = _fit(None, silent())
    difference = max(float(np.abs(one - other).max()) for one, other in zip(resumed, unbroken, strict=True))
    return {"difference": difference, "continued": notes}


def _fit(checkpoint: Path | None, reporter: Reporter) -> list[NDArray[Any]]:
    """Train on made-up rows and return the weights."""
    samples = _rows()
    kind = classifier("tcn")
    network: Classifier = kind.build(kind.settings.from_dict(_SETTINGS), SampleShape.of(samples))
    held = np.arange(len(samples)) % 4 == 0
    network.fit(samples.take(~held), samples.take(held), reporter=reporter, checkpoint=checkpoint)
    model: Any = network.model  # type: ignore[attr-defined]
    return [np.asarray(weight) for weight in model.get_weights()]


def _rows() -> Samples:
    draw = np.random.default_rng(5)
    labels = np.arange(_ROWS) % 2
    values = draw.normal(size=(_ROWS, _STEPS, len(_CHANNELS))) + labels[:, None, None]
    names = np.array([f"person{number}" for number in range(_ROWS)])
    return Samples(
        values=values.astype(np.float32),
        lengths=np.full(_ROWS, _STEPS),
        labels=labels,
        subjects=names,
        walks=names,
        channels=_CHANNELS,
        classes=("control", "patient"),
        kind="curves",
    )
