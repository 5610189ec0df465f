"""Library: everything that is stored, and its deletion with a question before."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from app import damage, registry, words
from app.components import empty, error_box, facts, heading, level_badge, level_key, note
from app.plain_text import plain
from app.state import jobs, param, recall, remember, set_params, workspace
from app.views import library_subjects
from app.views.library_rows import ask, how_many, nothing, row, show_more
from gait_core.baseline.analyses import delete_analysis, list_analyses
from gait_core.baseline.store import delete_baseline, list_baselines
from gait_core.cache import ArrayCache
from gait_core.cache.labels import kind_label
from gait_core.errors import GaitError
from gait_core.walks.measurements import delete_measurement, list_measurements
from gait_core.workflows.damaged_items import delete_damaged

__all__ = ["render"]

_SHELVES = {
    "subjects": "Subjects",
    "walks": "Walks",
    "baselines": "Baselines",
    "analyses": "Analyses",
    "measurements": "Measurements",
    "jobs": "Jobs",
    "cache": "Cache",
}


def render() -> None:
    """Draw the page."""
    heading("Library", "What is stored on this computer. You are asked before anything is deleted.")
    done = recall("library_done")
    if done:
        remember("library_done", "")
        st.toast(plain(done))
    library_subjects.told()
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
        "subjects": library_subjects.shelf,
        "walks": _walks,
        "baselines": _baselines,
        "analyses": _analyses,
        "measurements": _measurements,
        "jobs": _jobs,
        "cache": _cache,
    }[str(shelf)]()
    damage.in_library()
    note(f"Stored in {workspace().root}")
    _question()


def _delete(kind: str, key: str) -> None:
    space = workspace()
    if kind == "subject":
        library_subjects.delete(key)
    elif kind == "walk":
        space.delete_record("walks", key)
    elif kind == "baseline":
        delete_baseline(space, key)
    elif kind == "analysis":
        delete_analysis(space, key)
    elif kind == "measurement":
        delete_measurement(space, key)
    elif kind == "job":
        jobs().delete(key)
    elif kind == "damaged":
        delete_damaged(space, *key.split("/", 1))
    elif kind == "cache":
        ArrayCache.of(space).clear()


def _question() -> None:
    doomed: dict[str, str] | None = recall("doomed")
    if doomed:
        st.dialog(f"Delete {plain(doomed['what'])}?", icon=":material/delete:", on_dismiss=_keep)(_answer)(doomed)


def _keep() -> None:
    remember("doomed", None)


def _answer(doomed: Mapping[str, str]) -> None:
    st.html(f'<p style="margin:0;line-height:1.55">{escape(doomed["consequence"])} This cannot be undone.</p>')
    if doomed["kind"] == "subject":
        library_subjects.what_stays(doomed["key"])
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


def _walks() -> None:
    records = sorted(workspace().records("walks"), key=lambda record: -float(record.get("used_s") or 0.0))
    if not records:
        nothing("No walks yet", "A walk appears once it has been used in a baseline or an analysis.")
        return
    note("Walks of baselines and analyses, latest use first. Walks that were only measured are under “Measurements”.")
    for record in records[: how_many(len(records), "walks")]:
        title = str(record.get("name") or record.get("path") or record.get("id"))
        facts_text = [
            str(record.get("subject") or ""),
            words.duration(record.get("duration_s")) if record.get("duration_s") else "",
            words.size(record.get("size_bytes")) if record.get("size_bytes") else "",
            str(record.get("path") or ""),
        ]
        opened, doomed = row(title, " · ".join(part for part in facts_text if part), f"walk_{record['id']}")
        if opened:
            remember("walk_path", str(record.get("path") or ""))
            registry.go("analyse")
        if doomed:
            ask(
                "walk",
                str(record["id"]),
                f"walk {title}",
                "The entry in the library is deleted. The video file and what was made from it stay.",
                f"{title} was deleted.",
            )
    show_more(len(records), "walks")


def _baselines() -> None:
    found = list_baselines(workspace())
    if not found:
        nothing("No baselines yet", "Create one from five walks.")
        return
    for item in found[: how_many(len(found), "baselines")]:
        more = f"{words.plural(item.n_walks, 'walk')} · profile {item.profile} · {words.moment(item.created_s)}"
        opened, doomed = row(item.subject, more, f"baseline_{item.id}")
        if opened:
            registry.go("thresholds", baseline=item.id)
        if doomed:
            count = len(list_analyses(workspace(), item.id))
            ask(
                "baseline",
                item.id,
                f"the baseline of {item.subject}",
                f"The model, its limits and {words.plural(count, 'analysed walk')} are deleted. Your video files stay.",
                "The baseline was deleted.",
            )
    show_more(len(found), "baselines")


def _analyses() -> None:
    found = list_analyses(workspace())
    if not found:
        nothing("No analyses yet", "Analyse a walk to see it here.")
        return
    for item in found[: how_many(len(found), "analyses")]:
        more = f"{item.subject} · score {words.number(item.score)} · {words.moment(item.created_s)}"
        opened, doomed = row(item.name, more, f"analysis_{item.id}", aside=level_badge(level_key(item.level)))
        if opened:
            registry.go("analyse", baseline=item.baseline_id, analysis=item.id)
        if doomed:
            ask(
                "analysis",
                item.id,
                f"the analysis of {item.name}",
                "Its scores and its overlay video are deleted. Your video file stays.",
                "The analysis was deleted.",
            )
    show_more(len(found), "analyses")


def _measurements() -> None:
    found = list_measurements(workspace())
    if not found:
        empty("No measurements yet", "Measure a walk to see it here; no baseline is needed.")
        registry.link("measure", "Measure a walk")
        return
    for item in found[: how_many(len(found), "measurements")]:
        name = str(item["name"])
        more = f"{item['subject'] or 'no name given'} · {words.moment(float(item['created_s']))}"
        opened, doomed = row(name, more, f"measurement_{item['id']}")
        if opened:
            registry.go("measure", measurement=str(item["id"]))
        if doomed:
            ask(
                "measurement",
                str(item["id"]),
                f"the measurement of {name}",
                "Its events, values and curves are deleted, changes by hand among them. Your video file stays.",
                "The measurement was deleted.",
            )
    show_more(len(found), "measurements")


def _jobs() -> None:
    found = jobs().list()
    if not found:
        nothing("No jobs yet", "Every baseline and every analysis runs as a job.")
        return
    for job in found[: how_many(len(found), "jobs")]:
        more = f"{words.state_name(job.state)} · {words.kind_name(job.kind)} · {words.moment(job.created_s)}"
        opened, doomed = row(job.title, more, f"job_{job.id}")
        if opened:
            registry.go("performance", job=job.id)
        if doomed:
            ask(
                "job",
                job.id,
                f"the job “{job.title}”",
                "Its log and its list of events are deleted. The baseline or analysis that it made stays.",
                "The job was deleted.",
            )
    show_more(len(found), "jobs")


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
        parts = [f"{kind_label(kind)} {words.size(count)}" for kind, count in ordered]
        note(f"Of which {', '.join(parts)}.")
    if st.button("Clear the cache", key="cache_clear", icon=":material/delete_sweep:", disabled=info.entries == 0):
        ask(
            "cache",
            "",
            "the cache",
            f"{words.size(info.size_bytes)} are freed. Videos are read again when they are next needed.",
            "The cache is empty.",
        )
