"""Load MediaPipe quietly, and say what is missing when it cannot be loaded."""

from __future__ import annotations

import ctypes
import logging
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from gait_core.errors import LibraryError

__all__ = ["load_mediapipe", "quiet_native_stderr", "release_native_memory"]

_OPTIONAL: Final = "mediapipe.tasks.python.core.optional_dependencies"
_CHATTER: Final = re.compile(
    rb"[IW]\d{4} \d{2}:\d{2}:|INFO: (Created|Initialized|Replacing|Applying)|WARNING: (Logging before|All log messages)"
)
_loading = threading.Lock()


def load_mediapipe() -> Any:
    """Import MediaPipe and return the module.

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


class _NativeStderr:
    """File descriptor 2, set aside while at least one thread is in a noisy call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._saved = -1
        self._held: Any = None

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            try:
                held = tempfile.TemporaryFile()  # noqa: SIM115 - closed in leave
            except OSError:
                return  # a full disk: chatter is the smaller evil
            try:
                self._saved = os.dup(2)
            except OSError:
                held.close()  # a process without standard error has nothing to keep clean
                return
            self._held = held
            os.dup2(held.fileno(), 2)

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users or self._saved < 0:
                return
            os.dup2(self._saved, 2)
            os.close(self._saved)
            self._saved = -1
            with self._held as held:
                held.seek(0)
                # Whatever is not known chatter was meant for somebody.
                for line in held:
                    if not _CHATTER.match(line):
                        os.write(2, line)


_native_stderr = _NativeStderr()


@contextmanager
def quiet_native_stderr() -> Iterator[None]:
    """Drop the information lines that TensorFlow Lite and MediaPipe write past every log setting.

    MediaPipe writes before its logging is set up, which no variable of the environment stops. Keep it
    around short calls only: what others write to standard error meanwhile comes out at the end.
    """
    _native_stderr.enter()
    try:
        yield
    finally:
        _native_stderr.leave()


def release_native_memory() -> None:
    """Give memory that a closed model has freed back to the system, where the C library can.

    Without it some 200 MB per worker stay with the process after the first video.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
