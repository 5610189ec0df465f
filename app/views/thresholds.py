"""Thresholds: how the errors spread, what other limits would change, and saving a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import charts, damage, registry, words
from app.choice import choose_one
from app.components import box, empty, error_box, facts, heading, level_badge, note, rows, say
from app.state import workspace
from gait_core.baseline.analyses import list_analyses
from gait_core.baseline.calibration import Calibration
from gait_core.baseline.store import StoredBaseline, damaged_baselines, list_baselines, load_baseline, save_variant
from gait_core.baseline.thresholds import Thresholds, level_of
from gait_core.config import ThresholdSettings
from gait_core.errors import GaitError

__all__ = ["Change", "changes", "changes_sentence", "render", "sided"]

_METHODS: Mapping[str, str] = {
    "conformal": "False-alarm rate",
    "mean_sd": "Mean + k · SD",
    "percentile": "Percentile",
}
_MEANING: Mapping[str, str] = {
    "conformal": "You say how many of the person's normal walks may exceed each limit; the limit follows. Recommended.",
    "mean_sd": "Mean of the held-out walks plus k standard deviations. "
    "How often a normal walk exceeds it is not known.",
    "percentile": "A percentile of the held-out walks. With few walks it lies close to the largest of them.",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A stored walk under two sets of limits."""

    name: str
    source: str
    score: float
    before: str
    after: str


def changes(walks: Sequence[tuple[str, str, float]], now: Thresholds, tried: Thresholds) -> list[Change]:
    """Return every walk (name, source, score) with its level under both limits, changed ones first."""
    found = [
        Change(
            name=name,
            source=source,
            score=score,
            before=str(level_of(score, now)),
            after=str(level_of(score, tried)),
        )
        for name, source, score in walks
    ]
    return sorted(found, key=lambda change: (change.before == change.after, -change.score))


def changes_sentence(found: Sequence[Change]) -> str:
    """Say how many walks change level."""
    moved = [change for change in found if change.before != change.after]
    if not moved:
        return f"None of {words.plural(len(found), 'stored walk')} changes its level."
    parts = [f"{change.name} from {change.before} to {change.after}" for change in moved[:3]]
    more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
    verb = "changes its level" if len(moved) == 1 else "change their level"
    return f"{len(moved)} of {words.plural(len(found), 'stored walk')} {verb}: {'; '.join(parts)}{more}."


def render() -> None:
    """Draw the page."""
    heading("Thresholds", "See how the limits were set, try others, and save them beside the original.")
    baselines = list_baselines(workspace())
    damage.mention(damaged_baselines(workspace()), "thresholds")
    if not baselines:
        empty("There is no baseline yet", "Limits belong to a baseline: they come from walks that were held out.")
        if st.button("Create a baseline", key="thresholds_wizard", type="primary", icon=":material/directions_walk:"):
            registry.go("baseline", step="import")
        return
    names = {item.id: f"{item.subject} · {words.moment(item.created_s)}" for item in baselines}
    chosen = choose_one("Baseline of", names, kept_as="baseline", key="thresholds_baseline")
    stored = load_baseline(workspace(), chosen)
    settings = _controls(stored)
    if settings is None:
        return
    tried = stored.thresholds_with(settings)
    _limits(stored.thresholds, tried, settings)
    _effect(stored, tried)
    _save(stored, settings)
    _spread(stored)


def _controls(stored: StoredBaseline) -> ThresholdSettings | None:
    now = dict(ThresholdSettings().to_dict(), **stored.thresholds.settings)
    left, right = st.columns([2, 3], gap="large")
    with left:
        method = st.radio(
            "How the limits are set",
            list(_METHODS),
            index=list(_METHODS).index(stored.thresholds.method),
            format_func=lambda key: _METHODS[key],
            key=f"method_{stored.id}",
        )
    with right:
        note(_MEANING[str(method)])
        values = _sliders(str(method), now, stored.id)
    try:
        return ThresholdSettings(method=str(method), **values)
    except GaitError as error:
        error_box(error.to_dict(), "These limits contradict each other")
        return None


def _sliders(method: str, now: Mapping[str, Any], key: str) -> dict[str, float]:
    if method == "conformal":
        watch = st.slider(
            "Watch: normal walks over the limit",
            0.5,
            30.0,
            100 * float(now["watch_rate"]),
            0.5,
            "%.1f %%",
            key=f"wr_{key}",
        )
        alert = st.slider(
            "Alert: normal walks over the limit",
            0.5,
            30.0,
            100 * float(now["alert_rate"]),
            0.5,
            "%.1f %%",
            key=f"ar_{key}",
        )
        return {"watch_rate": watch / 100, "alert_rate": alert / 100}
    if method == "mean_sd":
        watch = st.slider(
            "Watch: k (standard deviations)", 0.0, 8.0, float(now["watch_k"]), 0.1, "%.1f", key=f"wk_{key}"
        )
        alert = st.slider(
            "Alert: k (standard deviations)", 0.0, 8.0, float(now["alert_k"]), 0.1, "%.1f", key=f"ak_{key}"
        )
        return {"watch_k": watch, "alert_k": alert}
    watch = st.slider("Watch: percentile", 50.0, 100.0, float(now["watch_percentile"]), 0.5, "%.1f %%", key=f"wp_{key}")
    alert = st.slider("Alert: percentile", 50.0, 100.0, float(now["alert_percentile"]), 0.5, "%.1f %%", key=f"ap_{key}")
    return {"watch_percentile": watch, "alert_percentile": alert}


