"""How much faster fine-tuning is than training an LSTM from scratch, and what it costs in accuracy."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.common import BenchResult, Table
from gait_core.bench.processes import call, median_of
from gait_core.bench.training_runs import fine_tune_one, fit_all, train_from_scratch
from gait_core.cache.archive import save_arrays
from gait_core.config import FeatureSettings
from gait_core.gait.features import compute_features
from gait_core.gait.windows import windows_of
from gait_core.progress import Reporter
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk
from gait_core.workspace import Workspace

__all__ = ["bench_training"]

_PERSON: Final = 5_800_000
_SECONDS: Final = 10.0
_WALKS: Final = 5
_EPOCHS: Final = 50


def bench_training(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Train on five simulated walks of ten seconds in both ways, the last walk held out.

    Every run is a fresh process, and its whole time counts, imports included; the time of the work alone is given too.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        One training from scratch instead of three.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        Training from scratch over fine-tuning: ``fine_tune_speedup`` (one fold), ``fit_speedup`` (all folds and the
        model kept), and ``fine_tune_speedup_warm`` without imports; ``fine_tune_s``, ``fit_s`` and ``scratch_s``, and
        with ``_work_s`` without imports; ``fine_tune_val_loss`` and ``scratch_val_loss``, as of `fine_tune_one`.
    """
    del workspace, data
    repeats = 1 if quick else 3
    with TemporaryDirectory() as folder:
        path = Path(folder) / "walks.npz"
        windows = _save_walks(path, reporter)
        with reporter.stage("fine-tune", "Fine-tuning in fresh processes"):
            tuned = [_timed(fine_tune_one, {"path": str(path)}, reporter) for _ in range(max(3, repeats))]
            fitted = [_timed(fit_all, {"path": str(path)}, reporter) for _ in range(max(3, repeats))]
        with reporter.stage("scratch", "Training an LSTM from scratch"):
            scratch = [
                _timed(train_from_scratch, {"path": str(path), "epochs": _EPOCHS}, reporter) for _ in range(repeats)
            ]
    for run in scratch:
        # The pass over all windows after the training belongs to the limits, not to the training.
        run["whole_s"] -= run["after_s"]
    rows = {"fine-tuned, one fold": tuned, "fine-tuned, all folds and the model kept": fitted, "LSTM, scratch": scratch}
    middle = {name: _medians(runs) for name, runs in rows.items()}
    one, whole, plain = middle.values()
    return BenchResult(
        bench="training",
        settings={"windows": windows, "epochs": _EPOCHS, "batch_size": 32, "repeats": repeats},
        figures={
            "fine_tune_speedup": plain["whole_s"] / one["whole_s"],
            "fine_tune_speedup_warm": plain["work_s"] / one["work_s"],
            "fit_speedup": plain["whole_s"] / whole["whole_s"],
            "fine_tune_s": one["whole_s"],
            "fine_tune_work_s": one["work_s"],
            "fit_s": whole["whole_s"],
            "fit_work_s": whole["work_s"],
            "scratch_s": plain["whole_s"],
            "scratch_work_s": plain["work_s"],
            "fine_tune_val_loss": one["val_loss"],
            "scratch_val_loss": plain["val_loss"],
        },
        tables=[
            Table(
                title="Five walks of ten seconds, the last held out; fresh processes, medians",
                columns=["training", "epochs", "whole, s", "without imports, s", "peak memory, MB", "held-out error"],
                rows=[
                    [name, round(m["epochs"]), m["whole_s"], m["work_s"], m["peak_mb"], m["val_loss"]]
                    for name, m in middle.items()
                ],
            )
        ],
    )


def _save_walks(path: Path, reporter: Reporter) -> list[int]:
    """Write the windows of the walks and return how many each has."""
    settings, person = FeatureSettings(), sample_person(_PERSON)
    arrays = {}
    for number in range(_WALKS):
        reporter.check()
        truth = walk(person, seed=_PERSON + number, fps=30.0, duration_s=_SECONDS, camera=Camera(distance_m=12.0))
        features = compute_features(observe(truth, seed=_PERSON + number), settings)
        arrays[f"walk{number}"] = windows_of(features, settings).stacked()
    save_arrays(path, arrays)
    return [len(values) for values in arrays.values()]


def _timed(function: Any, arguments: dict[str, Any], reporter: Reporter) -> dict[str, float]:
    answer, finished = call(function, arguments, reporter)
    return {**answer, "whole_s": finished.wall_s, "peak_mb": finished.peak_bytes / 1e6}


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: median_of([run[name] for run in runs]) for name in runs[0]}
