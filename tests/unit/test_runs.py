"""Training runs, stored models, channels that do not fit, and abstention."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import (
    Cancelled,
    InputError,
    MemoryLimitError,
    ModelError,
    NotFoundError,
    SettingsError,
    StorageError,
)
from gait_core.learn.abstention import Familiarity, learn_familiarity
from gait_core.learn.channel_map import ChannelSource, UsualChannels, fitted_samples, parse_map
from gait_core.learn.classifiers import SampleShape, classifier
from gait_core.learn.classifiers.logistic_regression import LogisticRegressionSettings
from gait_core.learn.classifiers.majority import Majority
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.stored import save_dataset
from gait_core.learn.model_card import model_card
from gait_core.learn.runs import held, list_runs, load_run, manifest_of
from gait_core.learn.trained_model import find_model, load_model
from gait_core.progress import Reporter, silent
from gait_core.workflows import train
from gait_core.workflows.compare_runs import compare_runs
from gait_core.workflows.evaluate import EvaluateRequest, evaluate_model
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest, classifier_named, resumed_request
from gait_core.workspace import Workspace

CHANNELS = ("left_knee_flexion_deg", "right_knee_flexion_deg", "left_ankle_flexion_deg", "right_ankle_flexion_deg")


def curves(n_subjects: int = 24, *, seed: int = 0, steps: int = 21, gap: float = 8.0, prefix: str = "s") -> Samples:
    """Return cycles of two classes: the knees of the second one bend `gap` degrees less."""
    order = np.random.default_rng(seed)
    rows = 3
    labels = np.repeat(np.arange(n_subjects) % 2, rows)
    phase = np.linspace(0, 2 * np.pi, steps)
    base = np.stack([30 - 30 * np.cos(phase)] * 2 + [8 * np.sin(phase)] * 2, axis=1)
    values = np.repeat(base[None], len(labels), axis=0)
    values += np.repeat(order.normal(0, 3, (n_subjects, 1, 4)), rows, axis=0) + order.normal(0, 1, values.shape)
    values[:, :, :2] *= (1 - gap / 60 * labels)[:, None, None]
    return Samples(
        values=values.astype(np.float32),
        lengths=np.full(len(labels), steps),
        labels=labels,
        subjects=np.repeat([f"{prefix}{number:02d}" for number in range(n_subjects)], rows),
        walks=np.arange(len(labels)).astype(np.str_),
        channels=CHANNELS,
        classes=("control", "stroke"),
        kind="curves",
    )


@pytest.fixture
def dataset(tmp_path) -> Path:
    save_dataset(tmp_path / "data", curves(), {})
    return tmp_path / "data"


def trained(workspace, dataset, **options):
    request = {"dataset": str(dataset), "model": "logistic_regression", "folds": 3, **options}
    return train_classifier(TrainRequest.from_dict(request), workspace, silent())


def test_a_training_answers_as_promised_and_keeps_everything_that_a_page_draws(workspace, dataset):
    answer = trained(workspace, dataset, seeds=2)
    assert {"run", "model", "metrics", "folds", "timing_s"} <= set(answer)
    assert set(answer["metrics"]["balanced_accuracy"]) == {"mean", "ci_low", "ci_high"}
    assert answer["metrics"]["balanced_accuracy"]["mean"] > 0.9
    assert len(answer["folds"]) == 6
    json.dumps(answer, allow_nan=False)
    (run,) = list_runs(workspace)
    assert (run.id, run.state, run.has_model) == (answer["run"], "done", True)
    assert [fold.state for fold in run.folds] == ["done"] * 6
    assert run.manifest is not None
    assert run.manifest.scores["metrics"] == answer["metrics"]
    assert run.manifest.dataset["subjects"] == {"control": 12, "stroke": 12}
    assert [split["test"] for split in run.manifest.splits] == [list(one.test_subjects) for one in run.records]
    with np.load(run.folder / "predictions.npz") as stored:
        assert stored["0/probabilities"].shape == stored["1/probabilities"].shape == (72, 2)
    card = (run.folder / "model" / "card.md").read_text()
    for part in ("## Data", "## Validation", "## Limits", "Balanced accuracy", CHANNELS[0], "control: 12 subjects"):
        assert part in card
    facts = replace(load_model(run.folder / "model").facts, settings={"schedule": "plateau"}, epochs=7)
    held_out = model_card(
        facts, validation=run.manifest.validation, row_scores=None, test_scores=None, familiarity=None
    )
    assert "for 7 epochs from all subjects but one part" in held_out


def test_the_request_of_a_run_gives_it_again(workspace, dataset):
    answer = trained(workspace, dataset, settings={"class_weights": False})
    run = load_run(workspace, answer["run"])
    assert run.manifest is not None
    request = TrainRequest.from_dict(json.loads(json.dumps(run.manifest.request)))
    again = train_classifier(request.with_(run=""), workspace, silent())
    assert again["metrics"] == answer["metrics"]
    assert again["run"] != answer["run"]
    assert resumed_request(workspace, answer["run"], {"folds": 3}) == request
    with pytest.raises(SettingsError, match="folds 3"):
        resumed_request(workspace, answer["run"], {"folds": 4})


def test_a_run_that_was_cancelled_goes_on_and_ends_like_an_unbroken_one(workspace, dataset):
    whole = trained(workspace, dataset)
    done = []

    def sink(event) -> None:
        done.extend([event.done] if event.stage == "folds" else [])

    request = TrainRequest(dataset=str(dataset), model="logistic_regression", folds=3, run="broken")
    with pytest.raises(Cancelled):
        train_classifier(request, workspace, Reporter(sink=sink, cancelled=lambda: len(done) == 2))
    run = load_run(workspace, "broken")
    assert (run.state, [fold.state for fold in run.folds]) == ("cancelled", ["done", "done", "waiting"])
    after = train_classifier(request, workspace, silent())
    assert after["metrics"] == whole["metrics"]
    assert [fold["duration_s"] for fold in after["folds"]][:2] == [one.duration_s for one in run.records]
    assert load_run(workspace, "broken").state == "done"


def test_a_run_goes_on_only_with_what_it_was_started_with(workspace, dataset):
    answer = trained(workspace, dataset)
    request = TrainRequest(dataset=str(dataset), model="logistic_regression", folds=3, run=answer["run"])
    with pytest.raises(ModelError, match="folds was 3 and is 4"):
        train_classifier(request.with_(folds=4), workspace, silent())
    path = workspace.runs / answer["run"] / "run.json"
    values = json.loads(path.read_text())
    values |= {"state": "cancelled"}
    path.write_text(json.dumps(values | {"versions": values["versions"] | {"numpy": "1.0"}}))
    with pytest.raises(ModelError, match=r"versions that it was started with, but numpy was '1\.0'"):
        train_classifier(request, workspace, silent())
    path.write_text(json.dumps(values))
    save_dataset(dataset, replace(curves(), values=curves().values + 1), {})
    with pytest.raises(ModelError, match="have changed"):
        train_classifier(request, workspace, silent())
    assert load_run(workspace, answer["run"]).state == "cancelled", "a refused request leaves the run as it was"


def test_a_run_that_is_done_gives_its_result_again_without_training(workspace, dataset, monkeypatch):
    answer = trained(workspace, dataset)
    monkeypatch.setattr(train, "cross_validate", None)
    monkeypatch.setattr(train, "open_dataset", None)
    again = trained(workspace, dataset, run=answer["run"])
    assert json.dumps(again, sort_keys=True) == json.dumps(answer, sort_keys=True)
    monkeypatch.undo()
    shutil.rmtree(workspace.runs / answer["run"] / "model")
    assert trained(workspace, dataset, run=answer["run"])["artefacts"]["model"], "a model that is gone is trained again"


def test_a_control_with_permuted_labels_leaves_no_model(workspace, dataset):
    answer = trained(workspace, dataset, permuted=True)
    assert answer["permuted"]
    assert answer["artefacts"]["model"] is None
    with pytest.raises(NotFoundError, match="permuted"):
        find_model(answer["run"], workspace)


def test_a_failure_stands_in_the_run(workspace, dataset, monkeypatch):
    def fail(*_, **__):
        raise MemoryError("no more")

    monkeypatch.setattr(Majority, "fit", fail)
    with pytest.raises(MemoryLimitError):
        trained(workspace, dataset, model="majority", run="broken")
    run = load_run(workspace, "broken")
    assert run.state == "failed"
    assert "batch_size" in run.error["remedy"]


def test_a_full_disk_ends_the_run_and_space_lets_it_go_on(workspace, dataset, monkeypatch):
    from gait_core.learn import fold_record

    write = fold_record.save_arrays

    def full(path, arrays) -> None:
        if path.parent.name == "0-2":
            raise StorageError("Expected enough space to write, but the disk is full.", "Free some space.")
        write(path, arrays)

    monkeypatch.setattr(fold_record, "save_arrays", full)
    with pytest.raises(StorageError):
        trained(workspace, dataset, run="broken")
    run = load_run(workspace, "broken")
    assert (run.state, run.error["remedy"]) == ("failed", "Free some space.")
    assert [fold.state for fold in run.folds] == ["done", "training", "waiting"]
    monkeypatch.undo()
    assert trained(workspace, dataset, run="broken")["state"] == "done"


def test_a_damaged_manifest_is_refused_alike_wherever_it_is_needed(workspace, dataset):
    whole, run = (trained(workspace, dataset, run=name)["run"] for name in ("whole", "broken"))
    assert manifest_of(load_run(workspace, run)).id == run
    path = workspace.runs / run / "run.json"
    path.write_text("{}")
    read = load_run(workspace, run)
    for ask in (
        lambda: manifest_of(read),
        lambda: trained(workspace, dataset, run=run),
        lambda: resumed_request(workspace, run, {}),
        lambda: compare_runs(load_run(workspace, whole), read),
    ):
        with pytest.raises(StorageError, match=r"Expected the manifest of a training run in .*run\.json") as caught:
            ask()
        assert caught.value.to_dict() == read.error
    assert path.read_text() == "{}", "what is damaged is not written over"


def test_damaged_and_interrupted_runs_are_shown_as_such(workspace, dataset):
    first, second, third = (trained(workspace, dataset, run=name)["run"] for name in ("one", "two", "three"))
    (workspace.runs / first / "run.json").write_text("{")
    (workspace.runs / second / "folds" / "0-1" / "fold.json").write_text('{"format": 1}')
    path = workspace.runs / third / "run.json"
    path.write_text(path.read_text().replace('"state": "done"', '"state": "running"'))
    states = {run.id: (run.state, run.error and run.error["kind"]) for run in list_runs(workspace)}
    assert states == {first: ("damaged", "StorageError"), second: ("done", None), third: ("interrupted", None)}
    assert load_run(workspace, second).state == "damaged", "the list reads the manifests alone"
    with pytest.raises(NotFoundError):
        load_run(workspace, "nobody")


def test_a_run_is_trained_by_one_process_at_a_time(workspace, tmp_path):
    folder = tmp_path / "run"
    code = f"""
