"""Finds the landmarks in videos: a few counted in frames, or whole folders, continued where they stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gait_core.config import DEFAULT_PROFILE, Limits, PoseSettings, Settings, profile_named
from gait_core.errors import GaitError, InputError
from gait_core.phrases import plural
from gait_core.progress import Reporter
from gait_core.workspace import Workspace, safe_name

if TYPE_CHECKING:
    from gait_core.pose.extract import ExtractedWalk
    from gait_core.pose.extract_on import RemoteWalk
    from gait_core.pose.track import Track

__all__ = ["AT_ONCE", "ExtractRequest", "extract_walks", "videos_of"]

AT_ONCE: Final = 24
"""Up to this many videos are held in memory as a whole and counted in frames; beyond it only facts are kept."""

_VIDEO_ENDINGS: Final = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".3gp", ".mts"})


@dataclass(frozen=True, kw_only=True)
class ExtractRequest(Settings):
    """What `extract_walks` is to do.

    Attributes
    ----------
    videos : sequence of str
        Videos, and folders that are searched with all folders in them; absolute paths.
    profile : str
    engine : str or None
        What runs the pose model; None leaves it to the profile.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    workers : int or None
        Videos at once.
    use_cache : bool
        False neither reads nor writes cached landmarks.
    cluster : str or None
        Address of the scheduler of a Dask cluster that does the work.
    export : str or None
        Folder that also receives the landmarks as ``.keypoints.json.gz`` and ``.npz``.
    """

    videos: Sequence[str]
    profile: str = DEFAULT_PROFILE
    engine: str | None = None
    person: str = "auto"
    workers: int | None = None
    use_cache: bool = True
    cluster: str | None = None
    export: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cluster and not self.use_cache:
            raise InputError(
                "Expected --cluster or --no-cache, but got both.",
                "The machines of a cluster hand over the landmarks through the cache: omit --no-cache.",
            )


def extract_walks(
    request: ExtractRequest,
    workspace: Workspace,
    reporter: Reporter,
    *,
    on_walk: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Find the landmarks in videos; the landmarks stay in the cache, and facts about each video come back.

    Parameters
    ----------
    request : ExtractRequest
    workspace : Workspace
    reporter : Reporter
        Stage ``extract``.
    on_walk : callable, optional
        Receives the entry of each video as soon as it is known.

    Returns
    -------
    dict
        ``walks``: one entry per video, in order, as ``extract --json`` prints it; a video that failed has ``error`` and
        the others go on. ``timing_s``.

    Raises
    ------
    GaitError
        When the settings are wrong or the machine lacks something.
    Cancelled
        When the user stopped the work; what is finished is in the cache.
    """
    profile = profile_named(request.profile, workspace.profiles)
    settings = profile.pose_settings().with_(engine=request.engine or profile.engine, person=request.person)
    paths = [Path(path) for path in videos_of(request.videos, deep=True)]
    entries = _Entries(paths, request.export, workspace, on_walk)
    limits = profile.limits(request.workers)
    with reporter.stage("extract", f"Finding the landmarks in {plural(len(paths), 'video')}"):
        if request.cluster:
            from gait_core.pose.extract_on import extract_on

            extract_on(request.cluster, paths, settings, workspace=workspace, reporter=reporter, on_result=entries.take)
        elif len(paths) > AT_ONCE and request.use_cache:
            _extract_folder(paths, settings, workspace, reporter, limits, entries.take)
        else:
            _extract_few(paths, settings, workspace, reporter, limits, entries.take, use_cache=request.use_cache)
    return {"walks": entries.in_order(), "timing_s": reporter.timing_s}


def videos_of(paths: Sequence[str], *, deep: bool = False, markers: bool = False) -> list[str]:
    """Return the videos named, those of a folder in the order of their names; hidden ones are left out.

    A folder without videos is kept as it is, so that it gets its message and the other videos continue.

    Parameters
    ----------
    paths : sequence of str
        Videos and folders.
    deep : bool
        Also look into the folders of a folder; each is entered once, however it is linked.
    markers : bool
        Count the ``.c3d`` files of a folder as well: where walks with markers are measured like videos. An ``.npz``
        file has to be named, for any array may be in one.

    Returns
    -------
    list of str
        Absolute paths.
    """
    found: list[str] = []
    for path in (Path(path).expanduser().absolute() for path in paths):
        if not path.is_dir():
            found.append(str(path))
            continue
        inside = sorted(_inside(path, _VIDEO_ENDINGS | {".c3d"} if markers else _VIDEO_ENDINGS, deep=deep))
        found += map(str, inside or [path])
    return found


