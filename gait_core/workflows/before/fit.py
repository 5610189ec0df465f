"""The plain way to a fitted model: an LSTM from scratch by Keras' own loop, then a full pass over all windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.fit import Fitted, check_walks, personal_scale, standardised
from gait_core.baseline.reconstruction import Metrics, ReferenceWindows, Scorer, score_residual
from gait_core.baseline.stride_profile import stride_phase
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.backend import load_keras
from gait_core.progress import Reporter

__all__ = ["HELD_OUT_NOTE", "UNOPTIMISED_BATCH_SIZE", "fit_unoptimised"]

Array = NDArray[np.float32]
UNOPTIMISED_BATCH_SIZE: Final = 32
HELD_OUT_NOTE: Final = (
    "Made without optimisations: one training on all walks but the last. The last walk was held out; the scores of the "
    "others come from a full pass of the same model, which has seen them, so that the limits lie rather low."
)


def fit_unoptimised(walks: Sequence[Array], settings: AutoencoderSettings, reporter: Reporter) -> tuple[Fitted, Any]:
    """Train once from scratch with the last walk held out, and run the model over the windows of all walks.

    Parameters
    ----------
    walks : sequence of ndarray, shape (n_i, window_frames, n_features)
        Windows of each walk, in physical units.
    settings : AutoencoderSettings
        Cell, widths, epochs, patience and batch size.
    reporter : Reporter
        Stages ``train`` and ``thresholds``.

    Returns
    -------
    fitted : Fitted
    model : keras.Model

    Raises
    ------
    InputError
        With fewer than three walks.
    Cancelled
        When the user cancelled.
    """
    check_walks(walks)
    with reporter.stage("train", "Training a model from scratch"):
        mean, sd, scaled = standardised(walks, np.concatenate(walks[:-1]))
        model, losses, stopped = _train(np.concatenate(scaled[:-1]), scaled[-1], settings, reporter)
    with reporter.stage("thresholds", "Running the model over all windows"):
        fitted = _inferred(model, walks, scaled, mean, sd, settings.batch_size, reporter)
    best = int(np.argmin(losses["val_loss"]))
    facts = {
        "mode": "scratch",
        "optimised": False,
        "cell": settings.cell,
        "batch_size": settings.batch_size,
        "epochs": len(losses["val_loss"]),
        "best_epoch": best + 1,
        "val_loss": losses["val_loss"][best],
        "held_out": len(walks) - 1,
        "kept": "scratch",
        "stopped_early": "user" if stopped else "",
        "folds": [losses],
        "note": f"Trained from scratch without optimisations for {len(losses['val_loss'])} epochs; error on the "
        f"held-out walk {losses['val_loss'][best]:.4f}.",
    }
    return Fitted(scorer=fitted.scorer, held_out=fitted.held_out, training=facts), model


def _train(
    training: Array, validation: Array, settings: AutoencoderSettings, reporter: Reporter
) -> tuple[Any, dict[str, list[float]], bool]:
    """Train as a Keras user would: ``fit`` with early stopping that restores the best weights."""
    from gait_core.learn.autoencoder.networks import build_autoencoder

    keras = load_keras()
    keras.utils.set_random_seed(settings.seed)
    model = build_autoencoder(training.shape[1], training.shape[2], settings)
    model.compile(optimizer=keras.optimizers.Adam(settings.scratch_rate, clipnorm=1.0), loss="mse")
    stopped = False

    def on_batch(batch: int, logs: Any = None) -> None:  # noqa: ARG001 - Keras names them
        nonlocal stopped
        reporter.check()
        if reporter.wants_early_stop():
            stopped = model.stop_training = True

    def on_epoch(epoch: int, logs: Any = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items() if name in ("loss", "val_loss")}
        reporter.epoch("train", epoch + 1, settings.scratch_epochs, **values)

    told = keras.callbacks.LambdaCallback(on_train_batch_end=on_batch, on_epoch_end=on_epoch)
    patience = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=settings.scratch_patience, restore_best_weights=True
    )
    history = model.fit(
        training,
        training,
        validation_data=(validation, validation),
        epochs=settings.scratch_epochs,
        batch_size=settings.batch_size,
        callbacks=[told, patience],
        verbose=0,
    ).history
    losses = {name: [float(value) for value in history[name]] for name in ("loss", "val_loss")}
    return model, losses, stopped


def _inferred(
    model: Any,
    walks: Sequence[Array],
    scaled: Sequence[Array],
    mean: Array,
    sd: Array,
    batch_size: int,
    reporter: Reporter,
) -> Fitted:
    """Score every walk against the others by passes of the Keras model over all windows."""
    from gait_core.learn.autoencoder.networks import parts_of, weights_of

    encoder, decoder = parts_of(model)
    windows = np.concatenate(scaled)
    number = np.repeat(np.arange(len(scaled)), [len(walk) for walk in scaled])

    def run(part: Any, inputs: Array) -> Array:
        reporter.check()
        return np.asarray(part.predict(inputs, batch_size=batch_size, verbose=0), np.float32)

    codes = run(encoder, windows)
    memory = ReferenceWindows(codes=codes, misses=windows - run(decoder, codes), walk=number)
    recalled, missed = np.empty_like(codes), np.empty_like(windows)
    for walk in range(len(scaled)):
        mine = number == walk
        recalled[mine], missed[mine] = memory.without(walk).recall(codes[mine])
    rest = windows - run(decoder, recalled) - missed
    remaining = [rest[number == walk] for walk in range(len(scaled))]
    prior = np.sqrt(np.mean([(part.astype(np.float64) ** 2).mean(axis=(0, 1)) for part in remaining], axis=0))
    scale = personal_scale(remaining, prior.astype(np.float32))
    scores = [
        score_residual(part, stride_phase(walk), scale, Metrics()) for part, walk in zip(remaining, walks, strict=True)
    ]
    scorer = Scorer(weights=weights_of(model), mean=mean, sd=sd, memory=memory, scale=scale)
    return Fitted(scorer=scorer, held_out=scores, training={})
