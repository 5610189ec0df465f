"""The walks that recognition takes: videos, folders of silhouettes and arrays, with their subject where it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.config import DEFAULT_PROFILE, PERSONS, Limits, PoseSettings, profile_named
from gait_core.errors import GaitError, InputError, NotFoundError, StorageError
from gait_core.learn.datasets.labelled_videos import videos_in
from gait_core.learn.datasets.table_file import read_table
from gait_core.phrases import plural
from gait_core.progress import Reporter
from gait_core.recognition.inputs.from_files import (
    NO_VIDEOS,
    SilhouetteFiles,
    find_silhouettes,
    rated_array,
    rated_files,
)
from gait_core.recognition.inputs.from_video import rated_walks
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.inputs.settings import InputSettings
from gait_core.recognition.networks.settings import NetworkSettings
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

__all__ = [
    "VIEW_CHOICES",
    "Outcome",
    "SourceReader",
    "WalkSource",
    "find_sources",
    "input_settings",
    "labelled_sources",
]

Outcome: TypeAlias = RatedFrames | GaitError
VIEW_CHOICES: Final = ("auto", "side", "front")
"""``auto``: as the landmarks show it; unknown for ready silhouettes."""
_ARRAYS: Final = (".npz", ".npy")
_AT_ONCE: Final = 24
_SUBJECT: Final = "subject"
_VIDEO: Final = "video"
_LABELS: Final = "labels.csv"


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkSource:
    """One walk to be embedded.

    Attributes
    ----------
    path : str
        Of the video, the array file or the folder of silhouettes; a made-up name for an array in memory.
    name : str
        For people.
    subject : str
        Who walks, where folders or a table say so.
    files : SilhouetteFiles or None
        Of ready silhouettes; None for a video.
    values : ndarray, shape (frames, height, width), or None
        Silhouettes in memory.
    """

    path: str
    name: str
    subject: str = ""
    files: SilhouetteFiles | None = None
    values: NDArray[Any] | None = None

    @property
    def kind(self) -> str:
        """``video`` or ``silhouettes``."""
        return "silhouettes" if self.files is not None or self.values is not None else "video"

    @classmethod
    def of_video(cls, path: Path, subject: str = "") -> WalkSource:
        """Return the source for a video."""
        return cls(path=str(path), name=path.name, subject=subject)

    @classmethod
    def of_files(cls, files: SilhouetteFiles, subject: str = "") -> WalkSource:
        """Return the source for ready silhouettes."""
        first = files.files[0]
        path = first if first.suffix.lower() in NO_VIDEOS else first.parent
        return cls(path=str(path), name=files.source, subject=subject or files.subject, files=files)


def input_settings(settings: NetworkSettings) -> InputSettings:
    """Return what has to be computed of each frame for a network, and no more.

    Returns
    -------
    InputSettings
        `maps` and `parsing` are on only where the network has such channels.
    """
    return InputSettings(maps="limb" in settings.channels, parsing="parsing" in settings.channels)


def find_sources(given: Sequence[str | NDArray[Any]]) -> list[WalkSource]:
    """Return the walks in files, folders and arrays.

    A folder stands for the videos in it and in all folders below; where there are none, for its silhouettes, see
    `gait_core.recognition.inputs.from_files.find_silhouettes`. A file that is missing is a source all the same, so
    that it gets its message and the others continue.

    Returns
    -------
    list of WalkSource
        In the order given.

    Raises
    ------
    InputError
        When nothing is given, or a folder holds neither videos nor silhouettes.
    """
    found: list[WalkSource] = []
    for number, one in enumerate(given):
        if isinstance(one, np.ndarray):
            found.append(WalkSource(path=f"array-{number + 1}", name=f"array-{number + 1}", values=one))
            continue
        path = Path(one).expanduser().absolute()
        if path.is_dir():
            videos = videos_in(path)
            found += [WalkSource.of_video(video) for video in videos]
            found += [] if videos else [WalkSource.of_files(files) for files in find_silhouettes(path)]
        elif path.suffix.lower() in _ARRAYS and path.is_file():
            found += [WalkSource.of_files(files) for files in find_silhouettes(path)]
        elif path.suffix.lower() in NO_VIDEOS:
            found.append(WalkSource.of_files(SilhouetteFiles(files=(path,))))
        else:
            found.append(WalkSource.of_video(path))
    if not found:
        raise InputError("Expected at least one walk, but got none.", "Name a video, or a folder of silhouettes.")
    return found


def labelled_sources(place: str) -> list[WalkSource]:
    """Return walks of known people.

    Parameters
    ----------
    place : str
        A table with the columns ``video`` (path of a video, an array file or a folder of silhouettes, relative to the
        table) and ``subject``; a folder with such a table, named ``labels.csv``; or a folder per subject.

    Returns
    -------
    list of WalkSource
        Each with its subject: line by line of the table, or folder by folder.

    Raises
    ------
    NotFoundError
        When there is no such place.
    InputError
        When a column or a cell is missing, or nothing is found.
    """
    path = Path(place).expanduser().absolute()
    if not path.exists():
        raise NotFoundError(f"Expected a folder or a table at {path}, but there is none.", "Check the path.")
    table = path if path.is_file() else path / _LABELS
    if table.is_file():
        return _of_table(table)
    folders = sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))
    found = [source for folder in folders for source in _of_subject(folder)]
    if not found:
        raise InputError(
            f"Expected a folder of walks for each person in {path}, but found none in "
            f"{plural(len(folders), 'folder')} there.",
            "Put the videos or silhouettes of each person into a folder with their pseudonym.",
        )
    return found


def _of_subject(folder: Path) -> list[WalkSource]:
    videos = videos_in(folder)
    if videos:
        return [WalkSource.of_video(video, folder.name) for video in videos]
    if not any(folder.iterdir()):
        return []
    return [WalkSource.of_files(files, folder.name) for files in find_silhouettes(folder)]


def _of_table(path: Path) -> list[WalkSource]:
    table = read_table(path)
    missing = [name for name in (_VIDEO, _SUBJECT) if name not in table.header]
    if missing:
        raise InputError(
            f"Expected columns {_VIDEO} and {_SUBJECT} in {path.name}, but {', '.join(missing)} is missing; it has "
            f"{', '.join(table.header)}.",
            "Name the columns in the first line.",
        )
    found: list[WalkSource] = []
    for line, video, subject in zip(table.lines, table.column(_VIDEO), table.column(_SUBJECT), strict=True):
        if not video or not subject:
            raise InputError(
                f"Expected a walk and its subject in line {line} of {path.name}, but one is missing.", "Fill it in."
            )
        walks = find_sources([str(path.parent / Path(video).expanduser())])
        found += [replace(walk, subject=subject) for walk in walks]
    if not found:
        raise InputError(f"Expected walks in {path.name}, but it has no lines.", "Add a line per walk.")
    return found


class SourceReader:
    """Reads walks as rated frames, a few at a time, in their order.

    Parameters
    ----------
    workspace : Workspace
    settings : InputSettings
    reporter : Reporter
    profile : str
        Performance profile, for videos.
    person : str
        Whom to follow where several people are in view.
    workers : int, optional
        Videos at once.
    pose : PoseSettings, optional
        In place of those of the profile.
    """

    def __init__(
        self,
        workspace: Workspace,
        settings: InputSettings,
        reporter: Reporter,
        *,
        profile: str = DEFAULT_PROFILE,
        person: str = PERSONS[0],
        workers: int | None = None,
        pose: PoseSettings | None = None,
    ) -> None:
        chosen = profile_named(profile, workspace.profiles)
        self._pose = pose or chosen.pose_settings().with_(person=person)
        self._limits: Limits = chosen.limits(workers)
        self._workspace, self._settings, self._reporter = workspace, settings, reporter

    def read(self, sources: Sequence[WalkSource]) -> Iterator[tuple[WalkSource, Outcome]]:
        """Yield each walk with its frames or with the error that concerns it alone.

        Raises
        ------
        MachineError
            When the machine lacks something, which no other walk could escape.
        Cancelled
            When the user stopped the work.
        """
        for start in range(0, len(sources), _AT_ONCE):
            some = sources[start : start + _AT_ONCE]
            videos = [source for source in some if source.kind == "video"]
            rated = iter(self._videos(videos))
            for source in some:
                self._reporter.check()
                yield source, next(rated) if source.kind == "video" else self._ready(source)

    def content_of(self, source: WalkSource) -> str:
        """Return the SHA-256 of a video, which is known from reading it; empty for silhouettes."""
        if source.kind != "video":
            return ""
        return probe(Path(source.path), MetadataCache.of(self._workspace)).content_sha256

    def _videos(self, videos: Sequence[WalkSource]) -> list[Outcome]:
        if not videos:
            return []
        return rated_walks(
            [source.path for source in videos],
            self._pose,
            self._settings,
            workspace=self._workspace,
            reporter=self._reporter,
            limits=self._limits,
        )

    def _ready(self, source: WalkSource) -> Outcome:
        try:
            if source.values is not None:
                return rated_array(source.values, source.name, self._settings, reporter=self._reporter)
            assert source.files is not None
            return rated_files(source.files, self._settings, reporter=self._reporter)
        except (InputError, NotFoundError, StorageError) as error:
            return error
