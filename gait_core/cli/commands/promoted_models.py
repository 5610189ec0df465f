"""``models promote`` and ``models withdraw``: the trained models that each analysis of a walk asks."""

from __future__ import annotations

import argparse

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []


def _promote_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="RUN", help="a training run, or a folder with its model")
    parser.add_argument("--name", required=True, metavar="NAME", help="name for it; replaces the model of that name")


@command(
    "models promote",
    help="let each analysis of a walk also ask the trained model of a run",
    order=30,
    arguments=_promote_arguments,
)
def models_promote(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Promote the model of a run."""
    from gait_core.learn.promoted_models import list_promoted, promote_model, promoted_name

    plain = promoted_name(args.name)
    replaced = any(one.name == plain for one in list_promoted(workspace))
    found = promote_model(workspace, args.model, args.name)
    lines = [f"{found.name}: {'replaced' if replaced else 'promoted'}, from run {found.run}; card in {found.folder}"]
    if found.facts is not None and not found.classifies_walks:
        lines.append(
            f"It was trained on {found.facts.kind}, which an analysis does not have available; "
            "`evaluate` and `predict` take it by its name."
        )
    return {**found.to_dict(), "replaced": replaced}, "\n".join(lines)


def _withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a promoted model; see `models list`")


@command("models withdraw", help="delete a promoted model; its run stays", order=40, arguments=_withdraw_arguments)
def models_withdraw(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Withdraw a promoted model."""
    from gait_core.learn.promoted_models import withdraw_model

    found = withdraw_model(workspace, args.name)
    return {"withdrawn": found.name, "run": found.run}, f"withdrawn: {found.name}"
