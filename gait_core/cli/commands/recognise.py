"""``recognise``: embeds walks, enrols people, identifies them, and trains networks that tell people apart."""

from __future__ import annotations

import argparse
from typing import Any

from gait_core.cli.answers import Answer, present, run_job, walks_text
from gait_core.cli.arguments import add_profile
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
    """Return the fields of `WalkOptions` from the options given."""
    names = ("model", "view", "profile", "person", "workers", "level", "strict")
    return {"sources": present(args.sources), **{name: getattr(args, name) for name in names}}


def failed_line(walk: dict[str, Any]) -> str:
    """Return a walk without an embedding as one line for people."""
    return f"✗ {walk['path']}: {walk['error']['message']} {walk['error']['remedy']}"


def _embed_arguments(parser: argparse.ArgumentParser) -> None:
    add_walks(parser)
    parser.add_argument("--out", metavar="FILE.npz", help="also write the embeddings here, with FILE.json beside it")
    parser.add_argument("--no-previews", action="store_true", help="draw no images of the frames")


@command("recognise embed", help="turn walks into embeddings", order=10, arguments=_embed_arguments)
def embed(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Turn walks into embeddings."""
    from gait_core.cli.answers import absolute

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
