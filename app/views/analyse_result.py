"""One analysed walk: level, where in the body, when in the walk, compared with earlier visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import charts, player, reproduce, words
from app.components import box, facts, foot, level_badge, level_key, note, say
from app.overlay_video import overlay_video
from app.routes import overlay_url
from app.state import workspace
from app.theme import LEVELS
from app.views import analyse_classes, analyse_stride
from gait_core.baseline.analyses import AnalysisSummary, StoredAnalysis, list_analyses, load_analysis

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["joints_sentence", "render", "spans_over", "spans_sentence"]

_TITLES: Final[Mapping[str, str]] = {
    "other_person": "Is this the same person?",
    "mixed_baseline": "Is the baseline of one person?",
    "in_baseline": "This walk is part of the baseline",
}
FAR: Final = 1.5
"""Deviation from which a joint is named, in multiples of what is typical."""


def render(analysis_id: str, verdict: DeltaGenerator | None = None) -> None:
    """Draw the analysis; its level goes into `verdict` where one is given."""
    stored = load_analysis(workspace(), analysis_id)
    summary = stored.summary
    limits = (float(summary.thresholds.get("watch", 0.0)), float(summary.thresholds.get("alert", 0.0)))
    with verdict or st.container():
        _verdict(summary)
    _key_figures(summary, limits)
    for warning in summary.warnings:
        box(_warning_title(warning), str(warning.get("message", "")), "warn")
    if summary.level is not None:
        say(f"{joints_sentence(summary.joints)} {spans_sentence(spans_over(stored))}")
    analyse_classes.render(summary.classified, "classified")
    measured = analyse_stride.measured_side(stored)
    analyse_stride.actions(stored, measured)
    with st.container(key="stack_result"):
        left, right = st.columns([3, 2] if measured is None else 2, gap="large")
        with left:
            _when(stored)
        with right:
            _where(stored, measured)
    if summary.level is not None:
        analyse_stride.phases(measured)
        _course(stored)
    if measured is not None and stored.joints:
        st.subheader("Part by part", anchor=False)
        _bars(stored)
    _visits(summary, limits)
    reproduce.offer("analyse", summary.request)
    foot()


def _warning_title(warning: Mapping[str, Any]) -> str:
    if warning.get("code") in _TITLES:
        return _TITLES[str(warning["code"])]
    return "No level is given" if warning.get("blocking") else "Please note"


def _verdict(summary: AnalysisSummary) -> None:
    key = level_key(summary.level)
    st.html(
        f'<div role="status"><p class="gs-kicker">{escape(summary.name)} · {escape(summary.subject)} · '
        f"{words.moment(summary.created_s)}</p>{level_badge(key, big=True)}"
        f'<p class="gs-note" style="margin-top:.4rem;font-size:1rem">{LEVELS[key].meaning}</p></div>'
    )


def _key_figures(summary: AnalysisSummary, limits: tuple[float, float]) -> None:
    worst = max(summary.joints.items(), key=lambda pair: pair[1], default=None)
    facts(
        [
            ("Score", words.number(summary.score), "1.0 is typical of this person"),
            ("Over the limit", words.percent(summary.share_over_threshold), "share of the walk's windows"),
            _most_different(worst),
            ("Limits", f"{words.number(limits[0])} / {words.number(limits[1])}", "watch from / alert from"),
        ]
    )


def _most_different(worst: tuple[str, float] | None) -> tuple[str, str, str]:
    if worst is None:
        return ("Most different", "–", "not measured")
    name = words.joint_name(worst[0])
    if worst[1] < FAR:
        return ("Most different", "No joint", f"largest: {name}, {worst[1]:.1f} times typical")
    return ("Most different", name.capitalize(), f"{worst[1]:.1f} times typical")


def joints_sentence(joints: Mapping[str, float]) -> str:
    """Name the joints that differ, worst first; say so when none does."""
    ordered = sorted(joints.items(), key=lambda pair: pair[1], reverse=True)
    far = [(name, value) for name, value in ordered if value >= FAR][:3]
    if not ordered:
        return "No joint could be compared."
    if not far:
        name, value = ordered[0]
        return f"No joint stands out; the largest is the {words.joint_name(name)} at {value:.1f} times typical."
    parts = [f"{words.joint_name(name)} ({value:.1f} times typical)" for name, value in far]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Most different: {listed}."


def spans_over(stored: StoredAnalysis) -> list[tuple[float, float]]:
    """Return the stretches of time, s, whose windows lie over the limit; near ones are joined."""
    over = np.asarray(stored.window_scores) > stored.window_limit
    return _spans(np.asarray(stored.window_time_s), over)


def _spans(time_s: NDArray[Any], over: NDArray[Any], join_s: float = 0.4) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    for moment_s in time_s[over]:
        if spans and moment_s - spans[-1][1] <= join_s:
            spans[-1] = (spans[-1][0], float(moment_s))
        else:
            spans.append((float(moment_s), float(moment_s)))
    return spans


def spans_sentence(spans: Sequence[tuple[float, float]]) -> str:
    """Say when the walk was over the limit."""
    if not spans:
        return "No part of the walk lies over the limit."
    longest = sorted(spans, key=lambda span: span[0] - span[1])[:3]
    parts = [
        f"{start:.1f} to {end:.1f} s" if end - start >= 0.1 else f"around {start:.1f} s"
        for start, end in sorted(longest)
    ]
    rest = len(spans) - len(parts)
    more = f" and {words.plural(rest, 'shorter part')}" if rest else ""
    return f"Over the limit: {', '.join(parts)}{more}."


def _when(stored: StoredAnalysis) -> None:
    st.subheader("When in the walk", anchor=False)
    overlay = stored.overlay
    if overlay is not None:
        text = f"Overlay video of {stored.summary.name}: the walk with the skeleton drawn in"
        overlay_video(overlay, overlay_url(stored.summary.id), text, key="overlay_video")
    else:
        note("No overlay video was made for this walk.")
    player.score_track(
        stored.window_time_s, stored.window_scores, stored.window_limit, key=f"track_{stored.summary.id}"
    )


def _course(stored: StoredAnalysis) -> None:
    if len(stored.joint_time_scores):
        st.subheader("Which joint, and when", anchor=False)
        figure, sentence = charts.joint_time(stored.joint_time_s, stored.joint_names, stored.joint_time_scores)
        charts.show(figure, sentence, key="result_joint_time")


def _where(stored: StoredAnalysis, measured: analyse_stride.MeasuredSide | None) -> None:
    if not stored.joints:
        return
    st.subheader("Where in the body", anchor=False)
    if measured is None:
        _bars(stored)
    else:
        analyse_stride.where(measured)


def _bars(stored: StoredAnalysis) -> None:
    figure, sentence = charts.joint_bars(stored.joints)
    charts.show(figure, sentence, key="result_joints")


def _short(name: str, length: int) -> str:
    """Shorten a name in its middle; names of one person often differ only at the end."""
    return name if len(name) <= length else f"{name[: length // 2 - 1]}…{name[-(length // 2) :]}"


def _visits(summary: AnalysisSummary, limits: tuple[float, float]) -> None:
    found = [item for item in list_analyses(workspace(), summary.baseline_id) if item.score is not None]
    visits = sorted(found, key=lambda item: item.created_s)[-12:]
    st.subheader("Compared with earlier visits", anchor=False)
    if len(visits) < 2:
        note("This is the first walk analysed with this baseline; the next one is compared with it here.")
        return
    now = next((i for i, item in enumerate(visits) if item.id == summary.id), -1)
    labels = [
        f"{i + 1}. {_short(Path(item.name).stem, 22 if len(visits) < 6 else 10)}" for i, item in enumerate(visits)
    ]
    scores = [float(item.score or 0.0) for item in visits]
    figure, sentence = charts.history(labels, scores, [str(item.level) for item in visits], limits, now)
    charts.show(figure, sentence, key="result_visits")
