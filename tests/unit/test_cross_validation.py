"""Cross-validation by subject: nothing about a test subject is known before its test; no fold is done twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gait_core.config import Settings
from gait_core.errors import Cancelled, InputError, MemoryLimitError, ModelError, StorageError
from gait_core.learn import fit_once_more as once_more
from gait_core.learn import memory_kills
from gait_core.learn.classifiers.protocol import FitReport, SampleShape
from gait_core.learn.comparison import compare_folds, corrected_t_test
from gait_core.learn.cross_validation import cross_validate
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.fold_record import read_fold
from gait_core.learn.folds import CrossValidationSettings, permuted, plan_folds
from gait_core.learn.history import History
from gait_core.learn.scores import score
from gait_core.progress import Reporter, silent


def made(n_subjects: int = 20, rows: int = 4, *, gap: float = 1.5, seed: int = 0) -> Samples:
    """Return parameters of subjects of two classes, `gap` standard deviations apart."""
    order = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_subjects) % 2, rows)
    values = order.normal(size=(len(labels), 1, 3)).astype(np.float32)
    values[:, 0, 0] += gap * labels
    return Samples(
        values=values,
        lengths=np.ones(len(labels)),
        labels=labels,
        subjects=np.repeat([f"s{number:02d}" for number in range(n_subjects)], rows),
        walks=np.arange(len(labels)).astype(np.str_),
        channels=("a_m", "b_m", "c_m"),
        classes=("well", "ill"),
        kind="parameters",
    )


@dataclass(frozen=True, kw_only=True)
class MeansSettings(Settings):
    batch_size: int = 8
    accumulate: int = 1


class Means:
    """Nearest mean of a class; remembers what it was given."""

    name = "means"

    def __init__(self, log: list[dict[str, Any]], seed: int, halvings: int, epochs: int | None) -> None:
        self.settings: Settings = MeansSettings()
        self.shape = SampleShape.of(made())
        self._log, self.seed, self.halvings, self.epochs = log, seed, halvings, epochs
        self.losses = [1.0, 0.5]

    def fit(self, training, validation=None, *, reporter=None, checkpoint=None, labels=None) -> FitReport:
        self._log.append(
            {
                "training": set(training.subjects.tolist()),
                "validation": None if validation is None else set(validation.subjects.tolist()),
                "labels": labels,
                "checkpoint": checkpoint,
                "halvings": self.halvings,
                "seed": self.seed,
            }
        )
        rows = training.values[:, 0]
        self._means = np.stack([rows[training.labels == number].mean(axis=0) for number in range(2)])
        history = History(loss=self.losses, val_loss=self.losses, best_epoch=2) if validation is not None else None
        return FitReport(epochs=len(self.losses), history=history, parameters=6, duration_s=0.0)

    def predict(self, samples):
        away = ((samples.values[:, 0][:, None] - self._means) ** 2).sum(axis=2)
        powers = np.exp(-away + away.min(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float64)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "saved").touch()


class Maker:
    def __init__(self, kind: type[Means] = Means) -> None:
        self.fits: list[dict[str, Any]] = []
        self._kind = kind

    def __call__(self, *, seed: int, halvings: int = 0, epochs: int | None = None) -> Means:
        return self._kind(self.fits, seed, halvings, epochs)


def run(folder: Path, make: Maker, settings: CrossValidationSettings | None = None, **options: Any):
    given = {"samples": made(), "reporter": silent(), "needs_inner": False, **options}
    settings = settings or CrossValidationSettings(folds=4)
    return cross_validate(given["samples"], make, settings, folder, given["reporter"], needs_inner=given["needs_inner"])


def test_every_subject_is_tested_once_per_seed_and_never_by_itself(tmp_path):
    make = Maker()
    found = run(tmp_path, make, CrossValidationSettings(folds=4, seeds=3))
    assert (len(found.records), found.planned, found.complete) == (12, 12, True)
    everybody = sorted(set(made().subjects.tolist()))
    for seed, predictions in enumerate(found.predictions):
        own = [record for record in found.records if record.seed == seed]
        assert sorted(name for record in own for name in record.test_subjects) == everybody
        assert len(predictions) == len(made())
    for record, fit in zip(found.records, make.fits, strict=True):
        assert fit["training"] == set(record.training_subjects)
        assert not fit["training"] & set(record.test_subjects)
    divisions = {seed: [r.test_subjects for r in found.records if r.seed == seed] for seed in range(3)}
    assert divisions[0] != divisions[1]
    assert len({fit["seed"] for fit in make.fits}) == 12


def test_a_classifier_that_stops_by_validation_gets_an_inner_split_of_its_training_subjects(tmp_path):
    make = Maker()
    found = run(tmp_path, make, needs_inner=True)
    for record, fit in zip(found.records, make.fits, strict=True):
        assert fit["validation"] == set(record.inner_subjects)
        assert fit["validation"]
        assert fit["training"] | fit["validation"] == set(record.training_subjects)
        assert not fit["training"] & fit["validation"]
        assert not (fit["training"] | fit["validation"]) & set(record.test_subjects)


def test_threshold_and_temperature_are_chosen_without_the_test_fold(tmp_path):
    """Wrong labels of the test subjects change nothing but the scores."""
    settings = CrossValidationSettings(folds=4, threshold="inner", calibrate=True)
    make = Maker()
    found = run(tmp_path / "a", make, settings)
    assert len(make.fits) == 8, "once to choose, once on all training subjects"
    for record, choosing, final in zip(found.records, make.fits[::2], make.fits[1::2], strict=True):
        assert choosing["training"] | set(record.inner_subjects) == final["training"] == set(record.training_subjects)
        assert record.decision.threshold is not None
        assert record.decision.temperature != 1.0
    plan = plan_folds(made(), settings)[0]
    labels = made().labels.copy()
    labels[plan.test] = 1 - labels[plan.test]
    wrong = replace(plan.samples, labels=labels)
    other = replace(plan, samples=wrong)
    from gait_core.learn.cross_validation import _run_fold

    record, _ = _run_fold(other, Maker(), settings, tmp_path / "b", silent(), 0, False)
    assert record.decision == found.records[0].decision
    assert record.scores["accuracy"] == pytest.approx(1 - found.records[0].scores["accuracy"])


def test_permuted_labels_come_to_chance_and_real_ones_do_not(tmp_path):
    samples = made(n_subjects=60, gap=4.0)
    real = run(tmp_path / "real", Maker(), samples=samples)
    control = run(
        tmp_path / "control", Maker(), CrossValidationSettings(folds=4, seeds=10, permuted=True), samples=samples
    )
    accuracy = {
        name: score(found.predictions, resamples=50).metrics["balanced_accuracy"].mean
        for name, found in (("real", real), ("control", control))
    }
    assert accuracy["real"] > 0.95
    assert accuracy["control"] == pytest.approx(0.5, abs=0.1)


def test_permuting_keeps_one_label_per_subject_and_the_size_of_the_classes():
    samples = made(n_subjects=30)
    mixed = permuted(samples, seed=1)
    assert all(len(set(mixed.labels[mixed.subjects == name].tolist())) == 1 for name in set(samples.subjects))
    assert np.bincount(mixed.labels).tolist() == np.bincount(samples.labels).tolist()
    assert (mixed.labels != samples.labels).any()
    assert (permuted(samples, seed=1).labels == mixed.labels).all()


def test_finished_folds_are_read_and_the_others_trained(tmp_path):
    first, second = Maker(), Maker()

    def cancelled() -> bool:
        return len(first.fits) == 2

    with pytest.raises(Cancelled):
        run(tmp_path, first, reporter=Reporter(cancelled=cancelled))
    found = run(tmp_path, second)
    assert len(second.fits) == 2
    whole = run(tmp_path / "whole", Maker())
    np.testing.assert_array_equal(found.predictions[0].probabilities, whole.predictions[0].probabilities)
    assert [record.scores for record in found.records] == [record.scores for record in whole.records]
    assert sorted(path.name for path in (tmp_path / "0-1").iterdir()) == ["fold.json", "predictions.npz"]


def test_an_early_stop_begins_no_further_fold(tmp_path):
    make = Maker()
    found = run(tmp_path, make, reporter=Reporter(stop_early=lambda: len(make.fits) >= 2))
    assert (len(found.records), found.complete) == (2, False)


def test_a_damaged_fold_is_named(tmp_path):
    run(tmp_path, Maker())
    (tmp_path / "0-2" / "predictions.npz").write_bytes(b"PK nothing")
    with pytest.raises(StorageError, match="0-2"):
        run(tmp_path, Maker())
    (tmp_path / "0-2" / "fold.json").write_text('{"format": 99}')
    with pytest.raises(StorageError, match="fold"):
        read_fold(tmp_path / "0-2")


def test_more_folds_than_subjects_of_a_class_is_an_error(tmp_path):
    with pytest.raises(InputError, match="for 11 folds"):
        run(tmp_path, Maker(), CrossValidationSettings(folds=11))


class Greedy(Means):
    """Runs out of memory unless its batch is halved."""

    def fit(self, *arguments: Any, **options: Any) -> FitReport:
        if self.halvings == 0:
            self._log.append({"failed": True})
            raise MemoryError("no more")
        return super().fit(*arguments, **options)


def test_out_of_memory_is_tried_once_more_with_half_the_batch(tmp_path):
    make, warnings = Maker(Greedy), []
    reporter = Reporter(sink=lambda event: warnings.append(event.message) if event.kind == "warning" else None)
    found = run(tmp_path, make, reporter=reporter)
    assert [record.halvings for record in found.records] == [1, 1, 1, 1]
    assert sum("failed" in fit for fit in make.fits) == 1, "the next folds begin with what worked"
    assert make.fits[1]["checkpoint"].name == "checkpoint-half.npz"
    assert len(warnings) == 1
    assert "half the batch" in warnings[0]


class Insatiable(Means):
    def fit(self, *arguments: Any, **options: Any) -> FitReport:
        raise MemoryError("no more")


def test_out_of_memory_twice_ends_with_advice(tmp_path):
    with pytest.raises(MemoryLimitError, match="ran out") as caught:
        run(tmp_path, Maker(Insatiable))
    assert "batch_size" in caught.value.remedy


def test_a_worker_that_the_system_killed_for_memory_goes_on_with_half_the_batch(tmp_path, monkeypatch):
    counter = tmp_path / "vmstat"
    counter.write_text("nr_free_pages 5\noom_kill 7\n")
    monkeypatch.setattr(memory_kills, "_OWN_GROUPS", tmp_path / "none")
    monkeypatch.setattr(memory_kills, "_MACHINE", counter)

    class Killed(Means):
        def fit(self, *arguments: Any, **options: Any) -> FitReport:
            raise KeyboardInterrupt  # leaves the folder as a killed process does

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", Maker(Killed))
    plain = Maker()
    run(tmp_path / "same", plain)
    assert plain.fits[0]["halvings"] == 0
    counter.write_text("nr_free_pages 5\noom_kill 8\n")
    make = Maker()
    run(tmp_path / "run", make)
    assert make.fits[0]["halvings"] == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (MemoryLimitError("too much"), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate"), True),
        (type("ResourceExhaustedError", (Exception,), {})("OOM when allocating tensor"), True),
        (RuntimeError("shapes differ"), False),
        (ModelError("out of memory is not what this says"), False),
    ],
    ids=repr,
)
def test_what_counts_as_out_of_memory(error, expected):
    assert once_more.ran_out_of_memory(error) is expected


class Diverging(Means):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.losses = [1.0, float("nan"), float("nan")]


def test_a_loss_that_is_no_number_ends_with_the_best_weights_and_advice(tmp_path):
    with pytest.raises(ModelError, match="after epoch 2 in fold 1 it is nan") as caught:
        run(tmp_path, Maker(Diverging), needs_inner=True)
    assert "learning_rate" in caught.value.remedy
    assert (tmp_path / "0-1" / "best" / "saved").is_file()
    assert read_fold(tmp_path / "0-1") is None


def test_the_corrected_t_test_is_that_of_nadeau_and_bengio():
    differences = [0.02, 0.05, -0.01, 0.04, 0.03]
    found = corrected_t_test(differences, test_share=0.25)
    variance = np.var(differences, ddof=1)
    assert found.t == pytest.approx(np.mean(differences) / np.sqrt((0.2 + 0.25) * variance))
    assert found.degrees_of_freedom == 4
    assert found.ci_low < 0 < found.difference < found.ci_high
    # Student's t with 4 degrees of freedom in closed form.
    square = 1 + found.t**2 / 4
    assert found.p == pytest.approx(1 - 0.75 * found.t / square**0.5 * (1 - found.t**2 / square / 12))
    assert corrected_t_test([0.0, 0.0], 0.25).p == 1.0
    assert corrected_t_test([0.1, 0.1], 0.25).p == 0.0
    with pytest.raises(InputError, match="at least 2"):
        corrected_t_test([0.1], 0.25)


def test_the_correction_keeps_its_promise_where_the_plain_test_does_not():
    """Two classifiers that are equally good: the corrected test seldom sees a difference, the plain one often."""
    from scipy import stats

    order = np.random.default_rng(0)
    corrected, plain = 0, 0
    for _ in range(60):
        n, dims = 40, 2
        data, labels = order.normal(size=(n, 2 * dims)), np.arange(n) % 2
        data += 0.5 * labels[:, None]
        differences = []
        for seed in range(5):
            for part in np.array_split(np.random.default_rng(seed).permutation(n), 5):
                rest = np.setdiff1d(np.arange(n), part)
                hits = []
                for columns in (slice(0, dims), slice(dims, None)):
                    means = [data[rest][labels[rest] == one][:, columns].mean(axis=0) for one in (0, 1)]
                    away = [((data[part][:, columns] - mean) ** 2).sum(axis=1) for mean in means]
                    hits.append(float(((away[1] < away[0]) == labels[part]).mean()))
                differences.append(hits[0] - hits[1])
        corrected += corrected_t_test(differences, 0.25).p < 0.05
        plain += stats.ttest_1samp(differences, 0.0).pvalue < 0.05
    assert corrected <= 6
    assert plain > corrected + 10


def test_only_the_same_folds_are_compared(tmp_path):
    one = run(tmp_path / "one", Maker()).records
    same = run(tmp_path / "same", Maker()).records
    assert compare_folds(one, same).difference == 0.0
    assert compare_folds(one, same).folds == 4
    other = run(tmp_path / "other", Maker(), samples=made(n_subjects=24)).records
    with pytest.raises(InputError, match="different"):
        compare_folds(one, other)
    with pytest.raises(InputError, match="none"):
        compare_folds(one, [])
