"""Gait parameters under the names that clinical gait software gives them in C3D files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from gait_core.gait.measurement import Measurement
from gait_core.gait.strides import Stride, mean_share_pct
from gait_core.walks.c3d_labels import ANALYSIS_NAMES

__all__ = ["AnalysisRow", "analysis_rows"]


@dataclass(frozen=True, kw_only=True)
class AnalysisRow:
    """One value of the ANALYSIS group.

    Attributes
    ----------
    name : str
        For example ``Stride Time``.
    side : {"left", "right", "both"}
    unit : str
        ``s``, ``%``, ``m``, ``m/s`` or ``steps/min``.
    value : float
        Mean over the strides of that side.
    description : str
        How many strides or steps it stands for.
    """

    name: str
    side: str
    unit: str
    value: float
    description: str


_FROM_STRIDES: Final = (("Opposite Foot Off", "opposite_foot_off_s"), ("Opposite Foot Contact", "opposite_contact_s"))


def analysis_rows(measurement: Measurement) -> list[AnalysisRow]:
    """Return every value that the walk has for the ANALYSIS group.

    Returns
    -------
    list of AnalysisRow
        Per side where there are sides, otherwise for the whole walk.
    """
    rows = []
    for name, (label, unit) in ANALYSIS_NAMES.items():
        parameter = measurement.parameters.get(name)
        if parameter is None:
            continue
        sides = {side: getattr(parameter, side) for side in ("left", "right")}
        shown = sides if any(sides.values()) else {"both": parameter.both}
        rows += [
            AnalysisRow(name=label, side=side, unit=unit, value=summary.mean, description=f"Mean of {summary.n}")
            for side, summary in shown.items()
            if summary is not None and np.isfinite(summary.mean)
        ]
    return rows + [
        row
        for label, field in _FROM_STRIDES
        for side in ("left", "right")
        if (row := _share(label, field, side, measurement.strides))
    ]


def _share(label: str, field: str, side: str, strides: tuple[Stride, ...]) -> AnalysisRow | None:
    mean, count = mean_share_pct(strides, side, field)
    if not count:
        return None
    return AnalysisRow(name=label, side=side, unit="%", value=mean, description=f"Mean of {count}")
