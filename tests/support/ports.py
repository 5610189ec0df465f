"""Ports for servers that tests start."""

from __future__ import annotations

import os
from typing import Final

from app.launch import free_port

__all__ = ["own_port"]

_FIRST: Final = 10_000
_EACH: Final = 40
_PROCESSES: Final = 500


def own_port() -> int:
    """Return a free port of those that belong to this process.

    A port that is free is free for the other test process too, which looks at the same moment. The server that comes
    second then ends, and its test talks to the server of the other.
    """
    return free_port(_FIRST + _EACH * (os.getpid() % _PROCESSES), _EACH)
