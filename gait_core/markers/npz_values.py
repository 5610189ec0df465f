"""Reads the arrays of an ``.npz`` file with a walk: bounded, and each checked before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import GaitError, InputError
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.storage.npz_file import load_arrays
from gait_core.storage.zip_archive import ArchiveLimits, checked_members

__all__ = ["REMEDY", "NpzValues"]

Array = NDArray[np.float64]

REMEDY: Final = "Give a file with time, rate, progress_axis, progress_sign, L_hip … R_ankle, heel and toe, and events."
LIMITS: Final = ArchiveLimits(unpacked_bytes=2 * 1024**3, ratio=400, members=1000)
"""Ten joints at 100 Hz take less than 1 GiB in ten hours."""
_KINDS: Final[Mapping[str, str]] = {"HS": INITIAL_CONTACT, "TO": FOOT_OFF}
_SIDES: Final[Mapping[str, str]] = {"L": "left", "R": "right"}
_NUMBERS: Final = "biuf"
_LONGEST: Final = 60


class NpzValues:
    """The arrays of one file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        When the file is missing, no archive of arrays, damaged, or unpacks to more than a walk takes.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            with path.open("rb") as file:
                checked_members(file, LIMITS)
            self._values = load_arrays(path)
        except (GaitError, OSError, ValueError, RuntimeError, MemoryError) as error:
            raise InputError(
                f"Expected an .npz file with a walk, but {path.name} cannot be read: it is of another kind, damaged or "
                "larger than any walk.",
                REMEDY,
            ) from error

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def numbers(self, name: str, shape: tuple[int, ...] | None = None) -> Array:
        """Return an array of numbers; infinite ones are NaN.

        Parameters
        ----------
        name : str
        shape : tuple of int, optional
            The one that it must have.

        Returns
        -------
        ndarray

        Raises
        ------
        InputError
            When it is missing, holds anything but real numbers, or has another shape.
        """
        values = self._found(name)
        if values.dtype.kind not in _NUMBERS:
            raise self.wrong(f"{name} holds {_shown(values)} where numbers are expected")
        if shape is not None and values.shape != shape:
            raise self.wrong(f"{name} has the shape {values.shape}, where the times ask for {shape}")
        numbers = np.array(values, dtype=np.float64)
        numbers[np.isinf(numbers)] = np.nan
        return numbers

    def number(self, name: str, allowed: tuple[float, ...] | None = None) -> float:
        """Return one number.

        Parameters
        ----------
        name : str
        allowed : tuple of float, optional
            The only values that it may have; by default any above 0.

        Returns
        -------
        float

        Raises
        ------
        InputError
            When it is missing, several numbers, or another one.
        """
        values = self.numbers(name)
        value = float(values.ravel()[0]) if values.size == 1 else np.nan
        if value in allowed if allowed else value > 0.0:
            return value
        wanted = " or ".join(f"{one:g}" for one in allowed) if allowed else "a number above 0"
        raise self.wrong(f"{name} holds {_shown(self._values[name])} where {wanted} is expected")

    def text(self, name: str) -> str:
        """Return a text, empty where it is missing.

        Returns
        -------
        str
        """
        return str(self._values[name]) if name in self._values else ""

    def events(self) -> tuple[GaitEvent, ...]:
        """Return the events in order of time.

        Returns
        -------
        tuple of GaitEvent

        Raises
        ------
        InputError
            When they are missing, or a row is not a side, a kind and a time.
        """
        rows = self._found("events")
        if rows.ndim != 2 or rows.shape[1] != 3:
            raise self.wrong(f"events has the shape {rows.shape} where rows of side, kind and time are expected")
        if rows.dtype.kind == "S":
            rows = np.char.decode(rows, "latin-1")
        return tuple(sorted((self._event(row) for row in rows), key=lambda event: event.time_s))

    def _event(self, row: NDArray[Any]) -> GaitEvent:
        side, kind, text = map(str, row)
        try:
            time_s = float(text)
        except ValueError:
            time_s = np.nan
        if side not in _SIDES or kind not in _KINDS or not np.isfinite(time_s):
            raise self.wrong(f"events holds {_shown(row)} where L or R, HS or TO, and a time in seconds are expected")
        return GaitEvent(time_s=time_s, side=_SIDES[side], kind=_KINDS[kind])

    def _found(self, name: str) -> NDArray[Any]:
        if name not in self._values:
            raise InputError(f"Expected a walk by motion capture, but {self.name} lacks {name}.", REMEDY)
        return self._values[name]

    def wrong(self, what: str) -> InputError:
        """Return an error about one array.

        Parameters
        ----------
        what : str
            Half a sentence that begins with the name of the array.

        Returns
        -------
        InputError
        """
        return InputError(f"Expected a walk by motion capture, but in {self.name} {what}.", REMEDY)


def _shown(values: NDArray[Any]) -> str:
    """Return the content of an array, or of its beginning, as a text."""
    text = ", ".join(str(value) for value in values.ravel()[:3]) + (", …" if values.size > 3 else "")
    return repr(text[:_LONGEST])
