"""What TensorBoard shows of a training: losses, metrics, learning rate, histograms of the weights, and a profile.

The event files are written with TensorFlow alone, on every backend of Keras. Only who looks at them needs TensorBoard.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import active_backend, load_keras
from gait_core.learn.callbacks import Callback, CallbackState, EpochResult

__all__ = ["TensorBoardLog"]

_BINS: Final = 30
_PROFILED_EPOCH: Final = 2
"""The first epoch compiles the network, which would hide everything else."""


class TensorBoardLog(Callback):
    """Writes event files for TensorBoard after every epoch, and a profile of the second one.

    Parameters
    ----------
    folder : Path
        Receives the event files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None
        self._profiling = False

    def start(self, model: Any, first: EpochResult) -> None:
        """Open the file; write the weights and the validation loss before the first step."""
        self._write(model, first)

    def after_epoch(self, model: Any, result: EpochResult) -> str:
        """Write the figures of an epoch and the weights after it."""
        self._end_profile()
        self._write(model, result)
        if result.epoch == _PROFILED_EPOCH - 1:
            self._begin_profile()
        return ""

    def end(self, model: Any) -> None:  # noqa: ARG002 - nothing more is written
        """Close the file."""
        self._end_profile()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def load_state(self, state: CallbackState) -> None:
        """Go on in a further file: TensorBoard shows the files of a folder as one."""

    def _write(self, model: Any, result: EpochResult) -> None:
        tensorflow = _tensorflow()
        if self._writer is None:
            self._writer = tensorflow.summary.create_file_writer(str(self._folder))
        figures = {"loss": result.loss, "val_loss": result.val_loss, **result.metrics, "learning_rate": _rate(model)}
        proto = tensorflow.compat.v1
        values = [
            proto.Summary.Value(tag=name, simple_value=value)
            for name, value in figures.items()
            if value is not None and np.isfinite(value)
        ]
        for weight in model.trainable_weights:
            numbers = np.asarray(load_keras().ops.convert_to_numpy(weight), np.float64).ravel()
            if numbers.size and np.isfinite(numbers).all():
                values.append(proto.Summary.Value(tag=weight.path, histo=_histogram(proto, numbers)))
        with self._writer.as_default():
            tensorflow.summary.experimental.write_raw_pb(
                proto.Summary(value=values).SerializeToString(), step=result.epoch
            )
        self._writer.flush()

    def _begin_profile(self) -> None:
        if active_backend() == "jax":
            sys.modules["jax"].profiler.start_trace(str(self._folder))
        else:
            _tensorflow().profiler.experimental.start(str(self._folder))
        self._profiling = True

    def _end_profile(self) -> None:
        if not self._profiling:
            return
        self._profiling = False
        if active_backend() == "jax":
            sys.modules["jax"].profiler.stop_trace()
        else:
            _tensorflow().profiler.experimental.stop()


def _rate(model: Any) -> float:
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    return float(load_keras().ops.convert_to_numpy(optimizer.learning_rate))


def _histogram(proto: Any, numbers: NDArray[np.float64]) -> Any:
    counts, edges = np.histogram(numbers, bins=_BINS)
    return proto.HistogramProto(
        min=numbers.min(),
        max=numbers.max(),
        num=numbers.size,
        sum=numbers.sum(),
        sum_squares=(numbers**2).sum(),
        bucket_limit=edges[1:].tolist(),
        bucket=counts.tolist(),
    )


def _tensorflow() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the library are its own to mend
        import tensorflow
    if active_backend() != "tensorflow":
        with contextlib.suppress(RuntimeError):  # it writes files here, and leaves the GPU to the backend
            tensorflow.config.set_visible_devices([], "GPU")
    return tensorflow
