"""Compares two training runs: figures, a corrected test of their difference, settings that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gait_core.cache.archive import json_ready
from gait_core.errors import GaitError, InputError
from gait_core.learn.comparison import ModelComparison, compare_folds
from gait_core.learn.run_manifest import RunManifest
from gait_core.learn.runs import Run, manifest_of
from gait_core.learn.scores import METRICS

__all__ = ["compare_runs", "difference_between", "differing_settings"]

_UNTESTED: Final = dict.fromkeys(("difference", "t", "p", "degrees_of_freedom", "folds"))


def compare_runs(first: Run, second: Run) -> dict[str, Any]:
    """Compare two training runs by every figure.

    Parameters
    ----------
    first, second : Run
        As `gait_core.learn.runs.load_run` gives them.

    Returns
    -------
    dict
        ``first`` and ``second`` {``run``, ``model``, ``title``, ``state``, ``dataset``, ``folds``}; ``metrics`` {name:
        {``first``, ``second``, ``difference``, ``t``, ``p``, ``degrees_of_freedom``, ``folds``, ``problem``}};
        ``comparable``, ``problem``, ``settings`` {name: [first, second]} with those that differ, and ``notes``, as
        `runs compare --json` prints it. The figures of a run are ``mean``, ``ci_low`` and ``ci_high`` over its
        subjects, None before it has ended. ``difference``, first minus second, has the same three over the ``folds``
        that both have. ``problem`` is None, or ``kind``, ``message`` and ``remedy`` of why there is no test. ``t`` is
        None also where it is infinite, because the difference is the same in all folds.

    Raises
    ------
    InputError
        When both are the same run.
    StorageError
        When the manifest of a run is damaged.
    """
    if first.folder == second.folder:
        raise InputError(f"Expected two different runs, but got {first.id} twice.", "Name another run.")
    manifests = [manifest_of(run) for run in (first, second)]
    problem = _why_not(manifests)
    metrics = {name: _figure(first, second, name, manifests, problem) for name in METRICS}
    if problem is None and all(one["problem"] is not None for one in metrics.values()):
        problem = next(iter(metrics.values()))["problem"]
    found: dict[str, Any] = json_ready(
        {
            "first": _facts(first, manifests[0]),
            "second": _facts(second, manifests[1]),
            "comparable": problem is None,
            "problem": problem,
            "metrics": metrics,
            "settings": differing_settings(manifests),
            "notes": _notes((first, second), manifests, metrics),
        }
    )
    return found


def difference_between(first: Run, second: Run, metric: str) -> ModelComparison:
    """Test whether two runs differ in a figure; see `gait_core.learn.comparison.compare_folds`.

    Parameters
    ----------
    first, second : Run
    metric : str
        One of `gait_core.learn.scores.METRICS`.

    Returns
    -------
    ModelComparison
        First minus second over the folds that both have.

    Raises
    ------
    InputError
        When the runs tell other classes apart, judge something else as one, tested other subjects, or have fewer than
        two folds in common.
    StorageError
        When the manifest of a run is damaged.
    """
    problem = _why_not([manifest_of(run) for run in (first, second)])
    if problem is not None:
        raise InputError(problem["message"], problem["remedy"])
    return compare_folds(first.records, second.records, metric)


def differing_settings(manifests: Sequence[RunManifest]) -> dict[str, list[Any]]:
    """Return the settings in which runs differ.

    Parameters
    ----------
    manifests : sequence of RunManifest

    Returns
    -------
    dict of str to list
        Name → the value in each run, in their order; None where a run has no such setting.
    """
    flat = [
        {
            "model": one.title,
            "dataset": one.dataset.get("name"),
            "data digest": one.dataset.get("digest"),
            **{f"data: {name}": value for name, value in dict(one.request.get("data") or {}).items()},
            **one.validation,
            **one.settings,
            **{f"version of {name}": value for name, value in one.versions.items()},
        }
        for one in manifests
    ]
    names = dict.fromkeys(name for one in flat for name in one)
    values = {name: [one.get(name) for one in flat] for name in names}
    return {name: own for name, own in values.items() if any(value != own[0] for value in own)}


def _why_not(manifests: Sequence[RunManifest]) -> dict[str, str] | None:
    """Return why the figures of two runs mean different things; None where they mean the same."""
    for what, values in (
        ("classes", [one.dataset.get("classes") for one in manifests]),
        ("unit of judgement", [(one.scores or {}).get("unit") for one in manifests]),
    ):
        if None not in values and values[0] != values[1]:
            told = " and ".join(f"({', '.join(one)})" if isinstance(one, list) else str(one) for one in values)
            return InputError(
                f"Expected two runs with the same {what}, but they have {told}: their figures mean different things.",
                "Compare runs on the same dataset with the same classes.",
            ).to_dict()
    return None


def _facts(run: Run, manifest: RunManifest) -> dict[str, Any]:
    return {
        "run": run.id,
        "model": manifest.model,
        "title": manifest.title,
        "state": run.state,
        "dataset": manifest.dataset.get("name"),
        "folds": len(run.records),
    }


def _figure(
    first: Run, second: Run, name: str, manifests: Sequence[RunManifest], problem: Mapping[str, str] | None
) -> dict[str, Any]:
    own = [((one.scores or {}).get("metrics") or {}).get(name) for one in manifests]
    found = {"first": own[0], "second": own[1], **_UNTESTED, "problem": problem}
    if problem is not None:
        return found
    try:
        test = compare_folds(first.records, second.records, name)
    except GaitError as error:
        return {**found, "problem": error.to_dict()}
    return {
        **found,
        "difference": {"mean": test.difference, "ci_low": test.ci_low, "ci_high": test.ci_high},
        "t": test.t,
        "p": test.p,
        "degrees_of_freedom": test.degrees_of_freedom,
        "folds": test.folds,
    }


def _notes(
    runs: Sequence[Run], manifests: Sequence[RunManifest], metrics: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    notes = [f"{run.id}: {run.error.get('message', '')}" for run in runs if run.state == "damaged" and run.error]
    notes += [
        f"{one.id} is a control with labels exchanged at random." for one in manifests if one.validation.get("permuted")
    ]
    common = max((one["folds"] or 0 for one in metrics.values()), default=0)
    planned = [len(one.splits) for one in manifests]
    if common and common < max(planned):
        notes.append(f"{common} folds are compared, of {planned[0]} and {planned[1]} that were planned.")
    return notes
