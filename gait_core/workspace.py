"""Where everything lives on disk.

::

    <workspace>/
      subjects/<id>.json         a person, by a pseudonym
      walks/<id>.json            a video that was used, by content
      baselines/<id>/            model, calibration, thresholds, manifest, saved variants
      analyses/<id>/             one walk against one baseline, with its overlay video
      measurements/<id>/         gait parameters and curves of one walk
      validations/<id>.json      a measurement held against a reference
      jobs/<id>/                 one run of anything long
      cache/                     arrays by content address, video metadata
      uploads/                   videos that came through the browser
      profiles/<name>.json       performance profiles that the user made
      comparisons/<id>/          one video under several profiles
      models/<name>/             trained models with their manifests
      runs/<id>/                 training runs: checkpoints, history, folds
      embeddings/<id>/           sets of embeddings of walks
      galleries/<id>/            enrolled people of the recognition
      deletions/<id>.json        what tells of a person whose deletion is under way
      drafts/                    what was entered in the wizard but not yet run
      demo/                      the demo walks
      bench/                     what benchmarks made to measure on
      dashboard.json             the port of the dashboard, so that open tabs find it again

Every write is atomic: a reader sees the old file or the new one, never half of one.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.storage.json_file import read_json
from gait_core.storage.leftovers import sweep_leftovers, writer_mark
from gait_core.storage.whole_writes import atomic_file, storage_guard, whole_folder, write_atomic, write_json

__all__ = [
    "COLLECTIONS",
    "Workspace",
    "atomic_file",
    "default_root",
    "name_id",
    "new_id",
    "read_json",
    "safe_name",
    "storage_guard",
    "whole_folder",
    "write_atomic",
    "write_json",
]

COLLECTIONS: Final = frozenset(
    (
        "subjects",
        "walks",
        "baselines",
        "analyses",
        "measurements",
        "validations",
        "jobs",
        "cache",
        "uploads",
        "profiles",
        "comparisons",
        "models",
        "runs",
        "embeddings",
        "galleries",
        "deletions",
        "drafts",
        "demo",
        "bench",
        "dashboard.json",
    )
)
"""Everything that Gait Studio keeps at the top of a workspace."""
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


def default_root() -> Path:
    """Return the folder of the default workspace.

    Returns
    -------
    Path
        ``$GAIT_WORKSPACE`` where it is set, or else the platform's user-data folder; it need not exist yet.
    """
    given = os.environ.get("GAIT_WORKSPACE")
    if given:
        return Path(given).expanduser()
    from platformdirs import user_data_path

    return user_data_path("gait-studio", appauthor=False)


def safe_name(text: str, fallback: str = "unnamed") -> str:
    """Turn a name from a user into one that is safe in a file name.

    Returns
    -------
    str
        At most 60 lower-case letters, digits, ``-`` and ``_``, without accents; `fallback` where nothing is left.
        Never a path. Two names may give the same; where they must not, use `name_id`.
    """
    import unicodedata

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    cleaned = re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-_")[:60]
    return cleaned or fallback


def name_id(name: str, longest: int = 60) -> str:
    """Return an identifier for a name from a user: no two names share one.

    Parameters
    ----------
    name : str
    longest : int
        Most characters of the identifier.

    Returns
    -------
    str
        The name itself where it can be an identifier; else the readable part of it and eight digits of a digest of the
        exact name: ``"p-14-1f0a93bc"`` for ``"P 14"``.
    """
    readable = safe_name(name)
    if readable == name and len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{readable[: longest - 9].rstrip('-_')}-{digest}"


def new_id(prefix: str = "") -> str:
    """Return a new identifier.

    Returns
    -------
    str
        `prefix`, time (UTC, to the second) and six random hexadecimal digits: ``"job-20260503-141502-3fa9c1"``.
        Identifiers with the same prefix sort by time.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return "-".join(part for part in (prefix, stamp, secrets.token_hex(3)) if part)


