"""The performance profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from gait_core.config.base import Settings, digest_of
from gait_core.config.settings import DECODINGS, PRECISIONS, PoseSettings

__all__ = ["DEFAULT_PROFILE", "GIB", "MIB", "PROCESS_MIB", "PROFILES", "EngineMemory", "Limits", "Profile"]

EngineMemory: TypeAlias = Mapping[str, tuple[int, int, int]]
"""Engine → memory of a process with the lite, full and heavy model, before the first image, MiB."""

MIB: Final = 1024**2
GIB: Final = 1024**3
_MODELS: Final = ("lite", "full", "heavy")
PROCESS_MIB: Final = (400, 410, 470)
"""Memory of a process with each model of an engine that gives no figures of its own; rounded down from measurements."""

_PICTURE_BYTES_PER_PX: Final = 12
"""Decoded frame, its colours, the copy that the engine takes, and one more on its way."""
_FULL_SIZE_PX: Final = 3840


@dataclass(frozen=True, kw_only=True)
class Limits(Settings):
    """How much of the machine extraction may take; changes no result.

    Attributes
    ----------
    memory_bytes : int or None
        Memory that the process may use; None: as much as there is.
    workers : int or None
        Videos at once; None: as many as CPU and memory allow.
    frames_ahead : int
        Frames decoded ahead of the pose model at most; fewer when memory runs short.
    """

    memory_bytes: int | None = None
    workers: int | None = None
    frames_ahead: int = 32

    _ranges = {"memory_bytes": (256 * 1024**2, 1024 * GIB), "workers": (1, 64), "frames_ahead": (0, 4096)}


@dataclass(frozen=True, kw_only=True)
class Profile(Settings):
    """A named set of performance settings.

    Attributes
    ----------
    name : str
        How it is chosen.
    description : str
        What it means, in plain words.
    base : str
        Built-in profile that it was made from; for a built-in one its own name.
    model_complexity : {0, 1, 2}
        Pose model lite, full or heavy.
    confidence : float
        Detection and presence confidence.
    tracking_confidence : float or None
        Tracking confidence; None: as `confidence`.
    target_fps : float or None
        Highest frame rate analysed, Hz.
    max_side_px : int or None
        Longer image side, px.
    memory_limit_bytes : int
        Memory that the work may use.
    batch_size : int
        Windows per step when scoring and when training from scratch.
    engine : str
        What runs the pose model, see `PoseSettings`.
    precision : {"f32", "bf16", "auto"}
        Arithmetic of the pose model, see `PoseSettings`.
    max_workers : int or None
        Videos at once; None: as many as CPU and memory allow.
    chunk_frames : int
        Frames decoded ahead of the pose model at most; fewer when memory runs short.
    skip_loop_filter : bool
        Decode without the filter that smooths block edges: faster, the frame a little coarser.
    decoding : {"measure", "display"}
        How landmarks are read from the pose model, see `PoseSettings`.
    """

    name: str
    description: str = ""
    base: str = "balanced"
    model_complexity: int = 1
    confidence: float = 0.5
    tracking_confidence: float | None = None
    target_fps: float | None = 30.0
    max_side_px: int | None = 960
    memory_limit_bytes: int = 2 * GIB
    batch_size: int = 32
    engine: str = "auto"
    precision: str = "f32"
    max_workers: int | None = None
    chunk_frames: int = 32
    skip_loop_filter: bool = False
    decoding: str = "measure"

    _ranges = {
        "confidence": (0.0, 1.0),
        "tracking_confidence": (0.0, 1.0),
        "target_fps": (5.0, 1000.0),
        "max_side_px": (128, 8192),
        "memory_limit_bytes": (256 * 1024**2, 1024 * GIB),
        "batch_size": (1, 65536),
        "max_workers": (1, 64),
        "chunk_frames": (1, 4096),
    }
    _choices = {
        "model_complexity": (0, 1, 2),
        "precision": PRECISIONS,
        "skip_loop_filter": (False, True),
        "decoding": DECODINGS,
    }
    _words = ("engine",)

    @property
    def model(self) -> str:
        """Name of the pose model: lite, full or heavy."""
        return _MODELS[self.model_complexity]

    @property
    def built_in(self) -> bool:
        """True for a profile that comes with the program."""
        return self.name in PROFILES

    def needed_bytes(self, engines: EngineMemory | None = None) -> int:
        """Return the least memory with which one frame at a time can be analysed: process, model and the frame.

        Parameters
        ----------
        engines : mapping, optional
            Memory of the engines that there are, as `gait_core.pose.engines.engine_memory` gives it. An engine that
            is not among them counts with `PROCESS_MIB`.
        """
        known = engines or {}
        named = [known.get(self.engine, PROCESS_MIB)] if self.engine != "auto" else [PROCESS_MIB, *known.values()]
        process_mib = max(models[self.model_complexity] for models in named)
        side_px = self.max_side_px or _FULL_SIZE_PX
        return process_mib * MIB + side_px * round(side_px * 9 / 16) * _PICTURE_BYTES_PER_PX

    def limits(self, workers: int | None = None) -> Limits:
        """Return how much of the machine the work may take; `workers` overrides the value of the profile."""
        return Limits(
            memory_bytes=self.memory_limit_bytes,
            workers=self.max_workers if workers is None else workers,
            frames_ahead=self.chunk_frames,
        )

    def digest(self) -> str:
        """Return a stable digest; that of a profile from before `decoding` could be chosen is what it was."""
        values = self.to_dict()
        if self.decoding == "display":
            del values["decoding"]
        return digest_of(values)

    def pose_settings(self) -> PoseSettings:
        """Return the settings that decide the landmarks."""
        return PoseSettings(
            engine=self.engine,
            variant=self.model,
            detection_confidence=self.confidence,
            presence_confidence=self.confidence,
            tracking_confidence=self.confidence if self.tracking_confidence is None else self.tracking_confidence,
            target_fps=self.target_fps,
            max_side_px=self.max_side_px,
            precision=self.precision,
            skip_loop_filter=self.skip_loop_filter,
            decoding=self.decoding,
        )


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="fast",
            base="fast",
            description="For a first look or a slow computer: the small pose model, at most 25 frames a second, "
            "smaller frames. The far leg is less certain.",
            model_complexity=0,
            confidence=0.3,
            target_fps=25.0,
            max_side_px=640,
            memory_limit_bytes=1 * GIB,
            batch_size=64,
            precision="auto",
            skip_loop_filter=True,
        ),
        Profile(
            name="balanced",
            description="The right choice for most walks: the full pose model, at most 30 frames a second.",
        ),
        Profile(
            name="accurate",
            base="accurate",
            description="For research and for difficult video: the heavy pose model, up to 60 frames a second, "
            "larger frames.",
            model_complexity=2,
            confidence=0.7,
            target_fps=60.0,
            max_side_px=1920,
            memory_limit_bytes=4 * GIB,
            batch_size=16,
            precision="auto",
        ),
    )
}
DEFAULT_PROFILE = "balanced"
