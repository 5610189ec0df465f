"""``models``: gets the pose models; lists them and the models that can be trained."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer, run_job
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.errors import NotFoundError
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("models", help="the pose models, and the models that can be trained", order=20)


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", metavar="DIR", help="a folder that holds them, for a machine offline")


@command("models fetch", help="get the pose models: lite, full and heavy", order=10, arguments=_fetch_arguments)
def models_fetch(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Get the pose models; where all of them are here and whole, there is no job to do."""
    from gait_core.pose.models.assets import list_models

    source = Path(args.source).expanduser().absolute() if args.source else None
    if source is not None and not source.is_dir():
        raise NotFoundError(
            f"Expected a folder that holds the pose models at {source}, but there is none.",
            "Name a folder with the archive from npm, the .task bundles or the model files.",
        )
    models = list_models()
    if all(model.ready for model in models):
        found = {model.variant: model.path for model in models}
    else:
        params = {"source": str(source) if source else None}
        found = run_job(workspace, console, "models", params, "Pose models")["models"]
    text = "" if args.quiet else "\n".join(f"{name}: {path}" for name, path in found.items())
    return {"models": found}, text


@command("models list", help="list the pose models with their state, and the models that can be trained", order=20)
def models_list(_: argparse.Namespace, __: Workspace, ___: Console) -> Answer:
    """List the pose models, and the models that can be trained."""
    from gait_core.learn.registry import model_kinds
    from gait_core.pose.models.assets import model_checks

    checks, kinds = model_checks(), model_kinds()
    trainable = [
        {
            "name": kind.name,
            "title": kind.title,
            "task": kind.task,
            "inputs": list(kind.inputs),
            "description": kind.describe,
        }
        for kind in kinds
    ]
    lines = [f"{check.name}: {check.found}" for check in checks]
    lines += ["", "Models that can be trained:"]
    lines += [f"{kind.name}: {kind.title}; {kind.task}; {', '.join(kind.inputs)}" for kind in kinds]
    return {"models": [check.to_dict() for check in checks], "trainable": trainable}, "\n".join(lines)
