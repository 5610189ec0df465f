"""Runs one job folder in a process that ends when the one that started it ends.

``python -m gait_core.jobs.attached_worker FOLDER WORKSPACE`` with a pipe as standard input: nothing is ever
written to it, but it closes with the process at its other end, however that one dies.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from gait_core.errors import GaitError
from gait_core.jobs.run import run_folder
from gait_core.workspace import Workspace

__all__ = ["main"]


def main(folder: str, root: str) -> int:
    """Run a job folder.

    Parameters
    ----------
    folder : str
        Job folder.
    root : str
        Root of the workspace.

    Returns
    -------
    int
        Exit code: 0 when the job is done, otherwise that of the error that ended it.
    """
    threading.Thread(target=_wait_for_the_end, daemon=True, name="watch-parent").start()
    try:
        run_folder(Path(folder), Workspace(root))
    except GaitError as error:
        return error.exit_code
    return 0


def _wait_for_the_end() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
