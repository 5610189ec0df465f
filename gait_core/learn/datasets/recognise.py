"""Recognises what a dataset is stored as, and opens it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gait_core.errors import InputError, NotFoundError, SettingsError
from gait_core.learn.datasets.column_names import did_you_mean, misspelt
from gait_core.learn.datasets.cycle_table import CycleTable, is_cycle_header
from gait_core.learn.datasets.dataset import Dataset
from gait_core.learn.datasets.labelled_table import LABEL, SUBJECT
from gait_core.learn.datasets.labelled_videos import VIDEO, videos_in
from gait_core.learn.datasets.parameter_table import ParameterTable, is_parameter_header
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.stored import DESCRIPTION, SAMPLES, StoredDataset, description_of
from gait_core.learn.datasets.table_file import read_header
from gait_core.learn.datasets.video_dataset import FolderDataset, LabelFileDataset

__all__ = ["LABELS_FILE", "open_dataset", "refuse_without_effect"]

_TABLES: Final = (CycleTable.kind, ParameterTable.kind)
_OF_VIDEOS: Final = ("rows", "channels", "window_s", "hop_s", "doubtful", "subject_pattern")
LABELS_FILE: Final = "labels.csv"

_KINDS: Final = (
    "Give a folder with one folder of videos per class, a folder with labels.csv (video,label,subject[,split]), a "
    "table of gait cycles (subject,label,side,channel,p000_deg to p100_deg), or a table of parameters (subject,label "
    "and columns of numbers)."
)


def open_dataset(path: Path | str, settings: DatasetSettings | None = None) -> Dataset:
    """Open a dataset of any kind.

    Parameters
    ----------
    path : path-like
        A folder per class of videos; a folder with ``labels.csv``, or that file; a table of gait cycles; a table of
        parameters or of a series per subject; or a folder that `make_dataset` wrote.
    settings : DatasetSettings, optional

    Returns
    -------
    Dataset
        Its kind is ``videos``, ``labels``, ``cycles``, ``parameters`` or ``samples``. Videos are not yet decoded.

    Raises
    ------
    NotFoundError
        When there is nothing at that place.
    InputError
        When it is none of these; says what was expected and what came.
    """
    place = Path(path).expanduser().absolute()
    settings = settings or DatasetSettings()
    if not place.exists():
        raise NotFoundError(f"Expected a dataset at {place}, but nothing is there.", _KINDS)
    if place.name in (SAMPLES, DESCRIPTION) and (place.parent / SAMPLES).is_file():
        place = place.parent
    return _folder(place, settings) if place.is_dir() else _file(place, settings)


def _folder(place: Path, settings: DatasetSettings) -> Dataset:
    description = description_of(place)
    if (place / SAMPLES).is_file():
        return StoredDataset(place, settings)
    if description.get("kind") == "samples":
        raise InputError(f"Expected {SAMPLES} in {place}, but there is none.", "Make the dataset again.")
    if (place / LABELS_FILE).is_file():
        if description.get("several_labels"):
            settings = settings.with_(several_labels=True)
        return LabelFileDataset(place, settings, place / LABELS_FILE)
    if any(videos_in(child) for child in place.iterdir() if child.is_dir() and not child.name.startswith(".")):
        return FolderDataset(place, settings)
    tables = sorted(child.name for child in place.glob("*.csv"))
    if tables:
        raise InputError(f"Expected a dataset in {place}, but got a folder of tables.", f"Name one: {tables[0]}.")
    if videos_in(place):
        raise InputError(
            f"Expected a folder per class in {place}, but its videos are in no folder of a class.",
            "Put them into folders named by class, or add labels.csv (video,label,subject).",
        )
    raise InputError(f"Expected a dataset in {place}, but found no video and no table.", _KINDS)


def refuse_without_effect(dataset: Dataset, given: Mapping[str, Any]) -> None:
    """Refuse for a table what says how videos are read: it would have no effect, and no one would notice.

    Parameters
    ----------
    dataset : Dataset
    given : mapping of str to object
        Settings that the user gave, by their names in `DatasetSettings`.

    Raises
    ------
    SettingsError
        When there is such a setting.
    """
    usual = DatasetSettings().to_dict()
    names = [name for name in _OF_VIDEOS if name in given and given[name] != usual[name]]
    if names and dataset.kind in _TABLES:
        raise SettingsError(
            f"Expected {', '.join(names)} for a dataset of videos only, but {dataset.path.name} is a table.",
            "Leave it out: a table has its rows already.",
        )


def _file(place: Path, settings: DatasetSettings) -> Dataset:
    if place.suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise InputError(f"Expected a folder or a table as .csv, but got {place.name}.", _KINDS)
    header = read_header(place)
    if VIDEO in header:
        return LabelFileDataset(place, settings)
    if is_cycle_header(header):
        return CycleTable(place, settings)
    missing = [name for name in (SUBJECT, LABEL) if name not in header]
    if missing:
        raise InputError(
            f"Expected columns {SUBJECT} and {LABEL} in {place.name}, but {', '.join(missing)} is missing; it has "
            f"{', '.join(header[:12])}.",
            did_you_mean(missing, header) + _KINDS,
        )
    if like := misspelt(VIDEO, header):
        raise InputError(
            f"Expected a column {VIDEO}, or columns of numbers, in {place.name}, but got {like}.",
            did_you_mean([VIDEO], header) + "If it is something else, give it another name.",
        )
    if is_parameter_header(header):
        return ParameterTable(place, settings)
    raise InputError(f"Expected columns of numbers in {place.name} beside {', '.join(header)}, but got none.", _KINDS)
