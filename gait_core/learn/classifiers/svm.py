"""Support vector machine on feature vectors: scikit-learn learns it, NumPy applies it.

References
----------
Cortes, C., Vapnik, V. (1995). Support-vector networks. Machine Learning 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.array_classifier import (
    ArrayClassifier,
    ArrayClassifierKind,
    ArraySettings,
    Learned,
)
from gait_core.learn.classifiers.calibration import fitted_sharpness, held_out_scores, probabilities
from gait_core.learn.classifiers.checks import balancing_weights
from gait_core.learn.classifiers.features import Scaling, feature_count, feature_scaling, feature_vectors
from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.registry import register_model
from gait_core.progress import Reporter

__all__ = ["SupportVectorMachine", "SvmSettings"]

_GRID: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_ROWS_AT_ONCE: Final = 2048


@dataclass(frozen=True, kw_only=True)
class SvmSettings(ArraySettings):
    """How the support vector machine is trained.

    Attributes
    ----------
    kernel : {"rbf", "linear"}
        ``rbf`` compares rows by their distance, ``linear`` weighs features.
    strength : float or None
        How much a row on the wrong side costs (scikit-learn's ``C``); None chooses it on inner folds by subject, by
        balanced accuracy.
    width : float
        Of ``rbf``, as a factor on scikit-learn's ``gamma="scale"``.
    """

    kernel: str = "rbf"
    strength: float | None = 1.0
    width: float = 1.0

    _ranges = {**ArraySettings._ranges, "strength": (1e-6, 1e6), "width": (1e-6, 1e6)}
    _choices = {**ArraySettings._choices, "kernel": ("rbf", "linear")}


class SupportVectorMachine(ArrayClassifier):
    """Separates classes with the widest margin."""

    name: ClassVar[str] = "svm"

    def _learn(self, training: Samples, reporter: Reporter) -> Learned:
        features, labels = feature_vectors(training, self.shape), training.labels

        def held_out(strength: float) -> NDArray[np.float64] | None:
            def scores(learn: NDArray[np.intp], judge: NDArray[np.intp]) -> NDArray[np.float64]:
                reporter.check()
                return self._scores(features[judge], self._fitted(features[learn], labels[learn], strength))

            return held_out_scores(training, self.settings.seed, scores)

        strength, found = self.settings.strength, None
        if strength is None:
            trials = {tried: held_out(tried) for tried in _GRID}
            strength = max(_GRID, key=lambda tried: self._accuracy(trials[tried], labels))
            found = trials[strength]
        else:
            found = held_out(strength)
        arrays = self._fitted(features, labels, strength)
        weights = balancing_weights(labels, len(self.shape.classes))[labels]
        sharpness, note = fitted_sharpness(found, labels, weights)
        return Learned(
            arrays=arrays | {"sharpness": np.array(sharpness), "strength": np.array(strength)},
            parameters=arrays["dual"].size + arrays["bias"].size,
            notes=(note,) if note else (),
        )

    def _probabilities(self, samples: Samples, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        return probabilities(self._scores(feature_vectors(samples, self.shape), arrays), float(arrays["sharpness"]))

    def _fitted(self, features: NDArray[np.float64], labels: NDArray[np.int64], strength: float) -> dict[str, Any]:
        from sklearn.svm import SVC  # type: ignore[import-untyped]

        scaling = feature_scaling(features, self.shape)
        scaled = scaling(features)
        gamma = self.settings.width / max(1e-12, features.shape[1] * float(scaled.var()))
        weights = balancing_weights(labels, len(self.shape.classes))[labels] if self.settings.class_weights else None
        machine = SVC(C=strength, kernel=self.settings.kernel, gamma=gamma, decision_function_shape="ovo")
        machine.fit(scaled, labels, sample_weight=weights)
        sign = -1.0 if len(machine.classes_) == 2 else 1.0  # scikit-learn turns the sign of the only pair round
        return {
            "vectors": machine.support_vectors_,
            "dual": sign * machine.dual_coef_,
            "bias": sign * machine.intercept_,
            "counts": machine.n_support_.astype(np.int64),
            "present": machine.classes_.astype(np.int64),
            "gamma": np.array(gamma),
            "mean": scaling.mean,
            "deviation": scaling.deviation,
        }

    def _scores(self, features: NDArray[np.float64], arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        scaled = Scaling(mean=arrays["mean"], deviation=arrays["deviation"])(features)
        parts = range(0, len(scaled), _ROWS_AT_ONCE)
        pairs = np.concatenate([self._pairs(scaled[start : start + _ROWS_AT_ONCE], arrays) for start in parts])
        scores = np.full((len(features), len(self.shape.classes)), -np.inf)
        scores[:, arrays["present"]] = _by_class(pairs, len(arrays["present"]))
        return scores

    def _pairs(self, scaled: NDArray[np.float64], arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Return the decision value of each pair of classes, positive for the first of the two."""
        vectors, dual = arrays["vectors"], arrays["dual"]
        products = scaled @ vectors.T
        if self.settings.kernel == "rbf":
            squares = (scaled**2).sum(axis=1)[:, None] + (vectors**2).sum(axis=1) - 2 * products
            products = np.exp(-float(arrays["gamma"]) * np.maximum(squares, 0.0))
        ends = np.concatenate([[0], np.cumsum(arrays["counts"])])
        own = [slice(ends[number], ends[number + 1]) for number in range(len(arrays["counts"]))]
        pairs = [
            products[:, own[one]] @ dual[other - 1, own[one]] + products[:, own[other]] @ dual[one, own[other]]
            for one, other in combinations(range(len(own)), 2)
        ]
        values: NDArray[np.float64] = np.stack(pairs, axis=1) + arrays["bias"]
        return values

    def _accuracy(self, scores: NDArray[np.float64] | None, labels: NDArray[np.int64]) -> float:
        """Return the balanced accuracy; the same for all without inner folds, so that the first is taken."""
        if scores is None:
            return 0.0
        weights = balancing_weights(labels, len(self.shape.classes))[labels]
        return float((weights * (scores.argmax(axis=1) == labels)).sum() / weights.sum())


def _by_class(pairs: NDArray[np.float64], n_classes: int) -> NDArray[np.float64]:
    """Return a value for each class, as scikit-learn does: pairs won, and margins to tell equals apart.

    Of two classes the value is half the margin, positive for the winner.
    """
    if n_classes == 2:
        return np.concatenate([pairs, -pairs], axis=1) / 2
    won, margins = np.zeros((2, len(pairs), n_classes))
    for column, (one, other) in enumerate(combinations(range(n_classes), 2)):
        value = pairs[:, column]
        won[:, one] += value > 0
        won[:, other] += value <= 0
        margins[:, one] += value
        margins[:, other] -= value
    values: NDArray[np.float64] = won + margins / (3 * (np.abs(margins) + 1))
    return values


def _parameters(_: Any, shape: SampleShape) -> int:
    # The support vectors themselves are rows; how many there are is known only after the training.
    return len(shape.classes) * (len(shape.classes) - 1) // 2


def _memory(_: Any, shape: SampleShape, rows: int) -> int:
    # Features of rows and mirror images, scaled, support vectors, and the solver's cache of 200 MB.
    return 8 * 4 * 2 * rows * feature_count(shape) + 200_000_000


register_model(
    ArrayClassifierKind(
        name=SupportVectorMachine.name,
        title="Support vector machine",
        describe="Separates classes with the widest margin; hard to beat with few subjects.",
        inputs=SupportVectorMachine.inputs,
        settings=SvmSettings,
        classifier=SupportVectorMachine,
        parameters=_parameters,
        memory=_memory,
    )
)