from pathlib import Path
from gait_core.learn.runs import held
with held(Path({str(folder)!r})):
    print("held", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[2])),
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another process"), held(folder):
            pass
        other.communicate("\n")
    with held(folder):
        assert (folder / "lock").exists()


@pytest.mark.parametrize(
    ("name", "meant"), [("logistic-regression", "logistic_regression"), ("SVM", "svm"), ("majorety", "majority")]
)
def test_a_name_that_is_nearly_right_is_understood(name, meant):
    with pytest.raises(InputError, match="Expected the classifier") as caught:
        classifier_named(name)
    assert caught.value.remedy == f"Did you mean {meant!r}?"
    assert classifier_named(meant) is classifier(meant)


def test_errors_of_the_dataset_stop_before_the_training(workspace, tmp_path):
    alone = curves()
    save_dataset(tmp_path / "data", alone.take(np.flatnonzero(alone.labels == 0)), {})
    with pytest.raises(InputError, match="two classes"):
        trained(workspace, tmp_path / "data")
    assert not list_runs(workspace)


# Trained models.


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("once")
    save_dataset(place / "data", curves(), {})
    workspace = Workspace(place / "space")
    return find_model(trained(workspace, place / "data")["run"], workspace)


@pytest.fixture
def model_folder(trained_once, tmp_path) -> Path:
    """Return the folder of a trained model that a test may damage."""
    return Path(shutil.copytree(trained_once, tmp_path / "model"))


