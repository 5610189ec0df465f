"""Training runs as folders: what was asked, how far it came, and what came out; a damaged one is shown as damaged.

::

    runs/<id>/
      run.json           see `gait_core.learn.run_manifest`; replaced atomically whenever the state changes
      lock               held while a process trains
      final/             log.csv and tensorboard/ of the final model, as in a fold
      folds/<seed>-<k>/  see `gait_core.learn.cross_validation`
      predictions.npz    of all finished folds, arrays named <seed>/<array>, see `gait_core.learn.predictions`
      model/             the final model, see `gait_core.learn.trained_model`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from gait_core.errors import GaitError, InputError, NotFoundError, StorageError
from gait_core.learn.fold_record import FoldRecord, is_finished
from gait_core.learn.run_folds import FoldState, fold_folder, fold_state
from gait_core.learn.run_manifest import RunManifest
from gait_core.workspace import Workspace, new_id, read_json, storage_guard, write_json

__all__ = [
    "Run",
    "end_run",
    "held",
    "list_runs",
    "load_run",
    "manifest_of",
    "new_run_id",
    "write_run",
]

_MANIFEST: Final = "run.json"
_LOCK: Final = "lock"
_WAIT_S: Final = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A training run as it stands on disk.

    Attributes
    ----------
    id : str
    folder : Path
    state : str
        One of `gait_core.learn.run_manifest.RUN_STATES`.
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
        return tuple(fold_state(self.folder / "folds", split) for split in self.manifest.splits)

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
        return any(is_finished(fold_folder(self.folder / "folds", split)) for split in splits)

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


def manifest_of(run: Run) -> RunManifest:
    """Return the manifest of a run that has to have one.

    Parameters
    ----------
    run : Run

    Returns
    -------
    RunManifest

    Raises
    ------
    StorageError
        When it is damaged; with the message and the remedy of the reading that failed.
    """
    if run.manifest is not None:
        return run.manifest
    error = run.error or {}
    raise StorageError(
        error.get("message") or f"Expected the manifest of the training run {run.id}, but it is damaged.",
        error.get("remedy") or "Delete the run and start a new one.",
    )


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
        One of `gait_core.learn.run_manifest.RUN_STATES`.
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
