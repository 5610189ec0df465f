"""Recognition, enrolment: whose walks, in which gallery, and with whose consent."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import words
from app.components import check_line, note
from app.state import recall, remember, workspace
from app.views import recognition_form
from gait_core.baseline.store import list_baselines
from gait_core.recognition.gallery.gallery import GallerySummary
from gait_core.recognition.model_store import RecognitionModel

__all__ = ["render"]

_KEY = "recognition_enrol"
_NEW = "new"


def render(models: Sequence[RecognitionModel], galleries: Sequence[GallerySummary], chosen: str) -> None:
    """Draw the form.

    Parameters
    ----------
    models : sequence of RecognitionModel
        At least one.
    galleries : sequence of GallerySummary
    chosen : str
        Identifier of the gallery that is shown; empty where there is none.
    """
    gallery = _gallery(galleries, chosen)
    subject = _subject(galleries)
    paths = recognition_form.walk_paths(_KEY)
    model = recognition_form.choose_model(models, _KEY)
    options = recognition_form.more(_KEY)
    consent = _consent()
    missing = [
        name
        for name, value in (
            ("the name of the gallery", gallery),
            ("whose walks they are", subject),
            ("a walk", paths),
            ("the note on consent", consent),
        )
        if not value
    ]
    if st.button(
        f"Enrol {words.plural(len(paths), 'walk')}" if paths else "Enrol",
        key="recognition_enrol_start",
        type="primary",
        icon=":material/person_add:",
        shortcut="Mod+Enter",
        disabled=bool(missing),
    ):
        params = {"sources": paths, "gallery": gallery, "subject": subject, "consent": consent, "model": model}
        recognition_form.submit("recognise_enrol", {**params, **options}, f"Enrolment of {subject}")
    if missing:
        check_line(f"Still needed: {', '.join(missing)}.")


def _gallery(galleries: Sequence[GallerySummary], chosen: str) -> str:
    """Return the identifier of a gallery, or the name of a new one."""
    usable = [one for one in galleries if not one.damage]
    names = {one.id: one.name for one in usable}
    if names:
        place = st.selectbox(
            "Into which gallery?",
            [*names, _NEW],
            index=list(names).index(chosen) if chosen in names else 0,
            format_func=lambda one: names.get(one, "A new gallery"),
            key=f"{_KEY}_gallery_{chosen}",
            width=420,
        )
        if place != _NEW:
            return str(place)
    return st.text_input(
        "Name of the new gallery", key=f"{_KEY}_new", placeholder="for example Clinic", max_chars=60, width=420
    ).strip()


def _subject(galleries: Sequence[GallerySummary]) -> str:
    known = [name for one in galleries for name in one.subjects]
    known += [item.subject for item in list_baselines(workspace()) if item.subject]
    last = str(recall(f"{_KEY}_subject", ""))
    names = list(dict.fromkeys([*([last] if last else []), *known]))
    chosen = st.selectbox(
        "Whose walks are they? (pseudonym)",
        names,
        index=0 if last else None,
        placeholder="Choose or type, for example P-017",
        accept_new_options=True,
        key=f"{_KEY}_subject",
        help="The same person in all of them. Do not use the real name.",
        width=420,
    )
    remember(f"{_KEY}_subject", chosen or "")
    return str(chosen or "").strip()


def _consent() -> str:
    consent = st.text_area(
        "Note on consent",
        key=f"{_KEY}_consent",
        placeholder="Who agreed, to what, and when; for example: agreed in writing on 3 May to be recognised at visits",
        max_chars=2000,
        height=68,
    )
    note(
        "Gait identifies people, so an embedding is biometric data. In many countries it may be stored only with "
        "explicit consent and for a stated purpose. The note is stored with each walk; what it says is not checked."
    )
    return consent.strip()
