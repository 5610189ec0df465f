"""The classifier to beat: it gives every row the shares of the classes in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.array_classifier import (
    ArrayClassifier,
    ArrayClassifierKind,
    ArraySettings,
    Learned,
)
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.registry import register_model
from gait_core.progress import Reporter

__all__ = ["Majority"]


class Majority(ArrayClassifier):
    """Gives every row the shares of the classes in training, so that the most frequent class wins."""

    name: ClassVar[str] = "majority"

    def _learn(self, training: Samples, reporter: Reporter) -> Learned:  # noqa: ARG002 - nothing to wait for
        shares = np.bincount(training.labels, minlength=len(training.classes)) / len(training)
        return Learned(arrays={"shares": shares}, parameters=len(shares) - 1)

    def _probabilities(self, samples: Samples, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        return np.tile(arrays["shares"].astype(np.float64), (len(samples), 1))


register_model(
    ArrayClassifierKind(
        name=Majority.name,
        title="Most frequent class",
        describe="Always gives the shares of the classes in training; every other classifier has to beat it.",
        inputs=Majority.inputs,
        settings=ArraySettings,
        classifier=Majority,
        parameters=lambda _, shape: len(shape.classes) - 1,
        memory=lambda _, shape, rows: 8 * rows * shape.n_steps * len(shape.channels),
    )
)
