"""Trains an autoencoder on one person alone, where no pre-trained model fits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.fit import Fitted, check_walks, personal_scale, standardised, training_facts
from gait_core.baseline.reconstruction import Metrics, ReferenceWindows, Scorer, residual, score_residual
from gait_core.baseline.stride_profile import stride_phase
from gait_core.learn.autoencoder.inference import Weights
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.checkpoint import Checkpoint
from gait_core.learn.history import History
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.settings import TrainSettings
from gait_core.learn.splits import leave_one_out
from gait_core.progress import Reporter

__all__ = ["fit_from_scratch"]

Array = NDArray[np.float32]


def fit_from_scratch(
    walks: Sequence[Array], settings: AutoencoderSettings, reporter: Reporter, *, checkpoints: Path | None = None
) -> tuple[Fitted, Any]:
    """Train on the walks of one person, each held out in turn, then on all of them.

    Parameters
    ----------
    walks : sequence of ndarray, shape (n_i, window_frames, n_features)
        Windows of each walk, in physical units.
    settings : AutoencoderSettings
    reporter : Reporter
    checkpoints : Path, optional
        Folder for the checkpoints of the trainings. A fit that was killed, called again with the same walks, settings
        and seed, continues in it; a fit that ends deletes them.

    Returns
    -------
    fitted : Fitted
    model : keras.Model

    Raises
    ------
    InputError
        With fewer than three walks.
    ModelError, StorageError
        When a checkpoint belongs to another training, or is damaged.
    """
    from gait_core.learn.autoencoder.networks import build_autoencoder, weights_of

    check_walks(walks)
    everything = np.concatenate(walks)
    mean, sd, scaled = standardised(walks, everything)
    model = build_autoencoder(everything.shape[1], everything.shape[2], settings)
    loop = TrainingLoop(model, _train_settings(settings))
    stored = _checkpoints(checkpoints, len(walks), settings, weights_of(model))

    histories: list[History] = []
    remaining: list[Array] = []
    for split, checkpoint in zip(leave_one_out(range(len(walks))), stored, strict=False):
        others, (own,) = [scaled[i] for i in split.training], (scaled[i] for i in split.validation)
        training = np.concatenate(others)
        loop.reset()
        histories.append(
            loop.run((training, training), (own, own), reporter=reporter, checkpoint=checkpoint, labels=split.labels)
        )
        weights = weights_of(model)
        remaining.append(residual(weights, ReferenceWindows.of(weights, others), own))

    epochs = max(1, round(float(np.median([history.best_epoch for history in histories]))))
    loop.reset()
    training = np.concatenate(scaled)
    loop.run((training, training), epochs=epochs, reporter=reporter.without_early_stop(), checkpoint=stored[-1])
    weights = weights_of(model)
    prior = np.sqrt(np.mean([(rest.astype(np.float64) ** 2).mean(axis=(0, 1)) for rest in remaining], axis=0))
    scale = personal_scale(remaining, prior.astype(np.float32))
    before = float(np.mean([history.first_val_loss for history in histories]))
    after = float(np.mean([history.best_val_loss for history in histories]))
    scores = [
        score_residual(rest, stride_phase(walk), scale, Metrics()) for rest, walk in zip(remaining, walks, strict=True)
    ]
    fitted = Fitted(
        scorer=Scorer(
            weights=weights,
            mean=mean,
            sd=sd,
            memory=ReferenceWindows.of(weights, scaled),
            scale=scale,
        ),
        held_out=scores,
        training=training_facts("scratch", settings, epochs, before, after, "scratch", histories),
    )
    for finished in stored:
        if finished is not None:
            finished.delete()
    return fitted, model


def _train_settings(settings: AutoencoderSettings) -> TrainSettings:
    return TrainSettings(
        epochs=settings.scratch_epochs,
        patience=settings.scratch_patience,
        batch_size=settings.batch_size,
        learning_rate=settings.scratch_rate,
    )


def _checkpoints(
    folder: Path | None, n_walks: int, settings: AutoencoderSettings, start: Weights
) -> list[Checkpoint | None]:
    """Return a checkpoint per walk held out, and one for the training on all walks."""
    if folder is None:
        return [None] * (n_walks + 1)
    digest = hashlib.sha256(b"".join(start[name].tobytes() for name in sorted(start))).hexdigest()[:16]
    context = {"autoencoder": settings.to_dict(), "start_weights": digest, "walks": n_walks}
    names = [f"fold-{number}" for number in range(1, n_walks + 1)] + ["all-walks"]
    return [Checkpoint(path=folder / f"{name}.npz", context=context | {"training": name}) for name in names]
