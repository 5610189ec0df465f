"""A form for settings of any kind: one field each, with its documented meaning; only what was changed is sent."""

from __future__ import annotations

import csv
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final

import streamlit as st

from gait_core.config import Settings

__all__ = ["explained", "line_of", "names_in", "settings_form"]

_ENTRY: Final = re.compile(r"^(?P<names>[a-z_]+(?:, [a-z_]+)*) : (?P<kind>.+)$")
_QUOTED: Final = re.compile(r'[,"]|^\s|\s$')
_OFF: Final = re.compile(r"\bNone (?:keeps|leaves)\b")
"""How the documentation says that an empty field turns something off."""


def explained(kind: type[Settings]) -> dict[str, str]:
    """Return what each field means, from the docstrings of a kind of settings and of those that it extends."""
    found: dict[str, str] = {}
    for owner in reversed(kind.__mro__):
        names: list[str] = []
        for line in (inspect.cleandoc(owner.__doc__ or "")).splitlines():
            entry = _ENTRY.match(line)
            if entry:
                names = entry["names"].split(", ")
                found.update(dict.fromkeys(names, ""))
            elif names and line.startswith("    "):
                for name in names:
                    found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def settings_form(
    kind: type[Settings],
    key: str,
    *,
    start: Mapping[str, Any] | None = None,
    suffix: str = "",
    choices: Mapping[str, Sequence[str]] | None = None,
    without: Iterable[str] = ("seed",),
) -> dict[str, Any]:
    """Draw a field for each setting.

    Parameters
    ----------
    kind : type of Settings
    key : str
        Begins the key of each field.
    start : mapping, optional
        What the fields hold at first, where that is not the default.
    suffix : str
        Ends the key of each field; another one lets all of them start again.
    choices : mapping, optional
        What can be chosen where the settings themselves do not say it.
    without : iterable of str
        Which settings are not drawn; they keep what `start` says.

    Returns
    -------
    dict
        Those that differ from their default.
    """
    help_of, given, hidden = explained(kind), dict(start or {}), set(without)
    allowed = {**kind._choices, **(choices or {})}
    known = [field for field in fields(kind) if field.default is not MISSING]
    changed = {field.name: given[field.name] for field in known if field.name in hidden and field.name in given}
    shown = [field for field in known if field.name not in hidden]
    with st.container(key=f"stack_{key}"):
        columns = st.columns(2, gap="large") if len(shown) > 1 else [st.container()]
    for number, field in enumerate(shown):
        one = _Field(
            name=field.name,
            default=field.default,
            start=given.get(field.name, field.default),
            annotation=str(field.type),
            limits=kind._ranges.get(field.name, (None, None)),
            choices=allowed.get(field.name),
            key=f"{key}_{field.name}{suffix}",
            told=help_of.get(field.name) or None,
        )
        with columns[number % len(columns)]:
            value = one.draw()
        if value != field.default:
            changed[field.name] = value
    return changed


@dataclass(frozen=True, kw_only=True)
class _Field:
    """One setting: what it is, what it starts with, and how it is drawn."""

    name: str
    default: Any
    start: Any
    annotation: str
    limits: tuple[float | None, float | None]
    choices: Sequence[Any] | None
    key: str
    told: str | None

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()

    def draw(self) -> Any:
        """Draw the field and return its value."""
        if isinstance(self.default, bool):
            return st.toggle(self.label, value=bool(self.start), key=self.key, help=self.told)
        if self.choices is not None:
            options = [*self.choices, *(() if self.start in self.choices else (self.start,))]
            return st.selectbox(self.label, options, index=options.index(self.start), key=self.key, help=self.told)
        if "int" in self.annotation or "float" in self.annotation:
            return self._number()
        if isinstance(self.default, tuple):
            text = st.text_input(self.label, value=line_of(self.start), key=self.key, help=self.told)
            return names_in(text)
        text = st.text_input(self.label, value=self.start or "", key=self.key, help=self.told)
        return text or self.default

    def _number(self) -> int | float | None:
        whole = "int" in self.annotation
        as_type = int if whole else float
        low, high = self.limits
        options: dict[str, Any] = {
            "min_value": None if low is None else as_type(low),
            "max_value": None if high is None else as_type(high),
            "placeholder": "off" if _OFF.search(self.told or "") else "chosen for you",
        }
        shown: int | float | None = st.number_input(
            self.label,
            value=None if self.start is None else as_type(self.start),
            step=1 if whole else None,
            format="%d" if whole else "%g",
            key=self.key,
            help=self.told,
            **options,
        )
        return shown


def line_of(values: Iterable[str]) -> str:
    """Return names as a line of text, each in quotes where it holds a comma or a quote."""
    return ", ".join('"' + name.replace('"', '""') + '"' if _QUOTED.search(name) else name for name in values)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in a line of text, as `line_of` writes them."""
    found = next(csv.reader([text], skipinitialspace=True), [])
    return tuple(name.strip() for name in found if name.strip())
