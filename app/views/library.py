"""Library: everything that is stored, and its deletion with a question before."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from app import registry, words
from app.components import empty, error_box, facts, heading, level_badge, level_key, note
from app.state import jobs, param, recall, remember, set_params, workspace
from gait_core.baseline.analyses import delete_analysis, list_analyses
from gait_core.baseline.store import delete_baseline, list_baselines
from gait_core.cache import ArrayCache
from gait_core.errors import GaitError
from gait_core.workspace import safe_name

__all__ = ["render"]

_SHELVES = {
    "subjects": "Subjects",
    "walks": "Walks",
    "baselines": "Baselines",
    "analyses": "Analyses",
    "jobs": "Jobs",
    "cache": "Cache",
}
_PAGE = 25
_CACHED = {"track": "landmarks"}


def render() -> None:
    """Draw the page."""
    heading("Library", "What is stored on this computer. Deleting asks first.")
    done = recall("library_done")
    if done:
        remember("library_done", "")
        st.toast(done)
    wanted = param("shelf")
    shelf = st.segmented_control(
        "Show",
        list(_SHELVES),
        default=wanted if wanted in _SHELVES else "subjects",
        format_func=lambda key: _SHELVES[key],
        key="shelf_choice",
        required=True,
        label_visibility="collapsed",
    )
    set_params(shelf=str(shelf))
    {
        "subjects": _subjects,
        "walks": _walks,
        "baselines": _baselines,
        "analyses": _analyses,
        "jobs": _jobs,
        "cache": _cache,
    }[str(shelf)]()
    note(f"Stored in {workspace().root}")
    _question()


def _ask(kind: str, key: str, what: str, consequence: str, done: str) -> None:
    """Open the question whether to delete something; only its button deletes."""
    remember("doomed", {"kind": kind, "key": key, "what": what, "consequence": consequence, "done": done})
    st.rerun()


def _delete(kind: str, key: str) -> None:
    space = workspace()
    if kind == "subject":
        for baseline in list_baselines(space):
            if baseline.subject == key:
                delete_baseline(space, baseline.id)
        space.delete_record("subjects", safe_name(key))
    elif kind == "walk":
        space.delete_record("walks", key)
    elif kind == "baseline":
        delete_baseline(space, key)
    elif kind == "analysis":
        delete_analysis(space, key)
    elif kind == "job":
        jobs().delete(key)
    elif kind == "cache":
        ArrayCache.of(space).clear()


def _question() -> None:
    doomed: dict[str, str] | None = recall("doomed")
    if doomed:
        st.dialog(f"Delete {doomed['what']}?", icon=":material/delete:", on_dismiss=_keep)(_answer)(doomed)


def _keep() -> None:
    remember("doomed", None)


def _answer(doomed: Mapping[str, str]) -> None:
    st.html(f'<p style="margin:0;line-height:1.55">{escape(doomed["consequence"])} This cannot be undone.</p>')
    with st.container(horizontal=True, gap="small"):
        confirmed = st.button("Delete", key="delete_yes", type="primary", icon=":material/delete:")
        kept = st.button("Keep it", key="delete_no")
    if confirmed:
        try:
            _delete(doomed["kind"], doomed["key"])
        except GaitError as error:
            error_box(error.to_dict(), "Nothing was deleted")
            return
        remember("library_done", doomed["done"])
    if confirmed or kept:
        _keep()
        st.rerun()


def _row(title: str, more: str, key: str, *, aside: str = "") -> tuple[bool, bool]:
    """Draw one stored thing; return whether it shall be opened or deleted."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.html(
                f'<div style="overflow-wrap:anywhere"><strong>{escape(title)}</strong><br>'
                f'<span class="gs-note">{escape(more)}</span></div>'
            )
        if aside:
            with st.container(width=120):
                st.html(aside)
        opened = st.button("Open", key=f"open_{key}", help=f"Open {title}")
        doomed = st.button("Delete", key=f"delete_{key}", icon=":material/delete:", help=f"Delete {title}")
    return opened, doomed


def _more(count: int, key: str) -> int:
    """Return how many rows to draw; the rest comes on demand."""
    return min(count, int(recall(f"shown_{key}", _PAGE)))


def _show_more(count: int, key: str) -> None:
    shown = _more(count, key)
    if shown < count and st.button(f"Show more ({count - shown} left)", key=f"more_{key}", type="tertiary"):
        remember(f"shown_{key}", shown + _PAGE)
        st.rerun()


def _subjects() -> None:
    baselines, analyses = list_baselines(workspace()), list_analyses(workspace())
    names = list(dict.fromkeys(item.subject for item in baselines))
    if not names:
        _nothing("No subjects yet", "A subject appears with the first baseline.")
        return
    for name in names[: _more(len(names), "subjects")]:
        own = [item for item in baselines if item.subject == name]
        ids = {item.id for item in own}
        later = [item for item in analyses if item.baseline_id in ids]
        more = f"{words.plural(len(own), 'baseline')}, {words.plural(len(later), 'analysed walk')}"
        opened, doomed = _row(name, more, f"subject_{own[0].id}")
        if opened:
            registry.go("analyse", baseline=own[0].id)
        if doomed:
            _ask(
                "subject",
                name,
                f"subject {name}",
                f"{more} and their overlay videos are deleted. Your own video files stay where they are.",
                f"{name} was deleted.",
            )
    _show_more(len(names), "subjects")


