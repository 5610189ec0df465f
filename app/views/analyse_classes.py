"""Analyse a walk: what the promoted models say of it, apart from the level, in which they have no part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from app import words
from app.components import note
from app.jobview import bar
from app.registry import link
from app.state import workspace
from gait_core.errors import GaitError
from gait_core.learn.model_verdicts import OF_GROUPS, class_name, trained_on, verdict
from gait_core.learn.promoted_models import PromotedModel, promoted_model

__all__ = ["render"]


def render(classified: Sequence[Mapping[str, Any]], key: str) -> None:
    """Draw what each promoted model said of a walk; nothing where none was applied.

    Parameters
    ----------
    classified : sequence of mapping
        See `AnalysisSummary.classified`.
    key : str
        Tells the parts of this page apart.
    """
    if not classified:
        return
    st.subheader("What the trained models say", anchor=False)
    note(OF_GROUPS)
    with st.container(key=f"stack_{key}"):
        places = st.columns(min(2, len(classified)), gap="medium")
    for number, said in enumerate(classified):
        with places[number % len(places)], st.container(border=True, key=f"{key}_{number}"):
            st.html(_head(said))
            if said.get("probabilities"):
                st.html(_bars(said))
            for reason in said.get("reasons", ()):
                note(f"It abstains: {reason}.")
            _card(said)


def _head(said: Mapping[str, Any]) -> str:
    told = escape(trained_on(said))
    return (
        f'<p class="gs-kicker">{escape(str(said.get("title") or said.get("name") or ""))}</p>'
        f'<p class="gs-say"><strong>{escape(verdict(said)).replace(" %", "&nbsp;%")}</strong></p>'
        f'<p class="gs-note">{told}</p>'
    )


def _bars(said: Mapping[str, Any]) -> str:
    """Return one bar per class; grey where the model abstains from them."""
    ordered = sorted(said["probabilities"].items(), key=lambda pair: -pair[1])
    abstains = bool(said.get("abstained"))
    rows = "".join(
        f'<tr><td class="name">{escape(class_name(str(name)))}</td>'
        f'<td style="width:45%">{bar(float(share), f"Probability of {name}", still=abstains)}</td>'
        f'<td class="n">{words.percent(float(share)).replace(" ", "&nbsp;")}</td></tr>'
        for name, share in ordered
    )
    dim = " dim" if abstains else ""
    return (
        f'<div class="gs-scroll"><table class="gs-rows{dim}" style="max-width:30rem">'
        '<caption class="gs-sr">Probability of each class</caption><thead><tr><th scope="col">Class</th>'
        '<th scope="col"><span class="gs-sr">Bar</span></th><th scope="col" class="n">Probability</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _card(said: Mapping[str, Any]) -> None:
    """Draw the link to the card of the model, as long as it is the one that was applied."""
    now = _known(str(said.get("name") or ""))
    if now is None:
        note("This model has since been withdrawn.")
    elif said.get("run") and now.run != said["run"]:
        note("Another model has since been promoted under this name.")
    else:
        link("training", "Model card", model=now.name)


def _known(name: str) -> PromotedModel | None:
    try:
        return promoted_model(workspace(), name)
    except GaitError:
        return None
