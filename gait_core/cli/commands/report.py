"""``report``: checks whether a written report, or a stored analysis, is as it was made."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer
from gait_core.cli.checks import check_answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("report", help="written reports", order=65)


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "report", metavar="FILE_OR_ID", help="a report in HTML or PDF, or the identifier of an analysis"
    )


@command(
    "report verify",
    help="check whether a report or a stored analysis is as it was made",
    order=10,
    arguments=_verify_arguments,
)
def report_verify(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Compare a report or an analysis with its seal."""
    from gait_core.baseline.analyses import verify_analysis
    from gait_core.storage.report_seal import verify_report

    path = Path(args.report).expanduser()
    known = {folder.name for folder in workspace.entries("analyses")}
    found = (
        verify_analysis(workspace, args.report) if args.report in known and not path.is_file() else verify_report(path)
    )
    return check_answer(found)
