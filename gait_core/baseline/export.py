"""Copies a baseline's artefacts to a folder for other programs."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from gait_core.baseline.artefacts import ARTEFACTS
from gait_core.baseline.store import load_baseline
from gait_core.errors import InputError
from gait_core.learn.artefact_files import check_archive
from gait_core.learn.backend import load_keras
from gait_core.workspace import Workspace, storage_guard

__all__ = ["export_baseline"]


def export_baseline(workspace: Workspace, baseline_id: str, folder: Path) -> list[Path]:
    """Copy every artefact and write the model as ``baseline_model.h5`` too.

    Parameters
    ----------
    workspace : Workspace
    baseline_id : str
    folder : Path
        Where the files go; made when it is missing. Files of the same names are overwritten.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    NotFoundError
        When there is no such baseline.
    InputError
        When the folder is that of the baseline itself.
    ModelError, StorageError
        When the baseline is damaged, or the folder cannot be written.
    """
    stored = load_baseline(workspace, baseline_id)
    source = stored.folder / ARTEFACTS["model"]
    check_archive(source)
    model = load_keras().models.load_model(source, compile=False, safe_mode=True)
    if folder.resolve() == stored.folder.resolve():
        raise InputError(f"Expected a folder other than that of {baseline_id}, but got it.", "Export it elsewhere.")
    kept = [file for file in ARTEFACTS.values() if (stored.folder / file).is_file()]  # earlier versions wrote fewer
    written: list[Path] = []
    with storage_guard(folder / "baseline_model.h5"):
        folder.mkdir(parents=True, exist_ok=True)
        written.extend(Path(shutil.copyfile(stored.folder / file, folder / file)) for file in kept)
        target = folder / "baseline_model.h5"
        with warnings.catch_warnings():
            # Keras calls .h5 a legacy format; the users of these files ask for it by name.
            warnings.simplefilter("ignore")
            model.save(target)
        written.append(target)
    return written
