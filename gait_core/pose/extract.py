"""From video files to tracks: cached by content, several at once, in the order of the input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gait_core.cache import ArrayCache
from gait_core.config import Limits, PoseSettings
from gait_core.errors import GaitError, NotFoundError, SettingsError
from gait_core.pose.batch import Batch, OnResult
from gait_core.pose.extracted import STAGE, TRACK_KIND, ExtractedWalk, default_workers, track_address
from gait_core.pose.track import Track
from gait_core.pose.usability import warnings_of
from gait_core.progress import Reporter, silent
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

__all__ = [
    "STAGE",
    "ExtractedWalk",
    "default_workers",
    "extract_many",
    "extract_track",
    "load_track",
    "load_walk",
    "track_address",
]


def extract_track(
    path: Path | str,
    settings: PoseSettings,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    use_cache: bool = True,
    limits: Limits | None = None,
    share: int = 1,
) -> ExtractedWalk:
    """Find the landmarks in one video.

    Parameters
    ----------
    path : path-like
        Video file.
    settings : PoseSettings
    workspace : Workspace
        Holds the cache.
    reporter : Reporter, optional
        Receives the progress; checked for cancellation on every frame.
    use_cache : bool
        False analyses the video even when its landmarks are known, and keeps nothing.
    limits : Limits, optional
        Memory, and frames decoded ahead.
    share : int
        How many such calls run side by side in this process and share its CPUs.

    Returns
    -------
    ExtractedWalk
        `cached` is True where the landmarks were known already.

    Raises
    ------
    VideoError
        When the file cannot be used; `WalkRefused` when no gait can be measured from it.
    ModelError, LibraryError, StorageError
        When the machine lacks something.
    Cancelled
        When the user stopped the work.
    """
    batch = Batch([Path(path)], settings, workspace, reporter or silent(), use_cache, limits or Limits())
    (outcome,) = batch.run(share=share)
    if isinstance(outcome, GaitError):
        raise outcome
    return outcome


def extract_many(
    paths: Sequence[Path | str],
    settings: PoseSettings,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    limits: Limits | None = None,
    use_cache: bool = True,
    masks: bool = False,
    on_result: OnResult | None = None,
) -> list[ExtractedWalk | GaitError]:
    """Find the landmarks in several videos at once.

    Parameters
    ----------
    paths : sequence of path-like
    settings : PoseSettings
    workspace : Workspace
    reporter : Reporter, optional
        Stage ``extract``; one item per video and the total, in frames.
    limits : Limits, optional
        Videos at once (default one more than CPUs, at most five), memory, frames decoded ahead.
    use_cache : bool
    masks : bool
        Also keep the outline of the person in every frame in the cache, from the same decode; see
        `gait_core.pose.masks.load_masks`.
    on_result : callable, optional
        Receives place and outcome of each video in order, as soon as it is known and while others are at work; what it
        raises ends the run.

    Returns
    -------
    list of ExtractedWalk or GaitError
        In the order of `paths`; a video that cannot be used is its error, and the others continue.

    Raises
    ------
    ModelError, LibraryError, StorageError
        When the machine lacks something, which no other video could escape.
    SettingsError
        When masks are asked for without the cache.
    Cancelled
        When the user stopped the work.
    """
    if masks and not use_cache:
        raise SettingsError(
            "Expected the cache to be used where masks are asked for, but it is not.",
            "Masks are kept in the cache: extract with it.",
        )
    files, bounds = [Path(path) for path in paths], limits or Limits()
    batch = Batch(files, settings, workspace, reporter or silent(), use_cache, bounds, masks=masks)
    return batch.run(on_result=on_result)


def load_track(workspace: Workspace, address: str) -> Track:
    """Return landmarks from the cache by their address.

    Returns
    -------
    Track

    Raises
    ------
    NotFoundError
        When they are no longer there.
    """
    entry = ArrayCache.of(workspace).get(TRACK_KIND, address)
    if entry is None:
        raise NotFoundError(
            f"Expected landmarks {address[:8]} in the cache, but they are no longer there.",
            "The cache may be too small for this folder: set GAIT_CACHE_LIMIT_BYTES higher and run again.",
        )
    return Track.from_arrays(entry.arrays, entry.meta)


def load_walk(path: Path, address: str, *, workspace: Workspace, cached: bool = True) -> ExtractedWalk:
    """Return the walk of a video whose landmarks are in the cache.

    Parameters
    ----------
    path : Path
    address : str
        Where the landmarks lie in the cache.
    workspace : Workspace
    cached : bool
        What is reported of the walk: False where the landmarks were found only now.

    Returns
    -------
    ExtractedWalk
        Its warnings are derived again from the landmarks and the video.

    Raises
    ------
    NotFoundError
        When the landmarks are no longer there.
    VideoError
        When the video is no longer there or cannot be used.
    """
    track, info = load_track(workspace, address), probe(path, MetadataCache.of(workspace))
    return ExtractedWalk(track=track, info=info, cached=cached, address=address, warnings=warnings_of(track, info))
