"""Logistic regression on feature vectors: scikit-learn learns it, NumPy applies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.array_classifier import (
    ArrayClassifier,
    ArrayClassifierKind,
    ArraySettings,
    Learned,
)
from gait_core.learn.classifiers.calibration import held_out_scores, probabilities
from gait_core.learn.classifiers.checks import balancing_weights
from gait_core.learn.classifiers.features import Scaling, feature_count, feature_scaling, feature_vectors
from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.registry import register_model
from gait_core.progress import Reporter

__all__ = ["LogisticRegression", "LogisticRegressionSettings"]

_GRID: Final = (1e-2, 1e-1, 1.0, 1e1, 1e2)
"""Strengths that are tried on inner folds; smaller is smoother."""
_MOST_FOR_NEWTON: Final = 1000


@dataclass(frozen=True, kw_only=True)
class LogisticRegressionSettings(ArraySettings):
    """How the logistic regression is trained.

    Attributes
    ----------
    strength : float or None
        Inverse of the ridge penalty (scikit-learn's ``C``); None chooses it on inner folds by subject, by the
        likelihood of held-out rows.
    max_iterations : int
        Of the solver.
    """

    strength: float | None = None
    max_iterations: int = 2000

    _ranges = {**ArraySettings._ranges, "strength": (1e-8, 1e8), "max_iterations": (10, 1_000_000)}


class LogisticRegression(ArrayClassifier):
    """Weighs standardised features; the easiest to explain of all that learn."""

    name: ClassVar[str] = "logistic_regression"

    def _learn(self, training: Samples, reporter: Reporter) -> Learned:
        features = feature_vectors(training, self.shape)
        strength, note = self.settings.strength, ""
        if strength is None:
            strength, note = self._chosen_strength(training, features, reporter)
        arrays = self._fitted(features, training.labels, strength)
        return Learned(
            arrays=arrays | {"strength": np.array(strength)},
            parameters=arrays["weights"].size + arrays["bias"].size,
            notes=(note,) if note else (),
        )

    def _probabilities(self, samples: Samples, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        return probabilities(_scores(feature_vectors(samples, self.shape), arrays), 1.0)

    def _fitted(self, features: NDArray[np.float64], labels: NDArray[np.int64], strength: float) -> dict[str, Any]:
        from sklearn.linear_model import LogisticRegression as Estimator  # type: ignore[import-untyped]

        scaling = feature_scaling(features, self.shape)
        weights = balancing_weights(labels, len(self.shape.classes))[labels] if self.settings.class_weights else None
        # Few numbers: a handful of Newton steps; many: their matrix of second derivatives would be too large.
        unknowns = min(features.shape) * len(self.shape.classes)
        solver = "newton-cholesky" if unknowns <= _MOST_FOR_NEWTON else "lbfgs"
        estimator = Estimator(C=strength, max_iter=self.settings.max_iterations, solver=solver)
        rows = scaling(features)
        # With more features than rows the penalised weights lie in the span of the rows: fewer numbers, same result.
        basis = np.linalg.qr(rows.T)[0] if rows.shape[1] > rows.shape[0] else np.eye(rows.shape[1])
        estimator.fit(rows @ basis, labels, sample_weight=weights)
        coefficients, bias = estimator.coef_ @ basis.T, estimator.intercept_
        if len(estimator.classes_) == 2:  # one row of coefficients stands for the second class against the first
            coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
            bias = np.concatenate([np.zeros_like(bias), bias])
        # A class without rows can never be the answer.
        all_weights = np.zeros((len(self.shape.classes), features.shape[1]))
        all_bias = np.full(len(self.shape.classes), -np.inf)
        all_weights[estimator.classes_], all_bias[estimator.classes_] = coefficients, bias
        return {"weights": all_weights, "bias": all_bias, "mean": scaling.mean, "deviation": scaling.deviation}

    def _chosen_strength(
        self, training: Samples, features: NDArray[np.float64], reporter: Reporter
    ) -> tuple[float, str]:
        labels = training.labels
        weights = balancing_weights(labels, len(self.shape.classes))[labels]
        losses: list[float] = []
        for strength in _GRID:
            reporter.check()

            def scores(
                learn: NDArray[np.intp], judge: NDArray[np.intp], strength: float = strength
            ) -> NDArray[np.float64]:
                return _scores(features[judge], self._fitted(features[learn], labels[learn], strength))

            found = held_out_scores(training, self.settings.seed, scores)
            if found is None:
                return _GRID[2], f"A class has only one subject: the strength {_GRID[2]:g} was taken without a trial."
            likely = probabilities(found, 1.0)[np.arange(len(labels)), labels]
            losses.append(float(-(weights * np.log(np.maximum(likely, 1e-12))).sum()))
        return _GRID[int(np.argmin(losses))], ""


def _scores(features: NDArray[np.float64], arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    scaled = Scaling(mean=arrays["mean"], deviation=arrays["deviation"])(features)
    scores: NDArray[np.float64] = scaled @ arrays["weights"].T + arrays["bias"]
    return scores


def _parameters(_: Any, shape: SampleShape) -> int:
    return len(shape.classes) * (feature_count(shape) + 1)


def _memory(_: Any, shape: SampleShape, rows: int) -> int:
    # Features of rows and mirror images, scaled, and a copy inside the solver.
    return 8 * 3 * 2 * rows * feature_count(shape)


register_model(
    ArrayClassifierKind(
        name=LogisticRegression.name,
        title="Logistic regression",
        describe="Weighs standardised features of each row; easy to explain, trained within seconds.",
        inputs=LogisticRegression.inputs,
        settings=LogisticRegressionSettings,
        classifier=LogisticRegression,
        parameters=_parameters,
        memory=_memory,
    )
)
