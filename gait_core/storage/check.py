"""What verifying a stored result came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["CheckState", "SealCheck"]

CheckState: TypeAlias = Literal["intact", "changed", "unsealed"]
"""``unsealed``: there is nothing to check it against, so its state is unknown."""


@dataclass(frozen=True, kw_only=True)
class SealCheck:
    """What comparing something with its seal found.

    Attributes
    ----------
    name : str
        Identifier or path.
    state : {"intact", "changed", "unsealed"}
    message, remedy : str
    files : tuple of str
        Files that were compared.
    """

    name: str
    state: CheckState
    message: str
    remedy: str = ""
    files: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether everything is as it was stored."""
        return self.state == "intact"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {**vars(self), "files": list(self.files), "intact": self.intact}
