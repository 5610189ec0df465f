"""Training runs as folders: what was asked, how far it came, and what came out; a damaged one is shown as damaged.

::

    runs/<id>/
      run.json           typed manifest; replaced atomically whenever the state changes
      lock               held while a process trains
      final/             log.csv and tensorboard/ of the final model, as in a fold
      folds/<seed>-<k>/  see `gait_core.learn.cross_validation`
      predictions.npz    of all finished folds, arrays named <seed>/<array>, see `gait_core.learn.predictions`
      model/             the final model, see `gait_core.learn.trained_model`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self, TypedDict

import numpy as np
from filelock import FileLock, Timeout

from gait_core.cache.archive import json_ready, load_arrays
from gait_core.errors import GaitError, InputError, NotFoundError, StorageError
from gait_core.learn.cross_validation import FoldRecord, is_finished, read_record
from gait_core.learn.history import History
from gait_core.storage.schema import problem_in
from gait_core.workspace import Workspace, new_id, read_json, storage_guard, write_json

__all__ = [
    "RUN_STATES",
    "FoldState",
    "Run",
    "RunManifest",
    "end_run",
    "held",
    "list_runs",
    "load_run",
    "new_run_id",
    "write_run",
]

RUN_FORMAT: Final = 1
RUN_STATES: Final = ("running", "done", "stopped", "cancelled", "failed", "interrupted", "damaged")
"""``stopped``: ended early by the user, with the best kept. ``interrupted``: whoever trained has died; it can be
resumed. ``damaged``: the folder cannot be read."""

_MANIFEST: Final = "run.json"
_LOCK: Final = "lock"
_WAIT_S: Final = 2.0


class _Split(TypedDict):
    seed: int
    fold: int


@dataclass(frozen=True, kw_only=True)
class RunManifest:
    """Contents of ``run.json``.

    Attributes
    ----------
    id : str
    created_s : float
        s since 1970.
    state : str
        One of `RUN_STATES`.
    model, title : str
        Name of the classifier, and its name for people.
    request : mapping
        Parameters of the ``train`` job that gives the run again.
    settings : mapping
        Of the classifier, defaults included.
    validation : mapping
        `CrossValidationSettings`.
    dataset : mapping
        Name, path, kind, digest, rows, channels, subjects by class, covariates and problems.
    splits : list of mapping
        ``seed``, ``fold``, ``test`` (subjects) of every fold.
    versions : mapping of str to str
    scores, row_scores, test_scores : mapping or None
        Per subject, per row, and of the final model on subjects whose label file keeps them for testing.
    timing_s : mapping of str to float
    notes : list of str
    error : mapping or None
        What ended it: ``kind``, ``message`` and ``remedy``.
    """

    id: str
    created_s: float
    state: str
    model: str
    title: str
    request: Mapping[str, Any]
    settings: Mapping[str, Any]
    validation: Mapping[str, Any]
    dataset: Mapping[str, Any]
    splits: list[dict[str, Any]]
    versions: Mapping[str, str]
    scores: Mapping[str, Any] | None = None
    row_scores: Mapping[str, Any] | None = None
    test_scores: Mapping[str, Any] | None = None
    timing_s: Mapping[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: Mapping[str, str] | None = None

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        found: dict[str, Any] = json_ready({"format": RUN_FORMAT, **vars(self)})
        return found

    @classmethod
    def from_dict(cls, values: Any, source: str) -> Self:
        """Build from JSON.

        Raises
        ------
        StorageError
            When a value is missing or of another kind, or another version wrote it.
        """
        try:
            if values["format"] != RUN_FORMAT or values["state"] not in RUN_STATES:
                raise ValueError(f"format {values['format']!r}, state {values['state']!r}")
            problem = problem_in(values, cls) or problem_in(values["splits"], list[_Split], "splits")
            if problem:
                raise ValueError(problem)
            return cls(**{entry.name: values[entry.name] for entry in fields(cls)})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(
                f"Expected the manifest of a training run in {source}, but it is not ({error}).",
                "Delete the run, or update Gait Studio.",
            ) from error


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldState:
    """One fold of a run as a page shows it.

    Attributes
    ----------
    seed, fold : int
    state : {"waiting", "training", "done", "damaged"}
        ``training`` also for one that was interrupted.
    record : FoldRecord or None
        Of a finished fold.
    history : History or None
        Losses so far; None for a classifier without epochs.
    """

    seed: int
    fold: int
    state: str
    record: FoldRecord | None = None
    history: History | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A training run as it stands on disk.

    Attributes
    ----------
    id : str
    folder : Path
    state : str
        One of `RUN_STATES`.
    manifest : RunManifest or None
        None when damaged.
    error : mapping or None
        What ended the run, or why it cannot be read: ``kind``, ``message`` and ``remedy``.
    """

    id: str
    folder: Path
    state: str
    manifest: RunManifest | None
    error: Mapping[str, str] | None = None

    @cached_property
    def folds(self) -> tuple[FoldState, ...]:
        """Its folds, read from the disk when they are first asked for."""
        if self.manifest is None:
            return ()
        return tuple(_fold_state(self.folder / "folds", split) for split in self.manifest.splits)

    @property
    def created_s(self) -> float:
        """When it was started, s since 1970; 0 when damaged."""
        return 0.0 if self.manifest is None else self.manifest.created_s

    @property
    def has_model(self) -> bool:
        """Whether its final model is there."""
        return (self.folder / "model" / "model.json").is_file()

    @property
    def has_finished_folds(self) -> bool:
        """Whether a fold has a record; none is read."""
        splits = () if self.manifest is None else self.manifest.splits
        return any(is_finished(_fold_folder(self.folder / "folds", split)) for split in splits)

    @property
    def records(self) -> tuple[FoldRecord, ...]:
        """Records of the finished folds."""
        return tuple(one.record for one in self.folds if one.record is not None)


