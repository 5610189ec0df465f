"""What the benchmark of training speed times, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.plain_training import PLAIN_BATCH, PLAIN_RATE, EpochEnd, plain_training
from gait_core.bench.processes import cpu_s, median_of
from gait_core.learn.backend import seed_everything
from gait_core.learn.batches import ArrayBatches, Batch, BatchSource
from gait_core.learn.classifiers import SampleShape, classifier
from gait_core.learn.classifiers.batch_size import fitting_batch_size
from gait_core.learn.classifiers.checks import balancing_weights
from gait_core.learn.classifiers.features import Scaling
from gait_core.learn.classifiers.network import network_inputs
from gait_core.learn.classifiers.sides import ExchangingBatches, both_sides, sides_of
from gait_core.learn.classifiers.tcn import TCN, TcnSettings
from gait_core.learn.classifiers.training_options import loss_of, optimizer_of
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.settings import TrainSettings
from gait_core.learn.splits import group_folds
from gait_core.progress import Event, Reporter, silent
from gait_core.workspace import Workspace

__all__ = ["Run", "TimedBatches", "compare_loops"]

_WALL, _CPU = 0, 1
_PLAIN, _OURS, _ALIKE = "plain", "ours", "plain, our batch and rate"
_JUDGED_AT_ONCE: Final = 128
_PROFILED_EPOCHS: Final = 3


def compare_loops(folder: str, epochs: int, repeats: int) -> dict[str, Any]:
    """Train in all ways, in turns, and time the epochs.

    Parameters
    ----------
    folder : str
        Dataset.
    epochs : int
        Of each training.
    repeats : int
        Trainings of each way; the order of the ways alternates.

    Returns
    -------
    dict
        ``rows``, the numbers of rows to train on and held out, ``figures`` as of `bench_classifier_speed`, and
        ``loops`` and ``parts``, the rows of its tables. None where a figure is not defined.
    """
    samples = open_dataset(Path(folder), DatasetSettings()).samples(None, Workspace(folder), silent())
    task = _Task(samples)
    task.ours(1)  # The first training of a process also loads kernels of the libraries.
    ways: list[tuple[str, Callable[[], list[EpochEnd]]]] = [
        (_PLAIN, lambda: task.plain(epochs, PLAIN_BATCH, PLAIN_RATE)),
        (_OURS, lambda: task.ours(epochs)),
        (_ALIKE, lambda: task.plain(epochs, task.batch_size, task.rate)),
    ]
    runs: dict[str, list[Run]] = {name: [] for name, _ in ways}
    for repeat in range(repeats):
        for name, way in ways if repeat % 2 == 0 else reversed(ways):
            begun = (time.perf_counter(), cpu_s())
            runs[name].append(Run(begun=begun, ends=way()))
    target = float(np.median([max(run.accuracies) for run in runs[_PLAIN]]))
    shares = task.shares()
    figures = {
        "epoch_speedup": _ratio(runs[_PLAIN], runs[_OURS], lambda run: run.epoch_s(_WALL)),
        "epoch_speedup_cpu": _ratio(runs[_PLAIN], runs[_OURS], lambda run: run.epoch_s(_CPU)),
        "epoch_speedup_same_batch_cpu": _ratio(runs[_ALIKE], runs[_OURS], lambda run: run.epoch_s(_CPU)),
        "time_to_equal_accuracy_speedup": _ratio(runs[_PLAIN], runs[_OURS], lambda run: run.reached_s(target, _WALL)),
        "time_to_equal_accuracy_speedup_cpu": _ratio(
            runs[_PLAIN], runs[_OURS], lambda run: run.reached_s(target, _CPU)
        ),
        "target_balanced_accuracy": target,
        "input_wait_share": shares["input, of a step"],
    }
    sizes = {_PLAIN: PLAIN_BATCH, _OURS: task.batch_size, _ALIKE: task.batch_size}
    return {
        "rows": [len(task.training), len(task.held_out)],
        "figures": {name: _known(value) for name, value in figures.items()},
        "loops": [[name, sizes[name], *map(_known, _medians(own, target))] for name, own in runs.items()],
        "parts": [[name, value] for name, value in shares.items()],
    }


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training.

    Attributes
    ----------
    begun : tuple of float
        Clock time and CPU time at the start, before the network was built, s.
    ends : sequence of EpochEnd
    """

    begun: tuple[float, float]
    ends: Sequence[EpochEnd]

    @property
    def accuracies(self) -> list[float]:
        """Balanced accuracy after each epoch."""
        return [end[2] for end in self.ends]

    def first_s(self, clock: int) -> float:
        """Return the time of the first epoch, building and compiling included, s."""
        return self.ends[0][clock] - self.begun[clock]

    def epoch_s(self, clock: int) -> float:
        """Return the median time of the epochs after the first, s; NaN where there is none."""
        return median_of(np.diff([end[clock] for end in self.ends]).tolist())

    def reached_s(self, target: float, clock: int) -> float:
        """Return the time to the end of the first epoch that is as accurate as `target`, s; NaN where none is."""
        return next((end[clock] - self.begun[clock] for end in self.ends if end[2] >= target), float("nan"))


