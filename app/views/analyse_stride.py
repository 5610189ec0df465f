"""The measured side of an analysed walk: body map, phases of the stride, and the way to measurement and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app import registry
from app.components import note
from app.state import workspace
from app.views.measure_deviations import body_section, phase_section
from app.views.measure_export import report_buttons
from gait_core.baseline.analyses import StoredAnalysis
from gait_core.baseline.findings import BaselineComparison, compare_with_baseline
from gait_core.baseline.norms import Norms
from gait_core.baseline.store import load_baseline
from gait_core.errors import GaitError
from gait_core.walks.measurements import load_measurement

if TYPE_CHECKING:
    from gait_core.walks.measurements import MeasuredWalk

__all__ = ["MeasuredSide", "actions", "measured_side", "phases", "where"]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredSide:
    """The measurement of an analysed walk, and its comparison with the baseline."""

    walk: MeasuredWalk
    comparison: BaselineComparison


def measured_side(stored: StoredAnalysis) -> MeasuredSide | None:
    """Return the measurement that was made with an analysis; None where there is none or it was deleted."""
    if not stored.summary.measurement_id:
        return None
    try:
        walk = load_measurement(workspace(), stored.summary.measurement_id)
        norms = Norms.load(load_baseline(workspace(), stored.summary.baseline_id).folder)
        return MeasuredSide(walk=walk, comparison=compare_with_baseline(walk.measurement, stored, norms))
    except GaitError:
        return None


def actions(stored: StoredAnalysis, measured: MeasuredSide | None) -> None:
    """Draw the way to everything measured in this walk, and the report."""
    if measured is None:
        reason = "was deleted" if stored.summary.measurement_id else "is missing: no complete stride could be measured"
        note(f"The measurement of this walk {reason}. Without it there are no phases of the stride and no report.")
        registry.link("measure", "Measure a walk")
        return
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Full measurement", key="result_measurement", icon=":material/straighten:", help="Steps, angles, change"
        ):
            registry.go("measure", measurement=measured.walk.id)
        report_buttons(measured.walk, blur_faces=True, key="result_report", baseline_id=stored.summary.baseline_id)


def where(measured: MeasuredSide) -> None:
    """Draw the body map."""
    if measured.comparison.joints:
        body_section(measured.comparison, measured.walk.measurement.visible_side)


def phases(measured: MeasuredSide | None) -> None:
    """Draw in which phase of the stride which part of the body deviates."""
    if measured is not None and measured.comparison.phase_joints:
        phase_section(measured.comparison, key="result_phases")
