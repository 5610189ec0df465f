"""The benchmark of training: its runs do what they say, in one unit of error."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.baseline.pretrained import load_pretrained
from gait_core.bench import training
from gait_core.bench.registry import bench_named
from gait_core.bench.training_runs import fine_tune_one, fit_all
from gait_core.cache.archive import save_arrays
from gait_core.progress import silent
from gait_core.workspace import Workspace


@pytest.fixture(scope="module")
def walks(tmp_path_factory):
    start = load_pretrained()
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("training") / "walks.npz"
    smooth = np.cumsum(generator.normal(size=(4, 12, 32, len(start.mean))), axis=2) / 4
    save_arrays(path, {f"walk{n}": (start.mean + start.sd * w).astype(np.float32) for n, w in enumerate(smooth)})
    return path


def test_the_error_is_that_of_the_kept_weights(walks):
    run = fine_tune_one(str(walks))
    assert run["val_loss"] < run["start_val_loss"]
    assert run["val_loss"] == pytest.approx(run["start_val_loss"], rel=0.5)
    assert fit_all(str(walks))["epochs"] == run["epochs"] == 5


def test_figures_come_from_the_medians_of_the_runs(monkeypatch):
    """A stop-watch of its own instead of processes: scratch takes 40 s of which 10 s follow the training."""
    answers = {
        "fine_tune_one": {"work_s": 1.0, "epochs": 5, "val_loss": 0.1, "start_val_loss": 0.2, "whole_s": 2.0},
        "fit_all": {"work_s": 2.0, "epochs": 5, "val_loss": 0.1, "whole_s": 3.0},
        "train_from_scratch": {"work_s": 20.0, "after_s": 10.0, "epochs": 50, "val_loss": 0.3, "whole_s": 40.0},
    }
    monkeypatch.setattr(training, "_timed", lambda function, *_: dict(answers[function.__name__], peak_mb=100.0))
    monkeypatch.setattr(training, "_save_walks", lambda *_: [109] * 5)
    result = bench_named("training")(Workspace.__new__(Workspace), silent())
    assert result.figures["fine_tune_speedup"] == 15.0
    assert result.figures["fine_tune_speedup_warm"] == 20.0
    assert result.figures["fit_speedup"] == 10.0
    assert result.figures["fine_tune_val_loss"] <= result.figures["scratch_val_loss"]
    assert len(result.tables[0].rows) == 3
