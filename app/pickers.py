"""Ways to name videos: a folder on this computer, or an upload of small files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

from app import videos, words
from app.components import error_box
from app.plain_text import plain
from app.routes import token
from app.state import recall, remember, workspace
from gait_core.errors import GaitError

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["UPLOAD_LIMIT_MB", "folder_picker", "sources", "upload_picker"]

UPLOAD_LIMIT_MB: Final = 64
_HERE: Final = Path(__file__).resolve().parent


def sources(key: str, *, several: bool) -> list[str]:
    """Draw the two ways to name videos; return what was chosen, once, and close the boxes then."""
    folder_key, upload_key = f"{key}_folder_box", f"{key}_upload_box"
    if recall(f"{key}_close"):
        remember(f"{key}_close", False)
        st.session_state[folder_key] = st.session_state[upload_key] = False
    with st.popover("Pick from a folder", icon=":material/folder_open:", key=folder_key, on_change="rerun"):
        chosen = folder_picker(key)
    label = "Upload files" if several else "Upload a file"
    with st.popover(label, icon=":material/upload:", key=upload_key, on_change="rerun"):
        chosen = chosen or upload_picker(key, several=several)
    if chosen:
        remember(f"{key}_close", True)
    return chosen


def folder_picker(key: str) -> list[str]:
    """Draw a folder box with one checkbox per video; return the chosen paths once the user confirms."""
    folder = st.text_input(
        "Folder on this computer", key=f"{key}_folder", placeholder="/home/…/videos", value=str(recall("folder", ""))
    )
    if not folder.strip():
        st.caption("Paste the path of a folder and press Enter. The videos are read where they are; nothing is copied.")
        return []
    try:
        found = videos.scan(folder)
    except GaitError as error:
        error_box(error.to_dict(), "This folder cannot be used")
        return []
    remember("folder", folder)
    if not found:
        st.caption(f"No videos in this folder. Expected files ending in {', '.join(videos.ENDINGS)}.")
        return []
    with st.container(height=260 if len(found) > 6 else "content", border=False):
        chosen = [str(path) for i, path in enumerate(found) if _box(path, f"{key}_file_{path}", first=i < 5)]
    confirmed = st.button(
        f"Use {words.plural(len(chosen), 'video')}", key=f"{key}_folder_use", disabled=not chosen, width="stretch"
    )
    return chosen if confirmed else []


def _box(path: Path, key: str, *, first: bool) -> bool:
    return st.checkbox(f"{plain(path.name)} · {words.size(path.stat().st_size)}", value=first, key=key)


def upload_picker(key: str, *, several: bool = True) -> list[str]:
    """Draw an upload box; return the paths in the workspace of what came, once."""
    known = token()
    return _plain_upload(key, several) if known is None else _streamed_upload(key, several, known)


def _streamed_upload(key: str, several: bool, known: str) -> list[str]:
    """Send the files straight to the disk; memory use does not grow with their size."""
    result = _component()(
        key=f"{key}_stream",
        data={"token": known, "several": several, "endings": list(videos.ENDINGS)},
        on_paths_change=_noted,
    )
    uploads = workspace().uploads
    # What the browser says is not trusted: only files of the upload folder count.
    return [str(path) for path in map(Path, result.paths or ()) if path.parent == uploads and path.is_file()]


def _noted() -> None:
    """Let a finished upload run the page again."""


@cache
def _component() -> ComponentRenderer:
    """Register the component once per process, as Streamlit asks."""
    return st.components.v2.component(
        "gait_studio_upload",
        html=(
            '<div class="drop"><label>Drop videos here, or choose them. They are copied into the workspace on this '
            'computer.<input type="file"></label><ul aria-live="polite"></ul></div>'
        ),
        css=(_HERE / "uploader.css").read_text(encoding="utf-8"),
        js=(_HERE / "uploader.js").read_text(encoding="utf-8"),
    )


def _plain_upload(key: str, several: bool) -> list[str]:
    """Use Streamlit's own box, which keeps files in memory; its copy is released at once."""
    generation = int(recall(f"{key}_uploads", 0))
    st.caption(f"Up to {UPLOAD_LIMIT_MB} MB each. For larger files give the path instead: nothing is copied then.")
    came = st.file_uploader(
        "Videos",
        type=[ending.lstrip(".") for ending in videos.ENDINGS],
        accept_multiple_files=True,
        key=f"{key}_upload_{generation}",
        max_upload_size=UPLOAD_LIMIT_MB,
    )
    if not came:
        return []
    try:
        kept = [str(videos.keep_upload(workspace(), file.name, file)) for file in came]
    except GaitError as error:
        error_box(error.to_dict(), "The upload could not be saved")
        return []
    remember(f"{key}_uploads", generation + 1)
    return kept if several else kept[:1]
