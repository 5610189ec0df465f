"""``predict``: says which class of gait videos show, according to a trained model."""

from __future__ import annotations

import argparse
from typing import Any

from gait_core.cli.answers import Answer, run_job, videos_of
from gait_core.cli.arguments import add_profile, add_videos
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a model of the workspace, a run, or a folder of either")
    add_videos(parser)
    add_profile(parser)
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="CHANNEL=CHANNEL[:+OFFSET]",
        help="read a channel of the model from another one of the video, with another zero",
    )
    parser.add_argument("--workers", type=int, metavar="N")
    parser.add_argument("--no-cache", action="store_true")


@command("predict", help="classify walks with a trained model", order=88, arguments=_arguments)
def predict(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Classify walks."""
    videos = videos_of(args.videos)
    params = {
        "model": args.model,
        "videos": videos,
        "map": args.map,
        "profile": args.profile,
        "person": args.person,
        "workers": args.workers,
        "use_cache": not args.no_cache,
    }
    result = run_job(workspace, console, "predict", params, f"Class of {len(videos)} walks")
    if all("error" in walk for walk in result["walks"]):
        result["exit_code"] = 1
    lines = [_line(walk) for walk in result["walks"]]
    return result, "\n".join([*lines, "Decision support, not a medical device."])


def _line(walk: dict[str, Any]) -> str:
    if "error" in walk:
        return f"✗ {walk['path']}: {walk['error']['message']} {walk['error']['remedy']}"
    shares = ", ".join(f"{name} {share:.2f}" for name, share in walk["probabilities"].items())
    if walk["abstained"]:
        return f"○ {walk['path']}: abstained, for {'; '.join(walk['reasons'])} ({shares})"
    return f"{walk['path']}: {walk['class']} ({shares})"