class Workspace:
    """All folders of one workspace; made when first written to, never before.

    Parameters
    ----------
    root : path-like, optional
        Folder; default as `default_root`.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        if root is not None and not str(root).strip():
            raise InputError(
                "Expected a folder for the workspace, but its name is empty.", "Check the variable that it came from."
            )
        self.root = Path(root).expanduser().absolute() if root is not None else default_root().absolute()

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"

    @property
    def cache(self) -> Path:
        """Folder of cached arrays and video metadata."""
        return self.root / "cache"

    @property
    def jobs(self) -> Path:
        """Folder of job folders."""
        return self.root / "jobs"

    @property
    def uploads(self) -> Path:
        """Folder of videos that came through the browser."""
        return self.root / "uploads"

    @property
    def profiles(self) -> Path:
        """Folder of the performance profiles that the user made."""
        return self.root / "profiles"

    @property
    def models(self) -> Path:
        """Folder of trained models."""
        return self.root / "models"

    @property
    def runs(self) -> Path:
        """Folder of training runs."""
        return self.root / "runs"

    @property
    def galleries(self) -> Path:
        """Folder of the galleries of the recognition."""
        return self.root / "galleries"

    def baseline_folder(self, baseline_id: str) -> Path:
        """Return the folder of a baseline, existing or not."""
        return self.entry("baselines", baseline_id)

    def analysis_folder(self, analysis_id: str) -> Path:
        """Return the folder of an analysis, existing or not."""
        return self.entry("analyses", analysis_id)

    def measurement_folder(self, measurement_id: str) -> Path:
        """Return the folder of a measurement, existing or not."""
        return self.entry("measurements", measurement_id)

    def check_writable(self) -> None:
        """Raise `StorageError` when the workspace cannot be written; sweep what killed processes left in it."""
        sweep_leftovers(self.root)
        probe = self.root / f".write-test-{writer_mark()}"
        write_atomic(probe, b"ok")
        probe.unlink(missing_ok=True)

    def entry(self, collection: str, entry_id: str) -> Path:
        """Return the path of an entry of a collection; an identifier that could leave the folder is refused."""
        if not _ID.fullmatch(entry_id):
            raise InputError(
                f"Expected an identifier of lower-case letters, digits, '-' and '_', but got {entry_id!r}.",
                "Copy it from the Library page or from the list command.",
            )
        return self.root / collection / entry_id

    def save_record(self, collection: str, record: Mapping[str, Any]) -> None:
        """Store one record of a catalogue (``subjects``, ``walks``) under its ``id``."""
        folder = self.entry(collection, str(record["id"]))
        write_json(folder.with_name(folder.name + ".json"), dict(record))

    def record(self, collection: str, entry_id: str) -> dict[str, Any] | None:
        """Return one record, or None."""
        folder = self.entry(collection, entry_id)
        path = folder.with_name(folder.name + ".json")
        record = read_json(path) if path.is_file() else None
        return dict(record) if isinstance(record, dict) else None

    def records(self, collection: str) -> list[dict[str, Any]]:
        """Return all records of a catalogue in the order of their identifiers; a damaged one is left out."""
        found = []
        for path in sorted((self.root / collection).glob("*.json")):
            try:
                record = read_json(path)
            except (StorageError, NotFoundError):
                continue
            if isinstance(record, dict) and record.get("id") == path.stem:
                found.append(record)
        return found

    def delete_record(self, collection: str, entry_id: str) -> None:
        """Delete one record; already gone is success."""
        folder = self.entry(collection, entry_id)
        folder.with_name(folder.name + ".json").unlink(missing_ok=True)

    def folders(self, collection: str, marker: str) -> list[Path]:
        """Return the folders of a collection that hold the file `marker`, oldest identifier first.

        What a killed writer left half filled has a name that starts with a dot and is not one of them.
        """
        return sorted(path.parent for path in (self.root / collection).glob(f"[!.]*/{marker}"))

    def entries(self, collection: str) -> list[Path]:
        """Return all folders of a collection, damaged ones among them, oldest identifier first."""
        try:
            return sorted(
                path for path in (self.root / collection).iterdir() if _ID.fullmatch(path.name) and path.is_dir()
            )
        except (FileNotFoundError, NotADirectoryError):
            return []

    def delete_folder(self, collection: str, entry_id: str) -> None:
        """Delete a stored folder whole.

        Raises
        ------
        NotFoundError
            When there is no such folder.
        """
        folder = self.entry(collection, entry_id)
        if not folder.is_dir():
            raise NotFoundError(
                f"Expected {entry_id!r} among the {collection}, but there is no such entry.",
                "It may have been deleted; look at the list again.",
            )
        with storage_guard(folder):
            doomed = folder.with_name(f".{folder.name}.deleted-{writer_mark()}")
            folder.rename(doomed)
            shutil.rmtree(doomed)
