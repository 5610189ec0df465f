"""The outline of the person in every frame: an optional product of the same decode that finds the landmarks.

A mask is kept as the engine saw it, as bits of a square that follows the person, with the matrix that puts the square
back into the frame: 8 kB per frame whatever the size of the video.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import ArrayCache, Spool
from gait_core.errors import NotFoundError
from gait_core.pose.engine import PersonMask
from gait_core.workspace import Workspace, storage_guard

__all__ = ["MASKS_KIND", "MASK_SIDE_PX", "MaskRows", "PersonMasks", "load_masks"]

MASKS_KIND: Final = "masks"
MASK_SIDE_PX: Final = 256
_LIMIT: Final = 0.5
_MARGIN: Final = 1.05


@dataclass(frozen=True, kw_only=True, eq=False)
class PersonMasks:
    """Masks of one person over one video.

    Attributes
    ----------
    bits : ndarray, shape (n_frames, 256, 32), uint8
        Square masks, eight pixels a byte; all 0 where no person was found.
    matrix : ndarray, shape (n_frames, 2, 3), float64
        Takes (column, row, 1) of the square to (x, y) of the frame, px; NaN where no person was found.
    """

    bits: NDArray[np.uint8]
    matrix: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.bits)

    def square(self, frame: int) -> NDArray[np.bool_]:
        """Return the mask of one frame in its square.

        Returns
        -------
        ndarray, shape (256, 256), bool
        """
        return np.unpackbits(self.bits[frame], axis=1).astype(np.bool_)

    def on_frame(self, frame: int, width_px: int, height_px: int) -> NDArray[np.bool_]:
        """Return the mask over a whole frame; False where no person was found.

        Returns
        -------
        ndarray, shape (height_px, width_px), bool
        """
        if not np.isfinite(self.matrix[frame]).all():
            return np.zeros((height_px, width_px), dtype=np.bool_)
        mask = PersonMask(values=self.square(frame).astype(np.float32), matrix=self.matrix[frame])
        return mask.on_frame(width_px, height_px) >= _LIMIT

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for the cache."""
        return {"bits": self.bits, "matrix": self.matrix}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`."""
        return cls(bits=arrays["bits"], matrix=arrays["matrix"])


class MaskRows:
    """Gather the masks of all frames in files, so that memory does not grow with the length of the video.

    Parameters
    ----------
    folder : Path
        Folder of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder / "the masks"
        with storage_guard(self._place):
            self._bits = Spool(np.uint8, (MASK_SIDE_PX, MASK_SIDE_PX // 8), folder)
            self._matrix = Spool(np.float64, (2, 3), folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bits.close()
        self._matrix.close()

    def add(self, mask: PersonMask | None) -> None:
        """Take the mask of the next frame; None where no person was found.

        Raises
        ------
        StorageError
            When the disk is full.
        """
        square = None if mask is None else _in_square(mask)
        values = np.zeros((MASK_SIDE_PX, MASK_SIDE_PX), np.bool_) if square is None else square.values >= _LIMIT
        matrix = np.full((2, 3), np.nan) if square is None else square.matrix
        with storage_guard(self._place):
            self._bits.append(np.packbits(values, axis=1)[None])
            self._matrix.append(np.asarray(matrix, np.float64)[None])

    def masks(self) -> PersonMasks:
        """Return the masks so far; large ones are mapped from files and read-only."""
        with storage_guard(self._place):
            return PersonMasks(bits=self._bits.array(), matrix=self._matrix.array())


def _in_square(mask: PersonMask) -> PersonMask | None:
    """Return a mask as a square of the stored size; one over the whole frame is cut out around the person."""
    import cv2

    if mask.values.shape == (MASK_SIDE_PX, MASK_SIDE_PX):
        return mask
    rows, columns = np.nonzero(mask.values >= _LIMIT)
    if not len(rows):
        return None
    side = _MARGIN * max(np.ptp(rows) + 1, np.ptp(columns) + 1)
    middle = np.array([(columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2])
    step = side / MASK_SIDE_PX
    corner = middle - side / 2
    to_values = np.array([[step, 0.0, corner[0]], [0.0, step, corner[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    values = cv2.warpAffine(mask.values, to_values, (MASK_SIDE_PX, MASK_SIDE_PX), flags=flags)
    full = np.vstack([to_values, [0.0, 0.0, 1.0]])
    return PersonMask(values=np.asarray(values, np.float32), matrix=np.asarray(mask.matrix @ full))


def load_masks(workspace: Workspace, address: str) -> PersonMasks:
    """Return the masks of a video from the cache, by the address of its landmarks.

    Returns
    -------
    PersonMasks
        One mask for each frame of the track.

    Raises
    ------
    NotFoundError
        When they were never asked for, or are no longer there.
    """
    entry = ArrayCache.of(workspace).get(MASKS_KIND, address)
    if entry is None:
        raise NotFoundError(
            f"Expected masks {address[:8]} in the cache, but they are missing.",
            "Extract the video again and ask for masks.",
        )
    return PersonMasks.from_arrays(entry.arrays)
