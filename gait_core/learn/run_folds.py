"""Folds of a training run as they stand on disk: waiting, in training, done or damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.cache.archive import load_arrays
from gait_core.errors import GaitError, StorageError
from gait_core.learn.fold_record import FoldRecord, read_record
from gait_core.learn.history import History

__all__ = ["FoldState", "fold_folder", "fold_state"]


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


def fold_folder(folder: Path, split: Mapping[str, Any]) -> Path:
    """Return where a fold lies.

    Parameters
    ----------
    folder : Path
        ``folds`` of the run.
    split : mapping
        Its ``seed`` and ``fold``, as the manifest has them.

    Returns
    -------
    Path
    """
    return folder / f"{int(split['seed'])}-{int(split['fold'])}"


def fold_state(folder: Path, split: Mapping[str, Any]) -> FoldState:
    """Read how far a fold has come; one that cannot be read comes back as damaged.

    Parameters
    ----------
    folder : Path
        ``folds`` of the run.
    split : mapping
        Its ``seed`` and ``fold``, as the manifest has them.

    Returns
    -------
    FoldState
    """
    seed, fold = int(split["seed"]), int(split["fold"])
    place = fold_folder(folder, split)
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
