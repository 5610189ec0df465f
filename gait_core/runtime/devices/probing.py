"""Small questions to the system that several kinds of devices ask; each answers "no" where nothing is known."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

__all__ = ["is_installed", "text_of"]


def is_installed(distribution: str) -> bool:
    """Return whether a Python distribution is installed, without importing it.

    Returns
    -------
    bool
    """
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def text_of(path: Path) -> str:
    """Read a file of the system.

    Returns
    -------
    str
        Empty where it cannot be read; what is not UTF-8 comes as replacement characters.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
