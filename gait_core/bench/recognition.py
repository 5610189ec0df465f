"""Recognition networks: speed, limits of the machine, exactness of batches, memory.

Each part is a module of its own, ``recognition_x``, and stands in `_PARTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gait_core.bench.common import BenchResult
from gait_core.bench.recognition_memory import memory_part
from gait_core.bench.recognition_models import CLIP_FRAMES, MODELS
from gait_core.bench.recognition_part import MeasurePart
from gait_core.bench.recognition_speed import speed_part
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_recognition"]

_PARTS: Final[Mapping[str, MeasurePart]] = {
    "speed": speed_part,
    "memory": memory_part,
}


def bench_recognition(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Measure the four networks at full width with random weights, which take as long as trained ones.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        Fewer and shorter sequences.
    data : str, optional
        Not used.
    """
    del workspace, data
    found = []
    for name, measure in _PARTS.items():
        with reporter.stage(f"recognition-{name}", f"Measuring {name}"):
            found.append(measure(reporter.without_events(), quick=quick))
    return BenchResult(
        bench="recognition",
        settings={
            "quick": quick,
            "clip_frames": CLIP_FRAMES,
            "networks": {name: settings.to_dict() for name, settings in MODELS.items()},
        },
        figures={name: value for part in found for name, value in part.figures.items()},
        tables=[table for part in found for table in part.tables],
    )
