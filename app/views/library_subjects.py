"""Library, people: what is stored of each, and their deletion, with what stays shown before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import streamlit as st

from app import registry, words
from app.components import note
from app.state import recall, remember, workspace
from app.views.library_rows import ask, how_many, nothing, row, show_more
from gait_core.baseline.analyses import list_analyses
from gait_core.baseline.store import BaselineSummary, list_baselines
from gait_core.recognition.gallery.gallery import list_galleries
from gait_core.walks.measurements import list_measurements
from gait_core.workflows.delete_subject import Staying, delete_subject, find_items
from gait_core.workspace import name_id

__all__ = ["delete", "shelf", "told", "what_stays"]

_COUNTED: Final = {"jobs": "job", "uploads": "uploaded video", "drafts": "draft"}
_STAYING: Final = "library_staying"


def shelf() -> None:
    """List the people."""
    baselines, analyses, measured = list_baselines(workspace()), list_analyses(workspace()), _measured_by_subject()
    enrolled = {name for gallery in list_galleries(workspace()) for name in gallery.subjects}
    stored = [*(item.subject for item in baselines), *(name for name in measured if name), *sorted(enrolled)]
    known = [str(record.get("name") or "") for record in workspace().records("subjects")]
    names = list(dict.fromkeys(name for name in (*stored, *known) if name))
    if not names:
        nothing("No subjects yet", "A subject appears with the first baseline, measured walk or enrolled walk.")
        return
    for name in names[: how_many(len(names), "subjects")]:
        own = [item for item in baselines if item.subject == name]
        ids = {item.id for item in own}
        later = [item for item in analyses if item.baseline_id in ids]
        walks = measured.get(name, [])
        more = (
            f"{words.plural(len(own), 'baseline')}, {words.plural(len(later), 'analysed walk')}, "
            f"{words.plural(len(walks), 'measured walk')}{', enrolled' if name in enrolled else ''}"
        )
        opened, doomed = row(name, more, f"subject_{_key_of(name, own, walks)}")
        if opened and own:
            registry.go("analyse", baseline=own[0].id)
        if opened and walks:
            registry.go("measure", measurement=str(walks[0]["id"]))
        if doomed:
            ask("subject", name, f"subject {name}", f"{more}{_also(name)} are deleted.", f"{name} was deleted.")
    show_more(len(names), "subjects")


def what_stays(name: str) -> None:
    """Say before the deletion what of a person it leaves."""
    _list(find_items(workspace(), name).stays)


def delete(name: str) -> None:
    """Delete a person, and keep in mind what stays."""
    found = delete_subject(workspace(), name)
    remember(_STAYING, [vars(one) for one in found.stays])


def told() -> None:
    """Say after the deletion, once, what it left."""
    kept = recall(_STAYING)
    if kept:
        remember(_STAYING, None)
        _list([Staying(**one) for one in kept])


def _list(stays: Sequence[Staying]) -> None:
    if not stays:
        note("Nothing of this person stays in the workspace, and no video file of your own is known.")
        return
    # Said once for all that stay for the same reason.
    alike: dict[str, list[Staying]] = {}
    for one in stays:
        alike.setdefault(one.why, []).append(one)
    parts = []
    for why, group in alike.items():
        lines = "".join(f"<li>{escape(one.what)}: <code>{escape(one.path)}</code></li>" for one in group)
        parts.append(
            f'<p style="margin:.4rem 0 0">{escape(why)}</p>'
            f'<ul style="margin:.2rem 0 0 1.1rem;overflow-wrap:anywhere">{lines}</ul>'
        )
    st.html(f'<div class="gs-box calm" role="status"><b>What stays</b>{"".join(parts)}</div>')


def _also(name: str) -> str:
    counts = find_items(workspace(), name).counts()
    parts = [words.plural(counts[kind], one) for kind, one in _COUNTED.items() if counts.get(kind)]
    return f", {', '.join(parts)} with their logs and reports" if parts else " and their overlay videos"


def _key_of(name: str, baselines: Sequence[BaselineSummary], walks: Sequence[Mapping[str, Any]]) -> str:
    if baselines:
        return baselines[0].id
    return str(walks[0]["id"]) if walks else name_id(name)


def _measured_by_subject() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for facts_of in list_measurements(workspace()):
        found.setdefault(str(facts_of["subject"]), []).append(facts_of)
    return found
