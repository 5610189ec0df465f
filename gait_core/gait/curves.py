"""Joint angles over the gait cycle: single strides, mean, spread, and the values that are read from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import MeasureSettings
from gait_core.gait.angle_errors import angle_sd_deg
from gait_core.gait.angles import SIDES
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.parameters.parameter import Parameter
from gait_core.gait.parameters.spatiotemporal import sided_parameter
from gait_core.gait.position_errors import repeating_share
from gait_core.gait.strides import Stride

__all__ = ["CURVES", "POINTS", "Curves", "curve_errors", "key_values", "stride_curves"]

POINTS: Final = 101
"""Points of the cycle, 0 % to 100 %."""

CURVES: Final[Mapping[str, tuple[str, str]]] = {
    "hip": ("hip_to_trunk", "Hip flexion"),
    "knee": ("knee", "Knee flexion"),
    "ankle": ("ankle", "Ankle dorsiflexion"),
    "arm": ("shoulder", "Arm swing"),
    "trunk": ("trunk", "Trunk lean"),
}
"""Curve → angle of `Kinematics` (of that side; ``trunk`` has none) and label."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """Joint angles of every stride over the gait cycle.

    Attributes
    ----------
    values : mapping of (name, side) to ndarray, shape (n_strides, 101)
        Names of `CURVES`; degrees; NaN where a landmark was missing. The strides of a side are in order of time.
    foot_off_pct : mapping of side to ndarray, shape (n_strides,)
        Foot off of each stride, % of the cycle.
    """

    values: Mapping[tuple[str, str], NDArray[np.float64]]
    foot_off_pct: Mapping[str, NDArray[np.float64]]

    def mean(self, name: str, side: str) -> NDArray[np.float64]:
        """Return the mean over the strides, shape (101,), degrees; NaN where no stride has a value."""
        values = self.values[name, side]
        count = np.isfinite(values).sum(axis=0)
        total = np.where(np.isfinite(values), values, 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def sd(self, name: str, side: str) -> NDArray[np.float64]:
        """Return the SD between strides, shape (101,), degrees; NaN where fewer than two strides have a value."""
        values = self.values[name, side]
        count = np.isfinite(values).sum(axis=0)
        away = np.where(np.isfinite(values), values - self.mean(name, side), 0.0)
        return np.where(count > 1, np.sqrt((away**2).sum(axis=0) / np.maximum(count - 1, 1)), np.nan)

    def count(self, side: str) -> int:
        """Return the number of strides of a side."""
        return len(self.foot_off_pct[side])

    def mean_foot_off_pct(self, side: str) -> float | None:
        """Return the mean foot off of a side, % of the cycle, or None without strides."""
        return float(np.mean(self.foot_off_pct[side])) if self.count(side) else None

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to be stored: ``knee_left`` … and ``foot_off_pct_left`` …."""
        arrays: dict[str, NDArray[Any]] = {f"{name}_{side}": values for (name, side), values in self.values.items()}
        return arrays | {f"foot_off_pct_{side}": values for side, values in self.foot_off_pct.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`."""
        return cls(
            values={(name, side): arrays[f"{name}_{side}"] for name in CURVES for side in SIDES},
            foot_off_pct={side: arrays[f"foot_off_pct_{side}"] for side in SIDES},
        )


def stride_curves(motion: Kinematics, strides: Sequence[Stride]) -> Curves:
    """Cut the angles into strides and bring each to 101 points.

    Parameters
    ----------
    motion : Kinematics
    strides : sequence of Stride

    Returns
    -------
    Curves
        The trunk is cut by the strides of each side.
    """
    foot_off = {side: np.array([stride.foot_off_pct for stride in strides if stride.side == side]) for side in SIDES}
    return Curves(values=_cut(motion, strides, motion.angles), foot_off_pct=foot_off)


def curve_errors(motion: Kinematics, strides: Sequence[Stride]) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Return 1 SD of the error of every point of the curves, from the errors of the landmarks.

    Parameters
    ----------
    motion : Kinematics
    strides : sequence of Stride

    Returns
    -------
    dict of (name, side) to ndarray, shape (n_strides, 101)
        As `Curves.values`, degrees.
    """
    return _cut(motion, strides, angle_sd_deg(motion))


def _cut(
    motion: Kinematics, strides: Sequence[Stride], angles: Mapping[str, NDArray[np.float64]]
) -> dict[tuple[str, str], NDArray[np.float64]]:
    cycle = np.linspace(0.0, 1.0, POINTS)
    found = {}
    for side in SIDES:
        own = [stride for stride in strides if stride.side == side]
        times = np.array([stride.start_s + cycle * stride.duration_s for stride in own]).reshape(len(own), POINTS)
        for name, (angle, _) in CURVES.items():
            curve = angles[angle if angle in angles else f"{side}_{angle}"]
            found[name, side] = np.interp(times, motion.time_s, curve, left=np.nan, right=np.nan)
    return found


def key_values(
    curves: Curves,
    settings: MeasureSettings | None = None,
    errors: Mapping[tuple[str, str], NDArray[np.float64]] | None = None,
) -> dict[str, Parameter]:
    """Read the usual values from the curves, stride by stride.

    Parameters
    ----------
    curves : Curves
    settings : MeasureSettings, optional
        Interval and fewest strides.
    errors : mapping of (name, side) to ndarray, shape (n_strides, 101), optional
        As `curve_errors` gives them.

    Returns
    -------
    dict of str to Parameter
        For every curve ``NAME_rom_deg`` (range of motion), ``NAME_contact_deg`` (at initial contact), and
        ``NAME_max_stance_deg``, ``NAME_min_stance_deg``, ``NAME_max_swing_deg``, ``NAME_min_swing_deg`` with their
        times (``…_pct``, % of the cycle). Extremes in stance leave out the slope towards foot off, and for the lowest
        value a rise that begins at contact. A stride with missing samples gives no values.
    """
    settings = settings or MeasureSettings()
    found: dict[str, Parameter] = {}
    for name, (_, label) in CURVES.items():
        read = {
            side: _read(
                curves.values[name, side],
                curves.foot_off_pct[side],
                np.full_like(curves.values[name, side], np.nan) if errors is None else errors[name, side],
            )
            for side in SIDES
        }
        for number, (key, (text, unit)) in enumerate(_KEYS.items()):
            values, sd = ({side: read[side][which][:, number].tolist() for side in SIDES} for which in (0, 1))
            parameter = sided_parameter(
                f"{name}_{key}",
                f"{label}, {text}",
                unit,
                values,
                settings,
                ratio_scale=key == "rom_deg",
                errors=sd,
                repeating=repeating_share(),
            )
            if parameter.both is not None:
                found[parameter.name] = parameter
    return found


_KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "rom_deg": ("range", "deg"),
    "contact_deg": ("at initial contact", "deg"),
    **{
        f"{kind}_{part}_{unit}": (
            f"{word} in {part}{'' if unit == 'deg' else ', when'}",
            "deg" if unit == "deg" else "%",
        )
        for part in ("stance", "swing")
        for kind, word in (("max", "highest"), ("min", "lowest"))
        for unit in ("deg", "pct")
    },
}


def _read(
    values: NDArray[np.float64], foot_off_pct: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values of `_KEYS` of each stride and 1 SD of their errors, both of shape (n_strides, n_keys).

    NaN for a stride with a gap, and for the error of a time.
    """
    result, error = np.full((2, len(values), len(_KEYS)), np.nan)
    for row, (curve, off, sd) in enumerate(zip(values, foot_off_pct, errors, strict=True)):
        if not np.isfinite(curve).all():
            continue
        cut = int(np.clip(round(off), 1, POINTS - 2))
        highest, lowest = _extremes(curve)
        read, uncertain = (
            [float(curve[highest] - curve[lowest]), float(curve[0])],
            [hypot(sd[highest], sd[lowest]), sd[0]],
        )
        for at in (*_stance_extremes(curve[: cut + 1]), *(cut + place for place in _extremes(curve[cut:]))):
            read += [float(curve[at]), float(at)]
            uncertain += [sd[at], np.nan]
        result[row], error[row] = read, uncertain
    return result, error


def _extremes(part: NDArray[np.float64]) -> tuple[int, int]:
    return int(part.argmax()), int(part.argmin())


def _stance_extremes(stance: NDArray[np.float64]) -> tuple[int, int]:
    """Return where a curve is highest and lowest in stance, not counting the slopes at its ends.

    A knee bends towards foot off and goes on bending in swing: its highest value in stance is the peak of loading, not
    the moment at which stance happens to end. Likewise its lowest is when it is straightened, not the contact from
    which it bends at once.
    """
    last_rise = _trailing(np.diff(stance) > 0.0)
    last_fall = _trailing(np.diff(stance) < 0.0)
    first_rise = _trailing((np.diff(stance) > 0.0)[::-1])
    highest = stance[: len(stance) - last_rise] if last_rise < len(stance) - 1 else stance
    inner = stance[first_rise : len(stance) - last_fall]
    if first_rise + last_fall >= len(stance) - 1:
        first_rise, inner = 0, stance
    return int(highest.argmax()), first_rise + int(inner.argmin())


def _trailing(run: NDArray[np.bool_]) -> int:
    """Return how many values at the end are true."""
    breaks = np.flatnonzero(~run)
    return len(run) if not len(breaks) else len(run) - 1 - int(breaks[-1])
