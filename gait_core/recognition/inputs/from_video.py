"""From walking videos to sequences: out of the cached masks and landmarks, without another decode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import ArrayCache, Entry
from gait_core.config import FeatureSettings, Limits, PoseSettings, digest_of
from gait_core.errors import GaitError, InputError, StorageError
from gait_core.gait.view import look
from gait_core.gait.walk_warnings import WIDEST_VIEW_DEG
from gait_core.pose.extract import ExtractedWalk, extract_many, track_address
from gait_core.pose.masks import PersonMasks, load_masks
from gait_core.pose.track import Track
from gait_core.progress import Reporter, silent
from gait_core.recognition.inputs.building import Placed, SequenceBuilder
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.recognition.inputs.settings import InputSettings
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.walks.joints import LEFT_HIP, RIGHT_HIP, Joints, coco_joints
from gait_core.walks.silhouettes import upright_mask
from gait_core.walks.skeleton_maps import skeleton_maps
from gait_core.workspace import Workspace

__all__ = ["FRAMES_KIND", "rate_walk", "rated_walks", "sequence_from_walk", "view_of"]

FRAMES_KIND: Final = "recognition-frames"
"""Kind of the cached product."""
STAGE: Final = "silhouettes"
_VERSION: Final = 1
_NARROWEST_FRONT_DEG: Final = 60.0


def sequence_from_walk(
    path: Path | str,
    pose: PoseSettings,
    settings: InputSettings | None = None,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    limits: Limits | None = None,
) -> GaitSequence:
    """Return the good frames of one walking video; see `rated_walks`.

    Parameters
    ----------
    path : path-like
    pose : PoseSettings
        How landmarks and masks are extracted.
    settings : InputSettings, optional
        Which frames count as good, and what is computed from them.
    workspace : Workspace
        Its cache holds landmarks, masks and rated frames.
    reporter : Reporter, optional
        Stages ``extract`` and ``silhouettes``.
    limits : Limits, optional
        Of the extraction.

    Returns
    -------
    GaitSequence
        At least one frame; `source` is the name of the file.

    Raises
    ------
    GaitError
        When the video cannot be used; `InputError` with the counts per reason when none of its frames is good.
    """
    (found,) = rated_walks([path], pose, settings, workspace=workspace, reporter=reporter, limits=limits)
    if isinstance(found, GaitError):
        raise found
    return found.sequence


def rated_walks(
    paths: Sequence[Path | str],
    pose: PoseSettings,
    settings: InputSettings | None = None,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    limits: Limits | None = None,
) -> list[RatedFrames | GaitError]:
    """Return the frames of walking videos, aligned and rated.

    Masks come from the same decode as the landmarks. What is in the cache is not computed again: known frames need
    neither video nor masks, known masks no video.

    Parameters
    ----------
    paths : sequence of path-like
    pose : PoseSettings
    settings : InputSettings, optional
    workspace : Workspace
        Its cache holds landmarks, masks and the result.
    reporter : Reporter, optional
        Stages ``extract`` and ``silhouettes``.
    limits : Limits, optional
        Of the extraction.

    Returns
    -------
    list of RatedFrames or GaitError
        In the order of `paths`; a video that cannot be used is its error, and the others continue.

    Raises
    ------
    ModelError, LibraryError, StorageError
        When the machine lacks something, which no other video could escape.
    Cancelled
        When the user stopped the work.
    """
    settings, reporter = settings or InputSettings(), reporter or silent()
    files = [Path(path) for path in paths]
    known = [_known(file, pose, settings, workspace, reporter) for file in files]
    missing = [number for number, found in enumerate(known) if found is None]
    walks = extract_many(
        [files[number] for number in missing],
        pose,
        workspace=workspace,
        reporter=reporter,
        limits=limits,
        masks=True,
    )
    computed = dict(zip(missing, walks, strict=True))
    results: list[RatedFrames | GaitError] = []
    for number, file in enumerate(files):
        found = known[number]
        results.append(_computed(file, computed[number], settings, workspace, reporter) if found is None else found)
        reporter.progress(STAGE, number + 1, len(files), "videos")
    return results


def rate_walk(
    source: str, track: Track, masks: PersonMasks, settings: InputSettings, reporter: Reporter | None = None
) -> RatedFrames:
    """Align and rate the frames of a walk whose landmarks and masks are known.

    Parameters
    ----------
    source : str
        How the walk is called.
    track : Track
    masks : PersonMasks
        Of the same frames.
    settings : InputSettings
    reporter : Reporter, optional
        Checked for cancellation on every frame.

    Returns
    -------
    RatedFrames
        Every frame of `track`, numbered from 0. `maps` and `parsing` are None where `settings` turns them off or the
        landmarks of no frame allow them.

    Raises
    ------
    InputError
        When landmarks and masks are not of the same frames.
    """
    if len(track) != len(masks):
        raise InputError(
            f"Expected masks for the {len(track)} frames of {source}, but got {len(masks)}.",
            "Extract the video again and ask for masks.",
        )
    reporter = reporter or silent()
    joints = np.concatenate([track.position, track.confidence[..., None]], axis=2)
    missing = _missing_joints(joints, settings)
    builder = SequenceBuilder(source, settings)
    frame_px = (track.width_px, track.height_px)
    for frame in range(len(track)):
        reporter.check()
        visibility = float(track.confidence[frame].mean())
        if not np.isfinite(masks.matrix[frame]).all():
            builder.add(frame, None, Placed(visibility=visibility))
            continue
        mask, matrix = upright_mask(masks, frame, frame_px)
        placed = Placed(
            matrix=matrix,
            frame_px=frame_px,
            landmarks=track.position[frame],
            visibility=visibility,
            missing_joints=float(missing[frame]),
        )
        builder.add(frame, mask, placed)
    maps = None
    if settings.maps and track.detected.any():
        maps = skeleton_maps(joints, Joints.MEDIAPIPE_33, least_visibility=settings.least_joint_visibility)
    return builder.finish(maps=maps, time_s=track.time_s, view=view_of(track))


def view_of(track: Track) -> str:
    """Return from where the camera saw the walk.

    Returns
    -------
    {"side", "front", "unknown"}
        ``unknown`` for an oblique view, and where no walking is recognised.
    """
    defaults = FeatureSettings()
    if np.count_nonzero(track.detected) < 2:
        return "unknown"
    view = look(track, defaults.rate_hz, edge_trim_s=defaults.edge_trim_s, max_gap_s=defaults.max_gap_s)
    if view.view_deg >= _NARROWEST_FRONT_DEG:
        return "front"
    return "side" if view.segments and view.view_deg <= WIDEST_VIEW_DEG else "unknown"


def _known(
    path: Path, pose: PoseSettings, settings: InputSettings, workspace: Workspace, reporter: Reporter
) -> RatedFrames | None:
    """Return the frames of a video from the cache, or None; a video that cannot be read is reported later."""
    reporter.check()
    try:
        address = track_address(probe(path, MetadataCache.of(workspace)), pose, reporter)
    except InputError:
        return None
    cache, key = ArrayCache.of(workspace), _key(address, settings)
    entry = cache.get(FRAMES_KIND, key) if cache.holds(FRAMES_KIND, key) else None
    return None if entry is None else _of_entry(entry, path, cache, key)


def _of_entry(entry: Entry, path: Path, cache: ArrayCache, key: str) -> RatedFrames | None:
    try:
        return RatedFrames.from_arrays(entry.arrays).named(path.name)
    except StorageError:
        cache.delete(FRAMES_KIND, key)  # of another version; computed again
        return None


def _computed(
    path: Path, outcome: ExtractedWalk | GaitError, settings: InputSettings, workspace: Workspace, reporter: Reporter
) -> RatedFrames | GaitError:
    if isinstance(outcome, GaitError):
        return outcome

    def compute() -> Entry:
        masks = load_masks(workspace, outcome.address)
        rated = rate_walk(path.name, outcome.track, masks, settings, reporter)
        return Entry(arrays=rated.to_arrays(), meta={"settings": settings.to_dict(), "track": outcome.address})

    cache, key = ArrayCache.of(workspace), _key(outcome.address, settings)
    try:
        entry, _ = cache.get_or_compute(FRAMES_KIND, key, compute, reporter)
    except InputError as error:
        return error
    return RatedFrames.from_arrays(entry.arrays).named(path.name)


def _key(address: str, settings: InputSettings) -> str:
    return digest_of([address, settings.to_dict(), _VERSION])


def _missing_joints(joints: NDArray[np.float32], settings: InputSettings) -> NDArray[np.float64]:
    """Return the share of the seventeen joints that is missing in each frame; 1 where a hip is."""
    coco = coco_joints(joints, Joints.MEDIAPIPE_33, least_visibility=settings.least_joint_visibility)
    missing = (coco[..., :2] == 0.0).all(axis=2)
    return np.where(missing[:, [LEFT_HIP, RIGHT_HIP]].any(axis=1), 1.0, missing.mean(axis=1))
