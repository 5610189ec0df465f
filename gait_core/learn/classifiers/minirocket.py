"""MiniRocket: thousands of features from fixed kernels, then a ridge regression; fast, and strong on short signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.array_classifier import (
    ArrayClassifier,
    ArrayClassifierKind,
    ArraySettings,
    Learned,
)
from gait_core.learn.classifiers.calibration import fitted_sharpness, probabilities
from gait_core.learn.classifiers.checks import balancing_weights
from gait_core.learn.classifiers.features import Scaling
from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.classifiers.ridge import Ridge, chosen_penalty, fitted_ridge
from gait_core.learn.classifiers.rocket_kernels import RocketKernels, rocket_feature_count
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.registry import register_model
from gait_core.progress import Reporter

__all__ = ["MiniRocket", "MiniRocketSettings"]


@dataclass(frozen=True, kw_only=True)
class MiniRocketSettings(ArraySettings):
    """How MiniRocket is trained.

    Attributes
    ----------
    n_features : int
        Rounded down to a multiple of 84.
    """

    n_features: int = 9996

    _ranges = {**ArraySettings._ranges, "n_features": (84, 100_000)}


class MiniRocket(ArrayClassifier):
    """Counts how often fixed kernels exceed their biases and weighs the counts."""

    name: ClassVar[str] = "minirocket"
    inputs: ClassVar[tuple[str, ...]] = ("curves", "windows")

    def _learn(self, training: Samples, reporter: Reporter) -> Learned:
        # Each channel counts alike when channels are summed; a channel is scaled over its valid steps alone.
        steps = training.values[np.arange(training.n_steps) < training.lengths[:, None]]
        signal = Scaling.of(steps)
        values = _scaled(training, signal)
        kernels = RocketKernels.of(values, training.lengths, self.settings.n_features, self.settings.seed)
        reporter.check()
        found = kernels(values, training.lengths)
        scaling = Scaling.of(found)
        features, labels = scaling(found), training.labels
        reporter.check()
        n_classes = len(training.classes)
        balance = balancing_weights(labels, n_classes)[labels]
        weights = balance if self.settings.class_weights else np.ones(len(labels))
        targets = 2.0 * np.eye(n_classes)[labels] - 1.0
        choice = chosen_penalty(features, targets, weights, training, self.settings.seed)
        ridge = fitted_ridge(features, targets, weights, choice.penalty)
        sharpness, note = fitted_sharpness(choice.scores, labels, balance)
        return Learned(
            arrays=kernels.to_arrays()
            | {f"signal_{name}": value for name, value in vars(signal).items()}
            | {f"scaling_{name}": value for name, value in vars(scaling).items()}
            | {"weights": ridge.weights, "bias": ridge.bias, "present": np.unique(labels)}
            | {"sharpness": np.array(sharpness), "penalty": np.array(choice.penalty)},
            parameters=ridge.weights.size + ridge.bias.size,
            notes=(note,) if note else (),
        )

    def _probabilities(self, samples: Samples, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        signal = Scaling(mean=arrays["signal_mean"], deviation=arrays["signal_deviation"])
        scaling = Scaling(mean=arrays["scaling_mean"], deviation=arrays["scaling_deviation"])
        kernels = RocketKernels.from_arrays(arrays)
        features = scaling(kernels(_scaled(samples, signal), samples.lengths))
        found = Ridge(weights=arrays["weights"], bias=arrays["bias"])(features)
        scores = np.full_like(found, -np.inf)
        scores[:, arrays["present"]] = found[:, arrays["present"]]
        return probabilities(scores, float(arrays["sharpness"]))


def _scaled(samples: Samples, signal: Scaling) -> NDArray[np.float64]:
    """Return the rows in units of the training, 0 after the length of each."""
    inside = np.arange(samples.n_steps) < samples.lengths[:, None]
    return np.where(inside[:, :, None], signal(samples.values), 0.0)


def _parameters(settings: MiniRocketSettings, shape: SampleShape) -> int:
    return len(shape.classes) * (rocket_feature_count(shape.n_steps, settings.n_features) + 1)


def _memory(settings: MiniRocketSettings, shape: SampleShape, rows: int) -> int:
    features = rocket_feature_count(shape.n_steps, settings.n_features)
    # Features of rows and mirror images: in single precision, scaled, and those of a fold weighted; then the system.
    return 2 * rows * features * (4 + 8 + 8 + 8) + 8 * 2 * min(2 * rows, features) ** 2


register_model(
    ArrayClassifierKind(
        name=MiniRocket.name,
        title="MiniRocket",
        describe="Turns each row into thousands of features by fixed kernels and weighs them; fast and strong.",
        inputs=MiniRocket.inputs,
        settings=MiniRocketSettings,
        classifier=MiniRocket,
        parameters=_parameters,
        memory=_memory,
    )
)
