"""``measure``: gait events, parameters and curves of walks, without a baseline."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, run_job, videos_of, walks_text
from gait_core.cli.arguments import (
    add_cluster,
    add_profile,
    add_scale,
    add_videos,
    check_effect,
    frame_rate_hz,
    scale_of,
)
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.cli.walk_reports import check_report, write_reports
from gait_core.config import EVENT_METHODS
from gait_core.errors import InputError, WalkWarning
from gait_core.phrases import plural
from gait_core.workspace import Workspace

__all__: list[str] = []

_MOST_EDITS_BYTES = 10_000_000
_SHOWN = (
    ("walking_speed_mps", "walking_speed_leg_per_s"),
    ("cadence_spm",),
    ("step_time_s",),
    ("step_length_m", "step_length_leg"),
    ("stance_pct",),
)
"""Lines of the answer; the first of each group that was measured is shown."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_videos(parser, also="; also walks with markers (.c3d)")
    add_profile(parser)
    add_scale(parser)
    parser.add_argument("--subject", default="", metavar="S", help="a pseudonym")
    parser.add_argument(
        "--method", choices=EVENT_METHODS, default=EVENT_METHODS[0], help="method that detects the events"
    )
    parser.add_argument("--events", metavar="FILE", help="changed events, as the dashboard stores them (edits.json)")
    parser.add_argument("--fps", type=frame_rate_hz, metavar="F", help="true frame rate of slow-motion video, Hz")
    parser.add_argument("--side", choices=("left", "right"), help="near side of the passes that set scale and quality")
    parser.add_argument("--export", metavar="DIR", help="write files of the formats below into this folder")
    parser.add_argument("--format", help="csv (default), trc, mot, c3d, json; several separated by commas")
    parser.add_argument("--report", metavar="FILE", help="write a report: FILE.html or FILE.pdf")
    parser.add_argument("--workers", type=int, metavar="N")
    parser.add_argument("--no-cache", action="store_true")
    add_cluster(parser)


@command("measure", help="gait events, parameters and curves, without a baseline", order=70, arguments=_arguments)
def measure(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Measure walks without a baseline."""
    from gait_core.report.exports import check_formats, unique_stems

    if not args.export:
        check_effect(args.format, "--format", "--export")
    check_report(args.report)
    formats = check_formats((args.format or "csv").split(",")) if args.export else ()
    videos = videos_of(args.videos, markers=True)
    params = {
        "videos": videos,
        "subject": args.subject,
        "profile": args.profile,
        "person": args.person,
        "scale": scale_of(args),
        "settings": {"event_method": args.method},
        "edits": _edits(args.events),
        "fps": args.fps,
        "side": args.side,
        "workers": args.workers,
        "use_cache": not args.no_cache,
        "cluster": args.cluster,
    }
    result = run_job(workspace, console, "measure", params, f"Gait parameters of {walks_text(videos)}")
    lines: list[str] = []
    stems = unique_stems([walk["name"] for walk in result["walks"]])
    for walk, stem in zip(result["walks"], stems, strict=True):
        if formats and "error" not in walk:
            _write_files(workspace, walk, args.export, formats, stem)
    if args.report:
        write_reports(workspace, result["walks"], args.report)
    for walk in result["walks"]:
        lines += _lines(walk)
    if args.export:
        _write_table(workspace, result["walks"], Path(args.export))
    if all("error" in walk for walk in result["walks"]):
        result["exit_code"] = 1
    return result, "\n".join([*lines, "Decision support, not a medical device."])


def _edits(file: str | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    from gait_core.gait.events.edits import edits_from_json
    from gait_core.storage.json_file import read_content

    path = Path(file).expanduser()
    try:
        text = read_content(path, _MOST_EDITS_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"Expected a file of changed events at {path}, but it cannot be read ({why}).",
            "Give the file edits.json that lies beside a measurement.",
        ) from error
    return [asdict(edit) for edit in edits_from_json(text)]


def _write_files(workspace: Workspace, walk: dict[str, Any], folder: str, formats: tuple[str, ...], stem: str) -> None:
    from gait_core.report.write import export_walk
    from gait_core.walks.measurements import load_measurement

    measured = load_measurement(workspace, walk["measurement_id"])
    walk["export"] = export_walk(workspace, measured, Path(folder).expanduser(), formats, stem=stem)


def _write_table(workspace: Workspace, walks: list[dict[str, Any]], folder: Path) -> None:
    from gait_core.report.exports import ExportSource, export_batch_table
    from gait_core.walks.measurements import load_measurement

    measured = [load_measurement(workspace, walk["measurement_id"]) for walk in walks if "error" not in walk]
    names = [one.name for one in measured]
    if len(measured) > 1:
        export_batch_table(
            [
                (
                    one.measurement,
                    ExportSource(
                        name=one.name if names.count(one.name) == 1 else one.path,
                        subject=one.subject,
                        content_sha256=one.content_sha256,
                    ),
                )
                for one in measured
            ],
            folder.expanduser(),
        )


def _lines(walk: dict[str, Any]) -> list[str]:
    from gait_core.gait.check import Check
    from gait_core.gait.gate import further_warnings

    if "error" in walk:
        return [f"✗ {walk['path']}: {walk['error']['message']} {walk['error']['remedy']}"]
    lines = [f"{walk['name']}: {len(walk['strides'])} strides, {len(walk['events'])} events"]
    for names in _SHOWN:
        found = next((walk["parameters"][name] for name in names if name in walk["parameters"]), None)
        if found is not None:
            lines.append(f"  {found['label']}: {_value(found)}")
    known = [WalkWarning(**warning) for warning in walk["warnings"]]
    checks = [Check(**check) for check in walk["checks"]]
    lines += [f"  ! {warning.message}" for warning in (*known, *further_warnings(checks, (), known))]
    export = walk.get("export", {})
    lines += [f"  wrote {file}" for file in export.get("files", [])]
    lines += [f"  ! no {name}: {reason}" for name, reason in export.get("skipped", {}).items()]
    if "report" in walk:
        lines.append(f"  wrote {walk['report']}")
    return lines


def _value(found: dict[str, Any]) -> str:
    text = f"{found['mean']:.3g} {found['unit']}"
    if found["ci_low"] is not None:
        text += f" ({found['ci_low']:.3g} to {found['ci_high']:.3g})"
    sides = [f"{side} {found[side]:.3g}" for side in ("left", "right") if found[side] is not None]
    return f"{text}, {plural(found['n'], 'value')}" + (f"; {', '.join(sides)}" if sides else "")
