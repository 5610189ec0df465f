"""One reader for the JSON files of a baseline: shape, format number, and one clear message for all damage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from gait_core.errors import GaitError, StorageError

__all__ = ["StoredFormat"]

Built = TypeVar("Built")


@dataclass(frozen=True, kw_only=True)
class StoredFormat:
    """What this version knows of the files of one kind.

    Attributes
    ----------
    newest : int
        Format number that this version writes, under ``format``; a file without a number has format 1.
    keys : tuple of str
        Keys that a file of any format has.
    """

    newest: int
    keys: tuple[str, ...]

    def read(self, values: Any, source: str, build: Callable[[Mapping[str, Any]], Built]) -> Built:
        """Build what a file holds.

        Parameters
        ----------
        values : object
            Contents of the file.
        source : str
            Name of the file, for messages.
        build : callable
            Takes the contents, once they are known to be of a format that this version reads; what it raises over a
            value that is missing or of the wrong kind becomes a `StorageError`.

        Returns
        -------
        object
            What `build` returned.

        Raises
        ------
        StorageError
            When the file is not an object, lacks one of `keys`, holds a wrong value or is from a later version.
        """
        if not isinstance(values, Mapping):
            raise _unreadable(source, f"got {type(values).__name__} instead of an object")
        found = values.get("format", 1)
        if not isinstance(found, int) or found > self.newest:
            raise StorageError(
                f"Expected format {self.newest} or earlier in {source}, but got {found!r}: a later version wrote it.",
                "Install that version of Gait Studio, or create the baseline again with this one.",
            )
        missing = [key for key in self.keys if key not in values]
        if missing:
            raise _unreadable(source, f"{', '.join(missing)} missing")
        try:
            return build(values)
        except (KeyError, TypeError, ValueError, AttributeError, GaitError) as error:
            raise _unreadable(source, f"{type(error).__name__}: {error}") from error


def _unreadable(source: str, why: str) -> StorageError:
    return StorageError(
        f"Expected {source} as Gait Studio writes it, but it is damaged or from another version ({why}).",
        "Create the baseline again from the same videos; their landmarks come from the cache.",
    )
