"""Runs benchmarks in processes of their own and reports what each took: time, CPU time, memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gait_core.errors import GaitError
from gait_core.progress import Reporter

__all__ = ["Finished", "call", "cpu_s", "into_page_cache", "median_of", "one_core", "run_gait", "run_process"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_POLL_S: Final = 0.02
_KIB: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A process that has ended well.

    Attributes
    ----------
    wall_s : float
        From its start to its end, s.
    cpu_s : float
        CPU time of it and of its own children, s.
    peak_bytes : int
        Largest resident memory.
    private_bytes, mapped_bytes : int or None
        Largest memory of its own and largest part of mapped files, each at its own time; None where the system does
        not tell them apart.
    output : str
        What it wrote to standard output.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    private_bytes: int | None
    mapped_bytes: int | None
    output: str

    def json(self) -> Any:
        """Return the output read as JSON."""
        return json.loads(self.output)


@dataclass
class _Memory:
    """Largest values that the system has reported for a process."""

    values: dict[str, int] = field(default_factory=dict)

    def look(self, pid: int) -> None:
        try:
            text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return
        for line in text.splitlines():
            name, _, rest = line.partition(":")
            if name in ("VmHWM", "RssAnon", "RssFile"):
                self.values[name] = max(self.values.get(name, 0), int(rest.split()[0]) * _KIB)


def run_process(command: Sequence[str], reporter: Reporter, *, given: str = "") -> Finished:
    """Run a command to its end.

    Parameters
    ----------
    command : sequence of str
    reporter : Reporter
        Checked for cancellation meanwhile.
    given : str
        Standard input.

    Returns
    -------
    Finished

    Raises
    ------
    GaitError
        When the command fails.
    Cancelled
        When the user stopped the work; the process is ended.
    """
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        source.write(given.encode())
        source.seek(0)
        memory = _Memory()
        begun_s = time.perf_counter()
        process = subprocess.Popen(list(command), stdin=source, stdout=output, stderr=errors, cwd=_ROOT)
        try:
            while True:
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
                if ended:
                    break
                memory.look(process.pid)
                reporter.check()
                time.sleep(_POLL_S)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_s = time.perf_counter() - begun_s
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        text, message = output.read().decode(), errors.read().decode(errors="replace")
    if process.returncode != 0:
        raise GaitError(
            f"Expected {' '.join(command[1:5])} to work, but it ended with {process.returncode}: {message[-800:]}",
            "Run it by hand.",
        )
    return Finished(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=_peak_bytes(usage.ru_maxrss, memory.values.get("VmHWM")),
        private_bytes=memory.values.get("RssAnon"),
        mapped_bytes=memory.values.get("RssFile"),
        output=text,
    )


def _peak_bytes(reported: int, seen: int | None) -> int:
    """Return the peak of a child from the system's own account and from what was read while it ran.

    Linux counts what the parent held when it started the child as the child's; below that only reading helps.
    """
    if sys.platform == "darwin":
        return reported
    import resource

    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return reported * _KIB if seen is None or reported > own else seen


def run_gait(arguments: Sequence[str], workspace: Path | str, reporter: Reporter) -> Finished:
    """Run ``python -m gait_core`` in a fresh process; errors as of `run_process`.

    Parameters
    ----------
    arguments : sequence of str
        Command and options, without those that are added: ``--workspace``, ``--quiet`` and ``--json``.
    workspace : Path or str
        Root of the workspace.
    reporter : Reporter
        Checked for cancellation meanwhile.

    Returns
    -------
    Finished
        Its output is JSON.
    """
    command = [sys.executable, "-m", "gait_core", *arguments, "--workspace", str(workspace), "--quiet", "--json"]
    return run_process(command, reporter)


def call(
    function: Callable[..., Any], arguments: Mapping[str, Any], reporter: Reporter, *, cores: int | None = None
) -> tuple[Any, Finished]:
    """Call a function of a benchmark in a fresh process.

    Parameters
    ----------
    function : callable
        At the top level of a module in `gait_core.bench`.
    arguments : mapping
        Its keyword arguments, as JSON has them.
    reporter : Reporter
    cores : int, optional
        CPUs that the process may use, where the system can limit them.

    Returns
    -------
    result : object
        What the function returned, as JSON has it.
    finished : Finished
    """
    wanted = {
        "module": function.__module__,
        "function": function.__name__,
        "arguments": dict(arguments),
        "cores": cores,
    }
    finished = run_process([sys.executable, "-m", "gait_core.bench.child"], reporter, given=json.dumps(wanted))
    return finished.json(), finished


def one_core() -> int | None:
    """Return the limit for a process that is to use one CPU; see `call`.

    Returns
    -------
    int or None
        1; None where the system cannot limit the CPUs of a process.
    """
    return 1 if hasattr(os, "sched_setaffinity") else None


def cpu_s() -> float:
    """Return the CPU time of this process and its ended children so far.

    Returns
    -------
    float
        In user and system mode together, s.
    """
    import resource

    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def into_page_cache(paths: Sequence[Path | str]) -> None:
    """Read files once, so that no run waits for the disk."""
    for path in paths:
        with Path(path).open("rb") as handle:
            while handle.read(1 << 22):
                pass


def median_of(values: Sequence[float]) -> float:
    """Return the median.

    Returns
    -------
    float
        NaN without values.
    """
    return statistics.median(values) if values else float("nan")
