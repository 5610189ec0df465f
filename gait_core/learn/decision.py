"""From probabilities to a class: a temperature and a threshold, both chosen on subjects that are never tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import Settings
from gait_core.learn.predictions import Predictions

__all__ = ["THRESHOLDS", "Decision", "choose_decision"]

THRESHOLDS: Final = ("half", "inner")
"""Take the more probable class, or set the threshold of two classes on the inner split."""

_SMALLEST: Final = 1e-12
_LOG_TEMPERATURES: Final = (-3.0, 3.0)


@dataclass(frozen=True, kw_only=True)
class Decision(Settings):
    """How the probabilities of a classifier are read.

    Attributes
    ----------
    temperature : float
        Divides the logarithms of the probabilities; more than 1 makes a classifier less certain.
    threshold : float or None
        With two classes, the probability of the second one from which a subject counts as of that class; None takes
        the more probable class.
    """

    temperature: float = 1.0
    threshold: float | None = None

    _ranges = {"temperature": (1e-3, 1e3), "threshold": (0.0, 1.0)}

    def calibrated(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities, shape (n, n_classes), at the temperature."""
        if self.temperature == 1.0:
            return probabilities
        return _at(probabilities, self.temperature)

    def thresholds(self, n: int) -> NDArray[np.float64]:
        """Return the threshold for each of `n` rows, NaN where there is none."""
        return np.full(n, np.nan if self.threshold is None else self.threshold)


def choose_decision(predictions: Predictions, *, threshold: str, calibrate: bool) -> Decision:
    """Choose temperature and threshold on predictions for subjects that the classifier did not learn from.

    Parameters
    ----------
    predictions : Predictions
        At temperature 1.
    threshold : {"half", "inner"}
        ``inner`` takes the threshold with the highest balanced accuracy over subjects; where several are as good, the
        one nearest to one half. Has no meaning for more than two classes.
    calibrate : bool
        Take the temperature with the smallest cross-entropy, every subject weighted alike.

    Returns
    -------
    Decision

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y., Weinberger, K. Q. (2017). On calibration of modern neural networks. ICML 34.
    """
    temperature = _temperature(predictions) if calibrate and len(predictions) else 1.0
    if threshold != "inner" or len(predictions.classes) != 2 or len(np.unique(predictions.labels)) < 2:
        return Decision(temperature=temperature)
    cooled = Predictions(
        probabilities=_at(predictions.probabilities, temperature),
        labels=predictions.labels,
        subjects=predictions.subjects,
        walks=predictions.walks,
        thresholds=predictions.thresholds,
        classes=predictions.classes,
    ).gathered()
    return Decision(temperature=temperature, threshold=_threshold(cooled.probabilities[:, 1], cooled.labels))


def _at(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    logits = np.log(np.maximum(probabilities, _SMALLEST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def _temperature(predictions: Predictions) -> float:
    from scipy.optimize import minimize_scalar

    _, subject_of, counts = np.unique(predictions.subjects, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[subject_of]
    rows = np.arange(len(predictions))

    def cross_entropy(log_temperature: float) -> float:
        found = _at(predictions.probabilities, float(np.exp(log_temperature)))[rows, predictions.labels]
        return float(-(weights * np.log(np.maximum(found, _SMALLEST))).sum())

    best = minimize_scalar(cross_entropy, bounds=_LOG_TEMPERATURES, method="bounded")
    return float(np.exp(best.x))


def _threshold(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    found = np.unique(scores)
    candidates = np.concatenate([[0.5], (found[:-1] + found[1:]) / 2])
    above = scores[None, :] >= candidates[:, None]
    sensitivity = above[:, labels == 1].mean(axis=1)
    specificity = 1.0 - above[:, labels == 0].mean(axis=1)
    accuracy = (sensitivity + specificity) / 2
    best = candidates[np.isclose(accuracy, accuracy.max())]
    return float(best[np.abs(best - 0.5).argmin()])
