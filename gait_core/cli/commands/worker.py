"""``worker``: runs one job folder, now or as soon as there is one."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.errors import InputError
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", nargs="?")
    parser.add_argument("--resume", action="store_true", help="run a job again that failed, crashed or was cancelled")
    parser.add_argument("--spare", action="store_true", help="load everything, then wait for a job and run it")
    parser.add_argument("--idle-s", type=float, default=900.0, metavar="S", help="longest wait of a spare")


@command("worker", help="run one job folder (the dashboard starts this)", order=150, arguments=_arguments)
def worker(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Run one job folder, now or as soon as there is one."""
    logging.captureWarnings(True)
    if args.spare:
        from gait_core.jobs.spare_process import run_spare

        return {"job": run_spare(workspace, idle_s=args.idle_s)}, ""
    from gait_core.jobs.run import run_folder

    folder = Path(args.folder or "")
    if not args.folder or not (folder / "spec.json").is_file():
        raise InputError(f"Expected a job folder with spec.json, but got {folder}.", "Start jobs from the dashboard.")
    if args.resume:
        from gait_core.jobs.store import JobStore

        JobStore(workspace).reopen(folder.name)
    run_folder(folder, workspace)
    return {"job": folder.name}, ""
