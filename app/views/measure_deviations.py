"""Where in the body and when in the stride a measured walk deviates from the baseline of the person."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from app import charts, charts_deviation, words
from app.bodymap import body_map
from app.components import empty, note, rows, say
from app.views.measure_change import no_baseline
from app.views.measure_walk import WalkView
from gait_core.baseline.findings import BaselineComparison
from gait_core.baseline.part_levels import PART_LIMITS
from gait_core.gait.curves import CURVES
from gait_core.gait.deviation import phase_at
from gait_core.report.document.body_section import marked_parts
from gait_core.report.document.direction import direction_sentences
from gait_core.report.document.words import number, signed

__all__ = ["beside", "body_section", "phase_section", "render", "where_sentence"]

_MOST_DIRECTIONS = 3


def render(view: WalkView) -> None:
    """Draw the tab."""
    comparison = view.comparison
    if comparison is None:
        no_baseline(view.walk)
        return
    if not comparison.joints:
        empty("Nothing could be compared", "The analysis of this walk was withheld; the tab “Quality” says why.")
        return
    say(where_sentence(comparison))
    with st.container(key="stack_deviations"):
        left, right = st.columns([1, 1], gap="large")
        with left:
            st.subheader("Body map", anchor=False)
            body_section(comparison, view.measurement.visible_side)
        with right:
            st.subheader("Movement analysis profile", anchor=False)
            figure, sentence = charts_deviation.map_bars(comparison.map_deg)
            charts.show(figure, sentence, key="deviation_map")
    phase_section(comparison, key="deviation_phases")
    st.subheader("Joint angles, in SD of the baseline", anchor=False)
    figure, sentence = charts_deviation.z_map(comparison.z)
    charts.show(figure, sentence, key="deviation_z")
    st.subheader("Three measures side by side", anchor=False)
    rows(
        [
            ("Joint", "t"),
            ("Autoencoder", "n"),
            ("z-score (SD)", "n"),
            ("Furthest in", "name"),
            ("MAP (°)", "n"),
        ],
        beside(comparison),
        "Deviation of each joint by three measures",
    )
    note(
        "Autoencoder: 1 is typical. It learned how this person's joints move together; z-scores and the profile look "
        "at each angle by itself. Where all three agree, a deviation is more certain."
    )


def body_section(comparison: BaselineComparison, near: str) -> None:
    """Draw the body map with its sentence."""
    named = (
        f"parts from {PART_LIMITS[0]:g} are named"
        if marked_parts(comparison)
        else f"no part reaches {PART_LIMITS[0]:g}"
    )
    body_map(comparison.joints, near=near, sentence=f"1.0 is typical of this person; {named}. Seen from the {near}.")
    if how := direction_sentences(comparison, marked_parts(comparison), _MOST_DIRECTIONS):
        say(" ".join(how))


def phase_section(comparison: BaselineComparison, *, key: str) -> None:
    """Draw which part of the body deviates in which phase of the stride."""
    st.subheader("When in the stride", anchor=False)
    figure, sentence = charts_deviation.phase_map(comparison.phase_joints)
    charts.show(figure, sentence, key=key)


def where_sentence(comparison: BaselineComparison) -> str:
    """Say which parts of the body deviate, and in which phase the first of them does most."""
    marked = marked_parts(comparison)
    if not marked:
        return f"No part of the body stands out against the baseline of {comparison.subject}."
    named = ", ".join(
        f"{part} ({comparison.joints[part]:.1f} times typical)" for part in marked[:3] if part in comparison.joints
    )
    curve = comparison.phase_joints.get(marked[0])
    when = ""
    if curve is not None and np.isfinite(curve).any():
        when = f" The {marked[0]} differs most in {phase_at(int(np.nanargmax(curve)))}."
    return f"Most different from the baseline: {named}.{when}"


def beside(comparison: BaselineComparison) -> list[list[str]]:
    """Return one row per joint and side: autoencoder, z-score with its phase, movement analysis profile."""
    body = []
    for side in ("left", "right"):
        for name in CURVES:
            key = (name, side)
            z = comparison.z.get(key)
            seen = z is not None and np.isfinite(z).any()
            at = int(np.nanargmax(np.abs(z))) if z is not None and seen else None
            body.append(
                [
                    f"{side.capitalize()} {name}" if name != "trunk" else f"Trunk, over {side} strides",
                    number(_part(comparison.joints, name, side), digits=1),
                    signed(float(z[at]), "%") if z is not None and at is not None else "–",
                    phase_at(at) if at is not None else "–",
                    number(comparison.map_deg.get(key), digits=1),
                ]
            )
    return body


def _part(joints: Mapping[str, float], name: str, side: str) -> float | None:
    wanted = name if name == "trunk" else f"{side} {'ankle and foot' if name == 'ankle' else name}"
    known = {words.joint_name(part): value for part, value in joints.items()}
    return known.get(wanted)
