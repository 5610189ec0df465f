"""``dataset``: makes simulated datasets, checks datasets before a training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, absolute, run_job
from gait_core.cli.arguments import add_profile
from gait_core.cli.console import Console, duration_text
from gait_core.cli.registry import command, command_group
from gait_core.workspace import Workspace

__all__ = ["add_dataset_settings", "dataset_settings_of"]

_MARKS = {"error": "✗", "warning": "!", "note": "·"}

command_group("dataset", help="labelled walks to train on", order=82)


def add_dataset_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a dataset is read."""
    parser.add_argument("--reference-class", metavar="NAME", help="compare this class with all others together")
    parser.add_argument("--features", nargs="+", default=[], metavar="NAME", help="use these columns or channels only")
    parser.add_argument("--missing", choices=("refuse", "drop"), default="refuse", help="rows with missing values")
    parser.add_argument("--several-labels", action="store_true", help="one subject may have several labels")
    parser.add_argument("--table", choices=("auto", "rows", "series"), default="auto", help="what a line stands for")
    parser.add_argument(
        "--rows", choices=("windows", "curves", "clips"), default="windows", help="what a video becomes"
    )
    parser.add_argument(
        "--channels", choices=("outline", "silhouette", "skeleton_maps"), default="outline", help="what a clip shows"
    )
    parser.add_argument("--doubtful", action="store_true", help="also use videos with a serious warning")
    parser.add_argument("--subject-pattern", default="", metavar="REGEX", help="finds the subject in a file name")
    add_profile(parser)


def dataset_settings_of(args: argparse.Namespace) -> dict[str, Any]:
    """Read the fields of a `DatasetSettings` from the options.

    Returns
    -------
    dict
        Field → value; the default of the option where it was not given.
    """
    names = ("reference_class", "features", "missing", "several_labels", "table", "rows", "channels", "doubtful")
    return {name: getattr(args, name) for name in (*names, "subject_pattern", "profile", "person")}


def _make_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--subjects", type=int, default=30, metavar="N", help="people")
    parser.add_argument("--walks", type=int, default=4, metavar="N", help="walks of each person in each class")
    parser.add_argument("--impairments", nargs="+", metavar="NAME", help="classes beside normal; default: all eight")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other people")
    parser.add_argument("--videos", action="store_true", help="render the walks as videos, which takes long")


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="folder of videos per class, labels.csv, or a table")
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="folds of the training that is planned")
    add_dataset_settings(parser)


@command("dataset make", help="simulated walks: normal and eight impairments", order=10, arguments=_make_arguments)
def dataset_make(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Make a simulated dataset."""
    params: dict[str, Any] = {
        "folder": absolute([args.folder])[0],
        "subjects": args.subjects,
        "walks": args.walks,
        "seed": args.seed,
        "videos": args.videos,
    }
    if args.impairments:
        params["impairments"] = args.impairments
    title = f"Simulated dataset {Path(params['folder']).name}"
    result = run_job(workspace, console, "dataset_make", params, title)
    rows = f", {result['rows']} windows" if "rows" in result else ""
    taken = duration_text(result["timing_s"].get("simulate", 0.0))
    text = f"{args.folder}: {result['subjects']} people, {len(result['classes'])} classes{rows}, made in {taken}"
    return result, text


@command("dataset check", help="problems of a dataset, before a training", order=20, arguments=_check_arguments)
def dataset_check(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Check a dataset."""
    params = {
        "path": absolute([args.dataset])[0],
        "folds": args.folds,
        "settings": dataset_settings_of(args),
    }
    result = run_job(workspace, console, "dataset_check", params, f"Check of {Path(params['path']).name}")
    return {**result, "exit_code": 0 if result["usable"] else 1}, _text(result)


def _text(result: dict[str, Any]) -> str:
    steps, channels = result["shape"]
    lines = [f"{result['name']} ({result['kind']}): {result['row_kind'] or 'no rows'}, {steps} steps × {channels}"]
    for label, rows in result["rows"].items():
        lines.append(f"  {label}: {result['subjects'][label]} subjects, {result['walks'][label]} walks, {rows} rows")
    if result["covariates"]:
        lines.append(f"  covariates: {', '.join(result['covariates'])}")
    for problem in result["problems"]:
        lines.append(f"{_MARKS[problem['severity']]} {problem['message']} {problem['remedy']}".rstrip())
        if problem["code"] == "unusable_videos":
            lines += [f"    {item}" for item in problem["items"]]
    lines.append("Ready to train." if result["usable"] else "Not ready: correct what is marked ✗.")
    return "\n".join(lines)
