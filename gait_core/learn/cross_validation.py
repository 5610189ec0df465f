"""Cross-validation by subject: folds are stored one by one, and a killed run continues with the first unfinished one.

::

    <folder>/<seed>-<fold>/
      attempt.json       how the training of this fold was begun
      checkpoint.npz     of a network while it trains; gone afterwards
      log.csv            losses and metrics of a network after each epoch
      tensorboard/       what TensorBoard shows, where it was asked for
      predictions.npz    what the fold says about its test subjects
      fold.json          typed record; written last, and makes the fold a finished one
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.protocol import Classifier
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.decision import Decision, choose_decision
from gait_core.learn.fit_once_more import Attempt, MakeClassifier, clear_attempt, fit_once_more
from gait_core.learn.fold_record import FoldRecord, read_fold, write_fold
from gait_core.learn.folds import CrossValidationSettings, FoldPlan, plan_folds
from gait_core.learn.predictions import Predictions, joined_predictions
from gait_core.learn.scores import point_scores
from gait_core.progress import Reporter

__all__ = ["CrossValidation", "cross_validate", "predict_samples"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossValidation:
    """All finished folds.

    Attributes
    ----------
    records : tuple of FoldRecord
    predictions : tuple of Predictions
        One per repetition that has a finished fold, its folds one after the other.
    raw_predictions : tuple of Predictions
        The same at temperature 1 and without thresholds, to choose those of a final model by.
    planned : int
        Folds that there would be in all.
    """

    records: tuple[FoldRecord, ...]
    predictions: tuple[Predictions, ...]
    raw_predictions: tuple[Predictions, ...]
    planned: int

    @property
    def complete(self) -> bool:
        """Whether every fold is finished, and none was ended early."""
        return len(self.records) == self.planned and not any(record.stopped for record in self.records)

    @property
    def best_epochs(self) -> int | None:
        """Median of the folds' best epochs, at least 1; None for a classifier without epochs."""
        found = [record.history.best_epoch for record in self.records if record.history is not None and record.epochs]
        return max(1, round(float(np.median(found)))) if found else None


def cross_validate(
    samples: Samples,
    make: MakeClassifier,
    settings: CrossValidationSettings,
    folder: Path,
    reporter: Reporter,
    *,
    needs_inner: bool,
    halvings: int = 0,
) -> CrossValidation:
    """Train and test a classifier on every fold that is not finished yet.

    Parameters
    ----------
    samples : Samples
    make : callable
        Builds a classifier that has not been trained.
    settings : CrossValidationSettings
    folder : Path
        Where the folds are stored; those that are finished are not trained again.
    reporter : Reporter
        An early stop ends the fold that is running, with its best weights, and begins no other.
    needs_inner : bool
        The classifier stops by validation data, so its training always gets the inner split. Otherwise it learns from
        all training subjects, and the inner split only serves to choose threshold and temperature beforehand.
    halvings : int
        With how often halved a batch to begin, because memory has run out before.

    Returns
    -------
    CrossValidation

    Raises
    ------
    InputError
        When a class has fewer subjects than there are folds.
    ModelError, MemoryLimitError, StorageError
        When a training failed; finished folds stay.
    Cancelled
        When the user cancelled; finished folds and the checkpoint stay.
    """
    plans = plan_folds(samples, settings)
    finished: list[tuple[FoldRecord, Predictions]] = []
    for number, plan in enumerate(plans, start=1):
        reporter.check()
        done = read_fold(folder / plan.name)
        if done is None:
            if reporter.wants_early_stop():
                break
            done = _run_fold(plan, make, settings, folder / plan.name, reporter, halvings, needs_inner)
        finished.append(done)
        halvings = max(halvings, done[0].halvings)
        reporter.progress("folds", number, len(plans), "folds", message=_told(done[0]))
    return CrossValidation(
        records=tuple(record for record, _ in finished),
        predictions=_by_seed(finished),
        raw_predictions=_by_seed([(record, _raw(record, found)) for record, found in finished]),
        planned=len(plans),
    )


