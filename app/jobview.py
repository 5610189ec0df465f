"""How a job looks: in the strip of the sidebar and as a panel on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from app import charts, charts_job, words
from app.components import box, error_box
from app.jobreport import with_mapped_files
from app.plain_text import plain
from app.state import jobs
from gait_core.errors import GaitError
from gait_core.jobs.store import Job

__all__ = [
    "Standing",
    "all_items",
    "bar",
    "follow",
    "items_html",
    "panel",
    "progress_share",
    "stage_rows",
    "stage_title",
    "stages_html",
    "standing",
]

_MARKS: Mapping[str, str] = {"done": "✓", "running": "▸", "failed": "✕", "crashed": "✕", "cancelled": "–"}
_TITLES: Mapping[str, str] = {
    "crashed": "The worker stopped unexpectedly",
    "damaged": "What is stored of this job is damaged",
}


def progress_share(done: float, total: float) -> float | None:
    """Return done/total in [0, 1], or None when the total is unknown."""
    return min(1.0, max(0.0, done / total)) if total > 0 else None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a job stands: share of the stage in [0, 1] or None, and that in words."""

    share: float | None
    text: str


def stage_title(job: Job) -> str:
    """Return what a job is doing, in words: its stage while it runs, otherwise its state."""
    return words.stage_name(job.stage, job.kind) if job.state == "running" else words.state_name(job.state)


def standing(job: Job) -> Standing:
    """Return how far the running stage is; training counts its rounds, so that the bar never jumps back."""
    if job.stage == "train" and job.kind == "baseline":
        epochs = jobs().events(job.id, kinds=("epoch",))
        if epochs:
            return standing_of_training(epochs)
    share = progress_share(job.done, job.total)
    parts = [
        words.percent(share) if share is not None else "",
        f"{job.done:,.0f} of {job.total:,.0f} {job.unit}" if job.total else "",
        words.rate(job.rate_per_s, job.unit),
        f"{words.duration(job.eta_s)} left" if job.eta_s else "",
    ]
    return Standing(share=share, text=" · ".join(part for part in parts if part) or "starting")


def standing_of_training(epochs: Sequence[Mapping[str, Any]]) -> Standing:
    """Return how far training is over all its rounds: one per held-out walk, then one with all walks."""
    event = epochs[-1]
    data = event.get("data", {})
    done, total = float(event.get("done") or 0), float(event.get("total") or 0)
    within = progress_share(done, total) or 0.0
    rounds = max(int(other.get("data", {}).get("folds") or 0) for other in epochs)
    before = int(data["fold"]) - 1 if data.get("fold") else rounds
    share = (before + within) / (rounds + 1)
    where = charts_job.round_name(data) if rounds else ""
    parts = (words.percent(share), where.lower(), f"epoch {done:.0f} of {total:.0f}")
    return Standing(share=share, text=" · ".join(part for part in parts if part))


def all_items(job: Job) -> list[dict[str, Any]]:
    """Return the videos of a job in the order given, those that have not begun included."""
    begun = {str(item.get("name")): item for item in job.items}
    if not begun or job.stage not in ("extract", "features", "train", "thresholds", "score", "overlay", "measure"):
        return job.items
    seen: dict[str, int] = {}
    ordered = []
    for video in job.spec.get("params", {}).get("videos", ()):
        if Path(str(video)).is_dir():
            continue  # its videos are known once they have begun
        name = Path(str(video)).name
        seen[name] = seen.get(name, 0) + 1
        label = name if seen[name] == 1 else f"{name} ({seen[name]})"
        ordered.append(begun.pop(label, {"name": label, "state": "waiting"}))
    return ordered + list(begun.values())


def bar(share: float | None, label: str, *, thin: bool = False, still: bool = False) -> str:
    """Return a progress bar as HTML that a screen reader can read."""
    css = "gs-bar" + (" thin" if thin else "") + (" still" if still else "")
    if share is None:
        return f'<div class="{css} unknown" role="progressbar" aria-label="{escape(label)}"><i></i></div>'
    value = round(100 * share)
    return (
        f'<div class="{css}" role="progressbar" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{value}"><i style="width:{value}%"></i></div>'
    )


def stage_rows(kind: str, stages: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, float | None]]:
    """Return (stage, state, duration in s): the stages so far, then those that usually follow.

    A stage that ran several times, as after a resume, appears once with its time added up. One that was passed over is
    left out.
    """
    seen: dict[str, tuple[str, float | None]] = {}
    for stage in stages:
        name, state, took_s = str(stage["name"]), str(stage["state"]), stage.get("duration_s")
        earlier_s = seen.get(name, ("", None))[1]
        both = [value for value in (earlier_s, took_s) if value is not None]
        seen[name] = (state, sum(both) if both else None)
    usual = words.stages_of(kind)
    passed = max((usual.index(name) + 1 for name in seen if name in usual), default=0)
    so_far = [(name, state, took_s) for name, (state, took_s) in seen.items()]
    return [*so_far, *((name, "waiting", None) for name in usual[passed:] if name not in seen)]


def stages_html(job: Job) -> str:
    """Return the list of stages as HTML."""
    lines = []
    for name, state, took_s in stage_rows(job.kind, job.stages):
        mark = _MARKS.get(state, "·")
        spoken = {"running": "running", "done": "done"}.get(state, words.state_name(state))
        time_text = words.duration(took_s) if took_s is not None else ""
        lines.append(
            f'<li class="{escape(state)}"><span aria-hidden="true">{mark}</span>'
            f"<span>{escape(words.stage_name(name, job.kind))}"
            f'<span class="gs-sr">, {escape(spoken)}</span></span><time>{time_text}</time></li>'
        )
    return f'<ol class="gs-stages" aria-label="Stages">{"".join(lines)}</ol>'


