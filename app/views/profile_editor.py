"""The user's own profiles: what each means, duplicate, edit, delete with undo, import and export."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from app import words
from app.components import box, empty, error_box, note
from app.plain_text import plain
from app.profiles import profile_caption, profile_title
from app.state import recall, remember, workspace
from app.views import profile_form
from gait_core.compare.profile_store import body_of, delete_profile, export_text, import_profiles, save_profile
from gait_core.config import PROFILES, Profile
from gait_core.config.profile_json import LARGEST_BYTES
from gait_core.config.user_profiles import ProfileFile, profile_files
from gait_core.errors import GaitError
from gait_core.pose.engines import engine_memory, engine_titles
from gait_core.workspace import safe_name

__all__ = ["facts_line", "render"]

_MODELS: Final = {"lite": "small model", "full": "full model", "heavy": "large model"}


def render() -> None:
    """Draw the tab."""
    said = str(recall("profile_said", ""))
    if said:
        remember("profile_said", "")
        st.toast(plain(said))
    if recall("profile_edit"):
        profile_form.render()
        return
    _undo()
    files = profile_files(workspace().profiles, engine_memory())
    own = [profile for file in files for profile in file.sound.values()]
    st.subheader("Your profiles", anchor=False)
    if not own:
        empty("No profile of your own yet", "Duplicate a built-in one below and change what you need.")
    for profile in own:
        _row(profile)
    _broken(files)
    _import()
    st.subheader("Built-in profiles", anchor=False)
    note("Built-in profiles cannot be changed; copy one to start your own.")
    for profile in PROFILES.values():
        _row(profile)


def facts_line(profile: Profile) -> str:
    """Return the values of a profile in one line."""
    parts = [
        _MODELS[profile.model],
        f"confidence {profile.confidence:g}",
        f"{profile.target_fps:g} frames/s at most" if profile.target_fps else "every frame",
        f"batches of {profile.batch_size}",
    ]
    if profile.engine != "auto":
        parts.append(engine_titles().get(profile.engine, profile.engine))
    if profile.precision != "f32":
        parts.append(profile.precision)
    if profile.max_workers is not None:
        parts.append(f"{words.plural(profile.max_workers, 'video')} at once")
    return " · ".join(parts)


def _row(profile: Profile) -> None:
    name = profile.name
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.html(
                f"<b>{escape(profile_title(profile))}</b>"
                f'<p class="gs-note">{escape(profile_caption(profile))}</p>'
                f'<p class="gs-note">{escape(facts_line(profile))}</p>'
            )
        shown = plain(name)
        if st.button("Duplicate", key=f"profile_copy_{name}", icon=":material/content_copy:", help=f"Copy {shown}"):
            _edit(_free_name(name), body_of(workspace(), name) | {"description": ""}, instead_of="")
        if profile.built_in:
            return
        if st.button("Edit", key=f"profile_edit_{name}", icon=":material/edit:", help=f"Change {shown}"):
            _edit(name, body_of(workspace(), name), instead_of=name)
        st.download_button(
            "Export",
            data=export_text(workspace(), name),
            file_name=f"{safe_name(name, 'profile')}.json",
            mime="application/json",
            key=f"profile_export_{name}",
            icon=":material/download:",
            on_click="ignore",
            help=f"{shown} as JSON",
        )
        if st.button("Delete", key=f"profile_delete_{name}", icon=":material/delete:", help=f"Delete {shown}"):
            _delete(name)


def _edit(name: str, body: Mapping[str, Any], *, instead_of: str) -> None:
    remember("profile_edit", {"name": name, "body": dict(body), "instead_of": instead_of})
    remember("profile_form", int(recall("profile_form", 0)) + 1)
    st.rerun()


def _free_name(name: str) -> str:
    taken = {known.casefold() for file in profile_files(workspace().profiles) for known in file.sound}
    stem = f"My {name}" if name in PROFILES else f"{name} copy"
    found, number = stem, 2
    while found.casefold() in taken:
        found, number = f"{stem} {number}", number + 1
    return found[:60]


def _delete(name: str) -> None:
    try:
        remember("profile_undo", {"name": name, "body": delete_profile(workspace(), name)})
    except GaitError as error:
        error_box(error.to_dict(), "Nothing was deleted")
        return
    st.rerun()


def _undo() -> None:
    gone: dict[str, Any] | None = recall("profile_undo")
    if not gone:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            text = "Baselines made with it stay; to analyse with them, choose another profile."
            box(f"“{gone['name']}” was deleted", text, "calm")
        undone = st.button("Undo", key="profile_undo", icon=":material/undo:", type="primary")
        if st.button("Close", key="profile_undo_close", type="tertiary"):
            remember("profile_undo", None)
            st.rerun()
    if undone:
        try:
            save_profile(workspace(), str(gone["name"]), gone["body"])
        except GaitError as error:
            error_box(error.to_dict(), "It could not be restored")
            return
        remember("profile_undo", None)
        remember("profile_said", f"“{gone['name']}” is back.")
        st.rerun()


def _broken(files: list[ProfileFile]) -> None:
    for file in files:
        if file.all_problems:
            first = "; ".join(str(problem) for problem in file.all_problems[:4])
            more = len(file.all_problems) - 4
            tail = f" And {words.plural(more, 'more problem')}." if more > 0 else ""
            box(f"{file.path.name} cannot be used in full", f"{first}{tail}", "warn")


def _import() -> None:
    generation = int(recall("profile_uploads", 0))
    with st.expander("Import profiles from a file", icon=":material/upload:"):
        came = st.file_uploader(
            "Profiles as JSON", type=["json"], key=f"profile_upload_{generation}", max_upload_size=1
        )
        if came is None:
            note("One or more profiles in a file; all of them are taken or, when something is wrong, none.")
            return
        if came.size > LARGEST_BYTES:
            error_box({"message": f"Expected at most {LARGEST_BYTES // 1024} kB, but got {words.size(came.size)}."})
            return
        try:
            text = came.getvalue().decode("utf-8-sig")
            names, problems = import_profiles(workspace(), text, came.name)
        except UnicodeDecodeError:
            error_box(
                {"message": "Expected text in UTF-8.", "remedy": "Save the file as UTF-8."}, "Nothing was imported"
            )
            return
        except GaitError as error:
            error_box(error.to_dict(), "Nothing was imported")
            return
        if problems:
            for problem in problems:
                message = f"{problem.where}: {problem.message}" if problem.where else problem.message
                error_box({"message": message, "remedy": problem.remedy}, "Nothing was imported")
            return
        remember("profile_uploads", generation + 1)
        remember("profile_said", f"Imported {', '.join(names)}.")
        st.rerun()
