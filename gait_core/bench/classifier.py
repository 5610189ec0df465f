"""How well classifiers tell patients from controls: cross-validated by subject on real patients, with a control."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.common import BenchResult, Table
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_classifier"]

_STROKE: Final = Path("clinical") / "stroke_cycles.csv"
_STRIDES: Final = Path("clinical") / "stride_times.csv"
_CURVES: Final = ("majority", "logistic_regression", "svm", "minirocket", "lite", "tcn")
_PARAMETERS: Final = ("majority", "logistic_regression", "svm")
_QUICK: Final = ("majority", "logistic_regression", "svm")
_CONTROL: Final = "ctr"
_COLUMNS: Final = ("classifier", "balanced accuracy", "from", "to", "AUC", "s")


def bench_classifier(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Cross-validate every classifier on real patients, five folds by subject, five divisions.

    Every classifier runs with its default settings: nothing was chosen on these patients by this command.

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
    folder = Path(data).expanduser() if data else None
    if folder is None or not (folder / _STROKE).is_file() or not (folder / _STRIDES).is_file():
        raise InputError(
            "Expected a folder with clinical/stroke_cycles.csv and clinical/stride_times.csv, but got none.",
            "Name it with --data.",
        )
    seeds = 1 if quick else 5
    with TemporaryDirectory() as place, reporter.stage("classifier", "Cross-validating on real patients"):
        space = Workspace(place)

        def rows(file: Path, models: tuple[str, ...], **options: Any) -> list[tuple[Any, ...]]:
            return [_row(folder / file, name, space, reporter, seeds, **options) for name in models]

        curves = [name for name in _CURVES if not quick or name in _QUICK]
        stroke = rows(_STROKE, tuple(curves))
        permuted = rows(_STROKE, ("svm",), permuted=True)
        binary = rows(_STRIDES, _PARAMETERS, data={"reference_class": _CONTROL})
        four = rows(_STRIDES, _PARAMETERS)
    best = max(stroke, key=lambda row: row[1])
    tables = [
        Table(title="Stroke against control, mean stride of both sides (67 people)", columns=_COLUMNS, rows=stroke),
        Table(title="The same, labels exchanged between people", columns=_COLUMNS, rows=permuted),
        Table(title="Control against three diseases, stride times (63 people)", columns=_COLUMNS, rows=binary),
        Table(title="Four classes, stride times", columns=_COLUMNS, rows=four),
    ]
    return BenchResult(
        bench="classifier",
        settings={"folds": 5, "seeds": seeds, "stroke_best_model": best[0], "quick": quick},
        figures={
            "stroke_balanced_accuracy": best[1],
            "permuted_balanced_accuracy": permuted[0][1],
            "neuro_balanced_accuracy": max(row[1] for row in binary),
            "neuro_four_classes_balanced_accuracy": max(row[1] for row in four),
            **{f"stroke_{row[0]}_balanced_accuracy": row[1] for row in stroke},
        },
        tables=tables,
    )


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
    found = metrics["balanced_accuracy"]
    auc = (metrics.get("auc") or {}).get("mean")
    return (model, found["mean"], found["ci_low"], found["ci_high"], auc, round(took_s, 1))
