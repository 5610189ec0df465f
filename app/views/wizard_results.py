"""Wizard, step 4: what came out, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app import charts, charts_job, registry, reproduce, words
from app.components import box, empty, facts, foot, level_badge, note, rows, say
from app.state import jobs, param, remember, workspace
from app.views.wizard_steps import move
from gait_core.baseline.manifest import TrainingFacts
from gait_core.baseline.store import StoredBaseline, load_baseline
from gait_core.baseline.thresholds import level_of
from gait_core.errors import GaitError

__all__ = ["render", "training_sentence"]


def render(job_id: str) -> None:
    """Draw the baseline that a job made."""
    baseline_id = param("baseline") or ""
    result: Mapping[str, Any] = {}
    try:
        result = jobs().result(job_id) or {}
        baseline_id = str(result.get("baseline_id") or baseline_id)
        stored = load_baseline(workspace(), baseline_id) if baseline_id else None
    except GaitError:
        stored = None
    if stored is None:
        empty("No results here", "The run has not finished, or its baseline was deleted.")
        if st.button("Open the run", key="results_run"):
            remember("watched", "")
            move("run", job=job_id)
            st.rerun()
        return
    _next(stored)
    for doubt in stored.manifest.doubts:
        box("Is this the same person?", str(doubt["message"]), "warn")
    _limits(stored)
    _walks(stored, result)
    st.subheader("How the model was trained", anchor=False)
    kind, text = training_sentence(stored.manifest.training)
    if kind == "warn":
        box("Fine-tuning did not help", text, "warn")
    else:
        say(text)
    _timing(result)
    reproduce.offer("baseline", stored.manifest.request)
    foot()


def training_sentence(training: TrainingFacts) -> tuple[str, str]:
    """Say how the training went; the first value is ``"warn"`` when the pre-trained model was kept."""
    early = " You stopped it early; the best weights were kept." if training.stopped_early else ""
    if training.kept.startswith("pre"):
        fallback = "After fine-tuning, held-out walks were reproduced worse; the pre-trained model is kept."
        advice = "The limits are valid; more walks, or more varied ones, may help."
        return "warn", f"{training.note or fallback} {advice}{early}"
    loss = words.number(training.val_loss, 4)
    fallback = f"Learned in {words.plural(training.epochs, 'epoch')}; the error on held-out walks is {loss}."
    return "", f"{training.note or fallback} The network is a {training.cell.upper()} autoencoder.{early}"


def _next(stored: StoredBaseline) -> None:
    used, left_out = len(stored.walks), len(stored.manifest.left_out)
    if left_out:
        say(
            f"The baseline of {stored.subject} is ready, but from {used} of {used + left_out} walks only: "
            f"{words.plural(left_out, 'walk')} could not be used; the reasons are given below. Replace "
            f"{'it' if left_out == 1 else 'them'} and make it again, or analyse a walk filmed later."
        )
    else:
        say(f"The baseline of {stored.subject} is ready. Next, analyse a walk filmed later.")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Analyse a walk", key="results_next", type="primary", icon=":material/monitor_heart:", shortcut="Mod+Enter"
        ):
            registry.go("analyse", baseline=stored.id)
        if st.button("Inspect the thresholds", key="results_thresholds", icon=":material/tune:"):
            registry.go("thresholds", baseline=stored.id)
        if st.button("Start another baseline", key="results_again", type="tertiary"):
            move("import", job=None, draft=None, baseline=None)
            st.rerun()


def _limits(stored: StoredBaseline) -> None:
    limits = stored.thresholds

    def rate(share: float | None) -> str:
        return f"about {words.percent(share, 1)} of normal walks" if share is not None else "rate not stated"

    facts(
        [
            ("Watch from", words.number(limits.watch), rate(limits.stated_watch_rate)),
            ("Alert from", words.number(limits.alert), rate(limits.stated_alert_rate)),
            ("Walks used", str(len(stored.walks)), f"profile {stored.manifest.profile}"),
            ("Smallest rate", words.percent(limits.smallest_rate, 1), "lowest false-alarm rate that can be stated"),
        ]
    )
    same = (
        " Watch and alert coincide, and the highest of these walks marks the limit: with so few walks, a later walk is "
        "either normal or alert. More walks, or another method on the Thresholds page, set them apart."
        if limits.watch == limits.alert
        else ""
    )
    note(f"Score 1.0 is typical of this person. {limits.note}{same}")


def _walks(stored: StoredBaseline, result: Mapping[str, Any]) -> None:
    st.subheader("The walks, each tested against the others", anchor=False)
    validation = stored.validation
    scores = [float(score) for score in validation.walk_scores]
    levels = [str(level_of(score, stored.thresholds)) for score in scores]
    figure, sentence = charts.walk_scores(
        validation.walk_names, scores, levels, (stored.thresholds.watch, stored.thresholds.alert)
    )
    charts.show(figure, sentence, key="results_scores")
    of_name = dict(zip(validation.walk_names, zip(scores, levels, strict=True), strict=True))
    body = []
    details = {str(walk.get("path")): walk for walk in result.get("walks", [])}
    for walk in stored.walks:
        score, level = of_name.get(walk.name, (None, None))
        cached = details.get(walk.path, {}).get("cached", walk.cached)
        body.append(
            [
                walk.name,
                f"{walk.frames:,}",
                words.percent(walk.detection_rate),
                "yes" if cached else "no",
                words.number(score),
                level_badge(level) if level else "not tested",
            ]
        )
    columns = [
        ("Walk", "name"),
        ("Frames", "n"),
        ("Body found", "n"),
        ("From cache", "n"),
        ("Score", "n"),
        ("Level", ""),
    ]
    rows(columns, body, "Walks of the baseline", html_columns=(5,))
    for left_out in stored.manifest.left_out:
        box(f"{Path(left_out.path).name} was left out", left_out.reason, "warn")
    for walk in stored.walks:
        for warning in walk.warnings:
            box(walk.name, str(warning["message"]), "warn")


def _timing(result: Mapping[str, Any]) -> None:
    timing = {name: float(took) for name, took in dict(result.get("timing_s", {})).items() if name != "total"}
    if timing:
        with st.expander("How long each stage took", icon=":material/timer:"):
            figure, sentence = charts_job.stage_times(list(timing.items()))
            charts.show(figure, sentence, key="results_timing")
