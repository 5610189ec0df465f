"""What this machine does now, what the running job takes of it, and how the cache serves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from app import charts, charts_performance, jobreport, words
from app.components import box, empty, facts, note, rows
from app.jobreport import JobReport, Series, quotient
from app.state import active_job, jobs, recall, remember, workspace
from gait_core.cache import ArrayCache, CacheInfo
from gait_core.jobs.store import Job
from gait_core.runtime.doctor import examine
from gait_core.runtime.monitor import sample

__all__ = ["cache_sentence", "machine_facts", "render"]

_EVERY_S: Final = 2.0
_KEEP_S: Final = 300.0
GIB: Final = 1024**3


def render() -> None:
    """Draw the tab."""
    st.fragment(_now, run_every=_EVERY_S)()
    st.subheader("Cache", anchor=False)
    note(cache_sentence(ArrayCache.of(workspace()).info()))
    _installed()


def machine_facts(reading: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the key figures of one reading."""
    total = float(reading.get("memory_total_bytes") or 0)
    used = float(reading.get("memory_bytes") or 0)
    share = words.percent(used / total) if total else "–"
    items = [
        ("Memory in use", words.size(used), f"{share} of {words.size(total)}"),
        ("Processor", f"{float(reading.get('cpu_pct') or 0):.0f} %", "all cores together"),
        ("This dashboard", words.size(reading.get("process_bytes")), "memory of its process"),
    ]
    cards = list(reading.get("gpu") or [])
    if not cards:
        items.append(("Graphics card", "none", str(reading.get("gpu_note") or "the processor does the work")))
    for card in cards:
        load = card.get("utilisation_pct")
        memory = f"{words.size(card.get('memory_bytes'))} of {words.size(card.get('memory_total_bytes'))}"
        items.append((str(card.get("name", "Graphics card")), f"{load:.0f} %" if load is not None else "–", memory))
    return items


def cache_sentence(info: CacheInfo) -> str:
    """Say how well the cache served."""
    if info.hit_rate is None:
        return "Nothing was looked up in the cache yet. It keeps the landmarks of videos, so that none is read twice."
    looked = words.plural(info.hits + info.misses, "look-up")
    return (
        f"{words.percent(info.hit_rate)} of {looked} were answered from the cache, "
        f"which holds {words.plural(info.entries, 'entry', 'entries')} in {words.size(info.size_bytes)}."
    )


def _now() -> None:
    _machine_now()
    _job_now()


def _machine_now() -> None:
    reading = sample()
    now_s = time.time()
    kept = [item for item in recall("live", []) if now_s - item["at_s"] <= _KEEP_S]
    now = _shares(reading, now_s)
    if not kept or now_s - kept[-1]["at_s"] < _EVERY_S / 2:
        now["cpu"] = None  # the load is counted since the reading before, which was too short ago
    kept.append(now)
    remember("live", kept)
    facts(machine_facts(reading))
    if len(kept) > 2:
        figure, sentence = charts_performance.live(
            [now_s - item["at_s"] for item in kept],
            {name: [item[name] for item in kept] for name in charts_performance.LIVE},
        )
        charts.show(figure, sentence, key="live_machine")


def _shares(reading: Mapping[str, Any], now_s: float) -> dict[str, float | None]:
    """Return one reading as shares in [0, 1]; several cards count together."""
    cards = list(reading.get("gpu") or [])
    loads = [card["utilisation_pct"] / 100 for card in cards if card.get("utilisation_pct") is not None]
    total = sum(card["memory_total_bytes"] for card in cards)
    return {
        "at_s": now_s,
        "memory": quotient(float(reading.get("memory_bytes") or 0), float(reading.get("memory_total_bytes") or 0)),
        "cpu": float(reading.get("cpu_pct") or 0) / 100,
        "gpu": sum(loads) / len(loads) if loads else None,
        "gpu_memory": quotient(sum(card["memory_bytes"] for card in cards), total),
    }


def _job_now() -> None:
    found = jobs().list()
    job = active_job(found)
    if job is None:
        if not found:
            empty("No job has run yet", "Creating a baseline or analysing a walk shows here: pace, time and memory.")
        else:
            note("No job is running. What the last ones took stands under Jobs.")
        return
    st.subheader(job.title, anchor=False)
    item = jobreport.load(job)
    facts(_job_facts(job, item))
    bars = jobreport.spans(item, time.time())
    if item.series("memory_bytes").measured:
        left, right = st.columns(2, gap="medium")
        with left:
            charts.show(*charts_performance.memory_over_time(item, bars), key="live_job_memory")
        with right:
            charts.show(*charts_performance.frame_rates(item, bars), key="live_job_frames")


def _job_facts(job: Job, item: JobReport) -> list[tuple[str, str, str]]:
    """Return what the running job does now."""
    memory, load, cache = _last(item.series("memory_bytes")), _last(item.series("cpu_share")), _last(item.cache_rate())
    pace = job.rate_per_s if job.unit == "frames" else _last(item.frame_rate())
    return [
        ("Stage", words.stage_name(job.stage) if job.state == "running" else words.state_name(job.state), "now"),
        ("Pace", words.number(pace, 1 if (pace or 0) < 10 else 0) if pace else "–", "frames/s"),
        ("Memory of the job", f"{memory / GIB:.2f} GB" if memory else "–", "without mapped files"),
        ("Processors", words.percent(load), "busy with this job"),
        ("Cache", words.percent(cache), "of its look-ups answered"),
    ]


def _last(series: Series) -> float | None:
    return next((value for value in reversed(series.high) if value is not None), None)


def _installed() -> None:
    with st.expander("Is everything installed?", icon=":material/checklist:"):
        checks = examine(workspace())
        missing = [check for check in checks if not check.ok]
        if not missing:
            note("Everything that Gait Studio needs is there.")
        for check in missing:
            box(f"{check.name}: {check.found}", f"Expected {check.expected}. {check.remedy}", "warn")
        body = [[check.name, "yes" if check.ok else "no", check.found] for check in checks]
        rows([("What", "name"), ("In order", ""), ("Found", "name")], body, "Check of this machine")