def _by_seed(folds: Sequence[tuple[FoldRecord, Predictions]]) -> tuple[Predictions, ...]:
    seeds = dict.fromkeys(record.seed for record, _ in folds)
    return tuple(joined_predictions([found for record, found in folds if record.seed == seed]) for seed in seeds)


def _raw(record: FoldRecord, found: Predictions) -> Predictions:
    """Return the predictions of a fold as the classifier gave them."""
    undone = Decision(temperature=1.0 / record.decision.temperature)
    return replace(
        found, probabilities=undone.calibrated(found.probabilities), thresholds=Decision().thresholds(len(found))
    )


def predict_samples(classifier: Classifier, samples: Samples, decision: Decision | None = None) -> Predictions:
    """Return the predictions of a classifier for samples, read by a decision.

    Parameters
    ----------
    classifier : Classifier
        Fitted on other subjects.
    samples : Samples
        Rows to classify.
    decision : Decision, optional
        Threshold and calibration; without it the most probable class counts.

    Returns
    -------
    Predictions
    """
    decision = decision or Decision()
    return Predictions(
        probabilities=decision.calibrated(classifier.predict(samples)),
        labels=samples.labels,
        subjects=samples.subjects,
        walks=samples.walks,
        thresholds=decision.thresholds(len(samples)),
        classes=samples.classes,
    )


def _run_fold(
    plan: FoldPlan,
    make: MakeClassifier,
    settings: CrossValidationSettings,
    folder: Path,
    reporter: Reporter,
    halvings: int,
    needs_inner: bool,
) -> tuple[FoldRecord, Predictions]:
    begun_s = time.perf_counter()
    notes: list[str] = []
    if plan.inner is None:
        notes.append("A class has only one subject in training: nothing was chosen on an inner split.")

    def fit(training: NDArray[np.intp], validation: NDArray[np.intp] | None, place: Path) -> Attempt:
        return fit_once_more(
            make,
            plan.samples.take(training),
            None if validation is None else plan.samples.take(validation),
            seed=plan.model_seed,
            folder=place,
            reporter=reporter,
            labels=plan.labels,
            halvings=halvings,
        )

    chooses = settings.calibrate or settings.threshold != "half"
    decision = Decision()
    inner: NDArray[np.intp] = np.empty(0, np.intp)
    if plan.inner is not None and (needs_inner or chooses):
        learned, inner = plan.inner
        attempt = fit(learned, inner if needs_inner else None, folder if needs_inner else folder / "inner")
        decision = choose_decision(
            predict_samples(attempt.classifier, plan.samples.take(inner)),
            threshold=settings.threshold,
            calibrate=settings.calibrate,
        )
    if plan.inner is None or not needs_inner:
        attempt = fit(plan.training, None, folder)
    predictions = predict_samples(attempt.classifier, plan.samples.take(plan.test), decision)
    report = attempt.report
    record = FoldRecord(
        seed=plan.seed,
        fold=plan.number,
        folds=plan.folds,
        training_subjects=plan.subjects(plan.training),
        inner_subjects=plan.subjects(inner),
        test_subjects=plan.subjects(plan.test),
        scores=point_scores(predictions),
        row_scores=point_scores(predictions, level="row"),
        decision=decision,
        history=report.history,
        epochs=report.epochs,
        parameters=report.parameters,
        halvings=attempt.halvings,
        duration_s=time.perf_counter() - begun_s,
        stopped=report.history is not None and report.history.stopped_early == "user",
        notes=(*notes, *attempt.notes),
    )
    write_fold(folder, record, predictions)
    clear_attempt(folder / "inner")
    clear_attempt(folder)
    return record, predictions


def _told(record: FoldRecord) -> str:
    value = record.scores.get("balanced_accuracy", float("nan"))
    return f"Fold {record.fold} of {record.folds}, seed {record.seed}: balanced accuracy {value:.3f}"
