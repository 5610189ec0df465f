"""How good a classifier is: figures per subject and per row, each with a confidence interval over subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.archive import json_ready
from gait_core.errors import InputError
from gait_core.learn.intervals import Interval, draw_subjects, interval_of, weighted_auc
from gait_core.learn.predictions import Predictions

__all__ = ["METRICS", "CalibrationCurve", "Scores", "point_scores", "score"]

METRICS: Final = ("balanced_accuracy", "accuracy", "precision", "recall", "f1", "auc")
"""Precision, recall and F1 are means over the classes; with more than two, AUC is the mean of one against the rest."""

RESAMPLES: Final = 2000
_BINS: Final = 10


@dataclass(frozen=True, kw_only=True)
class CalibrationCurve:
    """How often a class is true when it is given a certain probability.

    Attributes
    ----------
    predicted, observed : tuple of float
        Mean probability and share of that class, in each of ten bins of equal width that is not empty.
    counts : tuple of int
        Subjects, walks or rows in each bin.
    """

    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """The figures of a classifier on one set of predictions, or on several repetitions.

    Attributes
    ----------
    unit : {"subject", "walk", "row"}
        What is judged as one.
    n_units, n_subjects : int
        Of one repetition.
    repetitions : int
        Figures are means over repetitions.
    metrics : mapping of str to Interval
        `METRICS` by name.
    per_class : mapping of str to mapping of str to Interval
        Class → precision, recall, f1, specificity, auc.
    confusion : ndarray of int64, shape (n_classes, n_classes)
        Rows are true, columns predicted; summed over repetitions.
    calibration : mapping of str to CalibrationCurve
        Class → curve; with two classes of the second only.
    calibration_error : float
        Expected calibration error of the predicted class, in [0, 1].
    brier : float
        Mean squared difference between probabilities and truth, summed over classes.
    classes : tuple of str
    """

    unit: str
    n_units: int
    n_subjects: int
    repetitions: int
    metrics: Mapping[str, Interval]
    per_class: Mapping[str, Mapping[str, Interval]]
    confusion: NDArray[np.int64]
    calibration: Mapping[str, CalibrationCurve]
    calibration_error: float
    brier: float
    classes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        found: dict[str, Any] = json_ready(
            {
                "unit": self.unit,
                "n_units": self.n_units,
                "n_subjects": self.n_subjects,
                "repetitions": self.repetitions,
                "metrics": {name: value.to_dict() for name, value in self.metrics.items()},
                "per_class": {
                    name: {key: value.to_dict() for key, value in own.items()} for name, own in self.per_class.items()
                },
                "confusion": self.confusion.tolist(),
                "calibration": {name: vars(curve) for name, curve in self.calibration.items()},
                "calibration_error": self.calibration_error,
                "brier": self.brier,
                "classes": self.classes,
            }
        )
        return found


def score(
    repetitions: Predictions | Sequence[Predictions],
    *,
    level: str = "subject",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Scores:
    """Judge predictions.

    Parameters
    ----------
    repetitions : Predictions, or sequence of Predictions
        Several for a cross-validation that was repeated; of the same classes.
    level : {"subject", "row"}
        ``subject`` gathers the rows of a subject first, or of a walk where subjects have walks of several classes.
    resamples : int
        Of the bootstrap.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Scores
        Each interval holds the middle 95 % of the figure over resamples of the subjects. Subjects are drawn within
        their class where each has one.

    Raises
    ------
    InputError
        Without a prediction.
    """
    given = [repetitions] if isinstance(repetitions, Predictions) else list(repetitions)
    if not given or not all(len(one) for one in given):
        raise InputError("Expected predictions to evaluate, but got none.", "Give data with at least one usable row.")
    unit = "row" if level == "row" else max(one.unit for one in given)
    units = given if level == "row" else [one.gathered(unit) for one in given]
    names, subject_class = _subjects(units)
    weights = draw_subjects(subject_class, resamples, seed)
    judged = [_Judged(one, names, weights) for one in units]
    pooled_labels = np.concatenate([one.labels for one in units])
    pooled = np.concatenate([one.probabilities for one in units])
    predicted = np.concatenate([one.predicted for one in units])
    return Scores(
        unit=unit,
        n_units=max(len(one) for one in units),
        n_subjects=len(names),
        repetitions=len(units),
        metrics={name: _mean([one.metric(name) for one in judged]) for name in METRICS},
        per_class=_per_class(judged, given[0].classes),
        confusion=np.sum([one.confusion for one in judged], axis=0),
        calibration=_calibration(pooled, pooled_labels, given[0].classes),
        calibration_error=_calibration_error(pooled, predicted, pooled_labels),
        brier=float(((pooled - np.eye(len(given[0].classes))[pooled_labels]) ** 2).sum(axis=1).mean()),
        classes=given[0].classes,
    )


def point_scores(predictions: Predictions, *, level: str = "subject") -> dict[str, float]:
    """Return `METRICS` without intervals, NaN where one is not defined; for a single fold.

    Returns
    -------
    dict of str to float
    """
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support  # type: ignore[import-untyped]

    units = predictions if level == "row" else predictions.gathered()
    labels, predicted = units.labels, units.predicted
    present = np.unique(labels)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=present, average="macro", zero_division=0.0
    )
    return {
        "balanced_accuracy": float(recall),  # by definition
        "accuracy": float(accuracy_score(labels, predicted)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "auc": _auc(units),
    }


def _auc(units: Predictions) -> float:
    """Return the area under the ROC curve, one class against the rest where there are several."""
    from sklearn.metrics import roc_auc_score

    present = np.unique(units.labels)
    if len(present) < 2:
        return float("nan")
    if len(units.classes) == 2:
        return float(roc_auc_score(units.labels, units.probabilities[:, 1]))
    areas = [roc_auc_score(units.labels == one, units.probabilities[:, one]) for one in present]
    return float(np.mean(areas))


def _subjects(units: Sequence[Predictions]) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Return all subjects and the class of each; the same class for all where a subject has several."""
    subjects = np.concatenate([one.subjects for one in units])
    labels = np.concatenate([one.labels for one in units])
    names, first, subject_of = np.unique(subjects, return_index=True, return_inverse=True)
    one_each = bool((labels == labels[first][subject_of]).all())
    return names, labels[first] if one_each else np.zeros(len(names), np.int64)


