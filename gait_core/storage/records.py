"""Reads a stored record: JSON of a known shape, whole by its seal where it has one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from gait_core.errors import StorageError
from gait_core.storage.json_file import read_json
from gait_core.storage.schema import problem_in
from gait_core.storage.seal import check_seal, unsealed

__all__ = ["checked_record", "read_record"]

_FAR_FUTURE_S: Final = 1e11
_NAMED_BY_ID: Final = ("analyses", "measurements", "comparisons", "embeddings")
"""Collections in which a folder has the identifier of its record as its name."""


def read_record(document: Path, expected: Any, *, what: str, remedy: str) -> dict[str, Any]:
    """Return a stored record without its seal.

    Parameters
    ----------
    document : Path
        JSON file; the files that its seal lists lie beside it.
    expected : type
        Shape of the record, see `gait_core.storage.schema.problem_in`.
    what : str
        What is stored there, for messages: ``"the analysis walk-2026…"``.
    remedy : str
        What can be done when it is damaged.

    Returns
    -------
    dict
        All keys but those of the seal; those that `expected` does not name too.

    Raises
    ------
    NotFoundError
        When the file is missing.
    StorageError
        When it cannot be read, has another shape, or is not what was sealed.
    """
    try:
        values = read_json(document)
    except StorageError as error:
        raise StorageError(error.message, remedy) from error
    return checked_record(values, document, expected, what=what, remedy=remedy)


def checked_record(values: Any, document: Path, expected: Any, *, what: str, remedy: str) -> dict[str, Any]:
    """Check a record that was read; arguments and errors as of `read_record`, except that no file is missing.

    Returns
    -------
    dict
        `values` without its seal.
    """
    problem = problem_in(values, expected)
    created_s = values.get("created_s") if isinstance(values, dict) else None
    if not problem and isinstance(created_s, int | float) and not 0 <= created_s < _FAR_FUTURE_S:
        problem = f"created_s is {created_s:g}, which is not a date"
    own = values.get("id") if isinstance(values, dict) else None
    if (
        not problem
        and isinstance(own, str)
        and document.parent.parent.name in _NAMED_BY_ID
        and own != document.parent.name
    ):
        problem = f"another one is described, {own}: folders were swapped or renamed"
    if problem:
        raise StorageError(f"Expected {what} as Gait Studio stores it, but in {document.name} {problem}.", remedy)
    stored_s = float(created_s) if isinstance(created_s, int | float) else None
    check_seal(values, document, what=what, stored_s=stored_s, remedy=remedy)
    return unsealed(values)
