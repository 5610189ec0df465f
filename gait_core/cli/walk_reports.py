"""Reports about walks that a command has measured or compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gait_core.workspace import Workspace

__all__ = ["check_report", "write_reports"]


def check_report(report: str | None) -> None:
    """Refuse the name of a report that cannot be written, before anything is measured."""
    from gait_core.report.write import check_report_name

    if report:
        check_report_name(Path(report))


def write_reports(
    workspace: Workspace, walks: list[dict[str, Any]], report: str, baseline_id: str | None = None
) -> None:
    """Write one report per measured walk.

    Parameters
    ----------
    workspace : Workspace
    walks : list of dict
        ``walks`` in the result of ``measure`` or ``analyse``. Those with a measurement get the path of their report as
        ``report``.
    report : str
        File to write, ``.html`` or ``.pdf``. With several walks, the name of each video becomes part of the file name.
    baseline_id : str, optional
        Baseline to compare with where a walk names no analysis; default: that of the latest analysis of its video.
    """
    from gait_core.report.exports import unique_stems
    from gait_core.report.write import comparison_of, report_of, write_report
    from gait_core.walks.measurements import load_measurement

    path = Path(report).expanduser().absolute()
    for walk, stem in zip(walks, unique_stems([walk["name"] for walk in walks]), strict=True):
        if walk.get("measurement_id"):
            own = path if len(walks) == 1 else path.with_name(f"{path.stem}-{stem}{path.suffix}")
            measured = load_measurement(workspace, walk["measurement_id"])
            comparison = comparison_of(workspace, measured, baseline_id, analysis_id=walk.get("analysis_id"))
            write_report(report_of(workspace, measured, baseline=comparison), own)
            walk["report"] = str(own)
