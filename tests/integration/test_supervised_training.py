"""A training that is killed in its own process: once more with half the batch, or a clear end; never an orphan."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import psutil
import pytest

from gait_core.errors import Cancelled, GaitError, MemoryLimitError
from gait_core.learn import memory_kills
from gait_core.learn.classifiers.array_classifier import ArrayClassifierKind, ArraySettings, Learned
from gait_core.learn.classifiers.majority import Majority
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.stored import save_dataset
from gait_core.learn.registry import REGISTERED, register_model
from gait_core.learn.runs import load_run
from gait_core.progress import Reporter
from gait_core.workflows import supervised_training, training_process
from gait_core.workflows.supervised_training import _Ended, _what_ended, train_supervised, wants_supervision
from gait_core.workflows.train_request import TrainRequest


@dataclass(frozen=True, kw_only=True)
class GreedySettings(ArraySettings):
    """A batch that can be halved, and how a training dies: at which call, and with which trace in the system."""

    batch_size: int = 8
    accumulate: int = 1
    folder: str = ""
    dies_at: int = 0
    for_memory: bool = False


class Greedy(Majority):
    """Kills itself in the call that its settings name, unless its batch is halved."""

    name: ClassVar[str] = "greedy"

    def _learn(self, training: Samples, reporter: Reporter) -> Learned:
        place = Path(self.settings.folder)
        with (place / "calls").open("a") as handle:
            handle.write(f"{self.settings.accumulate}\n")
        calls = (place / "calls").read_text().split()
        if len(calls) == self.settings.dies_at and self.settings.accumulate == 1:
            if self.settings.for_memory:
                (place / "vmstat").write_text("oom_kill 4\n")
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._learn(training, reporter)


KIND = ArrayClassifierKind(
    name="greedy",
    title="Greedy",
    describe="Dies when it is told to.",
    inputs=Greedy.inputs,
    settings=GreedySettings,
    classifier=Greedy,
    parameters=lambda _, shape: len(shape.classes) - 1,
    memory=lambda *_: 1,
)
COMMAND = (sys.executable, str(Path(__file__)))


@pytest.fixture
def request_of(tmp_path, monkeypatch):
    """Return what makes a request for the classifier that dies, on a small dataset."""
    monkeypatch.setitem(REGISTERED, "greedy", KIND)
    monkeypatch.setattr(memory_kills, "_OWN_GROUPS", tmp_path / "none")
    monkeypatch.setattr(memory_kills, "_MACHINE", tmp_path / "vmstat")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    (tmp_path / "vmstat").write_text("oom_kill 3\n")
    values = np.random.default_rng(0).normal(size=(12, 1, 2))
    samples = Samples(
        values=values,
        lengths=np.ones(12),
        labels=np.arange(12) % 2,
        subjects=np.array([f"s{row}" for row in range(12)]),
        walks=np.arange(12).astype(np.str_),
        channels=("a_m", "b_m"),
        classes=("well", "ill"),
        kind="parameters",
    )
    save_dataset(tmp_path / "data", samples, {})

    def make(**settings: Any) -> TrainRequest:
        settings = {"folder": str(tmp_path), **settings}
        return TrainRequest(dataset=str(tmp_path / "data"), model="greedy", folds=3, run="run", settings=settings)

    return make


def listening() -> tuple[list[str], Reporter]:
    warnings: list[str] = []
    return warnings, Reporter(sink=lambda event: warnings.append(event.message) if event.kind == "warning" else None)


@pytest.mark.slow
def test_a_training_that_the_system_kills_for_memory_goes_on_with_half_the_batch(request_of, workspace, tmp_path):
    warnings, reporter = listening()
    request = request_of(dies_at=2, for_memory=True)
    assert wants_supervision(request)
    answer = train_supervised(request, workspace, reporter, command=COMMAND)
    assert answer["state"] == "done"
    assert (tmp_path / "calls").read_text().split() == ["1", "1", "2", "2", "2"], "the finished fold stays as it is"
    run = load_run(workspace, "run")
    assert [record.halvings for record in run.records] == [0, 1, 1]
    (note,) = [note for note in run.manifest.notes if "halved to 4 rows" in note]
    assert "8 rows count for each change" in note
    assert note in (run.folder / "model" / "card.md").read_text()
    assert [warning for warning in warnings if "memory" in warning.lower()] == [warnings[-1]]
    assert "half the batch" in warnings[-1]


@pytest.mark.slow
def test_a_training_that_a_person_kills_fails_with_the_signal_named(request_of, workspace):
    warnings, reporter = listening()
    with pytest.raises(GaitError, match=r"signal 9 \(SIGKILL\)") as caught:
        train_supervised(request_of(dies_at=2), workspace, reporter, command=COMMAND)
    assert "Resume" in caught.value.remedy
    assert not isinstance(caught.value, MemoryLimitError)
    assert not any("memory" in warning for warning in warnings)
    run = load_run(workspace, "run")
    assert (run.state, [fold.state for fold in run.folds]) == ("failed", ["done", "training", "waiting"])


@pytest.mark.slow
def test_a_training_that_does_not_heed_a_cancel_is_ended(request_of, workspace, monkeypatch):
    monkeypatch.setattr(supervised_training, "_GRACE_S", 0.0)
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(Cancelled):
        train_supervised(request_of(), workspace, Reporter(cancelled=lambda: True), command=COMMAND)
    assert {child.pid for child in psutil.Process().children()} == before


@pytest.mark.parametrize(
    ("facts", "kind", "told"),
    [
        ({"killed_for_memory": True, "code": -9}, MemoryLimitError, "ran out"),
        ({"lines": ("terminate called after throwing an instance of 'std::bad_alloc'",)}, MemoryLimitError, "ran out"),
        ({"cancelled": True, "code": -9}, Cancelled, "Cancelled"),
        ({"code": -11}, GaitError, "SIGSEGV"),
        ({"code": 3}, GaitError, "status 3"),
    ],
    ids=["killed for memory", "allocation failed", "cancelled", "crashed", "ended"],
)
def test_the_reason_of_an_end_is_named(facts, kind, told):
    ended = {"result": None, "error": None, "code": -6, "cancelled": False, "killed_for_memory": False, "lines": ()}
    found = _what_ended(_Ended(**{**ended, **facts}))
    assert type(found) is kind
    assert told in found.message


def test_without_a_count_a_kill_while_memory_is_short_counts_as_one_for_memory(monkeypatch, tmp_path):
    counts = tmp_path / "memory.events"
    monkeypatch.setattr(memory_kills, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory_kills, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(memory_kills, "_MACHINE", tmp_path / "vmstat")
    assert memory_kills.kills_for_memory() is None
    (tmp_path / "own").write_text("5:cpu:/\n0::/session\n")
    (tmp_path / "vmstat").write_text("oom_kill 9\n")
    assert memory_kills.kills_for_memory() == 9
    counts.write_text("low 0\noom 2\noom_kill 1\n")
    assert memory_kills.kills_for_memory() == 1, "of the parent of its own group"
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "memory.events").write_text("oom_kill 0\n")
    assert memory_kills.kills_for_memory() == 0


if __name__ == "__main__":
    register_model(KIND)
    sys.exit(training_process.main())
