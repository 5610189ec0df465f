"""``pretrain``: trains the autoencoder that every baseline starts from."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer, run_job
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FILE", help="where to write it; default: the shipped file")
    parser.add_argument("--people", type=int, default=None, help="simulated people to train on")
    parser.add_argument("--cell", choices=("gru", "lstm"), default="gru")
    parser.add_argument(
        "--keep-network",
        action="store_true",
        help="keep the trained network, learn only how people deviate from their baselines and the references",
    )
    parser.add_argument(
        "--from-scratch",
        action="store_true",
        help="first fit the errors of the landmarks to rendered walks, then train with them; for new landmarks",
    )


@command("pretrain", help="train the autoencoder that every baseline starts from", order=90, arguments=_arguments)
def pretrain(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Train the autoencoder that every baseline starts from."""
    out = Path(args.out) if args.out else None
    params = {"out": str(out.absolute()) if out else None, "people": args.people, "cell": args.cell}
    if args.keep_network:
        params["keep_network"] = True
    if args.from_scratch:
        params["from_scratch"] = True
    result = run_job(workspace, console, "pretrain", params, f"Pre-training of the {args.cell.upper()} autoencoder")
    if out is not None:
        result["model"] = str(out)  # as it was named
    return result, f"Wrote {result['model']}; validation error {result['val_loss']:.4f}"
