"""Wizard, step 2: for whom and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from app import registry, videos, words
from app.components import check_line, error_box
from app.draft import Draft
from app.entries import FRAME_RATE, HEIGHT, SPEED, Quantity, entry, refused
from app.plain_text import plain
from app.profiles import known_profiles, profile_caption, profile_title
from app.state import jobs, set_params, workspace
from app.views.wizard_steps import move
from gait_core.config import DEFAULT_PROFILE
from gait_core.errors import GaitError

__all__ = ["render"]

_TYPED: Final[Mapping[str, Quantity]] = {"height": HEIGHT, "speed": SPEED, "fps": FRAME_RATE}


def render(draft: Draft) -> None:
    """Draw the entries and the start button."""
    paths = videos.usable(draft.videos)
    if len(paths) < videos.LEAST_WALKS:
        error_box(
            {
                "message": f"Expected at least {videos.LEAST_WALKS} usable walks, but there are {len(paths)}.",
                "remedy": "Go back one step and add walks.",
            },
            "Not enough walks",
        )
        _back(draft)
        return
    changed = _entries(draft)
    changed = _advanced(changed)
    if changed != draft:
        changed.save(workspace())
        set_params(draft=changed.id)
    unusable = any(refused(quantity, key) for key, quantity in _TYPED.items())
    with st.container(horizontal=True, gap="small"):
        start = st.button(
            "Create the baseline",
            key="configure_start",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Mod+Enter",
            disabled=not changed.subject.strip() or unusable,
        )
        _back(changed)
    if not changed.subject.strip():
        check_line("Enter a pseudonym to continue.")
    elif unusable:
        check_line("Correct or empty the marked field to continue.")
    if start:
        _submit(changed)


def _entries(draft: Draft) -> Draft:
    st.html(f'<p class="gs-note">{words.plural(len(videos.usable(draft.videos)), "walk")} chosen.</p>')
    with st.container(horizontal=True, gap="medium"):
        subject = st.text_input(
            "Who is it? (pseudonym)",
            value=draft.subject,
            key="subject",
            max_chars=60,
            placeholder="for example P-017",
            help="Do not use the real name. Later walks of this person are compared with this baseline.",
            width=380,
        )
        height_m = entry(
            "Body height, if known",
            HEIGHT,
            draft.height_m,
            key="height",
            placeholder="for example 1.72 m",
            about="With it, step length and walking speed are given in metres. 172 cm and 5 ft 8 in work too.",
        )
    known = known_profiles()
    names = list(known)
    with st.container(key="cards_profile"):
        profile = st.radio(
            "Speed or precision?",
            names,
            index=names.index(draft.profile if draft.profile in names else DEFAULT_PROFILE),
            format_func=lambda name: plain(profile_title(name)),
            captions=[plain(profile_caption(profile)) for profile in known.values()],
            key="profile",
        )
    registry.link("profiles", "Compare the profiles, or make your own")
    return draft.with_(subject=subject, height_m=height_m, profile=profile or draft.profile)


def _advanced(draft: Draft) -> Draft:
    with st.expander("More settings", icon=":material/tune:"):
        left, right = st.columns(2, gap="large")
        with left:
            speed = entry(
                "Walking speed, if measured",
                SPEED,
                draft.speed_mps,
                key="speed",
                placeholder="not measured",
                about="For example from a timed 10 m walk. Leave empty when unknown.",
            )
            fps = entry(
                "Frame rate of the videos",
                FRAME_RATE,
                draft.fps,
                key="fps",
                placeholder="from the file",
                about="Only when the files state a wrong rate, as slow-motion exports do.",
            )
            cell = st.segmented_control(
                "Kind of network",
                ["gru", "lstm"],
                default=draft.cell,
                format_func=str.upper,
                key="cell",
                required=True,
                help="GRU is the standard. LSTM is larger and slower.",
            )
        with right:
            watch = st.number_input(
                "False alarms accepted for “watch” (%)",
                min_value=0.1,
                max_value=50.0,
                value=100 * draft.watch_rate,
                step=0.5,
                format="%.1f",
                key="watch_rate",
                help="Share of the person's normal walks that may exceed the limit.",
            )
            alert = st.number_input(
                "False alarms accepted for “alert” (%)",
                min_value=0.1,
                max_value=50.0,
                value=100 * draft.alert_rate,
                step=0.5,
                format="%.1f",
                key="alert_rate",
            )
            scratch = st.toggle(
                "Learn from these walks alone",
                value=draft.from_scratch,
                key="scratch",
                help="Do not start from the pre-trained model. Takes longer and is seldom better.",
            )
    return draft.with_(
        speed_mps=speed,
        fps=fps,
        cell=cell or draft.cell,
        watch_rate=round((watch or 5.0) / 100, 5),
        alert_rate=round((alert or 1.0) / 100, 5),
        from_scratch=bool(scratch),
    )


def _back(draft: Draft) -> None:
    if st.button("Back", key="configure_back", type="tertiary"):
        move("import", draft=draft.id)
        st.rerun()


def _submit(draft: Draft) -> None:
    try:
        job = jobs().submit("baseline", draft.params(), draft.title)
    except GaitError as error:
        error_box(error.to_dict(), "The baseline could not be started")
        return
    draft.discard(workspace())
    move("run", draft=None, job=job.id)
    st.rerun()
