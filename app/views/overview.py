"""Overview: where things stand, and the one thing to do next."""

from __future__ import annotations

import streamlit as st

from app import registry, words
from app.components import box, heading, level_badge, level_key, note, rows
from app.plain_text import plain
from app.state import active_job, jobs, workspace
from gait_core.baseline.analyses import AnalysisSummary, list_analyses
from gait_core.baseline.store import BaselineSummary, list_baselines
from gait_core.jobs.store import Job

__all__ = ["latest_by_subject", "render"]

_RECENT = 6


def latest_by_subject(
    baselines: list[BaselineSummary], analyses: list[AnalysisSummary]
) -> list[tuple[BaselineSummary, AnalysisSummary | None]]:
    """Return each subject's newest baseline with its newest analysis; both lists are newest first."""
    seen: dict[str, BaselineSummary] = {}
    for baseline in baselines:
        seen.setdefault(baseline.subject, baseline)
    return [
        (baseline, next((item for item in analyses if item.baseline_id == baseline.id), None))
        for baseline in seen.values()
    ]


def render() -> None:
    """Draw the page."""
    heading("Overview", "Learns how a person walks from ordinary videos, and shows what changes later.")
    found = jobs().list()
    baselines = list_baselines(workspace())
    analyses = list_analyses(workspace())
    _troubles(found)
    if not baselines:
        _first_steps(found)
        return
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Analyse a walk",
            key="overview_analyse",
            type="primary",
            icon=":material/monitor_heart:",
            shortcut="Mod+Enter",
        ):
            registry.go("analyse", baseline=baselines[0].id)
        if st.button("New baseline", key="overview_baseline", icon=":material/add:"):
            registry.go("baseline", step="import")
    st.subheader("People", anchor=False)
    _people(baselines, analyses)
    st.subheader("Latest walks", anchor=False)
    if analyses:
        _recent(analyses)
    else:
        note("No walk has been analysed yet.")


def _first_steps(found: list[Job]) -> None:
    st.html(
        '<section class="gs-empty"><h2>Three steps, no measuring equipment</h2><p>'
        "<strong>1. Film five walks</strong> of one person from the side, on one day or on several.<br>"
        "<strong>2. Create the baseline.</strong> The computer finds the body in every frame, learns how this person "
        "walks, and sets the limits between normal, watch and alert.<br>"
        "<strong>3. Film again later.</strong> You read what changed: how much, in which joints, and when in the walk."
        "</p></section>"
    )
    busy = active_job(found)
    label = "Continue the baseline" if busy is not None and busy.kind == "baseline" else "Create a baseline"
    if st.button(label, key="overview_start", type="primary", icon=":material/directions_walk:", shortcut="Mod+Enter"):
        if busy is not None and busy.kind == "baseline":
            registry.go("baseline", step="run", job=busy.id)
        registry.go("baseline", step="import")
    note("No videos at hand? The first step offers five demo walks. Everything stays on this computer.")


def _troubles(found: list[Job]) -> None:
    """Point to the newest job when it ended badly; an older one was seen already."""
    newest = found[0] if found else None
    if newest is None or newest.state not in ("failed", "crashed"):
        return
    message = str((newest.error or {}).get("message", ""))
    box(f"{newest.title}: {words.state_name(newest.state).lower()}", message, "error")
    pages = {"baseline": "baseline", "analyse": "analyse", "measure": "measure", "demo_walks": "performance"}
    params = {"step": "run", "job": newest.id} if newest.kind == "baseline" else {"job": newest.id}
    registry.link(pages.get(newest.kind, "performance"), "See what to do", **params)


def _people(baselines: list[BaselineSummary], analyses: list[AnalysisSummary]) -> None:
    for baseline, latest in latest_by_subject(baselines, analyses)[:12]:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
            with st.container(width="stretch"):
                made = f"baseline from {words.plural(baseline.n_walks, 'walk')}, {words.ago(baseline.created_s)}"
                st.html(
                    f"<div><strong>{_escape(baseline.subject)}</strong><br><span class='gs-note'>{made}</span></div>"
                )
            with st.container(width=230):
                if latest is None:
                    note("no later walk yet")
                else:
                    score = f"score {words.number(latest.score)}" if latest.score is not None else ""
                    st.html(
                        f"<div>{level_badge(latest.level)}<br><span class='gs-note'>{score} · "
                        f"{words.ago(latest.created_s)}</span></div>"
                    )
            label = "Open" if latest is not None else "Analyse"
            if st.button(label, key=f"person_{baseline.id}", help=f"{label}: {plain(baseline.subject)}", width=104):
                if latest is not None:
                    registry.go("analyse", baseline=baseline.id, analysis=latest.id)
                registry.go("analyse", baseline=baseline.id)


def _recent(analyses: list[AnalysisSummary]) -> None:
    body = [
        [
            item.name,
            item.subject,
            words.number(item.score),
            level_badge(level_key(item.level)),
            words.ago(item.created_s),
        ]
        for item in analyses[:_RECENT]
    ]
    columns = [("Walk", "name"), ("Subject", "name"), ("Score", "n"), ("Level", ""), ("Analysed", "t")]
    rows(columns, body, "Latest analysed walks", html_columns=(3,))


def _escape(text: str) -> str:
    from html import escape

    return escape(text)
