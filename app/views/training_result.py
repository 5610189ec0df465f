"""One training run: how good it is and how sure that is, by class and by fold, and what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from app import charts, charts_scores, charts_training, reproduce, words
from app.charts_training import metric_name
from app.components import box, error_box, facts, foot, note, rows, say
from app.plain_text import plain_card
from app.state import jobs, set_params
from app.views import training_check, training_file, training_models, training_tensorboard
from app.views.training_form import submit
from app.views.training_run import job_of_run
from gait_core.learn.run_manifest import RunManifest
from gait_core.learn.runs import Run
from gait_core.learn.scores import METRICS

__all__ = ["interval", "name_of", "render", "state_name"]

_STATES: Final = {
    "running": "Running",
    "done": "Done",
    "stopped": "Stopped early, the best kept",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "interrupted": "Interrupted",
    "damaged": "Damaged",
}
_RESUMABLE: Final = ("cancelled", "failed", "interrupted", "stopped")
_PER_CLASS: Final = {"recall": "Recall", "precision": "Precision", "specificity": "Specificity", "auc": "AUC"}


def state_name(state: str) -> str:
    """Return the state of a run in words."""
    return _STATES.get(state, state.capitalize())


def name_of(run: Run) -> str:
    """Return what a run is called: its model and its dataset."""
    if run.manifest is None:
        return run.id
    return f"{run.manifest.title} on {run.manifest.dataset.get('name', 'a dataset')}"


def interval(figure: Mapping[str, Any], digits: int = 3) -> str:
    """Return a 95 % interval as text, or a dash."""
    low, high = figure.get("ci_low"), figure.get("ci_high")
    return "–" if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}"


def render(run: Run, actions: Callable[[], None]) -> None:
    """Draw a run.

    Parameters
    ----------
    run : Run
    actions : callable
        Draws what can be done next, beside the title.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="stretch"):
            st.html(f'<p class="gs-kicker">{escape(_kicker(run))}</p>')
        actions()
    _state(run)
    manifest = run.manifest
    if manifest is None:
        return
    if manifest.scores:
        _summary(run, manifest, manifest.scores)
    if run.records:
        _folds(run)
    if manifest.scores:
        _confusions(manifest.scores)
        _classes(manifest.scores)
    drawn = charts_training.losses(run.folds)
    if drawn is not None:
        st.subheader("Losses", anchor=False)
        charts.show(*drawn, key="training_losses")
    training_models.promote_panel(run)
    _about(manifest)
    _card(run)
    training_tensorboard.section(run.folder)
    _settings_file(manifest)
    reproduce.offer("train", {name: value for name, value in manifest.request.items() if name != "run"})
    foot("A classifier tells groups of people apart; it is not a diagnosis.")


def _kicker(run: Run) -> str:
    if run.manifest is None:
        return run.id
    parts = [name_of(run), words.moment(run.created_s), state_name(run.state)]
    if run.manifest.timing_s:
        parts.append(words.duration(sum(run.manifest.timing_s.values())))
    return " · ".join(parts)


def _state(run: Run) -> None:
    kept = f"{words.plural(len(run.records), 'finished fold')} kept." if run.records else "No fold was finished."
    if run.state == "damaged":
        error_box(run.error, "This run is damaged")
    elif run.state == "failed":
        error_box(run.error, "This training did not work")
    elif run.state == "cancelled":
        box("This training was cancelled", kept, "calm")
    elif run.state == "interrupted":
        box("This training was interrupted", f"The program that trained it ended unexpectedly. {kept}", "warn")
    elif run.state == "stopped":
        box("Stopped early", f"The best weights so far were kept. {kept}", "calm")
    elif run.state == "running":
        box(
            "Training outside this dashboard",
            f"Another program trains this run now. {kept} Reload to see more.",
            "calm",
        )
    if run.state in _RESUMABLE and run.manifest is not None:
        resume = st.button("Resume", key="training_resume", icon=":material/replay:", help="Finished folds are kept.")
        if resume:
            _resume(run, run.manifest)


def _resume(run: Run, manifest: RunManifest) -> None:
    job = job_of_run(run.id)
    if job is not None and not job.active:
        jobs().resume(job.id)
        set_params(job=job.id, run=None)
        st.rerun()
    submit({**manifest.request, "run": run.id})


