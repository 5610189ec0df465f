"""The one error tree of Gait Studio.

::

    GaitError                      anything that has a clear message and a remedy
    ├── InputError                 what the user gave is wrong
    │   ├── VideoError             one video cannot be used; the other videos continue
    │   │   └── WalkRefused        readable, but no gait can be measured from it
    │   ├── SettingsError          a setting is unknown or out of range
    │   └── NotFoundError          no such subject, walk, baseline or job
    ├── MachineError               the machine lacks something
    │   ├── ClusterError           the machines that share the work do not answer or do not fit together
    │   ├── ModelError             a model file is missing, damaged or of another kind
    │   ├── LibraryError           a system or Python library is missing
    │   ├── MemoryLimitError       the work needs more memory than it may use, or than there is
    │   └── StorageError           the workspace is read-only or full
    └── Cancelled                  the user stopped the work; not a failure

Every message says what was expected and what came; `remedy` says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "Cancelled",
    "ClusterError",
    "GaitError",
    "InputError",
    "LibraryError",
    "MachineError",
    "MemoryLimitError",
    "ModelError",
    "NotFoundError",
    "SettingsError",
    "StorageError",
    "VideoError",
    "WalkRefused",
    "WalkWarning",
]


class GaitError(Exception):
    """Base of every expected failure.

    Parameters
    ----------
    message : str
        What was expected and what came, naming the file or parameter.
    remedy : str
        What the user can do about it, as an imperative sentence.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[GaitError], tuple[str, str]]:
        return type(self), (self.message, self.remedy)

    @property
    def kind(self) -> str:
        """Name of the class, as stored in JSON."""
        return type(self).__name__

    def to_dict(self) -> dict[str, str]:
        """Return `kind`, `message` and `remedy` for a status file or for JSON output."""
        return {"kind": self.kind, "message": self.message, "remedy": self.remedy}

    @staticmethod
    def from_dict(facts: Mapping[str, str]) -> GaitError:
        """Return the error that `to_dict` described; a plain one if its kind is not known here."""
        return _kinds(GaitError).get(facts["kind"], GaitError)(facts["message"], facts["remedy"])

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def _kinds(base: type[GaitError]) -> dict[str, type[GaitError]]:
    found = {base.__name__: base}
    for kind in base.__subclasses__():
        found |= _kinds(kind)
    return found


class InputError(GaitError):
    """The input of the user is wrong."""


class VideoError(InputError):
    """One video cannot be used."""


class WalkRefused(VideoError):
    """The video can be read, but no gait can be measured from it."""


class SettingsError(InputError):
    """A setting is unknown or out of range."""


class NotFoundError(InputError):
    """No such subject, walk, baseline or job."""


class MachineError(GaitError):
    """The machine lacks something that the work needs."""


class ClusterError(MachineError):
    """The machines that share the work do not answer, do not fit together, or went away."""


class ModelError(MachineError):
    """A model file is missing, damaged or of another kind."""


class LibraryError(MachineError):
    """A system or Python library is missing."""


class MemoryLimitError(MachineError):
    """The work needs more memory than its limit allows, or than the machine has left."""

    exit_code = 3


class StorageError(MachineError):
    """The workspace cannot be written: read-only, full or locked."""


class Cancelled(GaitError):
    """The user stopped the work."""

    def __init__(self, message: str = "Cancelled by the user.", remedy: str = "") -> None:
        super().__init__(message, remedy)


@dataclass(frozen=True, kw_only=True)
class WalkWarning:
    """A reason to doubt what a walk gives, without refusing it.

    Attributes
    ----------
    code : str
        Stable name, for example ``"several_people"``.
    message : str
        One sentence for the user: what was seen and what to do about it.
    blocking : bool
        True when a score would mislead: the level is then withheld.
    """

    code: str
    message: str
    blocking: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return {"code": self.code, "message": self.message, "blocking": self.blocking}
