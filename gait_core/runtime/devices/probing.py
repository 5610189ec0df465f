"""Small questions to the system that several kinds of devices ask; each answers "no" where nothing is known."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

__all__ = ["is_installed", "text_of"]


def is_installed(distribution: str) -> bool:
    """Tell whether a Python distribution is installed, without importing it."""
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def text_of(path: Path) -> str:
    """Return the text of a file of the system, or an empty text where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
