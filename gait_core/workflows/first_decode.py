"""Outlines for the models of clips, from the decode that an analysis makes anyway; no video is decoded twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gait_core.cache import ArrayCache
from gait_core.config import Limits, PoseSettings
from gait_core.errors import InputError
from gait_core.pose.extract import extract_many, track_address
from gait_core.pose.extracted import TRACK_KIND
from gait_core.progress import Reporter
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

__all__ = ["decode_with_outlines"]


def decode_with_outlines(
    paths: Sequence[Path],
    pose: PoseSettings,
    workspace: Workspace,
    reporter: Reporter,
    *,
    limits: Limits | None = None,
) -> frozenset[str]:
    """Find the landmarks and outlines of videos whose landmarks are not known yet, and leave the others alone.

    Parameters
    ----------
    paths : sequence of Path
        Videos; what is wrong with one is left to the analysis to report.
    pose : PoseSettings
        As for the analysis.
    workspace : Workspace
        Its cache receives both.
    reporter : Reporter
        Stage ``extract``.
    limits : Limits, optional
        Of the extraction.

    Returns
    -------
    frozenset of str
        Paths of the videos that were decoded.

    Raises
    ------
    ModelError, LibraryError, StorageError
        When the machine lacks something, which no other video could escape.
    Cancelled
        When the user stopped the work.
    """
    cache, metadata = ArrayCache.of(workspace), MetadataCache.of(workspace)
    unknown = [path for path in paths if _is_unknown(path, pose, cache, metadata, reporter)]
    if unknown:
        with reporter.stage("extract", "Finding the person in every frame"):
            extract_many(unknown, pose, workspace=workspace, reporter=reporter, limits=limits, masks=True)
    return frozenset(map(str, unknown))


def _is_unknown(path: Path, pose: PoseSettings, cache: ArrayCache, metadata: MetadataCache, reporter: Reporter) -> bool:
    try:
        return not cache.holds(TRACK_KIND, track_address(probe(path, metadata), pose, reporter))
    except InputError:
        return False
