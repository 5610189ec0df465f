"""All frames of a walk that were looked at, with the sequence of the good ones: `RatedFrames`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, StorageError
from gait_core.recognition.inputs.quality import SequenceQuality
from gait_core.recognition.inputs.sequence import GaitSequence

__all__ = ["RatedFrames"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RatedFrames:
    """Every frame of a walk that was looked at, kept or dropped; what a preview shows.

    Attributes
    ----------
    source : str
        File name or identifier.
    aligned : ndarray, shape (frames, 64, 64) or (frames, 64, 44), uint8
        Aligned silhouettes; all 0 where no person was seen.
    frame_numbers : ndarray, shape (frames,), int64
        Frame of the video from which each comes.
    quality : SequenceQuality
    maps : ndarray, shape (frames, 64, 64, 2), uint8, or None
    parsing : ndarray, shape (frames, 64, 64), uint8, or None
    time_s : ndarray, shape (frames,), float64, or None
    view : {"side", "front", "unknown"}
    """

    source: str
    aligned: NDArray[np.uint8]
    frame_numbers: NDArray[np.int64]
    quality: SequenceQuality
    maps: NDArray[np.uint8] | None = None
    parsing: NDArray[np.uint8] | None = None
    time_s: NDArray[np.float64] | None = None
    view: str = "unknown"

    def __len__(self) -> int:
        return len(self.aligned)

    @cached_property
    def sequence(self) -> GaitSequence:
        """The good frames, in the order of time.

        Raises
        ------
        InputError
            When no frame is good; with the counts per reason.
        """
        self.quality.require_frames(self.source)
        kept = self.quality.kept_frames
        parsing = None if self.parsing is None else self.parsing[kept]
        if parsing is not None and not parsing.any(axis=(1, 2)).all():
            parsing = None  # labels are worth something only where every frame has them
        return GaitSequence(
            source=self.source,
            silhouettes=self.aligned[kept],
            maps=None if self.maps is None else self.maps[kept],
            parsing=parsing,
            frame_numbers=self.frame_numbers[kept],
            time_s=None if self.time_s is None else self.time_s[kept],
            view=self.view,
            quality=self.quality,
        )

    def named(self, source: str) -> Self:
        """Return the same frames under another name."""
        return replace(self, source=source)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for the cache."""
        facts = {"source": self.source, "view": self.view, "fewest_frames": self.quality.fewest_frames}
        known: dict[str, NDArray[Any] | None] = {
            "aligned": self.aligned,
            "frame_numbers": self.frame_numbers,
            "reasons": self.quality.reasons,
            "scores": self.quality.scores,
            "maps": self.maps,
            "parsing": self.parsing,
            "time_s": self.time_s,
            "facts": np.frombuffer(json.dumps(facts).encode(), np.uint8),
        }
        return {name: array for name, array in known.items() if array is not None}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`.

        Raises
        ------
        StorageError
            When something is missing or damaged.
        """
        try:
            facts = json.loads(bytes(arrays["facts"]))
            return cls(
                source=facts["source"],
                aligned=arrays["aligned"],
                frame_numbers=arrays["frame_numbers"],
                quality=SequenceQuality(
                    reasons=arrays["reasons"], scores=arrays["scores"], fewest_frames=int(facts["fewest_frames"])
                ),
                maps=arrays.get("maps"),
                parsing=arrays.get("parsing"),
                time_s=arrays.get("time_s"),
                view=facts["view"],
            )
        except (KeyError, ValueError, TypeError, InputError) as error:
            raise StorageError(
                f"Expected the rated frames of a walk, but the arrays do not fit together ({error}).",
                "Clear the cache and run again.",
            ) from error
