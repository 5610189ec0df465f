"""``evaluate``: evaluates a trained model on data that it has never seen."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer, run_job
from gait_core.cli.commands.train import metric_lines, pairs_of
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="RUN|MODEL", help="a run, a model of the workspace, or a folder of either")
    parser.add_argument("dataset", metavar="DATASET", help="folder of videos or table; see `dataset check`")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="CHANNEL=CHANNEL[:+OFFSET]",
        help="read a channel of the model from another one of the data, with another zero",
    )
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="how the data are read; default: as in training",
    )
    parser.add_argument("--no-abstain", action="store_true", help="also classify what is unlike the training data")


@command("evaluate", help="evaluate a trained model on data it has never seen", order=86, arguments=_arguments)
def evaluate(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Judge a trained model."""
    params = {
        "model": args.model,
        "dataset": str(Path(args.dataset).expanduser().absolute()),
        "data": pairs_of(args.data, "--data"),
        "map": args.map,
        "abstain": not args.no_abstain,
    }
    result = run_job(workspace, console, "evaluate", params, f"{args.model} on {Path(args.dataset).name}")
    lines = [f"{result['classifier']} of run {result['run']} on {result['subjects']} subjects, by {result['unit']}"]
    lines += metric_lines(result["metrics"])
    lines += [f"  {channel} from {how}" for channel, how in result["mapped"].items()]
    abstained = result["abstained"]
    lines.append(f"  abstained from {abstained['count']} of {abstained['of']} {abstained['unit']}s")
    return result, "\n".join([*lines, "Decision support, not a medical device."])