def test_a_stored_model_says_what_it_said_and_a_changed_file_is_refused(workspace, dataset):
    answer = trained(workspace, dataset, calibrate=True, threshold="inner")
    folder = find_model(answer["run"], workspace)
    model = load_model(folder)
    assert model.facts.decision.threshold is not None
    found = model.predict(curves())
    np.testing.assert_array_equal(load_model(folder).predict(curves()).probabilities, found.probabilities)
    (folder / "card.md").write_text("Notes of the clinic.")
    load_model(folder)
    with (folder / "model.npz").open("ab") as handle:
        handle.write(b"x")
    with pytest.raises(ModelError, match="has changed"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"format": 9}, "format 9"),
        ({"data_settings": {}}, "as an earlier version of Gait Studio stored it"),
        ({"model": "majority", "settings": {}}, "Expected a logistic_regression over 4 channels .* is a majority"),
        ({"files": {}}, "lists none"),
        ({"details": {}}, "does not describe that"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_manifest_that_is_not_ours_is_refused(model_folder, change, expected):
    path = model_folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=expected):
        load_model(model_folder)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [({"channels": ["a"]}, "over 1 channels"), ({"decision": {"threshold": 7}}, "does not describe")],
)
def test_facts_that_are_not_those_of_the_classifier_are_refused(model_folder, facts, expected):
    path = model_folder / "model.json"
    values = json.loads(path.read_text())
    values["details"]["trained_model"] |= facts
    path.write_text(json.dumps(values))
    with pytest.raises(ModelError, match=expected):
        load_model(model_folder)


