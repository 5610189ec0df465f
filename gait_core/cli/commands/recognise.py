"""``recognise``: embeds walks, enrols people, identifies them, and trains networks that tell people apart."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, absolute, present, run_job, walks_text
from gait_core.cli.arguments import add_profile
from gait_core.cli.commands.train import pairs_of
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.workspace import Workspace

__all__ = ["add_walks", "failed_line", "walk_params"]

_LEVELS = ("conservative", "balanced", "aggressive")

command_group("recognise", help="recognise people by their walk", order=89)


def add_walks(parser: argparse.ArgumentParser) -> None:
    """Add the walks and how they are embedded; see `walk_params`."""
    parser.add_argument(
        "sources", nargs="+", metavar="WALK", help="video, .npz of silhouettes, or folder of videos or silhouettes"
    )
    parser.add_argument("--model", metavar="NAME", help="stored model; default: the only one, or that of the gallery")
    parser.add_argument(
        "--view", choices=("auto", "side", "front"), default="auto", help="from where the person was filmed"
    )
    add_profile(parser)
    parser.add_argument("--workers", type=int, metavar="N", help="videos at once")
    parser.add_argument("--level", choices=_LEVELS, default=_LEVELS[0], help="how much is done for speed")
    parser.add_argument("--strict", action="store_true", help="float32 at every level")


def walk_params(args: argparse.Namespace) -> dict[str, Any]:
    """Read the fields of `WalkOptions` from the options.

    Returns
    -------
    dict
        Field → value, the default of the option where it was not given; ``sources`` as absolute paths.

    Raises
    ------
    NotFoundError
        When none of the sources is there.
    """
    names = ("model", "view", "profile", "person", "workers", "level", "strict")
    return {"sources": present(args.sources), **{name: getattr(args, name) for name in names}}


def failed_line(walk: dict[str, Any]) -> str:
    """Return one readable line about a walk without an embedding.

    Returns
    -------
    str
        Its path, what is wrong and what can be done.
    """
    return f"✗ {walk['path']}: {walk['error']['message']} {walk['error']['remedy']}"


def _embed_arguments(parser: argparse.ArgumentParser) -> None:
    add_walks(parser)
    parser.add_argument("--out", metavar="FILE.npz", help="also write the embeddings here, with FILE.json beside it")
    parser.add_argument("--no-previews", action="store_true", help="draw no images of the frames")


@command("recognise embed", help="turn walks into embeddings", order=10, arguments=_embed_arguments)
def embed(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Turn walks into embeddings."""
    params = {
        **walk_params(args),
        "out": absolute([args.out])[0] if args.out else None,
        "previews": not args.no_previews,
    }
    result = run_job(workspace, console, "recognise_embed", params, f"Embeddings of {walks_text(args.sources)}")
    if all("error" in walk for walk in result["walks"]):
        result["exit_code"] = 1
    lines = [_line(walk) for walk in result["walks"]]
    device = result["device"]
    lines.append(f"{result['model']['title']} on {device['name']} in {device['precision']}. {device['reason']}")
    return result, "\n".join([*lines, f"wrote {result['artefacts']['embeddings']}"])


def _line(walk: dict[str, Any]) -> str:
    if "error" in walk:
        return failed_line(walk)
    quality = walk["quality"]
    warned = "".join(f"\n    ! {warning['message']}" for warning in walk["warnings"])
    return (
        f"{walk['path']}: {quality['kept']} of {quality['frames']} frames, quality {quality['score']:.2f}, "
        f"view {walk['view']}{warned}"
    )


def _enrol_arguments(parser: argparse.ArgumentParser) -> None:
    add_walks(parser)
    parser.add_argument("--gallery", required=True, metavar="NAME", help="a gallery; made where there is none")
    parser.add_argument("--subject", required=True, metavar="S", help="a pseudonym; the same person in all walks")
    parser.add_argument(
        "--consent", required=True, metavar="NOTE", help="who agreed to the enrolment, to what and when"
    )


