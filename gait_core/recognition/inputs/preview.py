"""Small overviews of the frames of a walk: which were kept, which were dropped and why, and what a network takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.recognition.inputs.quality import REASONS
from gait_core.recognition.inputs.rated import RatedFrames

__all__ = ["Preview", "Tile", "input_preview", "preview"]

_Colour: TypeAlias = tuple[int, int, int]
_KEPT: Final = (40, 160, 90)
_DROPPED: Final = (205, 60, 50)
_LIMB: Final = (240, 150, 50)
_JOINT: Final = (80, 180, 255)
_BEHIND: Final = 0.25
"""Brightness of the silhouette behind skeleton maps."""
_PARTS: Final = np.array(
    [
        (0, 0, 0),
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (240, 228, 66),
        (0, 114, 178),
        (213, 94, 0),
        (204, 121, 167),
        (160, 160, 160),
        (120, 200, 120),
        (255, 190, 150),
        (150, 130, 255),
    ],
    np.uint8,
)
"""Colours of the labels 0 to 11; the first eight are those of Okabe & Ito 2008, made for colour-blind people too."""
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
        "grey": "grey",
        "covers_frame": "white",
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
    captions = [" ".join([str(tile.frame_number), *(_SHORT[code] for code in tile.codes[:1])]) for tile in tiles]
    colours = [_DROPPED if tile.codes else _KEPT for tile in tiles]
    counts = sorted(rated.quality.counts.items(), key=lambda item: -item[1])
    return Preview(
        image=_drawn(_grey(rated.aligned[shown]), captions, colours, min(columns, max(1, len(tiles))), tile_px),
        tiles=tiles,
        reasons=tuple((code, REASONS[code], count) for code, count in counts),
        kept=rated.quality.kept,
        dropped=rated.quality.dropped,
    )


def input_preview(
    rated: RatedFrames, *, most_tiles: int = 24, columns: int = 12, tile_px: int = 80
) -> NDArray[np.uint8] | None:
    """Draw what a network takes beside the silhouettes: skeleton maps, or labels of body parts.

    Parameters
    ----------
    rated : RatedFrames
    most_tiles : int
        Kept frames shown, spread over time.
    columns : int
        Tiles in a row.
    tile_px : int
        Side of a tile, px.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8, or None
        RGB; limbs orange and joints blue on the dim silhouette, or one colour per body part; None without either.
    """
    kept = _spread(np.flatnonzero(rated.quality.kept_frames), most_tiles)
    if not len(kept):
        return None
    if rated.maps is not None:
        frames = _coloured_maps(rated.aligned[kept], rated.maps[kept])
    elif rated.parsing is not None:
        frames = _PARTS[rated.parsing[kept]]
    else:
        return None
    captions = [str(int(rated.frame_numbers[frame])) for frame in kept]
    return _drawn(frames, captions, [_KEPT] * len(kept), min(columns, len(kept)), tile_px)


def _selected(kept: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """Return the frames to be shown, in the order of time."""
    good, bad = np.flatnonzero(kept), np.flatnonzero(~kept)
    bad = _spread(bad, max(most // 2, most - len(good)))
    return np.sort(np.concatenate([_spread(good, most - len(bad)), bad]))


def _spread(frames: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    if len(frames) <= most:
        return frames
    return frames[np.linspace(0, len(frames) - 1, most).round().astype(np.int64)]


def _drawn(
    frames: NDArray[np.uint8], captions: Sequence[str], colours: Sequence[_Colour], columns: int, tile_px: int
) -> NDArray[np.uint8]:
    """Draw tiles; `frames` has the shape (n, height, width, 3)."""
    import cv2

    step_x, step_y = tile_px + 2 * _EDGE_PX, tile_px + 2 * _EDGE_PX + _CAPTION_PX
    rows = max(1, -(-len(frames) // columns))
    image = np.full((rows * step_y, columns * step_x, 3), _PAPER, np.uint8)
    for place, (frame, caption, colour) in enumerate(zip(frames, captions, colours, strict=True)):
        top, left = place // columns * step_y, place % columns * step_x
        image[top : top + step_y - 2, left + 1 : left + step_x - 1] = colour
        inner = image[top + 1 : top + tile_px + 1, left + _EDGE_PX : left + _EDGE_PX + tile_px]
        size = (max(1, tile_px * frame.shape[1] // frame.shape[0]), tile_px)
        scaled = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
        inner[:] = _PAPER
        margin = (tile_px - size[0]) // 2
        inner[:, margin : margin + size[0]] = np.maximum(scaled, np.array(_PAPER, np.uint8))
        where = (left + _EDGE_PX, top + tile_px + _CAPTION_PX - 2)
        cv2.putText(image, caption, where, cv2.FONT_HERSHEY_SIMPLEX, 0.36, _INK, 1, cv2.LINE_AA)
    return image


def _grey(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(frames[..., None], 3, axis=-1)


def _coloured_maps(silhouettes: NDArray[np.uint8], maps: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return limb and joint maps in two colours, on the silhouette cut or widened to their size."""
    behind = np.zeros(maps.shape[:3], np.float32)
    side = (maps.shape[2] - silhouettes.shape[2]) // 2
    behind[:, :, side : side + silhouettes.shape[2]] = silhouettes
    found = _BEHIND * behind[..., None]
    for number, colour in enumerate((_LIMB, _JOINT)):
        strength = maps[..., number, None] / np.float32(255.0)
        found = found * (1 - strength) + strength * np.array(colour, np.float32)
    return found.astype(np.uint8)
