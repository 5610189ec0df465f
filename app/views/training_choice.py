"""Training lab, the choice of a model: those that take the data, those that do not and why, and their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from app.components import note, rows
from app.state import recall
from app.views.training_file import FormStart, start_again
from app.views.training_settings import settings_form
from gait_core.learn.classifiers import ClassifierKind, classifiers
from gait_core.learn.registry import ModelKind, model_kinds
from gait_core.walks.clips import CLIP_CHANNELS

__all__ = ["SETTING_PRESETS", "choose", "presets_of", "settings_of", "why_not"]

SETTING_PRESETS: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "Defaults": ({}, "The settings behind the results in the documentation."),
    "Quick trial": ({"epochs": 15, "patience": 5}, "A few epochs: whether it learns anything at all."),
    "Rare class": ({"loss": "focal", "focal_gamma": 2.0}, "Focal loss: rows already classified correctly count less."),
}
"""Settings by name, with what they are for; each is offered for the models that have all of its settings."""

_FIRST: Final = ("svm", "logistic_regression", "minirocket")
_ROWS: Final = {
    "curves": "gait cycles",
    "windows": "windows of video features",
    "parameters": "tables of parameters",
    "clips": "clips of images",
}
_ELSEWHERE: Final = {
    "reconstruct": "It is trained with each baseline, in the Baseline wizard.",
    "embed": "It is trained for recognition, on the command line.",
}


def choose(report: Mapping[str, Any] | None, start: FormStart) -> ClassifierKind:
    """Draw the models and return the one that was chosen.

    Parameters
    ----------
    report : mapping or None
        Of the check of the dataset, which says what its rows are; None before there is one.
    start : FormStart
    """
    kind = str(report["row_kind"]) if report is not None and report["row_kind"] else None
    fitting = {spec.name: spec for spec in classifiers(kind) if report is None or not why_not(spec, report)}
    names = [*(name for name in _FIRST if name in fitting), *(name for name in fitting if name not in _FIRST)]
    begun = str(start.get("model", names[0]))
    with st.container(key="cards_training_model"):
        name = st.radio(
            "Model" if kind is None else f"Model for {_ROWS.get(kind, kind)}",
            names,
            index=names.index(begun) if begun in names else 0,
            format_func=lambda one: fitting[one].title,
            captions=[f"{fitting[one].describe} Takes {_taken(fitting[one])}." for one in names],
            key=f"training_model{start.suffix}",
        )
    _others(report if kind is not None else None, set(names))
    return fitting[name or names[0]]


def settings_of(spec: ClassifierKind, start: FormStart) -> dict[str, Any]:
    """Draw the settings of a model and return those that differ from their default."""
    with st.expander(f"Settings of {spec.title}", icon=":material/tune:"):
        offered = presets_of(spec)
        if len(offered) > 1:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                for name, (values, told) in offered.items():
                    if st.button(name, key=f"training_settings_{name}_{spec.name}", help=told):
                        start_again({**(recall("training_now") or {}), "model": spec.name, "settings": dict(values)})
                        st.rerun()
        note("What you do not change keeps its default.")
        return settings_form(
            spec.settings,
            f"training_set_{spec.name}",
            start=start.settings_of(spec.name),
            suffix=start.suffix,
        )


def presets_of(spec: ModelKind) -> dict[str, tuple[Mapping[str, Any], str]]:
    """Return the presets whose settings a model has."""
    known = spec.settings().to_dict()
    return {name: preset for name, preset in SETTING_PRESETS.items() if set(preset[0]) <= set(known)}


def why_not(model: ModelKind, report: Mapping[str, Any] | None) -> str:
    """Say why a model cannot be trained on a dataset that was checked; empty where it can.

    Parameters
    ----------
    model : ModelKind
    report : mapping or None
        Without one only models that are no classifiers are refused.
    """
    if not isinstance(model, ClassifierKind):
        return _ELSEWHERE.get(model.task, "It is not a classifier.")
    given = str(report["row_kind"]) if report is not None else ""
    if not given:
        return ""
    if given not in model.inputs:
        return f"It takes {_taken(model)}; this dataset gives {_ROWS.get(given, given)}."
    channels = tuple(report["channels"]) if report is not None else ()
    contents: Sequence[str] = getattr(model, "contents", ())
    if given == "clips" and contents and channels not in [CLIP_CHANNELS[content] for content in contents]:
        wanted = " or ".join(content.replace("_", " ") for content in contents)
        return f"It takes clips of {wanted}; these show {', '.join(channels)}. Change it under “How the data are read”."
    return ""


def _taken(model: ModelKind) -> str:
    named = [_ROWS.get(one, one) for one in model.inputs]
    if set(_ROWS) <= set(model.inputs):
        return "data of every kind"
    return f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else named[0]


def _others(report: Mapping[str, Any] | None, offered: set[str]) -> None:
    """Draw the models that cannot be chosen here, each with the reason."""
    left = [model for model in model_kinds() if model.name not in offered]
    if not left:
        return
    body = [[model.title, model.task, _taken(model), why_not(model, report)] for model in left]
    title = "Models that are trained elsewhere" if report is None else "Models that do not take these data"
    with st.expander(f"{title} ({len(left)})", icon=":material/block:"):
        rows([("Model", "t"), ("Task", "dim"), ("Takes", "dim"), ("Why not here", "name")], body, title)