@pytest.mark.parametrize("name", ["model.npz", "model.inputs.npz"])
def test_a_file_of_another_model_is_refused(model_folder, name, tmp_path):
    other = tmp_path / "other"
    data = curves(seed=3)
    classifier_of_others = classifier("logistic_regression").build(LogisticRegressionSettings(), SampleShape.of(data))
    classifier_of_others.fit(data)
    other.mkdir()
    classifier_of_others.save(other)
    (model_folder / name).write_bytes((other / "model.npz").read_bytes())
    with pytest.raises(ModelError, match=f"Expected {name} as its manifest describes it"):
        load_model(model_folder)


# Channels.


def test_mappings_are_read_as_they_are_written():
    assert parse_map(["a_deg=b_deg:+90", "c_deg=-d_deg:-1.5", "e_m=e_m", "f_deg=@usual"]) == {
        "a_deg": ChannelSource(channel="b_deg", offset=90.0),
        "c_deg": ChannelSource(channel="d_deg", offset=-1.5, negative=True),
        "e_m": ChannelSource(channel="e_m"),
        "f_deg": ChannelSource(channel="@usual"),
    }
    for wrong in (["a"], ["=b"], ["a="], ["a=b:x"], ["a=b", "a=c"]):
        with pytest.raises(InputError, match="MODEL_CHANNEL=CHANNEL"):
            parse_map(wrong)


def without(samples: Samples, name: str) -> Samples:
    keep = [number for number, channel in enumerate(samples.channels) if channel != name]
    return replace(
        samples, values=samples.values[:, :, keep], channels=tuple(samples.channels[number] for number in keep)
    )


def moved(samples: Samples, name: str, *, by: float = 0.0, times: float = 1.0) -> Samples:
    values = samples.values.copy()
    number = samples.channels.index(name)
    values[:, :, number] = values[:, :, number] * times + by
    return replace(samples, values=values)


ANKLE = "left_ankle_flexion_deg"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda samples: without(samples, ANKLE), f"have no {ANKLE}"),
        (lambda samples: moved(samples, ANKLE, by=90), rf"{ANKLE} lies \+[89]\d"),
        (lambda samples: moved(samples, ANKLE, times=np.pi / 180), f"{ANKLE} moves 0.01"),
    ],
    ids=["missing", "another zero", "another unit"],
)
def test_a_channel_that_does_not_fit_is_named_with_the_way_out(change, told):
    usual = UsualChannels.of(curves())
    with pytest.raises(InputError, match=told) as caught:
        fitted_samples(change(curves(seed=1)), usual, ("control", "stroke"), {})
    assert f"--map {ANKLE}=" in caught.value.remedy


