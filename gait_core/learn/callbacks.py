"""What watches a training between its epochs, and early stopping, which every training has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import SettingsError
from gait_core.learn.history import Account, AccountState, History

__all__ = ["Callback", "CallbackState", "EarlyStopping", "EpochResult"]


@dataclass(frozen=True, kw_only=True)
class EpochResult:
    """What one epoch gave.

    Attributes
    ----------
    epoch : int
        1-based; 0 before the first step.
    loss : float
        Mean over the batches; NaN before the first step.
    val_loss : float or None
        None without validation data.
    metrics : mapping of str to float
        Named metrics of the validation data.
    """

    epoch: int
    loss: float
    val_loss: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class CallbackState:
    """What a callback needs in order to go on after a restart.

    Attributes
    ----------
    values : mapping
        JSON-serialisable; a number that may be NaN or infinite belongs to `arrays`.
    arrays : mapping of str to ndarray
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


class Callback(Protocol):
    """Watches a training; a class that inherits from it overrides only what it needs.

    A run that starts afresh calls `start`; a resumed one calls `load_state` instead. Then comes `after_epoch` for every
    epoch and `end` once. What `state_dict` returns after an epoch must suffice to go on exactly.
    """

    @property
    def name(self) -> str:
        """Name in the checkpoint; no two callbacks of a run share one."""
        return type(self).__name__

    def start(self, model: Any, first: EpochResult) -> None:
        """Take note of the model before the first step."""

    def after_epoch(self, model: Any, result: EpochResult) -> str:  # noqa: ARG002 - for those who override it
        """Take note of an epoch and return a reason to end the training, or an empty string."""
        return ""

    def end(self, model: Any) -> None:
        """Take note that no epoch follows."""

    def state_dict(self) -> CallbackState:
        """Return what to continue from."""
        return CallbackState()

    def load_state(self, state: CallbackState) -> None:
        """Continue from what `state_dict` returned; nothing to do for a callback without memory."""


class EarlyStopping(Callback):
    """Ends a training that no longer gains, and gives the model its best weights.

    A training that only made things worse gives back the weights that it began with. Without validation data all epochs
    are run and the last weights stay.

    Parameters
    ----------
    patience : int
        Epochs without gain before stopping.
    monitor : str
        ``val_loss``, or the name of a metric.
    higher_is_better : bool
        For metrics such as accuracy.
    """

    def __init__(self, patience: int, *, monitor: str = "val_loss", higher_is_better: bool = False) -> None:
        self._patience, self._monitor = patience, monitor
        self._sign = -1.0 if higher_is_better else 1.0
        self._account: Account[list[NDArray[Any]]] = Account([], None, patience)
        self._judged = False

    def start(self, model: Any, first: EpochResult) -> None:
        """Remember the weights and the validation error of the beginning."""
        self._judged = first.val_loss is not None
        self._account = Account(model.get_weights(), first.val_loss, self._patience, watched=self._watched(first))

    def after_epoch(self, model: Any, result: EpochResult) -> str:
        """Keep the weights when they are the best so far; return ``patience`` when there was no gain for too long."""
        self._account.add(result.loss, result.val_loss, model.get_weights, watched=self._watched(result))
        return self._account.reason

    def end(self, model: Any) -> None:
        """Give the model its best weights."""
        if self._judged:
            model.set_weights(self._account.best_weights)

    def history(self) -> History:
        """Return the losses so far and the best epoch."""
        return self._account.history()

    def state_dict(self) -> CallbackState:
        """Return losses, best epoch and best weights."""
        state = self._account.state()
        arrays: dict[str, NDArray[Any]] = {
            "first": np.array([state.first], np.float64),
            "best": np.array([state.best], np.float64),
            "loss": np.array(state.loss, np.float64),
            "val_loss": np.array(state.val_loss, np.float64),
        }
        if self._judged:
            arrays |= {f"weights/{number:05d}": value for number, value in enumerate(self._account.best_weights)}
        values = {"best_epoch": state.best_epoch, "reason": state.reason, "judged": self._judged}
        return CallbackState(values=values, arrays=arrays)

    def load_state(self, state: CallbackState) -> None:
        """Go on from losses, best epoch and best weights."""
        arrays, values = state.arrays, state.values
        numbers = AccountState(
            first=float(arrays["first"][0]),
            best=float(arrays["best"][0]),
            best_epoch=int(values["best_epoch"]),
            loss=tuple(arrays["loss"].tolist()),
            val_loss=tuple(arrays["val_loss"].tolist()),
            reason=str(values["reason"]),
        )
        self._judged = bool(values["judged"])
        self._account.restore(numbers, [arrays[name] for name in sorted(arrays) if name.startswith("weights/")])

    def _watched(self, result: EpochResult) -> float | None:
        if result.val_loss is None:
            return None
        known = {"val_loss": result.val_loss, **result.metrics}
        if self._monitor not in known:
            raise SettingsError(
                f"Expected early stopping to watch one of {', '.join(known)}, but got {self._monitor!r}.",
                "Name one of these, or add the metric to the training.",
            )
        return self._sign * known[self._monitor]
