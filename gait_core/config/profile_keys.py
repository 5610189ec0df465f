"""The keys of a profile file: what each may hold, and what is made of it.

The keys are those of the performance guide that the profiles come from, and a few of our own. Every key is checked.
*Used* keys decide something; *kept* keys are allowed, so that a file written for that guide can be read, but decide
nothing here, and the reason is shown.

==================================================  =====  =====================================================
key                                                 state  what becomes of it
==================================================  =====  =====================================================
description                                         used   shown wherever the profile can be chosen
performance_mode                                    used   profile whose values stand for every key left out
enable_optimizations                                used   true only; without them: baseline create
                                                           --disable-optimizations
max_memory_mb                                       used   memory that the work may use, in units of 1024² bytes
batch_size                                          used   windows per step when scoring and training from scratch
target_fps                                          used   highest frame rate analysed; null: every frame
max_side_px                                         used   longer side of the frame; null: full size
engine                                              used   what runs the pose model
precision                                           used   arithmetic of the pose model
skip_loop_filter                                    used   decode without smoothing block edges
decoding                                            used   how landmarks are read from the pose model
mediapipe.model_complexity                          used   pose model: 0 lite, 1 full, 2 heavy
mediapipe.min_detection_confidence                  used   threshold for detection and presence
mediapipe.min_tracking_confidence                   used   threshold for tracking; left out: as for detection
mediapipe.smooth_landmarks                          used   true only: smoothing follows from decoding
mediapipe.enable_segmentation                       kept   masks are made where recognition asks for them
io_optimization.batch_size                          used   frames decoded ahead, at most
io_optimization.use_compression                     kept   exports are always compressed, the cache never is
io_optimization.parallel_processing                 used   false: one video at a time
io_optimization.max_workers                         used   videos at once
memory_optimization.chunk_processing                used   true only: no video is ever held in memory whole
memory_optimization.chunk_size                      used   frames decoded ahead, at most; the smaller value counts
memory_optimization.garbage_collection_frequency    kept   memory is collected as it nears the limit
training.batch_size                                 used   as batch_size
training.num_filters, num_blocks, kernel_size,      kept   they belong to the classifier, not to a profile
training.dropout_rate, epochs, n_folds
==================================================  =====  =====================================================
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from gait_core.config.base import is_word
from gait_core.config.settings import DECODINGS, PRECISIONS

__all__ = ["BLOCKS", "KEYS", "Key", "ProfileProblem", "nearest_key"]

BLOCKS: Final = ("mediapipe", "io_optimization", "memory_optimization", "training")
"""Keys that hold further keys."""

LONGEST_DESCRIPTION: Final = 400


@dataclass(frozen=True, kw_only=True)
class ProfileProblem:
    """One thing that is wrong with a profile.

    Attributes
    ----------
    where : str
        Profile and key, such as ``custom_fast: mediapipe.model_complexity``; may be empty.
    key : str
        Key alone, dotted; empty when the whole profile or file is meant.
    message, remedy : str
        As in `GaitError`.
    """

    where: str
    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.where and f"{self.where}:", self.message, self.remedy) if part)

    def to_dict(self) -> dict[str, str]:
        """Return the fields for JSON."""
        return {"where": self.where, "key": self.key, "message": self.message, "remedy": self.remedy}


@dataclass(frozen=True, kw_only=True)
class Key:
    """What one key may hold.

    Attributes
    ----------
    kind : {"text", "name", "word", "switch", "whole", "number"}
    low, high : float
        Range of a number, both ends allowed.
    words : tuple of str
        What a word may be.
    empty : bool
        True where null is allowed.
    only : bool or None
        The one value of a switch that we can do.
    instead : str
        What to do when the other value was meant.
    kept : str
        Why the key decides nothing; empty when it is used.
    """

    kind: str
    low: float = 0.0
    high: float = math.inf
    words: tuple[str, ...] = ()
    empty: bool = False
    only: bool | None = None
    instead: str = ""
    kept: str = ""

    def wrong(self, value: Any) -> tuple[str, str] | None:
        """Return what is wrong with a value, as "what was expected" and what to do; None when it is right."""
        if value is None and self.empty:
            return None
        if self.kind == "text":
            good = isinstance(value, str) and len(value) <= LONGEST_DESCRIPTION and value.isprintable()
            return None if good else (f"a line of at most {LONGEST_DESCRIPTION} characters", "Shorten or quote it.")
        if self.kind == "name":
            return None if is_word(value) else ("a single word", "Give its name.")
        if self.kind == "word":
            good = isinstance(value, str) and value in self.words
            return None if good else (f"one of {', '.join(self.words)}", _near(value, self.words))
        if self.kind == "switch":
            if not isinstance(value, bool):
                return "true or false", "Write it without quotes."
            return None if self.only in (None, value) else (str(self.only).lower(), self.instead)
        return self._wrong_number(value)

    def _wrong_number(self, value: Any) -> tuple[str, str] | None:
        kind = "a whole number" if self.kind == "whole" else "a number"
        expected = f"{kind} from {self.low:g} to {self.high:g}" + (" or null" if self.empty else "")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return expected, "Write the number without quotes."
        if self.kind == "whole" and isinstance(value, float) and not value.is_integer():
            return expected, "Round it."
        return None if self.low <= value <= self.high else (expected, "Take a value in that range.")


def _whole(low: int, high: int, **more: Any) -> Key:
    return Key(kind="whole", low=low, high=high, **more)


def _share(**more: Any) -> Key:
    return Key(kind="number", low=0.0, high=1.0, **more)


_OF_CLASSIFIER: Final = "it belongs to the classifier of the Training lab, not to a profile"

KEYS: Final[Mapping[str, Key]] = {
    "description": Key(kind="text"),
    "performance_mode": Key(kind="word", words=("fast", "balanced", "accurate")),
    "enable_optimizations": Key(
        kind="switch",
        only=True,
        instead="Without optimisations there is `baseline create --disable-optimizations`; a profile always has them.",
    ),
    "max_memory_mb": _whole(1, 1024 * 1024),
    "batch_size": _whole(1, 65536),
    "target_fps": Key(kind="number", low=5.0, high=1000.0, empty=True),
    "max_side_px": _whole(128, 8192, empty=True),
    "engine": Key(kind="name"),
    "precision": Key(kind="word", words=PRECISIONS),
    "skip_loop_filter": Key(kind="switch"),
    "decoding": Key(kind="word", words=DECODINGS),
    "mediapipe.model_complexity": _whole(0, 2),
    "mediapipe.min_detection_confidence": _share(),
    "mediapipe.min_tracking_confidence": _share(),
    "mediapipe.smooth_landmarks": Key(
        kind="switch",
        only=True,
        instead="Leave the key out: decoding says whether landmarks are smoothed as MediaPipe does for video.",
    ),
    "mediapipe.enable_segmentation": Key(kind="switch", kept="masks are made where recognition asks for them"),
    "io_optimization.batch_size": _whole(1, 4096),
    "io_optimization.use_compression": Key(kind="switch", kept="exports are always compressed, the cache never is"),
    "io_optimization.parallel_processing": Key(kind="switch"),
    "io_optimization.max_workers": _whole(1, 64),
    "memory_optimization.chunk_processing": Key(
        kind="switch", only=True, instead="No video is ever held in memory whole; leave the key out."
    ),
    "memory_optimization.chunk_size": _whole(1, 4096),
    "memory_optimization.garbage_collection_frequency": _whole(
        1, 1_000_000, kept="memory is collected as it nears the limit, not every so many frames"
    ),
    "training.batch_size": _whole(1, 65536),
    "training.num_filters": _whole(1, 4096, kept=_OF_CLASSIFIER),
    "training.num_blocks": _whole(1, 64, kept=_OF_CLASSIFIER),
    "training.kernel_size": _whole(1, 64, kept=_OF_CLASSIFIER),
    "training.dropout_rate": _share(kept=_OF_CLASSIFIER),
    "training.epochs": _whole(1, 100_000, kept=_OF_CLASSIFIER),
    "training.n_folds": _whole(2, 100, kept=_OF_CLASSIFIER),
}
"""Dotted key → what it may hold."""


def nearest_key(key: str) -> str:
    """Return the known key that looks most like an unknown one, or an empty text.

    Returns
    -------
    str
    """
    lowered = key.lower()
    leaf = lowered.rpartition(".")[2]
    leaves = {name.rpartition(".")[2]: name for name in reversed(list(KEYS))}
    if leaf in leaves:
        return lowered if lowered in KEYS else leaves[leaf]
    close = get_close_matches(leaf, leaves, n=1, cutoff=0.6)
    if close:
        return leaves[close[0]]
    return (get_close_matches(lowered, (*KEYS, *BLOCKS), n=1, cutoff=0.6) or [""])[0]


def _near(value: Any, words: tuple[str, ...]) -> str:
    close = get_close_matches(str(value)[:60].lower(), words, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else "Choose one of these."