class _Judged:
    """One repetition: its figures, and the same figures on every resample."""

    def __init__(self, units: Predictions, names: NDArray[np.str_], weights: NDArray[np.float64]) -> None:
        n = len(units.classes)
        self._units = units
        self._row_subject = np.searchsorted(names, units.subjects)
        self._weights = weights
        by_subject = np.zeros((len(names), n, n))
        np.add.at(by_subject, (self._row_subject, units.labels, units.predicted), 1.0)
        self.confusion = by_subject.sum(axis=0).astype(np.int64)
        self._drawn = np.tensordot(weights, by_subject, axes=1)
        self.present = np.unique(units.labels)
        self._values = point_scores(units, level="row")
        self._areas: dict[int, tuple[float, NDArray[np.float64]]] = {}

    def metric(self, name: str) -> tuple[float, NDArray[np.float64]]:
        """Return a figure and its resampled values, shape (resamples,)."""
        return self._values[name], self._resampled(name)

    def of_class(self, number: int) -> dict[str, tuple[float, NDArray[np.float64]]]:
        """Return the figures of one class."""
        whole = _class_figures(self.confusion[None].astype(np.float64), number)
        drawn = _class_figures(self._drawn, number)
        found = {name: (float(whole[name][0]), drawn[name]) for name in whole}
        return found | {"auc": self._area(number)}

    def _resampled(self, name: str) -> NDArray[np.float64]:
        if name == "auc":
            chosen = [1] if len(self._units.classes) == 2 else self.present.tolist()
            return _mean_known(np.stack([self._area(one)[1] for one in chosen]))
        if name == "accuracy":
            total = self._drawn.sum(axis=(1, 2))
            right = np.trace(self._drawn, axis1=1, axis2=2)
            return np.asarray(right / np.where(total > 0, total, np.nan))
        key = "recall" if name == "balanced_accuracy" else name
        return _mean_known(np.stack([_class_figures(self._drawn, one)[key] for one in self.present]))

    def _area(self, number: int) -> tuple[float, NDArray[np.float64]]:
        if number not in self._areas:
            scores, positive = self._units.probabilities[:, number], self._units.labels == number
            once = np.ones((1, len(scores)))
            drawn = weighted_auc(scores, positive, self._weights[:, self._row_subject])
            self._areas[number] = float(weighted_auc(scores, positive, once)[0]), drawn
        return self._areas[number]


