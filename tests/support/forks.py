"""A process with TensorFlow loaded, of which each task gets a fork: loading it takes longer than a small training.

TensorFlow survives this as long as no operation has run before the fork. JAX does not: it would wait for ever.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Forks", "forking", "serve"]

ROOT = Path(__file__).resolve().parents[2]


class Forks:
    """Runs tasks in forks of a process that has loaded what they need.

    Parameters
    ----------
    process : subprocess.Popen
        A program that calls `serve`.
    folder : Path
        Where the output of the tasks goes.
    """

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def run(self, task: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run a task to its end, whatever that is."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(task)}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, (self._folder / "serving.txt").read_text()[-3000:]
        out, errors = ((self._folder / name).read_text() for name in ("out.txt", "errors.txt"))
        return subprocess.CompletedProcess([], int(answer), out, errors)


@contextmanager
def forking(program: Path, folder: Path) -> Iterator[Forks]:
    """Start a program that calls `serve`, and end it."""
    with (folder / "serving.txt").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, str(program), "serve", str(folder)],
            env={
                **os.environ,
                "KERAS_BACKEND": "tensorflow",
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield Forks(process, folder)
        finally:
            process.communicate()


def serve(folder: Path, run: Callable[[dict[str, Any]], int | None]) -> None:
    """Load TensorFlow, then run each task that a line of the input describes, until the input ends."""
    from gait_core.learn import classifiers, loop
    from gait_core.learn.backend import load_keras

    del classifiers, loop
    load_keras()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_in_fork(folder, run, json.loads(line)))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _in_fork(folder: Path, run: Callable[[dict[str, Any]], int | None], task: dict[str, Any]) -> int:
    for name, stream in (("out.txt", sys.stdout), ("errors.txt", sys.stderr)):
        with (folder / name).open("w") as handle:
            os.dup2(handle.fileno(), stream.fileno())
    try:
        return run(task) or 0
    except Exception:  # noqa: BLE001  the exit code and what is printed tell the test
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
