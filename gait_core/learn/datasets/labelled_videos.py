"""Which video shows whom and what: from a folder per class, or from a label file."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gait_core.errors import InputError
from gait_core.learn.datasets.column_names import did_you_mean
from gait_core.learn.datasets.dataset import Fact
from gait_core.learn.datasets.labelled_table import LABEL, SUBJECT, check_key_columns, fact_of, is_covariate
from gait_core.learn.datasets.problems import Problem, listed
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.table_file import Table, read_table

__all__ = ["VIDEO", "LabelledVideo", "LabelledVideos", "class_folders", "label_file", "videos_in"]

VIDEO: Final = "video"
_SPLIT: Final = "split"
_SPLITS: Final = ("train", "test")
_LIKE: Final = 0.7
_ENDINGS: Final = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".3gp", ".mts"})


@dataclass(frozen=True, kw_only=True)
class LabelledVideo:
    """One video with what it shows.

    Attributes
    ----------
    path : Path
    name : str
        As the user knows it: relative to the dataset.
    subject, label : str
    """

    path: Path
    name: str
    subject: str
    label: str


@dataclass(frozen=True, kw_only=True)
class LabelledVideos:
    """All videos of a dataset.

    Attributes
    ----------
    videos : tuple of LabelledVideo
    facts : tuple of Fact
        Covariates.
    splits : dict of str to str
        Subject → ``train`` or ``test``.
    problems : tuple of Problem
    """

    videos: tuple[LabelledVideo, ...]
    facts: tuple[Fact, ...]
    splits: dict[str, str]
    problems: tuple[Problem, ...]


def videos_in(folder: Path) -> list[Path]:
    """Return the videos in a folder and all folders in it, by name; hidden ones and links that lead back are not.

    Returns
    -------
    list of Path
    """
    found: list[Path] = []
    entered: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(place, name)
            for name in sorted(files)
            if not name.startswith(".") and Path(name).suffix.lower() in _ENDINGS
        ]
    return sorted(found)


def class_folders(folder: Path, settings: DatasetSettings) -> LabelledVideos:
    """Read a folder per class of videos.

    Parameters
    ----------
    folder : Path
        Each folder in it is a class. The subject of a video is the folder within that of the class, where there is
        one; else its file name up to the first ``_``; or what `DatasetSettings.subject_pattern` finds.

    Returns
    -------
    LabelledVideos

    Raises
    ------
    InputError
        When there is no video in any folder, or the pattern finds nothing in a file name.
    """
    videos: list[LabelledVideo] = []
    empty: list[str] = []
    for own in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found = [
            LabelledVideo(
                path=path,
                name=str(path.relative_to(folder)),
                subject=_subject(path.relative_to(own), settings),
                label=own.name,
            )
            for path in videos_in(own)
        ]
        videos += found
        if not found:
            empty.append(own.name)
    if not videos:
        raise InputError(
            f"Expected a folder of videos per class in {folder}, but found no video.",
            f"Put the videos ({', '.join(sorted(_ENDINGS))}) into folders named by class.",
        )
    problems = []
    if empty:
        problems.append(
            Problem(
                code="empty_class",
                message=f"No video is in folder {listed(empty)}: not a class.",
                remedy="Add videos or delete the folder.",
                severity="warning",
                items=tuple(empty),
            )
        )
    loose = [path.name for path in sorted(folder.iterdir()) if path.is_file() and path.suffix.lower() in _ENDINGS]
    if loose:
        problems.append(
            Problem(
                code="videos_without_class",
                message=f"{len(loose)} videos are in no folder of a class and are not used: {listed(loose)}.",
                remedy="Move them into the folder of their class.",
                severity="warning",
                items=tuple(loose),
            )
        )
    return LabelledVideos(videos=tuple(videos), facts=(), splits={}, problems=tuple(problems))


def _subject(inside: Path, settings: DatasetSettings) -> str:
    if settings.subject_pattern:
        match = re.search(settings.subject_pattern, inside.name)
        found = (match[1] if match.re.groups else match[0]) if match else None
        if not found:
            raise InputError(
                f"Expected subject_pattern {settings.subject_pattern!r} to find the subject in {inside.name!r}, but it "
                "finds nothing.",
                "Correct the pattern or rename the file.",
            )
        return str(found)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem.split("_")[0]


def label_file(path: Path) -> LabelledVideos:
    """Read a label file: ``video,label,subject[,split]``, the videos relative to its folder.

    Upper and lower case are the same in these names. Columns that describe the person or the recording (``speed_mps``,
    ``age`` …) are kept as covariates.

    Returns
    -------
    LabelledVideos

    Raises
    ------
    InputError
        When a column is missing, a cell is empty, or a subject is both in ``train`` and in ``test``.
    """
    table = read_table(path)
    missing = [name for name in (VIDEO, LABEL, SUBJECT) if name not in table.header]
    if missing:
        raise InputError(
            f"Expected columns {VIDEO}, {LABEL}, {SUBJECT} in {path.name}, but {', '.join(missing)} is missing; it has "
            f"{', '.join(table.header)}.",
            f"{did_you_mean(missing, table.header)}Name the columns in the first line.",
        )
    check_key_columns(table, (VIDEO, LABEL, SUBJECT))
    problems = _unknown_columns(table)
    kept, repeats = _without_repeats(table)
    cells = [table.column(name) for name in (VIDEO, SUBJECT, LABEL)]
    videos = tuple(
        LabelledVideo(path=_absolute(path.parent, cells[0][row]), name=cells[0][row], subject=subject, label=label)
        for row, (subject, label) in enumerate(zip(cells[1], cells[2], strict=True))
        if row in kept
    )
    return LabelledVideos(
        videos=videos,
        facts=tuple(fact_of(table, name) for name in table.header if is_covariate(name)),
        splits=_splits(table),
        problems=(*problems, *repeats),
    )


def _absolute(folder: Path, name: str) -> Path:
    return (folder / Path(name).expanduser()).absolute()


def _unknown_columns(table: Table) -> list[Problem]:
    known = (VIDEO, LABEL, SUBJECT, _SPLIT)
    unknown = [name for name in table.header if name not in known and not is_covariate(name)]
    meant = [name for name in unknown if difflib.get_close_matches(name.casefold(), [_SPLIT], cutoff=_LIKE)]
    problems = []
    if meant:
        problems.append(
            Problem(
                code="misspelt_column",
                message=f"Expected columns {', '.join(known)} in {table.path.name}, but got {', '.join(meant)}, which "
                f"looks like {_SPLIT!r}.",
                remedy=f"Rename it to {_SPLIT!r}, or to something else.",
                items=tuple(meant),
            )
        )
    others = [name for name in unknown if name not in meant]
    if others:
        problems.append(
            Problem(
                code="unknown_columns",
                message=f"Columns of {table.path.name} that are not known and not used: {listed(others)}.",
                remedy=f"Known are {', '.join(known)} and covariates such as speed_mps, age_years, sex.",
                severity="warning",
                items=tuple(others),
            )
        )
    return problems


def _without_repeats(table: Table) -> tuple[set[int], list[Problem]]:
    """Return the rows that count, and what to know about videos that are named more than once."""
    first: dict[str, int] = {}
    kept: set[int] = set()
    twice, contrary = [], []
    for row, (video, label, subject) in enumerate(zip(*map(table.column, (VIDEO, LABEL, SUBJECT)), strict=True)):
        key = os.path.normcase(_absolute(table.path.parent, video))
        before = first.setdefault(os.path.normpath(key), row)
        if before == row:
            kept.add(row)
        elif (table.column(LABEL)[before], table.column(SUBJECT)[before]) == (label, subject):
            twice.append(f"{video} (line {table.lines[row]})")
        else:
            contrary.append(f"{video} (lines {table.lines[before]} and {table.lines[row]})")
    problems = []
    if twice:
        problems.append(
            Problem(
                code="duplicate_rows",
                message=f"{len(twice)} lines of {table.path.name} repeat an earlier one and are used once: "
                f"{listed(twice)}.",
                remedy="Delete them.",
                severity="warning",
                items=tuple(twice),
            )
        )
    if contrary:
        problems.append(
            Problem(
                code="one_video_two_labels",
                message=f"{len(contrary)} videos of {table.path.name} are given two labels or subjects: "
                f"{listed(contrary)}.",
                remedy="Keep the right line and delete the other.",
                items=tuple(contrary),
            )
        )
    return kept, problems


def _splits(table: Table) -> dict[str, str]:
    if _SPLIT not in table.header:
        return {}
    found: dict[str, str] = {}
    for place, (subject, split) in enumerate(zip(table.column(SUBJECT), table.column(_SPLIT), strict=True)):
        if split not in _SPLITS:
            raise InputError(
                f"Expected split {' or '.join(_SPLITS)} in line {table.lines[place]} of {table.path.name}, but got "
                f"{split!r}.",
                "Correct the cell.",
            )
        if found.setdefault(subject, split) != split:
            raise InputError(
                f"Expected all videos of subject {subject} in one split of {table.path.name}, but line "
                f"{table.lines[place]} puts one into {split}, another is in {found[subject]}.",
                "Put all videos of a person on the same side: data that a model was trained on are no test.",
            )
    return found
