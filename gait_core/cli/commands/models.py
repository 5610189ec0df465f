"""``models``: gets the pose models; lists them, the models that can be trained, and those that were promoted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gait_core.cli.answers import Answer, run_job
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.errors import NotFoundError
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    from gait_core.learn.promoted_models import PromotedModel

__all__: list[str] = []

command_group("models", help="the pose models, and the models that can be trained", order=20)


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", metavar="DIR", help="a folder that holds them, for an offline machine")


@command("models fetch", help="get the pose models: lite, full and heavy", order=10, arguments=_fetch_arguments)
def models_fetch(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Get the pose models; where all of them are present and intact, there is no job to do."""
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


@command("models list", help="list the pose models, the models that can be trained, and those promoted", order=20)
def models_list(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """List the pose models, the models that can be trained, and those that were promoted."""
    from gait_core.learn.promoted_models import list_promoted
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
    promoted = list_promoted(workspace)
    lines += ["", "Promoted models:", *(_promoted_line(one) for one in promoted)] if promoted else []
    found = {
        "models": [check.to_dict() for check in checks],
        "trainable": trainable,
        "promoted": [one.to_dict() for one in promoted],
    }
    return found, "\n".join(lines)


def _promoted_line(model: PromotedModel) -> str:
    if model.facts is None:
        return f"{model.name}: damaged; {(model.error or {}).get('message', '')}"
    return f"{model.name}: {model.facts.title}; {', '.join(model.facts.classes)}; from run {model.run}"
