"""The classes of a dataset: their order, and one set against all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError

__all__ = ["OTHER_CLASS", "class_order", "label_numbers"]

OTHER_CLASS: Final = "other"
"""Name of all classes but the reference class together, see `DatasetSettings.reference_class`."""

_REFERENCES: Final = ("normal", "control", "controls", "ctr", "ctrl", "healthy")


def class_order(names: Sequence[str], reference: str | None = None) -> tuple[str, ...]:
    """Return the classes in their order: the reference first, else one named like a control group, others by name.

    Parameters
    ----------
    names : sequence of str
        A label for each row.
    reference : str or None
        The class that is set against all others, which become one class.

    Returns
    -------
    tuple of str
        Each class once.

    Raises
    ------
    InputError
        When the reference does not occur.
    """
    found = sorted(set(names))
    if reference is not None:
        if reference not in found:
            raise InputError(
                f"Expected a class {reference!r}, but found {', '.join(found)}.",
                "Give reference_class one of these names.",
            )
        return (reference, OTHER_CLASS) if len(found) > 1 else (reference,)
    first = [name for name in found if name.casefold() in _REFERENCES]
    return (*first, *(name for name in found if name not in first))


def label_numbers(names: Sequence[str], classes: Sequence[str], reference: str | None = None) -> NDArray[np.int64]:
    """Return the place of each label among the classes that `class_order` gave, shape (n,).

    Parameters
    ----------
    names : sequence of str
        Label of each row.
    classes : sequence of str
        As `class_order` gave them.
    reference : str, optional
        With it, labels are 0 for the reference and 1 for all others.

    Returns
    -------
    ndarray, shape (n,), int64
    """
    if reference is not None:
        return np.array([int(name != reference) for name in names], dtype=np.int64)
    place = {name: number for number, name in enumerate(classes)}
    return np.array([place[name] for name in names], dtype=np.int64)
