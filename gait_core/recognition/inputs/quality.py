"""What is known of the frames of a sequence: the reasons for dropping each and a score, in `SequenceQuality`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, WalkWarning

__all__ = ["REASONS", "SequenceQuality"]

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unreadable": "the file of the frame cannot be read",
        "empty_mask": "no person in the mask",
        "no_alignment": "the person cannot be centred",
        "too_small": "much smaller than in nearby frames",
        "too_large": "much larger than in nearby frames",
        "touches_border": "cut off by the border of the frame",
        "debris": "the mask falls into several parts",
        "aspect": "too narrow or too wide for a walking person",
        "low_visibility": "landmarks hidden or missing",
        "low_overlap": "unlike the frame before",
        "jump": "far from where the person was one frame before",
        "over_length": "after the longest sequence",
        "grey": "many grey values, as in a photograph; a silhouette is black and white",
        "covers_frame": "white nearly everywhere or along a whole side, as with a white background",
    }
)
"""Code → meaning, in the order of the bits of `SequenceQuality.reasons`."""
_BITS: Final[Mapping[str, int]] = MappingProxyType({code: 1 << place for place, code in enumerate(REASONS)})


@dataclass(frozen=True, kw_only=True, eq=False)
class SequenceQuality:
    """Quality of every frame that was looked at, kept or dropped.

    Attributes
    ----------
    reasons : ndarray, shape (frames,), uint16
        Why each frame was dropped, one bit per code of `REASONS`; 0 for a frame that was kept.
    scores : ndarray, shape (frames,), float32
        Quality in [0, 1]; 0 where there is no person.
    fewest_frames : int
        A sequence with fewer frames carries a warning.
    """

    reasons: NDArray[np.uint16]
    scores: NDArray[np.float32]
    fewest_frames: int = 15

    def __post_init__(self) -> None:
        if self.reasons.ndim != 1 or self.reasons.shape != self.scores.shape:
            raise InputError(
                f"Expected a reason and a score for every frame, but got {self.reasons.shape} and {self.scores.shape}.",
                "Give two arrays of one length.",
            )

    @classmethod
    def unknown(cls, frames: int) -> Self:
        """Return the quality of frames that were not rated: all are kept, with score 1."""
        return cls(reasons=np.zeros(frames, np.uint16), scores=np.ones(frames, np.float32))

    @classmethod
    def of_codes(cls, codes: Mapping[str, NDArray[np.bool_]], scores: NDArray[Any], fewest_frames: int = 15) -> Self:
        """Build from one array of frames per code.

        Parameters
        ----------
        codes : mapping of str to ndarray of bool, shape (frames,)
            For codes of `REASONS`, where each holds.
        scores : ndarray, shape (frames,)
            In [0, 1].
        fewest_frames : int
            See `SequenceQuality`.
        """
        reasons = np.zeros(len(scores), np.uint16)
        for code, holds in codes.items():
            reasons |= np.where(holds, _BITS[code], 0).astype(np.uint16)
        return cls(reasons=reasons, scores=np.asarray(scores, np.float32), fewest_frames=fewest_frames)

    def __len__(self) -> int:
        return len(self.reasons)

    @property
    def kept_frames(self) -> NDArray[np.bool_]:
        """Where a frame was kept, shape (frames,)."""
        return np.asarray(self.reasons == 0)

    @property
    def kept(self) -> int:
        """Number of frames kept."""
        return int(np.count_nonzero(self.reasons == 0))

    @property
    def dropped(self) -> int:
        """Number of frames dropped."""
        return len(self) - self.kept

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Frames per reason that occurs; a frame may have several reasons."""
        found = {code: int(np.count_nonzero(self.reasons & bit)) for code, bit in _BITS.items()}
        return MappingProxyType({code: count for code, count in found.items() if count})

    @property
    def longest_run(self) -> int:
        """Length of the longest run of frames that were kept without a gap."""
        kept = np.concatenate(([0], self.kept_frames.astype(np.int8), [0]))
        edges = np.flatnonzero(np.diff(kept))
        return int((edges[1::2] - edges[::2]).max(initial=0))

    @property
    def score(self) -> float:
        """Mean score of the frames kept, in [0, 1]; 0 without any."""
        return float(self.scores[self.kept_frames].mean()) if self.kept else 0.0

    def codes_of(self, frame: int) -> tuple[str, ...]:
        """Return the codes for which a frame was dropped; none for a frame that was kept."""
        return tuple(code for code, bit in _BITS.items() if self.reasons[frame] & bit)

    @property
    def warnings(self) -> tuple[WalkWarning, ...]:
        """Reasons to doubt the sequence."""
        if self.kept >= self.fewest_frames:
            return ()
        why = f" ({self.in_words()})" if self.dropped else ""
        return (
            WalkWarning(
                code="few_frames",
                message=f"Only {self.kept} of {len(self)} frames can be used for recognition{why}; film at least one "
                f"whole stride with the person fully in view ({self.fewest_frames} frames).",
            ),
        )

    def in_words(self) -> str:
        """Return the counts per reason as text, most frequent first."""
        ordered = sorted(self.counts.items(), key=lambda item: -item[1])
        return ", ".join(f"{REASONS[code]}: {count}" for code, count in ordered)

    def require_frames(self, name: str) -> None:
        """Refuse a sequence without frames.

        Parameters
        ----------
        name : str
            How the message calls the sequence.

        Raises
        ------
        InputError
            When no frame was kept; with the counts per reason.
        """
        if self.kept:
            return
        found = f"all {len(self)} were dropped ({self.in_words()})" if len(self) else "there are no frames"
        raise InputError(
            f"Expected at least one usable frame in {name}, but {found}.",
            "Film the whole person, in good light and away from the border of the frame, or check the masks.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the facts for manifests and JSON output."""
        return {
            "frames": len(self),
            "kept": self.kept,
            "dropped": self.dropped,
            "counts": dict(self.counts),
            "longest_run": self.longest_run,
            "score": self.score,
            "warnings": [warning.to_dict() for warning in self.warnings],
        }
