"""Which frames of a sequence are kept: what was measured of every mask, and the reasons for dropping some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.recognition.inputs.quality import SequenceQuality
from gait_core.recognition.inputs.settings import InputSettings

__all__ = ["MaskFacts", "rate_frames"]

_WHITE: Final = 128


@dataclass(frozen=True, kw_only=True)
class MaskFacts:
    """What is known of the mask of one frame, before its neighbours are looked at.

    Attributes
    ----------
    area_px2 : float
        Area of the person; 0 without one. All lengths are in one unit over the sequence: px of the video.
    height_px, width_px : float
        Of the box around the person.
    centre_px : tuple of float or None
        x and y of the middle of the person in the frame; None where the place in the frame is not known.
    largest_share : float
        Share of the mask's pixels that belongs to the part that was kept, in [0, 1].
    touches_border : bool
        The person reaches the border of the frame.
    visibility : float or None
        Mean visibility of the landmarks, in [0, 1]; None where there are none.
    missing_joints : float
        Share of the joints that are missing, in [0, 1]; 1 where a hip is.
    readable : bool
        False where the frame could not be read at all.
    grey, covers_frame : bool
        It is not a silhouette, see `gait_core.recognition.inputs.plausible`.
    """

    area_px2: float = 0.0
    height_px: float = 0.0
    width_px: float = 0.0
    centre_px: tuple[float, float] | None = None
    largest_share: float = 0.0
    touches_border: bool = False
    visibility: float | None = None
    missing_joints: float = 0.0
    readable: bool = True
    grey: bool = False
    covers_frame: bool = False


def rate_frames(
    facts: list[MaskFacts],
    aligned: NDArray[np.uint8],
    frame_numbers: NDArray[np.int64],
    settings: InputSettings,
) -> SequenceQuality:
    """Rate every frame of a sequence and say why some are dropped.

    Parameters
    ----------
    facts : list of MaskFacts
        One per frame.
    aligned : ndarray, shape (n, height, width), uint8
        Aligned silhouettes; all 0 where there is none.
    frame_numbers : ndarray, shape (n,)
        Frame of the video from which each comes.
    settings : InputSettings

    Returns
    -------
    SequenceQuality

    Notes
    -----
    A frame is first judged alone and against the usual size nearby; those that pass are compared with
    the last one that passed before and the next one after it. Only a frame that differs from both is dropped, so
    that a single bad frame does not take its neighbours along.
    """
    table = _Table(facts)
    alignable = np.asarray(aligned.any(axis=(1, 2)))
    codes = _alone(table, alignable, settings)
    passed = ~np.logical_or.reduce(list(codes.values()))
    overlap, jump = _against_neighbours(aligned, table, frame_numbers, passed)
    codes["low_overlap"] = overlap < settings.least_overlap
    codes["jump"] = jump > settings.most_jump
    passed &= ~(codes["low_overlap"] | codes["jump"])
    codes["over_length"] = passed & (np.cumsum(passed) > settings.most_frames)
    scores = np.where(table.person & alignable, table.score(settings.median_frames, overlap), 0.0)
    return SequenceQuality.of_codes(codes, scores, settings.fewest_frames)


class _Table:
    """The facts of all frames as arrays, NaN where not known."""

    def __init__(self, facts: list[MaskFacts]) -> None:
        self.area = np.array([fact.area_px2 for fact in facts], np.float64)
        self.height = np.array([fact.height_px for fact in facts], np.float64)
        self.width = np.array([fact.width_px for fact in facts], np.float64)
        self.share = np.array([fact.largest_share for fact in facts], np.float64)
        self.border = np.array([fact.touches_border for fact in facts], np.bool_)
        self.missing = np.array([fact.missing_joints for fact in facts], np.float64)
        self.grey = np.array([fact.grey for fact in facts], np.bool_)
        self.covering = np.array([fact.covers_frame for fact in facts], np.bool_)
        self.readable = np.array([fact.readable for fact in facts], np.bool_)
        unknown = float("nan")
        self.visibility = np.array([unknown if f.visibility is None else f.visibility for f in facts], np.float64)
        self.centre = np.array([f.centre_px or (unknown, unknown) for f in facts], np.float64).reshape(-1, 2)
        self.person = self.area > 0

    def of_usual(self, values: NDArray[np.float64], median_frames: int) -> NDArray[np.float64]:
        """Return values as a share of the median over nearby frames with a person; 0 where there is none."""
        from scipy.ndimage import median_filter

        shares = np.zeros(len(values))
        if self.person.any():
            known = values[self.person]
            size = min(median_frames, 2 * len(known) - 1) | 1
            shares[self.person] = known / median_filter(known, size, mode="nearest")
        return shares

    def score(self, median_frames: int, overlap: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the product of everything that speaks for a frame, each from 0 to 1."""
        height = self.of_usual(self.height, median_frames)
        size = np.minimum(height, 1.0 / np.maximum(height, 1e-9))
        known = [size, self.share, np.nan_to_num(self.visibility, nan=1.0), np.nan_to_num(overlap, nan=1.0)]
        return np.asarray(np.prod(known, axis=0) * np.where(self.border, 0.5, 1.0))


def _alone(table: _Table, alignable: NDArray[np.bool_], settings: InputSettings) -> dict[str, NDArray[np.bool_]]:
    """Return per code where a frame fails without being compared with its neighbours."""
    person = table.person
    height, area = (table.of_usual(values, settings.median_frames) for values in (table.height, table.area))
    aspect = table.width / np.maximum(table.height, 1e-9)
    hidden = (table.visibility < settings.least_visibility) | (table.missing >= settings.most_missing_joints)
    return {
        "unreadable": ~table.readable,
        "empty_mask": table.readable & ~person,
        "no_alignment": person & ~alignable,
        "too_small": person & (np.minimum(height, area) < settings.smallest_ratio),
        "too_large": person & (np.maximum(height, area) > settings.largest_ratio),
        "touches_border": person & table.border,
        "debris": person & (table.share < settings.least_largest_share),
        "aspect": person & ((aspect < settings.narrowest) | (aspect > settings.widest)),
        "low_visibility": person & hidden,
        "grey": person & table.grey,
        "covers_frame": person & table.covering,
    }


def _against_neighbours(
    aligned: NDArray[np.uint8], table: _Table, frame_numbers: NDArray[np.int64], passed: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return overlap and move of each frame that passed, against that neighbour to which it is closer.

    Overlap is intersection over union of the aligned silhouettes, the move is in heights of the person per frame of
    the video; NaN where there is nothing to compare with.
    """
    places = np.flatnonzero(passed)
    overlap, jump = np.full(len(passed), np.nan), np.full(len(passed), np.nan)
    if len(places) < 2:
        return overlap, jump
    white = aligned[places] >= _WHITE
    shared = np.count_nonzero(white[1:] & white[:-1], axis=(1, 2))
    either = np.count_nonzero(white[1:] | white[:-1], axis=(1, 2))
    step = np.linalg.norm(np.diff(table.centre[places], axis=0), axis=1)
    step /= np.diff(frame_numbers[places]) * np.maximum(table.height[places[:-1]], 1e-9)
    overlap[places] = -_smaller_of_both(-shared / np.maximum(either, 1))
    jump[places] = _smaller_of_both(step)
    return overlap, jump


def _smaller_of_both(between: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return per frame the smaller value of those between it and its two neighbours; NaN stays out where it can."""
    return np.asarray(np.fmin(np.append(np.nan, between), np.append(between, np.nan)))
