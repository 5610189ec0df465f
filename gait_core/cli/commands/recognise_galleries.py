"""``recognise galleries`` and ``recognise embeddings``: what is stored of people's walks, and its deletion."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import datetime

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.errors import InputError
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("recognise galleries", help="the people who are enrolled", order=50)
command_group("recognise embeddings", help="the stored sets of embeddings", order=70)


@command("recognise galleries list", help="list the galleries", order=10)
def galleries_list(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """List the galleries."""
    from gait_core.recognition.gallery.gallery import list_galleries

    found = list_galleries(workspace)
    lines = [
        f"{one.name} ({one.id}): {one.damage or f'{len(one.subjects)} people, {one.entries} walks'}" for one in found
    ]
    answer = {"galleries": [{**asdict(one), "subjects": list(one.subjects)} for one in found]}
    return answer, "\n".join(lines or ["No gallery yet: `recognise enrol` makes one."])


def _gallery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("gallery", metavar="GALLERY", help="identifier or name")


@command("recognise galleries show", help="show who is enrolled, and what can be decided", order=20, arguments=_gallery)
def galleries_show(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Show who is enrolled, and whether walks can be accepted or rejected."""
    from gait_core.workflows.recognise.galleries import find_gallery, gallery_facts

    facts = gallery_facts(find_gallery(workspace, args.gallery))
    lines = [f"{facts['name']} ({facts['id']})"]
    lines += [
        f"  {one['id']}: {one['subject']}, {one['source']}, view {one['view']}, {one['model_name']}"
        for one in facts["entries"]
    ]
    lines += [f"{one['model']}, view {one['view']}: {one['sentence']}" for one in facts["limits"]]
    return facts, "\n".join(lines)


def _remove_arguments(parser: argparse.ArgumentParser) -> None:
    _gallery(parser)
    parser.add_argument("--subject", metavar="S", help="everything of this person")
    parser.add_argument("--entry", metavar="ID", help="one walk")


@command(
    "recognise galleries remove",
    help="delete a person or one walk from a gallery",
    order=30,
    arguments=_remove_arguments,
)
def galleries_remove(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Delete a person or one walk from a gallery."""
    from gait_core.workflows.recognise.galleries import find_gallery

    if (args.subject is None) == (args.entry is None):
        raise InputError("Expected --subject or --entry, but got both or neither.", "Give one of them.")
    gallery = find_gallery(workspace, args.gallery)
    if args.entry is not None:
        gallery.remove_entry(args.entry)
        return {"gallery": gallery.id, "removed": 1}, f"Deleted {args.entry}."
    removed = gallery.remove_subject(args.subject)
    return {"gallery": gallery.id, "removed": removed}, f"Deleted {removed} walks of {args.subject}."


@command("recognise galleries delete", help="delete a gallery", order=40, arguments=_gallery)
def galleries_delete(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Delete a gallery with everybody in it, damaged or not."""
    from gait_core.workflows.recognise.galleries import find_gallery

    gallery = find_gallery(workspace, args.gallery)
    gallery.delete()
    return {"deleted": gallery.id}, f"Deleted {gallery.id}."


@command("recognise embeddings list", help="list the stored sets of embeddings", order=10)
def embeddings_list(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """List the stored sets of embeddings."""
    from gait_core.recognition.embedding_sets import list_embeddings

    found = [
        {
            "id": one.id,
            "created_s": one.manifest["created_s"],
            "model": one.manifest["model"]["name"],
            "walks": [walk["name"] for walk in one.walks],
        }
        for one in list_embeddings(workspace)
    ]
    lines = [
        f"{one['id']}: {len(one['walks'])} walks, {one['model']}, {datetime.fromtimestamp(one['created_s']):%Y-%m-%d}"
        for one in found
    ]
    return {"embeddings": found}, "\n".join(lines or ["No embeddings yet: `recognise embed` makes some."])


def _set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID")


@command("recognise embeddings delete", help="delete a set of embeddings", order=20, arguments=_set)
def embeddings_delete(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Delete a set of embeddings with its previews."""
    from gait_core.recognition.embedding_sets import delete_embeddings

    delete_embeddings(workspace, args.id)
    return {"deleted": args.id}, f"Deleted {args.id}."