def _walks() -> None:
    records = workspace().records("walks")
    if not records:
        _nothing("No walks yet", "A walk appears once it was used in a baseline or an analysis.")
        return
    for record in records[: _more(len(records), "walks")]:
        title = str(record.get("name") or record.get("path") or record.get("id"))
        facts_text = [
            str(record.get("subject") or ""),
            words.duration(record.get("duration_s")) if record.get("duration_s") else "",
            words.size(record.get("size_bytes")) if record.get("size_bytes") else "",
            str(record.get("path") or ""),
        ]
        opened, doomed = _row(title, " · ".join(part for part in facts_text if part), f"walk_{record['id']}")
        if opened:
            remember("walk_path", str(record.get("path") or ""))
            registry.go("analyse")
        if doomed:
            _ask(
                "walk",
                str(record["id"]),
                f"walk {title}",
                "The entry in the library is deleted. The video file and what was made from it stay.",
                f"{title} was deleted.",
            )
    _show_more(len(records), "walks")


def _baselines() -> None:
    found = list_baselines(workspace())
    if not found:
        _nothing("No baselines yet", "Create one from five walks.")
        return
    for item in found[: _more(len(found), "baselines")]:
        more = f"{words.plural(item.n_walks, 'walk')} · profile {item.profile} · {words.moment(item.created_s)}"
        opened, doomed = _row(item.subject, more, f"baseline_{item.id}")
        if opened:
            registry.go("thresholds", baseline=item.id)
        if doomed:
            count = len(list_analyses(workspace(), item.id))
            _ask(
                "baseline",
                item.id,
                f"the baseline of {item.subject}",
                f"The model, its limits and {words.plural(count, 'analysed walk')} are deleted. Your video files stay.",
                "The baseline was deleted.",
            )
    _show_more(len(found), "baselines")


def _analyses() -> None:
    found = list_analyses(workspace())
    if not found:
        _nothing("No analyses yet", "Analyse a walk to see it here.")
        return
    for item in found[: _more(len(found), "analyses")]:
        more = f"{item.subject} · score {words.number(item.score)} · {words.moment(item.created_s)}"
        opened, doomed = _row(item.name, more, f"analysis_{item.id}", aside=level_badge(level_key(item.level)))
        if opened:
            registry.go("analyse", baseline=item.baseline_id, analysis=item.id)
        if doomed:
            _ask(
                "analysis",
                item.id,
                f"the analysis of {item.name}",
                "Its scores and its overlay video are deleted. Your video file stays.",
                "The analysis was deleted.",
            )
    _show_more(len(found), "analyses")


def _jobs() -> None:
    found = jobs().list()
    if not found:
        _nothing("No jobs yet", "Every baseline and every analysis runs as a job.")
        return
    for job in found[: _more(len(found), "jobs")]:
        more = f"{words.state_name(job.state)} · {words.kind_name(job.kind)} · {words.moment(job.created_s)}"
        opened, doomed = _row(job.title, more, f"job_{job.id}")
        if opened:
            registry.go("performance", job=job.id)
        if doomed:
            _ask(
                "job",
                job.id,
                f"the job “{job.title}”",
                "Its log and its list of events are deleted. The baseline or analysis that it made stays.",
                "The job was deleted.",
            )
    _show_more(len(found), "jobs")


def _cache() -> None:
    info = ArrayCache.of(workspace()).info()
    facts(
        [
            ("Size", words.size(info.size_bytes), f"of at most {words.size(info.limit_bytes)}"),
            ("Entries", f"{info.entries:,}", "landmarks and features of videos"),
            ("Hit rate", words.percent(info.hit_rate), f"{info.hits:,} of {info.hits + info.misses:,} look-ups"),
        ]
    )
    if info.by_kind:
        ordered = sorted(info.by_kind.items(), key=lambda pair: -pair[1])
        parts = [f"{_CACHED.get(kind, kind)} {words.size(count)}" for kind, count in ordered]
        note(f"Of which {', '.join(parts)}.")
    if st.button("Clear the cache", key="cache_clear", icon=":material/delete_sweep:", disabled=info.entries == 0):
        _ask(
            "cache",
            "",
            "the cache",
            f"{words.size(info.size_bytes)} are freed. Videos are read again when they are next needed.",
            "The cache is empty.",
        )


def _nothing(title: str, text: str) -> None:
    empty(title, text)
    if st.button("Create a baseline", key="library_wizard", type="primary", icon=":material/directions_walk:"):
        registry.go("baseline", step="import")
