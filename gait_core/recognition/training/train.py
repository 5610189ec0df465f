"""Trains a recognition network on walks of known people: `train_network`."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gait_core.config import digest_of
from gait_core.learn.backend import seed_everything, training_versions
from gait_core.learn.batches import Batch
from gait_core.learn.callbacks import EarlyStopping
from gait_core.learn.checkpoint import Checkpoint
from gait_core.learn.history import History
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.settings import TrainSettings
from gait_core.progress import Reporter, silent
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.stored import save_network
from gait_core.recognition.training.clip_model import clip_model
from gait_core.recognition.training.held_out import HeldOut, hold_out
from gait_core.recognition.training.losses import RecognitionLoss
from gait_core.recognition.training.optimizer import gradient_descent, step_schedule
from gait_core.recognition.training.retrieval import SELECTION, retrieval_metrics
from gait_core.recognition.training.sampler import ClipBatches, WholeWalks
from gait_core.recognition.training.settings import RecognitionTrainingSettings
from gait_core.recognition.training.walks import TrainingWalks
from gait_core.workspace import write_json

__all__ = ["TrainedNetwork", "train_network"]

_STAGE: Final = "train"
_JUDGED_AT_ONCE: Final = 8
_SECONDS_BETWEEN: Final = 1.0
_STEPS_TIMED: Final = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedNetwork:
    """A recognition network and how it came about.

    Attributes
    ----------
    network : keras.Model
        With its best weights; see `gait_core.recognition.networks.model.build_network`.
    settings : RecognitionTrainingSettings
    subjects : tuple of str
        Person of each class of the classifier.
    held_out : tuple of str
        People of whom it has seen no walk.
    history : History
    figures : dict of str to float
        ``rank_1`` and ``equal_error_rate`` of the validation with these weights; empty without validation.
    duration_s : float
    notes : tuple of str
    """

    network: Any
    settings: RecognitionTrainingSettings
    subjects: tuple[str, ...]
    held_out: tuple[str, ...]
    history: History
    figures: dict[str, float] = field(default_factory=dict)
    duration_s: float = 0.0
    notes: tuple[str, ...] = ()

    def save(self, path: str | Path) -> Path:
        """Write the network with its manifest, and ``<name>.training.json`` with everything else.

        Parameters
        ----------
        path : str or Path
            Ends in ``.keras``.

        Returns
        -------
        Path
            Of the network.

        Raises
        ------
        SettingsError, StorageError
            See `gait_core.recognition.stored.save_network`.
        """
        written = save_network(self.network, path, history=self.history)
        write_json(written.with_suffix(".training.json"), self.to_dict())
        return written

    def to_dict(self) -> dict[str, Any]:
        """Return how the network came about, for JSON."""
        return {
            "settings": self.settings.to_dict(),
            "subjects": list(self.subjects),
            "held_out": list(self.held_out),
            "best_epoch": self.history.best_epoch,
            "stopped_early": self.history.stopped_early,
            "loss": self.history.loss,
            "validation": {name: values for name, values in self.history.metrics.items() if name != SELECTION},
            "figures": self.figures,
            "duration_s": round(self.duration_s, 1),
            "notes": list(self.notes),
            "versions": training_versions(),
        }


def train_network(
    sequences: Sequence[Any],
    subjects: Sequence[Hashable],
    settings: RecognitionTrainingSettings,
    *,
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
) -> TrainedNetwork:
    """Train a network to tell people apart by their walks.

    Parameters
    ----------
    sequences : sequence of GaitSequence or array_like
        One per walk; arrays as `gait_core.recognition.inputs.checked_sequence` takes them.
    subjects : sequence
        Person of each walk; at least two people.
    settings : RecognitionTrainingSettings
    reporter : Reporter, optional
        Gets the steps, and after each epoch loss, rank 1 and equal error rate; asked after every batch whether to stop.
    checkpoint : Path, optional
        ``.npz`` file, written after each epoch. Where it exists, the training resumes from it and ends with the same
        weights as one that was never interrupted, to the bit on a CPU.

    Returns
    -------
    TrainedNetwork
        With the weights of the epoch that found the held-out walks best; without validation those of the last step.

    Raises
    ------
    InputError
        When walks and people do not fit together, a walk cannot be used, or too few are left after holding out.
    ModelError, StorageError
        When the checkpoint belongs to another training, or is damaged.
    Cancelled
        When the user cancelled; the checkpoint stays.
    """
    begun_s = time.perf_counter()
    reporter = reporter or silent()
    walks = TrainingWalks.of(sequences, subjects, settings.network)
    divided = hold_out(walks, settings.validation, settings.validation_share, settings.seed)
    source = _source(divided.training, settings)
    notes = _notes(source, settings)
    for note in notes:
        reporter.note(_STAGE, note)
    seed_everything(settings.seed)
    network = build_network(
        settings.network.with_(classes=divided.classes), seed=settings.seed, dtype=settings.precision
    )
    loop = _loop(network, divided, settings)
    with reporter.stage(_STAGE, f"Training {settings.network.network} on {len(divided.training)} walks"):
        history = loop.run(
            _Announced(source, settings, reporter),
            _judged(divided, settings),
            reporter=reporter,
            stopping=_stopping(divided, settings),
            checkpoint=None if checkpoint is None else _checkpoint(checkpoint, divided, settings),
            stage=_STAGE,
        )
    known = set(divided.training.labels.tolist())
    names = divided.training.names
    return TrainedNetwork(
        network=network,
        settings=settings,
        subjects=names[: divided.classes],
        held_out=tuple(name for number, name in enumerate(names) if number not in known),
        history=history,
        figures=_figures(history),
        duration_s=time.perf_counter() - begun_s,
        notes=notes,
    )


class _Announced:
    """The batches of a source, each reported, but not more than once a second; early on also the whole time.

    The first step compiles and says nothing about the others; the next ones show how long a training takes here.
    """

    def __init__(self, source: ClipBatches, settings: RecognitionTrainingSettings, reporter: Reporter) -> None:
        self._source, self._reporter = source, reporter
        self._per_epoch, self._total = settings.steps_per_epoch, settings.steps_per_epoch * settings.epochs
        self._told_s = 0.0
        self._first_s: float | None = None
        self._timed = 0

    def batches(self, epoch: int) -> Iterator[Batch]:
        for step, batch in enumerate(self._source.batches(epoch), start=(epoch - 1) * self._per_epoch + 1):
            yield batch
            now_s = time.monotonic()
            self._foretell(now_s, self._total - step)
            if now_s - self._told_s >= _SECONDS_BETWEEN or step == self._total:
                self._told_s = now_s
                self._reporter.progress(_STAGE, step, self._total, "steps")

    def _foretell(self, now_s: float, left: int) -> None:
        """After a few steps, report once how long the others will take."""
        if self._first_s is None:
            self._first_s = now_s
            return
        self._timed += 1
        if self._timed == _STEPS_TIMED:
            step_s = (now_s - self._first_s) / _STEPS_TIMED
            told = (
                f"A step takes {step_s:.2g} s on this machine, so the {left} steps left take {_about(step_s * left)}."
            )
            self._reporter.note(_STAGE, told)

    def in_order(self) -> Iterator[Batch]:
        yield from self._source.in_order()

    def fingerprint(self) -> str:
        return self._source.fingerprint()


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} seconds"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"


def _source(training: TrainingWalks, settings: RecognitionTrainingSettings) -> ClipBatches:
    return ClipBatches(
        training,
        people=settings.people,
        walks_per_person=settings.walks_per_person,
        frames=settings.frames,
        skip=settings.skip,
        steps=settings.steps_per_epoch,
        augmentation=settings.augmentation,
        seed=settings.seed,
    )


def _judged(divided: HeldOut, settings: RecognitionTrainingSettings) -> WholeWalks | None:
    if divided.judged is None:
        return None
    return WholeWalks(divided.judged, batch_size=_JUDGED_AT_ONCE, most_frames=settings.validation_frames)


def _loop(network: Any, divided: HeldOut, settings: RecognitionTrainingSettings) -> TrainingLoop:
    rate = step_schedule(settings.learning_rate, settings.milestones)
    return TrainingLoop(
        clip_model(network),
        TrainSettings(
            epochs=settings.epochs,
            patience=settings.patience or settings.epochs,
            batch_size=settings.people * settings.walks_per_person,
            learning_rate=settings.learning_rate,
            clipnorm=None,
            seed=settings.seed,
        ),
        loss=RecognitionLoss(
            margin=settings.margin, logit_scale=settings.logit_scale, label_smoothing=settings.label_smoothing
        ),
        metrics={} if divided.judged is None else retrieval_metrics(divided.is_probe),
        optimizer=gradient_descent(rate, momentum=settings.momentum, weight_decay=settings.weight_decay),
    )


def _stopping(divided: HeldOut, settings: RecognitionTrainingSettings) -> EarlyStopping:
    patience = settings.patience or settings.epochs
    if divided.judged is None:
        return EarlyStopping(patience)
    return EarlyStopping(patience, monitor=SELECTION, higher_is_better=True)


def _checkpoint(path: Path, divided: HeldOut, settings: RecognitionTrainingSettings) -> Checkpoint:
    # The held-out probes decide which weights are kept, so they belong to what must not change.
    context = {"settings": digest_of(settings.to_dict()), "probes": divided.is_probe.nonzero()[0].tolist()}
    return Checkpoint(path=path, context=context)


def _notes(source: ClipBatches, settings: RecognitionTrainingSettings) -> tuple[str, ...]:
    if source.people == settings.people:
        return ()
    return (f"Each batch holds {source.people} people instead of {settings.people}: there are no more.",)


def _figures(history: History) -> dict[str, float]:
    """Return the validation with the weights that were kept; empty where no epoch was better than the start."""
    if not history.metrics or not history.best_epoch:
        return {}
    return {name: values[history.best_epoch - 1] for name, values in history.metrics.items() if name != SELECTION}