def _inside(folder: Path, endings: frozenset[str], *, deep: bool) -> Iterator[Path]:
    entered: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        status = Path(place).stat()
        here = (status.st_dev, status.st_ino)
        if here in entered:
            folders.clear()  # a link that leads back
            continue
        entered.add(here)
        # Sorted, so that of two paths to one folder the same one is always used.
        folders[:] = sorted(name for name in folders if deep and not name.startswith("."))
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in endings:
                yield Path(place, name)


def _extract_folder(
    paths: list[Path],
    settings: PoseSettings,
    workspace: Workspace,
    reporter: Reporter,
    limits: Limits,
    take: Callable[[int, RemoteWalk | GaitError], None],
) -> None:
    from gait_core.pose.extract import default_workers
    from gait_core.pose.extract_on import extract_on
    from gait_core.runtime.executors import local_threads

    at_once = limits.workers or default_workers()
    with local_threads(at_once) as pool:
        extract_on(
            pool, paths, settings, workspace=workspace, reporter=reporter, videos_at_once=at_once, on_result=take
        )


def _extract_few(
    paths: list[Path],
    settings: PoseSettings,
    workspace: Workspace,
    reporter: Reporter,
    limits: Limits,
    take: Callable[[int, ExtractedWalk | GaitError], None],
    *,
    use_cache: bool,
) -> None:
    from gait_core.pose.extract import extract_many

    for first in range(0, len(paths), AT_ONCE):
        part = paths[first : first + AT_ONCE]
        extract_many(
            part,
            settings,
            workspace=workspace,
            reporter=reporter,
            limits=limits,
            use_cache=use_cache,
            on_result=partial(_take_from, take, first),
        )


def _take_from(
    take: Callable[[int, ExtractedWalk | GaitError], None], first: int, number: int, outcome: ExtractedWalk | GaitError
) -> None:
    """Hand on one outcome of a part that begins at `first`."""
    take(first + number, outcome)


class _Entries:
    """What is reported of every video: kept as small facts, passed on as they come."""

    def __init__(
        self,
        paths: list[Path],
        export: str | None,
        workspace: Workspace,
        on_walk: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        from gait_core.pose.failures import FailureLog

        self._paths, self._export, self._workspace, self._on_walk = paths, export, workspace, on_walk
        self._failures = FailureLog(workspace)
        self._entries: dict[int, dict[str, Any]] = {}

    def take(self, number: int, outcome: ExtractedWalk | RemoteWalk | GaitError) -> None:
        """Take what `extract_many` or `extract_on` gave for one video."""
        path = self._paths[number]
        entry: dict[str, Any] = {"path": str(path)}
        before = self._failures.last(path)
        if before is not None:
            entry["failed_before"] = before
        failure = outcome if isinstance(outcome, GaitError) else None
        if failure is not None or before is not None:
            self._failures.note(path, failure)
        entry |= {"error": outcome.to_dict()} if isinstance(outcome, GaitError) else self._facts(path, outcome)
        self._entries[number] = entry
        if self._on_walk is not None:
            self._on_walk(entry)

    def _facts(self, path: Path, outcome: ExtractedWalk | RemoteWalk) -> dict[str, Any]:
        from gait_core.pose.extracted import ExtractedWalk

        track = outcome.track if isinstance(outcome, ExtractedWalk) else None
        if isinstance(outcome, ExtractedWalk):
            known = {
                "frames": len(outcome.track),
                "detection_rate": outcome.track.detection_rate,
                "frame_rate_hz": outcome.track.frame_rate_hz,
                "cached": outcome.cached,
                "warnings": [warning.to_dict() for warning in outcome.warnings],
            }
        else:
            names = ("frames", "detection_rate", "frame_rate_hz", "cached", "warnings", "worker")
            known = {name: getattr(outcome, name) for name in names} | {"warnings": list(map(dict, outcome.warnings))}
        if self._export:
            known |= self._exported(path, outcome.address, track)
        return known

    def _exported(self, path: Path, address: str, track: Track | None) -> dict[str, str]:
        from gait_core.pose.extract import load_track
        from gait_core.report.exports.keypoints import export_track

        stem = f"{safe_name(path.stem)}-{address[:8]}"
        track = track or load_track(self._workspace, address)
        return {
            name: str(file)
            for name, file in export_track(track, Path(self._export or ""), stem, name=path.name).items()
        }

    def in_order(self) -> list[dict[str, Any]]:
        """Return all entries in the order of the videos."""
        return [self._entries[number] for number in range(len(self._paths))]
