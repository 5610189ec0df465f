"""``models``: gets and lists the pose models."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("models", help="the pose models", order=20)


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", metavar="DIR", help="a folder that holds them, for a machine offline")


@command("models fetch", help="get the pose models: lite, full and heavy", order=10, arguments=_fetch_arguments)
def models_fetch(args: argparse.Namespace, _: Workspace, console: Console) -> Answer:
    """Get the pose models."""
    from gait_core.pose.models.assets import ensure_models

    source = Path(args.source).expanduser() if args.source else None
    found = ensure_models(source=source, reporter=Reporter(sink=console.sink))
    text = "" if args.quiet else "\n".join(f"{name}: {path}" for name, path in found.items())
    return {"models": {name: str(path) for name, path in found.items()}}, text


@command("models list", help="list the pose models and their state", order=20)
def models_list(_: argparse.Namespace, __: Workspace, ___: Console) -> Answer:
    """List the pose models."""
    from gait_core.pose.models.assets import model_checks

    checks = model_checks()
    return {"models": [c.to_dict() for c in checks]}, "\n".join(f"{c.name}: {c.found}" for c in checks)
