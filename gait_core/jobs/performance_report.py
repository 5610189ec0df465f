"""The performance report of a job: what it took, on what machine, and what would make it faster.

Pure functions from what the job folder holds to one dictionary; `performance_text` makes text of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gait_core.jobs.recommendations import recommend

__all__ = ["FORMAT", "build_report"]

FORMAT: Final = 1
_MB: Final = 1024**2
"""As in the limits of the profiles: 2 GB are 2048 MB."""

_VIDEO_STAGES: Final = ("probe", "extract")
_TRAINING_STAGES: Final = ("train",)
_EXTRACT: Final = "extract"
_POSE_STAGES: Final = (_EXTRACT, "compare")
"""Stages whose items are videos in which landmarks are found; a comparison of profiles has one item per profile."""
_COMPUTED: Final = ("done", "running")


def build_report(
    spec: Mapping[str, Any],
    status: Mapping[str, Any],
    samples: Mapping[str, Any],
    *,
    profile: Mapping[str, Any],
    machine: Mapping[str, Any],
    versions: Mapping[str, str],
    device: Mapping[str, str] | None = None,
    walks_in_other_profile: int = 0,
) -> dict[str, Any]:
    """Put together the report of one job.

    Parameters
    ----------
    spec, status, samples : mapping
        Contents of ``spec.json``, ``status.json`` and ``samples.json``; what is missing is left out.
    profile : mapping
        Fields of the performance profile; empty where the job has none.
    machine, versions : mapping
    device : mapping, optional
        `device` and `device_reason` that this machine chooses, for tracks that do not state theirs.
    walks_in_other_profile : int
        Videos computed here whose landmarks lie in the cache under other settings.

    Returns
    -------
    dict
        `performance_mode`, `memory_usage`, `timing_metrics` and `optimization_recommendations`, and beside
        these stages, videos, rates, cache, CPU, GPU, engine, machine, versions and settings.
    """
    usage: Mapping[str, Any] = samples.get("usage") or {}
    stages = [_stage(stage) for stage in status.get("stages") or ()]
    videos = [_video(lane) for lane in samples.get("lanes") or () if lane.get("stage") in _POSE_STAGES]
    total_s = _span_s(status)
    report: dict[str, Any] = {
        "format": FORMAT,
        "job": _job(spec, status),
        "performance_mode": profile.get("name"),
        "memory_usage": _memory(usage, profile),
        "timing_metrics": _timing(stages, total_s),
        "stages": stages,
        "videos": videos,
        **_rates(videos, stages),
        "cache": _cache(usage, videos),
        "cpu": _cpu(usage),
        "gpu": usage.get("gpu") or {},
        "engine": _engine(videos, device or {}),
        "machine": dict(machine),
        "versions": dict(versions),
        "settings": {"profile": dict(profile), "params": dict(spec.get("params") or {})},
        "walks_in_other_profile": walks_in_other_profile,
        "error": status.get("error"),
    }
    found = recommend(report)
    report["optimization_recommendations"] = [item.sentence for item in found]
    report["recommendations"] = [item.to_dict() for item in found]
    return report


def _job(spec: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    created, started = spec.get("created_s"), status.get("started_s")
    return {
        "id": spec.get("id"),
        "kind": spec.get("kind"),
        "title": spec.get("title"),
        "state": status.get("state"),
        "created_s": created,
        "started_s": started,
        "ended_s": status.get("ended_s"),
        "waited_s": _seconds(max(0.0, started - created)) if created is not None and started is not None else None,
    }


def _span_s(status: Mapping[str, Any]) -> float | None:
    started = status.get("started_s")
    end = status.get("ended_s") or status.get("heartbeat_s")
    return max(0.0, float(end) - float(started)) if started is not None and end is not None else None


def _stage(stage: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": stage.get("name"),
        "state": stage.get("state"),
        "started_s": stage.get("started_s"),
        "duration_s": _seconds(stage.get("duration_s")),
        "peak_memory_mb": _megabytes(stage.get("peak_memory_bytes")),
        "cpu_share": stage.get("cpu_share"),
    }


def _video(lane: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of one video; times are given only where this job took them."""
    cost: Mapping[str, Any] = lane.get("cost") or {}
    cached = lane.get("state") == "cached"
    frames = int(lane.get("frames") or 0)
    took = cost.get("extraction_s") if not cached else None
    if took is None and not cached and lane.get("ended_s"):
        took = float(lane["ended_s"]) - float(lane["started_s"])
    parts = _parts(cost.get("stage_s") or {}, took) if not cached else {}
    return {
        "name": lane.get("item"),
        "state": lane.get("state"),
        "frames": frames,
        "duration_s": _seconds(took),
        "frames_per_s": round(frames / took, 2) if took and frames else None,
        **parts,
        **{name: cost[name] for name in ("engine", "engine_version", "device", "device_reason") if name in cost},
        "settings": dict(cost.get("settings") or {}),
    }


