"""Trainings that are killed (SIGKILL) and started again end with the same weights, bit for bit, as unbroken ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.forks import forking, serve
from support.jax_process import jax_environment

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 5
BATCHES = 4
"""Batches of an epoch: 50 windows, 16 at once."""

pytestmark = pytest.mark.slow


Run = Callable[[dict[str, Any]], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with forking(Path(__file__), tmp_path_factory.mktemp("forks")) as forks:
        yield forks.run


@pytest.fixture(scope="module")
def on_jax(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return what runs a task in a process of its own; what the first one has compiled, the others read."""
    compiled = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }

    def run(task: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(Path(__file__)), json.dumps(task)],
            env=jax_environment() | compiled,
            capture_output=True,
            text=True,
        )

    return run


def finished(run: Run, task: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Run a task to its end; return the arrays that it wrote and what it told."""
    result = run(task)
    assert result.returncode == 0, result.stderr[-3000:]
    with np.load(task["out"], allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}, json.loads(result.stdout.splitlines()[-1])


def killed(run: Run, task: dict[str, Any]) -> None:
    result = run(task)
    assert result.returncode == -signal.SIGKILL, result.stderr[-3000:]
    assert not Path(task["out"]).exists()


def epochs_in(checkpoint: Path) -> int:
    with np.load(checkpoint, allow_pickle=False) as archive:
        return int(json.loads(str(archive["document"]))["epoch"])


def assert_same_bits(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> None:
    assert sorted(one) == sorted(two)
    for name, value in one.items():
        assert value.dtype == two[name].dtype, name
        assert value.tobytes() == two[name].tobytes(), name


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_training_killed_in_an_epoch_and_in_a_write_ends_like_an_unbroken_one(backend, tmp_path, request):
    run = request.getfixturevalue(f"on_{backend}")
    checkpoint = tmp_path / "run.npz"
    whole, told = finished(run, {"kind": "loop", "out": str(tmp_path / "unbroken.npz")})
    assert told["backend"] == backend
    assert told["epochs"] == EPOCHS
    assert told["random_states_moved"]

    task = {"kind": "loop", "out": str(tmp_path / "broken.npz"), "checkpoint": str(checkpoint)}
    killed(run, {**task, "kill_at_batch": 2 * BATCHES + 2})
    assert epochs_in(checkpoint) == 2

    killed(run, {**task, "kill_at_write": 2})
    assert epochs_in(checkpoint) == 3
    (half,) = tmp_path.glob(".run.npz.*.tmp")
    assert 0 < half.stat().st_size < checkpoint.stat().st_size

    broken, told_after = finished(run, task)
    assert told_after["notes"] == [f"Continuing after epoch 3 of {EPOCHS}."]
    assert told_after["history"] == told["history"]
    assert_same_bits(whole, broken)


def test_a_killed_pretraining_goes_on(on_tensorflow, tmp_path):
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    task = {"kind": "pretrain", "target": str(unbroken / "m.keras"), "out": str(tmp_path / "a.npz")}
    whole, told = finished(on_tensorflow, task)

    task = {"kind": "pretrain", "target": str(broken / "m.keras"), "out": str(tmp_path / "b.npz")}
    killed(on_tensorflow, {**task, "kill_in_epoch": 2})
    assert [path.name for path in broken.iterdir()] == [".m.keras.checkpoint.npz"]
    after, told_after = finished(on_tensorflow, task)
    assert told_after["notes"] == ["Continuing after epoch 1 of 3."]
    assert told_after["val_loss"] == told["val_loss"]
    assert_same_bits(whole, after)
    assert sorted(path.name for path in broken.iterdir()) == ["m.json", "m.keras", "m.npz"]


# What follows runs in a fork or a process of its own, and only imports what it needs there.


def tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")


def train(task: dict[str, Any]) -> None:
    from gait_core.cache import archive
    from gait_core.learn.autoencoder.networks import build_autoencoder
    from gait_core.learn.autoencoder.settings import AutoencoderSettings
    from gait_core.learn.backend import load_keras, seed_everything
    from gait_core.learn.checkpoint import Checkpoint
    from gait_core.learn.loop import TrainingLoop
    from gait_core.learn.settings import TrainSettings
    from gait_core.progress import Reporter

    keras = load_keras()
    seed_everything(3)
    model = build_autoencoder(8, 5, AutoencoderSettings(units=6, latent=3))
    window = keras.Input((8, 5))
    model = keras.Model(window, model(keras.layers.Dropout(0.3)(window)))
    seeds = [variable for variable in model.variables if "seed" in variable.path]
    first = [np.array(keras.ops.convert_to_numpy(seed)) for seed in seeds]
    generator = np.random.default_rng(0)
    training, validation = (generator.normal(size=(n, 8, 5)).astype(np.float32) for n in (50, 20))
    notes: list[str] = []
    batches = 0

    def after_batch() -> bool:
        nonlocal batches
        batches += 1
        if batches == task.get("kill_at_batch"):
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    if "kill_at_write" in task:
        from gait_core.workspace import atomic_file

        writes = 0
        write_atomic = archive.write_atomic

        def write_or_die(path: Path, content: bytes, **options: Any) -> None:
            nonlocal writes
            writes += 1
            if writes < task["kill_at_write"]:
                write_atomic(path, content, **options)
                return
            with atomic_file(path) as handle:
                handle.write(content[: len(content) // 2])
                handle.flush()
                os.kill(os.getpid(), signal.SIGKILL)

        archive.write_atomic = write_or_die
    settings = TrainSettings(epochs=EPOCHS, patience=EPOCHS, batch_size=16, learning_rate=1e-2, decay_steps=40)
    loop = TrainingLoop(model, settings, metrics={"mae": "mean_absolute_error"})
    history = loop.run(
        (training, training),
        (validation, validation),
        reporter=Reporter(
            sink=lambda event: notes.append(event.message) if event.message else None, cancelled=after_batch
        ),
        checkpoint=Checkpoint(path=Path(task["checkpoint"])) if "checkpoint" in task else None,
    )
    arrays = {f"weight{number}": value for number, value in enumerate(model.get_weights())}
    optimizer = model.optimizer.variables
    arrays |= {f"optimizer{n}": np.asarray(keras.ops.convert_to_numpy(value)) for n, value in enumerate(optimizer)}
    last = [np.array(keras.ops.convert_to_numpy(seed)) for seed in seeds]
    arrays |= {f"random{number}": value for number, value in enumerate(last)}
    np.savez(task["out"], allow_pickle=False, **arrays)
    moved = any(not np.array_equal(one, two) for one, two in zip(first, last, strict=True))
    tell(
        {
            "backend": keras.config.backend(),
            "epochs": len(history.loss),
            "history": vars(history),
            "notes": notes,
            "random_states_moved": moved,
        }
    )


def pretrain_small(task: dict[str, Any]) -> None:
    from gait_core.progress import Event, Reporter
    from gait_core.workflows.pretrain import pretrain
    from gait_core.workspace import Workspace

    notes: list[str] = []
    epochs = asked = 0

    def sink(event: Event) -> None:
        nonlocal epochs, asked
        epochs, asked = epochs + (event.kind == "epoch"), 0
        if event.kind == "note":
            notes.append(event.message)

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        if epochs + 1 == task.get("kill_in_epoch") and epochs and asked == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    target = Path(task["target"])
    result = pretrain(
        target,
        Workspace(target.parent),
        Reporter(sink=sink, cancelled=cancelled),
        people=8,
        epochs=3,
        reference_people=3,
    )
    with np.load(target.with_suffix(".npz"), allow_pickle=False) as archive:
        np.savez(task["out"], allow_pickle=False, **{name: archive[name] for name in archive.files})
    tell({"val_loss": result["val_loss"], "notes": notes})


def run_task(task: dict[str, Any]) -> None:
    {"loop": train, "pretrain": pretrain_small}[task["kind"]](task)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]), run_task)
    else:
        run_task(json.loads(sys.argv[1]))
