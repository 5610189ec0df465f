"""Clips of many walks, of different lengths and widths, in one array that may lie in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gait_core.cache import Spool, release_pages
from gait_core.errors import InputError
from gait_core.walks.clips import CHUNK_FRAMES, SUMMARY_SHAPE, WalkClip

__all__ = ["ClipSpool", "Clips", "mirrored_summaries"]

_PER_CLIP: Final = ("starts", "shapes", "digests", "mirrored")


@dataclass(frozen=True, kw_only=True, eq=False)
class Clips:
    """Clips one after the other.

    Attributes
    ----------
    pixels : ndarray, shape (n_pixels,), uint8
        Of all clips; mapped from a file where they are large.
    starts : ndarray, shape (n,)
        First pixel of each clip.
    shapes : ndarray, shape (n, 4)
        Frames, height, width and channels of each clip.
    digests : ndarray of str, shape (n,)
        Of the frames of each clip.
    mirrored : ndarray of bool, shape (n,)
        Whether the frames of a clip are read with left and right exchanged.
    """

    pixels: NDArray[np.uint8]
    starts: NDArray[np.int64]
    shapes: NDArray[np.int64]
    digests: NDArray[np.str_]
    mirrored: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.starts)

    @classmethod
    def of(cls, clips: Sequence[NDArray[np.uint8]]) -> Self:
        """Put clips of shape (frames, height, width, channels) one after the other in memory."""
        sizes = np.array([clip.size for clip in clips], np.int64)
        return cls(
            pixels=np.concatenate([np.ascontiguousarray(clip).ravel() for clip in clips]),
            starts=np.cumsum(sizes) - sizes,
            shapes=np.array([clip.shape for clip in clips], np.int64),
            digests=np.array([hashlib.sha256(clip.tobytes()).hexdigest()[:16] for clip in clips], np.str_),
            mirrored=np.zeros(len(clips), np.bool_),
        )

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Frames of each clip."""
        return self.shapes[:, 0]

    @property
    def frame_px(self) -> tuple[int, int]:
        """Height and width of the largest frame; 0 without clips."""
        height, width = self.shapes[:, 1:3].max(axis=0, initial=0).tolist()
        return height, width

    def piece(self, clip: int, first: int, count: int) -> NDArray[np.uint8]:
        """Return some frames of a clip, fewer where it ends earlier; only these are read.

        Returns
        -------
        ndarray, shape (up to `count`, height, width, n_channels)
        """
        shape = self.shapes[clip].tolist()
        start, size = int(self.starts[clip]), int(np.prod(shape))
        frames = self.pixels[start : start + size].reshape(shape)[first : first + count]
        return frames[:, :, ::-1] if self.mirrored[clip] else frames

    def take(self, rows: ArrayLike | slice) -> Self:
        """Return some clips, in the order given; the pixels stay where they are."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _PER_CLIP})

    def mirror_images(self) -> Self:
        """Return the clips with left and right of every frame exchanged."""
        return self.mirror_where(np.ones(len(self), np.bool_))

    def mirror_where(self, chosen: NDArray[np.bool_]) -> Self:
        """Return the clips, those that are chosen with left and right of every frame exchanged."""
        return replace(self, mirrored=self.mirrored ^ chosen)

    def followed_by(self, other: Self) -> Self:
        """Return these clips and others of the same array of pixels.

        Raises
        ------
        InputError
            When the others lie in another array.
        """
        if other.pixels is not self.pixels:
            raise InputError(
                "Expected clips that were read together, but got clips of two datasets.",
                "Put all videos into one dataset.",
            )
        return replace(
            self, **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in _PER_CLIP}
        )

    def digest(self) -> str:
        """Return 16 hexadecimal digits that depend on the frames alone."""
        entries = zip(self.shapes.tolist(), self.digests.tolist(), self.mirrored.tolist(), strict=True)
        return hashlib.sha256(repr(list(entries)).encode()).hexdigest()[:16]

    def release(self) -> None:
        """Let go of the memory that reading has filled, where the pixels lie in a file."""
        release_pages(self.pixels)


class ClipSpool:
    """Gathers clips in a file, so that memory does not grow with their number.

    Parameters
    ----------
    folder : Path
        Folder of the file.
    """

    def __init__(self, folder: Path) -> None:
        self._spool = Spool(np.uint8, (), folder)
        self._shapes: list[tuple[int, ...]] = []
        self._digests: list[str] = []
        self._summaries: list[NDArray[np.float32]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def append(self, clip: WalkClip) -> None:
        """Add a clip, 250 frames at a time; raises `OSError` when the disk is full."""
        for first in range(0, len(clip.frames), CHUNK_FRAMES):
            self._spool.append(clip.frames[first : first + CHUNK_FRAMES].reshape(-1))
            release_pages(clip.frames)
        self._shapes.append(clip.frames.shape)
        self._digests.append(clip.digest)
        self._summaries.append(clip.summary)

    def rows(self) -> Mapping[str, Any]:
        """Return ``values``, the summaries of the clips, their ``lengths``, and the ``clips``, for `Samples`."""
        shapes = np.array(self._shapes, np.int64).reshape(-1, 4)
        sizes = shapes.prod(axis=1)
        clips = Clips(
            pixels=self._spool.array(),
            starts=np.cumsum(sizes) - sizes,
            shapes=shapes,
            digests=np.array(self._digests, np.str_),
            mirrored=np.zeros(len(shapes), np.bool_),
        )
        values = np.stack(self._summaries)
        return {"values": values, "lengths": np.full(len(values), values.shape[1]), "clips": clips}


def mirrored_summaries(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return summaries of clips, shape (n, 352, n_channels), as those of the mirror images.

    Returns
    -------
    ndarray, shape (n, 352, n_channels), float32
    """
    grids = values.reshape(len(values), *SUMMARY_SHAPE, values.shape[2])
    return np.ascontiguousarray(grids[:, :, :, ::-1]).reshape(values.shape)