class TimedBatches:
    """Passes batches on and keeps how long a training waited for them, worked on them, and judged.

    Parameters
    ----------
    source : BatchSource

    Attributes
    ----------
    waited_s, worked_s, judged_s : list of float
        By epoch.
    """

    def __init__(self, source: BatchSource) -> None:
        self._source = source
        self.waited_s: list[float] = []
        self.worked_s: list[float] = []
        self.judged_s: list[float] = []

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        source = self._source.batches(epoch)
        self.waited_s.append(0.0)
        self.worked_s.append(0.0)
        while True:
            begun_s = time.perf_counter()
            batch = next(source, None)
            got_s = time.perf_counter()
            self.waited_s[-1] += got_s - begun_s
            if batch is None:
                return
            yield batch
            self.worked_s[-1] += time.perf_counter() - got_s

    def in_order(self) -> Iterator[Batch]:
        """Yield every row once."""
        begun_s = time.perf_counter()
        yield from self._source.in_order()
        self.judged_s.append(time.perf_counter() - begun_s)

    def fingerprint(self) -> str:
        """Return that of the source."""
        return self._source.fingerprint()


class _Task:
    """The rows, with a quarter of the people held out, and how each way trains on them.

    Parameters
    ----------
    samples : Samples
    """

    def __init__(self, samples: Samples) -> None:
        split = group_folds(samples.subjects, folds=4, seed=0, classes=samples.labels)[0]
        self.training, self.held_out = samples.take(split.training), samples.take(split.validation)
        self._shape, settings = SampleShape.of(samples), TcnSettings()
        size = fitting_batch_size(
            lambda batch: TCN.memory_bytes(settings.with_(batch_size=batch), self._shape, len(self.training)),
            len(self.training),
        )
        self._settings = settings.with_(batch_size=size)
        self.batch_size, self.rate = size, settings.learning_rate
        self._scaling = Scaling.of(self.training.values.reshape(-1, len(samples.channels)))

    def ours(self, epochs: int) -> list[EpochEnd]:
        """Train with what ``train`` runs."""
        ends: list[EpochEnd] = []

        def note(event: Event) -> None:
            if event.kind == "epoch":
                ends.append((time.perf_counter(), cpu_s(), float(event.data["balanced_accuracy"])))

        settings = self._settings.with_(epochs=epochs, patience=epochs)
        network = classifier("tcn").build(settings, self._shape)
        network.fit(self.training, self.held_out, reporter=Reporter(sink=note))
        return ends

    def plain(self, epochs: int, batch_size: int, rate: float) -> list[EpochEnd]:
        """Train with the plain loop."""
        return plain_training(
            self._network,
            self._pair(self.training),
            (*self._pair(self.held_out), _row_weights(self.held_out)),
            epochs=epochs,
            batch_size=batch_size,
            rate=rate,
        )

    def shares(self) -> dict[str, float]:
        """Return which share of an epoch of our loop goes where, the first epoch left out."""
        sides, _ = sides_of(self.training)
        rows = ArrayBatches(*self._pair(self.training), batch_size=self.batch_size, weights=_row_weights(self.training))
        training = TimedBatches(rows if sides is None else ExchangingBatches(rows, sides, 0))
        held = self._pair(both_sides(self.held_out, sides))
        judging = TimedBatches(ArrayBatches(*held, batch_size=_JUDGED_AT_ONCE))
        loop = TrainingLoop(
            self._network(),
            TrainSettings(
                epochs=_PROFILED_EPOCHS,
                patience=_PROFILED_EPOCHS,
                batch_size=self.batch_size,
                learning_rate=self.rate,
            ),
            loss=loss_of(self._settings, np.ones(len(self._shape.classes))),
            optimizer=optimizer_of(self._settings, -(-len(self.training) // self.batch_size)),
        )
        ends: list[float] = []

        def note(event: Event) -> None:
            if event.kind == "epoch":
                ends.append(time.perf_counter())

        loop.run(training, judging, reporter=Reporter(sink=note))
        # The loop also judges before its first epoch, so that there is one value more.
        waited_s, worked_s, judged_s = sum(training.waited_s[1:]), sum(training.worked_s[1:]), sum(judging.judged_s[2:])
        whole_s = ends[-1] - ends[0]
        return {
            "input, of a step": waited_s / (waited_s + worked_s),
            "input": waited_s / whole_s,
            "steps": worked_s / whole_s,
            "judging": judged_s / whole_s,
            "keeping the best weights, reports": 1.0 - (waited_s + worked_s + judged_s) / whole_s,
        }

    def _network(self) -> Any:
        seed_everything(0)
        return TCN.network.build(self._settings, self._shape.size)

    def _pair(self, samples: Samples) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        targets = np.eye(len(samples.classes), dtype=np.float32)[samples.labels]
        return network_inputs(samples, self._scaling), targets


def _row_weights(samples: Samples) -> NDArray[np.float32]:
    """Return weights of the rows under which accuracy is balanced accuracy."""
    return balancing_weights(samples.labels, len(samples.classes))[samples.labels].astype(np.float32)


def _ratio(plain: Sequence[Run], ours: Sequence[Run], time_of: Callable[[Run], float]) -> float:
    """Return the median over the pairs of runs."""
    return median_of([time_of(one) / time_of(other) for one, other in zip(plain, ours, strict=True)])


def _medians(runs: Sequence[Run], target: float) -> list[float]:
    ways: list[Callable[[Run], float]] = [
        lambda run: run.first_s(_WALL),
        lambda run: run.epoch_s(_WALL),
        lambda run: run.epoch_s(_CPU),
        lambda run: max(run.accuracies),
        lambda run: run.reached_s(target, _WALL),
        lambda run: run.reached_s(target, _CPU),
    ]
    return [median_of([way(run) for run in runs]) for way in ways]


def _known(value: float) -> float | None:
    """Return None for NaN, which JSON does not have."""
    return value if np.isfinite(value) else None
