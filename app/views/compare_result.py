"""One comparison of profiles: what differs, in a sentence, in charts, in tables and in videos that play in step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from app import charts, charts_compare, reproduce, words
from app.compare_player import play_together
from app.components import box, error_box, foot, note, rows, say
from app.plain_text import plain
from app.routes import compared_url
from app.state import workspace
from gait_core.compare.agreement import COMPARED_CURVES
from gait_core.compare.comparison_store import load_comparison, overlay_path
from gait_core.compare.export import zip_bytes
from gait_core.compare.profile_comparison import ProfileComparison, ProfileRun
from gait_core.compare.summary import sentences
from gait_core.pose.engines import engine_titles
from gait_core.report.document.words import difference, number
from gait_core.workspace import Workspace, safe_name

__all__ = ["render"]

_MIB: Final = 1024**2


def render(comparison: ProfileComparison, actions: Callable[[], None]) -> None:
    """Draw a comparison.

    Parameters
    ----------
    comparison : ProfileComparison
    actions : callable
        Draws what can be done next, beside the title.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="stretch"):
            parts = (comparison.name, words.moment(comparison.created_s), f"{comparison.duration_s:.1f} s")
            st.html(f'<p class="gs-kicker">{" · ".join(escape(part) for part in parts)}</p>')
        actions()
    for sentence in sentences(comparison):
        say(sentence)
    for run in comparison.runs:
        if run.error is not None:
            error_box(run.error, f"{run.name} did not work on this video")
    _speed(comparison)
    if any(run.agreement is not None for run in comparison.sound):
        _landmarks(comparison)
        _values(comparison)
        _curves(comparison)
    _videos(comparison)
    _export(comparison)
    reproduce.offer("compare_profiles", comparison.request)
    foot("One run of each profile on this computer. Agreement with the most accurate profile is not accuracy.")


def _speed(comparison: ProfileComparison) -> None:
    st.subheader("Time and memory", anchor=False)
    figure, sentence = charts_compare.stage_bars(comparison)
    charts.show(figure, sentence, key="compare_time")
    body = [
        [
            run.name + (" (reference)" if run.name == comparison.reference else ""),
            f"{run.frames_per_s:.1f}",
            f"{run.frames:,}",
            words.percent(run.detection_rate),
            words.duration(run.total_s),
            words.duration(run.cpu_s),
            f"{run.peak_bytes / _MIB:,.0f} of {run.limit_bytes / _MIB:,.0f} MB",
            words.percent(run.peak_bytes / run.limit_bytes),
            _engine(run),
        ]
        for run in comparison.sound
    ]
    columns = [
        ("Profile", "name"),
        ("Frames/s", "n"),
        ("Frames", "n"),
        ("Person found", "n"),
        ("In all", "n"),
        ("CPU time", "n"),
        ("Highest memory", "n"),
        ("Of its limit", "n"),
        ("Pose model by", "t"),
    ]
    rows(columns, body, "Speed and memory of each profile")
    note(
        "Each profile ran once, in a process of its own, and did all the work: nothing came from the cache. Other work "
        "on this computer makes the times longer, but hardly the CPU time."
    )
    for run in comparison.sound:
        if run.peak_bytes > run.limit_bytes:
            text = f"{run.peak_bytes / _MIB:,.0f} MB were needed, {run.limit_bytes / _MIB:,.0f} MB are allowed."
            box(f"{run.name} exceeded its memory limit", text, "warn")


def _engine(run: ProfileRun) -> str:
    name = engine_titles().get(run.engine, run.engine)
    return f"{name}, {run.precision}" if run.precision else name


def _landmarks(comparison: ProfileComparison) -> None:
    st.subheader("Landmarks", anchor=False)
    figure, sentence = charts_compare.group_bars(comparison)
    charts.show(figure, sentence, key="compare_groups")
    for run in comparison.sound:
        share = float((run.agreement or {}).get("exchanged_share", 0.0))
        if share >= 0.005:
            note(
                f"In {words.percent(share)} of the frames {run.name} and {comparison.reference} disagree on which leg "
                "is which; there the legs are compared crosswise, and measuring repairs it."
            )
    with st.expander("Every landmark", icon=":material/accessibility_new:"):
        figure, sentence = charts_compare.landmark_bars(comparison)
        charts.show(figure, sentence, key="compare_landmarks")


