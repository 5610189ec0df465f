"""Judges embeddings during training by finding people: rank 1 and equal error rate as metrics of the training loop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras
from gait_core.recognition.gallery.distances import part_distances
from gait_core.recognition.gallery.evaluation import equal_error_rate, rank_k, verification_pairs
from gait_core.recognition.networks.settings import PART_FEATURES

__all__ = ["SELECTION", "Retrieval", "retrieval", "retrieval_metrics"]

SELECTION = "selection"
"""Metric by which the best weights are chosen: rank 1, and among equals the margin."""


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """How well probes find their person in a gallery.

    Attributes
    ----------
    rank_1 : float
        Share of the probes whose nearest walk in the gallery is of the same person.
    equal_error_rate : float
        Over all pairs of a probe and a walk of the gallery.
    margin : float
        Mean over the probes of (nearest other person - nearest own walk) over their sum, from -1 to 1.
    probes, gallery, people : int
        Walks on either side, and people of whom there is a probe.
    """

    rank_1: float
    equal_error_rate: float
    margin: float
    probes: int
    gallery: int
    people: int

    @property
    def selection(self) -> float:
        """A number that orders first by rank 1, then by margin."""
        return self.rank_1 + self.margin / (2 * self.probes + 1)


def retrieval(parts: NDArray[Any], labels: NDArray[np.int64], is_probe: NDArray[np.bool_]) -> Retrieval:
    """Return how well probes find their person.

    Parameters
    ----------
    parts : ndarray, shape (n, features, parts)
    labels : ndarray, shape (n,)
    is_probe : ndarray of bool, shape (n,)
        The others are the gallery.

    Returns
    -------
    Retrieval
    """
    distances = part_distances(parts[is_probe], parts[~is_probe])
    probes, gallery = labels[is_probe], labels[~is_probe]
    same = probes[:, None] == gallery[None, :]
    own = np.min(distances, axis=1, where=same, initial=np.inf)
    other = np.min(distances, axis=1, where=~same, initial=np.inf)
    total = np.where(own + other > 0.0, own + other, 1.0)
    return Retrieval(
        rank_1=rank_k(distances, probes, gallery, 1),
        equal_error_rate=equal_error_rate(verification_pairs(distances, probes, gallery), resamples=20).rate.mean,
        margin=float(np.mean((other - own) / total)),
        probes=len(probes),
        gallery=len(gallery),
        people=len(np.unique(probes)),
    )


def retrieval_metrics(is_probe: NDArray[np.bool_]) -> dict[str, Any]:
    """Return metrics for the training loop, by name; they see the walks in the order of `is_probe`.

    Parameters
    ----------
    is_probe : ndarray of bool, shape (n,)

    Returns
    -------
    dict of str to keras.metrics.Metric
        ``rank_1``, ``equal_error_rate`` and `SELECTION`.
    """
    collected = _Collected(is_probe)
    metric = _metric_class()
    return {name: metric(name, collected) for name in ("rank_1", "equal_error_rate", SELECTION)}


class _Collected:
    """What the metrics of one training have seen since they were last reset."""

    def __init__(self, is_probe: NDArray[np.bool_]) -> None:
        self._is_probe = is_probe
        self._parts: list[NDArray[Any]] = []
        self._labels: list[NDArray[Any]] = []
        self._found: Retrieval | None = None

    def clear(self) -> None:
        self._parts, self._labels, self._found = [], [], None

    def add(self, labels: NDArray[Any], outputs: NDArray[Any]) -> None:
        self._labels.append(np.array(labels))
        self._parts.append(np.array(outputs[:, :PART_FEATURES]))

    def result(self) -> Retrieval:
        if self._found is None:
            self._found = retrieval(np.concatenate(self._parts), np.concatenate(self._labels), self._is_probe)
        return self._found


@cache
def _metric_class() -> Any:
    keras = load_keras()

    class RetrievalMetric(keras.metrics.Metric):  # type: ignore[misc, name-defined]
        """One figure of a `Retrieval`; the first of them collects for all."""

        def __init__(self, figure: str, collected: _Collected) -> None:
            super().__init__(name=figure)
            self._figure, self._collected = figure, collected

        def reset_state(self) -> None:
            self._collected.clear()

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
            if self._figure == "rank_1":
                self._collected.add(y_true, y_pred)

        def result(self) -> float:
            return float(getattr(self._collected.result(), self._figure))

    return RetrievalMetric
