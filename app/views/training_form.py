"""Training lab, the form: which data, which model, and how it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import streamlit as st

from app.components import error_box, note
from app.state import jobs, recall, remember, set_params
from app.views import training_check
from app.views.training_settings import settings_form
from gait_core.errors import GaitError
from gait_core.learn.classifiers import ClassifierKind, classifiers
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.decision import THRESHOLDS
from gait_core.learn.runs import new_run_id
from gait_core.workflows.train_request import TrainRequest

__all__ = ["PRESETS", "render"]

PRESETS: Final[Mapping[str, tuple[int, int, str]]] = {
    "Quick look": (3, 1, "3 folds, once: whether it works at all."),
    "Standard": (5, 1, "5 folds, once: each subject is tested once."),
    "Thorough": (5, 5, "5 folds, repeated with 5 divisions of the subjects: for results that you report."),
}
_DATA: Final = ("rows", "reference_class", "missing", "several_labels", "table", "subject_pattern")
_THRESHOLD_NAMES: Final = {"half": "The more probable class", "inner": "Set on an inner split"}
_KINDS: Final = {"curves": "gait cycles", "windows": "windows of video features", "parameters": "tables of parameters"}


def render() -> None:
    """Draw the form."""
    place = _place()
    with st.expander("How the data are read", icon=":material/table_rows:"):
        data = settings_form(DatasetSettings, "training_data", only=_DATA)
    folds, seeds = _preset()
    report = training_check.section(place, folds, data)
    spec = _model(report)
    with st.expander(f"Settings of {spec.title}", icon=":material/tune:"):
        note("What you do not change keeps its default.")
        settings = settings_form(spec.settings, f"training_set_{spec.name}")
    judged = _judging()
    blocked = report is not None and not report["usable"]
    start = st.button(
        "Train",
        key="training_start",
        type="primary",
        icon=":material/play_arrow:",
        shortcut="Mod+Enter",
        disabled=place is None or blocked,
    )
    if blocked:
        st.html('<p class="gs-check bad" role="status">✕ Mend what the check found to go on.</p>')
    if start and place is not None:
        values = {"dataset": str(place), "model": spec.name, "settings": settings, "data": data}
        submit({**values, "folds": folds, "seeds": seeds, **judged})


def submit(values: Mapping[str, Any]) -> None:
    """Start a training and show it."""
    try:
        request = TrainRequest.from_dict(values)
        request = request.with_(run=request.run or new_run_id(request.model))
        title = f"{request.classifier.title} on {Path(request.dataset).name}"
        job = jobs().submit("train", request.to_dict(), title)
    except GaitError as error:
        error_box(error.to_dict(), "The training could not be started")
        return
    set_params(job=job.id, run=None, check=None)
    st.rerun()


def _place() -> Path | None:
    text = st.text_input(
        "Dataset on this computer",
        value=str(recall("training_path", "")),
        key="training_path",
        placeholder="/data/stroke_cycles.csv",
        help="A folder with one folder of videos per class; a label file with the columns video, label and subject; a "
        "table of gait cycles; or a table of parameters with the columns subject and label. Nothing is copied.",
    )
    remember("training_path", text)
    if not text.strip():
        st.html('<p class="gs-check none" role="status">Give the path of a folder or of a table to go on.</p>')
        return None
    place = Path(text.strip()).expanduser()
    if not place.is_absolute() or not place.exists():
        what = "Give the whole path, beginning at the root." if not place.is_absolute() else "There is nothing here."
        st.html(f'<p class="gs-check bad" role="status">✕ {escape(what)}</p>')
        return None
    what = "A folder." if place.is_dir() else f"A file, {place.stat().st_size / 1000:,.0f} kB."
    st.html(f'<p class="gs-check good" role="status">✓ {escape(what)}</p>')
    return place


def _preset() -> tuple[int, int]:
    chosen = st.segmented_control(
        "How thoroughly it is judged",
        [*PRESETS, "Custom"],
        default="Standard",
        required=True,
        key="training_preset",
        help="Cross-validation by subject: nobody is ever in training and in test at once.",
    )
    if chosen in PRESETS:
        folds, seeds, told = PRESETS[str(chosen)]
        note(told)
        return folds, seeds
    with st.container(horizontal=True):
        folds = st.number_input(
            "Folds",
            2,
            50,
            5,
            key="training_folds",
            help="Parts into which the subjects are divided; each is tested once.",
        )
        seeds = st.number_input(
            "Repetitions", 1, 50, 1, key="training_seeds", help="Each with another division of the subjects."
        )
    return int(folds), int(seeds)


def _model(report: Mapping[str, Any] | None) -> ClassifierKind:
    kind = str(report["row_kind"]) if report is not None and report["row_kind"] else None
    fitting = {spec.name: spec for spec in classifiers(kind)}
    order = [name for name in ("svm", "logistic_regression", "minirocket") if name in fitting]
    names = [*order, *(name for name in fitting if name not in order)]
    with st.container(key="cards_training_model"):
        name = st.radio(
            "Model" if kind is None else f"Model for {_KINDS.get(kind, kind)}",
            names,
            format_func=lambda one: fitting[one].title,
            captions=[fitting[one].describe for one in names],
            key="training_model",
        )
    return fitting[name or names[0]]


def _judging() -> dict[str, Any]:
    with st.expander("Judging and controls", icon=":material/gavel:"):
        permuted = st.toggle(
            "Control with permuted labels",
            key="training_permuted",
            help="Gives the labels to the subjects at random. The result must come to chance (0.5 with two classes); "
            "if it does not, training and test are not apart. No final model is trained.",
        )
        threshold = st.selectbox(
            "Decision",
            list(THRESHOLDS),
            format_func=lambda name: _THRESHOLD_NAMES.get(name, name),
            key="training_threshold",
            help="With two classes the threshold can be set on an inner split of the training subjects.",
        )
        calibrate = st.toggle(
            "Calibrate probabilities",
            key="training_calibrate",
            help="Sets a temperature on the inner split, so that a probability can be taken at its word.",
        )
        final = st.toggle(
            "Train a final model on all subjects",
            value=True,
            key="training_final",
            disabled=permuted,
            help="It gets a model card and can classify new walks.",
        )
        first_seed = st.number_input("First seed", 0, 2**31 - 1, 0, key="training_first_seed")
        inner_folds = st.number_input(
            "Inner folds",
            2,
            100,
            5,
            key="training_inner_folds",
            help="One of so many parts of the training subjects decides when to stop, the threshold and the "
            "calibration. The test fold decides nothing.",
        )
    return {
        "permuted": permuted,
        "threshold": threshold,
        "calibrate": calibrate,
        "final": final and not permuted,
        "first_seed": int(first_seed),
        "inner_folds": int(inner_folds),
    }
