"""Tidy tables: one row per value, one column per thing, units in the names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from gait_core.gait.parameters.parameter import Parameter, Summary
from gait_core.report.exports.export_job import ExportJob, number

__all__ = ["COLUMNS", "csv_tables", "parameter_rows", "table_bytes"]

SUMMARY_COLUMNS: Final = ("mean", "ci_low", "ci_high", "sd", "cv_pct", "error_sd")
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
CURVE_UNIT: Final = "deg"
_WALK: Final = ("walk", "subject")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "parameters": (*_WALK, "group", "name", "label", "unit", "side", "n", *SUMMARY_COLUMNS),
    "strides": (*_WALK, "side", "stride", "start_s", "end_s"),
    "curves": (*_WALK, "curve", "unit", "side", "cycle_pct", "mean", "sd", "n"),
    "curve_strides": (*_WALK, "curve", "unit", "side", "stride", "cycle_pct", "value"),
    "events": (*_WALK, "time_s", "side", "kind", "confidence", "source"),
}
"""Header of each table, written even when it has no rows."""


def csv_tables(job: ExportJob) -> dict[str, bytes]:
    """Write the walk as tables.

    Returns
    -------
    dict of str to bytes
        ``<stem>_<table>.csv`` → its content, for ``parameters``, ``strides``, ``curves`` (mean and SD),
        ``curve_strides`` (single strides) and ``events``; a table may have no rows.
    """
    tables = {
        "parameters": parameter_rows(job),
        "strides": _stride_rows(job),
        "curves": _curve_rows(job),
        "curve_strides": _curve_stride_rows(job),
        "events": _event_rows(job),
    }
    return {f"{job.stem}_{name}.csv": table_bytes(rows, COLUMNS[name]) for name, rows in tables.items()}


def table_bytes(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """Write rows as a table.

    A text that a spreadsheet would take for a formula gets an apostrophe in front: names of files and subjects come
    from outside.

    Parameters
    ----------
    rows : sequence of mapping
        Column → value. None and a column that a row lacks are left empty.
    columns : sequence of str
        The first columns; others follow in the order in which they appear.

    Returns
    -------
    bytes
        CSV in UTF-8 with a header line, separated by commas.
    """
    columns = list(dict.fromkeys((*columns, *(column for row in rows for column in row))))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: _cell(value) for column, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return number(float(value))
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def parameter_rows(job: ExportJob) -> list[dict[str, object]]:
    """Return the table of parameters.

    Returns
    -------
    list of dict
        One row per parameter and side (left, right, both): spatiotemporal ones first, then the key values of the
        curves. Asymmetry is in the rows with
        side ``both``.
    """
    measurement = job.measurement
    groups = (("spatiotemporal", measurement.parameters), ("curve", measurement.key_values))
    indices = sorted(
        {index for _, group in groups for parameter in group.values() for index in parameter.asymmetry or {}}
    )
    source = measurement.scale.source if measurement.scale is not None else ""
    return [
        {
            **_walk(job),
            "group": group,
            "name": parameter.name,
            "label": parameter.label,
            "unit": parameter.unit,
            "side": side,
            "n": summary.n,
            **{column: getattr(summary, column) for column in SUMMARY_COLUMNS},
            **{f"asymmetry_{index}": _asymmetry(parameter, side, index) for index in indices},
            "metres_from": source,
            "notes": " ".join(parameter.notes),
        }
        for group, parameters in groups
        for parameter in parameters.values()
        for side, summary in _sides(parameter)
    ]


def _walk(job: ExportJob) -> dict[str, object]:
    return {"walk": job.source.name or job.stem, "subject": job.source.subject}


def _sides(parameter: Parameter) -> Iterable[tuple[str, Summary]]:
    for side in ("left", "right", "both"):
        summary: Summary | None = getattr(parameter, side)
        if summary is not None:
            yield side, summary


def _asymmetry(parameter: Parameter, side: str, index: str) -> float | None:
    return (parameter.asymmetry or {}).get(index) if side == "both" else None


def _stride_rows(job: ExportJob) -> list[dict[str, object]]:
    counts = {"left": 0, "right": 0}
    rows: list[dict[str, object]] = []
    for stride in sorted(job.measurement.strides, key=lambda stride: stride.start_s):
        counts[stride.side] += 1
        rows.append(
            {
                **_walk(job),
                "side": stride.side,
                "stride": counts[stride.side],
                "pass": stride.pass_number + 1,
                "near_camera": stride.near,
                "start_s": stride.start_s,
                "opposite_foot_off_s": stride.opposite_foot_off_s,
                "opposite_contact_s": stride.opposite_contact_s,
                "foot_off_s": stride.foot_off_s,
                "end_s": stride.end_s,
                "stride_time_s": stride.duration_s,
                "stance_time_s": stride.foot_off_s - stride.start_s,
                "swing_time_s": stride.end_s - stride.foot_off_s,
                "stance_pct": stride.foot_off_pct,
                "swing_pct": 100.0 - stride.foot_off_pct,
                "confidence": stride.confidence,
            }
        )
    return rows


def _curve_rows(job: ExportJob) -> list[dict[str, object]]:
    curves = job.measurement.curves
    rows: list[dict[str, object]] = []
    for (name, side), strides in curves.values.items():
        n = np.isfinite(strides).sum(axis=0)
        rows.extend(
            {
                **_walk(job),
                "curve": name,
                "unit": CURVE_UNIT,
                "side": side,
                "cycle_pct": pct,
                "mean": float(mean),
                "sd": float(sd),
                "n": int(n[pct]),
            }
            for pct, (mean, sd) in enumerate(zip(curves.mean(name, side), curves.sd(name, side), strict=True))
        )
    return rows


def _curve_stride_rows(job: ExportJob) -> list[dict[str, object]]:
    return [
        {
            **_walk(job),
            "curve": name,
            "unit": CURVE_UNIT,
            "side": side,
            "stride": index + 1,
            "cycle_pct": pct,
            "value": float(value),
        }
        for (name, side), strides in job.measurement.curves.values.items()
        for index, stride in enumerate(strides)
        for pct, value in enumerate(stride)
    ]


def _event_rows(job: ExportJob) -> list[dict[str, object]]:
    return [
        {
            **_walk(job),
            "time_s": round(event.time_s, 6),
            "side": event.side,
            "kind": event.kind,
            "confidence": event.confidence,
            "source": event.source,
        }
        for event in job.measurement.current_events.events
    ]
