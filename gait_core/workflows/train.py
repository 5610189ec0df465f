"""Trains and evaluates a classifier: dataset check, cross-validation by subject, final model with its card."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core import __version__
from gait_core.cache.archive import json_ready, save_arrays
from gait_core.errors import Cancelled, GaitError, InputError, ModelError, StorageError
from gait_core.learn.classifier_maker import ClassifierMaker, settings_halved
from gait_core.learn.classifiers import SampleShape
from gait_core.learn.cross_validation import cross_validate
from gait_core.learn.datasets.check import DatasetReport, check_dataset
from gait_core.learn.datasets.dataset import Dataset
from gait_core.learn.datasets.recognise import open_dataset, refuse_without_effect
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.fold_record import FoldRecord
from gait_core.learn.folds import plan_folds
from gait_core.learn.run_manifest import RunManifest
from gait_core.learn.runs import Run, held, load_run, manifest_of, new_run_id, write_run
from gait_core.learn.scores import score
from gait_core.progress import Reporter
from gait_core.workflows.final_model import train_final
from gait_core.workflows.train_request import TrainRequest
from gait_core.workflows.training_size import TrainingSize, size_line, size_of_training
from gait_core.workspace import Workspace

__all__ = ["TrainRequest", "train_classifier"]

_PACKAGES: Final = ("numpy", "scikit-learn", "keras", "tensorflow")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Data:
    """What is trained on, and what a label file keeps for testing."""

    dataset: Dataset
    report: DatasetReport
    training: Samples
    kept: Samples | None


def train_classifier(
    request: TrainRequest, workspace: Workspace, reporter: Reporter, *, halvings: int = 0
) -> dict[str, Any]:
    """Check the data, cross-validate, train the final model and store everything as a run.

    A run of the same request that is done gives its result again at once.

    Parameters
    ----------
    request : TrainRequest
    workspace : Workspace
    reporter : Reporter
        An early stop ends the fold that is running with its best weights; the final model is then trained on all.
    halvings : int
        How often to halve the batch and to double the steps whose gradients are averaged, because memory has run out
        before; see `gait_core.workflows.supervised_training`.

    Returns
    -------
    dict
        ``run``, ``model``, ``metrics`` {name: {mean, ci_low, ci_high}} per subject, ``folds``, ``timing_s``, as
        `train --json` prints it.

    Raises
    ------
    InputError
        When the dataset has errors, does not fit the classifier, or is another one than that of the run.
    ModelError, MemoryLimitError, StorageError
        When the training failed; the run keeps finished folds, checkpoint and best weights, and can be resumed.
    Cancelled
    """
    workspace.check_writable()
    run_id = request.run or new_run_id(request.model)
    folder = workspace.entry("runs", run_id)
    done = _result_again(request.with_(run=run_id), folder, workspace)
    if done is not None:
        return done
    data = _read(request, workspace, reporter)
    with held(folder):
        manifest = _begin(request.with_(run=run_id), data, folder, workspace)
        try:
            result = _train(request.with_(run=run_id), data, folder, manifest, reporter, halvings)
        except (Cancelled, KeyboardInterrupt):
            _end(folder, manifest.with_(state="cancelled"))
            raise
        except GaitError as error:
            _end(folder, manifest.with_(state="failed", error=error.to_dict()))
            raise
        except Exception as error:
            problem = GaitError(
                f"Something failed that should not: {type(error).__name__}: {error}".strip(),
                "Resume the run; if it fails again, send the log to the developers.",
            )
            _end(folder, manifest.with_(state="failed", error=problem.to_dict()))
            raise
    return result


def _read(request: TrainRequest, workspace: Workspace, reporter: Reporter) -> _Data:
    with reporter.stage("dataset", "Reading and checking the dataset"):
        dataset = open_dataset(Path(request.dataset), request.data_settings())
        refuse_without_effect(dataset, request.data)
        report = check_dataset(dataset, request.folds, workspace, reporter)
        for problem in report.problems:
            if problem.severity == "warning":
                reporter.warn("dataset", str(problem))
        if report.errors:
            told = " ".join(problem.message for problem in report.errors)
            raise InputError(told, " ".join(problem.remedy for problem in report.errors).strip())
        samples = dataset.samples(None, workspace, reporter)
    if samples.kind not in request.classifier.inputs:
        raise InputError(
            f"Expected {' or '.join(request.classifier.inputs)} for {request.model}, but {dataset.name} gives "
            f"{samples.kind}.",
            "Choose another classifier, or make other rows of the data.",
        )
    tested = np.array([dataset.splits.get(name) == "test" for name in samples.subjects.tolist()], bool)
    kept = samples.take(np.flatnonzero(tested)) if tested.any() else None
    training = samples.take(np.flatnonzero(~tested)) if tested.any() else samples
    return _Data(dataset=dataset, report=report, training=training, kept=kept)


def _begin(request: TrainRequest, data: _Data, folder: Path, workspace: Workspace) -> RunManifest:
    """Write the manifest of a new run, or compare an earlier one with what is asked now."""
    plans = plan_folds(data.training, request.validation())
    new = RunManifest(
        id=folder.name,
        created_s=time.time(),
        state="running",
        model=request.model,
        title=request.classifier.title,
        request=request.to_dict(),
        # With the batch size that memory allows, chosen once for the whole run.
        settings=_size_of(request, request.settings, data.training).settings.to_dict(),
        validation=request.validation().to_dict(),
        dataset=_facts(data),
        splits=[{"seed": plan.seed, "fold": plan.number, "test": list(plan.subjects(plan.test))} for plan in plans],
        versions=_versions(),
    )
    if (folder / "run.json").is_file():
        new = _continued(new, load_run(workspace, folder.name))
    write_run(folder, new)
    return new


def _continued(new: RunManifest, run: Run) -> RunManifest:
    before = manifest_of(run)
    old, fresh = before.to_dict(), new.to_dict()
    for name, what in (("request", "request"), ("versions", "versions"), ("splits", "folds")):
        if old[name] != fresh[name]:
            changed = _changed(old[name], fresh[name])
            raise ModelError(
                f"Expected the run {run.id} to go on with the {what} that it was started with, but {changed}.",
                "Start a new run, or go back to what it was started with.",
            )
    if old["dataset"]["digest"] != fresh["dataset"]["digest"]:
        raise ModelError(
            f"Expected the data with which the run {run.id} was started (digest {old['dataset']['digest']}), but they "
            f"have changed (digest {fresh['dataset']['digest']}).",
            "Start a new run, or restore the data.",
        )
    # The batch size was derived from the memory that was free then; another one would be another training.
    return new.with_(created_s=before.created_s, settings=before.settings)


def _changed(old: Any, new: Any) -> str:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        name = next(key for key in {**old, **new} if old.get(key) != new.get(key))
        return f"{name} was {old.get(name)!r} and is {new.get(name)!r}"
    return "they are others now"


def _train(
    request: TrainRequest, data: _Data, folder: Path, manifest: RunManifest, reporter: Reporter, halvings: int
) -> dict[str, Any]:
    make = ClassifierMaker(request.classifier, manifest.settings, SampleShape.of(data.training))
    _tell_size(request, settings_halved(manifest.settings, halvings), data.training, reporter)
    with reporter.stage("train", f"Cross-validation of {request.classifier.title}"):
        found = cross_validate(
            data.training,
            make,
            request.validation(),
            folder / "folds",
            reporter,
            needs_inner="patience" in manifest.settings,
            halvings=halvings,
        )
    calm = reporter.without_early_stop()
    if not found.records:
        raise Cancelled("Stopped before the first fold was finished: there is nothing to keep.")
    with calm.stage("scores", "Computing the figures"):
        seeds = dict.fromkeys(record.seed for record in found.records)
        parts = [(seed, one.to_arrays()) for seed, one in zip(seeds, found.predictions, strict=True)]
        save_arrays(
            folder / "predictions.npz",
            {f"{seed}/{name}": value for seed, arrays in parts for name, value in arrays.items()},
        )
        scores = score(found.predictions, seed=request.first_seed).to_dict()
        row_scores = score(found.predictions, level="row", seed=request.first_seed).to_dict()
    notes = list(dict.fromkeys(note for record in found.records for note in record.notes))
    manifest = manifest.with_(scores=scores, row_scores=row_scores, notes=notes)
    if request.final and not request.permuted:
        with calm.stage("final", "Training the final model on all subjects"):
            final = train_final(request, data.training, data.kept, found, make, folder, manifest, calm, halvings)
        manifest = manifest.with_(
            test_scores=final.test_scores, notes=list(dict.fromkeys([*manifest.notes, *final.notes]))
        )
    state = "done" if found.complete else "stopped"
    manifest = manifest.with_(state=state, timing_s={**reporter.timing_s, **calm.timing_s})
    write_run(folder, manifest)
    return _answer(manifest, found.records, folder)


def _tell_size(request: TrainRequest, settings: Mapping[str, Any], samples: Samples, reporter: Reporter) -> None:
    size = _size_of(request, settings, samples)
    line = size_line(request.classifier, size)
    if size.fits:
        reporter.note("train", line)
    else:
        reporter.warn("train", f"{line}. The system may end the training: choose a smaller batch or a smaller model.")


def _size_of(request: TrainRequest, settings: Mapping[str, Any], samples: Samples) -> TrainingSize:
    kind, shape = request.classifier, SampleShape.of(samples)
    return size_of_training(kind, kind.settings.from_dict(settings), shape, len(samples), folds=request.folds)


def _facts(data: _Data) -> dict[str, Any]:
    report = data.report
    samples = data.training
    counts = {
        name: len(set(samples.subjects[samples.labels == number].tolist()))
        for number, name in enumerate(samples.classes)
    }
    found: dict[str, Any] = json_ready(
        {
            "name": report.name,
            "path": report.path,
            "kind": report.kind,
            "digest": samples.digest(),
            "rows": len(samples),
            "row_kind": samples.kind,
            "n_steps": samples.longest,
            "channels": samples.channels,
            "classes": samples.classes,
            "subjects": counts,
            "kept_for_testing": 0 if data.kept is None else len(set(data.kept.subjects.tolist())),
            "covariates": report.covariates,
            "problems": [problem.to_dict() for problem in report.problems],
        }
    )
    return found


def _versions() -> dict[str, str]:
    return {"gait_studio": __version__, **{name: metadata.version(name) for name in _PACKAGES}}


def _end(folder: Path, manifest: RunManifest) -> None:
    """Write how a run ended; on a full disk the manifest before stays, and says that it can be resumed."""
    with contextlib.suppress(StorageError):
        write_run(folder, manifest)
        return
    _logger.warning("the end of the run %s could not be written", folder.name)


def _result_again(request: TrainRequest, folder: Path, workspace: Workspace) -> dict[str, Any] | None:
    """Return the result of a run that is done; None for one that is new, unfinished, or has lost its final model."""
    if not (folder / "run.json").is_file():
        return None
    run = load_run(workspace, folder.name)
    if run.manifest is None or run.state != "done" or run.manifest.request != request.to_dict():
        return None
    if request.final and not request.permuted and not run.has_model:
        return None
    return _answer(run.manifest, run.records, folder)


def _answer(manifest: RunManifest, records: Sequence[FoldRecord], folder: Path) -> dict[str, Any]:
    scores, row_scores = manifest.scores or {}, manifest.row_scores or {}
    model = folder / "model"
    answer: dict[str, Any] = json_ready(
        {
            "run": manifest.id,
            "model": manifest.model,
            "state": manifest.state,
            "metrics": scores["metrics"],
            "row_metrics": row_scores["metrics"],
            "per_class": scores["per_class"],
            "confusion": scores["confusion"],
            "classes": scores["classes"],
            "unit": scores["unit"],
            "calibration_error": scores["calibration_error"],
            "test_metrics": None if manifest.test_scores is None else manifest.test_scores["metrics"],
            "permuted": bool(manifest.validation["permuted"]),
            "folds": [
                {
                    "seed": record.seed,
                    "fold": record.fold,
                    "scores": record.scores,
                    "epochs": record.epochs,
                    "best_epoch": None if record.history is None else record.history.best_epoch,
                    "test_subjects": list(record.test_subjects),
                    "duration_s": record.duration_s,
                }
                for record in records
            ],
            "subjects": len({name for record in records for name in record.test_subjects}),
            "artefacts": {"run": str(folder), "model": str(model) if model.is_dir() else None},
            "notes": manifest.notes,
            "timing_s": manifest.timing_s,
        }
    )
    return answer
