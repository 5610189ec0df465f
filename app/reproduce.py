"""“Reproduce this”: the command and the Python lines that give a result again, below the result."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components import note
from app.state import workspace
from gait_core.api.reproduce import reproduce

__all__ = ["offer"]


def offer(kind: str, params: Mapping[str, Any]) -> None:
    """Draw the section for a result.

    Parameters
    ----------
    kind : str
        Kind of the job that made the result.
    params : mapping
        Its parameters; empty for a result of an earlier version, which did not keep them.
    """
    with st.expander("Reproduce this", icon=":material/terminal:"):
        if not params:
            note("This result was made by an earlier version, which did not keep how it was made.")
            return
        # Another shell need not have the variable that leads to this workspace.
        place = workspace().root if os.environ.get("GAIT_WORKSPACE") else None
        found = reproduce(kind, params, workspace=place)
        if found.command:
            note("On the command line:")
            st.code(found.command, language="bash", wrap_lines=True)
        if found.python:
            note("In Python:")
            st.code(found.python, language="python")
        for sentence in found.notes:
            note(sentence)