def _class_figures(confusions: NDArray[np.float64], number: int) -> dict[str, NDArray[np.float64]]:
    """Return the figures of a class for many confusion matrices, shape (m, n, n); NaN without a row of the class."""
    right = confusions[:, number, number]
    true, predicted = confusions[:, number, :].sum(axis=1), confusions[:, :, number].sum(axis=1)
    total = confusions.sum(axis=(1, 2))
    there = np.where(true > 0, true, np.nan)
    others = np.where(total > true, total - true, np.nan)
    # Like scikit-learn's zero_division=0: a class that was never predicted has a precision of 0.
    precision = np.where(true > 0, right / np.where(predicted > 0, predicted, 1.0), np.nan)
    return {
        "precision": precision,
        "recall": right / there,
        "f1": 2 * right / (there + predicted),
        "specificity": 1.0 - (predicted - right) / others,
    }


def _mean_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the first axis of what is not NaN; NaN where nothing is."""
    known = np.isfinite(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _mean(parts: Sequence[tuple[float, NDArray[np.float64]]]) -> Interval:
    values = _mean_known(np.array([value for value, _ in parts]))
    return interval_of(float(values), _mean_known(np.stack([drawn for _, drawn in parts])))


def _per_class(judged: Sequence[_Judged], classes: tuple[str, ...]) -> dict[str, dict[str, Interval]]:
    found: dict[str, dict[str, Interval]] = {}
    for number, name in enumerate(classes):
        figures = [one.of_class(number) for one in judged]
        found[name] = {key: _mean([own[key] for own in figures]) for key in figures[0]}
    return found


def _calibration(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], classes: tuple[str, ...]
) -> dict[str, CalibrationCurve]:
    from sklearn.calibration import calibration_curve  # type: ignore[import-untyped]

    shown = [1] if len(classes) == 2 else range(len(classes))
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    curves: dict[str, CalibrationCurve] = {}
    for number in shown:
        given = np.clip(probabilities[:, number], 0.0, 1.0)
        observed, predicted = calibration_curve(labels == number, given, n_bins=_BINS, pos_label=True)
        counts = np.bincount(np.searchsorted(edges[1:-1], given), minlength=_BINS)
        curves[classes[number]] = CalibrationCurve(
            predicted=tuple(predicted.tolist()),
            observed=tuple(observed.tolist()),
            counts=tuple(counts[counts > 0].tolist()),
        )
    return curves


def _calibration_error(
    probabilities: NDArray[np.float64], predicted: NDArray[np.int64], labels: NDArray[np.int64]
) -> float:
    """Return the expected calibration error: |share right − mean probability|, weighted by the bins' sizes."""
    given = probabilities[np.arange(len(labels)), predicted]
    right = (predicted == labels).astype(np.float64)
    bins = np.minimum((given * _BINS).astype(int), _BINS - 1)
    gaps = [abs(float((right - given)[bins == number].sum())) for number in np.unique(bins)]
    return sum(gaps) / len(labels)
