"""How well classifiers tell patients from controls: cross-validated by subject on real patients, with two controls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.common import BenchResult, Table
from gait_core.errors import InputError
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.folds import CrossValidationSettings, plan_folds
from gait_core.learn.predictions import Predictions, joined_predictions
from gait_core.learn.scores import score
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["STRIDES", "STROKE", "bench_classifier_patients", "clinical_folder", "knee_threshold"]

STROKE: Final = Path("clinical") / "stroke_cycles.csv"
STRIDES: Final = Path("clinical") / "stride_times.csv"
_CURVES: Final = ("majority", "logistic_regression", "svm", "minirocket", "lite", "naive_cnn", "tcn")
_PARAMETERS: Final = ("majority", "logistic_regression", "svm")
_QUICK: Final = ("majority", "logistic_regression", "svm")
_CONTROL: Final = "ctr"
_KNEES: Final = ("left_knee_flexion_deg", "right_knee_flexion_deg")
_COLUMNS: Final = ("classifier", "balanced accuracy", "from", "to", "AUC", "s")


def bench_classifier_patients(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Cross-validate every classifier on real patients, five folds by subject, five divisions.

    Every classifier runs with its default settings: nothing was chosen on these patients by this command. The best
    row is the best of those in the table; the smallest of them, one threshold on the range of the knee, stands beside.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        One division, and no networks.
    data : str, optional
        Folder with ``clinical/``; required.

    Returns
    -------
    BenchResult

    Raises
    ------
    InputError
        Without the data.
    """
    del workspace
    folder = clinical_folder(data)
    seeds = 1 if quick else 5
    with TemporaryDirectory() as place, reporter.stage("classifier", "Cross-validating on real patients"):
        space = Workspace(place)

        def rows(file: Path, models: tuple[str, ...], **options: Any) -> list[tuple[Any, ...]]:
            return [_row(folder / file, name, space, reporter, seeds, **options) for name in models]

        stroke = rows(STROKE, tuple(name for name in _CURVES if not quick or name in _QUICK))
        threshold = _knee_row(folder / STROKE, space, reporter, seeds)
        permuted = rows(STROKE, ("logistic_regression", "svm"), permuted=True)
        binary = rows(STRIDES, _PARAMETERS, data={"reference_class": _CONTROL})
        four = rows(STRIDES, _PARAMETERS)
    best = max(stroke, key=lambda row: row[1])
    tables = [
        Table(
            title="Stroke against control, mean stride of both sides (67 people)",
            columns=_COLUMNS,
            rows=[*stroke, threshold],
        ),
        Table(title="The same, labels exchanged between people", columns=_COLUMNS, rows=permuted),
        Table(title="Control against three diseases, stride times (63 people)", columns=_COLUMNS, rows=binary),
        Table(title="Four classes, stride times", columns=_COLUMNS, rows=four),
    ]
    return BenchResult(
        bench="classifier_patients",
        settings={"folds": 5, "seeds": seeds, "stroke_best_model": best[0], "quick": quick},
        figures={
            "stroke_balanced_accuracy": best[1],
            "stroke_knee_threshold_balanced_accuracy": threshold[1],
            "permuted_balanced_accuracy": next(row[1] for row in permuted if row[0] == "svm"),
            "neuro_balanced_accuracy": max(row[1] for row in binary),
            "neuro_four_classes_balanced_accuracy": max(row[1] for row in four),
            **{f"stroke_{row[0]}_balanced_accuracy": row[1] for row in stroke},
        },
        tables=tables,
    )


def clinical_folder(data: str | None) -> Path:
    """Return the folder with the tables of patients.

    Returns
    -------
    Path
        `data` with ``~`` expanded; the tables are in ``clinical/`` there.

    Raises
    ------
    InputError
        When there is none.
    """
    folder = Path(data).expanduser() if data else None
    if folder is None or not (folder / STROKE).is_file() or not (folder / STRIDES).is_file():
        raise InputError(
            "Expected a folder with clinical/stroke_cycles.csv and clinical/stride_times.csv, but got none.",
            "Name it with --data.",
        )
    return folder


def knee_threshold(samples: Samples, settings: CrossValidationSettings) -> list[Predictions]:
    """Judge one threshold on the smaller range of both knees, chosen on the training subjects of each fold.

    Parameters
    ----------
    samples : Samples
        Two classes; channels with the flexion of both knees.
    settings : CrossValidationSettings

    Returns
    -------
    list of Predictions
        One per repetition, for `gait_core.learn.scores.score`.
    """
    columns = [samples.channels.index(name) for name in _KNEES]
    ranges = np.ptp(samples.values[:, :, columns].astype(np.float64), axis=1).min(axis=1)
    found: dict[int, list[Predictions]] = {}
    for plan in plan_folds(samples, settings):
        labels = plan.samples.labels
        limit, sign = _best_limit(ranges[plan.training], labels[plan.training])
        # The odds double with each degree: any rising function gives the same classes and the same AUC.
        second = 1.0 / (1.0 + 2.0 ** (-sign * (ranges[plan.test] - limit)))
        found.setdefault(plan.seed, []).append(
            Predictions(
                probabilities=np.stack([1.0 - second, second], axis=1),
                labels=labels[plan.test],
                subjects=samples.subjects[plan.test],
                walks=samples.walks[plan.test],
                thresholds=np.full(len(plan.test), np.nan),
                classes=samples.classes,
            )
        )
    return [joined_predictions(parts) for parts in found.values()]


def _best_limit(values: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the limit with the highest balanced accuracy, and 1 where the second class lies above it, else -1."""
    known = np.unique(values)
    limits = (known[:-1] + known[1:]) / 2 if len(known) > 1 else known
    above = values[None, :] > limits[:, None]
    second = (above[:, labels == 1].mean(axis=1) + 1.0 - above[:, labels == 0].mean(axis=1)) / 2
    place = int(np.abs(second - 0.5).argmax())
    return float(limits[place]), 1.0 if second[place] >= 0.5 else -1.0


def _knee_row(path: Path, space: Workspace, reporter: Reporter, seeds: int) -> tuple[Any, ...]:
    begun_s = time.perf_counter()
    samples = open_dataset(path, DatasetSettings()).samples(None, space, reporter.without_events())
    told = score(knee_threshold(samples, CrossValidationSettings(seeds=seeds)), seed=0).to_dict()["metrics"]
    return _told("threshold on the knee's range", told, time.perf_counter() - begun_s)


def _row(
    path: Path,
    model: str,
    space: Workspace,
    reporter: Reporter,
    seeds: int,
    *,
    data: Mapping[str, Any] | None = None,
    permuted: bool = False,
) -> tuple[Any, ...]:
    """Cross-validate one classifier; return its row of the table."""
    from gait_core.workflows.train import TrainRequest, train_classifier

    request = TrainRequest(
        dataset=str(path), model=model, seeds=seeds, data=dict(data or {}), permuted=permuted, final=False
    )
    begun_s = time.perf_counter()
    metrics = train_classifier(request, space, reporter.without_events())["metrics"]
    took_s = time.perf_counter() - begun_s
    reporter.note("classifier", f"{path.stem}, {model}: {metrics['balanced_accuracy']['mean']:.3f} in {took_s:.0f} s")
    return _told(model, metrics, took_s)


def _told(name: str, metrics: Mapping[str, Any], took_s: float) -> tuple[Any, ...]:
    found, auc = metrics["balanced_accuracy"], (metrics.get("auc") or {}).get("mean")
    return (name, found["mean"], found["ci_low"], found["ci_high"], auc, round(took_s, 1))
