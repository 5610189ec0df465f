"""The memory of recognition: batches against one large call, and many sequences against few."""

from __future__ import annotations

from typing import Any, Final

from gait_core.bench.common import BenchResult, Table
from gait_core.bench.processes import Finished, call
from gait_core.bench.recognition_runs import embed_many, plain_batch
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_recognition_memory"]

_MIB: Final = 1024**2
_MODEL: Final = "gaitbase"
_LENGTHS: Final = (30,) * 16
_QUICK_LENGTHS: Final = (30,) * 8
_SHORT: Final = 5
"""Frames of the sequences of which there are very many."""
_FEW, _THOUSAND, _QUICK_THOUSAND = 10, 1000, 60


def bench_recognition_memory(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Compare the peaks of whole processes that embed the same sequences.

    What loading the libraries and the network takes is measured too, with one frame, and taken off both.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        Fewer sequences.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``memory_reduction_pct``, how much lower the peak in batches is than that of one call,
        ``memory_reduction_without_libraries_pct``, ``memory_many_vs_few``, the peak with four times as many
        sequences over that with these, and ``memory_thousand_vs_ten``, the peak with 1,000 sequences of 5 frames (60
        in the quick form) over that with 10.
    """
    del workspace, data
    lengths = list(_QUICK_LENGTHS if quick else _LENGTHS)
    runs = {
        "loaded, one frame": _run(embed_many, [1], reporter),
        "one call, layer by layer": _run(plain_batch, lengths, reporter),
        "in batches": _run(embed_many, lengths, reporter),
        "in batches, four times as many": _run(embed_many, lengths * 4, reporter),
    }
    thousand = _QUICK_THOUSAND if quick else _THOUSAND
    short = {count: _run(embed_many, [_SHORT] * count, reporter) for count in (_FEW, thousand)}
    loaded, plain, batched, many = (run.peak_bytes for run in runs.values())
    return BenchResult(
        bench="recognition_memory",
        settings={"quick": quick},
        figures={
            "memory_reduction_pct": 100 * (1 - batched / plain),
            "memory_reduction_without_libraries_pct": 100 * (1 - (batched - loaded) / (plain - loaded)),
            "memory_many_vs_few": many / batched,
            "memory_thousand_vs_ten": short[thousand].peak_bytes / short[_FEW].peak_bytes,
        },
        tables=[
            Table(
                title=f"Peak memory of {_MODEL}, {len(lengths)} sequences of {lengths[0]} frames, whole process",
                columns=["way", "peak, MiB", "s"],
                rows=[[name, run.peak_bytes / _MIB, run.wall_s] for name, run in runs.items()],
            ),
            Table(
                title=f"Peak memory of {_MODEL}, sequences of {_SHORT} frames in batches, whole process",
                columns=["sequences", "peak, MiB", "s"],
                rows=[[count, run.peak_bytes / _MIB, run.wall_s] for count, run in short.items()],
            ),
        ],
    )


def _run(function: Any, lengths: list[int], reporter: Reporter) -> Finished:
    return call(function, {"model": _MODEL, "lengths": lengths}, reporter)[1]
