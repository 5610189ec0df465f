"""Training lab, TensorBoard: a link where one runs on the log of a training, else the command that starts one."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Final

import psutil
import streamlit as st

from app.components import note

__all__ = ["running_port", "section"]

_LOGS: Final = "events.out.tfevents*"
_INFO: Final = ".tensorboard-info"
_HOST: Final = "127.0.0.1"


def section(folder: Path) -> None:
    """Draw how the log of a run is seen in TensorBoard; nothing where the run wrote none.

    The dashboard starts no TensorBoard by itself: it would outlive the page and has no password.

    Parameters
    ----------
    folder : Path
        Of the run.
    """
    if next(folder.rglob(_LOGS), None) is None:
        return
    with st.expander("TensorBoard", icon=":material/monitoring:"):
        if importlib.util.find_spec("tensorboard") is None:
            note("This run wrote a log for TensorBoard, an optional extra that is not installed here. To install it:")
            st.code(shlex.join([sys.executable, "-m", "pip", "install", "tensorboard"]), language="bash")
            return
        port = running_port(folder)
        if port is not None:
            st.link_button("Open TensorBoard", f"http://{_HOST}:{port}", icon=":material/open_in_new:")
            return
        note(
            "This starts TensorBoard for this run; only this computer can reach it. Then reload this page for its link."
        )
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--host", _HOST]
        st.code(shlex.join(command), language="bash", wrap_lines=True)


def running_port(folder: Path) -> int | None:
    """Return the port of a TensorBoard of this user that shows a folder, or one around it; None where none runs.

    TensorBoard notes each of its servers in a file of the folder for temporary files.
    """
    wanted = folder.resolve()
    for path in sorted((Path(tempfile.gettempdir()) / _INFO).glob("pid-*.info")):
        try:
            if path.stat().st_uid != os.getuid():
                continue
            facts = json.loads(path.read_text(encoding="utf-8"))
            shown, port, pid = Path(facts["logdir"]).resolve(), int(facts["port"]), int(facts["pid"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if psutil.pid_exists(pid) and (shown == wanted or shown in wanted.parents):
            return port
    return None
