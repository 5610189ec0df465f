"""Runs functions of the bench of faults in processes of their own, which may be killed, limited, or die."""

from __future__ import annotations

import multiprocessing
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

from gait_core.errors import GaitError

__all__ = ["Outcome", "run_child"]

_PRELOADED: Final = ("gait_core.bench.faults_tasks", "gait_core.bench.faults_videos", "av", "scipy.signal", "cv2")
"""What the process that starts the others has loaded, so that each of them is there within milliseconds."""
_MOST_S: Final = 120.0
_JOIN_S: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a process ended.

    Attributes
    ----------
    kind : {"done", "refused", "traceback", "killed", "died", "hung"}
        ``refused``: with an error of `gait_core.errors`. ``traceback``: with any other. ``killed``: by us, as planned.
        ``died``: by itself, without a word.
    value : object
        What the function returned; the message of an error.
    seconds : float
        From its beginning to its end, s.
    """

    kind: str
    value: Any = None
    seconds: float = 0.0


def run_child(
    function: Callable[..., Any], *arguments: Any, kill_after_s: float | None = None, most_s: float = _MOST_S
) -> Outcome:
    """Call a function in a process of its own.

    Parameters
    ----------
    function : callable
        At the top level of a module.
    *arguments
        Its arguments.
    kill_after_s : float, optional
        Kill the process so long after the function has begun, without a warning.
    most_s : float
        Longest time that it may take, s.

    Returns
    -------
    Outcome
    """
    context = _context()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(theirs, function, arguments), daemon=True)
    process.start()
    theirs.close()
    begun_s = time.perf_counter()
    try:
        if not ours.poll(most_s):
            return Outcome(kind="hung")
        ours.recv()
        begun_s = time.perf_counter()
        if not ours.poll(most_s if kill_after_s is None else kill_after_s):
            return Outcome(kind="hung" if kill_after_s is None else "killed", seconds=time.perf_counter() - begun_s)
        kind, value = ours.recv()
        return Outcome(kind=kind, value=value, seconds=time.perf_counter() - begun_s)
    except (EOFError, OSError):
        return Outcome(kind="died", seconds=time.perf_counter() - begun_s)
    finally:
        process.kill()
        process.join(_JOIN_S)
        ours.close()


def _context() -> Any:
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    return context


def _call(connection: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    connection.send(("begun", None))
    try:
        answer = ("done", function(*arguments))
    except GaitError as error:
        answer = ("refused", f"{type(error).__name__}: {error.message}")
    except BaseException:  # noqa: BLE001 - whatever it is, it is what the bench looks for
        answer = ("traceback", traceback.format_exc())
    connection.send(answer)
