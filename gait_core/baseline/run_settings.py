"""All settings that decide a baseline, together, as its manifest stores them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from gait_core.config import FeatureSettings, Settings, ThresholdSettings
from gait_core.learn.autoencoder.settings import AutoencoderSettings

__all__ = ["RunSettings"]


@dataclass(frozen=True, kw_only=True)
class RunSettings(Settings):
    """Everything that decides a baseline, together.

    Attributes
    ----------
    features : FeatureSettings
    learn : AutoencoderSettings
    thresholds : ThresholdSettings
    """

    features: FeatureSettings = field(default_factory=FeatureSettings)
    learn: AutoencoderSettings = field(default_factory=AutoencoderSettings)
    thresholds: ThresholdSettings = field(default_factory=ThresholdSettings)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from nested mappings."""
        return cls(
            features=FeatureSettings.from_dict(values.get("features", {})),
            learn=AutoencoderSettings.from_dict(values.get("learn", {})),
            thresholds=ThresholdSettings.from_dict(values.get("thresholds", {})),
        )
