"""Recognition, gallery: who is enrolled, whether walks can be accepted or rejected, enrolment, removal."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, TypeAlias

import streamlit as st

from app import words
from app.choice import choose_one
from app.components import box, empty, error_box, facts, note, rows
from app.plain_text import plain
from app.state import param, workspace
from app.views import recognition_delete, recognition_enrol
from app.views.recognition_set import VIEWS
from gait_core.errors import GaitError
from gait_core.learn.intervals import Interval
from gait_core.recognition.gallery.entries import EntryRecord, ModelIdentity
from gait_core.recognition.gallery.gallery import Gallery, GallerySummary, list_galleries
from gait_core.recognition.gallery.threshold import Calibration, NotCalibrated, calibrate_threshold
from gait_core.recognition.model_store import RecognitionModel
from gait_core.workspace import Workspace

__all__ = ["gallery_titles", "render"]

Limit: TypeAlias = tuple[ModelIdentity, str, Calibration | NotCalibrated]
"""Model, view, and the limit of both or why there is none."""
_NO_LIMIT: Final = {
    "too_few_people": "No limit yet: too few people",
    "unknown_view": "No limit: the view is unknown",
    "not_told_apart": "No limit: the model does not tell these people apart",
}


def gallery_titles(found: Sequence[GallerySummary]) -> dict[str, str]:
    """Return each gallery in a few words, by identifier."""
    return {
        one.id: f"{one.name} · damaged"
        if one.damage
        else f"{one.name} · {words.plural(len(one.subjects), 'person', 'people')}, {words.plural(one.entries, 'walk')}"
        for one in found
    }


def render(models: list[RecognitionModel]) -> None:
    """Draw the gallery that is chosen, and the form for enrolment."""
    found = list_galleries(workspace())
    chosen = ""
    if found:
        wanted = param("gallery")
        if wanted and wanted not in {one.id for one in found}:
            box("This gallery is gone", "It was deleted, or the address belongs to another workspace.", "calm")
        chosen = choose_one("Gallery", gallery_titles(found), kept_as="gallery", key="recognition_gallery")
        _gallery(next(one for one in found if one.id == chosen))
    else:
        empty(
            "No one is enrolled yet",
            "A gallery holds walks of people under their pseudonyms, as embeddings; no frames are stored. It is made "
            "with the first enrolment.",
        )
    st.subheader("Enrol a person", anchor=False)
    if models:
        recognition_enrol.render(models, found, chosen)
    else:
        note("Enrolment needs a recognition model. The tabs Embed and Models say how to get one.")


def _gallery(summary: GallerySummary) -> None:
    gallery = Gallery(workspace(), summary.id)
    if summary.damage:
        error_box(
            {"message": summary.damage, "remedy": "Restore its folder from a backup, or delete the gallery."},
            f"The gallery {summary.name} is damaged",
        )
        _delete_gallery(summary)
        return
    try:
        records, limits = gallery.list(), _limits(gallery)
    except GaitError as error:
        error_box(error.to_dict(), f"The gallery {summary.name} cannot be used")
        _delete_gallery(summary)
        return
    if not records:
        note("No one is enrolled in this gallery any more.")
    for model, view, limit in limits:
        _limit(model, view, limit)
    if records:
        st.subheader("People", anchor=False)
        for subject in summary.subjects:
            _person(summary, subject, [record for record in records if record.subject == subject])
    _delete_gallery(summary)


def _limits(gallery: Gallery) -> tuple[Limit, ...]:
    """Return the limit for each model and view; calibrated anew only when the gallery has changed."""
    known = tuple(record.id for record in gallery.list())
    found: tuple[Limit, ...] = _calibrated(str(workspace().root), gallery.id, known)
    return found


@st.cache_resource(show_spinner=False, max_entries=16)
def _calibrated(root: str, gallery_id: str, known: tuple[str, ...]) -> tuple[Limit, ...]:
    entries = [entry for entry in Gallery(Workspace(root), gallery_id).entries() if entry.record.id in known]
    kinds = {(entry.record.model_digest, entry.record.view): entry.record.model for entry in entries}
    return tuple((model, view, calibrate_threshold(entries, model, view)) for (_, view), model in sorted(kinds.items()))


def _limit(model: ModelIdentity, view: str, limit: Calibration | NotCalibrated) -> None:
    where = f"{model.name}, view {VIEWS.get(view, view)}"
    if isinstance(limit, NotCalibrated):
        box(f"{_NO_LIMIT[limit.reason]} ({where})", limit.sentence, "calm")
        return
    st.html(f'<p class="gs-kicker">Limit for {escape(where)}</p>')
    facts(
        [
            ("Accepted up to", f"{limit.threshold:.3g}", "distance, without a unit"),
            (
                "Strangers accepted",
                words.percent(limit.false_accept.mean),
                f"{_interval(limit.false_accept)}; the target is at most {_unbroken(words.percent(limit.aim))}",
            ),
            (
                "Enrolled people missed",
                words.percent(limit.missed.mean),
                _interval(limit.missed),
            ),
            ("Calibrated from", f"{limit.subjects} people", words.plural(limit.entries, "walk")),
        ]
    )
    note(
        "Each person in turn was left out of the calibration and tried against it. With few people the intervals are "
        "wide: they say little then, whatever the rates."
    )


def _interval(share: Interval) -> str:
    low, high = words.percent(share.ci_low), words.percent(share.ci_high)
    return _unbroken(f"95 % interval {low} to {high}")


def _unbroken(text: str) -> str:
    """Keep the percent sign on the line of its number."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _person(gallery: GallerySummary, subject: str, records: Sequence[EntryRecord]) -> None:
    views = sorted({VIEWS.get(record.view, record.view) for record in records})
    key = records[0].id
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch"):
                st.html(
                    f'<div style="overflow-wrap:anywhere"><strong>{escape(subject)}</strong><br><span class="gs-note">'
                    f"{words.plural(len(records), 'walk')} · view {escape(', '.join(views))}</span></div>"
                )
            if st.button(
                "Remove", key=f"remove_person_{key}", icon=":material/delete:", help=f"Remove {plain(subject)}"
            ):
                recognition_delete.ask(
                    "person",
                    subject,
                    f"{subject} from the gallery {gallery.name}",
                    f"{words.plural(len(records), 'enrolled walk')} of {subject} and the notes on consent are deleted "
                    "from this gallery. Weights that were trained on these walks, and backups, are not changed.",
                    gallery=gallery.id,
                )
        with st.expander(f"Walks and consent ({len(records)})", key=f"entries_{key}"):
            _entries(gallery, records)


