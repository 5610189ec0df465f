"""How well the temporal convolutional network tells simulated gaits apart: a check of the machinery alone."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.common import BenchResult, Table
from gait_core.learn.datasets.simulated import NORMAL, make_dataset
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_classifier_simulated"]

_SUBJECTS: Final = 30
_WALKS: Final = 2
_SETTINGS: Final = {"epochs": 20, "patience": 6}
"""Fewer than the defaults, so that the benchmark ends within the hour; not tuned."""
_QUICK_SETTINGS: Final = {"epochs": 4, "patience": 4, "filters": 16}
_MIXED_UP: Final = 6
_COLUMNS: Final = ("question", "model", "balanced accuracy", "from", "to", "judged", "epochs", "s")


def bench_classifier_simulated(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Cross-validate on simulated people: normal against impaired, and normal gait and eight impairments.

    The walks are landmarks with the simulator's model of errors, not rendered videos: 30 people of nine gaits would
    take hours to render. A person is never on both sides of a split.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        Ten people with one walk of each gait, a narrow network and two folds.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``balanced_accuracy_binary`` and ``balanced_accuracy_nine`` of the network, with ``svm_`` before them those of
        the support vector machine, all in [0, 1]; ``simulate_s``, the time that making the walks took.
    """
    del workspace, data
    subjects, walks, folds = (10, 1, 2) if quick else (_SUBJECTS, _WALKS, 5)
    settings = _QUICK_SETTINGS if quick else _SETTINGS
    with TemporaryDirectory() as place, reporter.stage("classifier", "Cross-validating on simulated people"):
        space, folder = Workspace(Path(place) / "space"), Path(place) / "walks"
        begun_s = time.perf_counter()
        make_dataset(folder, subjects=subjects, walks=walks, reporter=reporter.without_events())
        made_s = time.perf_counter() - begun_s
        answers = {
            question: {
                model: _trained(folder, model, own, folds, reference, space, reporter)
                for model, own in (("tcn", settings), ("svm", {}))
            }
            for question, reference in (("binary", NORMAL), ("nine", None))
        }
    nine = answers["nine"]["tcn"]
    return BenchResult(
        bench="classifier_simulated",
        settings={
            "subjects": subjects,
            "walks": walks,
            "folds": folds,
            "tcn": settings,
            "rows": "windows of landmarks with simulated errors",
            "quick": quick,
        },
        figures={
            "balanced_accuracy_binary": answers["binary"]["tcn"]["metrics"]["balanced_accuracy"]["mean"],
            "balanced_accuracy_nine": nine["metrics"]["balanced_accuracy"]["mean"],
            "svm_balanced_accuracy_binary": answers["binary"]["svm"]["metrics"]["balanced_accuracy"]["mean"],
            "svm_balanced_accuracy_nine": answers["nine"]["svm"]["metrics"]["balanced_accuracy"]["mean"],
            "simulate_s": made_s,
        },
        tables=[
            Table(
                title=f"Simulated people, {subjects}, {folds} folds by subject",
                columns=_COLUMNS,
                rows=[
                    _row(question, model, answer) for question, own in answers.items() for model, answer in own.items()
                ],
            ),
            Table(
                title="Nine gaits, what the network takes them for",
                columns=["gait", "walks", "recall", "most often taken for", "of them"],
                rows=gaits(nine),
            ),
            Table(
                title="Which pairs are confused most",
                columns=["gait", "taken for", "walks"],
                rows=mixed_up(nine["confusion"], nine["classes"])[:_MIXED_UP],
            ),
        ],
    )


def gaits(answer: Mapping[str, Any]) -> list[list[Any]]:
    """Return a row for each class: its walks, recall, and for what it is taken most often when it is missed."""
    rows = []
    wrong = mixed_up(answer["confusion"], answer["classes"])
    for name, counts in zip(answer["classes"], answer["confusion"], strict=True):
        other, times = next(((b, n) for a, b, n in wrong if a == name), ("", 0))
        right = counts[answer["classes"].index(name)]
        rows.append([name, sum(counts), right / max(1, sum(counts)), other, times])
    return rows


def mixed_up(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return true class, predicted class and how often, most frequent first, without what is right."""
    pairs = [
        (classes[true], classes[taken], int(count))
        for true, counts in enumerate(confusion)
        for taken, count in enumerate(counts)
        if count and true != taken
    ]
    return sorted(pairs, key=lambda pair: -pair[2])


def _trained(
    folder: Path,
    model: str,
    settings: Mapping[str, Any],
    folds: int,
    reference: str | None,
    space: Workspace,
    reporter: Reporter,
) -> dict[str, Any]:
    from gait_core.workflows.train import TrainRequest, train_classifier

    request = TrainRequest(
        dataset=str(folder),
        model=model,
        settings=settings,
        data={} if reference is None else {"reference_class": reference},
        folds=folds,
        final=False,
    )
    begun_s = time.perf_counter()
    answer = train_classifier(request, space, reporter.without_events())
    answer["took_s"] = time.perf_counter() - begun_s
    reporter.note("classifier", f"{model}: {answer['metrics']['balanced_accuracy']['mean']:.3f}")
    return answer


def _row(question: str, model: str, answer: Mapping[str, Any]) -> list[Any]:
    found = answer["metrics"]["balanced_accuracy"]
    epochs = sum(fold["epochs"] for fold in answer["folds"]) / len(answer["folds"])
    return [
        "normal or impaired" if question == "binary" else "nine gaits",
        model,
        found["mean"],
        found["ci_low"],
        found["ci_high"],
        answer["unit"],
        round(epochs, 1),
        round(answer["took_s"], 1),
    ]
