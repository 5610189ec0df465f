"""How long measuring takes: a cached walk of ten seconds, and its report."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gait_core.bench.common import BenchResult
from gait_core.cache import ArrayCache
from gait_core.gait.cleaned_walk import repaired_landmarks
from gait_core.gait.measurement import measure, motion_of
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.report.document.content import build_report
from gait_core.report.document.html import write_html
from gait_core.report.document.pdf import write_pdf
from gait_core.report.document.source import ReportSource
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.render import render
from gait_core.simulate.walker import walk
from gait_core.workspace import Workspace

__all__ = ["bench_measuring"]

_PERSON: Final = 5_700_000
_SECONDS: Final = 10.0


def bench_measuring(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Time measuring and reporting.

    Parameters
    ----------
    workspace : Workspace
        Its cache holds the landmarks for the time of the benchmark.
    reporter : Reporter
    quick : bool
        Three repeats instead of eleven.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``walk_s``, the length of the walk; ``measure_s``, from cached landmarks to a measurement; ``report_html_s`` and
        ``report_pdf_s``, from there to a file.
    """
    del data
    repeats = 3 if quick else 11
    person = sample_person(_PERSON)
    truth = walk(person, seed=1, fps=30.0, duration_s=_SECONDS, camera=Camera(distance_m=12.0))
    cache, key = ArrayCache.of(workspace), "bench-measuring"
    track = observe(truth, seed=1)
    cache.put("track", key, track.to_arrays(), track.to_meta())
    scale = ScaleInput(kind="height", value=truth.height_m)

    def measured() -> None:
        entry = cache.get("track", key)
        assert entry is not None
        measure(motion_of(Track.from_arrays(entry.arrays, entry.meta)), scale=scale)

    figures = {"walk_s": track.duration_s, "measure_s": _median_s(measured, repeats, reporter)}
    measurement = measure(motion_of(track), scale=scale)
    with TemporaryDirectory() as name:
        video = Path(name) / "walk.mp4"
        render(truth, video, seed=1)
        source = ReportSource(name="walk.mp4", path=video, content_sha256="", track=repaired_landmarks(track))
        for ending, write in (("html", write_html), ("pdf", write_pdf)):

            def reported(write: Callable[..., None] = write, ending: str = ending) -> None:
                report = build_report(measurement, subject="P014", source=source, created_s=0.0)
                write(report, Path(name) / f"report.{ending}")

            figures[f"report_{ending}_s"] = _median_s(reported, max(3, repeats // 3), reporter)
    cache.delete("track", key)
    return BenchResult(bench="measuring", settings={"repeats": repeats, "fps": 30.0}, figures=figures)


def _median_s(run: Callable[[], None], repeats: int, reporter: Reporter) -> float:
    run()
    times = []
    for _ in range(repeats):
        reporter.check()
        begun_s = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun_s)
    return statistics.median(times)
