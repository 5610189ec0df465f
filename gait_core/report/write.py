"""The report and the exports of a stored measurement: finds what belongs to it and writes the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gait_core.baseline.analyses import list_analyses, load_analysis
from gait_core.baseline.findings import BaselineComparison, compare_with_baseline
from gait_core.baseline.norms import Norms
from gait_core.baseline.store import load_baseline
from gait_core.errors import GaitError, InputError, NotFoundError
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.measurement import Measurement
from gait_core.pose.track import Track
from gait_core.report.document.content import build_report
from gait_core.report.document.html import write_html
from gait_core.report.document.pdf import write_pdf
from gait_core.report.document.report_data import Report
from gait_core.report.document.source import ReportSource
from gait_core.report.exports import ExportSource, export_measurement
from gait_core.walks.measurements import MeasuredWalk
from gait_core.workspace import Workspace

__all__ = ["REPORT_FORMATS", "check_report_name", "comparison_of", "export_walk", "report_of", "write_report"]

REPORT_FORMATS: Final[Mapping[str, Any]] = {".html": write_html, ".pdf": write_pdf}


def comparison_of(
    workspace: Workspace,
    walk: MeasuredWalk,
    baseline_id: str | None = None,
    earlier: Measurement | None = None,
    *,
    analysis_id: str | None = None,
) -> BaselineComparison | None:
    """Return a measured walk against a baseline that it was analysed with, or None when it never was.

    Parameters
    ----------
    workspace : Workspace
    walk : MeasuredWalk
    baseline_id : str, optional
        Default: the baseline of the latest analysis of the same video.
    earlier : Measurement, optional
        An earlier visit from which changes are taken.
    analysis_id : str, optional
        The analysis that is meant, where it is known: nothing is searched for then.

    Returns
    -------
    BaselineComparison or None
    """
    chosen = analysis_id or _analysis_of(workspace, walk, baseline_id)
    if chosen is None:
        return None
    analysis = load_analysis(workspace, chosen)
    try:
        norms = Norms.load(load_baseline(workspace, analysis.summary.baseline_id).folder)
    except NotFoundError:
        norms = None
    return compare_with_baseline(walk.measurement, analysis, norms, earlier=earlier)


def _analysis_of(workspace: Workspace, walk: MeasuredWalk, baseline_id: str | None) -> str | None:
    """Return the analysis that measured this walk, else the latest of the same video, else None."""
    known = [one for one in list_analyses(workspace, baseline_id) if one.content_sha256 == walk.content_sha256]
    own = [one for one in known if one.measurement_id == walk.id]
    return next((one.id for one in [*own, *known]), None)


def report_of(
    workspace: Workspace,
    walk: MeasuredWalk,
    *,
    baseline: BaselineComparison | None = None,
    blur_faces: bool = True,
) -> Report:
    """Return the report of a measured walk.

    Parameters
    ----------
    workspace : Workspace
    walk : MeasuredWalk
    baseline : BaselineComparison, optional
    blur_faces : bool

    Returns
    -------
    Report
        Without images where the landmarks are no longer in the cache.
    """
    source = ReportSource(
        name=walk.name, path=Path(walk.path), content_sha256=walk.content_sha256, track=_track(workspace, walk)
    )
    return build_report(
        walk.measurement,
        subject=walk.subject or "Unnamed",
        source=source,
        created_s=walk.created_s,
        baseline=baseline,
        blur_faces=blur_faces,
    )


def check_report_name(path: Path) -> None:
    """Refuse a name under which no report can be written: before the work, not after it.

    Raises
    ------
    InputError
        When it ends in neither ``.html`` nor ``.pdf``.
    """
    if path.suffix.lower() not in REPORT_FORMATS:
        raise InputError(
            f"Expected a report name that ends in {' or '.join(REPORT_FORMATS)}, but got {path.name!r}.",
            "Name it for example report.pdf.",
        )


def write_report(report: Report, path: Path) -> None:
    """Write a report as HTML or PDF, by the ending of the name.

    Raises
    ------
    InputError
        When the ending is another.
    StorageError
        When the place cannot be written.
    """
    check_report_name(path)
    REPORT_FORMATS[path.suffix.lower()](report, path)


def export_walk(
    workspace: Workspace, walk: MeasuredWalk, folder: Path, formats: Sequence[str], *, stem: str
) -> dict[str, Any]:
    """Write a measured walk into a folder.

    Parameters
    ----------
    workspace : Workspace
    walk : MeasuredWalk
    folder : Path
        Made when missing.
    formats : sequence of str
        Names of `EXPORTERS`.
    stem : str
        Beginning of every file name.

    Returns
    -------
    dict
        ``files`` and ``skipped``: format → why it was left out.

    Raises
    ------
    GaitError
        When a format is unknown or the folder cannot be written.
    """
    source = ExportSource(
        name=walk.name,
        subject=walk.subject,
        measurement_id=walk.id,
        content_sha256=walk.content_sha256,
        created_s=walk.created_s,
    )
    done = export_measurement(walk.measurement, _motion(workspace, walk), folder, formats, stem=stem, source=source)
    return {"files": [str(path) for path in done.files], "skipped": dict(done.skipped)}


def _track(workspace: Workspace, walk: MeasuredWalk) -> Track | None:
    try:
        return walk.repaired_track(workspace)
    except NotFoundError:
        return None


def _motion(workspace: Workspace, walk: MeasuredWalk) -> Kinematics | None:
    try:
        return walk.motion(workspace)
    except GaitError:
        return None
