"""What each job took: history, and one job in full with its report."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from app import charts, charts_performance, jobreport, words
from app.choice import choose_one
from app.components import box, empty, facts, note, rows
from app.jobreport import JobReport
from app.jobview import follow
from app.state import jobs
from gait_core.errors import GaitError
from gait_core.jobs.performance import REPORT, REPORT_TEXT
from gait_core.jobs.performance_text import report_text
from gait_core.jobs.store import Job

__all__ = ["render"]

_SHOWN: Final = 30
_FRESH_EVERY_S: Final = 2.0


def render() -> None:
    """Draw the tab."""
    found = jobs().list()
    if not found:
        empty("No job has run yet", "Creating a baseline or analysing a walk shows here: stages, time and memory.")
        return
    items = [jobreport.load(job) for job in found[:_SHOWN]]
    _table(items)
    told = [item for item in reversed(items) if item.frames_per_s]
    if len(told) > 1:
        charts.show(*charts_performance.trend(told), key="jobs_trend")
    job = _chosen(found[:_SHOWN])
    if job is None:
        note("This job was deleted.")
        return
    if job.active:
        follow(job.id)
        _details(job)
    else:
        _details(job)
        follow(job.id)


def _table(items: Sequence[JobReport]) -> None:
    body = [
        [
            item.job.title,
            words.kind_name(item.job.kind),
            words.state_name(item.job.state),
            words.duration(item.total_s),
            words.number(item.frames_per_s, 1),
            jobreport.own_peak(item),
            words.ago(item.job.created_s),
        ]
        for item in items
    ]
    columns = [
        ("Job", "name"),
        ("Kind", ""),
        ("State", ""),
        ("Time", "n"),
        ("Frames/s", "n"),
        (jobreport.OWN_PEAK, "n"),
        ("Started", "t"),
    ]
    rows(columns, body[:8], "Jobs, newest first")
    if len(body) > 8:
        with st.expander(words.plural(len(body) - 8, "older job")):
            rows(columns, body[8:], "Older jobs")


def _chosen(found: Sequence[Job]) -> Job | None:
    titles = {job.id: f"{job.title} · {words.moment(job.created_s)}" for job in found}
    chosen = choose_one("Look at", titles, kept_as="job", key="performance_job")
    try:
        return jobs().get(chosen)
    except GaitError:
        return None


def _details(job: Job) -> None:
    """Draw charts and report; they grow while the job is active."""

    def draw() -> None:
        item = jobreport.load(jobs().get(job.id))
        if item.report:
            facts(_report_facts(item))
        _charts(item)
        if item.report and not item.job.active:
            _report(item)

    st.fragment(draw, run_every=_FRESH_EVERY_S if job.active else None)()


def _charts(item: JobReport) -> None:
    bars = jobreport.spans(item, time.time() if item.job.active else None)
    if bars:
        charts.show(*charts_performance.waterfall(bars), key="job_waterfall")
    if not item.series("memory_bytes").measured:
        note(f"Highest memory: {jobreport.with_mapped_files(item.job)}. Nothing was sampled while it ran.")
        return
    with st.container(key="stack_job_use"):
        left, right = st.columns(2, gap="medium")
    with left:
        charts.show(*charts_performance.memory_over_time(item, bars), key="job_memory")
    with right:
        charts.show(*charts_performance.load_over_time(item, bars), key="job_load")
    if item.frame_rate().measured:
        charts.show(*charts_performance.frame_rates(item, bars), key="job_frames")


def _report(item: JobReport) -> None:
    report = item.report
    st.subheader("Recommendations", anchor=False)
    for advice in report.get("recommendations") or ():
        change, gain = str(advice.get("change") or ""), str(advice.get("gain") or "")
        box(
            str(advice.get("measured") or ""),
            " ".join(part for part in (change, gain) if part),
            "" if change else "calm",
        )
    text = report_text(report)
    with st.expander("Report", icon=":material/description:"):
        st.code(text, language=None)
        st.caption("1 GB is 1024³ bytes in the report, as in the limits of the profiles.")
    with st.container(horizontal=True):
        _download("Report (text)", text, f"{item.job.id}_{REPORT_TEXT}", "text/plain", "report_text")
        _download("Report (JSON)", _as_json(report), f"{item.job.id}_{REPORT}", "application/json", "report_json")


def _report_facts(item: JobReport) -> list[tuple[str, str, str]]:
    report = item.report
    engine, cpu = report.get("engine") or {}, report.get("cpu") or {}
    about = ", ".join(str(engine[name]) for name in ("model", "precision", "device") if engine.get(name))
    figures = dict(jobreport.compared([item]))
    limit, mode = figures["Memory limit"][0], report.get("performance_mode")
    return [
        ("Total time", figures["Total time"][0], f"profile {mode}" if mode else "no single profile"),
        ("Frames/s", figures["Frames/s"][0], f"{figures['Frames computed'][0]} frames computed"),
        (jobreport.OWN_PEAK, jobreport.own_peak(item), f"limit {limit}" if limit != "–" else "no limit"),
        ("CPUs", words.percent(cpu.get("mean_share")), f"of {cpu.get('cpus') or '–'} busy on average"),
        ("Cache", words.percent((report.get("cache") or {}).get("hit_rate")), figures["Look-ups"][0]),
        ("Pose engine", str(engine.get("name") or "not used"), about),
    ]


def _as_json(report: Any) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _download(label: str, content: str, name: str, mime: str, key: str) -> None:
    st.download_button(
        label, content.encode(), file_name=name, mime=mime, key=key, icon=":material/download:", on_click="ignore"
    )
