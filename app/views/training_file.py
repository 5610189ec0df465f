"""Training lab, the settings file: what a form starts with, and the same values as a file, a command and Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import streamlit as st

from app import reproduce
from app.components import error_box, note
from app.plain_text import plain
from app.state import recall, remember
from gait_core.errors import GaitError
from gait_core.workflows.train_request import TrainRequest, config_of

__all__ = ["FormStart", "file_text", "keep", "load_section", "offer", "start_again", "start_of_form"]

_START: Final = "training_start"
_ROUND: Final = "training_round"
_NOW: Final = "training_now"
_FIRST_KEY: Final = "training_preset"


@dataclass(frozen=True, kw_only=True)
class FormStart:
    """What the fields of the form hold at first.

    Attributes
    ----------
    values : mapping
        Fields of `TrainRequest`; those that are missing have their default.
    suffix : str
        Ends the key of each field: fields with another key start again.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    suffix: str = ""

    def get(self, name: str, default: Any) -> Any:
        """Return a value, or the default."""
        return self.values.get(name, default)

    def settings_of(self, model: str) -> Mapping[str, Any]:
        """Return the settings of a classifier; none where the values are those of another one."""
        return dict(self.values.get("settings") or {}) if self.values.get("model") == model else {}


def start_of_form() -> FormStart:
    """Return what the form starts with: a file that was loaded, or what stood in it before the page was left."""
    now = recall(_NOW)
    if now is not None and f"{_FIRST_KEY}{_suffix()}" not in st.session_state:
        start_again(now)  # the fields were forgotten when the page was left
    return FormStart(values=dict(recall(_START, {})), suffix=_suffix())


def _suffix() -> str:
    begun = int(recall(_ROUND, 0))
    return f"_{begun}" if begun else ""


def start_again(values: Mapping[str, Any]) -> None:
    """Let all fields of the form begin with these values."""
    remember(_START, dict(values))
    remember(_ROUND, int(recall(_ROUND, 0)) + 1)
    remember(_NOW, None)


def keep(values: Mapping[str, Any]) -> None:
    """Keep the content of the form for a return to the page."""
    remember(_NOW, dict(values))


def file_text(request: Mapping[str, Any]) -> str:
    """Return a settings file for `train --config`: a request without the name of its run."""
    values = {name: value for name, value in request.items() if name != "run"}
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def load_section(suffix: str) -> None:
    """Draw the field that takes a settings file."""
    with st.expander("Load a settings file", icon=":material/upload_file:"):
        note("A file saved from this page or a finished run, or one that you wrote for train --config.")
        given = st.file_uploader("Settings file", type=["json"], key=f"training_file{suffix}", max_upload_size=1)
        if given is None:
            return
        try:
            values = _values_in(given.getvalue(), given.name)
        except GaitError as error:
            error_box(error.to_dict(), "This settings file cannot be used")
            return
        start_again(values)
        st.toast(f"Loaded {plain(given.name)}.")
        st.rerun()


def _values_in(content: bytes, name: str) -> dict[str, Any]:
    """Return the fields of a settings file; what it leaves out stays as it is in the form.

    Raises
    ------
    InputError, SettingsError
        When it is not a settings file, or a value is wrong.
    """
    values = {name: value for name, value in config_of(content, name).items() if name != "run"}
    now = dict(recall(_NOW) or {})
    kept = {field: now[field] for field in ("dataset", "model") if field in now}
    request = TrainRequest.from_dict({"dataset": "", "model": "svm", **kept, **values})
    return {name: value for name, value in request.to_dict().items() if name != "run"}


def offer(values: Mapping[str, Any]) -> None:
    """Draw the same training as a settings file, a command and Python lines."""
    try:
        request = TrainRequest.from_dict(values).to_dict()
    except GaitError:
        return  # reported when it is started
    st.download_button(
        "Save as a settings file",
        file_text(request),
        f"{request['model']}.json",
        "application/json",
        icon=":material/download:",
        key="training_save_file",
        help="Load it here again, or use it on the command line: train --config FILE.",
        on_click="ignore",
    )
    reproduce.offer("train", {name: value for name, value in request.items() if name != "run"})
