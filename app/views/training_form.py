"""Training lab, the form: which data, which model, and how it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from app.components import check_line, error_box, note
from app.demo import DATASET_FILE, dataset_job, demo_dataset
from app.jobview import follow
from app.profiles import known_profiles
from app.state import jobs, recall, remember, set_params, workspace
from app.views import training_check, training_choice, training_file, training_size
from app.views.training_file import FormStart, start_of_form
from app.views.training_settings import settings_form
from gait_core.errors import GaitError
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
_THRESHOLD_NAMES: Final = {"half": "The more probable class", "inner": "Set on an inner split"}


def render() -> None:
    """Draw the form."""
    start = start_of_form()
    training_file.load_section(start.suffix)
    place = _place(start)
    with st.expander("How the data are read", icon=":material/table_rows:"):
        read = settings_form(
            DatasetSettings,
            "training_data",
            start=start.get("data", {}),
            suffix=start.suffix,
            choices={"profile": list(known_profiles())},
        )
        data = {name: list(value) if isinstance(value, tuple) else value for name, value in read.items()}
    folds, seeds = _preset(start)
    report = training_check.section(place, folds, data)
    spec = training_choice.choose(report, start)
    settings = training_choice.settings_of(spec, start)
    training_size.render(report, spec, settings, folds)
    judged = _judging(start)
    values: dict[str, Any] = {"dataset": _text(place), "model": spec.name, "settings": settings, "data": data}
    values |= {"folds": folds, "seeds": seeds, **judged}
    training_file.keep(values)
    fits = report is None or not report["row_kind"] or report["row_kind"] in spec.inputs
    blocked = report is not None and not report["usable"]
    start_now = st.button(
        "Train",
        key="training_start",
        type="primary",
        icon=":material/play_arrow:",
        shortcut="Mod+Enter",
        disabled=place is None or blocked or not fits,
    )
    if blocked:
        check_line("Fix what the check found to continue.", "bad")
    if start_now and place is not None:
        submit(values)
    if place is not None:
        training_file.offer(values)


def _text(place: Path | None) -> str:
    return str(recall("training_path", "")) if place is None else str(place)


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


def _place(start: FormStart) -> Path | None:
    key = f"training_path{start.suffix}"
    _take_demo(key)
    text = st.text_input(
        "Dataset on this computer",
        value=str(start.get("dataset", "") or recall("training_path", "")),
        key=key,
        placeholder="/data/stroke_cycles.csv",
        help="A folder with one folder of videos per class; a label file with the columns video, label and subject; a "
        "table of gait cycles; or a table of parameters with the columns subject and label. Nothing is copied.",
    )
    remember("training_path", text)
    if not text.strip():
        check_line("Enter the path of a folder or a table to continue.")
        _offer_demo()
        return None
    place = Path(text.strip()).expanduser()
    if not place.is_absolute() or not place.exists():
        what = "Enter the full path, starting at the root." if not place.is_absolute() else "There is nothing here."
        check_line(what, "bad")
        return None
    what = "A folder." if place.is_dir() else f"A file, {place.stat().st_size / 1000:,.0f} kB."
    check_line(what, "good")
    return place


def _offer_demo() -> None:
    """Offer simulated walks to whoever has none that are labelled, and show how they are made."""
    job_id = recall("training_demo")
    if job_id:
        follow(str(job_id))
        return
    if st.button(
        "Use a demo dataset",
        key="training_demo",
        icon=":material/play_circle:",
        help="Simulated walks of twelve people: normal, and with each of eight impairments.",
    ):
        folder = demo_dataset(workspace())
        if (folder / DATASET_FILE).is_file():
            remember("training_demo_ready", True)
        else:
            try:
                remember("training_demo", dataset_job(jobs(), workspace()).id)
            except GaitError as error:
                error_box(error.to_dict(), "The demo dataset could not be started")
                return
        st.rerun()


def _take_demo(key: str) -> None:
    """Enter the demo dataset once it is made."""
    job_id = recall("training_demo")
    if job_id:
        try:
            job = jobs().get(str(job_id))
        except GaitError:
            job = None
        if job is None or not job.active:
            remember("training_demo", None)
            remember("training_demo_ready", job is not None and job.state == "done")
    if recall("training_demo_ready"):
        remember("training_demo_ready", False)
        st.session_state[key] = str(demo_dataset(workspace()))


def _preset(start: FormStart) -> tuple[int, int]:
    begun = int(start.get("folds", 5)), int(start.get("seeds", 1))
    named = next((name for name, (folds, seeds, _) in PRESETS.items() if (folds, seeds) == begun), "Custom")
    chosen = st.segmented_control(
        "Evaluation",
        [*PRESETS, "Custom"],
        default=named,
        required=True,
        key=f"training_preset{start.suffix}",
        help="Cross-validation by subject: no person is ever in training and in test at once.",
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
            begun[0],
            key=f"training_folds{start.suffix}",
            help="Parts into which the subjects are divided; each is tested once.",
        )
        seeds = st.number_input(
            "Repetitions",
            1,
            50,
            begun[1],
            key=f"training_seeds{start.suffix}",
            help="Each with another division of the subjects.",
        )
    return int(folds), int(seeds)


def _judging(start: FormStart) -> dict[str, Any]:
    with st.expander("Evaluation and controls", icon=":material/gavel:"):
        permuted = st.toggle(
            "Control with permuted labels",
            value=bool(start.get("permuted", False)),
            key=f"training_permuted{start.suffix}",
            help="Gives the labels to the subjects at random. The result must come to chance (0.5 with two classes); "
            "if it does not, training and test are not apart. No final model is trained.",
        )
        threshold = st.selectbox(
            "Decision",
            list(THRESHOLDS),
            index=list(THRESHOLDS).index(str(start.get("threshold", THRESHOLDS[0]))),
            format_func=lambda name: _THRESHOLD_NAMES.get(name, name),
            key=f"training_threshold{start.suffix}",
            help="With two classes the threshold can be set on an inner split of the training subjects.",
        )
        calibrate = st.toggle(
            "Calibrate probabilities",
            value=bool(start.get("calibrate", False)),
            key=f"training_calibrate{start.suffix}",
            help="Sets a temperature on the inner split, so that a probability can be taken at its word.",
        )
        final = st.toggle(
            "Train a final model on all subjects",
            value=bool(start.get("final", True)),
            key=f"training_final{start.suffix}",
            disabled=permuted,
            help="It gets a model card and can classify new walks.",
        )
        first_seed = st.number_input(
            "First seed",
            0,
            2**31 - 1,
            int(start.get("first_seed", 0)),
            key=f"training_first_seed{start.suffix}",
            help="Decides how the subjects are divided, and the first weights of a network; the same seed gives the "
            "same result.",
        )
        inner_folds = st.number_input(
            "Inner folds",
            2,
            100,
            int(start.get("inner_folds", 5)),
            key=f"training_inner_folds{start.suffix}",
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
