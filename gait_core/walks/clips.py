"""Clips of the walker: every frame as a small image, made from the cached masks and landmarks of a walk.

A clip is the longest stretch of a walk in which the whole body is in view, at 25 frames a second. Its frames are drawn
and stored 250 at a time, so that memory does not grow with the length of the video.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import ArrayCache, Entry, Spool, release_pages
from gait_core.config import digest_of
from gait_core.errors import InputError, WalkRefused
from gait_core.pose.masks import MASKS_KIND, PersonMasks
from gait_core.pose.track import Track
from gait_core.walks.joints import Joints, coco_joints, filled_joints
from gait_core.walks.prepare import PreparedWalk
from gait_core.walks.silhouettes import (
    ALIGNED_PX,
    aligned_silhouette,
    landmarks_on_mask,
    person_part,
    upright_mask,
    with_hips_first,
)
from gait_core.walks.skeleton_maps import drawn_maps

__all__ = [
    "CHUNK_FRAMES",
    "CLIP_CHANNELS",
    "CLIP_HEIGHT_PX",
    "CLIP_RATE_HZ",
    "CLIP_WIDTH_PX",
    "SUMMARY_SHAPE",
    "WalkClip",
    "clip_address",
    "clip_of_walk",
    "make_clip",
]

CLIP_CHANNELS: Final[Mapping[str, tuple[str, ...]]] = {
    "outline": ("outline",),
    "silhouette": ("silhouette",),
    "skeleton_maps": ("limb", "joint"),
}
"""What a clip can show → its channels. Only an outline keeps its own width; the others are cut to 44 px."""
CLIP_HEIGHT_PX: Final = ALIGNED_PX
CLIP_WIDTH_PX: Final = 44
CLIP_RATE_HZ: Final = 25.0
CHUNK_FRAMES: Final = 250
SUMMARY_SHAPE: Final = (2, 16, 11)
"""Mean and deviation over time, each on a grid of rows and columns."""

_KIND: Final = "clips"
_VERSION: Final = 1
_WIDEST_PX: Final = 2 * ALIGNED_PX
_MOST_MISSING: Final = 5
"""Frames at 25 Hz that may be missing inside a stretch."""
_FEWEST_FRAMES: Final = 15
_BORDER_PX: Final = 2
_MIDDLE: Final = slice((ALIGNED_PX - CLIP_WIDTH_PX) // 2, (ALIGNED_PX + CLIP_WIDTH_PX) // 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkClip:
    """The clip of one walk.

    Attributes
    ----------
    frames : ndarray, shape (n_frames, 64, width, n_channels), uint8
        In order of time; mapped from a file where it is large.
    summary : ndarray, shape (352, n_channels), float32
        Mean and standard deviation of the frames over time on a grid, see `SUMMARY_SHAPE`, in [0, 1]: the gait energy
        image, by which clips are compared.
    digest : str
        Of the frames.

    References
    ----------
    Han, J., Bhanu, B. (2006). Individual recognition using gait energy image. IEEE TPAMI 28, 316-322.
    """

    frames: NDArray[np.uint8]
    summary: NDArray[np.float32]
    digest: str


def clip_of_walk(walk: PreparedWalk, content: str, cache: ArrayCache) -> WalkClip:
    """Return the clip of a walk, from the cache or made of the masks there; no video is opened.

    Parameters
    ----------
    walk : PreparedWalk
    content : {"outline", "silhouette", "skeleton_maps"}
    cache : ArrayCache

    Returns
    -------
    WalkClip

    Raises
    ------
    InputError
        When neither the clip nor the masks of the walk are in the cache.
    WalkRefused
        When the whole body is in view for less than 15 frames.
    """

    def compute() -> Entry:
        masks = cache.get(MASKS_KIND, walk.address)
        if masks is None:
            raise InputError(
                f"Expected the masks of {walk.name} in the cache, but they are missing.",
                "Extract the video again and ask for masks, with a larger cache if it is full.",
            )
        clip = make_clip(walk.name, walk.track, PersonMasks.from_arrays(masks.arrays), content, cache.root.parent)
        return Entry(arrays={"frames": clip.frames, "summary": clip.summary}, meta={"digest": clip.digest})

    entry, _ = cache.get_or_compute(_KIND, _key(walk.address, content), compute)
    return WalkClip(frames=entry.arrays["frames"], summary=entry.arrays["summary"], digest=str(entry.meta["digest"]))


def clip_address(address: str, content: str) -> tuple[str, str]:
    """Return kind and key under which the cache keeps a clip, by the address of the landmarks of its walk.

    Returns
    -------
    kind, key : str
    """
    return _KIND, _key(address, content)


def _key(address: str, content: str) -> str:
    return digest_of([address, content, CLIP_RATE_HZ, _VERSION])


def make_clip(name: str, track: Track, masks: PersonMasks, content: str, folder: Path) -> WalkClip:
    """Make the clip of a walk.

    Parameters
    ----------
    name : str
        Of the walk.
    track : Track
    masks : PersonMasks
        Of the same frames.
    content : {"outline", "silhouette", "skeleton_maps"}
    folder : Path
        Folder of the frames.

    Returns
    -------
    WalkClip

    Raises
    ------
    WalkRefused
        When the whole body is in view for less than 15 frames.
    """
    slots, numbers = _at_rate(track.time_s)
    with Spool(np.uint8, _drawn_shape(content), folder) as spool:
        usable = np.zeros(len(numbers), np.bool_)
        for first, images, good in _chunks(track, masks, numbers, content):
            usable[first : first + len(good)] = good
            spool.append(images)
        drawn = spool.array()
    chosen = _longest_stretch(slots, usable)
    if len(chosen) < _FEWEST_FRAMES:
        raise WalkRefused(
            f"Expected the whole body in view for at least {_FEWEST_FRAMES} frames at {CLIP_RATE_HZ:g} Hz in {name}, "
            f"but got {len(chosen)}.",
            "Film four seconds of walking or more, the whole body in the image.",
        )
    columns = _columns(drawn, chosen) if content == "outline" else slice(None)
    return _stored(drawn, chosen, columns, folder)


def _drawn_shape(content: str) -> tuple[int, int, int]:
    width = _WIDEST_PX if content == "outline" else CLIP_WIDTH_PX
    return (CLIP_HEIGHT_PX, width, len(CLIP_CHANNELS[content]))


def _at_rate(time_s: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which frames are nearest to 25 frames a second: their places in time, and their numbers; none twice."""
    slots = np.rint((time_s - time_s[0]) * CLIP_RATE_HZ).astype(np.int64)
    slots, numbers = np.unique(slots, return_index=True)
    return slots, numbers.astype(np.int64)


