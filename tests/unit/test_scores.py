"""Figures of classifiers: equal to scikit-learn's, with intervals that respect subjects."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from gait_core.errors import InputError
from gait_core.learn.decision import Decision, choose_decision
from gait_core.learn.intervals import draw_subjects, weighted_auc
from gait_core.learn.predictions import Predictions, joined_predictions
from gait_core.learn.scores import METRICS, point_scores, score


def made(
    n_subjects: int = 24, rows: int = 5, classes: int = 2, *, seed: int = 0, skill: float = 1.0, own: float = 0.0
) -> Predictions:
    """Return predictions for subjects of one class each; `own` shifts all rows of a subject alike."""
    order = np.random.default_rng(seed)
    class_of = np.arange(n_subjects) % classes
    labels = np.repeat(class_of, rows)
    logits = order.normal(size=(n_subjects * rows, classes)) + skill * np.eye(classes)[labels]
    logits += np.repeat(own * order.normal(size=(n_subjects, classes)), rows, axis=0)
    powers = np.exp(logits)
    subjects = np.repeat([f"s{number:02d}" for number in range(n_subjects)], rows)
    return Predictions(
        probabilities=powers / powers.sum(axis=1, keepdims=True),
        labels=labels.astype(np.int64),
        subjects=subjects,
        walks=np.array([f"{name}-{row}" for row, name in enumerate(subjects)]),
        thresholds=np.full(len(labels), np.nan),
        classes=tuple("abcdefgh"[:classes]),
    )


def repeated(predictions: Predictions, counts: np.ndarray) -> Predictions:
    """Return predictions with each subject as often as it counts; repeats get names of their own."""
    names = np.unique(predictions.subjects)
    return joined_predictions(
        [
            predictions.take(np.flatnonzero(predictions.subjects == name))
            for name, count in zip(names, counts, strict=True)
            for _ in range(int(count))
        ]
    )


@pytest.mark.parametrize("classes", [2, 4])
def test_row_figures_are_those_of_scikit_learn(classes):
    rows = made(classes=classes)
    found = point_scores(rows, level="row")
    predicted = rows.probabilities.argmax(axis=1)
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(rows.labels, predicted))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(rows.labels, predicted))
    assert found["f1"] == pytest.approx(metrics.f1_score(rows.labels, predicted, average="macro"))
    given = rows.probabilities[:, 1] if classes == 2 else rows.probabilities
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(rows.labels, given, multi_class="ovr"))
    whole = score(rows, level="row", resamples=50)
    assert {name: whole.metrics[name].mean for name in METRICS} == pytest.approx(found)
    assert (whole.confusion == metrics.confusion_matrix(rows.labels, predicted)).all()
    recalls = metrics.recall_score(rows.labels, predicted, average=None)
    assert [whole.per_class[name]["recall"].mean for name in rows.classes] == pytest.approx(recalls.tolist())


@pytest.mark.parametrize("classes", [2, 3])
def test_resampled_figures_are_those_of_the_repeated_rows(classes, monkeypatch):
    """One resample, written out as rows, gives the figures that the fast path gives."""
    rows = made(classes=classes, n_subjects=12, seed=3)
    counts = draw_subjects(np.arange(12) % classes, 1, seed=5)
    monkeypatch.setattr("gait_core.learn.scores.draw_subjects", lambda *_: counts)
    fast = score(rows, level="row")
    slow = point_scores(repeated(rows, counts[0]), level="row")
    for name in METRICS:
        assert fast.metrics[name].ci_low == fast.metrics[name].ci_high == pytest.approx(slow[name]), name


def test_subjects_count_once_however_many_rows_they_have():
    rows = made(n_subjects=6, rows=3, seed=1)
    more = joined_predictions([rows, *[rows.take(np.flatnonzero(rows.subjects == "s00"))] * 20])
    assert point_scores(more) == pytest.approx(point_scores(rows))
    assert len(rows.gathered()) == 6
    assert rows.gathered().probabilities[0] == pytest.approx(rows.probabilities[:3].mean(axis=0))


def test_a_subject_with_several_classes_is_judged_walk_by_walk():
    rows = made(n_subjects=4, rows=4)
    both = Predictions(
        probabilities=rows.probabilities,
        labels=np.tile([0, 0, 1, 1], 4).astype(np.int64),
        subjects=rows.subjects,
        walks=np.tile(["x", "x", "y", "y"], 4),
        thresholds=rows.thresholds,
        classes=rows.classes,
    )
    assert both.unit == "walk"
    found = score(both, resamples=20)
    assert (found.unit, found.n_units, found.n_subjects) == ("walk", 8, 4)
    mixed = Predictions(**{**vars(both), "walks": np.full(16, "x")})
    with pytest.raises(InputError, match="one class per walk"):
        mixed.gathered()


def test_intervals_follow_subjects_not_rows():
    """Rows of one subject say the same thing: more of them leave the interval as wide as it was."""
    few, many = made(rows=2, own=2.0, seed=2), made(rows=2, own=2.0, seed=2)
    many = joined_predictions([many] * 10)
    narrow = score(few, level="row", resamples=400).metrics["accuracy"]
    same = score(many, level="row", resamples=400).metrics["accuracy"]
    assert (narrow.ci_low, narrow.ci_high) == pytest.approx((same.ci_low, same.ci_high))
    assert narrow.ci_low < narrow.mean < narrow.ci_high


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    hits = 0
    truth = point_scores(made(n_subjects=40_000, rows=1, seed=99), level="row")["accuracy"]
    for seed in range(200):
        found = score(made(n_subjects=60, rows=1, seed=seed), level="row", resamples=300).metrics["accuracy"]
        hits += found.ci_low <= truth <= found.ci_high
    assert 0.88 <= hits / 200 <= 0.99


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    rows = made()
    one, two, other = (score(rows, level="row", resamples=200, seed=seed).metrics["auc"] for seed in (4, 4, 5))
    assert one == two
    assert one != other


def test_every_class_keeps_its_size_in_a_resample():
    class_of = np.array([0] * 7 + [1] * 3)
    counts = draw_subjects(class_of, 100, seed=0)
    assert (counts[:, :7].sum(axis=1) == 7).all()
    assert (counts[:, 7:].sum(axis=1) == 3).all()
    assert len(np.unique(counts, axis=0)) > 50


def test_ties_count_half_in_the_auc():
    scores = np.array([0.2, 0.5, 0.5, 0.9])
    positive = np.array([False, False, True, True])
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    found = weighted_auc(scores, positive, weights)
    assert found[:2] == pytest.approx([3.5 / 4, 2.5 / 3])
    assert np.isnan(found[2])


def test_repetitions_are_averaged_and_their_confusions_summed():
    first, second = made(seed=0), made(seed=1)
    both = score([first, second], resamples=50)
    values = [point_scores(one)["balanced_accuracy"] for one in (first, second)]
    assert both.metrics["balanced_accuracy"].mean == pytest.approx(np.mean(values))
    assert both.confusion.sum() == 2 * both.n_units


def test_one_class_alone_has_no_auc_and_says_so():
    rows = made()
    found = score(rows.take(np.flatnonzero(rows.labels == 0)), resamples=20).to_dict()
    assert found["metrics"]["auc"] == {"mean": None, "ci_low": None, "ci_high": None}
    assert found["metrics"]["accuracy"]["mean"] is not None
    with pytest.raises(InputError, match="none"):
        score(rows.take(np.empty(0, np.intp)))


def test_a_calibrated_classifier_lies_on_the_diagonal_and_an_overconfident_one_does_not():
    order = np.random.default_rng(0)
    given = order.uniform(size=20_000)
    labels = (order.uniform(size=len(given)) < given).astype(np.int64)

    def judged(shown: np.ndarray):
        rows = Predictions(
            probabilities=np.stack([1 - shown, shown], axis=1),
            labels=labels,
            subjects=np.arange(len(shown)).astype(np.str_),
            walks=np.arange(len(shown)).astype(np.str_),
            thresholds=np.full(len(shown), np.nan),
            classes=("a", "b"),
        )
        return rows, score(rows, resamples=2)

    _, good = judged(given)
    curve = good.calibration["b"]
    assert np.abs(np.subtract(curve.predicted, curve.observed)).max() < 0.04
    assert sum(curve.counts) == len(given)
    assert good.calibration_error < 0.02
    sharp = given**3 / (given**3 + (1 - given) ** 3)
    rows, bad = judged(sharp)
    assert bad.calibration_error > 0.1
    decision = choose_decision(rows, threshold="half", calibrate=True)
    assert decision.temperature == pytest.approx(3.0, rel=0.05)
    assert decision.calibrated(rows.probabilities)[:, 1] == pytest.approx(given, abs=0.01)


def test_the_threshold_is_the_best_one_on_the_subjects_given():
    shown = np.array([0.05, 0.1, 0.2, 0.25, 0.3, 0.4])
    rows = Predictions(
        probabilities=np.stack([1 - shown, shown], axis=1),
        labels=np.array([0, 0, 0, 1, 1, 1]),
        subjects=np.array(list("uvwxyz")),
        walks=np.array(list("uvwxyz")),
        thresholds=np.full(6, np.nan),
        classes=("a", "b"),
    )
    assert point_scores(rows)["balanced_accuracy"] == 0.5
    decision = choose_decision(rows, threshold="inner", calibrate=False)
    assert (decision.temperature, decision.threshold) == (1.0, pytest.approx(0.225))
    read = Predictions(**{**vars(rows), "thresholds": decision.thresholds(6)})
    assert point_scores(read)["balanced_accuracy"] == 1.0
    assert choose_decision(made(classes=3), threshold="inner", calibrate=False) == Decision()


def test_predictions_survive_storage():
    rows = made(classes=3)
    back = Predictions.from_arrays(rows.to_arrays())
    assert back.classes == rows.classes
    for name in ("probabilities", "labels", "subjects", "walks", "thresholds"):
        np.testing.assert_array_equal(getattr(back, name), getattr(rows, name))
    with pytest.raises(InputError, match="labels is missing"):
        Predictions.from_arrays({name: value for name, value in rows.to_arrays().items() if name != "labels"})
    with pytest.raises(InputError, match="NaN"):
        Predictions(**{**vars(rows), "probabilities": np.full((len(rows), 3), np.nan)})
