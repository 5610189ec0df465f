"""``simulate``: makes videos of simulated walkers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from gait_core.cli.answers import Answer, run_job
from gait_core.cli.arguments import check_effect
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []

_SEVERITY: Final = 0.7


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--walks", type=int, default=5, metavar="N")
    parser.add_argument("--pattern", metavar="NAME", help="an impairment; default: normal gait")
    parser.add_argument("--severity", type=float, help="0 to 1, with --pattern; default: 0.7")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fps", type=float, default=30.0)


@command("simulate", help="make videos of simulated walkers, with their truth", order=30, arguments=_arguments)
def simulate(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Make videos of simulated walkers."""
    if args.pattern is None:
        check_effect(args.severity, "--severity", "--pattern")
    folder = Path(args.folder)
    params = {
        "folder": str(folder.absolute()),
        "walks": args.walks,
        "pattern": args.pattern,
        "severity": _SEVERITY if args.severity is None else args.severity,
        "seed": args.seed,
        "fps": args.fps,
    }
    result = run_job(workspace, console, "simulate", params, f"Simulated walks in {folder.absolute().name}")
    videos = [str(folder / Path(video).name) for video in result["videos"]]  # as the folder was named
    return {"videos": videos}, "\n".join(videos)
