"""A sequence of aligned frames of one walk, as recognition stores it: `GaitSequence`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, StorageError
from gait_core.recognition.inputs.checked import checked_sequence
from gait_core.recognition.inputs.geometry import Geometry
from gait_core.recognition.inputs.quality import SequenceQuality
from gait_core.recognition.networks.settings import NetworkSettings

__all__ = ["CHANNELS", "VIEWS", "GaitSequence", "Geometry"]

CHANNELS: Final = ("silhouette", "limb", "joint", "parsing")
"""Everything that a network may ask for."""
VIEWS: Final = ("side", "front", "unknown")
_LAST_LABEL: Final = 11


@dataclass(frozen=True, kw_only=True, eq=False)
class GaitSequence:
    """Aligned frames of one person in one walk, in order of time.

    Attributes
    ----------
    source : str
        Where the sequence comes from: file name or identifier.
    silhouettes : ndarray, shape (n, 64, 64) or (n, 64, 44), uint8
        0 to 255; the second shape where the sides were already cut off, see `geometry`.
    maps : ndarray, shape (n, 64, 64, 2), uint8, or None
        Limb and joint map, 0 to 255.
    parsing : ndarray, shape (n, 64, 64), uint8, or None
        Labels of body parts, 0 to 11.
    frame_numbers : ndarray, shape (n,), int64
        Frame of the video from which each comes, rising; gaps are frames that were dropped.
    time_s : ndarray, shape (n,), float64, or None
        Time of each frame in the video, s.
    view : {"side", "front", "unknown"}
        From where the camera saw the person.
    quality : SequenceQuality
        Of all frames that were looked at, including the dropped ones.

    Raises
    ------
    InputError
        When shapes, types or ranges do not fit together.
    """

    source: str
    silhouettes: NDArray[np.uint8]
    maps: NDArray[np.uint8] | None = None
    parsing: NDArray[np.uint8] | None = None
    frame_numbers: NDArray[np.int64]
    time_s: NDArray[np.float64] | None = None
    view: str = "unknown"
    quality: SequenceQuality
    geometry: Geometry = field(init=False)

    def __post_init__(self) -> None:
        if self.silhouettes.ndim != 3 or not len(self.silhouettes):
            raise InputError(
                f"Expected silhouettes of shape (frames, 64, 64) with at least one frame in {self.source}, but got "
                f"{self.silhouettes.shape}.",
                "Give aligned silhouettes of one walk.",
            )
        # Derived, so that it can never contradict the frames.
        height, width = self.silhouettes.shape[1:]
        object.__setattr__(self, "geometry", Geometry(height_px=height, width_px=width))
        self._check_arrays()
        if self.view not in VIEWS:
            raise InputError(
                f"Expected view to be one of {', '.join(VIEWS)}, but got {self.view!r}.", "Choose one of these."
            )

    @classmethod
    def of_silhouettes(cls, source: str, silhouettes: NDArray[np.uint8], view: str = "unknown") -> Self:
        """Build from aligned silhouettes alone: every frame is kept, numbered from 0.

        Parameters
        ----------
        source : str
        silhouettes : ndarray, shape (n, 64, 64) or (n, 64, 44), uint8
            0 to 255.
        view : {"side", "front", "unknown"}
        """
        count = len(silhouettes)
        return cls(
            source=source,
            silhouettes=silhouettes,
            frame_numbers=np.arange(count),
            view=view,
            quality=SequenceQuality.unknown(count),
        )

    def __len__(self) -> int:
        return len(self.silhouettes)

    @property
    def available(self) -> tuple[str, ...]:
        """Channels that the sequence has."""
        maps = ("limb", "joint") if self.maps is not None else ()
        return ("silhouette", *maps, *(("parsing",) if self.parsing is not None else ()))

    def channels(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return channels as a network takes them, cut to the middle columns.

        Silhouettes and maps are divided by 255, always and once; labels stay as they are.

        Parameters
        ----------
        names : sequence of {"silhouette", "limb", "joint", "parsing"}
            In the order wanted.

        Returns
        -------
        ndarray, shape (n, 64, 44, channels), float32

        Raises
        ------
        InputError
            When the sequence does not have a channel.
        """
        missing = [name for name in names if name not in self.available]
        if missing:
            raise InputError(
                f"Expected the channel {missing[0]} in {self.source}, but it has only {', '.join(self.available)}.",
                "Take a network that needs silhouettes only, or a video in which landmarks were found.",
            )
        columns = self.geometry.columns
        shape = (len(self), self.geometry.height_px, self.geometry.cut_width_px, len(names))
        found = np.empty(shape, np.float32)
        for place, name in enumerate(names):
            found[..., place] = self._plane(name)[:, :, columns]
            if name != "parsing":
                found[..., place] /= np.float32(255.0)
        return found

    def for_network(self, settings: NetworkSettings) -> NDArray[np.float32]:
        """Return the input of a network: its channels in its order and scale, checked.

        Parameters
        ----------
        settings : NetworkSettings

        Returns
        -------
        ndarray, shape (n, height, width, channels), float32

        Raises
        ------
        InputError
            When a channel is missing, is empty, or has another size than the network takes.
        """
        return checked_sequence(self.channels(settings.channels), settings, self.source)

    def select(self, frames: slice | NDArray[Any]) -> Self:
        """Return a part of the sequence, in the order of time; its quality is still that of all frames.

        Parameters
        ----------
        frames : slice or ndarray
            Rising places in the sequence, or one truth value per frame.
        """
        return replace(
            self,
            silhouettes=self.silhouettes[frames],
            maps=None if self.maps is None else self.maps[frames],
            parsing=None if self.parsing is None else self.parsing[frames],
            frame_numbers=self.frame_numbers[frames],
            time_s=None if self.time_s is None else self.time_s[frames],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the facts for manifests and JSON output."""
        return {
            "source": self.source,
            "frames": len(self),
            "view": self.view,
            "channels": list(self.available),
            "geometry": self.geometry.to_dict(),
            "quality": self.quality.to_dict(),
        }

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for the cache or the archive; facts that are no numbers are in ``facts``."""
        facts = {
            "source": self.source,
            "view": self.view,
            "geometry": self.geometry.to_dict(),
            "fewest_frames": self.quality.fewest_frames,
        }
        known = {
            "silhouettes": self.silhouettes,
            "maps": self.maps,
            "parsing": self.parsing,
            "frame_numbers": self.frame_numbers,
            "time_s": self.time_s,
            "reasons": self.quality.reasons,
            "scores": self.quality.scores,
            "facts": np.frombuffer(json.dumps(facts).encode(), np.uint8),
        }
        return {name: array for name, array in known.items() if array is not None}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`.

        Raises
        ------
        StorageError
            When something is missing or does not fit.
        """
        try:
            facts = json.loads(bytes(arrays["facts"]))
            quality = SequenceQuality(
                reasons=arrays["reasons"], scores=arrays["scores"], fewest_frames=int(facts["fewest_frames"])
            )
            found = cls(
                source=facts["source"],
                silhouettes=arrays["silhouettes"],
                maps=arrays.get("maps"),
                parsing=arrays.get("parsing"),
                frame_numbers=arrays["frame_numbers"],
                time_s=arrays.get("time_s"),
                view=facts["view"],
                quality=quality,
            )
            if found.geometry.to_dict() != facts["geometry"]:
                raise ValueError(f"frames of {found.geometry} where {facts['geometry']} was stored")
        except (KeyError, ValueError, TypeError, AttributeError, InputError) as error:
            raise StorageError(
                f"Expected the arrays of a gait sequence, but they do not fit together ({error}).",
                "Make the sequence again from its video or its silhouettes.",
            ) from error
        return found

    def _plane(self, name: str) -> NDArray[np.uint8]:
        if name == "silhouette":
            return self.silhouettes
        if name == "parsing":
            assert self.parsing is not None
            return self.parsing
        assert self.maps is not None
        return self.maps[..., ("limb", "joint").index(name)]

    def _check_arrays(self) -> None:
        """Refuse arrays whose shape, type or range does not fit."""
        frames = self.silhouettes.shape
        for name, array, shape in (
            ("silhouettes", self.silhouettes, frames),
            ("maps", self.maps, (*frames, 2)),
            ("parsing", self.parsing, frames),
        ):
            if array is not None and (array.shape != shape or array.dtype != np.uint8):
                raise InputError(
                    f"Expected {name} of shape {shape} and type uint8 in {self.source}, but got {array.shape} and "
                    f"{array.dtype}.",
                    "Align all channels together, as whole numbers from 0 to 255 (labels 0 to 11).",
                )
        for name, values in (("frame_numbers", self.frame_numbers), ("time_s", self.time_s)):
            if values is not None and (values.shape != frames[:1] or not (np.diff(values) > 0).all()):
                raise InputError(
                    f"Expected {len(self)} rising values of {name} in {self.source}, but got shape {values.shape}"
                    f"{'' if values.shape != frames[:1] else ' with values that repeat or fall'}.",
                    "Keep the frames in the order of time.",
                )
        if 0 < self.silhouettes.max() <= 1:
            raise InputError(
                f"Expected silhouettes from 0 to 255 in {self.source}, but none exceeds 1.", "Multiply them by 255."
            )
        if self.parsing is not None and self.parsing.max() > _LAST_LABEL:
            raise InputError(
                f"Expected labels 0 to {_LAST_LABEL} in {self.source}, but got {self.parsing.max()}.",
                "Give the label map as it is, neither scaled nor interpolated.",
            )
