"""Whether samples fit a classifier, and what every classifier derives from the labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.datasets.samples import Samples

__all__ = ["balancing_weights", "check_fits", "check_training"]

_FEWEST_CLASSES = 2


def check_training(name: str, inputs: tuple[str, ...], shape: SampleShape, training: Samples) -> None:
    """Raise `InputError` unless a classifier can learn from these samples.

    Parameters
    ----------
    name : str
        Of the classifier.
    inputs : tuple of str
        Kinds of samples that it takes.
    shape : SampleShape
        What it was built for.
    training : Samples
    """
    if training.kind not in inputs:
        raise InputError(
            f"Expected {' or '.join(inputs)} for {name}, but got {training.kind}.",
            "Choose another classifier, or make other samples of the data.",
        )
    check_fits(name, shape, training)
    present = np.unique(training.labels)
    if len(present) < _FEWEST_CLASSES:
        found = training.classes[int(present[0])] if len(present) else "no rows"
        raise InputError(
            f"Expected rows of at least two classes to train {name}, but got only {found}.",
            "Add subjects of another class.",
        )


def check_fits(name: str, shape: SampleShape, samples: Samples) -> None:
    """Raise `InputError` unless samples have the channels, the classes and the kind that a classifier was built for.

    Parameters
    ----------
    name : str
        Classifier, for the message.
    shape : SampleShape
        What the classifier was built for.
    samples : Samples
        What it is given.
    """
    for what in ("kind", "channels", "classes"):
        expected, found = getattr(shape, what), getattr(samples, what)
        if expected != found:
            raise InputError(
                f"Expected {what} {_text(expected)} for this {name}, but got {_text(found)}.",
                "Give samples that were made like those of the training.",
            )


def balancing_weights(labels: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Return a weight for each class so that all present classes count alike; the mean weight of a row is 1.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
    n_classes : int

    Returns
    -------
    ndarray, shape (n_classes,)
        0 for a class without rows.
    """
    counts = np.bincount(labels, minlength=n_classes).astype(np.float64)
    present = counts > 0
    weights = np.zeros(n_classes)
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights


def _text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
