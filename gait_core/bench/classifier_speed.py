"""How fast a network trains, against the plain loop in the same process: per epoch, and to the same accuracy."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gait_core.bench.classifier_speed_runs import compare_loops
from gait_core.bench.common import BenchResult, Table
from gait_core.bench.plain_training import PLAIN_BATCH, PLAIN_RATE
from gait_core.bench.processes import call
from gait_core.learn.datasets.simulated import make_dataset
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_classifier_speed"]

_DATASET_SEED: Final = 2
_COLUMNS: Final = (
    "loop",
    "batch",
    "first epoch, s",
    "epoch, s",
    "epoch, CPU s",
    "best accuracy",
    "same accuracy after, s",
    "same accuracy after, CPU s",
)


def bench_classifier_speed(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Train the temporal convolutional network on simulated people in several ways and compare.

    The plain loop is that of `gait_core.bench.plain_training`; ours is what ``train`` runs with its default settings.
    A third run gives the plain loop our batch size and rate: what is left of the difference then is the loop alone.
    All train the same network on the same rows, in turns, in one process, and judge the same held-out people after
    each epoch. An epoch is timed with its input and its judging. The first one, with everything that is compiled,
    counts only for the time to the same accuracy: the best that the plain loop reaches in so many epochs.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        Few people and epochs, one repeat instead of three.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        Time of the plain loop over ours: ``epoch_speedup`` and ``time_to_equal_accuracy_speedup`` by the clock, with
        ``_cpu`` after them by CPU time, and ``epoch_speedup_same_batch_cpu``, the plain loop with our batch size and
        rate. ``target_balanced_accuracy`` is the accuracy meant, ``input_wait_share`` the share of a step in which our
        loop waits for its rows. NaN where an accuracy was not reached.
    """
    del workspace, data
    subjects, epochs, repeats = (4, 3, 1) if quick else (15, 10, 3)
    with TemporaryDirectory() as place, reporter.stage("speed", "Training with both loops"):
        folder = Path(place) / "walks"
        make_dataset(folder, subjects=subjects, walks=1, seed=_DATASET_SEED, reporter=reporter.without_events())
        arguments = {"folder": str(folder), "epochs": epochs, "repeats": repeats}
        found, _ = call(compare_loops, arguments, reporter)
    return BenchResult(
        bench="classifier_speed",
        settings={
            "subjects": subjects,
            "rows": found["rows"],
            "epochs": epochs,
            "repeats": repeats,
            "plain": {"batch": PLAIN_BATCH, "rate": PLAIN_RATE, "loss": "cross-entropy", "compiled": "Keras' default"},
            "quick": quick,
        },
        figures={name: float("nan") if value is None else value for name, value in found["figures"].items()},
        tables=[
            Table(title="One network, three loops, medians", columns=_COLUMNS, rows=found["loops"]),
            Table(title="Where an epoch of ours goes", columns=["part", "share"], rows=found["parts"]),
        ],
    )