def items_html(items: Sequence[Mapping[str, Any]]) -> str:
    """Return one row per video as HTML: bar, frames, rate, time left."""
    lines = []
    for item in items:
        state = str(item.get("state", "waiting"))
        done, total = float(item.get("done") or 0), float(item.get("total") or 0)
        share = 1.0 if state in ("done", "cached") else progress_share(done, total) or 0.0
        unit = str(item.get("unit") or "frames")
        if state == "running":
            pace = words.rate(item.get("rate_per_s"), unit)
            left = item.get("eta_s")
            right = " · ".join(part for part in (pace, f"{words.duration(left)} left" if left else "") if part)
        else:
            right = {
                "waiting": "waiting",
                "done": "done",
                "cached": "from the cache",
                "failed": "cannot be used" if item.get("message") else "not finished",
                "cancelled": "stopped",
                "crashed": "broken off",
            }.get(state, state)
        count = f"{done:,.0f} / {total:,.0f} {unit}" if total else ""
        message = str(item.get("message") or "")
        below = f'<div class="gs-check bad">{escape(message)}</div>' if state == "failed" and message else ""
        name = escape(str(item.get("name", "")))
        lines.append(
            f'<tr><td class="name">{name}{below}</td>'
            f'<td class="grow">{bar(share, str(item.get("name", "")), thin=True, still=state != "running")}</td>'
            f'<td class="n dim">{escape(count)}</td><td class="n">{escape(right)}</td></tr>'
        )
    return (
        '<div class="gs-scroll"><table class="gs-rows"><caption class="gs-sr">Progress of each video</caption>'
        '<thead><tr><th scope="col">Video</th><th scope="col"><span class="gs-sr">Progress</span></th>'
        '<th scope="col" class="n">Done</th><th scope="col" class="n">Speed and time left</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def follow(job_id: str) -> None:
    """Draw a job and keep it fresh while it is active; the whole page runs once more when it ends."""
    try:
        first = jobs().get(job_id)
    except GaitError as error:
        error_box(error.to_dict(), "This job is gone")
        return
    was_active = first.active

    def render() -> None:
        job = jobs().get(job_id)
        if was_active and not job.active:
            st.rerun()
        panel(job)

    st.fragment(render, run_every=1.0 if was_active else None)()


def panel(job: Job) -> None:
    """Draw one job whole: state, total progress, stages, videos, losses, what can be done, log."""
    if job.active:
        _headline(job)
        _actions_active(job)
    else:
        _ended(job)
    if job.stages or job.active:
        with st.container(key=f"stack_job_{job.id}"):
            left, right = st.columns([1, 2], gap="large")
        with left:
            st.html(stages_html(job))
        with right:
            if job.items:
                st.html(items_html(all_items(job)))
            _losses(job)
    for warning in job.warnings:
        box("Please note", warning, "warn")
    _log(job)


def _headline(job: Job) -> None:
    if job.state == "queued":
        ahead = next((other for other in jobs().list() if other.active and other.state != "queued"), None)
        why = f"“{ahead.title}” runs first; jobs run one at a time." if ahead else "The worker is starting."
        box("Queued", why, "calm")
        return
    title = stage_title(job)
    now = standing(job)
    st.html(
        f'<div aria-live="polite"><div class="gs-line"><span><strong>{escape(title)}</strong></span>'
        f"<span>{escape(now.text)}</span></div></div>{bar(now.share, title)}"
    )


def _actions_active(job: Job) -> None:
    with st.container(horizontal=True):
        training = job.stage == "train" and job.state == "running"
        if training and st.button(
            "Stop early, keep the best", key=f"early_{job.id}", help="Ends training now and uses the best epoch so far."
        ):
            jobs().stop_early(job.id)
            st.toast("Training ends after this epoch and keeps the best weights.")
        if job.state == "cancelling":
            if st.button(
                "Stop now", key=f"kill_{job.id}", help="Ends the worker if it does not respond within seconds."
            ):
                jobs().cancel(job.id)
        elif st.button("Cancel and discard", key=f"cancel_{job.id}", icon=":material/close:"):
            jobs().cancel(job.id)
            st.rerun(scope="app")


def _ended(job: Job) -> None:
    if job.state == "done":
        took = f" in {words.duration(job.duration_s)}" if job.duration_s else ""
        box(f"Done{took}", f"Highest memory of the worker: {with_mapped_files(job)}.", "")
        return
    if job.state == "cancelled":
        box(
            "You cancelled this",
            "No partial results were kept. Finished videos come from the cache next time.",
            "calm",
        )
    else:
        error_box(job.error, _TITLES.get(job.state, "This did not work"))
    if not job.can_run_again:
        return  # it is not known any more what it was to do
    again = {"cancelled": "Start again", "crashed": "Resume", "damaged": "Run again"}.get(job.state, "Try again")
    if st.button(again, key=f"resume_{job.id}", type="primary", icon=":material/replay:"):
        jobs().resume(job.id)
        st.rerun(scope="app")


def _losses(job: Job) -> None:
    epochs = jobs().events(job.id, kinds=("epoch",))
    if not epochs:
        return
    points = [dict(event.get("data", {}), epochs=event.get("total")) for event in epochs]
    figure, sentence = charts_job.losses(points, of_person=job.kind != "recognise_train")
    charts.show(figure, sentence, key=f"loss_{job.id}")


def _log(job: Job) -> None:
    with st.expander("Log of this job", icon=":material/article:"):
        text = jobs().log(job.id)
        if text:
            st.code("\n".join(text.splitlines()[-200:]), language=None, height=280)
        else:
            st.caption("The worker has not written anything yet.")
        st.caption(f"Job {job.id}, folder {plain(str(job.folder))}")
