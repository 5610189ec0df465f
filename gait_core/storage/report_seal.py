"""The seal of a written report: a last line with the digest of everything before it, which no reader shows.

In HTML it is a comment after the end of the document, in PDF a comment after the end-of-file mark.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from gait_core.errors import InputError, NotFoundError
from gait_core.storage.check import SealCheck
from gait_core.storage.json_file import read_content

__all__ = ["sealed_html", "sealed_pdf", "verify_report"]

_MOST_BYTES: Final = 512 * 1024**2
_SEAL: Final = re.compile(rb"\n(?:<!--|%) gait-studio-seal sha256=([0-9a-f]{64})(?: -->)?\n\Z")
_REMEDY: Final = "Write the report again from the stored walk, and use that one."


def sealed_html(content: bytes) -> bytes:
    """Return a report in HTML with its seal.

    Returns
    -------
    bytes
    """
    return content + f"\n<!-- gait-studio-seal sha256={_digest(content)} -->\n".encode("ascii")


def sealed_pdf(content: bytes) -> bytes:
    """Return a report in PDF with its seal.

    Returns
    -------
    bytes
    """
    return content + f"\n% gait-studio-seal sha256={_digest(content)}\n".encode("ascii")


def verify_report(path: Path) -> SealCheck:
    """Compare a report with its seal.

    Parameters
    ----------
    path : Path
        HTML or PDF that Gait Studio wrote.

    Returns
    -------
    SealCheck

    Raises
    ------
    NotFoundError
        When there is no such file.
    InputError
        When it cannot be read, or is too large to be a report.
    """
    try:
        content = read_content(path, _MOST_BYTES)
    except FileNotFoundError:
        raise NotFoundError(f"Expected a report at {path}, but there is none.", "Check the path.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"Expected a report at {path}, but it cannot be read ({error}).", "Check the path.") from error
    found = _SEAL.search(content, max(0, len(content) - 200))
    if found is None:
        return SealCheck(
            name=str(path),
            state="unsealed",
            message=f"{path.name} has no seal: an earlier version or another program wrote it, or its end was cut off.",
            remedy=_REMEDY,
        )
    if found[1].decode("ascii") != _digest(content[: found.start()]):
        return SealCheck(
            name=str(path),
            state="changed",
            message=f"Expected {path.name} as Gait Studio wrote it, but it was changed afterwards.",
            remedy=_REMEDY,
        )
    return SealCheck(
        name=str(path), state="intact", message=f"{path.name} is as Gait Studio wrote it.", files=(path.name,)
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
