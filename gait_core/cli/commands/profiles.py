"""``profiles``: lists, shows and checks performance profiles."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.config import PROFILES, Profile, profile_named
from gait_core.config.profile_body import profile_body
from gait_core.config.user_profiles import ProfileFile, profile_files, read_profile_file
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("profiles", help="performance profiles", order=120)


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")


def _validate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")


@command("profiles list", help="list the profiles", order=10)
def profiles_list(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """List the built-in profiles, those of the user, and what is broken."""
    from gait_core.pose.engines import engine_memory

    files = profile_files(workspace.profiles, engine_memory())
    own = [profile for file in files for profile in file.sound.values()]
    lines = [f"{profile.name}: {profile.description}" for profile in PROFILES.values()]
    lines += [f"{profile.name} (yours, from {profile.base}): {profile.description}" for profile in own]
    lines += [f"broken, {file.path}: {problem}" for file in files for problem in file.all_problems]
    result = {
        "profiles": [_entry(profile) for profile in (*PROFILES.values(), *own)],
        "broken": [{"path": str(file.path), **problem.to_dict()} for file in files for problem in file.all_problems],
    }
    return result, "\n".join(lines)


@command("profiles show", help="show one profile", order=20, arguments=_show_arguments)
def profiles_show(args: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """Show one profile."""
    from gait_core.pose.engines import engine_memory

    engines = engine_memory()
    profile = profile_named(args.name, workspace.profiles, engines)
    lines = [f"{name}: {value}" for name, value in profile.to_dict().items()]
    result = _entry(profile) | {"needed_bytes": profile.needed_bytes(engines), "file_keys": profile_body(profile)}
    return result, "\n".join(lines)


@command("profiles validate", help="check a file of profiles", order=30, arguments=_validate_arguments)
def profiles_validate(args: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """Check a file of profiles and tell everything that is wrong with it."""
    from gait_core.pose.engines import engine_memory

    path = Path(args.file).expanduser()
    file = read_profile_file(path, engine_memory())
    problems = [problem.to_dict() for problem in file.all_problems]
    result: dict[str, Any] = {
        "path": str(path),
        "ok": not problems,
        "profiles": [_entry(profile) for profile in file.sound.values()],
        "problems": problems,
        "notes": [f"{entry.name}: {note}" for entry in file.profiles for note in entry.notes],
        "exit_code": 1 if problems else 0,
    }
    return result, _report(path, file, result["notes"], workspace)


def _report(path: Path, file: ProfileFile, notes: list[str], workspace: Workspace) -> str:
    lines = [f"{problem}" for problem in file.all_problems]
    lines += [f"Note: {note}" for note in notes]
    if file.all_problems:
        count = len(file.all_problems)
        return "\n".join([*lines, f"{path}: {count} {'problem' if count == 1 else 'problems'}."])
    names = ", ".join(file.sound)
    where = "" if path.parent == workspace.profiles else f" Copy the file to {workspace.profiles} to use them."
    return "\n".join([*lines, f"{path}: sound; {names}.{where}"])


def _entry(profile: Profile) -> dict[str, Any]:
    return profile.to_dict() | {"built_in": profile.built_in}
