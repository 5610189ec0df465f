"""Performance: this machine now, and what each job cost."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import charts, charts_job, words
from app.components import box, empty, facts, heading, note, rows
from app.jobview import follow, stage_rows
from app.state import jobs, param, recall, remember, set_params, workspace
from app.views import validation
from gait_core.cache import ArrayCache, CacheInfo
from gait_core.errors import GaitError
from gait_core.jobs.store import Job
from gait_core.runtime.doctor import examine
from gait_core.runtime.monitor import sample

__all__ = ["cache_sentence", "machine_facts", "render"]

_KEEP_S = 180.0


def render() -> None:
    """Draw the page."""
    heading("Performance", "What this computer is doing, and what each job took.")
    st.fragment(_live, run_every=2.0)()
    _cache()
    _jobs()
    _machine()
    validation.render()


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
        items.append(("Graphics card", "none", "the processor does the work"))
    for card in cards:
        load = card.get("utilisation_pct")
        memory = f"{words.size(card.get('memory_bytes'))} of {words.size(card.get('memory_total_bytes'))}"
        items.append((str(card.get("name", "Graphics card")), f"{load:.0f} %" if load is not None else "–", memory))
    return items


def _live() -> None:
    reading = sample()
    now_s = time.time()
    used = float(reading.get("memory_bytes") or 0)
    kept = [(at, value) for at, value in recall("memory", []) if now_s - at <= _KEEP_S] + [(now_s, used)]
    remember("memory", kept)
    facts(machine_facts(reading))
    if len(kept) > 2:
        figure, sentence = charts_job.memory(
            [now_s - at for at, _ in kept], [value for _, value in kept], float(reading.get("memory_total_bytes") or 1)
        )
        charts.show(figure, sentence, key="live_memory")


def cache_sentence(info: CacheInfo) -> str:
    """Say how well the cache served."""
    if info.hit_rate is None:
        return "Nothing was looked up in the cache yet. It keeps the landmarks of videos, so that none is read twice."
    looked = words.plural(info.hits + info.misses, "look-up")
    return (
        f"{words.percent(info.hit_rate)} of {looked} were answered from the cache, "
        f"which holds {words.plural(info.entries, 'entry', 'entries')} in {words.size(info.size_bytes)}."
    )


def _cache() -> None:
    st.subheader("Cache", anchor=False)
    note(cache_sentence(ArrayCache.of(workspace()).info()))


def _jobs() -> None:
    st.subheader("Jobs", anchor=False)
    found = jobs().list()
    if not found:
        empty("No job has run yet", "Creating a baseline or analysing a walk shows here: stages, time and memory.")
        return
    _job_table(found[:30])
    ids = [job.id for job in found[:30]]
    titles = {job.id: f"{job.title} · {words.moment(job.created_s)}" for job in found[:30]}
    wanted = param("job")
    chosen = st.selectbox(
        "Look at",
        ids,
        index=ids.index(wanted) if wanted in ids else 0,
        format_func=lambda key: titles[key],
        key="performance_job",
        width=520,
    )
    set_params(job=str(chosen))
    try:
        job = jobs().get(str(chosen))
    except GaitError:
        note("This job was deleted.")
        return
    _stages(job)
    follow(job.id)


def _job_table(found: Sequence[Job]) -> None:
    body = [
        [
            job.title,
            words.kind_name(job.kind),
            words.state_name(job.state),
            words.duration(job.duration_s),
            words.size(job.peak_memory_bytes) if job.peak_memory_bytes else "–",
            words.ago(job.created_s),
        ]
        for job in found
    ]
    columns = [("Job", "name"), ("Kind", ""), ("State", ""), ("Time", "n"), ("Peak memory", "n"), ("Started", "t")]
    rows(columns, body[:8], "Jobs, newest first")
    if len(body) > 8:
        with st.expander(words.plural(len(body) - 8, "older job")):
            rows(columns, body[8:], "Older jobs")


def _stages(job: Job) -> None:
    took = [(name, float(value)) for name, _, value in stage_rows(job.kind, job.stages) if value is not None]
    if not took:
        return
    figure, sentence = charts_job.stage_times(took)
    charts.show(figure, f"{sentence} Highest memory: {words.size(job.peak_memory_bytes)}.", key="job_stages")


def _machine() -> None:
    with st.expander("Is everything installed?", icon=":material/checklist:"):
        checks = examine(workspace())
        missing = [check for check in checks if not check.ok]
        if not missing:
            note("Everything that Gait Studio needs is there.")
        for check in missing:
            box(f"{check.name}: {check.found}", f"Expected {check.expected}. {check.remedy}", "warn")
        body = [[check.name, "yes" if check.ok else "no", check.found] for check in checks]
        rows([("What", "name"), ("In order", ""), ("Found", "name")], body, "Check of this machine")