def _limits(now: Thresholds, tried: Thresholds, settings: ThresholdSettings) -> None:
    def stated(level: str, share: float | None) -> tuple[str, str, str]:
        more = "normal walks expected over it" if share is not None else "this method states no rate"
        return (f"Over {level}", words.percent(share, 1), more)

    facts(
        [
            ("Watch from", words.number(tried.watch), f"in use: {words.number(now.watch)}"),
            ("Alert from", words.number(tried.alert), f"in use: {words.number(now.alert)}"),
            stated("watch", tried.stated_watch_rate),
            stated("alert", tried.stated_alert_rate),
        ]
    )
    note(f"{tried.note}{_too_low(tried, settings)}")


def _too_low(tried: Thresholds, settings: ThresholdSettings) -> str:
    """Say so when the requested rate is lower than these walks can support."""
    smallest = tried.smallest_rate
    if settings.method != "conformal" or smallest is None or settings.alert_rate >= smallest:
        return ""
    which = "both limits stand" if settings.watch_rate < smallest else "the alert limit stands"
    return f" A rate below {words.percent(smallest, 1)} cannot be estimated from so few walks, so {which} at that rate."


def _stored_walks(stored: StoredBaseline) -> list[tuple[str, str, float]]:
    validation = stored.validation
    own = [
        (name, "baseline, held out", float(score))
        for name, score in zip(validation.walk_names, validation.walk_scores, strict=True)
    ]
    later = [
        (item.name, f"analysed {words.ago(item.created_s)}", float(item.score))
        for item in list_analyses(workspace(), stored.id)
        if item.score is not None
    ]
    return own + later


def _effect(stored: StoredBaseline, tried: Thresholds) -> None:
    st.subheader("What would change", anchor=False)
    found = changes(_stored_walks(stored), stored.thresholds, tried)
    say(changes_sentence(found))
    body = [
        [
            change.name,
            change.source,
            words.number(change.score),
            level_badge(change.before),
            level_badge(change.after) if change.before != change.after else "same",
        ]
        for change in found
    ]
    columns = [("Walk", "name"), ("Where from", "t"), ("Score", "n"), ("In use", ""), ("With these limits", "")]
    rows(columns, body, "Levels of stored walks under both limits", html_columns=(3, 4))


def _save(stored: StoredBaseline, settings: ThresholdSettings) -> None:
    variants = stored.variants()
    form = st.form(f"variant_{stored.id}", border=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.text_input(
            "Save these limits as", placeholder="for example strict", key=f"variant_name_{stored.id}", width=320
        )
        sent = st.form_submit_button("Save variant", type="primary", icon=":material/save:")
    if sent:
        try:
            path = save_variant(workspace(), stored.id, name, settings)
        except GaitError as error:
            error_box(error.to_dict(), "The variant was not saved")
        else:
            box("Saved", f"“{path.stem}” was saved. The limits in use are unchanged.")
            variants = stored.variants()
    if variants:
        body = [
            [name, _METHODS.get(limits.method, limits.method), words.number(limits.watch), words.number(limits.alert)]
            for name, limits in variants.items()
        ]
        rows([("Variant", "name"), ("Method", ""), ("Watch from", "n"), ("Alert from", "n")], body, "Saved variants")


def _spread(stored: StoredBaseline) -> None:
    limit = stored.calibration.window_limit
    validation = stored.validation
    st.subheader("Distribution of the errors", anchor=False)
    by_walk, by_joint = st.tabs(["Per walk", "Per joint"])
    with by_walk:
        figure, sentence = charts.window_spread(validation.walk_names, validation.window_scores, limit)
        charts.show(figure, sentence, key="spread_walks")
    with by_joint:
        names, hint = sided(validation.joint_names, stored.calibration)
        figure, sentence = charts.joint_map(validation.walk_names, names, validation.joint_scores)
        charts.show(figure, f"{sentence}{hint}", key="spread_joints")


def sided(joints: Sequence[str], calibration: Calibration) -> tuple[list[str], str]:
    """Turn near and far into left and right where all walks show the same side; else return what near means."""
    side = calibration.visible_side
    if side not in ("left", "right"):
        near = any(name.startswith("near") for name in joints)
        return list(joints), " Near is the side turned to the camera." if near else ""
    of = {"near": side, "far": "left" if side == "right" else "right"}
    parts = [name.partition(" ") for name in joints]
    return [f"{of.get(first, first)} {rest}".strip() for first, _, rest in parts], ""
