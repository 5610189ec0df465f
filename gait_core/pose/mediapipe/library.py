"""Load MediaPipe quietly, and say what is missing when it cannot be loaded."""

from __future__ import annotations

import logging
import os
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from gait_core.errors import LibraryError

__all__ = ["load_mediapipe"]

_OPTIONAL: Final = "mediapipe.tasks.python.core.optional_dependencies"
_loading = threading.Lock()


def load_mediapipe() -> Any:
    """Import MediaPipe.

    Returns
    -------
    module
        ``mediapipe``, with its native library loaded.

    Raises
    ------
    LibraryError
        When MediaPipe or a system library that it needs is missing.
    """
    # Read by the C++ side when it is loaded; what the user has set stays.
    for name, value in (("GLOG_minloglevel", "3"), ("TF_CPP_MIN_LOG_LEVEL", "3"), ("MEDIAPIPE_DISABLE_GPU", "1")):
        os.environ.setdefault(name, value)
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        with _loading:
            _leave_tensorflow_out()
            import mediapipe
            from mediapipe.tasks.python import vision  # noqa: F401 - loads the native library
    except ModuleNotFoundError as error:
        raise LibraryError(
            f"Expected the Python package {error.name}, but it is not installed.",
            "Run: python -m pip install -r requirements.txt",
        ) from error
    except (ImportError, OSError) as error:
        text = str(error)
        if "EGL" in text or "GLES" in text:
            raise LibraryError(
                "Expected the system libraries libEGL.so.1 and libGLESv2.so.2, which MediaPipe loads, "
                "but one is missing.",
                "On Debian or Ubuntu run: sudo apt-get install libegl1 libgles2",
            ) from error
        raise LibraryError(
            f"Expected MediaPipe to load, but it failed: {text}", "Run: python -m gait_core doctor"
        ) from error
    return mediapipe


def _leave_tensorflow_out() -> None:
    # MediaPipe imports TensorFlow, where it is installed, for a marker of its documentation alone: 5 s
    # and 700 MB. Its own stand-in for machines without TensorFlow is put in place beforehand.
    if _OPTIONAL in sys.modules:
        return
    stand_in = ModuleType(_OPTIONAL)
    stand_in.__dict__["doc_controls"] = SimpleNamespace(do_not_generate_docs=lambda decorated: decorated)
    sys.modules[_OPTIONAL] = stand_in
