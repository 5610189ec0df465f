"""What changed: a visit against the baseline of the person, or against an earlier visit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import streamlit as st

from app import charts, charts_deviation, registry, words
from app.components import box, empty, error_box, note, rows, say
from app.state import remember, workspace
from app.views.measure_walk import WalkView
from gait_core.baseline.store import list_baselines
from gait_core.errors import GaitError
from gait_core.gait.change import CANNOT_TELL, REAL, USUAL, Change, changes
from gait_core.gait.measurement import Measurement
from gait_core.phrases import joined
from gait_core.report.document.rows import change_label, change_phrase, chosen_changes
from gait_core.report.document.words import difference, number, unit_word
from gait_core.report.write import comparison_of
from gait_core.walks.measurements import MeasuredWalk, list_measurements, load_measurement

__all__ = ["VERDICTS", "change_sentence", "earlier_visits", "no_baseline", "render", "verdict_badge"]

VERDICTS: Final = {
    REAL: ("watch", "Real change"),
    USUAL: ("normal", "Usual spread"),
    CANNOT_TELL: ("withheld", "Cannot tell"),
}
"""Verdict → look and word."""
_BASELINE: Final = ""


def verdict_badge(change: Change) -> str:
    """Return the verdict on a change as HTML: colour, word and shape; the triangle points where the value went."""
    look, word = VERDICTS.get(change.verdict, VERDICTS[CANNOT_TELL])
    if change.verdict == REAL and (change.difference or 0.0) < 0:
        look += " down"
    return f'<span class="gs-level {look}"><i aria-hidden="true"></i>{word}</span>'


def earlier_visits(walk: MeasuredWalk) -> list[dict[str, Any]]:
    """Return the facts of other measured walks of the same person, newest first; one entry per video."""
    if not walk.subject:
        return []
    found: dict[str, dict[str, Any]] = {}
    for facts in list_measurements(workspace(), walk.subject):
        if facts["content_sha256"] != walk.content_sha256:
            found.setdefault(str(facts["content_sha256"]), facts)
    return list(found.values())


def no_baseline(walk: MeasuredWalk) -> None:
    """Say that the walk was never compared with a baseline, and lead to where it can be."""
    empty(
        "Not compared with a baseline yet",
        "A baseline shows how much this person's walks vary anyway. Without it, a difference cannot be told from that "
        "variation.",
    )
    own = next((item for item in list_baselines(workspace()) if item.subject == walk.subject), None)
    if own is None:
        if st.button("Create a baseline", key="change_wizard", icon=":material/directions_walk:"):
            registry.go("baseline", step="import")
    elif st.button(
        f"Analyse against the baseline of {own.subject}", key="change_analyse", icon=":material/monitor_heart:"
    ):
        remember("walk_path", walk.path)
        registry.go("analyse", baseline=own.id)


def render(view: WalkView) -> None:
    """Draw the tab."""
    walk, comparison = view.walk, view.comparison
    visits = earlier_visits(walk)
    if comparison is None and not visits:
        no_baseline(walk)
        return
    chosen = _against(view, visits)
    try:
        found, against = _changes(view, chosen)
    except GaitError as error:
        error_box(error.to_dict(), "The earlier visit cannot be read")
        return
    if comparison is None:
        box(
            "Judged by published values alone",
            "This walk was not analysed against a baseline, so this person's own spread between walks is not known.",
            "warn",
        )
    everything = st.toggle(
        "All values", key="change_all", help="About five in a hundred values leave the usual spread by chance."
    )
    shown = found if everything else list(chosen_changes(found))
    if not shown:
        empty("Nothing to compare", "The baseline was made before values were measured. Create it again.")
        return
    say(change_sentence(shown, against))
    if any(change.difference is not None and change.mdc for change in shown):
        labels = [change_label(change) for change in shown]
        if not everything:
            figure, sentence = charts_deviation.change_bars(labels, shown, against)
            charts.show(figure, sentence, key="change_chart")
    _table(shown)


def _against(view: WalkView, visits: Sequence[dict[str, Any]]) -> str:
    options = {str(facts["id"]): f"{facts['name']}, {words.moment(float(facts['created_s']))}" for facts in visits}
    if view.comparison is not None:
        count = words.plural(view.comparison.n_walks, "walk")
        options = {_BASELINE: f"The baseline of {view.comparison.subject} ({count})", **options}
    chosen = st.selectbox(
        "Compare with",
        list(options),
        format_func=options.__getitem__,
        key="change_against",
        width=520,
        help="Earlier visits are other measured walks under the same pseudonym.",
    )
    return str(chosen or _BASELINE)


def _changes(view: WalkView, chosen: str) -> tuple[list[Change], str]:
    """Return the changes and, in words, what the walk is compared with."""
    if chosen == _BASELINE and view.comparison is not None:
        return list(view.comparison.changes), "the baseline"
    earlier = load_measurement(workspace(), chosen)
    against = f"the visit {Path(earlier.name).stem}"
    if view.comparison is None:
        return _without_baseline(view.measurement, earlier.measurement), against
    again = comparison_of(workspace(), view.walk, view.comparison.baseline_id, earlier.measurement)
    return list(again.changes if again is not None else ()), against


def _without_baseline(visit: Measurement, earlier: Measurement) -> list[Change]:
    before = earlier.values
    return [
        *changes(visit.parameters, (), earlier=before),
        *changes(visit.key_values, (), earlier=before, sides=("left", "right")),
    ]


def change_sentence(found: Sequence[Change], against: str) -> str:
    """Say in one sentence what really changed."""
    named = [change_phrase(change) for change in found if change.verdict == REAL]
    judged = sum(change.verdict != CANNOT_TELL for change in found)
    if not judged:
        return f"Whether anything changed since {against} cannot be determined."
    if not named:
        return f"No value differs from {against} by more than usual ({judged} of {len(found)} could be judged)."
    listed = joined([*named[:3], words.plural(len(named) - 3, "other value")] if len(named) > 3 else named)
    return f"Different from {against} by more than usual: {listed}."


def _table(found: Sequence[Change]) -> None:
    body = [
        [
            escape(_name(change)),
            number(change.baseline_mean, change.unit),
            number(change.visit, change.unit),
            difference(change.visit, change.baseline_mean, change.unit),
            _limit(change.own_mdc, change, "own"),
            _limit(change.published.value if change.published else None, change, "published"),
            verdict_badge(change),
        ]
        for change in found
    ]
    columns = [
        ("Value", "name"),
        ("Before", "n"),
        ("Now", "n"),
        ("Difference", "n"),
        ("MDC, own", "n"),
        ("published", "n"),
        ("Verdict", "t"),
    ]
    rows(columns, body, "Values of this walk against the comparison", html_columns=range(7))
    sources = dict.fromkeys(
        f"{change.published.source}: {change.published.population}" for change in found if change.published is not None
    )
    note(
        "The difference is that of the two values as they are shown. "
        "MDC is the minimal detectable change: own from the spread between this person's baseline walks (95 %), "
        "published from the literature. The larger of the two, in bold, decides. "
        + (f"Published: {'; '.join(sources)}." if sources else "")
    )
    with st.expander("In words", icon=":material/notes:"):
        for change in found:
            note(change.sentence)


def _name(change: Change) -> str:
    unit = unit_word(change.unit)
    return f"{change_label(change)} ({unit})" if unit else change_label(change)


def _limit(value: float | None, change: Change, source: str) -> str:
    text = number(value, change.unit)
    return f"<strong>{text}</strong>" if value is not None and change.mdc_source == source else text
