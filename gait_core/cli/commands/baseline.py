"""``baseline``: makes, lists, shows, exports and deletes baselines."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, run_job, videos_of
from gait_core.cli.arguments import add_cluster, add_profile, add_videos, frame_rate_hz, height_m, speed_mps
from gait_core.cli.checks import check_answer
from gait_core.cli.console import Console, duration_text
from gait_core.cli.registry import command, command_group
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("baseline", help="baselines", order=50)


def _create_arguments(parser: argparse.ArgumentParser) -> None:
    add_videos(parser)
    parser.add_argument("--subject", required=True, metavar="S", help="a pseudonym")
    parser.add_argument("--speed-mps", type=speed_mps, metavar="V", help="walking speed, if known: 1.2 or 4.3km/h")
    parser.add_argument(
        "--height-m", type=height_m, metavar="H", help="height of the person, for step lengths: 1.7, 170cm or 5ft7in"
    )
    parser.add_argument("--fps", type=frame_rate_hz, metavar="F", help="true frame rate of slow-motion video, Hz")
    add_profile(parser)
    parser.add_argument("--cell", choices=("gru", "lstm"), default="gru")
    parser.add_argument("--from-scratch", action="store_true", help="do not start from the pre-trained model")
    parser.add_argument("--workers", type=int, metavar="N")
    parser.add_argument("--no-cache", action="store_true")
    add_cluster(parser)
    parser.add_argument(
        "--disable-optimizations",
        action="store_true",
        help="for comparison: one video after another with OpenCV and MediaPipe, no cache, an LSTM from scratch",
    )


def _id_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _id_argument(parser)
    parser.add_argument("folder", metavar="DIR")


@command("baseline create", help="make a baseline from (usually five) walks", order=10, arguments=_create_arguments)
def baseline_create(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Make a baseline."""
    params = {
        "videos": videos_of(args.videos),
        "subject": args.subject,
        "speed_mps": args.speed_mps,
        "height_m": args.height_m,
        "fps": args.fps,
        "profile": args.profile,
        "person": args.person,
        "cell": args.cell,
        "from_scratch": args.from_scratch,
        "workers": args.workers,
        "use_cache": not args.no_cache,
        "disable_optimizations": args.disable_optimizations,
        "cluster": args.cluster,
    }
    result = run_job(workspace, console, "baseline", params, f"Baseline of {args.subject}")
    thresholds, timing = result["thresholds"], result["timing_s"]
    lines = [
        f"Baseline {result['baseline_id']} of {args.subject}, from {_walks_used(result['walks'])}",
        f"  watch from {thresholds['watch']:.2f}, alert from {thresholds['alert']:.2f} ({thresholds['method']})",
        f"  {result['training']['note']}",
        "  " + ", ".join(f"{name} {duration_text(seconds)}" for name, seconds in timing.items()),
    ]
    return result, "\n".join(lines)


def _walks_used(walks: list[dict[str, Any]]) -> str:
    """Return how many walks count, and of how many that were given."""
    used = sum(bool(walk["used"]) for walk in walks)
    return f"{used} walks" if used == len(walks) else f"{used} walks ({len(walks)} were given)"


@command("baseline list", help="list the baselines", order=20)
def baseline_list(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """List the baselines."""
    from gait_core.baseline.store import damaged_baselines, list_baselines

    found, damaged = list_baselines(workspace), damaged_baselines(workspace)
    lines = [f"{b.id}  {b.subject}  {b.n_walks} walks  {b.profile}  {b.mode}" for b in found]
    lines += [f"{one.id}  DAMAGED  {one.message} {one.remedy}" for one in damaged]
    result = {"baselines": [b.to_dict() for b in found], "damaged": [one.to_dict() for one in damaged]}
    return result, "\n".join(lines) or "No baselines yet."


@command("baseline show", help="show one baseline", order=30, arguments=_id_argument)
def baseline_show(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Show one baseline."""
    from gait_core.baseline.named import baseline_id_of
    from gait_core.baseline.store import load_baseline

    stored = load_baseline(workspace, baseline_id_of(workspace, args.id))
    result = {
        "baseline_id": stored.id,
        "manifest": stored.manifest.to_dict(),
        "thresholds": stored.thresholds.to_dict(),
        "walks": stored.manifest.to_dict()["walks"],
    }
    return result, json.dumps(result, indent=2, ensure_ascii=False)


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a baseline, a subject with one baseline, or the folder of an export")
    parser.add_argument("--seal", action="store_true", help="seal a baseline of an earlier version as it is now")


@command("baseline verify", help="check whether a baseline is as it was made", order=35, arguments=_verify_arguments)
def baseline_verify(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Compare a baseline with its seal."""
    from gait_core.baseline.artefacts import seal_baseline, verify_baseline
    from gait_core.baseline.named import baseline_id_of

    known = {folder.name for folder in workspace.entries("baselines")}
    if args.id not in known and Path(args.id).expanduser().is_dir():
        folder = Path(args.id).expanduser()
    else:
        folder = workspace.baseline_folder(args.id if args.id in known else baseline_id_of(workspace, args.id))
    if args.seal:
        seal_baseline(folder)
    return check_answer(verify_baseline(folder))


@command("baseline delete", help="delete a baseline and its analyses", order=40, arguments=_id_argument)
def baseline_delete(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Delete a baseline and its analyses."""
    from gait_core.baseline.store import delete_baseline

    delete_baseline(workspace, args.id)
    return {"deleted": args.id}, f"Deleted {args.id}."


@command(
    "baseline export",
    help="copy a baseline's artefacts, the model as .h5 too",
    order=50,
    arguments=_export_arguments,
)
def baseline_export(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Copy a baseline's artefacts."""
    from gait_core.baseline.export import export_baseline
    from gait_core.baseline.named import baseline_id_of

    paths = export_baseline(workspace, baseline_id_of(workspace, args.id), Path(args.folder))
    return {"files": [str(path) for path in paths]}, "\n".join(map(str, paths))
