"""Processes of the benchmarks: what they took is told, failures and cancelling reach the caller."""

from __future__ import annotations

import sys

import pytest

from gait_core.bench.decode_runs import read_all
from gait_core.bench.processes import call, one_core, run_process
from gait_core.errors import Cancelled, GaitError
from gait_core.progress import Reporter, silent


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_time_memory_and_output_of_a_process_are_told():
    code = (
        "import time\nheld = bytearray(120_000_000)\nheld[::4096] = b'x' * len(held[::4096])\ntime.sleep(0.2)\nprint(7)"
    )
    finished = run_process(python(code), silent())
    assert finished.json() == 7
    assert finished.wall_s >= 0.2
    assert 0 < finished.cpu_s < finished.wall_s + 5
    assert 120e6 < finished.peak_bytes < 200e6
    if sys.platform == "linux":
        assert finished.private_bytes is not None
        assert finished.private_bytes > 120e6


def test_the_parents_memory_is_not_taken_for_the_childs():
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    finished = run_process(python("import time; time.sleep(0.3)"), silent())
    assert finished.peak_bytes < 100e6
    assert len(held) == 300_000_000


def test_a_process_that_fails_says_why():
    with pytest.raises(GaitError, match="no such luck"):
        run_process(python("raise SystemExit('no such luck')"), silent())


def test_cancelling_ends_the_process():
    looks = iter([False, False, True])
    with pytest.raises(Cancelled):
        run_process(python("import time; time.sleep(60)"), Reporter(cancelled=lambda: next(looks)))


def test_a_function_is_called_in_a_process_of_its_own(tmp_path):
    with pytest.raises(GaitError, match="no way"):
        call(read_all, {"path": str(tmp_path / "none.mp4"), "way": "no way"}, silent(), cores=one_core())


def test_only_functions_of_the_benchmarks_are_called():
    def stranger() -> None: ...

    with pytest.raises(GaitError, match="Expected a function of"):
        call(stranger, {}, silent())
