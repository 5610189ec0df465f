"""The commands that measure gait: parameters of walks, and agreement with a reference."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, absolute, run_job, videos_of
from gait_core.cli.console import Console
from gait_core.errors import InputError
from gait_core.workspace import Workspace

__all__ = ["measure", "validate", "write_reports"]

_SHOWN = ("walking_speed_mps", "walking_speed_leg_per_s", "cadence_spm", "step_time_s", "step_length_m", "stance_pct")


def measure(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Measure walks without a baseline."""
    from gait_core.report.exports import check_formats, unique_stems

    formats = check_formats(args.format.split(",")) if args.export else ()
    videos = videos_of(args.videos)
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
    result = run_job(workspace, console, "measure", params, f"Gait parameters of {len(videos)} walks")
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


def scale_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a `ScaleInput` from the options given, at most one of which may be."""
    given = {
        "height": args.height_m,
        "distance": args.distance_m,
        "speed": args.speed_mps,
    }
    chosen = {kind: value for kind, value in given.items() if value is not None}
    if len(chosen) > 1:
        raise InputError(
            f"Expected one source of metres, but got {', '.join(chosen)}.",
            "Give only one of --height-m, --distance-m, --speed-mps.",
        )
    if not chosen:
        return {}
    ((kind, value),) = chosen.items()
    return {"kind": kind, "value": value, "pixels": args.distance_px if kind == "distance" else None}


def _edits(file: str | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    from gait_core.gait.events.edits import edits_from_json

    path = Path(file).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Expected a file of changed events at {path}, but it cannot be read.", str(error)) from error
    return [asdict(edit) for edit in edits_from_json(text)]


def _write_files(workspace: Workspace, walk: dict[str, Any], folder: str, formats: tuple[str, ...], stem: str) -> None:
    from gait_core.report.write import export_walk
    from gait_core.walks.measurements import load_measurement

    measured = load_measurement(workspace, walk["measurement_id"])
    walk["export"] = export_walk(workspace, measured, Path(folder).expanduser(), formats, stem=stem)


def write_reports(
    workspace: Workspace, walks: list[dict[str, Any]], report: str, baseline_id: str | None = None
) -> None:
    """Write one report per measured walk; several get the name of their video into the name of the file."""
    from gait_core.report.exports import unique_stems
    from gait_core.report.write import comparison_of, report_of, write_report
    from gait_core.walks.measurements import load_measurement

    path = Path(report).expanduser().absolute()
    for walk, stem in zip(walks, unique_stems([walk["name"] for walk in walks]), strict=True):
        if walk.get("measurement_id"):
            own = path if len(walks) == 1 else path.with_name(f"{path.stem}-{stem}{path.suffix}")
            measured = load_measurement(workspace, walk["measurement_id"])
            comparison = comparison_of(workspace, measured, baseline_id)
            write_report(report_of(workspace, measured, baseline=comparison), own)
            walk["report"] = str(own)


def _write_table(workspace: Workspace, walks: list[dict[str, Any]], folder: Path) -> None:
    from gait_core.report.exports import ExportSource, export_batch_table
    from gait_core.walks.measurements import load_measurement

    measured = [load_measurement(workspace, walk["measurement_id"]) for walk in walks if "error" not in walk]
    if len(measured) > 1:
        export_batch_table(
            [
                (
                    one.measurement,
                    ExportSource(name=one.name, subject=one.subject, content_sha256=one.content_sha256),
                )
                for one in measured
            ],
            folder.expanduser(),
        )


def _lines(walk: dict[str, Any]) -> list[str]:
    if "error" in walk:
        return [f"✗ {walk['path']}: {walk['error']['message']} {walk['error']['remedy']}"]
    lines = [f"{walk['name']}: {len(walk['strides'])} strides, {len(walk['events'])} events"]
    for name in _SHOWN:
        found = walk["parameters"].get(name)
        if found is not None:
            lines.append(f"  {found['label']}: {_value(found)}")
    lines += [f"  ! {warning['message']}" for warning in walk["warnings"]]
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
    return f"{text}, {found['n']} values" + (f"; {', '.join(sides)}" if sides else "")


def validate(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Hold a measurement against a reference."""
    from gait_core.walks.measurements import load_measurement
    from gait_core.workflows.validate import validate_file

    measurement = None
    if args.video:
        params = {
            "videos": absolute([args.video]),
            "profile": args.profile,
            "person": args.person,
            "scale": scale_of(args),
        }
        (walk,) = run_job(workspace, console, "measure", params, "Walk to be validated")["walks"]
        if "error" in walk:
            raise InputError(walk["error"]["message"], walk["error"]["remedy"])
        measurement = load_measurement(workspace, walk["measurement_id"]).measurement
    result = validate_file(Path(args.reference).expanduser(), measurement, offset_s=args.offset_s)
    answer = result.to_dict()
    lines = [f"{name}: {value:.4g}" for name, value in result.figures.items()]
    lines += [f"{'passed' if check.passed else 'FAILED'}  {check.sentence}" for check in result.checks]
    return answer, "\n".join([*lines, *result.notes])
