"""The benchmarks of classifiers: on small made-up tables of the documented form, and what they compute from them."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from gait_core.bench import classifier
from gait_core.bench.classifier_minority import recall_gain, with_rare_class
from gait_core.bench.classifier_patients import bench_classifier_patients, knee_threshold
from gait_core.bench.classifier_simulated import gaits, mixed_up
from gait_core.bench.classifier_speed_runs import Run, TimedBatches
from gait_core.bench.common import BenchResult
from gait_core.errors import InputError
from gait_core.learn.batches import ArrayBatches
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.folds import CrossValidationSettings
from gait_core.learn.predictions import Predictions
from gait_core.progress import silent


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data" / "clinical"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    wave = np.sin(np.linspace(0, 2 * np.pi, 101))
    with (folder / "stroke_cycles.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["subject", "label", "cycle", "side", "channel", *(f"p{i:03d}_deg" for i in range(101))])
        for person in range(24):
            label = ("control", "stroke")[person % 2]
            for side in ("left", "right"):
                size = 30.0 if label == "control" or side == "left" else 12.0
                curve = size * wave + generator.normal(0, 2, 101)
                rows.writerow([f"s{person}", label, 1, side, "knee_flexion", *np.round(curve, 2)])
    with (folder / "stride_times.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["subject", "label", "time_s", "right_stride_time_s"])
        for person in range(32):
            label = ("ctr", "als", "pd", "hd")[person % 4]
            spread = 0.01 if label == "ctr" else 0.08
            for number, stride_s in enumerate(generator.normal(1.1, spread, 40)):
                rows.writerow([f"{label}{person}", label, round(1.1 * number, 2), round(float(stride_s), 4)])
    return tmp_path / "data"


def people(labels: list[int], values: np.ndarray, channels: tuple[str, ...]) -> Samples:
    names = np.array([f"p{number:02d}" for number in range(len(labels))])
    return Samples(
        values=values.astype(np.float32),
        lengths=np.full(len(labels), values.shape[1]),
        labels=np.array(labels),
        subjects=names,
        walks=names,
        channels=channels,
        classes=("control", "stroke"),
        kind="curves",
    )


def judged(labels: list[int], predicted: list[int]) -> Predictions:
    names = np.array([f"p{number:02d}" for number in range(len(labels))])
    return Predictions(
        probabilities=np.eye(2)[predicted],
        labels=np.array(labels),
        subjects=names,
        walks=names,
        thresholds=np.full(len(labels), np.nan),
        classes=("control", "stroke"),
    )


# Patients.


def test_the_figures_follow_from_what_separates_the_people(data, workspace):
    result = bench_classifier_patients(workspace, silent(), quick=True, data=str(data)).to_dict()
    figures = result["figures"]
    assert figures["stroke_balanced_accuracy"] > 0.9
    assert figures["stroke_knee_threshold_balanced_accuracy"] > 0.9
    assert figures["neuro_balanced_accuracy"] > 0.9
    assert figures["stroke_majority_balanced_accuracy"] < 0.6
    assert 0.2 < figures["permuted_balanced_accuracy"] < 0.8
    assert figures["neuro_four_classes_balanced_accuracy"] < figures["neuro_balanced_accuracy"]
    assert [table["title"].split()[0] for table in result["tables"]] == ["Stroke", "The", "Control", "Four"]
    assert result["tables"][0]["rows"][-1][0] == "threshold on the knee's range"


def test_the_threshold_of_the_knee_is_chosen_without_the_people_it_is_tested_on():
    ranges = np.array([60.0, 62.0, 58.0, 61.0, 20.0, 22.0, 18.0, 21.0])
    values = np.zeros((8, 3, 2))
    values[:, 1, :] = ranges[:, None]
    values[::2, 1, 0] += 5.0  # the smaller range of both knees counts
    samples = people([0] * 4 + [1] * 4, values, ("left_knee_flexion_deg", "right_knee_flexion_deg"))
    first, second = knee_threshold(samples, CrossValidationSettings(folds=4, seeds=2))
    for found in (first, second):
        assert (found.predicted == found.labels).all()
        assert sorted(found.subjects.tolist()) == samples.subjects.tolist()


def test_without_data_it_says_what_it_needs_before_anything_runs(workspace, monkeypatch):
    monkeypatch.setattr(classifier, "_PARTS", ())
    with pytest.raises(InputError, match="stroke_cycles"):
        classifier.bench_classifier(workspace, silent())


def test_the_whole_benchmark_joins_its_parts(data, workspace, monkeypatch):
    asked = []

    def part(name: str, figure: str):
        def bench(_workspace, _reporter, *, quick, data):
            asked.append((name, quick, data))
            return BenchResult(bench=name, settings={"stroke_best_model": "svm"}, figures={figure: 1.0}, tables=["t"])

        return bench

    monkeypatch.setattr(classifier, "_PARTS", (part("classifier_patients", "a"), part("classifier_speed", "b")))
    found = classifier.bench_classifier(workspace, silent(), quick=True, data=str(data))
    assert asked == [("classifier_patients", True, str(data)), ("classifier_speed", True, str(data))]
    assert found.figures == {"a": 1.0, "b": 1.0}
    assert len(found.tables) == 2
    assert found.settings["stroke_best_model"] == "svm"


# A rare class.


@pytest.mark.parametrize("rare", [0, 1])
def test_a_class_is_made_rare_by_leaving_out_people_of_it(rare):
    samples = people([rare] * 40 + [1 - rare] * 39, np.ones((79, 2, 1)), ("knee_deg",))
    one, other = (with_rare_class(samples, rare, seed) for seed in (0, 1))
    assert (one.labels == rare).mean() == pytest.approx(0.22, abs=0.01)
    assert (one.labels != rare).sum() == 39
    assert set(one.subjects.tolist()) != set(other.subjects.tolist())
    assert with_rare_class(samples, rare, 0).subjects.tolist() == one.subjects.tolist()


def test_the_gain_in_recall_counts_people_of_the_rare_class_alone():
    labels = [1, 1, 1, 1, 0, 0]
    before = [judged(labels, [1, 0, 0, 0, 0, 0]), judged(labels, [0, 0, 0, 0, 0, 0])]
    after = [judged(labels, [1, 1, 0, 0, 1, 1]), judged(labels, [1, 1, 0, 0, 1, 1])]
    gain = recall_gain(before, after, 1)
    assert gain.mean == pytest.approx(0.5 - 0.125)
    assert gain.ci_low < gain.mean < gain.ci_high
    assert recall_gain(after, after, 1).mean == 0.0


# Speed.


def test_the_first_epoch_counts_for_the_time_to_an_accuracy_but_not_for_the_time_of_an_epoch():
    run = Run(begun=(10.0, 1.0), ends=[(15.0, 3.0, 0.5), (16.0, 3.5, 0.7), (18.0, 4.0, 0.6), (19.0, 4.5, 0.9)])
    assert run.first_s(0) == 5.0
    assert run.epoch_s(0) == 1.0
    assert run.epoch_s(1) == 0.5
    assert run.reached_s(0.6, 0) == 6.0
    assert run.reached_s(0.9, 1) == 3.5
    assert np.isnan(run.reached_s(0.95, 0))


def test_timing_changes_no_batch():
    source = ArrayBatches(np.arange(10.0)[:, None], np.arange(10.0), batch_size=4, seed=3)
    timed = TimedBatches(source)
    for epoch in (1, 2):
        expected = [batch.targets.tolist() for batch in source.batches(epoch)]
        assert [batch.targets.tolist() for batch in timed.batches(epoch)] == expected
    assert len(list(timed.in_order())) == 3
    assert [len(part) for part in (timed.waited_s, timed.worked_s, timed.judged_s)] == [2, 2, 1]
    assert timed.fingerprint() == source.fingerprint()


# Simulated people.


def test_mixed_up_classes_come_with_the_most_frequent_first():
    confusion, classes = [[5, 1, 2], [0, 8, 0], [4, 0, 4]], ("a", "b", "c")
    assert mixed_up(confusion, classes) == [("c", "a", 4), ("a", "c", 2), ("a", "b", 1)]
    rows = gaits({"confusion": confusion, "classes": classes})
    assert rows == [["a", 8, 5 / 8, "c", 2], ["b", 8, 1.0, "", 0], ["c", 8, 0.5, "a", 4]]
