"""``analyse``: compares walks with a baseline."""

from __future__ import annotations

import argparse
from typing import Any

from gait_core.cli.answers import Answer, run_job, videos_of, walk_line, walks_text
from gait_core.cli.arguments import add_cluster, add_person, add_videos
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.cli.walk_reports import check_report, write_reports
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_videos(parser)
    parser.add_argument("--baseline", required=True, metavar="ID", help="baseline, or subject that has only one")
    parser.add_argument("--profile", metavar="NAME", help="default: that of the baseline")
    add_person(parser)
    add_cluster(parser, "find the landmarks, score and draw")
    parser.add_argument("--overlay", action="store_true", help="also make the overlay videos")
    parser.add_argument("--no-classify", action="store_true", help="do not apply the promoted models")
    parser.add_argument(
        "--guard", metavar="GALLERY", default="auto", help="enrolled walks to compare the person with; auto, or off"
    )
    parser.add_argument("--report", metavar="FILE", help="write a report: FILE.html or FILE.pdf")


@command("analyse", help="compare walks with a baseline", order=60, arguments=_arguments)
def analyse(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Compare walks with a baseline."""
    from gait_core.baseline.named import baseline_id_of

    check_report(args.report)
    baseline_id = baseline_id_of(workspace, args.baseline)
    params = {
        "videos": videos_of(args.videos),
        "baseline_id": baseline_id,
        "profile": args.profile,
        "person": args.person,
        "overlay": args.overlay,
        "classify": not args.no_classify,
        "cluster": args.cluster,
        "guard": args.guard,
    }
    result = run_job(workspace, console, "analyse", params, f"Analysis of {walks_text(args.videos)}")
    if args.report:
        write_reports(workspace, result["walks"], args.report, baseline_id)
    lines = [line for walk in result["walks"] for line in (walk_line(walk), *map(_class_line, walk["classified"]))]
    lines += [f"wrote {walk['report']}" for walk in result["walks"] if "report" in walk]
    if all("error" in walk for walk in result["walks"]):
        result["exit_code"] = 1
    lines.append("Decision support, not a medical device.")
    return result, "\n".join(lines)


def _class_line(said: dict[str, Any]) -> str:
    """Return what one promoted model says of a walk; it has no part in the level."""
    head = f"    model {said['name']}"
    if "error" in said:
        return f"{head}: not applied; {said['error']['message']} {said['error']['remedy']}".rstrip()
    shares = ", ".join(f"{name} {share:.2f}" for name, share in said["probabilities"].items())
    if said["abstained"]:
        return f"{head}: abstains, for {'; '.join(said['reasons'])} ({shares})"
    return f"{head}: {said['class']} ({shares})"
