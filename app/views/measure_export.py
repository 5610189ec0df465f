"""Files of a measured walk: the report, and the data for other programs."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from app import reproduce
from app.components import note
from app.state import workspace
from app.views.measure_walk import WalkView, again_button
from gait_core.report.write import comparison_of, export_walk, report_of, write_report
from gait_core.walks.measurements import MeasuredWalk, load_measurement
from gait_core.workspace import Workspace, safe_name

__all__ = ["FORMATS", "render", "report_buttons", "report_bytes", "zip_bytes"]

FORMATS: Final = {
    "csv": "CSV tables",
    "json": "JSON",
    "trc": "TRC (OpenSim markers)",
    "mot": "MOT (OpenSim angles)",
    "c3d": "C3D with events",
}
_NEED_LANDMARKS: Final = ("trc", "mot", "c3d")
_MIME: Final = {"html": "text/html", "pdf": "application/pdf"}


def render(view: WalkView) -> None:
    """Draw the tab."""
    st.subheader("Report", anchor=False)
    note(
        "One sheet for the patient's file: summary in plain words, values with intervals, curves, change, images at "
        "contact and mid-stance, methods and versions, sealed by the hashes of video and settings."
    )
    report_buttons(view.walk, blur_faces=_blurred(view.walk), key="report")
    st.subheader("Data", anchor=False)
    _data(view)
    reproduce.offer("measure", view.walk.job_params())


def _blurred(walk: MeasuredWalk) -> bool:
    """Draw the choice whether faces are hidden, where there are images at all."""
    if walk.measurement.from_markers:
        note("The walk was recorded with markers, so the report has no images.")
        return True
    blur = st.toggle(
        "Make faces unrecognisable",
        value=True,
        key="report_blur",
        help="In the images of the report. Switch this off only with the person's consent.",
    )
    if not Path(walk.path).is_file():
        note("The video has moved or was deleted, so the report has no images and states why.")
    return blur


def report_buttons(walk: MeasuredWalk, *, blur_faces: bool, key: str, baseline_id: str | None = None) -> None:
    """Draw the buttons that make and download the report; it is made when they are pressed."""
    stem = safe_name(Path(walk.name).stem, "walk")
    with st.container(horizontal=True, gap="small"):
        for ending, label in (("pdf", "Download PDF"), ("html", "Download HTML")):
            st.download_button(
                label,
                data=_report_maker(workspace(), walk.id, ending, blur_faces, baseline_id),
                file_name=f"{stem}-report.{ending}",
                mime=_MIME[ending],
                key=f"{key}_{ending}",
                icon=":material/description:",
                on_click="ignore",
            )


def _report_maker(
    space: Workspace, walk_id: str, ending: str, blur_faces: bool, baseline_id: str | None
) -> Callable[[], bytes]:
    return lambda: report_bytes(space, walk_id, ending, blur_faces=blur_faces, baseline_id=baseline_id)


def report_bytes(
    space: Workspace, walk_id: str, ending: str, *, blur_faces: bool = True, baseline_id: str | None = None
) -> bytes:
    """Make a report and return the file.

    Parameters
    ----------
    space : Workspace
    walk_id : str
        Measurement.
    ending : {"html", "pdf"}
    blur_faces : bool
    baseline_id : str, optional
        Baseline to compare with; default: that of the latest analysis of the video.
    """
    walk = load_measurement(space, walk_id)
    report = report_of(space, walk, baseline=comparison_of(space, walk, baseline_id), blur_faces=blur_faces)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"report.{ending}"
        write_report(report, path)
        return path.read_bytes()


def _data(view: WalkView) -> None:
    walk = view.walk
    chosen = st.pills(
        "Formats",
        list(FORMATS),
        selection_mode="multi",
        default=list(FORMATS),
        format_func=FORMATS.__getitem__,
        key="export_formats",
    )
    if not view.landmarks:
        again_button(walk)
        note("Until then TRC, MOT and C3D, which need the movement itself, are left out of the archive.")
    elif walk.measurement.scale is None and {"trc", "c3d"} & set(chosen):
        note("Without metres, formats that need them are omitted; the archive states which and why.")
    stem = safe_name(Path(walk.name).stem, "walk")
    st.download_button(
        "Download the data",
        data=_zip_maker(workspace(), walk.id, tuple(chosen), stem),
        file_name=f"{stem}-data.zip",
        mime="application/zip",
        key="export_zip",
        icon=":material/download:",
        disabled=not chosen,
        on_click="ignore",
    )
    note("Column names include units. All files use the events and repairs shown here.")


def _zip_maker(space: Workspace, walk_id: str, formats: Sequence[str], stem: str) -> Callable[[], bytes]:
    return lambda: zip_bytes(space, walk_id, formats, stem)


def zip_bytes(space: Workspace, walk_id: str, formats: Sequence[str], stem: str) -> bytes:
    """Export a measured walk and return one archive; a file in it states what was left out."""
    walk = load_measurement(space, walk_id)
    content = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        done = export_walk(space, walk, Path(folder), formats, stem=stem)
        for path in done["files"]:
            archive.write(path, Path(path).name)
        if done["skipped"]:
            lines = [f"{name}: {reason}" for name, reason in done["skipped"].items()]
            archive.writestr("left_out.txt", "\n".join(lines) + "\n")
    return content.getvalue()