def _chunks(
    track: Track, masks: PersonMasks, numbers: NDArray[np.int64], content: str
) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.bool_]]]:
    """Yield images of up to 250 frames, with the place of the first and whether each shows the whole body."""
    joints: NDArray[np.float64] | None = None
    if content == "skeleton_maps":
        found = np.concatenate([track.position, track.confidence[..., None]], axis=2)[numbers]
        joints = filled_joints(coco_joints(found, Joints.MEDIAPIPE_33))
    for first in range(0, len(numbers), CHUNK_FRAMES):
        part = numbers[first : first + CHUNK_FRAMES]
        images = np.zeros((len(part), *_drawn_shape(content)), np.uint8)
        good = np.zeros(len(part), np.bool_)
        for place, number in enumerate(part.tolist()):
            mask = _whole_body(track, masks, number)
            if mask is None:
                continue
            aligned = aligned_silhouette(mask, width_px=images.shape[2] if content == "outline" else ALIGNED_PX)
            if aligned is not None:
                good[place] = True
                images[place, ..., 0] = aligned if content == "outline" else aligned[:, _MIDDLE]
        if joints is not None:
            images = drawn_maps(joints[first : first + len(part)])[:, :, _MIDDLE]
            good &= images.any(axis=(1, 2, 3))
        release_pages(masks.bits)
        yield first, images, good


def _whole_body(track: Track, masks: PersonMasks, number: int) -> NDArray[np.uint8] | None:
    """Return the mask of a frame; None where there is no person, or where the border of the frame cuts the body."""
    if not np.isfinite(masks.matrix[number]).all():
        return None
    mask, matrix = upright_mask(masks, number, (track.width_px, track.height_px))
    part, _ = person_part(mask, with_hips_first(landmarks_on_mask(track.position[number], matrix)))
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        return None
    corners = np.array([[columns[0], rows[0], 1], [columns[-1] + 1, rows[-1] + 1, 1]]) @ matrix.T
    inside = min(corners[0].min(), (np.array([track.width_px, track.height_px]) - corners[1]).min())
    return part if inside >= _BORDER_PX else None


def _longest_stretch(slots: NDArray[np.int64], usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the places of the usable frames of the longest stretch without a long gap."""
    places = np.flatnonzero(usable)
    if not len(places):
        return places
    parts = np.split(places, np.flatnonzero(np.diff(slots[places]) > _MOST_MISSING) + 1)
    return max(parts, key=len)


def _columns(drawn: NDArray[np.uint8], chosen: NDArray[np.intp]) -> slice:
    """Return the columns in which the person is in any of the frames."""
    used = np.zeros(drawn.shape[2], np.bool_)
    for part in _parts(chosen):
        used |= drawn[part].any(axis=(0, 1, 3))
        release_pages(drawn)
    places = np.flatnonzero(used)
    return slice(int(places[0]), int(places[-1]) + 1)


def _stored(drawn: NDArray[np.uint8], chosen: NDArray[np.intp], columns: slice, folder: Path) -> WalkClip:
    """Copy the chosen frames into an array of their own and summarise them on the way."""
    margin = (drawn.shape[2] - CLIP_WIDTH_PX) // 2
    width, channels = len(range(*columns.indices(drawn.shape[2]))), drawn.shape[3]
    total, squares = np.zeros((2, CLIP_HEIGHT_PX, CLIP_WIDTH_PX, channels))
    digest = hashlib.sha256(repr((len(chosen), CLIP_HEIGHT_PX, width, channels)).encode())
    with Spool(np.uint8, (CLIP_HEIGHT_PX, width, channels), folder) as spool:
        for part in _parts(chosen):
            frames = np.ascontiguousarray(drawn[part][:, :, columns])
            spool.append(frames)
            digest.update(frames.data)
            middle = drawn[part][:, :, margin : margin + CLIP_WIDTH_PX].astype(np.float64) / 255
            total += middle.sum(axis=0)
            squares += (middle**2).sum(axis=0)
            release_pages(drawn)
        stored = spool.array()
    mean = total / len(chosen)
    deviation = np.sqrt(np.maximum(squares / len(chosen) - mean**2, 0.0))
    summary = np.stack([_on_grid(mean), _on_grid(deviation)]).reshape(-1, channels)
    return WalkClip(frames=stored, summary=summary.astype(np.float32), digest=digest.hexdigest()[:16])


def _parts(chosen: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for first in range(0, len(chosen), CHUNK_FRAMES):
        yield chosen[first : first + CHUNK_FRAMES]


def _on_grid(image: NDArray[Any]) -> NDArray[Any]:
    _, rows, columns = SUMMARY_SHAPE
    height, width, channels = image.shape
    return np.asarray(image.reshape(rows, height // rows, columns, width // columns, channels).mean(axis=(1, 3)))
