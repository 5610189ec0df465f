"""``profiles``: lists, shows, checks and compares performance profiles."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, run_job, videos_of
from gait_core.cli.arguments import add_person, add_videos
from gait_core.cli.console import Console, duration_text
from gait_core.cli.registry import command, command_group
from gait_core.config import PROFILES, Profile, profile_named
from gait_core.config.profile_body import profile_body
from gait_core.config.user_profiles import DOCUMENT_KEY, ProfileFile, profile_files, read_profile_file
from gait_core.errors import VideoError
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("profiles", help="performance profiles", order=120)


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")


def _validate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    add_videos(parser)
    names = "two to six profiles; default: fast, balanced and accurate"
    parser.add_argument("--profiles", nargs="+", action="extend", metavar="NAME", help=names)
    add_person(parser)
    parser.add_argument("--overlay", action="store_true", help="also make the overlay videos")


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


@command("profiles show", help="show one profile, as a file of profiles", order=20, arguments=_show_arguments)
def profiles_show(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Show one profile as the file from which the same settings come; `profiles validate` accepts it.

    A built-in profile keeps its name to itself: its file holds a profile of another name that starts from it.
    """
    from gait_core.pose.engines import engine_memory

    engines = engine_memory()
    profile = profile_named(args.name, workspace.profiles, engines)
    name = f"my {profile.name}" if profile.built_in else profile.name
    document = {DOCUMENT_KEY: {name: profile_body(profile)}}
    if profile.built_in and not args.quiet:
        console.say(
            f"{profile.name!r} is built in and cannot be changed; as a file it is {name!r}, which you can change."
        )
    result = _entry(profile) | {
        "needed_bytes": profile.needed_bytes(engines),
        "file_keys": profile_body(profile),
        "file": document,
    }
    return result, json.dumps(document, indent=2, ensure_ascii=False)


@command("profiles validate", help="check a file of profiles", order=30, arguments=_validate_arguments)
def profiles_validate(args: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """Check a file of profiles and report everything that is wrong with it."""
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


@command("profiles compare", help="run walks under several profiles", order=40, arguments=_compare_arguments)
def profiles_compare(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Run each video under several profiles, with nothing cached: time, memory and what differs in the results."""
    names = args.profiles or list(PROFILES)
    for name in names:
        profile_named(name, workspace.profiles)
    comparisons = []
    for video in videos_of(args.videos):
        params = {"video": video, "profiles": names, "overlay": args.overlay, "person": args.person}
        title = f"Profiles on {Path(video).name}"
        try:
            comparisons.append({"path": video, **run_job(workspace, console, "compare_profiles", params, title)})
        except VideoError as error:  # the other videos continue
            comparisons.append({"path": video, "error": error.to_dict()})
    lines = [line for found in comparisons for line in _comparison_lines(found)]
    failed = all("error" in found for found in comparisons)
    return {"comparisons": comparisons, "exit_code": 1 if failed else 0}, "\n".join(lines)


def _comparison_lines(found: dict[str, Any]) -> list[str]:
    from gait_core.compare.profile_comparison import ProfileRun

    if "error" in found:
        return [f"✗ {found['path']}: {found['error']['message']} {found['error']['remedy']}"]
    lines = [f"{found['path']}: {found['summary']}"]
    for run in (ProfileRun.from_dict(run) for run in found["runs"]):
        if run.error is not None:
            lines.append(f"  ✗ {run.name}: {run.error['message']} {run.error['remedy']}".rstrip())
            continue
        away = (run.agreement or {}).get("median_pct")
        distance = f"landmarks {away:.2f} % of body height away" if away is not None else "the reference"
        speed, memory = f"{run.frames_per_s:.0f} frames/s", f"{run.peak_bytes / 1e6:.0f} MB"
        lines.append(f"  {run.name}: {duration_text(run.work_s)}, {speed}, {memory}, {distance}")
    return lines


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
