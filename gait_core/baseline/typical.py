"""What is typical for a person: the values that make scores relative, from the held-out walks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.fit import Fitted

__all__ = ["relative_scores", "typical_by_feature", "typical_score", "typical_window", "window_limit"]


def relative_scores(fitted: Fitted) -> NDArray[np.float64]:
    """Return the scores of the held-out walks divided by what is typical (their geometric mean)."""
    raw = fitted.held_out_raw
    return np.asarray(raw / typical_score(fitted))


def typical_score(fitted: Fitted) -> float:
    """Return the raw score that counts as 1."""
    return float(np.exp(np.log(fitted.held_out_raw).mean()))


def window_limit(fitted: Fitted, share: float = 0.95) -> float:
    """Return the relative score that 95 % of the held-out windows stay below."""
    scores = np.concatenate([score.window_scores for score in fitted.held_out])
    return float(np.quantile(scores, share) / typical_window(fitted))


def typical_window(fitted: Fitted) -> float:
    """Return the window score that counts as 1: the root mean square over all held-out windows."""
    scores = np.concatenate([score.window_scores for score in fitted.held_out])
    return float(np.sqrt(np.mean(scores**2)))


def typical_by_feature(fitted: Fitted) -> NDArray[np.float64]:
    """Return the deviation of each feature that counts as 1, shape (n_features,)."""
    energy = np.mean([score.by_feature() ** 2 for score in fitted.held_out], axis=0)
    return np.asarray(np.sqrt(energy))
