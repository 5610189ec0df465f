"""An evaluation says where its figures are not those of unseen people, or of some of the classes only."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.stored import save_dataset
from gait_core.learn.trained_model import find_model
from gait_core.progress import Reporter, silent
from gait_core.workflows.evaluate import EvaluateRequest, evaluate_model
from gait_core.workflows.train import TrainRequest, train_classifier
from gait_core.workspace import Workspace


def people(count: int = 16, *, seed: int = 0, prefix: str = "s") -> Samples:
    """Return cycles of two classes: the knee of the second one bends less."""
    order = np.random.default_rng(seed)
    labels = np.repeat(np.arange(count) % 2, 2)
    phase = np.linspace(0, 2 * np.pi, 21)
    base = np.stack([30 - 30 * np.cos(phase)] * 2 + [8 * np.sin(phase)] * 2, axis=1)[None]
    base = base * np.where(np.arange(4) < 2, 1 - 0.3 * labels[:, None], 1.0)[:, None, :]
    values = base + np.repeat(order.normal(0, 3, (count, 1, 4)), 2, axis=0) + order.normal(0, 1, base.shape)
    return Samples(
        values=values.astype(np.float32),
        lengths=np.full(len(labels), 21),
        labels=labels,
        subjects=np.repeat([f"{prefix}{number:02d}" for number in range(count)], 2),
        walks=np.arange(len(labels)).astype(np.str_),
        channels=tuple(f"{side}_{joint}_flexion_deg" for joint in ("knee", "ankle") for side in ("left", "right")),
        classes=("control", "stroke"),
        kind="curves",
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("trained")
    save_dataset(place / "data", people(), {})
    request = {"dataset": str(place / "data"), "model": "logistic_regression", "folds": 2}
    answer = train_classifier(TrainRequest.from_dict(request), Workspace(place / "space"), silent())
    (place / "run").write_text(answer["run"])
    return place


def told(
    place: Path,
    folder: Path,
    samples: Samples,
    *,
    model: str = "",
    space: Path | None = None,
    ways: tuple[str, ...] = (),
) -> list[str]:
    save_dataset(folder / "other", samples, {})
    heard: list[str] = []
    reporter = Reporter(sink=lambda event: heard.append(str(event.message)) if event.kind == "warning" else None)
    request = EvaluateRequest(model=model or (place / "run").read_text(), dataset=str(folder / "other"), map=ways)
    answer = evaluate_model(request, Workspace(space or place / "space"), reporter)
    assert answer["warnings"] == heard
    return heard


def test_people_known_by_name_from_training_are_told(place, tmp_path):
    new = people(seed=1, prefix="t")
    assert told(place, tmp_path, new) == []
    (warning,) = told(place, tmp_path, people(10, seed=1))
    assert warning.startswith("10 of 10 subjects have the name of one that the model was trained on: s00, s01")
    assert "not those of unseen people" in warning
    names = new.subjects.astype("U9")
    names[:2] = "S 00"
    (warning,) = told(place, tmp_path, replace(new, subjects=names))
    assert warning.startswith("1 of 16 subjects have the name")
    assert "S 00" in warning


def test_the_same_rows_under_other_names_are_told(place, tmp_path):
    other = np.char.replace(people().subjects, "s", "new")
    (warning,) = told(place, tmp_path, replace(people(), subjects=other).take(slice(0, 12)))
    assert warning.startswith("6 of 6 subjects have rows with exactly the values")
    assert "not those of unseen people" in warning


def test_the_training_data_themselves_are_told_once(place, tmp_path):
    (warning,) = told(place, tmp_path, people())
    assert "the data that the model was trained on" in warning


def test_a_model_without_its_run_says_that_people_cannot_be_compared(place, tmp_path):
    stored = find_model((place / "run").read_text(), Workspace(place / "space"))
    alone = Path(shutil.copytree(stored, tmp_path / "models" / "knees"))
    new = people(seed=1, prefix="t")
    (warning,) = told(place, tmp_path, new, model=str(alone), space=tmp_path / "empty")
    assert "is not here" in warning
    assert told(place, tmp_path, new, model=str(alone)) == []


def test_people_of_one_class_only_are_told(place, tmp_path):
    new = people(seed=1, prefix="t")
    (warning,) = told(place, tmp_path, new.take(np.flatnonzero(new.labels == 1)))
    assert warning.startswith("All evaluated data are of the class stroke")
    assert "tells stroke from control" in warning


ANKLES = ("left_ankle_flexion_deg", "right_ankle_flexion_deg")


@pytest.mark.parametrize("turned", [ANKLES, ANKLES[:1]])
def test_the_other_sign_of_an_angle_is_refused_with_the_way_out(place, tmp_path, turned):
    new = people(seed=1, prefix="t")
    values = new.values.copy()
    values[:, :, [new.channels.index(name) for name in turned]] *= -1
    other = replace(new, values=values)
    with pytest.raises(InputError, match=f"{', '.join(turned)} looks? as if of the other sign") as caught:
        told(place, tmp_path, other)
    assert f"--map {turned[0]}=-{turned[0]}" in caught.value.remedy
    assert told(place, tmp_path, other, ways=tuple(f"{name}=-{name}" for name in turned)) == []
    assert told(place, tmp_path, other, ways=tuple(f"{name}={name}" for name in turned)) == []


@pytest.mark.parametrize("seed", range(2, 6))
def test_signs_as_in_training_are_not_doubted(place, tmp_path, seed):
    assert told(place, tmp_path, people(8, seed=seed, prefix="t")) == []
