"""What a baseline is to be made from, as the wizard, the command line and programs give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gait_core.baseline.fit import MINIMUM_WALKS
from gait_core.baseline.run_settings import RunSettings
from gait_core.config import (
    DEFAULT_PROFILE,
    FeatureSettings,
    Settings,
    ThresholdSettings,
)
from gait_core.errors import InputError, SettingsError
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.workflows.before.fit import UNOPTIMISED_BATCH_SIZE

__all__ = ["BaselineRequest"]


@dataclass(frozen=True, kw_only=True)
class BaselineRequest(Settings):
    """What a baseline is to be made from.

    Attributes
    ----------
    videos : sequence of str
        Paths, usually five; each another walk of the same person.
    subject : str
        Pseudonym.
    speed_mps : float or None
        Walking speed, m/s, if known; stored with the calibration, and gives metres where no height is known.
    height_m : float or None
        Height of the person, m, if known; gives step lengths in metres.
    fps : float or None
        True frame rate, Hz, where the file's own time stamps are wrong, as in slow motion.
    profile : str
        Name of a performance profile.
    cell : {"gru", "lstm"}
        Recurrent cell.
    from_scratch : bool
        Do not start from the pre-trained model.
    thresholds : mapping
        Fields of `ThresholdSettings`.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    workers : int or None
        Videos at once; default: as many as there are CPUs, at most five.
    use_cache : bool
    disable_optimizations : bool
        Run the pipeline as it was before anything was made faster, see `gait_core.workflows.before.prepare`; `cell`,
        `from_scratch`, `workers` and `use_cache` have no effect then, and limits are mean plus k·SD by default.
    """

    videos: Sequence[str]
    subject: str
    speed_mps: float | None = None
    height_m: float | None = None
    fps: float | None = None
    profile: str = DEFAULT_PROFILE
    cell: str = "gru"
    from_scratch: bool = False
    thresholds: Mapping[str, Any] | None = None
    person: str = "auto"
    workers: int | None = None
    use_cache: bool = True
    disable_optimizations: bool = False

    _ranges = {"speed_mps": (0.1, 4.0), "height_m": (0.8, 2.5), "fps": (5.0, 1000.0), "workers": (1, 64)}
    _choices = {"cell": ("gru", "lstm")}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.subject.strip():
            raise SettingsError("Expected a name for the subject, but got none.", "Give a pseudonym, such as P014.")
        if len(self.videos) < MINIMUM_WALKS:
            raise InputError(
                f"Expected at least {MINIMUM_WALKS} videos (five are recommended), but got {len(self.videos)}.",
                "Add walks of the same person, filmed from the same side.",
            )

    def scale_input(self) -> ScaleInput:
        """Return what is known of the size of things."""
        if self.height_m is not None:
            return ScaleInput(kind="height", value=self.height_m)
        if self.speed_mps is not None:
            return ScaleInput(kind="speed", value=self.speed_mps)
        return ScaleInput()

    def run_settings(self) -> RunSettings:
        """Return all settings that decide the result."""
        learn = AutoencoderSettings(cell=self.cell)
        thresholds = dict(self.thresholds or {})
        if self.disable_optimizations:
            learn = learn.with_(cell="lstm", batch_size=UNOPTIMISED_BATCH_SIZE)
            # As it was: without the pre-trained model five walks alone would state a rate of one in six at best.
            thresholds = {"method": "mean_sd"} | thresholds
        return RunSettings(
            features=FeatureSettings(),
            learn=learn,
            thresholds=ThresholdSettings.from_dict(thresholds),
        )
