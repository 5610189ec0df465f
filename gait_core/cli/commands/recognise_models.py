"""``recognise models``: the recognition networks of the workspace."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from gait_core.cli.answers import Answer, present, run_job
from gait_core.cli.commands.train import pairs_of
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("recognise models", help="the recognition models of the workspace", order=60)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=".safetensors, .pt or .pth of PyTorch, or .keras of ours")
    parser.add_argument("--name", metavar="NAME", default="", help="default: the name of the file")
    parser.add_argument("--network", metavar="NAME", help="default: what the weights say")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the network: --set width=0.5"
    )
    parser.add_argument(
        "--classifier", choices=("drop", "load", "replace"), default="drop", help="what becomes of the classifier"
    )


@command("recognise models add", help="store weights of your own", order=10, arguments=_add_arguments)
def add(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Store weights of your own; a checkpoint of PyTorch is converted."""
    params = {
        "file": present([args.file])[0],
        "name": args.name,
        "network": args.network,
        "settings": pairs_of(args.set, "--set"),
        "classifier": args.classifier,
    }
    result = run_job(workspace, console, "recognise_model", params, f"Weights of {Path(args.file).name}")
    model, conversion = result["model"], result["conversion"]
    text = f"{model['name']}: {model['network']}, {model['digest'][:8]}"
    if conversion:
        text += f"; {conversion['mapped']} weights taken over, {conversion['dropped']} of the classifier dropped"
    return result, text


@command("recognise models list", help="list the recognition models", order=20)
def list_(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """List the recognition models."""
    from gait_core.recognition.model_store import list_models

    models = [model.to_dict() for model in list_models(workspace)]
    lines = [
        f"{model['name']}: {model['network']}, {model['origin']}, {model['digest'][:8]}, "
        f"{datetime.fromtimestamp(model['created_s']):%Y-%m-%d}"
        for model in models
    ]
    return {"models": models}, "\n".join(lines or ["No recognition model yet: `recognise models add FILE`."])


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")


@command("recognise models show", help="show a recognition model and where it comes from", order=30, arguments=_name)
def show(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Show a recognition model and where it comes from."""
    from gait_core.learn.artefact import load_artefact
    from gait_core.recognition.model_store import find_model

    model = find_model(workspace, args.name)
    manifest = load_artefact(model.folder).manifest.to_dict()
    facts = model.to_dict()
    text = "\n".join(f"{name}: {value}" for name, value in facts.items() if name != "details")
    return {"model": facts, "manifest": manifest}, text


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("file", metavar="FILE", help="ends in .onnx, or in .xml for OpenVINO")


@command("recognise models export", help="write a network for use elsewhere", order=35, arguments=_export_arguments)
def export(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Write a network as ONNX or OpenVINO, once it gives the same embeddings there."""
    params = {"model": args.name, "file": str(Path(args.file).expanduser().absolute())}
    result = run_job(workspace, console, "recognise_export", params, f"Export of {args.name}")
    made = result["export"]
    text = f"{made['path']}: largest difference {made['difference']:.1e} of the largest value"
    return result, text


@command("recognise models delete", help="delete a recognition model", order=40, arguments=_name)
def delete(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Delete a recognition model."""
    from gait_core.recognition.model_store import delete_model

    model = delete_model(workspace, args.name)
    return {"deleted": model.name}, f"Deleted {model.name}; embeddings made with it are still there."