def _values(comparison: ProfileComparison) -> None:
    st.subheader("Gait values", anchor=False)
    reference = comparison.reference_run
    others = [run for run in comparison.sound if run is not reference]
    names: dict[str, Mapping[str, Any]] = {
        name: entry for run in comparison.sound for name, entry in run.values.items()
    }
    body = []
    for name, entry in names.items():
        cells = [f"{entry['label']} ({entry['unit']})" if entry["unit"] else str(entry["label"])]
        cells.append(_shown(reference.values.get(name, {}).get("mean"), name))
        for run in others:
            value = run.values.get(name, {}).get("mean")
            cells.append(_shown(value, name))
            cells.append(difference(value, reference.values.get(name, {}).get("mean"), digits=_digits(name)))
        body.append(cells)
    columns = [("Value", "name"), (f"{reference.name} (reference)", "n")]
    for run in others:
        columns += [(run.name, "n"), ("difference", "n")]
    rows(columns, body, "Gait values under each profile")


def _shown(value: float | None, name: str) -> str:
    return number(value, digits=_digits(name))


def _digits(name: str) -> int:
    return 3 if name.endswith("_s") and not name.endswith("per_s") else 2 if "leg" in name else 1


def _curves(comparison: ProfileComparison) -> None:
    st.subheader("Joint angles over the stride", anchor=False)
    leg = st.segmented_control(
        "Leg",
        ["near", "far"],
        default="near",
        format_func=lambda name: f"{name.capitalize()} leg",
        key="compare_leg",
        required=True,
        label_visibility="collapsed",
    )
    with st.container(key="stack_compare_curves"):
        for place, joint in zip(st.columns(3, gap="medium"), COMPARED_CURVES, strict=True):
            with place:
                figure, sentence = charts_compare.curve_chart(comparison, joint, str(leg))
                charts.show(figure, sentence, key=f"compare_curve_{joint}")


def _videos(comparison: ProfileComparison) -> None:
    space = workspace()
    found = [
        (place, run, overlay_path(space, comparison.id, place))
        for place, run in enumerate(comparison.runs)
        if overlay_path(space, comparison.id, place).is_file()
    ]
    if not found:
        return
    st.subheader("Videos in step", anchor=False)
    together = []
    for place, run, _ in found:
        url = compared_url(comparison.id, place)
        if url is not None:
            together.append((run.name, url, f"{run.frames_per_s:.0f} frames/s"))
    if together:
        with st.container(key="compare_videos"):
            play_together(together, key="compare_player")
    else:
        for _, run, path in found:
            st.caption(plain(run.name))
            st.video(str(path))
    note("Turquoise is the near side of the body, white the far side. One timeline moves all videos.")


def _export(comparison: ProfileComparison) -> None:
    st.subheader("Keep it", anchor=False)
    with_videos = st.toggle("Put the overlay videos into the archive", value=False, key="compare_with_videos")
    st.download_button(
        "Download the comparison",
        data=_maker(workspace(), comparison.id, with_videos),
        file_name=f"{safe_name(comparison.name.rpartition('.')[0] or comparison.name, 'walk')}-profiles.zip",
        mime="application/zip",
        key="compare_zip",
        icon=":material/download:",
        on_click="ignore",
    )
    note("One sheet as HTML, the same as JSON, and CSV tables of profiles, values, landmarks and curves.")


def _maker(space: Workspace, comparison_id: str, with_videos: bool) -> Callable[[], bytes]:
    def made() -> bytes:
        comparison = load_comparison(space, comparison_id)
        count = len(comparison.runs) if with_videos else 0
        return zip_bytes(comparison, [overlay_path(space, comparison_id, number) for number in range(count)])

    return made
