"""Strides of a measurement beside those of a reference: times and joint angles, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.strides import Stride
from gait_core.validation.agreement import BlandAltman, Icc, bland_altman, icc, mae, rmse

__all__ = [
    "STRIDE_PARAMETERS",
    "AngleAgreement",
    "ParameterAgreement",
    "agree_angle",
    "agree_parameter",
    "pair_strides",
    "reference_curve",
    "stride_values",
]

PAIR_TOLERANCE_S: Final = 0.15
STRIDE_PARAMETERS: Final[Mapping[str, str]] = {
    "stride_time_s": "s",
    "stance_time_s": "s",
    "swing_time_s": "s",
    "stance_pct": "%",
    "swing_pct": "%",
    "step_time_s": "s",
    "single_support_s": "s",
    "double_support_s": "s",
    "cadence_spm": "steps/min",
}
"""Parameters that follow from the events of one stride, and their units."""


def stride_values(stride: Stride) -> dict[str, float]:
    """Return the parameters of one stride.

    The step of a stride is the one that ends it: from the contact of the other foot to the next of this one.

    Returns
    -------
    dict of str to float
        Name, which ends in the unit → value. ``step_time_s``, ``single_support_s`` and ``double_support_s`` only where
        the events of the other foot that they need were seen.
    """
    duration_s = stride.duration_s
    values = {
        "stride_time_s": duration_s,
        "stance_time_s": stride.foot_off_s - stride.start_s,
        "swing_time_s": stride.end_s - stride.foot_off_s,
        "stance_pct": stride.foot_off_pct,
        "swing_pct": 100.0 - stride.foot_off_pct,
        "cadence_spm": 120.0 / duration_s,
    }
    off_s, contact_s = stride.opposite_foot_off_s, stride.opposite_contact_s
    if contact_s is not None:
        values["step_time_s"] = stride.end_s - contact_s
    if off_s is not None and contact_s is not None:
        values["single_support_s"] = contact_s - off_s
        values["double_support_s"] = (off_s - stride.start_s) + (stride.foot_off_s - contact_s)
    return values


def pair_strides(
    measured: Sequence[Stride], reference: Sequence[Stride], tolerance_s: float = PAIR_TOLERANCE_S
) -> list[tuple[Stride, Stride]]:
    """Pair measured and reference strides of the same side, nearest first, each at most once.

    Parameters
    ----------
    measured, reference : sequence of Stride
        On one clock.
    tolerance_s : float
        By how much the beginnings, and the ends, of a pair may differ at most, s.

    Returns
    -------
    list of (Stride, Stride)
        Measured, reference; in order of the measured ones.
    """
    candidates = sorted(
        (apart, i, j)
        for i, a in enumerate(measured)
        for j, b in enumerate(reference)
        if a.side == b.side and (apart := max(abs(a.start_s - b.start_s), abs(a.end_s - b.end_s))) <= tolerance_s
    )
    pairs, seen, used = [], set(), set()
    for _, i, j in candidates:
        if i not in seen and j not in used:
            seen.add(i)
            used.add(j)
            pairs.append((measured[i], reference[j]))
    return sorted(pairs, key=lambda pair: pair[0].start_s)


@dataclass(frozen=True, kw_only=True)
class ParameterAgreement:
    """How one parameter agrees.

    Attributes
    ----------
    name, unit : str
    basis : {"strides", "means"}
        Pairs are single strides, or means of each side that the reference states.
    measured, reference : tuple of float
        The pairs, for a plot.
    sides : tuple of str
        Side of each pair.
    mae, rmse : float
    bland_altman, icc_agreement, icc_consistency : optional
        None with fewer than three pairs; forms (2,1) and (3,1).
    """

    name: str
    unit: str
    basis: str
    measured: tuple[float, ...]
    reference: tuple[float, ...]
    sides: tuple[str, ...]
    mae: float
    rmse: float
    bland_altman: BlandAltman | None
    icc_agreement: Icc | None
    icc_consistency: Icc | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        parts = {name: getattr(self, name) for name in ("bland_altman", "icc_agreement", "icc_consistency")}
        return dict(vars(self), **{name: part.to_dict() if part else None for name, part in parts.items()})


def agree_parameter(name: str, unit: str, pairs: Sequence[tuple[str, float, float]], basis: str) -> ParameterAgreement:
    """Sum up the pairs of one parameter.

    Parameters
    ----------
    name, unit : str
    pairs : sequence of (side, measured, reference)
        Values in that unit.
    basis : {"strides", "means"}
        Whether a pair is a single stride or the mean of a side. Limits of agreement and correlations need single
        strides.

    Returns
    -------
    ParameterAgreement
    """
    measured = np.array([pair[1] for pair in pairs], dtype=float)
    reference = np.array([pair[2] for pair in pairs], dtype=float)
    table = np.stack([measured, reference], axis=1)
    single = basis == "strides"
    return ParameterAgreement(
        name=name,
        unit=unit,
        basis=basis,
        measured=tuple(measured.tolist()),
        reference=tuple(reference.tolist()),
        sides=tuple(pair[0] for pair in pairs),
        mae=mae(measured, reference),
        rmse=rmse(measured, reference),
        bland_altman=bland_altman(measured, reference) if single else None,
        icc_agreement=icc(table, "2,1") if single else None,
        icc_consistency=icc(table, "3,1") if single else None,
    )


@dataclass(frozen=True, kw_only=True)
class AngleAgreement:
    """How one joint angle agrees over the strides.

    Attributes
    ----------
    name, side : str
    n : int
        Strides compared.
    rmse_deg : float
        As they are.
    rmse_without_offset_deg : float
        After the constant offset is taken out: zero positions of methods differ.
    offset_deg : float
        Mean of measured − reference.
    correlation : float
    measured, reference : ndarray, shape (101,)
        Mean curves, for a plot.
    """

    name: str
    side: str
    n: int
    rmse_deg: float
    rmse_without_offset_deg: float
    offset_deg: float
    correlation: float
    measured: NDArray[np.float64]
    reference: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        curves = {"measured": self.measured.round(3).tolist(), "reference": self.reference.round(3).tolist()}
        return dict(vars(self), **curves)


def reference_curve(time_s: NDArray[np.float64], values: NDArray[np.float64], stride: Stride) -> NDArray[np.float64]:
    """Return a reference angle over one measured stride.

    Parameters
    ----------
    time_s, values : ndarray, shape (n,)
        On the clock of the video.
    stride : Stride

    Returns
    -------
    ndarray, shape (101,)
        At 0 to 100 % of the stride; NaN before and after the reference and in its gaps.
    """
    grid = np.linspace(stride.start_s, stride.end_s, 101)
    known = np.isfinite(values)
    if known.sum() < 2:
        return np.full(101, np.nan)
    curve = np.interp(grid, time_s[known], values[known], left=np.nan, right=np.nan)
    # Nothing is invented inside a gap of the reference.
    gap_s = 2.5 * float(np.median(np.diff(time_s)))
    after = np.clip(np.searchsorted(time_s[known], grid), 1, int(known.sum()) - 1)
    wide = time_s[known][after] - time_s[known][after - 1] > gap_s
    return np.asarray(np.where(wide, np.nan, curve))


def agree_angle(
    name: str, side: str, measured: NDArray[np.float64], reference: NDArray[np.float64]
) -> AngleAgreement | None:
    """Sum up one angle of one side.

    Parameters
    ----------
    measured, reference : ndarray, shape (n_strides, 101)
        Degrees.

    Returns
    -------
    AngleAgreement or None
        None where no stride has both curves over more than 90 % of the cycle.
    """
    whole = np.isfinite(measured) & np.isfinite(reference)
    strides = whole.mean(axis=1) > 0.9
    if not strides.any():
        return None
    whole = whole & strides[:, None]
    a, b = measured[whole], reference[whole]
    varied = a.std() > 0.0 and b.std() > 0.0
    counts = np.maximum(whole.sum(axis=0), 1)
    return AngleAgreement(
        name=name,
        side=side,
        n=int(strides.sum()),
        rmse_deg=rmse(a, b),
        rmse_without_offset_deg=rmse(a, b, without_offset=True),
        offset_deg=float(np.mean(a - b)),
        correlation=float(np.corrcoef(a, b)[0, 1]) if varied else float("nan"),
        measured=np.where(whole, measured, 0.0).sum(axis=0) / counts,
        reference=np.where(whole, reference, 0.0).sum(axis=0) / counts,
    )
