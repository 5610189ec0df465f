"""How much memory a training takes is told before it starts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gait_core.learn.classifiers import SampleShape, classifier
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.stored import save_dataset
from gait_core.progress import Event, Reporter
from gait_core.workflows import training_size
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest
from gait_core.workflows.training_size import size_line
from gait_core.workspace import Workspace

MIB = 1024**2


def windows() -> Samples:
    labels = np.repeat([0, 1] * 4, 2)
    values = np.random.default_rng(0).normal(size=(len(labels), 12, 4)) + labels[:, None, None]
    return Samples(
        values=values.astype(np.float32),
        lengths=np.full(len(labels), 12),
        labels=labels,
        subjects=np.repeat([f"s{number}" for number in range(8)], 2),
        walks=np.arange(len(labels)).astype(np.str_),
        channels=("left_a_m", "right_a_m", "left_b_m", "right_b_m"),
        classes=("control", "patient"),
        kind="windows",
    )


@pytest.mark.parametrize("free_share", [2.0, 0.5])
def test_the_line_has_the_numbers_of_the_model(monkeypatch: pytest.MonkeyPatch, free_share: float) -> None:
    kind, samples = classifier("tcn"), windows()
    settings = kind.settings.from_dict({"batch_size": 16})
    memory = kind.memory_bytes(settings, SampleShape.of(samples), len(samples))
    free = SimpleNamespace(available_bytes=int(memory * free_share))
    monkeypatch.setattr(training_size, "machine_memory", lambda: free)
    line, fits = size_line(kind, settings.to_dict(), samples)
    assert fits == (free_share > 1)
    assert f"{kind.parameter_count(settings, SampleShape.of(samples)):,} numbers to learn from 16 rows" in line
    assert f"about {round(memory / MIB):,} MB of memory ({free.available_bytes // MIB:,} MB are free)" in line
    assert line.endswith("16 rows in a batch")


@pytest.mark.parametrize(("free_bytes", "kind"), [(2**50, "note"), (0, "warning")])
def test_it_is_told_before_the_first_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, kind: str
) -> None:
    monkeypatch.setattr(training_size, "machine_memory", lambda: SimpleNamespace(available_bytes=free_bytes))
    save_dataset(tmp_path / "data", windows(), {})
    request = TrainRequest(dataset=str(tmp_path / "data"), model="logistic_regression", folds=2, final=False)
    told: list[Event] = []
    train_classifier(request, Workspace(tmp_path / "space"), Reporter(sink=told.append))
    about = [number for number, event in enumerate(told) if "MB of memory" in event.message]
    folds = next(number for number, event in enumerate(told) if (event.kind, event.stage) == ("stage", "train"))
    assert [told[number].kind for number in about] == [kind]
    assert about[0] < folds
