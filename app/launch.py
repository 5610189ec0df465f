"""Starts the dashboard the right way: ``python -m app.launch`` (what ``make app`` runs)."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["command", "environment", "free_port", "main"]

ROOT: Final = Path(__file__).resolve().parent.parent
ADDRESS: Final = "127.0.0.1"
FIRST_PORT: Final = 8501


def free_port(first: int = FIRST_PORT, tries: int = 50) -> int:
    """Return the first free port from `first` on, else any free one."""
    for port in range(first, first + tries):
        with socket.socket() as probe:
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                continue
            return port
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def environment(given: Mapping[str, str], workspace: str | None) -> dict[str, str]:
    """Return the environment of the dashboard: loopback only, no statistics, one workspace."""
    changed = dict(given, STREAMLIT_SERVER_ADDRESS=ADDRESS, STREAMLIT_BROWSER_GATHER_USAGE_STATS="false")
    changed.setdefault("GAIT_SPARE", "1")  # one worker waits with everything loaded; 0 saves its memory
    if workspace:
        changed["GAIT_WORKSPACE"] = str(Path(workspace).expanduser().absolute())
    return changed


def command(port: int, *, headless: bool) -> list[str]:
    """Return the command line that runs the dashboard."""
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "app" / "main.py"),
        "--server.port",
        str(port),
        "--server.headless",
        "true" if headless else "false",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Replace this process by the dashboard."""
    parser = argparse.ArgumentParser(prog="python -m app.launch", description="Start the dashboard of Gait Studio.")
    parser.add_argument("--workspace", help="folder for baselines, analyses and jobs (default: $GAIT_WORKSPACE)")
    parser.add_argument(
        "--port", type=int, help=f"port on this computer (default: the first free one from {FIRST_PORT})"
    )
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    chosen = parser.parse_args(arguments)
    port = chosen.port or free_port()
    # Settings in .streamlit/ are read only when the working directory is the root of the project.
    os.chdir(ROOT)
    headless = chosen.headless or bool(os.environ.get("CI"))
    sys.stdout.write(f"Gait Studio opens at http://{ADDRESS}:{port}  (stop with Ctrl+C)\n")
    sys.stdout.flush()
    line = command(port, headless=headless)
    os.execve(line[0], line, environment(os.environ, chosen.workspace))


if __name__ == "__main__":
    raise SystemExit(main())
