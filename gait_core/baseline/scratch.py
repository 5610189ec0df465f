"""Trains an autoencoder on one person alone, where no pre-trained model fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.fit import Fitted, check_walks, personal_scale, standardised, training_facts
from gait_core.baseline.reconstruction import Metrics, ReferenceWindows, Scorer, residual, score_residual
from gait_core.baseline.stride_profile import stride_phase
from gait_core.config import LearnSettings
from gait_core.learn.history import History
from gait_core.learn.train import Trainer
from gait_core.progress import Reporter

__all__ = ["fit_from_scratch"]

Array = NDArray[np.float32]


def fit_from_scratch(walks: Sequence[Array], settings: LearnSettings, reporter: Reporter) -> tuple[Fitted, Any]:
    """Train on the walks of one person, each held out in turn, then on all of them.

    Parameters
    ----------
    walks : sequence of ndarray, shape (n_i, window_frames, n_features)
        Windows of each walk, in physical units.
    settings : LearnSettings
    reporter : Reporter

    Returns
    -------
    fitted : Fitted
    model : keras.Model

    Raises
    ------
    InputError
        With fewer than three walks.
    """
    from gait_core.learn.autoencoder.networks import build_autoencoder, weights_of

    check_walks(walks)
    everything = np.concatenate(walks)
    mean, sd, scaled = standardised(walks, everything)
    model = build_autoencoder(everything.shape[1], everything.shape[2], settings)
    trainer = Trainer(model, settings.scratch_rate)

    histories: list[History] = []
    remaining: list[Array] = []
    for held_out in range(len(walks)):
        others = [scaled[i] for i in range(len(walks)) if i != held_out]
        training = np.concatenate(others)
        trainer.reset()
        histories.append(
            trainer.run(
                (training, training),
                (scaled[held_out], scaled[held_out]),
                epochs=settings.scratch_epochs,
                patience=settings.scratch_patience,
                batch_size=settings.batch_size,
                reporter=reporter,
                labels={"fold": held_out + 1, "folds": len(walks)},
            )
        )
        weights = weights_of(model)
        remaining.append(residual(weights, ReferenceWindows.of(weights, others), scaled[held_out]))

    epochs = max(1, round(float(np.median([history.best_epoch for history in histories]))))
    trainer.reset()
    training = np.concatenate(scaled)
    trainer.run(
        (training, training),
        None,
        epochs=epochs,
        patience=epochs,
        batch_size=settings.batch_size,
        reporter=reporter.without_early_stop(),
    )
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
    return fitted, model
