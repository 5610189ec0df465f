"""A small overview of the frames of a walk: which were kept, which were dropped, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.recognition.inputs.quality import REASONS
from gait_core.recognition.inputs.rated import RatedFrames

__all__ = ["Preview", "Tile", "preview"]

_KEPT: Final = (40, 160, 90)
_DROPPED: Final = (205, 60, 50)
_PAPER: Final = (28, 30, 34)
_INK: Final = (235, 235, 235)
_EDGE_PX: Final = 3
_CAPTION_PX: Final = 16
_SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unreadable": "no file",
        "empty_mask": "empty",
        "no_alignment": "no centre",
        "too_small": "small",
        "too_large": "large",
        "touches_border": "cut off",
        "debris": "parts",
        "aspect": "shape",
        "low_visibility": "hidden",
        "low_overlap": "unlike",
        "jump": "jump",
        "over_length": "too late",
    }
)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One frame of the overview.

    Attributes
    ----------
    frame_number : int
        Frame of the video.
    row, column : int
        Place in the overview.
    codes : tuple of str
        Why it was dropped, see `gait_core.recognition.inputs.quality.REASONS`; none for a frame that was kept.
    score : float
        Quality in [0, 1].
    """

    frame_number: int
    row: int
    column: int
    codes: tuple[str, ...]
    score: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Preview:
    """What a page shows of the frames of a walk.

    Attributes
    ----------
    image : ndarray, shape (height, width, 3), uint8
        RGB; green frames were kept, red ones dropped, each with its number and the first reason.
    tiles : tuple of Tile
        In the order of time.
    reasons : tuple of (str, str, int)
        Code, meaning and number of frames over the whole walk, most frequent first.
    kept, dropped : int
        Frames of the whole walk.
    """

    image: NDArray[np.uint8]
    tiles: tuple[Tile, ...]
    reasons: tuple[tuple[str, str, int], ...]
    kept: int
    dropped: int


def preview(rated: RatedFrames, *, most_tiles: int = 48, columns: int = 12, tile_px: int = 80) -> Preview:
    """Draw a selection of the frames of a walk.

    Parameters
    ----------
    rated : RatedFrames
    most_tiles : int
        Frames shown; of a longer walk up to half of them are dropped frames, and both kinds are spread over time.
    columns : int
        Tiles in a row.
    tile_px : int
        Side of a tile, px.

    Returns
    -------
    Preview
    """
    shown = _selected(rated.quality.kept_frames, most_tiles)
    tiles = tuple(
        Tile(
            frame_number=int(rated.frame_numbers[frame]),
            row=place // columns,
            column=place % columns,
            codes=rated.quality.codes_of(int(frame)),
            score=float(rated.quality.scores[frame]),
        )
        for place, frame in enumerate(shown)
    )
    counts = sorted(rated.quality.counts.items(), key=lambda item: -item[1])
    return Preview(
        image=_drawn(rated.aligned[shown], tiles, min(columns, max(1, len(tiles))), tile_px),
        tiles=tiles,
        reasons=tuple((code, REASONS[code], count) for code, count in counts),
        kept=rated.quality.kept,
        dropped=rated.quality.dropped,
    )


def _selected(kept: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """Return the frames to be shown, in the order of time."""
    good, bad = np.flatnonzero(kept), np.flatnonzero(~kept)
    bad = _spread(bad, max(most // 2, most - len(good)))
    return np.sort(np.concatenate([_spread(good, most - len(bad)), bad]))


def _spread(frames: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    if len(frames) <= most:
        return frames
    return frames[np.linspace(0, len(frames) - 1, most).round().astype(np.int64)]


def _drawn(frames: NDArray[np.uint8], tiles: tuple[Tile, ...], columns: int, tile_px: int) -> NDArray[np.uint8]:
    import cv2

    step_x, step_y = tile_px + 2 * _EDGE_PX, tile_px + 2 * _EDGE_PX + _CAPTION_PX
    rows = tiles[-1].row + 1 if tiles else 1
    image = np.full((rows * step_y, columns * step_x, 3), _PAPER, np.uint8)
    for frame, tile in zip(frames, tiles, strict=True):
        top, left = tile.row * step_y, tile.column * step_x
        colour = _DROPPED if tile.codes else _KEPT
        image[top : top + step_y - 2, left + 1 : left + step_x - 1] = colour
        inner = image[top + 1 : top + tile_px + 1, left + _EDGE_PX : left + _EDGE_PX + tile_px]
        size = (max(1, tile_px * frame.shape[1] // frame.shape[0]), tile_px)
        scaled = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
        inner[:] = _PAPER
        margin = (tile_px - size[0]) // 2
        inner[:, margin : margin + size[0]] = np.maximum(scaled[..., None], np.array(_PAPER, np.uint8))
        caption = " ".join([str(tile.frame_number), *(_SHORT[code] for code in tile.codes[:1])])
        place = (left + _EDGE_PX, top + tile_px + _CAPTION_PX - 2)
        cv2.putText(image, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, _INK, 1, cv2.LINE_AA)
    return image
