"""Examines the machine: what is there, what is missing, and the exact remedy."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gait_core.errors import StorageError
from gait_core.storage.leftovers import sweep_leftovers
from gait_core.workspace import Workspace

__all__ = ["Check", "examine"]

_LIBRARIES = (
    "mediapipe",
    "openvino",
    "opencv-contrib-python",
    "av",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "streamlit",
    "plotly",
)
_GB = 1e9
_NEEDED_BYTES = 2 * _GB


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was checked.

    Attributes
    ----------
    name, found, expected : str
    ok : bool
    remedy : str
        What to do when it is not `ok`; empty otherwise.
    """

    name: str
    ok: bool
    found: str
    expected: str
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return dict(vars(self))


def examine(workspace: Workspace) -> list[Check]:
    """Look at everything that Gait Studio needs; takes well under a second and loads no heavy library.

    What killed processes left behind in the workspace is deleted on the way.

    Returns
    -------
    list of Check
        Python, libraries, on Linux the system libraries of MediaPipe, leftovers, workspace, disk and memory.
    """
    return [
        _python(),
        *(_library(name) for name in _LIBRARIES),
        *_system_libraries(),
        _leftovers(workspace),
        _writable(workspace),
        _disk(workspace),
        _memory(),
    ]


def _python() -> Check:
    found = platform.python_version()
    ok = sys.version_info >= (3, 11)
    return Check(
        name="Python",
        ok=ok,
        found=found,
        expected="3.11 or newer",
        remedy="" if ok else "Install Python 3.11 or newer, then run: make PYTHON=python3.11",
    )


def _library(name: str) -> Check:
    try:
        found, ok = importlib.metadata.version(name), True
    except importlib.metadata.PackageNotFoundError:
        found, ok = "missing", False
    return Check(
        name=name,
        ok=ok,
        found=found,
        expected="installed",
        remedy="" if ok else f"{sys.executable} -m pip install -r requirements.txt",
    )


def _system_libraries() -> Iterator[Check]:
    if sys.platform != "linux":
        return
    for library, package in (("libEGL.so.1", "libegl1"), ("libGLESv2.so.2", "libgles2")):
        try:
            ctypes.CDLL(library)
            ok = True
        except OSError:
            ok = False
        sudo = "" if os.geteuid() == 0 else "sudo "
        yield Check(
            name=library,
            ok=ok,
            found="present" if ok else "missing",
            expected="present (MediaPipe loads it)",
            remedy="" if ok else f"{sudo}apt-get install {package}",
        )


def _writable(workspace: Workspace) -> Check:
    try:
        workspace.check_writable()
        problem: StorageError | None = None
    except StorageError as error:
        problem = error
    return Check(
        name="workspace",
        ok=problem is None,
        found=str(workspace.root) if problem is None else problem.message,
        expected="a folder that can be written",
        remedy="" if problem is None else problem.remedy,
    )


def _leftovers(workspace: Workspace) -> Check:
    """Sweep what killed processes left behind, the cached arrays included, and say how much it was."""
    swept = sweep_leftovers(workspace.root, thorough=True)
    return Check(
        name="leftovers",
        ok=True,
        found=f"{swept} half-written files or folders of killed processes, now deleted" if swept else "none",
        expected="none",
    )


def _disk(workspace: Workspace) -> Check:
    folder = next((place for place in (workspace.root, *workspace.root.parents) if place.exists()), Path("/"))
    free = shutil.disk_usage(folder).free
    ok = free >= _NEEDED_BYTES
    return Check(
        name="disk space",
        ok=ok,
        found=f"{free / _GB:.1f} GB free",
        expected=f"at least {_NEEDED_BYTES / _GB:.0f} GB free",
        remedy="" if ok else "Free some space, run `python -m gait_core cache clear`, or choose another --workspace.",
    )


def _memory() -> Check:
    import psutil

    total = psutil.virtual_memory().total
    ok = total >= 4 * _GB
    return Check(
        name="memory",
        ok=ok,
        found=f"{total / _GB:.1f} GB",
        expected="at least 4 GB",
        remedy="" if ok else "Use the profile 'fast' and close other programs.",
    )
