"""Labelled rows that a classifier learns from: curves, windows, parameters or clips, with class, subject and walk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gait_core.cache.files import array_pieces
from gait_core.errors import InputError
from gait_core.learn.datasets.clips import Clips, mirrored_summaries

__all__ = ["KINDS", "Samples", "joined"]

KINDS: Final = ("curves", "windows", "parameters", "clips")
"""What a row can be: one gait cycle, a fixed-length piece of the feature sequence, one value per channel, or images of
the walker."""

_OTHER: Final = {"left_": "right_", "right_": "left_"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Labelled rows that a classifier learns from.

    Attributes
    ----------
    values : ndarray of float32, shape (n, n_steps, n_channels)
        Curves of 101 points or windows; parameters have one step. Finite everywhere; 0 after the length of a row. Of a
        clip, the summary by which clips are compared (`gait_core.walks.clips.WalkClip.summary`).
    lengths : ndarray of int64, shape (n,)
        Valid steps of each row, 1 to n_steps.
    labels : ndarray of int64, shape (n,)
        Index into `classes`.
    subjects : ndarray of str, shape (n,)
        The person that a row comes from; a split never puts one on both sides.
    walks : ndarray of str, shape (n,)
        The walk, cycle or person that a row comes from; rows of the same walk overlap or belong together.
    channels : tuple of str
        Names with units: ``left_knee_flexion_deg``.
    classes : tuple of str
        In the order of the labels.
    kind : {"curves", "windows", "parameters", "clips"}
    clips : Clips or None
        The frames of each row of the kind ``clips``.

    Raises
    ------
    InputError
        When the arrays do not fit together, a value is NaN or infinite, or a label is no index into `classes`.
    """

    values: NDArray[np.float32]
    lengths: NDArray[np.int64]
    labels: NDArray[np.int64]
    subjects: NDArray[np.str_]
    walks: NDArray[np.str_]
    channels: tuple[str, ...]
    classes: tuple[str, ...]
    kind: str
    clips: Clips | None = None

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype))
        for name in ("channels", "classes"):
            object.__setattr__(self, name, tuple(str(value) for value in getattr(self, name)))
        self._check_shapes()
        self._check_content()

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.values.shape))
        return f"Samples({self.kind}, {shape}, {len(set(self.subjects.tolist()))} subjects, classes {self.classes})"

    @property
    def n_steps(self) -> int:
        """Steps of a row of values, padding included."""
        return int(self.values.shape[1])

    @property
    def longest(self) -> int:
        """Steps of the longest row, padding included; of clips, frames."""
        return self.n_steps if self.clips is None else int(self.clips.lengths.max(initial=0))

    @property
    def swap(self) -> NDArray[np.intp] | None:
        """Order of the channels that exchanges left and right, shape (n_channels,).

        None when no channel has a side, or when one has no counterpart: the sides cannot be exchanged then. The order
        as it is for clips, whose columns are exchanged instead.
        """
        if self.clips is not None:
            return np.arange(len(self.channels), dtype=np.intp)
        place = {name: number for number, name in enumerate(self.channels)}
        partners = [_partner(name) for name in self.channels]
        if partners == list(self.channels) or not all(name in place for name in partners):
            return None
        return np.array([place[name] for name in partners], dtype=np.intp)

    def take(self, rows: ArrayLike | slice) -> Self:
        """Return some rows, in the order given.

        Parameters
        ----------
        rows : array-like of int or bool, or slice
        """
        chosen: Any = rows if isinstance(rows, slice) else np.asarray(rows)
        if not isinstance(rows, slice) and chosen.size == 0:
            chosen = chosen.astype(np.intp)
        clips = None if self.clips is None else self.clips.take(chosen)
        return replace(self, clips=clips, **{name: getattr(self, name)[chosen] for name in _DTYPES})

    def mirrored(self) -> Self:
        """Return the rows with left and right exchanged, of clips those of every frame; itself where `swap` is None."""
        if self.clips is not None:
            return replace(self, values=mirrored_summaries(self.values), clips=self.clips.mirror_images())
        swap = self.swap
        return self if swap is None else replace(self, values=np.ascontiguousarray(self.values[:, :, swap]))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for one ``.npz`` file.

        Raises
        ------
        InputError
            For clips, which are made of videos and kept in the cache.
        """
        if self.clips is not None:
            raise InputError(
                "Expected rows of numbers to store, but got clips.", "Keep the videos: clips come from them."
            )
        return self._arrays()

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _DTYPES}
        return arrays | {
            "channels": np.array(self.channels, np.str_),
            "classes": np.array(self.classes, np.str_),
            "kind": np.array(self.kind, np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`.

        Raises
        ------
        InputError
            When an array is missing, of another kind, or does not fit the others.
        """
        missing = sorted({*_DTYPES, "channels", "classes", "kind"} - set(arrays))
        if missing:
            raise InputError(f"Expected stored samples, but {', '.join(missing)} is missing.", "Make them again.")
        try:
            own: dict[str, Any] = {
                name: np.asarray(arrays[name]).astype(dtype, casting="same_kind") for name, dtype in _DTYPES.items()
            }
            return cls(
                **own,
                channels=tuple(np.atleast_1d(arrays["channels"]).tolist()),
                classes=tuple(np.atleast_1d(arrays["classes"]).tolist()),
                kind=str(arrays["kind"]),
            )
        except TypeError as error:
            raise InputError(f"Expected stored samples, but got other arrays ({error}).", "Make them again.") from error

    def digest(self) -> str:
        """Return 16 hexadecimal digits that depend on the content alone."""
        total = hashlib.sha256()
        if self.clips is not None:
            total.update(self.clips.digest().encode())
        for name, array in sorted(self._arrays().items()):
            total.update(f"{name}{array.shape}".encode())
            if array.dtype.kind == "U":
                total.update("\0".join(map(str, array.ravel().tolist())).encode("utf-8", "surrogatepass"))
            else:
                total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()[:16]

    def _check_shapes(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"Expected kind among {', '.join(KINDS)}, but got {self.kind!r}.", "Choose one of these.")
        if (self.kind == "clips") != (self.clips is not None) or len(self.values) != len(self.clips or self.values):
            raise InputError(
                f"Expected a clip for each of {len(self.values)} rows of the kind clips, and none for other kinds, but "
                f"got {'none' if self.clips is None else len(self.clips)} for {self.kind}.",
                "Read clips from a dataset of videos.",
            )
        if self.values.ndim != 3 or self.values.shape[2] != len(self.channels) or self.values.shape[1] < 1:
            raise InputError(
                f"Expected values of shape (n, n_steps, {len(self.channels)}), but got {self.values.shape}.",
                "Give one column per channel.",
            )
        for name in _DTYPES:
            found = getattr(self, name).shape
            if name != "values" and found != (len(self.values),):
                raise InputError(f"Expected {name} of shape ({len(self.values)},), but got {found}.", "Give one a row.")
        for name in ("channels", "classes"):
            if not getattr(self, name) or len(set(getattr(self, name))) < len(getattr(self, name)):
                raise InputError(f"Expected different {name}, but got {getattr(self, name)}.", "Name each once.")
        if self.kind == "parameters" and self.n_steps != 1:
            raise InputError(f"Expected parameters with one step, but got {self.n_steps}.", "Give kind 'curves'.")

    def _check_content(self) -> None:
        if not len(self):
            return
        if self.labels.min() < 0 or self.labels.max() >= len(self.classes):
            raise InputError(
                f"Expected labels from 0 to {len(self.classes) - 1}, but got {self.labels.min()} to "
                f"{self.labels.max()}.",
                "Give an index into the classes.",
            )
        if self.lengths.min() < 1 or self.lengths.max() > self.n_steps:
            raise InputError(
                f"Expected lengths from 1 to {self.n_steps}, but got {self.lengths.min()} to {self.lengths.max()}.",
                "Leave out empty rows.",
            )
        first = 0
        for piece in array_pieces(self.values):  # windows of many videos are kept in a file, not in memory
            finite = np.isfinite(piece).all(axis=(1, 2))
            if not finite.all():
                row = first + int(np.argmin(finite))
                raise InputError(
                    f"Expected numbers, but {self.walks[row]} of subject {self.subjects[row]} holds NaN or infinity.",
                    "Leave out rows with missing values.",
                )
            first += len(piece)
        if (self.lengths < self.n_steps).any():
            after = np.arange(self.n_steps) >= self.lengths[:, None]
            if self.values[after].any():
                raise InputError("Expected 0 after the length of a row, but got other values.", "Pad with zeros.")


