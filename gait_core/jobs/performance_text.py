"""The performance report of a job as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gait_core.jobs.recommendations import Recommendation
from gait_core.phrases import plural

__all__ = ["report_text"]


def report_text(report: Mapping[str, Any]) -> str:
    """Return the report as readable text.

    Parameters
    ----------
    report : mapping
        As of `gait_core.jobs.performance_report.build_report`.

    Returns
    -------
    str
        Plain text with a line feed at the end. Only the recommendations are wrapped, at 98 columns.
    """
    job, memory, cache, cpu = report["job"], report["memory_usage"], report["cache"], report["cpu"]
    lines = [f"Performance of “{job['title']}”", f"Job {job['id']} ({job['kind']}), {job['state']}", ""]
    lines += _pairs(
        ("Profile", report["performance_mode"] or "none"),
        ("Time", _of_seconds(report["timing_metrics"].get("total"))),
        ("Waited before", _of_seconds(job["waited_s"])),
        ("Frames", _frames(report)),
        ("Peak memory", _peak(memory)),
        ("CPU", _cpu(cpu)),
        ("GPU", _graphics(report["gpu"])),
        ("Cache", _cache_text(cache)),
        ("Pose engine", _engine_text(report["engine"])),
        ("Machine", _machine_text(report["machine"])),
        ("Versions", ", ".join(f"{name} {value}" for name, value in report["versions"].items())),
    )
    if report["error"]:
        lines += ["", "What ended it", f"  {report['error'].get('message', '')} {report['error'].get('remedy', '')}"]
    lines += ["", "Stages", *_table(("stage", "time", "peak memory", "CPU"), _stage_rows(report["stages"]))]
    if report["videos"]:
        heads = ("video", "state", "frames", "time", "frames/s", "decode", "pose", "other", "opening")
        lines += ["", "Videos", *_table(heads, _video_rows(report["videos"]))]
    lines += ["", "Recommendations"]
    for item in report["recommendations"]:
        lines += [f"  {line}" for line in Recommendation(**item).lines]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _pairs(*pairs: tuple[str, str]) -> list[str]:
    return [f"{name + ':':<15}{value}" for name, value in pairs if value]


def _table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    if not body:
        return ["  none"]
    rows = [heads, *body]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return [
        "  "
        + "  ".join(
            f"{cell:<{w}}" if not n else f"{cell:>{w}}" for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _stage_rows(stages: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            str(stage["name"]),
            _of_seconds(stage["duration_s"]) or str(stage["state"]),
            _of_megabytes(stage["peak_memory_mb"]) or "–",
            _percent(stage["cpu_share"]) or "–",
        )
        for stage in stages
    ]


def _video_rows(videos: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            str(video["name"]),
            str(video["state"]),
            str(video["frames"]),
            _of_seconds(video["duration_s"]) or "–",
            f"{video['frames_per_s']:.1f}" if video["frames_per_s"] else "–",
            *(_of_seconds(video.get(name)) or "–" for name in ("decode_s", "pose_s", "other_s", "opening_s")),
        )
        for video in videos
    ]


def _frames(report: Mapping[str, Any]) -> str:
    frames, rate = report["frames"], report["frames_per_s"]
    if not frames["computed"] and not frames["from_cache"]:
        return ""
    pace = f", {rate:.1f} a second" if rate else ""
    return f"{frames['computed']} computed{pace}; {frames['from_cache']} from the cache"


def _peak(memory: Mapping[str, Any]) -> str:
    peak = _of_megabytes(memory["peak_mb"])
    limit = _of_megabytes(memory["limit_mb"])
    resident = _of_megabytes(memory["rss_mb"])
    return (f"{peak} of {limit} allowed" if limit else peak) + (f" ({resident} with mapped files)" if resident else "")


def _cpu(cpu: Mapping[str, Any]) -> str:
    if cpu["mean_share"] is None:
        return ""
    return f"{_percent(cpu['mean_share'])} of {cpu['cpus']} CPUs on average, {_percent(cpu['peak_share'])} at most"


def _graphics(gpu: Mapping[str, Any]) -> str:
    if not gpu.get("cards"):
        return str(gpu.get("note") or "")
    names = ", ".join(str(card.get("name")) for card in gpu["cards"])
    load, memory = _percent(gpu.get("peak_share")) or "not reported", _of_megabytes(gpu.get("peak_memory_mb")) or "–"
    return f"{names}: load at most {load}, memory at most {memory} (all programs together)"


def _cache_text(cache: Mapping[str, Any]) -> str:
    if cache["hit_rate"] is None:
        return "not used"
    hits, misses = plural(cache["hits"], "hit"), plural(cache["misses"], "miss", "misses")
    return f"{hits}, {misses} ({_percent(cache['hit_rate'])})"


def _engine_text(engine: Mapping[str, Any]) -> str:
    if not engine:
        return "not used"
    about = ", ".join(str(engine[name]) for name in ("model", "precision", "device") if engine.get(name))
    return f"{engine['name']} {engine['version'] or ''} ({about}). {engine['device_reason']}"


def _machine_text(machine: Mapping[str, Any]) -> str:
    memory = _of_megabytes(machine.get("memory_mb"))
    parts = (machine.get("cpu"), f"{machine.get('cores')} CPUs", memory, machine.get("system"))
    return ", ".join(str(part) for part in parts if part)


def _of_seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f} s" if value < 100 else f"{value / 60:.1f} min"


def _of_megabytes(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value / 1024:.2f} GB" if value >= 1024 else f"{value:.0f} MB"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
