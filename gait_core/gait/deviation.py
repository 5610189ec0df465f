"""How far a walk lies from a baseline, angle by angle and phase by phase of the gait cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.curves import POINTS, Curves
from gait_core.gait.strides import Stride

__all__ = [
    "LEAST_SD_DEG",
    "PHASES",
    "Band",
    "Phase",
    "band_of",
    "gait_variable_scores",
    "phase_at",
    "phase_profile",
    "z_curves",
]

Key = tuple[str, str]
Array = NDArray[np.float64]

LEAST_SD_DEG: Final = 1.0
"""SD below which z-scores are not taken: a camera does not see smaller differences between walks."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of the gait cycle.

    Attributes
    ----------
    name : str
    label : str
    start_pct, end_pct : float
        % of the cycle.
    """

    name: str
    label: str
    start_pct: float
    end_pct: float


PHASES: Final[tuple[Phase, ...]] = tuple(
    Phase(name=name, label=name.replace("_", " ").capitalize(), start_pct=start, end_pct=end)
    for name, start, end in (
        ("initial_contact", 0.0, 2.0),
        ("loading_response", 2.0, 12.0),
        ("mid_stance", 12.0, 31.0),
        ("terminal_stance", 31.0, 50.0),
        ("pre_swing", 50.0, 62.0),
        ("initial_swing", 62.0, 75.0),
        ("mid_swing", 75.0, 87.0),
        ("terminal_swing", 87.0, 100.0),
    )
)
"""Perry & Burnfield 2010, Gait Analysis, 2nd ed., chapter 2."""


def phase_at(percent: float) -> str:
    """Return the phase of the gait cycle at a moment, with its limits.

    Returns
    -------
    str
        For example ``mid stance (12–31 %)``.
    """
    phase = next((one for one in PHASES if one.start_pct <= percent < one.end_pct), PHASES[-1])
    return f"{phase.label.lower()} ({phase.start_pct:.0f}–{phase.end_pct:.0f}\u00a0%)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """Usual course of one curve over several walks.

    Attributes
    ----------
    mean, sd : ndarray, shape (101,)
        Mean of the walks' mean curves, and SD between walks, degrees; the SD is NaN for one walk.
    n_walks : int
    """

    mean: Array
    sd: Array
    n_walks: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON; NaN becomes None."""
        return {
            "mean": [None if np.isnan(value) else value for value in self.mean.tolist()],
            "sd": [None if np.isnan(value) else value for value in self.sd.tolist()],
            "n_walks": self.n_walks,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        mean, sd = (np.array(values[name], dtype=np.float64) for name in ("mean", "sd"))
        return cls(mean=mean, sd=sd, n_walks=values["n_walks"])


def band_of(walks: Sequence[Curves]) -> dict[Key, Band]:
    """Return the usual course of every curve that at least one walk has.

    Parameters
    ----------
    walks : sequence of Curves
        The walks of a baseline. Every walk counts the same, however many strides it has.

    Returns
    -------
    dict of (name, side) to Band
        Mean and SD over the walks at each percent of the gait cycle.
    """
    bands = {}
    for name, side in walks[0].values if walks else ():
        means = np.array([walk.mean(name, side) for walk in walks])
        means = means[np.isfinite(means).all(axis=1)]
        if len(means):
            sd = means.std(axis=0, ddof=1) if len(means) > 1 else np.full(POINTS, np.nan)
            bands[name, side] = Band(mean=means.mean(axis=0), sd=sd, n_walks=len(means))
    return bands


def z_curves(curves: Curves, bands: Mapping[Key, Band]) -> dict[Key, Array]:
    """Return by how many SD the mean curves lie off the band, shape (101,) each.

    Parameters
    ----------
    curves : Curves
    bands : mapping of (name, side) to Band
        A band of one walk has no SD and gives no z-scores. An SD below 1° counts as 1°.

    Returns
    -------
    dict of (name, side) to ndarray, shape (101,)
        Deviation in SD; only curves that have a band with an SD.
    """
    return {
        key: (curves.mean(*key) - band.mean) / np.maximum(band.sd, LEAST_SD_DEG)
        for key, band in bands.items()
        if band.n_walks > 1 and key in curves.values and np.isfinite(curves.mean(*key)).all()
    }


def gait_variable_scores(curves: Curves, bands: Mapping[Key, Band]) -> dict[Key, float]:
    """Return the gait variable score of every curve, degrees.

    Parameters
    ----------
    curves : Curves
    bands : mapping of (name, side) to Band

    Returns
    -------
    dict of (name, side) to float
        Root mean square difference between the mean curve and the band's mean over the cycle. All of them
        together, side by side, are the sagittal part of the movement analysis profile. One camera at the side sees
        neither the frontal nor the transverse plane, so the score over all planes cannot be given.

    References
    ----------
    Baker et al. 2009, Gait & Posture 30:265 (gait variable score, movement analysis profile).
    """
    scores = {}
    for key, band in bands.items():
        away = curves.mean(*key) - band.mean if key in curves.values else np.array([np.nan])
        if np.isfinite(away).all():
            scores[key] = float(np.sqrt(np.mean(away**2)))
    return scores


def phase_profile(time_s: Array, values: Array, strides: Sequence[Stride], side: str) -> Array:
    """Average a time series over the gait cycles of one side.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Times, s, rising.
    values : ndarray, shape (n,) or (n, k)
        For example the error of the autoencoder of every channel; NaN where missing.
    strides : sequence of Stride
    side : {"left", "right"}

    Returns
    -------
    ndarray, shape (101,) or (101, k)
        NaN where no stride has a value.
    """
    flat = values.reshape(len(values), -1).astype(np.float64)
    cycle = np.linspace(0.0, 1.0, POINTS)
    times = [stride.start_s + cycle * stride.duration_s for stride in strides if stride.side == side]
    total, count = np.zeros((POINTS, flat.shape[1])), np.zeros((POINTS, flat.shape[1]))
    for at_s in times:
        cut = np.stack([np.interp(at_s, time_s, column, left=np.nan, right=np.nan) for column in flat.T], axis=1)
        known = np.isfinite(cut)
        total += np.where(known, cut, 0.0)
        count += known
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.reshape((POINTS, *values.shape[1:]))
