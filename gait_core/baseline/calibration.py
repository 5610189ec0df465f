"""What scores of a baseline are measured in, and the conditions under which its walks were filmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.conditions import Conditions
from gait_core.config import FeatureSettings
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.storage.stored_format import StoredFormat

__all__ = ["CALIBRATION_FORMAT", "Calibration"]

CALIBRATION_FORMAT: Final = 2
"""Format 1 had the same keys but no number; both are read."""
_SCALE_NOTE: Final = "leg length; a length in metres needs the subject's height"
_FORMAT: Final = StoredFormat(
    newest=CALIBRATION_FORMAT,
    keys=("typical_score", "typical_window", "window_limit", "typical_by_feature", "windows", "conditions"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """Contents of ``calibration.json``.

    Attributes
    ----------
    fps : float
        Frame rate of the walks, Hz.
    speed_mps : float or None
        Walking speed that the user gave.
    scale_input : ScaleInput
        What the user knew of the size of things.
    leg_length_px : tuple of float
        Leg length in each walk.
    feature_names : tuple of str
    feature_mean, feature_sd, residual_scale : tuple of float
        One value per feature: standardisation, and the usual residual in units of it.
    typical_score, typical_window : float
        Raw score of a walk and of a window that count as 1.
    window_limit : float
        Relative score that 95 % of the person's own windows stay below.
    typical_by_feature : ndarray, shape (n_features,)
        Deviation of each feature that counts as 1.
    windows : FeatureSettings
        How the features and windows were made.
    conditions : Conditions
    """

    fps: float
    speed_mps: float | None
    scale_input: ScaleInput
    leg_length_px: tuple[float, ...]
    feature_names: tuple[str, ...]
    feature_mean: tuple[float, ...]
    feature_sd: tuple[float, ...]
    residual_scale: tuple[float, ...]
    typical_score: float
    typical_window: float
    window_limit: float
    typical_by_feature: NDArray[np.float64]
    windows: FeatureSettings
    conditions: Conditions

    @property
    def visible_side(self) -> str | None:
        """The side of the body that all walks show, or None."""
        sides = self.conditions.visible_sides
        return sides[0] if len(sides) == 1 else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "format": CALIBRATION_FORMAT,
            "speed_mps": self.speed_mps,
            "scale_input": self.scale_input.to_dict(),
            "fps": self.fps,
            "scale": {"leg_length_px": list(self.leg_length_px), "unit": _SCALE_NOTE},
            "feature_names": list(self.feature_names),
            "feature_mean": list(self.feature_mean),
            "feature_sd": list(self.feature_sd),
            "residual_scale": list(self.residual_scale),
            "typical_score": self.typical_score,
            "typical_window": self.typical_window,
            "window_limit": self.window_limit,
            "typical_by_feature": self.typical_by_feature.tolist(),
            "windows": self.windows.to_dict(),
            "conditions": self.conditions.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Any, source: str) -> Self:
        """Read what any version so far has written.

        Parameters
        ----------
        values : object
            Contents of the file.
        source : str
            Name of the file, for messages.

        Returns
        -------
        Calibration

        Raises
        ------
        StorageError
            When a value is missing or of the wrong kind, or a later version wrote it.
        """
        return _FORMAT.read(values, source, cls._of)

    @classmethod
    def _of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            fps=float(stored.get("fps") or 0.0),
            speed_mps=None if stored.get("speed_mps") is None else float(stored["speed_mps"]),
            scale_input=ScaleInput.from_dict(stored.get("scale_input") or {}),
            leg_length_px=_floats((stored.get("scale") or {}).get("leg_length_px", ())),
            feature_names=tuple(str(name) for name in stored.get("feature_names", ())),
            feature_mean=_floats(stored.get("feature_mean", ())),
            feature_sd=_floats(stored.get("feature_sd", ())),
            residual_scale=_floats(stored.get("residual_scale", ())),
            typical_score=float(stored["typical_score"]),
            typical_window=float(stored["typical_window"]),
            window_limit=float(stored["window_limit"]),
            typical_by_feature=np.asarray(stored["typical_by_feature"], dtype=np.float64),
            windows=FeatureSettings.from_dict(stored["windows"]),
            conditions=Conditions.from_dict(stored["conditions"]),
        )


def _floats(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
