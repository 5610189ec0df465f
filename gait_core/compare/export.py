"""A comparison of profiles as files: JSON, tables for a spreadsheet, and one sheet to read or print."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from gait_core.compare.agreement import value_differences
from gait_core.compare.profile_comparison import STAGES, ProfileComparison, ProfileRun
from gait_core.compare.summary import summary

__all__ = ["as_html", "tables", "zip_bytes"]

Rows = list[list[Any]]
_MIB: Final = 1024**2
_COLOURS: Final = ("#9AA5A8", "#C3CBCD", "#5B8DB8", "#0B6470", "#4F9AA3", "#7FB3B8", "#B98A3E", "#7B3FA0")
_STYLE: Final = """body{font:15px/1.5 "Source Sans 3","Segoe UI",sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem;color:#1a2223}table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .9rem .3rem 0;border-bottom:1px solid #d5dbdc;text-align:left}
td+td,th+th{text-align:right}.k{color:#5c6a6d;font-size:.92rem}
.k i{display:inline-block;width:.9em;height:.9em;margin:0 .35em 0 .9em;vertical-align:-.1em}
@media print{body{margin:0}}"""


def tables(comparison: ProfileComparison) -> dict[str, Rows]:
    """Return the tables of a comparison.

    Returns
    -------
    dict of str to list of list
        ``profiles``, ``values``, ``landmarks`` and ``curves``, each with its columns as the first row; their names
        carry units.
    """
    others = [run for run in comparison.sound if run.agreement is not None]
    return {
        "profiles": _profile_rows(comparison),
        "values": _value_rows(comparison),
        "landmarks": [
            ["profile", "landmark", "median_pct_of_height", "p95_pct_of_height"],
            *(
                [run.name, name, entry["median_pct"], entry["p95_pct"]]
                for run in others
                for name, entry in (run.agreement or {})["landmarks"].items()
            ),
        ],
        "curves": _curve_rows(comparison),
    }


def _profile_rows(comparison: ProfileComparison) -> Rows:
    columns = [
        *("profile", "reference", "error", "engine", "precision", "frames", "detection_rate", "frames_per_s"),
        *("total_s", *(f"{stage}_s" for stage in STAGES), "cpu_s", "peak_mib", "limit_mib"),
        *("landmarks_median_pct", "landmarks_p95_pct"),
    ]
    rows: Rows = [columns]
    for run in comparison.runs:
        agreed: Mapping[str, Any] = run.agreement or {}
        rows.append(
            [
                run.name,
                run.name == comparison.reference,
                (run.error or {}).get("message", ""),
                run.engine,
                run.precision,
                run.frames,
                round(run.detection_rate, 4),
                round(run.frames_per_s, 2),
                round(run.total_s, 3),
                *(run.stages_s.get(stage) for stage in STAGES),
                run.cpu_s,
                round(run.peak_bytes / _MIB, 1),
                round(run.limit_bytes / _MIB, 1),
                agreed.get("median_pct"),
                agreed.get("p95_pct"),
            ]
        )
    return rows


def _value_rows(comparison: ProfileComparison) -> Rows:
    rows: Rows = [["profile", "value", "label", "unit", "left", "right", "mean", "n", "mean_minus_reference"]]
    reference = comparison.reference_run
    for run in comparison.sound:
        away = value_differences(run.values, reference.values)
        for name, entry in run.values.items():
            cells = [entry[key] for key in ("label", "unit", "left", "right", "mean", "n")]
            rows.append([run.name, name, *cells, away.get(name)])
    return rows


def _curve_rows(comparison: ProfileComparison) -> Rows:
    rows: Rows = [["profile", "curve", "cycle_pct", "angle_deg"]]
    for key, values in comparison.curves.items():
        number, _, name = key.partition("_")
        run = comparison.runs[int(number)].name
        rows += [[run, name, percent, round(float(value), 3)] for percent, value in enumerate(values) if value == value]
    return rows


def zip_bytes(comparison: ProfileComparison, videos: Sequence[Path] = ()) -> bytes:
    """Pack a comparison into one archive.

    Parameters
    ----------
    comparison : ProfileComparison
    videos : sequence of Path
        Added under their file names; those that do not exist are left out.

    Returns
    -------
    bytes
        A ZIP file with ``comparison.json``, ``comparison.html``, a CSV file per table, and the videos.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        facts = comparison.to_dict() | {"summary": summary(comparison)}
        archive.writestr("comparison.json", json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        archive.writestr("comparison.html", as_html(comparison))
        for name, rows in tables(comparison).items():
            archive.writestr(f"{name}.csv", _csv(rows))
        for path in videos:
            if path.is_file():
                archive.write(path, path.name)
    return content.getvalue()


def _csv(rows: Rows) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[_safe(cell) for cell in row] for row in rows])
    return text.getvalue()


def _safe(cell: Any) -> Any:
    """Keep a spreadsheet from reading a name as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell


def as_html(comparison: ProfileComparison) -> str:
    """Return one sheet that needs no other file.

    Returns
    -------
    str
        A whole HTML document, its style included.
    """
    title = escape(f"Profiles compared on {comparison.name}")
    machine = comparison.machine
    where = f"{machine.get('cpu', '')}, {machine.get('cores')} cores, {machine.get('memory_gib')} GiB"
    facts = f"{comparison.width_px} × {comparison.height_px} px, {comparison.duration_s:.1f} s. {where}."
    body = [
        f"<h1>{title}</h1><p>{escape(summary(comparison))}</p><p class='k'>{escape(facts)} One run each, every "
        "profile in a fresh process without a cache. Agreement is not accuracy: the most accurate profile errs as "
        "well. Decision support, not a medical device.</p>",
        "<h2>Time</h2>",
        _bars(comparison.sound),
        "<h2>Speed, memory, agreement</h2>",
        _table(
            ["Profile", "Frames/s", "Total, s", "Peak, MiB", "Limit, MiB", "Median, % of height", "95 %, % of height"],
            (
                [
                    run.name,
                    f"{run.frames_per_s:.1f}",
                    f"{run.total_s:.1f}",
                    f"{run.peak_bytes / _MIB:.0f}",
                    f"{run.limit_bytes / _MIB:.0f}",
                    _number((run.agreement or {}).get("median_pct"), run.name == comparison.reference),
                    _number((run.agreement or {}).get("p95_pct"), run.name == comparison.reference),
                ]
                for run in comparison.sound
            ),
        ),
        "<h2>Gait values</h2>",
        _values(comparison),
    ]
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
        f"</head><body>{''.join(body)}</body></html>\n"
    )


def _number(value: float | None, is_reference: bool) -> str:
    return "reference" if is_reference else "–" if value is None else f"{value:.2f}"


def _values(comparison: ProfileComparison) -> str:
    runs = comparison.sound
    names = {name: entry for run in runs for name, entry in run.values.items()}

    def cell(run: ProfileRun, name: str) -> str:
        mean = run.values.get(name, {}).get("mean")
        return "–" if mean is None else f"{mean:.3g}" if abs(mean) < 1 else f"{mean:.1f}"

    lines = (
        [f"{e['label']}, {e['unit']}".rstrip(", "), *(cell(run, name) for run in runs)] for name, e in names.items()
    )
    return _table(["Value", *(run.name for run in runs)], lines)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in columns)
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _bars(runs: Sequence[ProfileRun]) -> str:
    """Return the time of each stage as bars, one above the other."""
    longest = max((run.total_s for run in runs), default=0.0) or 1.0
    height = 34 * len(runs) + 6
    parts = []
    for row, run in enumerate(runs):
        x, y = 150.0, 34 * row + 6
        parts.append(f"<text x='0' y='{y + 18}'>{escape(run.name[:18])}</text>")
        for colour, stage in zip(_COLOURS, STAGES, strict=True):
            width = 600 * run.stages_s.get(stage, 0.0) / longest
            label = f"{STAGES[stage]}: {run.stages_s.get(stage, 0.0):.2f} s"
            place = f"x='{x:.1f}' y='{y}' width='{width:.1f}' height='26'"
            parts.append(f"<rect {place} fill='{colour}'><title>{label}</title></rect>")
            x += width
        parts.append(f"<text x='{x + 6:.1f}' y='{y + 18}'>{run.total_s:.1f} s</text>")
    key = "".join(f"<i style='background:{c}'></i>{escape(STAGES[s])}" for c, s in zip(_COLOURS, STAGES, strict=True))
    return (
        f"<svg viewBox='0 0 830 {height}' width='100%' role='img' aria-label='Time of each stage' "
        f"font-size='14'>{''.join(parts)}</svg><p class='k'>{key}</p>"
    )