def _summary(run: Run, manifest: RunManifest, scores: Mapping[str, Any]) -> None:
    classes = [str(name) for name in scores["classes"]]
    best = scores["metrics"]["balanced_accuracy"]
    where = f"by {scores['unit']}, over {words.plural(int(manifest.validation['folds']), 'fold')}"
    seeds = int(manifest.validation["seeds"])
    where += f" and {seeds} repetitions" if seeds > 1 else ""
    if len(run.records) < len(run.folds):
        where = f"by {scores['unit']}, over the {len(run.records)} of {len(run.folds)} folds that were finished"
    named = " and ".join(classes) if len(classes) == 2 else words.plural(len(classes), "class", "classes")
    say(
        f"{named[:1].upper()}{named[1:]} are told apart with"
        f" a balanced accuracy of {words.number(best['mean'], 3)} (95 % interval {interval(best)}), {where}. "
        f"Chance is {1 / len(classes):.2f}."
    )
    if manifest.validation.get("permuted"):
        _control(best, 1 / len(classes))
    facts((metric_name(name), words.number(own["mean"], 3), interval(own)) for name, own in scores["metrics"].items())
    note(
        "Below each figure is its 95 % interval, "
        f"from a bootstrap over {words.plural(scores['n_subjects'], 'subject')}. "
        "Precision, recall and F1 are means over the classes."
    )
    if manifest.test_scores:
        own = manifest.test_scores["metrics"]["balanced_accuracy"]
        note(
            f"The final model reaches {words.number(own['mean'], 3)} ({interval(own)}) on the subjects that the label "
            "file keeps for testing."
        )


def _control(figure: Mapping[str, Any], chance: float) -> None:
    low, high = figure.get("ci_low"), figure.get("ci_high")
    fair = low is not None and high is not None and low <= chance <= high
    told = (
        "It does."
        if fair
        else "It does not. Repeat it with more seeds; if it stays so, the same people or copies of their rows may be "
        "in training and in test."
    )
    text = f"The labels were given to the subjects at random, so the result should be at chance. {told}"
    box("Control with permuted labels", text, "calm" if fair else "warn")


def _folds(run: Run) -> None:
    st.subheader("Folds", anchor=False)
    metric = st.selectbox("Figure", list(METRICS), format_func=metric_name, key="training_metric", width=280)
    figure, sentence = charts_training.fold_points(run.records, metric or METRICS[0])
    charts.show(figure, sentence, key="training_folds")


def _confusions(scores: Mapping[str, Any]) -> None:
    st.subheader("Confusion matrix", anchor=False)
    figure, sentence = charts_scores.confusion(scores)
    charts.show(figure, sentence, key="training_confusion")
    st.subheader("Calibration", anchor=False)
    figure, sentence = charts_scores.calibration(scores)
    charts.show(figure, sentence, key="training_calibration")


def _classes(scores: Mapping[str, Any]) -> None:
    st.subheader("By class", anchor=False)
    columns = [("Class", "t"), *((name, "n") for name in _PER_CLASS.values())]
    body = [
        [name, *(f"{words.number(own[key]['mean'])} ({_short(own[key])})" for key in _PER_CLASS)]
        for name, own in scores["per_class"].items()
    ]
    rows(columns, body, "Figures of each class with their 95 % intervals")
    note(
        "In brackets the 95 % interval. Recall: share of the class that was recognised; specificity: share of the "
        "others that was correctly rejected; AUC: area under the ROC curve against the others."
    )


def _short(figure: Mapping[str, Any]) -> str:
    return interval(figure, 2).replace(" to ", "–")


def _about(manifest: RunManifest) -> None:
    data = manifest.dataset
    st.subheader("Data", anchor=False)
    counts = ", ".join(f"{count} {name}" for name, count in data.get("subjects", {}).items())
    note(
        f"{data.get('path', '')}: {words.plural(int(data.get('rows', 0)), 'row')} of {data.get('row_kind', '')}, "
        f"subjects: {counts}. Channels: {', '.join(data.get('channels', ()))}."
    )
    for problem in data.get("problems", ()):
        training_check.show_problem(problem)
    for told in manifest.notes:
        note(told)


def _card(run: Run) -> None:
    if not run.has_model:
        return
    try:
        card = (run.folder / "model" / "card.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        note("The model is there, but its card cannot be read.")
        return
    with st.expander("Model card", icon=":material/badge:"):
        st.markdown(plain_card(card))
        st.download_button("Model card", card, f"{run.id}.md", "text/markdown", icon=":material/download:")


def _settings_file(manifest: RunManifest) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Settings file",
            training_file.file_text(manifest.request),
            f"{manifest.id}.json",
            "application/json",
            icon=":material/download:",
            key="training_settings_file",
            help="The same training from the command line: train --config FILE.",
            on_click="ignore",
        )
        if st.button(
            "Change and train again",
            key="training_again",
            icon=":material/edit:",
            help="Opens the form with the settings of this run.",
        ):
            training_file.start_again({name: value for name, value in manifest.request.items() if name != "run"})
            set_params(run=None, job=None, tab="New run")
            st.rerun()
