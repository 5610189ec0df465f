"""Loss, optimizer and schedule of a network from its settings; all of them are Keras' own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import SettingsError
from gait_core.learn.backend import load_keras
from gait_core.learn.callbacks import Callback, CallbackState, EpochResult
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.epoch_log import EpochLog
from gait_core.learn.tensorboard_log import TensorBoardLog

__all__ = ["PlateauReduction", "callbacks_of", "loss_of", "optimizer_of"]

_LOWEST_RATE: Final = 1e-7


def loss_of(settings: NetworkSettings, class_weights: NDArray[np.float64]) -> Any:
    """Return the loss for one-hot targets.

    Parameters
    ----------
    settings : NetworkSettings
    class_weights : ndarray, shape (n_classes,)
        Weight of each class by its frequency, which the focal loss takes as alpha.

    Returns
    -------
    keras.losses.Loss
    """
    losses = load_keras().losses
    if settings.loss == "focal":
        alpha = [float(weight) for weight in class_weights] if settings.class_weights else 1.0
        return losses.CategoricalFocalCrossentropy(
            alpha=alpha, gamma=settings.focal_gamma, label_smoothing=settings.label_smoothing
        )
    return losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing)


def optimizer_of(settings: NetworkSettings, steps_per_epoch: int) -> Any:
    """Return Adam with the schedule, clipping, accumulation and running mean of the settings.

    Parameters
    ----------
    settings : NetworkSettings
    steps_per_epoch : int
        Batches of an epoch.

    Returns
    -------
    keras.Optimizer
    """
    keras = load_keras()
    rate: Any = settings.learning_rate
    if settings.schedule == "warmup_cosine":
        steps = settings.epochs * steps_per_epoch  # Keras counts steps here, accumulated or not
        warmup = round(settings.warmup_share * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            max(1, steps - warmup),
            alpha=0.01,
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    options: dict[str, Any] = {"clipnorm": settings.clipnorm}
    if settings.accumulate > 1:
        options["gradient_accumulation_steps"] = settings.accumulate
    if settings.ema is not None:
        # Keras moves the mean at every step, also at those that change no weights. The loop judges and keeps the mean.
        options |= {"use_ema": True, "ema_momentum": settings.ema ** (1 / settings.accumulate)}
    if settings.weight_decay:
        return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, **options)
    return keras.optimizers.Adam(rate, **options)


def callbacks_of(settings: NetworkSettings, folder: Path | None = None) -> list[Callback]:
    """Return the callbacks that the settings ask for.

    Parameters
    ----------
    settings : NetworkSettings
    folder : Path, optional
        Receives the table of the epochs, ``log.csv``, and what TensorBoard shows, where that is wanted.

    Returns
    -------
    list of Callback
    """
    found: list[Callback] = []
    if settings.schedule == "plateau":
        found.append(PlateauReduction(settings.plateau_factor, settings.plateau_patience))
    if folder is not None:
        found.append(EpochLog(folder / "log.csv"))
        if settings.tensorboard:
            found.append(TensorBoardLog(folder / "tensorboard"))
    return found


class PlateauReduction(Callback):
    """Lowers the learning rate when the loss no longer falls, by the rule of Keras' ``ReduceLROnPlateau``.

    Watches the validation loss, or the loss of the training where there is no validation.

    Parameters
    ----------
    factor : float
        By which the rate is multiplied.
    patience : int
        Epochs without gain before that, and before the next time.
    """

    def __init__(self, factor: float, patience: int) -> None:
        self._factor, self._patience = factor, patience
        self._best, self._waited = float("inf"), 0

    def start(self, model: Any, first: EpochResult) -> None:
        """Take note of the loss before the first step.

        Raises
        ------
        SettingsError
            When the optimizer already follows a schedule.
        """
        schedule = load_keras().optimizers.schedules.LearningRateSchedule
        if isinstance(_inner(model.optimizer)._learning_rate, schedule):
            raise SettingsError(
                "Expected a constant learning rate where a plateau lowers it, but the optimizer follows a schedule.",
                "Choose the schedule or the plateau.",
            )
        self._best, self._waited = float("inf"), 0
        if first.val_loss is not None:
            self._best = first.val_loss

    def after_epoch(self, model: Any, result: EpochResult) -> str:
        """Lower the rate when there was no gain for too long."""
        loss = result.loss if result.val_loss is None else result.val_loss
        if loss < self._best:
            self._best, self._waited = loss, 0
            return ""
        self._waited += 1
        if self._waited >= self._patience:
            optimizer = _inner(model.optimizer)
            rate = float(load_keras().ops.convert_to_numpy(optimizer.learning_rate))
            optimizer.learning_rate = max(_LOWEST_RATE, rate * self._factor)
            self._waited = 0
        return ""

    def end(self, model: Any) -> None:
        """Leave the rate as it is."""

    def state_dict(self) -> CallbackState:
        """Return the best loss and how long it has not been beaten; the rate itself is the optimizer's."""
        return CallbackState(values={"waited": self._waited}, arrays={"best": np.array([self._best])})

    def load_state(self, state: CallbackState) -> None:
        """Go on from the best loss."""
        values: Mapping[str, Any] = state.values
        self._best, self._waited = float(state.arrays["best"][0]), int(values["waited"])


def _inner(optimizer: Any) -> Any:
    """Return the optimizer itself where one that scales the loss is wrapped round it."""
    return getattr(optimizer, "inner_optimizer", optimizer)
