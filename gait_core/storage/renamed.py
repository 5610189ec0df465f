"""Gives the keys of a record that an earlier version stored the names that they have today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["renamed"]


def renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a record under the current names.

    Parameters
    ----------
    values : mapping
        As stored, by this version or an earlier one.
    names : mapping of str to str
        Earlier name → current name.

    Returns
    -------
    dict
        In the same order; keys that `names` does not mention stay as they are.
    """
    return {names.get(key, key): value for key, value in values.items()}
