"""A measured walk against a baseline: verdict, where in the body, in which phase of the stride, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.analyses import StoredAnalysis
from gait_core.baseline.norms import Norms
from gait_core.errors import WalkWarning
from gait_core.gait.change import Change, changes
from gait_core.gait.channels import other_side
from gait_core.gait.deviation import Band, gait_variable_scores, phase_profile, z_curves
from gait_core.gait.measurement import Measurement
from gait_core.gait.parameters.parameter import Parameter

__all__ = ["BaselineComparison", "compare_with_baseline"]

Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class BaselineComparison:
    """One walk against one baseline.

    Attributes
    ----------
    baseline_id, subject : str
    n_walks : int
        Walks of the baseline.
    level : {"normal", "watch", "alert"} or None
        None when it was withheld.
    score, share_over_threshold : float or None
    watch, alert : float
        The limits.
    joints : mapping of str to float
        Part of the body → deviation over the walk; 1 is typical.
    phase_joints : mapping of str to ndarray, shape (101,)
        Part of the body → deviation of the autoencoder over the gait cycle of its side; 1 is typical, NaN where
        nothing was seen.
    bands : mapping of (curve, side) to Band
        Usual course of the curves.
    z : mapping of (curve, side) to ndarray, shape (101,)
        By how many SD between walks the mean curve lies off.
    map_deg : mapping of (curve, side) to float
        Gait variable scores, degrees; together the sagittal movement analysis profile.
    changes : tuple of Change
        Parameter by parameter.
    warnings : tuple of WalkWarning
        What makes the verdict doubtful, or withholds it.
    classified : tuple of mapping
        What promoted models said of the walk, which has no part in the level; see `AnalysisSummary.classified`.
    """

    baseline_id: str
    subject: str
    n_walks: int
    level: str | None
    score: float | None
    share_over_threshold: float | None
    watch: float
    alert: float
    joints: Mapping[str, float]
    phase_joints: Mapping[str, NDArray[np.float64]]
    bands: Mapping[Key, Band]
    z: Mapping[Key, NDArray[np.float64]]
    map_deg: Mapping[Key, float]
    changes: tuple[Change, ...]
    warnings: tuple[WalkWarning, ...] = ()
    classified: tuple[Mapping[str, Any], ...] = ()


def compare_with_baseline(
    measurement: Measurement,
    analysis: StoredAnalysis,
    norms: Norms | None,
    *,
    earlier: Measurement | None = None,
) -> BaselineComparison:
    """Put together what the autoencoder and the plain comparison of curves and parameters say.

    Parameters
    ----------
    measurement : Measurement
        Of the same walk as `analysis`.
    analysis : StoredAnalysis
    norms : Norms or None
        None for a baseline made before there were norms: there are then no bands nor changes.
    earlier : Measurement, optional
        An earlier visit: changes are then taken from it.

    Returns
    -------
    BaselineComparison
        Without norms, `n_walks` is 0, `bands`, `z`, `map_deg` and `changes` are empty, and `earlier` has no effect.
    """
    summary = analysis.summary
    bands = norms.bands if norms is not None else {}
    return BaselineComparison(
        baseline_id=summary.baseline_id,
        subject=summary.subject,
        n_walks=len(norms.curves) if norms is not None else 0,
        level=summary.level,
        score=summary.score,
        share_over_threshold=summary.share_over_threshold,
        watch=float(summary.thresholds["watch"]),
        alert=float(summary.thresholds["alert"]),
        joints=summary.joints,
        phase_joints=_phase_joints(measurement, analysis),
        bands=bands,
        z=z_curves(measurement.curves, bands),
        map_deg=gait_variable_scores(measurement.curves, bands),
        changes=tuple(_changes(measurement, norms.parameters if norms is not None else (), earlier)),
        warnings=tuple(
            WalkWarning(
                code=str(warning["code"]),
                message=str(warning["message"]),
                blocking=bool(warning.get("blocking", False)),
            )
            for warning in summary.warnings
        ),
        classified=tuple(summary.classified),
    )


def _phase_joints(measurement: Measurement, analysis: StoredAnalysis) -> dict[str, NDArray[np.float64]]:
    """Average the deviation of every part over the strides of its own side; trunk and head by the near side."""
    found = {}
    for number, part in enumerate(analysis.joint_names):
        side = part.split()[0] if part.split()[0] in ("left", "right") else measurement.visible_side
        # A side without a complete stride of its own is evaluated over the strides of the other side.
        sides = [side, other_side(side)]
        seen = [one for one in sides if any(stride.side == one for stride in measurement.strides)]
        if seen:
            values = analysis.joint_time_scores[:, number]
            found[part] = phase_profile(analysis.joint_time_s, values, measurement.strides, seen[0])
    return found


def _changes(
    measurement: Measurement, baseline: Sequence[Mapping[str, Parameter]], earlier: Measurement | None
) -> list[Change]:
    if not baseline:
        return []
    before = earlier.values if earlier is not None else None
    return [
        *changes(measurement.parameters, baseline, earlier=before),
        *changes(measurement.key_values, baseline, earlier=before, sides=("left", "right")),
    ]
