"""The version of the code that runs, if it runs from a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["commit"]


def commit() -> str:
    """Return the commit of this checkout, marked when files differ from it; empty outside a checkout.

    Returns
    -------
    str
    """
    folder = Path(__file__).resolve().parents[2]
    try:
        text = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=10"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return text.strip()
