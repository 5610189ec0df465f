"""Datasets of videos: each is decoded once, ever, and becomes windows, curves or a clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gait_core.cache import ArrayCache
from gait_core.config import profile_named
from gait_core.errors import GaitError
from gait_core.learn.datasets.classes import class_order
from gait_core.learn.datasets.dataset import Dataset, Fact, Reading
from gait_core.learn.datasets.gathered import GatheredRows
from gait_core.learn.datasets.labelled_videos import LabelledVideo, LabelledVideos, class_folders, label_file
from gait_core.learn.datasets.problems import Problem, listed
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.walk_rows import Rows, rows_of_walk
from gait_core.pose.extract import track_address
from gait_core.progress import Reporter
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.walks.clips import clip_address
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workspace import Workspace

__all__ = ["FolderDataset", "LabelFileDataset"]

_STAGE: Final = "dataset"
_AT_ONCE: Final = 16
"""Videos whose landmarks lie in memory at the same time."""


class VideoDataset(Dataset):
    """Labelled videos; see `FolderDataset` and `LabelFileDataset`."""

    def __init__(self, path: Path, settings: DatasetSettings, found: LabelledVideos) -> None:
        self.videos = found.videos
        super().__init__(
            path,
            settings,
            subjects=[video.subject for video in found.videos],
            labels=[video.label for video in found.videos],
            facts=found.facts,
            problems=found.problems,
            splits=found.splits,
        )

    def _read(self, settings: DatasetSettings, workspace: Workspace | None, reporter: Reporter) -> Reading:
        workspace = workspace or Workspace()
        workspace.check_writable()
        with reporter.stage(_STAGE, f"Reading {len(self.videos)} videos"):
            once, problems, facts, failed = _distinct(self.videos, workspace, reporter)
            classes = class_order([label for _, label in self.labelled], settings.reference_class)
            with GatheredRows(settings, _folder(workspace)) as gathered:
                for video, outcome in _prepared(once, settings, workspace, reporter):
                    if isinstance(outcome, GaitError):
                        failed.append((video, outcome))
                        reporter.item_end(_STAGE, video.name, state="failed", message=outcome.message)
                    else:
                        gathered.add(outcome, subject=video.subject, label=video.label, walk=video.name)
                samples = gathered.samples(classes) if len(gathered) else None
        problems += _unusable(failed, len(self.videos))
        if samples is None:
            problems.append(
                Problem(
                    code="no_rows",
                    message=f"Expected walks to learn from in {self.path}, but none of {len(self.videos)} videos can "
                    "be used.",
                    remedy="Look at the reasons given for the videos.",
                )
            )
        return Reading(samples=samples, problems=tuple(problems), facts=facts)


class FolderDataset(VideoDataset):
    """A folder per class of videos; see `class_folders`."""

    kind = "videos"

    def __init__(self, path: Path, settings: DatasetSettings) -> None:
        super().__init__(path, settings, class_folders(path, settings))


class LabelFileDataset(VideoDataset):
    """Videos with a label file; see `label_file`."""

    kind = "labels"

    def __init__(self, path: Path, settings: DatasetSettings, labels: Path | None = None) -> None:
        super().__init__(path, settings, label_file(labels or path))


def _folder(workspace: Workspace) -> Path:
    with suppress(OSError):
        workspace.cache.mkdir(parents=True, exist_ok=True)
    return workspace.cache


def _prepared(
    videos: Sequence[LabelledVideo], settings: DatasetSettings, workspace: Workspace, reporter: Reporter
) -> Iterator[tuple[LabelledVideo, Rows | GaitError]]:
    """Yield the rows of each video in order; only a few walks lie in memory at the same time."""
    cache = ArrayCache.of(workspace)
    for first in range(0, len(videos), _AT_ONCE):
        part = videos[first : first + _AT_ONCE]
        # A single part shows every frame; of many parts only the videos are counted.
        inner = reporter if len(videos) <= _AT_ONCE else reporter.without_events()
        outcomes = _walks(part, settings, workspace, inner)
        for number, (video, outcome) in enumerate(zip(part, outcomes, strict=True), start=first + 1):
            reporter.check()
            yield video, outcome if isinstance(outcome, GaitError) else rows_of_walk(outcome, settings, cache)
            reporter.progress(_STAGE, number, len(videos), "videos")


def _walks(
    videos: Sequence[LabelledVideo], settings: DatasetSettings, workspace: Workspace, reporter: Reporter
) -> list[PreparedWalk | GaitError]:
    """Return the walks of some videos, with masks where clips have still to be made of them."""
    profile = profile_named(settings.profile, workspace.profiles)
    pose = profile.pose_settings().with_(person=settings.person)

    def prepared(paths: Sequence[Path], masks: bool) -> list[PreparedWalk | GaitError]:
        return prepare_walks(
            paths,
            pose,
            settings.feature_settings(),
            workspace,
            reporter,
            limits=profile.limits(None),
            need_windows=settings.rows == "windows",
            masks=masks,
        )

    paths = [video.path for video in videos]
    if settings.rows != "clips":
        return prepared(paths, False)
    cache, metadata = ArrayCache.of(workspace), MetadataCache.of(workspace)
    addresses = [track_address(probe(path, metadata), pose, reporter) for path in paths]
    known = [cache.holds(*clip_address(address, settings.channels)) for address in addresses]
    found: dict[Path, PreparedWalk | GaitError] = {}
    for masks in (False, True):
        some = [path for path, there in zip(paths, known, strict=True) if there != masks]
        found |= zip(some, prepared(some, masks) if some else [], strict=True)
    return [found[path] for path in paths]


def _distinct(
    videos: Sequence[LabelledVideo], workspace: Workspace, reporter: Reporter
) -> tuple[list[LabelledVideo], list[Problem], tuple[Fact, ...], list[tuple[LabelledVideo, GaitError]]]:
    """Probe the videos; return those of different content, and what is known of them."""
    metadata = MetadataCache.of(workspace)
    first: dict[str, LabelledVideo] = {}
    failed: list[tuple[LabelledVideo, GaitError]] = []
    same: list[str] = []
    contrary: list[str] = []
    readable: list[LabelledVideo] = []
    known: dict[str, list[float]] = {"frame width, px": [], "frame height, px": [], "frame rate, Hz": []}
    for video in videos:
        reporter.check()
        try:
            info = probe(video.path, metadata)
        except GaitError as error:
            failed.append((video, error))
            continue
        before = first.setdefault(info.content_sha256, video)
        if before is not video:
            alike = (before.label, before.subject) == (video.label, video.subject)
            (same if alike else contrary).append(f"{before.name} = {video.name}")
            continue
        readable.append(video)
        sizes = (info.width_px, info.height_px, info.frame_rate_hz)
        for values, value in zip(known.values(), sizes, strict=True):
            values.append(round(float(value), 2))
    facts = tuple(
        Fact(
            name=name,
            subjects=tuple(video.subject for video in readable),
            labels=tuple(video.label for video in readable),
            values=tuple(values),
        )
        for name, values in known.items()
    )
    return readable, _same_bytes(same, contrary), facts, failed


def _same_bytes(same: list[str], contrary: list[str]) -> list[Problem]:
    problems = []
    if same:
        problems.append(
            Problem(
                code="same_video_twice",
                message=f"{len(same)} videos are copies of another of the same subject and are used once: "
                f"{listed(same)}.",
                remedy="Delete the copies.",
                severity="warning",
                items=tuple(same),
            )
        )
    if contrary:
        problems.append(
            Problem(
                code="same_video_two_labels",
                message=f"{len(contrary)} videos are copies of another that has a different label or subject: "
                f"{listed(contrary)}.",
                remedy="Find out which is right and delete the other: it would be learned from and tested on.",
                items=tuple(contrary),
            )
        )
    return problems


def _unusable(failed: Sequence[tuple[LabelledVideo, GaitError]], total: int) -> list[Problem]:
    if not failed:
        return []
    return [
        Problem(
            code="unusable_videos",
            message=f"{len(failed)} of {total} videos cannot be used and are left out: "
            f"{listed([video.name for video, _ in failed])}.",
            remedy="Look at the reasons; correct or replace the videos.",
            severity="warning",
            items=tuple(f"{video.name}: {error}" for video, error in failed),
        )
    ]
