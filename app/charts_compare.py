"""Charts of a comparison of profiles: time per stage, distance of landmarks, joint angles."""

from __future__ import annotations

from typing import Final

import numpy as np

from app import words
from app.charts import Chart, blank
from app.charts_gait import CYCLE
from app.theme import palette
from gait_core.compare.agreement import GROUPS
from gait_core.compare.profile_comparison import STAGES, ProfileComparison, ProfileRun
from gait_core.gait.curves import CURVES
from gait_core.pose.landmarks import LANDMARKS

__all__ = ["PROFILE_LOOKS", "curve_chart", "group_bars", "landmark_bars", "profile_colour", "stage_bars"]

PROFILE_LOOKS: Final = (
    ("#B4531A", "#F0A36B", "dot", "/"),
    ("#0B6470", "#5DBBC6", "solid", ""),
    ("#7B3FA0", "#CBA6F5", "dash", "x"),
    ("#3F6B1F", "#A3D27A", "dashdot", "."),
    ("#A02C5A", "#F29BC0", "longdash", "-"),
    ("#4A5568", "#B8C2D0", "longdashdot", "|"),
)
"""Colour (light, dark), line and pattern of each profile in the order chosen; never the colour alone."""

_STAGE_COLOURS: Final = {
    "start": ("#9AA5A8", "#6E7B7F"),
    "probe": ("#C9B98F", "#8F8055"),
    "decode": ("#5B8DB8", "#7FB0DB"),
    "pose": ("#0B6470", "#5DBBC6"),
    "quality": ("#4F7F52", "#8CC28F"),
    "extract": ("#9CCBD0", "#2C5F66"),
    "features": ("#B4531A", "#F0A36B"),
    "measure": ("#7B3FA0", "#CBA6F5"),
}


def profile_colour(number: int) -> str:
    """Return the colour of a profile in the present theme."""
    light, dark, _, _ = PROFILE_LOOKS[number % len(PROFILE_LOOKS)]
    return dark if palette().name == "dark" else light


def stage_bars(comparison: ProfileComparison) -> Chart:
    """Draw the time of each stage, stacked, one bar per profile."""
    runs = comparison.sound
    figure = blank(120 + 52 * len(runs), "Time (s)", "", barmode="stack")
    for stage, label in STAGES.items():
        light, dark = _STAGE_COLOURS[stage]
        figure.add_bar(
            x=[run.stages_s.get(stage, 0.0) for run in runs],
            y=[run.name for run in runs],
            orientation="h",
            name=label,
            marker={"color": dark if palette().name == "dark" else light},
            hovertemplate="%{y}, " + label.lower() + ": %{x:.2f} s<extra></extra>",
        )
    for run in runs:
        figure.add_annotation(
            x=run.total_s, y=run.name, text=f"{run.total_s:.1f} s", showarrow=False, xanchor="left", xshift=6
        )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(range=[0, max([run.total_s for run in runs] or [1.0]) * 1.12])
    parts = [f"{run.name} {words.duration(run.total_s)}" for run in runs]
    slowest = max(runs, key=lambda run: run.total_s)
    stage = max(slowest.stages_s, key=lambda name: slowest.stages_s[name])
    return figure, (
        f"From start to end: {', '.join(parts)}. Most of {slowest.name} is “{STAGES.get(stage, stage).lower()}”."
    )


def group_bars(comparison: ProfileComparison) -> Chart:
    """Draw how far each part of the body lies from the reference: median as a bar, 95th percentile as a mark."""
    others = [run for run in comparison.sound if run.agreement is not None]
    figure = blank(300, "", "Distance (% of body height)", barmode="group")
    labels = [group.capitalize() for group in GROUPS]
    for run in others:
        _bars(figure, comparison, run, labels, [(run.agreement or {})["groups"][group] for group in GROUPS])
    worst, where, who = max(
        ((entry["p95_pct"] or 0.0, group, run.name) for run in others for group, entry in _groups(run)),
        default=(0.0, "", ""),
    )
    return figure, (
        f"Distance from the landmarks of {comparison.reference}: bars are medians, marks what one frame in twenty "
        f"exceeds. Largest: {where} under {who}, {worst:.1f} %. Agreement is not accuracy: "
        f"{comparison.reference} has errors too."
    )


def _groups(run: ProfileRun) -> list[tuple[str, dict[str, float | None]]]:
    return list((run.agreement or {})["groups"].items())


def landmark_bars(comparison: ProfileComparison) -> Chart:
    """Draw the distance of every landmark."""
    others = [run for run in comparison.sound if run.agreement is not None]
    labels = [words.joint_name(name).capitalize() for name in LANDMARKS]
    figure = blank(340, "", "Distance (% of body height)", barmode="group")
    for run in others:
        _bars(figure, comparison, run, labels, [(run.agreement or {})["landmarks"][name] for name in LANDMARKS])
    figure.update_xaxes(tickangle=-55, tickfont={"size": 11})
    return figure, "The same for each of the 33 landmarks: bars are medians, marks 95th percentiles."


def _bars(
    figure: object,
    comparison: ProfileComparison,
    run: ProfileRun,
    labels: list[str],
    entries: list[dict[str, float | None]],
) -> None:
    number = comparison.runs.index(run)
    colour = profile_colour(number)
    median = np.array([entry["median_pct"] if entry["median_pct"] is not None else np.nan for entry in entries])
    high = np.array([entry["p95_pct"] if entry["p95_pct"] is not None else np.nan for entry in entries])
    figure.add_bar(  # type: ignore[attr-defined]
        x=labels,
        y=median,
        name=run.name,
        marker={"color": colour, "pattern": {"shape": PROFILE_LOOKS[number % len(PROFILE_LOOKS)][3], "size": 6}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": high - median,
            "arrayminus": np.zeros(len(high)),
            "color": palette().muted,
            "thickness": 1.5,
            "width": 4,
        },
        customdata=high,
        hovertemplate="%{x}: median %{y:.2f} %, 95 % within %{customdata:.2f} %<extra>" + run.name + "</extra>",
    )


def curve_chart(comparison: ProfileComparison, joint: str, leg: str) -> Chart:
    """Draw the mean angle of a joint over the stride, one line per profile."""
    label = CURVES[joint][1]
    figure = blank(270, "Gait cycle (%)", f"{label} (°)")
    said = []
    for number, run in enumerate(comparison.runs):
        values = comparison.curve(run, f"{joint}_{leg}")
        if values is None or not np.isfinite(values).any():
            continue
        figure.add_scatter(
            x=CYCLE,
            y=values,
            mode="lines",
            name=run.name,
            line={"color": profile_colour(number), "width": 2.4, "dash": PROFILE_LOOKS[number % 6][2]},
            hovertemplate="%{x} %: %{y:.1f}°<extra>" + run.name + "</extra>",
        )
        away = run.curve_difference_deg.get(f"{joint}_{leg}")
        if away is not None:
            said.append(f"{run.name} {away:.1f}°")
    figure.update_xaxes(range=[0, 100], dtick=20)
    tail = f"mean distance from {comparison.reference}: {', '.join(said)}" if said else "no complete stride to compare"
    return figure, f"{label}, {leg} leg; {tail}."
