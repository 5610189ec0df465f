"""Keeps the chatter of native libraries off standard error."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["quiet_native_stderr"]

_CHATTER: Final = re.compile(
    rb"[IW]\d{4} \d{2}:\d{2}:|INFO: (Created|Initialized|Replacing|Applying)|WARNING: (Logging before|All log messages)"
)


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
                # Whatever is not known chatter was meant to be read.
                for line in held:
                    if not _CHATTER.match(line):
                        os.write(2, line)


_native_stderr = _NativeStderr()


@contextmanager
def quiet_native_stderr() -> Iterator[None]:
    """Drop the information lines that TensorFlow Lite and MediaPipe write past every log setting.

    MediaPipe writes before its logging is set up, which no variable of the environment stops. Keep it
    around short calls only: what others write to standard error meanwhile comes out at the end.

    Yields
    ------
    None
        While standard error of the whole process is set aside, that of other threads included.
    """
    _native_stderr.enter()
    try:
        yield
    finally:
        _native_stderr.leave()
