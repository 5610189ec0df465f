"""The base of all settings: JSON round trip, checked ranges and a stable digest."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Final, Self

from gait_core.errors import SettingsError
from gait_core.phrases import one_spelling

__all__ = ["Settings", "digest_of", "is_word"]

_WORD: Final = re.compile(r"[^\W\d][\w.-]{0,59}")


def digest_of(value: Any) -> str:
    """Return 16 hexadecimal digits that depend only on the JSON content of `value`.

    Returns
    -------
    str
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_word(value: Any) -> bool:
    """Return whether a value is one word that begins with a letter, at most 60 characters long.

    Returns
    -------
    bool
    """
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of all settings: JSON round trip, digest, checked ranges.

    A subclass lists numeric limits in `_ranges` (field → lowest, highest) and words in `_choices`; a field in `_words`
    holds any single word, which is checked where those that exist are known.
    """

    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    _choices: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    _words: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if isinstance(getattr(self, "subject", None), str):
            object.__setattr__(self, "subject", one_spelling(self.subject))  # type: ignore[attr-defined]
        for name, (low, high) in self._ranges.items():
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
                raise SettingsError(
                    f"Expected {name} between {low:g} and {high:g}, but got {value!r}.",
                    f"Set {name} to a value in that range.",
                )
        for name, allowed in self._choices.items():
            value = getattr(self, name)
            if value not in allowed:
                raise SettingsError(
                    f"Expected {name} to be one of {', '.join(map(str, allowed))}, but got {value!r}.",
                    "Choose one of these.",
                )
        for name in self._words:
            value = getattr(self, name)
            if not is_word(value):
                raise SettingsError(f"Expected {name} to be a single word, but got {value!r}.", "Give its name.")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-serialisable values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a mapping; an unknown key raises `SettingsError`."""
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise SettingsError(
                f"Expected keys among {', '.join(sorted(known))}, but got {', '.join(unknown)}.",
                "Remove or correct these keys.",
            )
        return cls(**values)

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def digest(self) -> str:
        """Return a stable digest of all fields."""
        return digest_of(self.to_dict())