def _entries(gallery: GallerySummary, records: Sequence[EntryRecord]) -> None:
    rows(
        [("Recording", "name"), ("View", ""), ("Frames", "n"), ("Quality", "n"), ("Model", ""), ("Consent", "name")],
        [
            [
                record.source,
                VIEWS.get(record.view, record.view),
                f"{record.frames:,}",
                words.number(record.quality),
                str(record.model),
                record.consent,
            ]
            for record in records
        ],
        "Enrolled walks of this person",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "One walk",
            [record.id for record in records],
            format_func=lambda one: next(record.source for record in records if record.id == one),
            key=f"entry_{records[0].id}",
            width=380,
        )
        if st.button("Remove this walk", key=f"remove_entry_{records[0].id}", icon=":material/delete:"):
            record = next(record for record in records if record.id == chosen)
            recognition_delete.ask(
                "entry",
                record.id,
                f"the walk {record.source}",
                f"The embedding of this walk of {record.subject} is deleted from the gallery {gallery.name}.",
                gallery=gallery.id,
            )


def _delete_gallery(summary: GallerySummary) -> None:
    if st.button("Delete this gallery", key="recognition_gallery_delete", type="tertiary", icon=":material/delete:"):
        recognition_delete.ask(
            "gallery",
            summary.id,
            f"the gallery {summary.name}",
            f"{words.plural(len(summary.subjects), 'person', 'people')} with "
            f"{words.plural(summary.entries, 'enrolled walk')} are deleted.",
        )
