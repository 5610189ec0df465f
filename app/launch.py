"""Starts the dashboard the right way: ``python -m app.launch`` (what ``make app`` runs)."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gait_core.errors import GaitError, StorageError
from gait_core.workspace import Workspace, read_json, write_json

__all__ = ["command", "environment", "free_port", "main", "port_for", "remember_port"]

ROOT: Final = Path(__file__).resolve().parent.parent
ADDRESS: Final = "127.0.0.1"
FIRST_PORT: Final = 8501
_PATIENCE_S: Final = 5.0
"""How long a dashboard that ends may keep its port, s."""
_REMEMBERED: Final = "dashboard.json"


def free_port(first: int = FIRST_PORT, tries: int = 50) -> int:
    """Return the first free port from `first` on, else any free one."""
    for port in range(first, first + tries):
        if _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def port_for(workspace: Workspace) -> int:
    """Return the port that this workspace had before, so that tabs which are still open find it again.

    A dashboard that is just ending gets a moment to give its port free; where another program has it, another port is
    taken.
    """
    before = _port_before(workspace)
    if before is not None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not (free := _is_free(before)) and time.monotonic() < deadline_s:
            time.sleep(0.1)
        if free:
            return before
    return free_port()


def remember_port(workspace: Workspace, port: int) -> None:
    """Keep the port for the next start; a workspace that cannot be written is reported by the pages."""
    with contextlib.suppress(StorageError):
        write_json(workspace.root / _REMEMBERED, {"port": port}, durable=False)


def _port_before(workspace: Workspace) -> int | None:
    try:
        values = read_json(workspace.root / _REMEMBERED)
    except GaitError:
        return None
    port = values.get("port") if isinstance(values, dict) else None
    return port if isinstance(port, int) and 1024 <= port < 65536 else None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":
            # As the server does it: connections of a server that ended keep the port for a minute otherwise.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


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
    parser.add_argument("--port", type=int, help=f"port on this computer (default: as before, else from {FIRST_PORT})")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    chosen = parser.parse_args(arguments)
    workspace = Workspace(chosen.workspace)
    port = chosen.port or port_for(workspace)
    remember_port(workspace, port)
    # Settings in .streamlit/ are read only when the working directory is the root of the project.
    os.chdir(ROOT)
    headless = chosen.headless or bool(os.environ.get("CI"))
    sys.stdout.write(f"Gait Studio opens at http://{ADDRESS}:{port}  (stop with Ctrl+C)\n")
    sys.stdout.flush()
    line = command(port, headless=headless)
    os.execve(line[0], line, environment(os.environ, chosen.workspace))


if __name__ == "__main__":
    raise SystemExit(main())
