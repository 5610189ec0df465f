"""What every tab of a measured walk is drawn from, and how a walk is measured again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.components import box, check_line, error_box
from app.state import recall, remember, workspace
from app.views import measure_form
from gait_core.baseline.findings import BaselineComparison
from gait_core.errors import GaitError
from gait_core.gait.measurement import Measurement
from gait_core.report.write import comparison_of
from gait_core.walks.measurements import MeasuredWalk, load_measurement, remeasure

__all__ = ["WalkView", "again_button", "change", "change_refused", "said", "view_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkView:
    """A measured walk as the page sees it.

    Attributes
    ----------
    walk : MeasuredWalk
    comparison : BaselineComparison or None
        Against the baseline that the same video was analysed with; None when it never was.
    problem : str
        Why the comparison cannot be read, else empty.
    """

    walk: MeasuredWalk
    comparison: BaselineComparison | None
    problem: str

    @property
    def measurement(self) -> Measurement:
        """What was measured."""
        return self.walk.measurement

    @property
    def landmarks(self) -> bool:
        """Whether the landmarks are still in the cache, so that the walk can be measured again at once."""
        try:
            self.walk.track(workspace())
        except GaitError:
            return False
        return True


def view_of(walk: MeasuredWalk) -> WalkView:
    """Gather what belongs to a measured walk."""
    problem, comparison = "", None
    try:
        comparison = comparison_of(workspace(), walk)
    except GaitError as error:
        problem = f"{error.message} {error.remedy}".strip()
    return WalkView(walk=walk, comparison=comparison, problem=problem)


def change(measurement_id: str, **changes: Any) -> None:
    """Measure a walk again with something changed; meant to be called before the page is drawn.

    Parameters
    ----------
    measurement_id : str
    **changes
        As `gait_core.walks.measurements.remeasure` takes them.
    """
    refused: dict[str, Any] = {}
    try:
        remeasure(workspace(), load_measurement(workspace(), measurement_id), **changes)
    except GaitError as error:
        refused = error.to_dict()
    remember("measure_refused", refused)
    remember("measure_said", "" if refused else "Measured again. All values follow.")


def said() -> None:
    """Say once that a change was carried out."""
    text = recall("measure_said")
    if text:
        remember("measure_said", "")
        st.toast(text, icon=":material/check:")


def change_refused() -> None:
    """Draw why the last change was not carried out, once."""
    refused = recall("measure_refused")
    if refused:
        remember("measure_refused", {})
        error_box(refused, "Nothing was changed")


def again_button(walk: MeasuredWalk) -> None:
    """Say that the landmarks are gone and offer to measure the video once more."""
    box(
        "The landmarks of this walk are no longer in the cache",
        "They were cleared, or found changed and discarded. Everything measured is still here. To change something, "
        "the body must be found in the video once more.",
        "warn",
    )
    there = Path(walk.path).is_file()
    if not there:
        check_line(_gone(), "bad")
    if st.button("Measure the video again", key="measure_again", icon=":material/replay:", disabled=not there):
        measure_form.submit(_again(walk))


def _again(walk: MeasuredWalk) -> dict[str, Any]:
    """Return the parameters of a job that measures a walk once more."""
    measurement = walk.measurement
    same = {
        "videos": [walk.path],
        "subject": walk.subject,
        "settings": measurement.settings.to_dict(),
        "edits": [asdict(edit) for edit in measurement.edits],
    }
    if measurement.from_markers:
        return same
    return same | {
        "profile": walk.profile,
        "scale": measurement.scale_input.to_dict(),
        "fps": walk.frame_rate_hz if walk.time_scale != 1.0 else None,
        "side": measurement.visible_side,
    }


def _gone() -> str:
    return "The video is no longer where it was, so it cannot be measured again."
