"""Numbers that a person types, on a page or on the command line: units as people write them, and what each may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["DISTANCE", "FRAME_RATE", "HEIGHT", "PIXELS", "SPEED", "Quantity"]

_NUMBER: Final = r"(\d+(?:[.,]\d*)?|[.,]\d+)"
_PLAIN: Final = re.compile(rf"^{_NUMBER}\s*([^\d\s.,]*)$")
_FEET: Final = re.compile(rf"""^{_NUMBER}\s*(?:ft|feet|foot|'|′|’)\s*(?:{_NUMBER}\s*(?:in|inch|inches|"|″|”|''|)?)?$""")
_FOOT_M: Final = 0.3048
_INCH_M: Final = 0.0254
_CENTIMETRES_FROM: Final = 50.0
"""No person is 50 m tall: a larger number without a unit is in centimetres."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A kind of number that can be typed.

    Attributes
    ----------
    low, high : float
        Range in which a value can be used, in `unit`.
    unit : str
        In which the value is handed on.
    factors : mapping of str to float
        Other units that may be typed, and what one of them is in `unit`.
    digits : int
        Decimals that are shown.
    bare : callable, optional
        Turns a number that was typed without a unit into `unit`.
    """

    low: float
    high: float
    unit: str
    factors: Mapping[str, float]
    digits: int = 2
    bare: Callable[[float], float] = float

    def read(self, text: str) -> float | str | None:
        """Return the value typed, in `unit`; the sentence that says why it cannot be used; or None for no text."""
        if not text.strip():
            return None
        value = self.value(text)
        if value is None:
            return self.refusal(text)
        if not self.low <= value <= self.high:
            return f"Enter {self.low:g} to {self.high:g} {self.unit}; {self.shown(value)} is out of range."
        return value

    def value(self, text: str) -> float | None:
        """Return the value typed, in `unit`, whatever its size; None where it is not a number with a known unit."""
        text = text.strip().lower()
        feet = _FEET.match(text) if "ft" in self.factors else None
        if feet is not None:
            inches = _number(feet[2]) if feet[2] else 0.0
            return round(_number(feet[1]) * _FOOT_M + inches * _INCH_M, 4)
        plain = _PLAIN.match(text)
        if plain is None:
            return None
        number, unit = _number(plain[1]), plain[2]
        if not unit:
            return self.bare(number)
        if unit == self.unit.lower():
            return number
        return round(number * self.factors[unit], 4) if unit in self.factors else None

    def refusal(self, text: str) -> str:
        """Return the sentence for a text that is not a number with a known unit."""
        units = ", ".join(name for name in (self.unit, *self.factors) if name)
        return f"Enter a number{f' ({units})' if units else ''}. “{text.strip().lower()}” is not one."

    def write(self, value: float | None) -> str:
        """Return a value as it is typed."""
        return "" if value is None else repr(float(value)).removesuffix(".0")

    def shown(self, value: float) -> str:
        """Return a value with its unit, for display."""
        return f"{value:,.{self.digits}f} {self.unit}"

    def is_converted(self, text: str, value: float) -> bool:
        """Return whether a value was typed in a unit other than the one in which it is passed on."""
        plain = _PLAIN.match(text.strip().lower())
        return plain is None or abs(_number(plain[1]) - value) > 1e-4


HEIGHT: Final = Quantity(
    low=0.8,
    high=2.5,
    unit="m",
    factors={"cm": 0.01, "in": _INCH_M, "ft": _FOOT_M},
    bare=lambda number: number / 100 if number >= _CENTIMETRES_FROM else number,
)
"""Body height in metres; centimetres, inches, and feet with inches may be typed."""

SPEED: Final = Quantity(low=0.1, high=4.0, unit="m/s", factors={"km/h": 1 / 3.6, "mph": 0.44704})
DISTANCE: Final = Quantity(low=0.1, high=50.0, unit="m", factors={"cm": 0.01, "in": _INCH_M, "ft": _FOOT_M})
FRAME_RATE: Final = Quantity(low=5.0, high=1000.0, unit="frames/s", factors={"fps": 1.0, "hz": 1.0, "1/s": 1.0})
PIXELS: Final = Quantity(low=2.0, high=100_000.0, unit="px", factors={"pixels": 1.0}, digits=0)


def _number(text: str) -> float:
    return float(text.replace(",", "."))