def test_other_people_fit_as_they_are():
    fitted, mapped = fitted_samples(curves(seed=5), UsualChannels.of(curves()), ("control", "stroke"), {})
    np.testing.assert_array_equal(fitted.values, curves(seed=5).values)
    assert mapped == {}


def test_an_offset_brings_another_zero_back():
    usual = UsualChannels.of(curves())
    other = moved(curves(seed=1), ANKLE, by=90, times=-1)
    renamed = replace(other, channels=tuple("ankle" if name == ANKLE else name for name in other.channels))
    fitted, mapped = fitted_samples(renamed, usual, ("control", "stroke"), parse_map([f"{ANKLE}=-ankle:+90"]))
    np.testing.assert_allclose(fitted.values, curves(seed=1).values, atol=1e-4)
    assert mapped == {ANKLE: "-ankle +90"}
    taken, _ = fitted_samples(other, usual, ("control", "stroke"), parse_map([f"{ANKLE}={ANKLE}"]))
    np.testing.assert_array_equal(taken.values, other.values)


def test_what_is_usual_stands_in_for_a_channel_only_when_asked():
    usual = UsualChannels.of(curves())
    few = without(curves(seed=1), ANKLE)
    fitted, mapped = fitted_samples(few, usual, ("control", "stroke"), parse_map([f"{ANKLE}=@usual"]))
    assert np.ptp(fitted.values[:, :, 2], axis=0).max() == 0
    np.testing.assert_allclose(fitted.values[0, :, 2], curves().values[:, :, 2].mean(axis=0), atol=1e-5)
    assert "usual in training" in mapped[ANKLE]
    for wrong in ("nothing=left_knee_flexion_deg", f"{ANKLE}=nothing"):
        with pytest.raises(InputError, match="nothing"):
            fitted_samples(few, usual, ("control", "stroke"), parse_map([wrong]))


def test_classes_are_matched_by_name():
    usual = UsualChannels.of(curves())
    turned = replace(curves(), classes=("stroke", "control"), labels=1 - curves().labels)
    fitted, _ = fitted_samples(turned, usual, ("control", "stroke"), {})
    np.testing.assert_array_equal(fitted.labels, curves().labels)
    with pytest.raises(InputError, match="the data have ataxia"):
        fitted_samples(replace(curves(), classes=("control", "ataxia")), usual, ("control", "stroke"), {})


# Evaluation.


def evaluated(workspace, run: str, samples: Samples, folder: Path, **options):
    save_dataset(folder, samples, {})
    request = EvaluateRequest.from_dict({"model": run, "dataset": str(folder), **options})
    return evaluate_model(request, workspace, silent())


def test_new_people_are_judged_and_strangers_abstained_from(workspace, dataset, tmp_path):
    run = trained(workspace, dataset)["run"]
    answer = evaluated(workspace, run, curves(seed=9, prefix="t"), tmp_path / "new")
    assert {"metrics", "confusion", "mapped", "abstained"} <= set(answer)
    assert answer["metrics"]["balanced_accuracy"]["mean"] > 0.9
    assert answer["abstained"]["count"] <= 4
    assert np.sum(answer["confusion"]) == answer["abstained"]["of"] - answer["abstained"]["count"]
    json.dumps(answer, allow_nan=False)
    strange = curves(seed=10, prefix="u")
    order = np.random.default_rng(0)
    few = np.isin(strange.subjects, ["u00", "u01", "u02"])
    values = strange.values.copy()
    values[few] = values[few][:, order.permutation(strange.n_steps)]
    answer = evaluated(workspace, run, replace(strange, values=values), tmp_path / "strange")
    assert {"u00", "u01", "u02"} <= set(answer["abstained"]["distances"])
    assert answer["abstained"]["count"] <= 3 + 4
    all_of_them = evaluated(workspace, run, replace(strange, values=values), tmp_path / "all", abstain=False)
    assert all_of_them["abstained"]["count"] == 0
    assert np.sum(all_of_them["confusion"]) == 24


