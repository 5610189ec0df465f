"""What the benchmark of training times, each in a process of its own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.pretrained import load_pretrained
from gait_core.cache.archive import load_arrays
from gait_core.learn.autoencoder.inference import Weights, decode, encode
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.progress import silent

__all__ = ["fine_tune_one", "fit_all", "train_from_scratch"]

Array = NDArray[np.float32]


def _walks(path: str) -> list[Array]:
    arrays = load_arrays(Path(path))
    return [arrays[name] for name in sorted(arrays)]


def fine_tune_one(path: str) -> dict[str, Any]:
    """Fine-tune the shipped model with the last walk held out.

    Returns
    -------
    dict
        ``work_s``, without imports; ``epochs``; ``val_loss`` and ``start_val_loss``, the mean squared error on the last
        walk after and before, in units of the shipped model's standardisation.
    """
    from gait_core.learn.autoencoder.fine_tune import Fold, fine_tune

    walks, settings = _walks(path), AutoencoderSettings()
    begun_s = time.perf_counter()
    start = load_pretrained()
    windows = ((np.concatenate(walks) - start.mean) / start.sd).astype(np.float32)
    codes = encode(start.weights, windows)
    first = len(windows) - len(walks[-1])
    fold = Fold(training=np.arange(first), validation=np.arange(first, len(windows)))
    (tuned,) = fine_tune(
        start.weights,
        codes,
        windows,
        [fold],
        rate=settings.fine_tune_rate,
        epochs=settings.fine_tune_epochs,
        patience=settings.fine_tune_patience,
        batch_size=settings.batch_size,
        reporter=silent(),
    )
    work_s = time.perf_counter() - begun_s
    return {
        "work_s": work_s,
        "epochs": len(tuned.history.loss),
        "val_loss": _error(start.weights | tuned.weights, start.mean, start.sd, walks[-1]),
        "start_val_loss": tuned.history.first_val_loss,
    }


def fit_all(path: str) -> dict[str, Any]:
    """Make the model of a baseline: each walk held out in turn, then all of them.

    Returns
    -------
    dict
        ``work_s``, without imports; ``epochs``; ``val_loss``, the mean of the folds.
    """
    from gait_core.baseline.fit import PersonFitter

    walks = _walks(path)
    begun_s = time.perf_counter()
    fitted = PersonFitter(load_pretrained(), AutoencoderSettings()).fit(walks, silent())
    return {
        "work_s": time.perf_counter() - begun_s,
        "epochs": fitted.training["epochs"],
        "val_loss": fitted.training["val_loss"],
    }


def train_from_scratch(path: str, epochs: int) -> dict[str, Any]:
    """Train an LSTM from random weights with the last walk held out, as ``--disable-optimizations`` does.

    Returns
    -------
    dict
        ``work_s``, the training alone, and ``after_s``, the pass over all windows that follows it, s; ``epochs``;
        ``val_loss`` as of `fine_tune_one`.
    """
    from gait_core.learn.backend import load_keras
    from gait_core.workflows.before.fit import UNOPTIMISED_BATCH_SIZE, fit_unoptimised

    walks = _walks(path)
    load_keras()
    settings = AutoencoderSettings(
        cell="lstm", scratch_epochs=epochs, scratch_patience=10, batch_size=UNOPTIMISED_BATCH_SIZE
    )
    begun_s = time.perf_counter()
    reporter = silent()
    fitted, _ = fit_unoptimised(walks, settings, reporter)
    work_s = time.perf_counter() - begun_s
    scorer = fitted.scorer
    return {
        # What follows the training, the pass over all windows, is not counted.
        "work_s": reporter.timing_s["train"],
        "after_s": work_s - reporter.timing_s["train"],
        "epochs": fitted.training["epochs"],
        "val_loss": _error(scorer.weights, scorer.mean, scorer.sd, walks[-1]),
    }


def _error(weights: Weights, mean: Array, sd: Array, walk: Array) -> float:
    """Return the mean squared error on a walk, in units of the shipped model's standardisation for every model."""
    windows = ((walk - mean) / sd).astype(np.float32)
    error = decode(weights, encode(weights, windows), windows.shape[1]) - windows
    return float(np.mean((error * sd / load_pretrained().sd).astype(np.float64) ** 2))