def _parts(stage_s: Mapping[str, Any], took: float | None) -> dict[str, float]:
    """Return decode, pose and other seconds as the track states them; what is left is opening the pose model."""
    known = {f"{name.removesuffix('_s')}_s": float(value) for name, value in stage_s.items() if value is not None}
    if not known or took is None:
        return {}
    known["opening_s"] = max(0.0, took - sum(known.values()))
    return {name: round(value, 3) for name, value in known.items()}


def _memory(usage: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the seed's three fields, taken at the highest resident memory, and ours."""
    peak, total = usage.get("resident_peak_bytes"), usage.get("machine_memory_bytes")
    return {
        "rss_mb": _megabytes(peak),
        "vms_mb": _megabytes(usage.get("virtual_bytes")),
        "percent": round(100 * peak / total, 1) if peak and total else None,
        "peak_mb": _megabytes(usage.get("peak_bytes")),
        "limit_mb": _megabytes(profile.get("memory_limit_bytes")),
        "machine_share_peak": usage.get("machine_memory_share_peak"),
    }


def _timing(stages: Sequence[Mapping[str, Any]], total_s: float | None) -> dict[str, float]:
    def spent(names: Sequence[str]) -> float:
        return round(sum(stage["duration_s"] or 0.0 for stage in stages if stage["name"] in names), 3)

    timing = {"video_processing": spent(_VIDEO_STAGES), "model_training": spent(_TRAINING_STAGES)}
    for stage in stages:
        name = str(stage["name"])
        if name not in _VIDEO_STAGES + _TRAINING_STAGES:
            timing[name] = spent((name,))
    if total_s is not None:
        timing["total"] = round(total_s, 3)
    return timing


def _rates(videos: Sequence[Mapping[str, Any]], stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    computed = sum(video["frames"] for video in videos if video["state"] in _COMPUTED)
    took = sum(stage["duration_s"] or 0.0 for stage in stages if stage["name"] == _EXTRACT)
    if not took:  # one after the other under several profiles
        took = sum(video["duration_s"] or 0.0 for video in videos if video["state"] in _COMPUTED)
    return {
        "frames": {
            "computed": computed,
            "from_cache": sum(video["frames"] for video in videos if video["state"] == "cached"),
        },
        "frames_per_s": round(computed / took, 2) if computed and took else None,
    }


def _cache(usage: Mapping[str, Any], videos: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    hits, misses = usage.get("cache_hits"), usage.get("cache_misses")
    looked = (hits or 0) + (misses or 0)
    return {
        "hits": hits,
        "misses": misses,
        "hit_rate": round((hits or 0) / looked, 4) if looked else None,
        "videos_from_cache": sum(video["state"] == "cached" for video in videos),
        "videos_computed": sum(video["state"] in _COMPUTED for video in videos),
    }


def _cpu(usage: Mapping[str, Any]) -> dict[str, Any]:
    mean, cpus = usage.get("cpu_mean_share"), usage.get("cpus")
    return {
        "cpus": cpus,
        "mean_share": mean,
        "peak_share": usage.get("cpu_peak_share"),
        "busy_mean": round(mean * cpus, 2) if mean is not None and cpus else None,
        "others_mean_share": usage.get("others_cpu_mean_share"),
    }


def _engine(videos: Sequence[Mapping[str, Any]], device: Mapping[str, str]) -> dict[str, Any]:
    """Return what ran the pose model; empty where nothing was computed here."""
    computed = [video for video in videos if video.get("engine") and video["state"] != "cached"]
    if not computed:
        return {}
    first = computed[0]

    def each(values: Iterable[Any]) -> str | None:
        """Name what was used once each: a comparison of profiles runs several models."""
        return " and ".join(dict.fromkeys(str(value) for value in values if value)) or None

    return {
        "name": each(video["engine"] for video in computed),
        "version": first.get("engine_version"),
        "model": each(video["settings"].get("variant") for video in computed),
        "precision": each(video["settings"].get("precision") for video in computed),
        "device": first.get("device") or device.get("device", "cpu"),
        "device_reason": first.get("device_reason") or device.get("device_reason", ""),
    }


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)


def _megabytes(count: float | None) -> float | None:
    return None if count is None else round(count / _MB, 1)
