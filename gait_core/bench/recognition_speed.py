"""The speed of recognition: batches against one by one, bfloat16 against float32, and the limit of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gait_core.bench.common import BenchResult, Table
from gait_core.bench.processes import call
from gait_core.bench.recognition_models import CLIP_FRAMES, MODELS, gmac, lengths
from gait_core.bench.recognition_runs import machine_peak, measure_half, measure_speed
from gait_core.progress import Reporter
from gait_core.runtime.devices import choose_device
from gait_core.workspace import Workspace

__all__ = ["bench_recognition_speed"]

_WARM_SEED, _SEED = 7, 8
_FULL: Final = (24, 200)
_QUICK: Final = (6, 60)
"""How many sequences, and frames of the longest."""
_TIMES: Final = (
    "model",
    "one by one, s",
    "batched, s",
    "one by one, CPU s",
    "batched, CPU s",
    "shapes one by one",
    "shapes batched",
    "padding, %",
    "largest difference",
)
_LIMITS: Final = (
    "model",
    "GMAC",
    "float32, ms",
    "float32, CPU ms",
    "limit, CPU ms",
    "share of limit",
    "bfloat16, ms",
    "bfloat16, CPU ms",
    "bfloat16, difference",
)


def bench_recognition_speed(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Measure every network in fresh processes.

    The share of the limit compares CPU times, which other load on the machine changes least.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        Fewer and shorter sequences.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``peak_gmac_per_s`` and ``peak_gmac_per_cpu_s``, thousands of millions of multiply–accumulates a second; for
        each network ``<network>_batch_speedup``, ``…_ms_per_sequence``, ``…_limit_share``, ``…_bf16_speedup`` (NaN
        where bfloat16 does not run fast) and more; ``traces``, the most compilations of a network in batches.
    """
    del workspace, data
    count, longest = _QUICK if quick else _FULL
    sizes = {
        "warm_lengths": lengths(count, longest, _WARM_SEED),
        "lengths": lengths(count, longest, _SEED),
        "look_ahead": count,
    }
    half = choose_device("recognition").device.half_precision == "bfloat16"
    peak, _ = call(machine_peak, {"dtype": "float32"}, reporter)
    figures: dict[str, float] = {"peak_gmac_per_cpu_s": peak["gmac_per_cpu_s"], "peak_gmac_per_s": peak["gmac_per_s"]}
    times, limits, traces = [], [], []
    for number, model in enumerate(MODELS):
        found, _ = call(measure_speed, {"model": model, **sizes}, reporter)
        halved = call(measure_half, {"model": model}, reporter)[0] if half else None
        figures |= {f"{model}_{key}": value for key, value in _figures(model, found, halved, peak).items()}
        traces.append(found["batched"]["traces"])
        times.append(_times_row(model, found))
        limits.append(_limits_row(model, found, halved, figures))
        reporter.progress("recognition", number + 1, len(MODELS), "networks")
    return BenchResult(
        bench="recognition_speed",
        settings={
            "quick": quick,
            "clip_frames": CLIP_FRAMES,
            "networks": {name: settings.to_dict() for name, settings in MODELS.items()},
        },
        figures={**figures, "traces": float(max(traces))},
        tables=[
            Table(
                title=f"{count} sequences of 5 to {longest} frames after {count} others, float32; compiling counts",
                columns=_TIMES,
                rows=times,
            ),
            Table(
                title=f"One sequence of {CLIP_FRAMES} frames; its limit is the rate of large matrix products here",
                columns=_LIMITS,
                rows=limits,
            ),
        ],
    )


def _figures(
    model: str, found: Mapping[str, Any], half: Mapping[str, Any] | None, peak: Mapping[str, float]
) -> dict[str, float]:
    plain, batched, clip = found["plain"], found["batched"], found["clip"]
    amount = gmac(MODELS[model])
    return {
        "batch_speedup": plain["wall_s"] / batched["wall_s"],
        "batch_cpu_speedup": plain["cpu_s"] / batched["cpu_s"],
        "batched_max_difference": found["max_difference"],
        "ms_per_sequence": 1000 * clip["wall_s"],
        "cpu_ms_per_sequence": 1000 * clip["cpu_s"],
        "gmac": amount,
        "limit_share": amount / peak["gmac_per_cpu_s"] / clip["cpu_s"],
        "bf16_speedup": half["float32"]["wall_s"] / half["bfloat16"]["wall_s"] if half else float("nan"),
        "bf16_cpu_speedup": half["float32"]["cpu_s"] / half["bfloat16"]["cpu_s"] if half else float("nan"),
        "bf16_difference": half["difference"] if half else float("nan"),
    }


def _times_row(model: str, found: Mapping[str, Any]) -> list[Any]:
    plain, batched = found["plain"], found["batched"]
    return [
        model,
        *(way[unit] for unit in ("wall_s", "cpu_s") for way in (plain, batched)),
        *(way["traces"] for way in (plain, batched)),
        100 * found["padded_share"],
        f"{found['max_difference']:.1e}",
    ]


def _limits_row(
    model: str, found: Mapping[str, Any], half: Mapping[str, Any] | None, figures: Mapping[str, float]
) -> list[Any]:
    clip, amount = found["clip"], figures[f"{model}_gmac"]
    halves = [1000 * half["bfloat16"][unit] for unit in ("wall_s", "cpu_s")] if half else [None, None]
    return [
        model,
        round(amount, 1),
        1000 * clip["wall_s"],
        1000 * clip["cpu_s"],
        1000 * amount / figures["peak_gmac_per_cpu_s"],
        figures[f"{model}_limit_share"],
        *halves,
        f"{half['difference']:.1e}" if half else None,
    ]
