"""The command `train`: killed and resumed it ends like an unbroken run; its settings are the same everywhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.forks import forking, serve

from gait_core.cli.main import main
from gait_core.jobs.store import JobStore
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.stored import save_dataset
from gait_core.learn.runs import load_run
from gait_core.workspace import Workspace

NETWORK = ("--model", "naive_cnn", "--folds", "2", "--set", "epochs=3", "--set", "filters=4", "--set", "batch_size=16")

pytestmark = pytest.mark.slow


def windows(n_subjects: int = 12, *, kind: str = "windows") -> Samples:
    order = np.random.default_rng(0)
    rows, steps = 4, 12
    labels = np.repeat(np.arange(n_subjects) % 2, rows)
    values = order.normal(size=(len(labels), steps, 4)) + 0.8 * labels[:, None, None]
    return Samples(
        values=values.astype(np.float32),
        lengths=np.full(len(labels), steps),
        labels=labels,
        subjects=np.repeat([f"s{number:02d}" for number in range(n_subjects)], rows),
        walks=np.arange(len(labels)).astype(np.str_),
        channels=("left_a_m", "right_a_m", "left_b_m", "right_b_m"),
        classes=("control", "patient"),
        kind=kind,
    )


@pytest.fixture
def dataset(tmp_path) -> Path:
    save_dataset(tmp_path / "data", windows(), {})
    return tmp_path / "data"


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def in_fork(tmp_path_factory) -> Iterator[Command]:
    """Return what runs a command in a fork, which may kill itself at a checkpoint."""
    with forking(Path(__file__), tmp_path_factory.mktemp("forks")) as forks:
        yield lambda arguments, kill_at_save=0: forks.run({"arguments": arguments, "kill_at_save": kill_at_save})


@dataclass(frozen=True)
class Unbroken:
    """A training of a network that nothing interrupted."""

    space: Path
    data: Path
    answer: dict[str, Any]

    @property
    def run(self) -> Path:
        return self.space / "runs" / self.answer["run"]


@pytest.fixture(scope="module")
def unbroken(in_fork, tmp_path_factory) -> Unbroken:
    folder = tmp_path_factory.mktemp("unbroken")
    save_dataset(folder / "data", windows(), {})
    command = ["train", str(folder / "data"), *NETWORK, "--workspace", str(folder / "space"), "--json", "--quiet"]
    return Unbroken(folder / "space", folder / "data", answered(in_fork(command)))


def answered(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def weights_of(run: Path) -> list[np.ndarray]:
    from gait_core.learn.trained_model import load_model

    return load_model(run / "model").classifier.model.get_weights()


def test_a_killed_training_resumed_ends_bit_for_bit_like_an_unbroken_one(unbroken, in_fork):
    """Killed in the first fold while a checkpoint is due, in the second one, and in the final training."""
    space = unbroken.space
    common = ["--workspace", str(space), "--json", "--quiet"]
    done = in_fork(["train", str(unbroken.data), *NETWORK, *common], kill_at_save=2)
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]
    (broken,) = {path.name for path in (space / "runs").iterdir()} - {unbroken.run.name}
    run = load_run(Workspace(space), broken)
    assert (run.state, [fold.state for fold in run.folds]) == ("interrupted", ["training", "waiting"])
    assert run.folds[0].history is not None
    assert len(run.folds[0].history.loss) == 1

    for kill_at_save, states in ((4, ["done", "training"]), (4, ["done", "done"])):
        done = in_fork(["train", "--resume", broken, *common], kill_at_save=kill_at_save)
        assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]
        assert [fold.state for fold in load_run(Workspace(space), broken).folds] == states

    resumed = answered(in_fork(["train", "--resume", broken, *common]))
    assert resumed["metrics"] == unbroken.answer["metrics"]
    one, two = unbroken.run, space / "runs" / broken
    predictions = arrays_of(one / "predictions.npz")
    for name, value in arrays_of(two / "predictions.npz").items():
        assert value.tobytes() == predictions[name].tobytes(), name
    for mine, other in zip(weights_of(one), weights_of(two), strict=True):
        assert mine.tobytes() == other.tobytes()
    assert load_run(Workspace(space), broken).state == "done"
    assert not list(two.rglob("checkpoint*")), "what only an unfinished run needs is gone"


def answer_of(capsys, workspace, *arguments: object, code: int = 0) -> dict[str, Any]:
    assert main([*map(str, arguments), "--json", "--quiet", "--workspace", str(workspace.root)]) == code
    return json.loads(capsys.readouterr().out)


def test_the_settings_file_the_command_line_and_the_job_are_the_same(capsys, workspace, dataset, tmp_path):
    options = ("--model", "logistic_regression", "--folds", 2, "--seeds", 2, "--set", "class_weights=false")
    by_options = answer_of(capsys, workspace, "train", dataset, *options, "--threshold", "inner")
    (job,) = JobStore(workspace).list()
    assert (job.kind, job.state) == ("train", "done")
    request = job.spec["params"]
    assert load_run(workspace, by_options["run"]).manifest.request == request
    config = tmp_path / "settings.json"
    config.write_text(json.dumps({name: value for name, value in request.items() if name != "run"}))
    by_file = answer_of(capsys, workspace, "train", "--config", config)
    assert by_file["metrics"] == by_options["metrics"]
    assert by_file["run"] != by_options["run"]
    beside = answer_of(capsys, workspace, "train", "--config", config, "--seeds", 1, "--no-final")
    assert len(beside["folds"]) == 2
    assert beside["artefacts"]["model"] is None
    done = answer_of(capsys, workspace, "train", "--resume", by_options["run"])
    assert done["metrics"] == by_options["metrics"]
    assert done["timing_s"].keys() == by_options["timing_s"].keys()


def test_evaluate_answers_as_promised(capsys, workspace, dataset, tmp_path):
    run = answer_of(capsys, workspace, "train", dataset, "--model", "logistic_regression", "--folds", 2)["run"]
    other = windows()
    renamed = tuple("a_m" if name == "left_a_m" else name for name in other.channels)
    save_dataset(tmp_path / "new", Samples(**{**vars(other), "channels": renamed}), {})
    failed = answer_of(capsys, workspace, "evaluate", run, tmp_path / "new", code=1)
    assert "left_a_m" in failed["error"]["message"]
    assert "--map" in failed["error"]["remedy"]
    answer = answer_of(capsys, workspace, "evaluate", run, tmp_path / "new", "--map", "left_a_m=a_m")
    assert {"metrics", "confusion", "mapped", "abstained"} <= set(answer)
    assert answer["mapped"] == {"left_a_m": "a_m, as it is"}
    states = [(job.kind, job.state) for job in JobStore(workspace).list()]
    assert states == [("evaluate", "done"), ("evaluate", "failed"), ("train", "done")]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train",), "Expected a dataset"),
        (("train", "{data}", "--model", "tnc"), "Did you mean 'tcn'?"),
        (("train", "{data}", "--model", "svm", "--set", "epochs=3"), "epochs"),
        (("train", "{data}", "--model", "svm", "--set", "epochs"), "KEY=VALUE"),
        (("train", "{data}", "--model", "svm", "--folds", "9"), "fewer than 9 folds"),
        (("train", "{data}", "--model", "svm", "--config", "{data}/nothing.json"), "settings file"),
        (("train", "--resume", "nobody"), "nobody"),
        (("evaluate", "nobody", "{data}"), "nobody"),
        (("predict", "nobody", "{data}/walk.mp4"), "nobody"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_said_before_the_training(capsys, workspace, dataset, arguments, told):
    (dataset / "walk.mp4").touch()
    failed = answer_of(capsys, workspace, *(one.format(data=dataset) for one in arguments), code=1)
    assert told in f"{failed['error']['message']} {failed['error']['remedy']}"


def test_a_network_with_code_inside_is_refused(capsys, workspace, dataset, unbroken):
    """Even where all digests agree: whoever wrote the file also wrote the manifest."""
    import hashlib
    import zipfile

    shutil.copytree(unbroken.run, workspace.runs / unbroken.run.name)
    folder = workspace.runs / unbroken.run.name / "model"
    file = folder / "model.keras"
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    code = {"class_name": "__lambda__", "config": {"value": "4wEA", "defaults": None, "closure": None}}
    layer = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "evil", "function": code},
        "registered_name": None,
    }
    parts["config.json"] = json.dumps(
        {**config, "module": "keras", "class_name": "Sequential", "config": {"name": "x", "layers": [layer]}}
    ).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest = folder / "model.json"
    values = json.loads(manifest.read_text())
    values["files"]["model"] |= {"sha256": digest, "size_bytes": file.stat().st_size}
    manifest.write_text(json.dumps(values))
    failed = answer_of(capsys, workspace, "evaluate", unbroken.run.name, dataset, code=1)
    assert failed["error"]["kind"] == "ModelError"
    assert "safe mode" in failed["error"]["message"]


def run_command(task: dict[str, Any]) -> int:
    """Run a command in this process, which kills itself at the checkpoint that the task names."""
    from gait_core.learn.checkpoint import Checkpoint
    from gait_core.workflows import supervised_training

    saves = 0
    save = Checkpoint.save

    def save_or_die(self: Checkpoint, *arguments: Any) -> None:
        nonlocal saves
        saves += 1
        if saves == task["kill_at_save"]:
            os.kill(os.getpid(), signal.SIGKILL)
        save(self, *arguments)

    Checkpoint.save = save_or_die
    # Here the process that trains is killed with all that watches it; see also `test_supervised_training`.
    supervised_training.wants_supervision = lambda _: False
    return main(task["arguments"])


if __name__ == "__main__":
    serve(Path(sys.argv[2]), run_command)
