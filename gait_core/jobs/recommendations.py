"""What would make the next run faster or smaller: follows from the measurements of one job, and from nothing else.

Each rule looks at a performance report and gives a recommendation, or none. A rule needs the figures it argues with:
where they were not measured, it is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Final

from gait_core.phrases import plural

__all__ = ["NOTHING", "Recommendation", "recommend"]

Report = Mapping[str, Any]

_WORTH_S: Final = 1.0
"""Smaller savings are not worth mentioning."""
_COLUMNS: Final = 96
_NEAR_LIMIT: Final = 0.85
_BF16_SHARE_OF_F32: Final = {"lite": 0.62}
"""Only of the small model: *accurate* takes bf16 by itself, and with the full model it costs certainty of the knee."""
_FAST_SPEEDUP: Final = 1.6
_BALANCED_SPEEDUP: Final = 1.7
"""Frames a second of fast over balanced and of balanced over accurate, `bench extraction`."""
_ACCURATE_WITH_AMX: Final = 0.73
"""Frames a second of accurate in bf16 over balanced in f32, `bench profiles` on a CPU with AMX."""
_FINE_TUNE_SPEEDUP: Final = 15.0
_BUSY: Final = 0.75
_OTHERS: Final = 0.25
_OTHERS_WORTH_S: Final = 5.0
_DECODE_SHARE: Final = 0.45
_SMALL_SIDE_PX: Final = 1920


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """One thing to change.

    Attributes
    ----------
    key : str
        Stable name of the rule.
    measured : str
        What was measured in this job.
    change : str
        What to change; empty when there is nothing to change.
    gain : str
        What to expect of it, with where that figure comes from.
    """

    key: str
    measured: str
    change: str = ""
    gain: str = ""

    @property
    def sentence(self) -> str:
        """All of it in a row."""
        return " ".join(part for part in (self.measured, self.change, self.gain) if part)

    @property
    def lines(self) -> list[str]:
        """The parts as lines of a text."""
        parts = (("Measured", self.measured), ("Change", self.change), ("Expect", self.gain))
        shown = [(name, text) for name, text in parts if text]
        wrapped = []
        for number, (name, text) in enumerate(shown):
            begin = f"{'  ' if number else '- '}{name + ':':<10}"
            wrapped += wrap(text, _COLUMNS, initial_indent=begin, subsequent_indent=" " * len(begin))
        return wrapped

    def to_dict(self) -> dict[str, str]:
        """Return the fields for JSON."""
        return dict(vars(self))


NOTHING: Final = "Nothing to recommend"


def recommend(report: Report) -> list[Recommendation]:
    """Return what follows from a report.

    Parameters
    ----------
    report : mapping
        As `build_report` makes it, without its recommendations.

    Returns
    -------
    list of Recommendation
        In the order of `_RULES`, the largest gains first; before them, where it holds, that all landmarks came from the
        cache. Never empty: where no rule applies, the one entry states that there is nothing to recommend.
    """
    found = [item for rule in _RULES if (item := rule(report)) is not None]
    cached = _all_cached(report, alone=not found)
    return ([cached] if cached is not None else []) + found or [_nothing(report)]


def _all_cached(report: Report, *, alone: bool) -> Recommendation | None:
    cache = report["cache"]
    if not cache["videos_from_cache"] or cache["videos_computed"] or report["job"]["state"] != "done":
        return None
    videos = plural(cache["videos_from_cache"], "video")
    said = f"the landmarks of all {videos} came from the cache; nothing to gain there."
    return Recommendation(key="all_cached", measured=f"{NOTHING}: {said}" if alone else said[0].upper() + said[1:])


def _nothing(report: Report) -> Recommendation:
    total_s = report["timing_metrics"].get("total")
    if report["job"]["state"] != "done":
        return Recommendation(key="nothing", measured=f"{NOTHING}: too little was measured before the job ended.")
    took = f" in {_s(total_s)}" if total_s is not None else ""
    return Recommendation(
        key="nothing", measured=f"{NOTHING}: the job ended{took}, and no figure of it points to a better setting."
    )


def _ran_out_of_memory(report: Report) -> Recommendation | None:
    if (report["error"] or {}).get("kind") != "MemoryLimitError":
        return None
    peak, limit = report["memory_usage"]["peak_mb"], report["memory_usage"]["limit_mb"]
    of = f" of {_mb(limit)} allowed" if limit else ""
    return Recommendation(
        key="memory_refused",
        measured=f"The job was stopped for want of memory at {_mb(peak)}{of}." if peak else "Memory ran out.",
        change="Run fewer videos at the same time (--workers 1), or give the profile a higher limit.",
        gain="With one video at a time its memory is that of one worker; finished videos come from the cache.",
    )


def _near_the_limit(report: Report) -> Recommendation | None:
    peak, limit = report["memory_usage"]["peak_mb"], report["memory_usage"]["limit_mb"]
    if not peak or not limit or peak < _NEAR_LIMIT * limit or (report["error"] or {}).get("kind") == "MemoryLimitError":
        return None
    stage = max(report["stages"], key=lambda stage: stage["peak_memory_mb"] or 0.0, default=None)
    where = f", in the stage “{stage['name']}”" if stage is not None and stage["peak_memory_mb"] else ""
    return Recommendation(
        key="memory_near_limit",
        measured=f"Memory reached {_mb(peak)} of {_mb(limit)} ({_pct(peak / limit)}){where}.",
        change="Choose fewer workers, or a profile with a higher limit.",
        gain="Nothing is collected or refused on the way; the time stays the same.",
    )


def _machine_short(report: Report) -> Recommendation | None:
    share = report["memory_usage"]["machine_share_peak"]
    if share is None or share < 0.9:
        return None
    return Recommendation(
        key="machine_memory",
        measured=f"The memory of the whole machine was {_pct(share)} full at its highest.",
        change="Close other programs during long runs.",
        gain="Keeps the system from swapping or ending the work; how much time that costs was not measured.",
    )


def _cached_elsewhere(report: Report) -> Recommendation | None:
    count, computed = report["walks_in_other_profile"], report["cache"]["videos_computed"]
    if not count or not computed:
        return None
    spent_s = _extract_s(report)
    return Recommendation(
        key="cached_in_other_profile",
        measured=f"{count} of {plural(computed, 'video')} were computed although landmarks of them lie in the cache "
        "under other settings.",
        change="Choose the profile that they were computed with, if it serves your purpose as well.",
        gain=f"Saves about {_s(spent_s * count / computed)}: that part of the extraction in this job."
        if spent_s
        else "",
    )


def _cache_off(report: Report) -> Recommendation | None:
    params = report["settings"]["params"]
    spent_s = _extract_s(report)
    if params.get("use_cache", True) or not report["cache"]["videos_computed"] or spent_s < _WORTH_S:
        return None
    return Recommendation(
        key="cache_off",
        measured=f"The cache was switched off, and finding the landmarks took {_s(spent_s)}.",
        change="Leave out --no-cache.",
        gain=f"The next run with the same videos and settings saves up to {_s(spent_s)}.",
    )


def _pose_precision(report: Report) -> Recommendation | None:
    engine, pose_s = report["engine"], _summed(report, "pose_s")
    took_s = _summed(report, "duration_s")
    ratio = _BF16_SHARE_OF_F32.get(str(engine.get("model")))
    if not pose_s or not took_s or ratio is None or pose_s < 0.4 * took_s:
        return None
    fits = engine.get("name") == "openvino" and engine.get("precision") == "f32" and report["machine"].get("fast_bf16")
    saved_s = pose_s * (1 - ratio) * _extract_s(report) / took_s
    if not fits or saved_s < _WORTH_S:
        return None
    return Recommendation(
        key="bf16",
        measured=f"Pose inference took {_pct(pose_s / took_s)} of {_s(took_s)} spent on the videos, in f32, "
        "and this CPU runs fast in bf16.",
        change="Set the precision of the profile to bf16.",
        gain=f"Inference then takes about {ratio:.2f} of its time, as measured for this model when the engine was "
        f"built: about {_s(saved_s)} less in a job like this one.",
    )


def _more_accurate(report: Report) -> Recommendation | None:
    """Where the heavy model costs little, say so: what it costs was measured on a CPU with AMX."""
    engine, machine, extract_s = report["engine"], report["machine"], _extract_s(report)
    fits = engine.get("name") == "openvino" and report["settings"]["profile"].get("name") == "balanced"
    if not fits or machine.get("bf16_unit") != "AMX" or extract_s < _WORTH_S:
        return None
    return Recommendation(
        key="accurate",
        measured=f"Finding the landmarks took {_s(extract_s)} with the profile balanced, and this CPU has AMX.",
        change="Use the profile accurate for a new baseline.",
        gain=f"With AMX it reaches {_ACCURATE_WITH_AMX:.2f} of the frames/s of balanced: about "
        f"{_s(extract_s / _ACCURATE_WITH_AMX)} for a job like this one, and joint angles come nearer to the truth.",
    )


def _decode(report: Report) -> Recommendation | None:
    decode_s, took_s = _summed(report, "decode_s"), _summed(report, "duration_s")
    if not decode_s or not took_s or decode_s < _DECODE_SHARE * took_s or decode_s < _WORTH_S:
        return None
    profile = report["settings"]["profile"]
    if profile.get("skip_loop_filter"):
        return Recommendation(
            key="decode",
            measured=f"Decoding took {_pct(decode_s / took_s)} of {_s(took_s)} spent on the videos.",
            change=f"Film in 1080p ({_SMALL_SIDE_PX} px) instead of 4K: no more of the frame is used.",
            gain="1080p has a quarter of the pixels of 4K; decoding grows about as they do.",
        )
    return Recommendation(
        key="decode",
        measured=f"Decoding took {_pct(decode_s / took_s)} of {_s(took_s)} spent on the videos.",
        change="Switch on skip_loop_filter in the profile, as 'fast' has it, or film in 1080p.",
        gain="bench decode shows how much your videos gain by it; at most the time named here.",
    )


def _idle_cpus(report: Report) -> Recommendation | None:
    cpus = report["cpu"]["cpus"] or 0
    stage = next((stage for stage in report["stages"] if stage["name"] == "extract"), None)
    share = stage["cpu_share"] if stage is not None else None
    spent_s, computed = _extract_s(report), report["cache"]["videos_computed"]
    if cpus < 2 or share is None or share >= _BUSY or not computed or (report["cpu"]["others_mean_share"] or 0) > 0.2:
        return None
    saved_s = spent_s * (1 - share / 0.95)
    if saved_s < _WORTH_S:
        return None
    workers = report["settings"]["params"].get("workers") or report["settings"]["profile"].get("max_workers")
    if workers and workers < min(cpus, computed):
        change = f"Allow more than {workers} at the same time: omit --workers, or raise max_workers of the profile."
    elif computed < cpus:
        change = "Give several videos in one run: they share the CPUs, one alone cannot fill them."
    else:
        return None  # nothing that the user could set
    return Recommendation(
        key="idle_cpus",
        measured=f"Only {share * cpus:.1f} of {cpus} CPUs were busy while the videos were read "
        f"({_pct(share)} over {_s(spent_s)}).",
        change=change,
        gain=f"At most {_s(saved_s)} less, if the others could be filled to 95 %.",
    )


def _others_busy(report: Report) -> Recommendation | None:
    share, total_s = report["cpu"]["others_mean_share"], report["timing_metrics"].get("total")
    if share is None or share < _OTHERS or not total_s or total_s * share < _OTHERS_WORTH_S:
        return None
    return Recommendation(
        key="other_programs",
        measured=f"Other programs took {_pct(share)} of the CPUs during this job.",
        change="Run it when the machine is otherwise idle.",
        gain=f"Up to {_s(total_s * share)} less, if that time had gone to this job.",
    )


def _fast_profile(report: Report) -> Recommendation | None:
    total_s, spent_s = report["timing_metrics"].get("total"), _extract_s(report)
    if (
        report["performance_mode"] not in ("balanced", "accurate")
        or not total_s
        or not report["cache"]["videos_computed"]
    ):
        return None
    if spent_s < 20 or spent_s < 0.5 * total_s:
        return None
    name, other, factor = (
        ("accurate", "balanced", _BALANCED_SPEEDUP)
        if report["performance_mode"] == "accurate"
        else ("balanced", "fast", _FAST_SPEEDUP)
    )
    return Recommendation(
        key="faster_profile",
        measured=f"Finding the landmarks took {_s(spent_s)} of {_s(total_s)} with the profile '{name}'.",
        change=f"For a first look the profile '{other}' may be enough; Compare profiles shows what it changes.",
        gain=f"About {_s(spent_s * (1 - 1 / factor))} less: it handles {factor:g} times the frames a second by the "
        "figures of bench extraction.",
    )


def _from_scratch(report: Report) -> Recommendation | None:
    params, train_s = report["settings"]["params"], report["timing_metrics"].get("model_training") or 0.0
    if not params.get("from_scratch") or train_s < 5:
        return None
    return Recommendation(
        key="from_scratch",
        measured=f"Training from scratch took {_s(train_s)}.",
        change="Start from the pre-trained model, unless you compare the two.",
        gain=f"About {_s(train_s * (1 - 1 / _FINE_TUNE_SPEEDUP))} less: fine-tuning is at least "
        f"{_FINE_TUNE_SPEEDUP:.0f} times as fast by the figures of bench training.",
    )


def _overlay(report: Report) -> Recommendation | None:
    overlay_s, total_s = report["timing_metrics"].get("overlay"), report["timing_metrics"].get("total")
    if not overlay_s or not total_s or overlay_s < 0.4 * total_s or overlay_s < _WORTH_S:
        return None
    return Recommendation(
        key="overlay",
        measured=f"Drawing the overlay video took {_s(overlay_s)} of {_s(total_s)}.",
        change="Leave the overlay out where you do not look at it.",
        gain=f"{_s(overlay_s)} less, as measured here.",
    )


_RULES: Final[Sequence[Callable[[Report], Recommendation | None]]] = (
    _ran_out_of_memory,
    _near_the_limit,
    _machine_short,
    _cached_elsewhere,
    _cache_off,
    _pose_precision,
    _more_accurate,
    _decode,
    _idle_cpus,
    _others_busy,
    _fast_profile,
    _from_scratch,
    _overlay,
)


def _extract_s(report: Report) -> float:
    return sum(stage["duration_s"] or 0.0 for stage in report["stages"] if stage["name"] == "extract")


def _summed(report: Report, name: str) -> float:
    """Return the sum over the videos that state both this figure and their whole time, s."""
    videos = [video for video in report["videos"] if video.get("duration_s") and video.get("pose_s") is not None]
    return float(sum(video.get(name) or 0.0 for video in videos))


def _s(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _pct(share: float) -> str:
    return f"{100 * share:.0f} %"


def _mb(value: float) -> str:
    return f"{value / 1024:.1f} GB" if value >= 1024 else f"{value:.0f} MB"