_DTYPES: Final[Mapping[str, type]] = {
    "values": np.float32,
    "lengths": np.int64,
    "labels": np.int64,
    "subjects": np.str_,
    "walks": np.str_,
}


def _partner(name: str) -> str:
    for side, other in _OTHER.items():
        if name.startswith(side):
            return other + name.removeprefix(side)
    return name


def joined(parts: Sequence[Samples]) -> Samples:
    """Put samples of the same channels, classes and kind one after the other; shorter rows are padded with zeros.

    Returns
    -------
    Samples

    Raises
    ------
    InputError
        With no samples, or when they do not fit together.
    """
    if not parts:
        raise InputError("Expected samples, but got none.", "Give at least one part.")
    first = parts[0]
    for part in parts[1:]:
        if (part.channels, part.classes, part.kind) != (first.channels, first.classes, first.kind):
            raise InputError(
                f"Expected {first.kind} of {first.channels} with classes {first.classes}, but got {part.kind} of "
                f"{part.channels} with classes {part.classes}.",
                "Join only samples that were made in the same way.",
            )
    n_steps = max(part.n_steps for part in parts)
    padded = [np.pad(part.values, ((0, 0), (0, n_steps - part.n_steps), (0, 0))) for part in parts]
    others: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _DTYPES if name != "values"
    }
    clips = first.clips
    for part in parts[1:]:
        clips = None if clips is None or part.clips is None else clips.followed_by(part.clips)
    return replace(first, values=np.concatenate(padded), clips=clips, **others)
