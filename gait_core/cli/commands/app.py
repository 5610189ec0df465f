"""``app``: opens the dashboard, from a checkout."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import Final

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.errors import LibraryError, NotFoundError
from gait_core.workspace import Workspace

__all__: list[str] = []

_CHECKOUT: Final = Path(__file__).resolve().parents[3]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="port on this computer; default: the first free one from 8501")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")


@command("app", help="open the dashboard, from a checkout", order=140, arguments=_arguments)
def app(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Replace this process by the dashboard."""
    if not (_CHECKOUT / "app" / "launch.py").is_file():
        raise NotFoundError(
            f"Expected the folder app/ of the dashboard in {_CHECKOUT}, but there is none: the installed package holds "
            "the library and the command line only.",
            "Get a checkout of the project and run `make app` there, or `python -m gait_core app`.",
        )
    if importlib.util.find_spec("streamlit") is None:
        raise LibraryError(
            "Expected the Python package streamlit, but it is not installed.",
            "Run: python -m pip install -r requirements.txt",
        )
    line = [sys.executable, "-m", "app.launch", "--workspace", str(workspace.root)]
    line += ["--port", str(args.port)] if args.port is not None else []
    line += ["--headless"] if args.headless else []
    sys.stdout.flush()
    os.chdir(_CHECKOUT)
    os.execv(line[0], line)
