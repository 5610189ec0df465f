"""Parameters of a C3D file as plain lists, also where a list is split into numbered ones."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

__all__ = ["long_list", "number_of", "numbered", "texts_of", "values_of"]


def values_of(content: Any, group: str, name: str) -> list[Any]:
    """Return a parameter as a list, empty where it is missing.

    Parameters
    ----------
    content : ezc3d.c3d
    group, name : str
        In capitals, as the format has them.

    Returns
    -------
    list
        Texts or numbers.
    """
    parameters = content["parameters"]
    return list(parameters[group][name]["value"]) if group in parameters and name in parameters[group] else []


def texts_of(content: Any, group: str, name: str) -> list[str]:
    """Return a parameter as texts without spaces around them.

    Parameters
    ----------
    content : ezc3d.c3d
    group, name : str

    Returns
    -------
    list of str
        Empty where the parameter is missing.
    """
    return [str(value).strip() for value in values_of(content, group, name)]


def number_of(content: Any, group: str, name: str) -> float | None:
    """Return the first number of a parameter.

    Parameters
    ----------
    content : ezc3d.c3d
    group, name : str

    Returns
    -------
    float or None
        None where the parameter is missing, empty or no finite number.
    """
    values = values_of(content, group, name)
    try:
        value = float(np.asarray(values, dtype=float).ravel()[0])
    except (IndexError, ValueError):
        return None
    return value if np.isfinite(value) else None


def numbered(content: Any, group: str, name: str) -> list[str]:
    """Return the numbers behind the names of a parameter that is split: ``""``, ``"2"``, ``"3"``, in order.

    Parameters
    ----------
    content : ezc3d.c3d
    group, name : str

    Returns
    -------
    list of str
        Empty where there is no such parameter. One parameter of the format holds at most 255 entries.
    """
    parameters = content["parameters"]
    names = list(parameters[group].keys()) if group in parameters else []
    found = [match[1] for key in names if (match := re.fullmatch(rf"{name}(\d*)", str(key)))]
    return sorted(found, key=lambda number: int(number or 1))


def long_list(content: Any, group: str, name: str) -> list[str]:
    """Return a list of texts that may go on in ``<name>2``, ``<name>3`` and so on.

    Parameters
    ----------
    content : ezc3d.c3d
    group, name : str

    Returns
    -------
    list of str
        All entries one after the other.
    """
    return [text for number in numbered(content, group, name) for text in texts_of(content, group, f"{name}{number}")]
