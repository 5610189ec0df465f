"""A form for settings of any kind: one field each, with its documented meaning; only what was changed is sent."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

import streamlit as st

from gait_core.config import Settings

__all__ = ["explained", "settings_form"]

_ENTRY: Final = re.compile(r"^(?P<names>[a-z_]+(?:, [a-z_]+)*) : (?P<kind>.+)$")


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
    kind: type[Settings], key: str, *, only: Iterable[str] | None = None, without: Iterable[str] = ("seed",)
) -> dict[str, Any]:
    """Draw a field for each setting.

    Parameters
    ----------
    kind : type of Settings
    key : str
        Begins the key of each field.
    only, without : iterable of str
        Which settings are drawn, and which are not.

    Returns
    -------
    dict
        Those that differ from their default.
    """
    help_of = explained(kind)
    chosen = None if only is None else set(only)
    hidden = set(without)
    changed: dict[str, Any] = {}
    shown = [
        field
        for field in fields(kind)
        if field.name not in hidden and (chosen is None or field.name in chosen) and field.default is not MISSING
    ]
    with st.container(key=f"stack_{key}"):
        columns = st.columns(2, gap="large") if len(shown) > 1 else [st.container()]
    for number, field in enumerate(shown):
        with columns[number % len(columns)]:
            value = _field(kind, field.name, field.default, str(field.type), f"{key}_{field.name}", help_of)
        if value != field.default:
            changed[field.name] = value
    return changed


def _field(kind: type[Settings], name: str, default: Any, annotation: str, key: str, help_of: Mapping[str, str]) -> Any:
    label = name.replace("_", " ").capitalize()
    told = help_of.get(name) or None
    choices = kind._choices.get(name)
    if isinstance(default, bool):
        return st.toggle(label, value=default, key=key, help=told)
    if choices is not None:
        return st.selectbox(label, list(choices), index=list(choices).index(default), key=key, help=told)
    if "int" in annotation or "float" in annotation:
        return _number(kind, name, default, "int" in annotation, key, label, told)
    text = st.text_input(label, value=default or "", key=key, help=told)
    return text or default


def _number(
    kind: type[Settings], name: str, default: Any, whole: bool, key: str, label: str, told: str | None
) -> int | float | None:
    low, high = kind._ranges.get(name, (None, None))
    as_type = int if whole else float
    limits: dict[str, Any] = {
        "min_value": None if low is None else as_type(low),
        "max_value": None if high is None else as_type(high),
    }
    shown: int | float | None = st.number_input(
        label,
        value=None if default is None else as_type(default),
        step=1 if whole else None,
        format="%d" if whole else "%g",
        placeholder="chosen for you",
        key=key,
        help=told,
        **limits,
    )
    return shown
