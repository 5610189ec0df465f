"""What this machine does now, what the running job takes of it, and how the cache serves."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from app import charts_live, jobreport, words
from app.components import box, empty, facts, note, rows
from app.jobreport import GIB, JobReport, Series, quotient
from app.jobview import stage_title
from app.plain_text import plain
from app.state import active_job, jobs, recall, remember, workspace
from gait_core.cache import ArrayCache, CacheInfo
from gait_core.jobs.store import Job
from gait_core.runtime.doctor import examine
from gait_core.runtime.monitor import sample

__all__ = ["cache_sentence", "job_memory", "last_minutes", "machine_chart", "machine_facts", "render"]

_EVERY_S: Final = 2.0
_KEEP_S: Final = 300.0
_HALF: Final = 440
_LINES: Final = (
    ("memory", "memory", "accent", "solid"),
    ("cpu", "CPU", "muted", "dot"),
    ("gpu", "GPU", "text", "dash"),
    ("gpu_memory", "GPU memory", "faint", "longdash"),
)
"""Reading, what it is called, and how its line is drawn."""


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
        ("CPU", words.percent(load) if (load := reading.get("cpu")) is not None else "–", "all cores together"),
        ("This dashboard", words.size(reading.get("process_bytes")), "memory of its process"),
    ]
    cards = list(reading.get("gpu") or [])
    if not cards:
        items.append(("GPU", "none", str(reading.get("gpu_note") or "the CPU does the work")))
    for card in cards:
        load = card.get("utilisation_pct")
        memory = f"{words.size(card.get('memory_bytes'))} of {words.size(card.get('memory_total_bytes'))}"
        items.append((str(card.get("name", "GPU")), f"{load:.0f} %" if load is not None else "–", memory))
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
    now = _shares(reading, now_s, kept[-1] if kept else None)
    kept.append(now)
    remember("live", kept)
    facts(machine_facts(reading | {"cpu": now["cpu"]}))
    charts_live.show(*machine_chart([now_s - item["at_s"] for item in kept], kept))


def machine_chart(seconds_ago: Sequence[float], readings: Sequence[Mapping[str, float | None]]) -> tuple[str, str]:
    """Return the chart of the machine and its sentence; readings are shares in [0, 1]."""
    drawn = {
        label: charts_live.Line(label=label, values=_percent([item[name] for item in readings]), token=token, dash=dash)
        for name, label, token, dash in _LINES
    }
    said = [f"{label} {words.percent(_latest(line) / 100)}" for label, line in drawn.items() if line.measured]
    sentence = f"The whole computer now: {', '.join(said)}."
    lines = list(drawn.values())
    return charts_live.drawing(seconds_ago, lines, title="In use (%)", top=100.0), sentence


def _percent(shares: Sequence[float | None]) -> list[float | None]:
    return [None if share is None else 100 * share for share in shares]


def _latest(line: charts_live.Line) -> float:
    return next((value for value in reversed(line.values) if value is not None), 0.0)


def _shares(
    reading: Mapping[str, Any], now_s: float, before: Mapping[str, float | None] | None
) -> dict[str, float | None]:
    """Return one reading as shares in [0, 1]; several cards count together, and the load since the one before."""
    busy_s, all_s = float(reading.get("cpu_busy_s") or 0), float(reading.get("cpu_all_s") or 0)
    passed_s = all_s - float(before["cpu_all_s"] or 0) if before is not None else 0.0
    load = (busy_s - float(before["cpu_busy_s"] or 0)) / passed_s if before is not None and passed_s > 0 else None
    cards = list(reading.get("gpu") or [])
    loads = [card["utilisation_pct"] / 100 for card in cards if card.get("utilisation_pct") is not None]
    total = sum(card["memory_total_bytes"] for card in cards)
    return {
        "at_s": now_s,
        "memory": quotient(float(reading.get("memory_bytes") or 0), float(reading.get("memory_total_bytes") or 0)),
        "cpu": None if load is None else min(1.0, max(0.0, load)),
        "cpu_busy_s": busy_s,
        "cpu_all_s": all_s,
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
            note("No job is running. See Jobs for what the last ones took.")
        return
    st.subheader(plain(job.title), anchor=False)
    note(stage_title(job))
    item = jobreport.load(job)
    facts(_job_facts(job, item))
    if item.series("memory_bytes").measured:
        left, right = st.columns(2, gap="medium")
        with left:
            charts_live.show(*job_memory(item))
        with right:
            charts_live.show(*_job_pace(item))


def job_memory(item: JobReport) -> tuple[str, str]:
    """Return the chart of the memory that a job takes now, and its sentence."""
    seconds_ago, values = last_minutes(item, item.series("memory_bytes"))
    used = [None if value is None else value / GIB for value in values]
    limit_mb = (item.report.get("memory_usage") or {}).get("limit_mb")
    limit = limit_mb / 1024 if limit_mb else None
    top = 1.25 * max([value for value in used if value is not None] or [0.1])
    sentence = f"Memory of this job: {next((v for v in reversed(used) if v is not None), 0.0):.2f} GB now"
    sentence += f"; its limit is {limit:.1f} GB." if limit else "."
    line = charts_live.Line(label="memory", values=used)
    return charts_live.drawing(
        seconds_ago, [line], title="Memory of the job (GB)", top=top, width=_HALF, limit=limit
    ), sentence


def _job_pace(item: JobReport) -> tuple[str, str]:
    seconds_ago, rates = last_minutes(item, item.frame_rate())
    _, shares = last_minutes(item, item.cache_rate())
    top = 1.25 * max([value for value in rates if value is not None] or [1.0])
    now = next((value for value in reversed(rates) if value is not None), 0.0)
    answered = next((value for value in reversed(shares) if value is not None), None)
    sentence = f"Frames analysed a second: {words.number(now, 1)} now."
    if answered is not None:
        sentence += f" The cache answered {words.percent(answered)} of this job's look-ups."
    line = charts_live.Line(label="frames/s", values=rates)
    title = "Frames per second (1/s)"
    return charts_live.drawing(seconds_ago, [line], title=title, top=max(top, 1.0), width=_HALF), sentence


def last_minutes(item: JobReport, series: Series) -> tuple[list[float], list[float | None]]:
    """Return the last minutes of a series as (seconds ago, values)."""
    now_s = time.time() - item.begun_s
    kept = [(now_s - at_s, value) for at_s, value in zip(series.time_s, series.high, strict=True)]
    kept = [(max(0.0, ago_s), value) for ago_s, value in kept if ago_s <= _KEEP_S]
    return [ago_s for ago_s, _ in kept], [value for _, value in kept]


def _job_facts(job: Job, item: JobReport) -> list[tuple[str, str, str]]:
    """Return what the running job does now."""
    memory, load, cache = _last(item.series("memory_bytes")), _last(item.series("cpu_share")), _last(item.cache_rate())
    pace = job.rate_per_s if job.unit == "frames" else _last(item.frame_rate())
    return [
        ("Speed", words.number(pace, 1 if (pace or 0) < 10 else 0) if pace else "–", "frames/s"),
        ("Memory of the job", f"{memory / GIB:.2f} GB" if memory else "–", "without mapped files"),
        ("CPUs", words.percent(load), "busy with this job"),
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