def test_a_model_that_abstains_from_all_has_no_figures(workspace, dataset, tmp_path):
    run = trained(workspace, dataset)["run"]
    values = curves().values[:, np.random.default_rng(0).permutation(21)]
    answer = evaluated(workspace, run, replace(curves(), values=values), tmp_path / "new")
    assert answer["abstained"]["count"] == answer["abstained"]["of"] == 24
    assert answer["metrics"]["accuracy"] == {"mean": None, "ci_low": None, "ci_high": None}
    assert np.sum(answer["confusion"]) == 0


def test_the_training_data_are_recognised(workspace, dataset):
    run = trained(workspace, dataset)["run"]
    warnings = []
    reporter = Reporter(sink=lambda event: warnings.append(event.message) if event.kind == "warning" else None)
    evaluate_model(EvaluateRequest(model=run, dataset=str(dataset)), workspace, reporter)
    assert any("trained on" in message for message in warnings)


def test_mapped_channels_are_told(workspace, dataset, tmp_path):
    run = trained(workspace, dataset)["run"]
    other = moved(curves(seed=3), ANKLE, by=-90)
    with pytest.raises(InputError, match=ANKLE):
        evaluated(workspace, run, other, tmp_path / "new")
    answer = evaluated(workspace, run, other, tmp_path / "new", map=[f"{ANKLE}={ANKLE}:+90"])
    assert answer["mapped"] == {ANKLE: f"{ANKLE} +90"}
    with pytest.raises(InputError, match="curves of 21 steps"):
        evaluated(workspace, run, curves(steps=31), tmp_path / "long")


# Abstention.


def test_about_the_stated_share_of_like_people_lies_beyond_the_limit():
    known = learn_familiarity(curves(n_subjects=100), rate=0.1)
    others = curves(n_subjects=200, seed=1)
    share = len(known.unlike(known.distances(others), others.subjects)) / 200
    assert 0.02 <= share <= 0.25


def test_familiarity_survives_storage_and_short_rows():
    known = learn_familiarity(curves())
    back = Familiarity.from_arrays(known.to_arrays())
    np.testing.assert_array_equal(back.distances(curves(seed=2)), known.distances(curves(seed=2)))
    long = curves(steps=41, seed=2)
    padded = replace(
        long, values=np.pad(long.values, ((0, 0), (0, 5), (0, 0))), lengths=np.full(len(long), 41, np.int64)
    )
    # The same movement at twice the rate, with padding behind it, is as familiar as before.
    assert np.median(known.distances(padded)) == pytest.approx(np.median(known.distances(curves(seed=2))), rel=0.35)
    assert learn_familiarity(curves(n_subjects=3)) is None
    with pytest.raises(ModelError, match="missing"):
        Familiarity.from_arrays({})


def wandering(n_subjects: int, *, seed: int, offset: float = 0.0) -> Samples:
    """Return windows that begin anywhere in a stride; every subject walks in both ways, four windows a walk."""
    order = np.random.default_rng(seed)
    subjects, classes = np.repeat(np.arange(n_subjects), 8), np.tile(np.repeat([0, 1], 4), n_subjects)
    phase = order.uniform(0, 2 * np.pi, len(subjects))[:, None] + np.linspace(0, 9, 40)
    own = order.normal(0, 1, (n_subjects, 2))[subjects]
    wide = 20 - 8 * classes
    values = np.stack([own[:, :1] + wide[:, None] * np.sin(phase), own[:, 1:] + offset + 5 * np.cos(phase)], axis=2)
    return Samples(
        values=values + order.normal(0, 0.3, values.shape),
        lengths=np.full(len(subjects), 40),
        labels=classes,
        subjects=np.array([f"s{number:02d}" for number in subjects]),
        walks=np.array([f"w{number}" for number in classes]),
        channels=("knee_deg", "trunk_deg"),
        classes=("normal", "stiff"),
        kind="windows",
    )


def test_people_who_hold_themselves_differently_are_noticed_wherever_in_the_stride_a_window_begins():
    known = learn_familiarity(wandering(60, seed=0))
    shares = {}
    for name, offset in (("like", 0.0), ("unlike", 6.0)):
        others = wandering(40, seed=1, offset=offset)
        walks = np.char.add(others.subjects, others.walks)
        shares[name] = len(known.unlike(known.distances(others), walks)) / len(np.unique(walks))
    assert shares["like"] <= 0.1
    assert shares["unlike"] >= 0.9
