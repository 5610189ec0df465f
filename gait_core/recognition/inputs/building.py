"""Gathers the frames of one walk, mask by mask, and makes a sequence of those that are good: `SequenceBuilder`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.recognition.inputs.geometry import Geometry
from gait_core.recognition.inputs.parsing import part_labels
from gait_core.recognition.inputs.plausible import covers_frame, is_grey
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.inputs.selection import MaskFacts, rate_frames
from gait_core.recognition.inputs.settings import InputSettings
from gait_core.walks.silhouettes import (
    ALIGNED_PX,
    aligned_labels,
    aligned_silhouette,
    landmarks_on_mask,
    person_part,
    with_hips_first,
)

__all__ = ["Placed", "SequenceBuilder"]

_WHITE: Final = 128
_ALIGNED_PX: Final = (64, 128)


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """Where the mask of one frame lies in the video and what the landmarks say.

    Attributes
    ----------
    matrix : ndarray, shape (2, 3), or None
        Takes (column, row, 1) of the mask to (x, y) of the frame, px; None where the mask's place is not known.
    frame_px : tuple of int or None
        Width and height of the frame; None where its border is not known.
    landmarks : ndarray, shape (33, 2), or None
        MediaPipe's landmarks, px of the frame.
    visibility : float or None
        Mean visibility of the landmarks.
    missing_joints : float
        Share of the joints that are missing.
    """

    matrix: NDArray[np.float64] | None = None
    frame_px: tuple[int, int] | None = None
    landmarks: NDArray[Any] | None = None
    visibility: float | None = None
    missing_joints: float = 0.0


_ANYWHERE: Final = Placed()


class SequenceBuilder:
    """Take the masks of one walk in order of time; keep a few kB of each.

    Parameters
    ----------
    source : str
        How the walk is called.
    settings : InputSettings
    made_elsewhere : bool
        The silhouettes are not ours, so that they may be photographs; frames with many grey values are dropped.
    """

    def __init__(self, source: str, settings: InputSettings, *, made_elsewhere: bool = False) -> None:
        self._source = source
        self._made_elsewhere = made_elsewhere
        self._settings = settings
        self._numbers: list[int] = []
        self._facts: list[MaskFacts] = []
        self._aligned: list[NDArray[np.uint8] | None] = []
        self._labels: list[NDArray[np.uint8] | None] = []

    def add(self, number: int, mask_u8: NDArray[np.uint8] | None, placed: Placed = _ANYWHERE) -> None:
        """Take the mask of the next frame.

        Parameters
        ----------
        number : int
            Frame of the video; has to rise.
        mask_u8 : ndarray, shape (height, width), uint8, or None
            0 to 255; None where there is no person.
        placed : Placed, optional
        """
        if mask_u8 is None:
            self._take(number, MaskFacts(visibility=placed.visibility), None, None)
            return
        points = None if placed.landmarks is None else landmarks_on_mask(placed.landmarks, placed.matrix)
        part, share = person_part(mask_u8, None if points is None else with_hips_first(points))
        if np.count_nonzero(part) < self._settings.fewest_pixels:
            self._take(number, MaskFacts(visibility=placed.visibility), None, None)
            return
        labels = None
        if self._settings.parsing and points is not None:
            parts = part_labels(part, points)
            labels = None if parts is None else aligned_labels(parts)
        facts = _facts_of(part, share, placed, self._settings.border_px)
        aligned = aligned_silhouette(part)
        self._take(number, self._doubted(facts, mask_u8, [part, aligned]), aligned, labels)

    def add_aligned(self, number: int, frame: NDArray[np.uint8]) -> None:
        """Take a silhouette that is aligned already, as it is: nothing is cut out or cleaned.

        Parameters
        ----------
        number : int
            Frame of the video; has to rise.
        frame : ndarray, shape (64, 64) or (64, 44), uint8
            All of one sequence have the same shape.
        """
        _, share = person_part(frame)
        facts = MaskFacts()
        if np.count_nonzero(frame >= _WHITE) >= self._settings.fewest_pixels:
            facts = _facts_of(frame, share, _ANYWHERE, self._settings.border_px)
            facts = self._doubted(facts, frame, [frame])
        self._take(number, facts, frame if facts.area_px2 else np.zeros_like(frame), None)

    def add_unreadable(self, number: int) -> None:
        """Take note of a frame that could not be read."""
        self._take(number, MaskFacts(readable=False), None, None)

    def __len__(self) -> int:
        return len(self._numbers)

    def finish(
        self,
        *,
        maps: NDArray[np.uint8] | None = None,
        time_s: NDArray[np.float64] | None = None,
        view: str = "unknown",
    ) -> RatedFrames:
        """Return all frames, rated.

        Parameters
        ----------
        maps : ndarray, shape (frames, 64, 64, 2), uint8, optional
            Skeleton maps of all frames that were added.
        time_s : ndarray, shape (frames,), optional
            Times of all frames that were added, s.
        view : {"side", "front", "unknown"}

        Returns
        -------
        RatedFrames
            Its `sequence` holds the good frames.
        """
        shape = next((frame.shape for frame in self._aligned if frame is not None), (ALIGNED_PX, ALIGNED_PX))
        aligned = _stacked(self._aligned, shape)
        numbers = np.array(self._numbers, np.int64)
        quality = rate_frames(self._facts, aligned, numbers, self._settings)
        labelled = any(labels is not None for labels in self._labels)
        return RatedFrames(
            source=self._source,
            aligned=aligned,
            frame_numbers=numbers,
            quality=quality,
            maps=maps,
            parsing=_stacked(self._labels, (ALIGNED_PX, ALIGNED_PX)) if labelled else None,
            time_s=None if time_s is None else np.asarray(time_s, np.float64),
            view=view,
        )

    def _doubted(self, facts: MaskFacts, given: NDArray[np.uint8], seen: list[NDArray[np.uint8] | None]) -> MaskFacts:
        """Note where a frame is not a silhouette: as it was given, or as a network would see it."""
        covering = any(
            covers_frame(frame[None])[0] or covers_frame(_middle(frame)[None])[0] for frame in seen if frame is not None
        )
        return replace(facts, grey=self._made_elsewhere and bool(is_grey(given[None])[0]), covers_frame=covering)

    def _take(
        self, number: int, facts: MaskFacts, aligned: NDArray[np.uint8] | None, labels: NDArray[np.uint8] | None
    ) -> None:
        self._numbers.append(number)
        self._facts.append(facts)
        self._aligned.append(aligned)
        self._labels.append(labels)


def _middle(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the columns of an aligned frame that a network takes; another frame as it is."""
    height, width = frame.shape
    return frame[:, Geometry(height_px=height, width_px=width).columns] if height == width in _ALIGNED_PX else frame