def new_run_id(model: str) -> str:
    """Return an identifier for a new run.

    Returns
    -------
    str
    """
    return new_id(model.replace("_", "-"))


def write_run(folder: Path, manifest: RunManifest) -> None:
    """Write the manifest of a run; raises `StorageError` when the place is read-only or full."""
    write_json(folder / _MANIFEST, manifest.to_dict())


def load_run(workspace: Workspace, run_id: str) -> Run:
    """Return a run with everything that a page draws; one that is damaged comes back as damaged.

    Parameters
    ----------
    workspace : Workspace
    run_id : str

    Returns
    -------
    Run

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    run = _headed(workspace, run_id)
    broken = next((one for one in run.folds if one.state == "damaged"), None)
    if broken is None:
        return run
    problem = StorageError(
        f"Expected fold {broken.fold} of seed {broken.seed} as it was written, but it is damaged.",
        f"Delete {run.folder / 'folds' / f'{broken.seed}-{broken.fold}'} and resume the run.",
    )
    return replace(run, state="damaged", error=problem.to_dict())


def list_runs(workspace: Workspace) -> list[Run]:
    """Return all runs, newest first, those among them whose manifest is damaged.

    Only the manifests are read. A damaged fold shows when the run itself is loaded.

    Returns
    -------
    list of Run
    """
    found: list[Run] = []
    for folder in workspace.folders("runs", _MANIFEST):
        try:
            found.append(_headed(workspace, folder.name))
        except InputError:  # deleted meanwhile, or a folder that is none of ours
            continue
    return sorted(found, key=lambda run: (run.created_s, run.id), reverse=True)


def _headed(workspace: Workspace, run_id: str) -> Run:
    """Return a run by its manifest alone."""
    folder = workspace.entry("runs", run_id)
    try:
        values = read_json(folder / _MANIFEST)
        manifest = RunManifest.from_dict(values, str(folder / _MANIFEST))
    except NotFoundError:
        raise NotFoundError(
            f"Expected a training run {run_id!r}, but there is none.", "Look at the list of runs again."
        ) from None
    except StorageError as error:
        return Run(id=run_id, folder=folder, state="damaged", manifest=None, error=error.to_dict())
    state = manifest.state
    if state == "running" and not _is_held(folder):
        state = "interrupted"
    return Run(id=run_id, folder=folder, state=state, manifest=manifest, error=manifest.error)


def end_run(workspace: Workspace, run_id: str, state: str, error: GaitError) -> None:
    """Write how a run ended whose process has died before it could; a run that had not begun stays away.

    Parameters
    ----------
    workspace : Workspace
    run_id : str
    state : str
        One of `RUN_STATES`.
    error : GaitError
        What ended it.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    """
    folder = workspace.entry("runs", run_id)
    if not (folder / _MANIFEST).is_file():
        return
    with held(folder):
        manifest = load_run(workspace, run_id).manifest
        if manifest is not None and manifest.state == "running":
            told = None if state == "cancelled" else error.to_dict()
            write_run(folder, manifest.with_(state=state, error=told))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a run while training it.

    Yields
    ------
    None

    Raises
    ------
    InputError
        When another process trains it.
    """
    with storage_guard(folder / _LOCK):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=_WAIT_S)
    except Timeout:
        raise InputError(
            f"Expected no other process to train the run {folder.name}, but another process does.",
            "Wait for it to end, or cancel its job.",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _is_held(folder: Path) -> bool:
    if not (folder / _LOCK).exists():
        return False
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def _fold_folder(folder: Path, split: Mapping[str, Any]) -> Path:
    return folder / f"{int(split['seed'])}-{int(split['fold'])}"


def _fold_state(folder: Path, split: Mapping[str, Any]) -> FoldState:
    seed, fold = int(split["seed"]), int(split["fold"])
    place = _fold_folder(folder, split)
    try:
        record = read_record(place)
    except StorageError:
        return FoldState(seed=seed, fold=fold, state="damaged")
    if record is not None:
        return FoldState(seed=seed, fold=fold, state="done", record=record, history=record.history)
    if not place.is_dir():
        return FoldState(seed=seed, fold=fold, state="waiting")
    return FoldState(seed=seed, fold=fold, state="training", history=_history_so_far(place))


def _history_so_far(folder: Path) -> History | None:
    """Read the losses from the newest checkpoint; None where there is none yet."""
    found = sorted(folder.glob("checkpoint*.npz"), key=lambda path: path.stat().st_mtime)
    if not found:
        return None
    try:
        arrays = load_arrays(found[-1])
        losses = {name: arrays[f"callback/EarlyStopping/{name}"].tolist() for name in ("first", "loss", "val_loss")}
    except (GaitError, KeyError, OSError):
        return None
    values = losses["val_loss"]
    return History(
        loss=losses["loss"],
        val_loss=values,
        first_val_loss=losses["first"][0],
        best_epoch=int(np.argmin([losses["first"][0], *values])) if values else len(losses["loss"]),
        metrics={
            name.removeprefix("metric/"): value.tolist() for name, value in arrays.items() if name.startswith("metric/")
        },
    )