@command("recognise enrol", help="enrol walks of one person in a gallery", order=20, arguments=_enrol_arguments)
def enrol(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Enrol walks of one person."""
    params = {**walk_params(args), "gallery": args.gallery, "subject": args.subject, "consent": args.consent}
    result = run_job(workspace, console, "recognise_enrol", params, f"Enrolment of {args.subject}")
    if not result["enrolled"]:
        result["exit_code"] = 1
    lines = [failed_line(walk) if "error" in walk else f"{_line(walk)}, enrolled" for walk in result["walks"]]
    lines.append(f"{result['enrolled']} walks of {result['subject']} enrolled in {args.gallery}")
    return result, "\n".join(lines)


def _identify_arguments(parser: argparse.ArgumentParser) -> None:
    add_walks(parser)
    parser.add_argument("--gallery", required=True, metavar="NAME", help="whom to compare with")
    parser.add_argument("--k", type=int, default=5, metavar="N", help="people listed per walk")
    parser.add_argument("--metric", choices=("euc", "cos"), default="euc", help="how distances are measured")
    parser.add_argument("--aim", type=float, default=0.05, metavar="SHARE", help="of strangers that may be accepted")


@command("recognise identify", help="say whose walks these are", order=30, arguments=_identify_arguments)
def identify(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Say whose walks these are, or that no enrolled person walks like that."""
    params = {**walk_params(args), **{name: getattr(args, name) for name in ("gallery", "k", "metric", "aim")}}
    result = run_job(workspace, console, "recognise_identify", params, f"Identity in {walks_text(args.sources)}")
    if all("error" in walk for walk in result["walks"]):
        result["exit_code"] = 1
    return result, "\n".join(_identified(walk) for walk in result["walks"])


def _identified(walk: dict[str, Any]) -> str:
    if "error" in walk:
        return failed_line(walk)
    ranked = ", ".join(f"{match['subject']} {match['best']:.3g}" for match in walk["matches"])
    return f"{walk['path']}: {walk['outcome'].replace('_', ' ')}. {walk['sentence']}\n    nearest: {ranked or 'none'}"


@command("recognise check", help="compare devices and optimisation levels", order=35, arguments=add_walks)
def check(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Embed the same walks in every way; the exit status is 1 where float32 does not agree with itself."""
    result = run_job(workspace, console, "recognise_check", walk_params(args), f"Check of {walks_text(args.sources)}")
    if not all(run["agrees"] for run in result["runs"] if run["precision"] == "float32"):
        result["exit_code"] = 1
    return result, "\n".join(_way(run) for run in result["runs"])


def _way(run: dict[str, Any]) -> str:
    level = f"{run['level']}, strict" if run["strict"] else run["level"]
    return (
        f"{run['device']}, {level}, {run['precision']}: {run['ms_per_walk']:.0f} ms per walk, largest difference "
        f"{run['largest_difference']:.1e}, nearest walk changed for {run['nearest_changed']}"
    )


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="?", default="", metavar="DATA", help="folder per subject, or labels.csv")
    parser.add_argument("--demo", action="store_true", help="learn from simulated walkers instead")
    parser.add_argument("--name", metavar="NAME", help="of the model; default: that of the folder, or demo")
    parser.add_argument("--network", metavar="NAME", default="gaitbase", help="gaitbase, deepgaitv2, …")
    parser.add_argument("--preset", choices=("demo", "full"), default="demo", help="how long and how wide")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the training: --set steps=500"
    )
    parser.add_argument(
        "--network-set", action="append", default=[], metavar="KEY=VALUE", help="one of the network: width=0.5"
    )
    add_profile(parser)
    parser.add_argument("--workers", type=int, metavar="N", help="videos at once")


@command("recognise train", help="train a network to tell people apart", order=40, arguments=_train_arguments)
def train(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Train a network; the same command continues where an interrupted one stopped."""
    data = present([args.data])[0] if args.data else ""
    name = args.name or (Path(data).stem if data else "demo")
    params = {
        "data": data,
        "demo": args.demo,
        "name": name,
        "network": args.network,
        "network_settings": pairs_of(args.network_set, "--network-set"),
        "preset": args.preset,
        "settings": pairs_of(args.set, "--set"),
        "profile": args.profile,
        "person": args.person,
        "workers": args.workers,
    }
    result = run_job(workspace, console, "recognise_train", params, f"Recognition model {name}")
    figures = {**result["training"]["figures"], **(result["judgement"] or {})}
    lines = [f"  {key.replace('_', ' ')}: {value:.3g}" for key, value in figures.items()]
    lines += [failed_line(walk) for walk in result["walks"] if "error" in walk]
    model = result["model"]
    return result, "\n".join([f"{model['name']}: {model['network']}, {len(result['walks'])} walks", *lines])