def _stacked(frames: list[NDArray[np.uint8] | None], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return frames as one array, with zeros for those that are missing."""
    found = np.zeros((len(frames), *shape), np.uint8)
    for place, frame in enumerate(frames):
        if frame is not None:
            found[place] = frame
    return found


def _facts_of(part: NDArray[np.uint8], share: float, placed: Placed, border_px: int) -> MaskFacts:
    """Measure the mask of a person, in px of the frame where its place is known."""
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    corners = np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]], np.float64)
    area = float(np.count_nonzero(part >= _WHITE))
    centre, border = None, False
    if placed.matrix is not None:
        corners = corners @ placed.matrix[:, :2].T + placed.matrix[:, 2]
        area *= abs(float(np.linalg.det(placed.matrix[:, :2])))
        weights = (part >= _WHITE).sum(axis=1), (part >= _WHITE).sum(axis=0)
        middle = np.array([np.average(np.arange(len(w)), weights=w) for w in weights[::-1]])
        x, y = placed.matrix[:, :2] @ middle + placed.matrix[:, 2]
        centre = (float(x), float(y))
    width, height = np.abs(corners[1] - corners[0])
    if placed.frame_px is not None:
        low, high = corners.min(axis=0), np.array(placed.frame_px) - corners.max(axis=0)
        border = bool(min(low.min(), high.min()) < border_px)
    return MaskFacts(
        area_px2=area,
        height_px=float(height),
        width_px=float(width),
        centre_px=centre,
        largest_share=share,
        touches_border=border,
        visibility=placed.visibility,
        missing_joints=placed.missing_joints,
    )
