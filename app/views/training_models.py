"""Training lab, promoted models: which there are, what each is, and how a run becomes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from app import words
from app.components import box, check_line, empty, error_box, facts, note
from app.plain_text import plain, plain_card
from app.registry import link
from app.state import set_params, workspace
from gait_core.errors import GaitError
from gait_core.learn.promoted_models import (
    VIDEO_ROWS,
    PromotedModel,
    list_promoted,
    promote_model,
    promoted_model,
    promoted_name,
    withdraw_model,
)
from gait_core.learn.runs import Run

__all__ = ["promote_panel", "render", "show"]


def render(found: Sequence[PromotedModel]) -> None:
    """Draw the list of promoted models."""
    if not found:
        empty(
            "No model is promoted",
            "Open a finished run and promote its model: each later analysis of a walk then shows its probabilities.",
        )
        return
    note("Each analysis of a walk asks these models; what they say stands apart from the level.")
    for model in found:
        with st.container(border=True, key=f"promoted_{model.name}"):
            with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
                with st.container(width="stretch"):
                    st.html(
                        f"<div><strong>{escape(model.title)}</strong>"
                        f'<p class="gs-note">{escape(_told(model))}</p></div>'
                    )
                if st.button("Open", key=f"promoted_open_{model.name}"):
                    set_params(model=model.name)
                    st.rerun()
            _doubt(model)


def show(name: str) -> None:
    """Draw one promoted model: what it is, its card, and how to withdraw it."""
    try:
        model = promoted_model(workspace(), name)
    except GaitError:
        empty("This model is not promoted", "It was withdrawn, or the address belongs to another workspace.")
        _back()
        return
    st.html(f'<p class="gs-kicker">Promoted model</p><p class="gs-say"><strong>{escape(model.title)}</strong></p>')
    if model.facts is not None:
        facts(_facts(model))
    _doubt(model)
    with st.container(horizontal=True, vertical_alignment="center"):
        if model.card:
            st.download_button(
                "Download the card",
                model.card,
                f"{model.name}.md",
                "text/markdown",
                icon=":material/download:",
                on_click="ignore",
            )
        _withdraw(model)
        if model.run and (workspace().runs / model.run).is_dir():
            link("training", "The run that it came from", run=model.run)
    if model.card:
        with st.container(border=True):
            st.markdown(plain_card(model.card))
    elif model.facts is not None:
        note("Its card cannot be read.")
    _back()


def promote_panel(run: Run) -> None:
    """Draw how the model of a run is promoted, or under which names it is."""
    if not run.has_model or run.manifest is None:
        return
    found = list_promoted(workspace())
    own = [model for model in found if model.run == run.id]
    st.subheader("Use this model", anchor=False)
    for model in own:
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(width="content"):
                check_line(f"Promoted as “{model.title}”.", "good")
            link("training", "Model card", model=model.name)
    rows = str(run.manifest.dataset.get("row_kind") or "")
    if rows in VIDEO_ROWS:
        note(
            "A promoted model is applied in each later analysis of a walk. Its result is shown beside the level and "
            "never affects it."
        )
    else:
        note(
            f"It was trained on {rows}, which an analysis does not have available: once promoted, evaluate takes it by "
            "its name, but Analyse a walk does not show it."
        )
    _form(run, found)


def _form(run: Run, found: Sequence[PromotedModel]) -> None:
    usual = str(run.manifest.dataset.get("name") or "") if run.manifest is not None else ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the model",
            value=f"{usual} {run.manifest.model if run.manifest else ''}".replace("_", " ").strip(),
            key=f"promote_name_{run.id}",
            max_chars=60,
            width=360,
        )
        taken = _taken(name, found)
        if st.button(
            "Replace" if taken is not None else "Promote",
            key="training_promote",
            icon=":material/verified:",
            disabled=not name.strip() or (taken is not None and taken.run == run.id),
        ):
            _promote(run, name)
    if taken is not None and taken.run != run.id:
        note(f"“{taken.title}” is the model of another run; it would be replaced.")


def _promote(run: Run, name: str) -> None:
    try:
        model = promote_model(workspace(), run.id, name)
    except GaitError as error:
        error_box(error.to_dict(), "The model could not be promoted")
        return
    st.toast(f"Promoted as {plain(model.title)}.")
    st.rerun()


def _taken(name: str, found: Sequence[PromotedModel]) -> PromotedModel | None:
    try:
        wanted = promoted_name(name)
    except GaitError:
        return None
    return next((model for model in found if model.name == wanted), None)


def _withdraw(model: PromotedModel) -> None:
    with st.popover("Withdraw", icon=":material/block:"):
        note("Later analyses no longer use it. Its results for earlier walks and its run are kept.")
        if st.button(f"Withdraw {plain(model.title)}", key="training_withdraw", type="primary"):
            try:
                withdraw_model(workspace(), model.name)
            except GaitError as error:
                error_box(error.to_dict(), "The model could not be withdrawn")
                return
            set_params(model=None, tab="Models")
            st.rerun()


def _back() -> None:
    if st.button("All promoted models", key="training_models", type="tertiary", icon=":material/arrow_back:"):
        set_params(model=None, tab="Models")
        st.rerun()


def _doubt(model: PromotedModel) -> None:
    if model.error is not None:
        error_box(model.error, "This model cannot be used")
    elif model.facts is not None and not model.classifies_walks:
        box(
            "Not used by Analyse a walk",
            f"It was trained on {model.facts.kind}, which an analysis does not have available.",
            "calm",
        )


def _told(model: PromotedModel) -> str:
    if model.facts is None:
        return f"From run {model.run or 'unknown'}."
    classes = ", ".join(map(words.joint_name, model.facts.classes))
    return f"{model.facts.title} of {model.facts.kind}: {classes}. Promoted {words.ago(model.promoted_s)}."


def _facts(model: PromotedModel) -> list[tuple[str, str, str]]:
    known = model.facts
    if known is None:
        return []
    metrics: Mapping[str, Any] = known.scores.get("metrics", {})
    best = metrics.get("balanced_accuracy") or {}
    interval = (
        f"{best['ci_low']:.2f} to {best['ci_high']:.2f}" if best.get("ci_low") is not None else "no interval is known"
    )
    subjects = known.dataset.get("subjects") or {}
    told = ", ".join(f"{count} {words.joint_name(name)}" for name, count in subjects.items())
    return [
        ("Classifier", known.title, f"takes {known.kind}"),
        ("Balanced accuracy", words.number(best.get("mean"), 3), interval),
        ("Trained on", f"{sum(subjects.values()):,} subjects", told),
        ("Promoted", words.moment(model.promoted_s), f"name on the command line: {model.name}"),
    ]
