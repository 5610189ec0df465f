"""Measures whether the memory of extraction grows with the length of the video."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gait_core.bench.common import BenchResult, Table
from gait_core.errors import GaitError
from gait_core.progress import Reporter
from gait_core.simulate.camera import Camera
from gait_core.simulate.person import sample_person
from gait_core.simulate.render import iter_pictures
from gait_core.simulate.walker import walk
from gait_core.video.encode import VideoWriter
from gait_core.workspace import Workspace

__all__ = ["bench_memory", "peak_bytes_of"]

_RATE_HZ: Final = 30.0
_PERSON: Final = 6_000_000


def bench_memory(
    workspace: Workspace,
    reporter: Reporter,
    *,
    quick: bool = False,
    data: str | None = None,
) -> BenchResult:
    """Extract a 10 s and a 5 min video, each in a process of its own, and compare the peaks.

    Parameters
    ----------
    workspace : Workspace
        Not used: the landmarks are computed, not looked up.
    reporter : Reporter
    quick : bool
        One minute instead of five.
    data : str, optional
        Not used.
    """
    del workspace, data
    lengths_s = (10, 60) if quick else (10, 300)
    peaks: dict[int, int] = {}
    with TemporaryDirectory() as folder, reporter.stage("memory", "Extracting a short and a long video"):
        for length_s in lengths_s:
            video = Path(folder) / f"walk_{length_s}s.mp4"
            _long_walk(video, length_s, reporter)
            peaks[length_s] = peak_bytes_of(
                [sys.executable, "-m", "gait_core", "extract", str(video), "--no-cache", "--quiet", "--json"], folder
            )
            reporter.check()
    short, long = (peaks[length_s] for length_s in lengths_s)
    return BenchResult(
        bench="memory",
        settings={"profile": "balanced", "lengths_s": list(lengths_s), "size_px": [960, 540]},
        figures={"short_mib": short / 1024**2, "long_mib": long / 1024**2, "long_vs_short": long / short},
        tables=[
            Table(
                title="Peak memory of extraction, whole process",
                columns=["video, s", "peak, MiB"],
                rows=[[length_s, round(peak / 1024**2, 1)] for length_s, peak in peaks.items()],
            )
        ],
    )


def _long_walk(path: Path, length_s: int, reporter: Reporter) -> None:
    """Write a video in which one person crosses the picture again and again."""
    truth = walk(sample_person(_PERSON), seed=_PERSON, camera=Camera())
    pictures = list(iter_pictures(truth))
    height, width = pictures[0].shape[:2]
    with VideoWriter(path, width, height, _RATE_HZ) as writer:
        for number in range(round(length_s * _RATE_HZ)):
            reporter.check()
            there, back = divmod(number, len(pictures))
            writer.write(pictures[back] if there % 2 == 0 else pictures[-1 - back])


def peak_bytes_of(command: list[str], workspace: str) -> int:
    """Run a command of ours and return the largest resident memory of its process.

    Raises
    ------
    GaitError
        When the command fails.
    """
    process = subprocess.Popen(
        [*command, "--workspace", workspace],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
        text=True,
    )
    assert process.stderr is not None
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode != 0:
        raise GaitError(
            f"Expected {' '.join(command[2:4])} to work, but it failed: {message[-500:]}", "Run it by hand."
        )
    return int(usage.ru_maxrss) * (1024 if sys.platform != "darwin" else 1)
