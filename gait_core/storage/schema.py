"""Checks what was read from JSON against the type hints of a record, so that a wrong shape is reported on reading."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["problem_in"]


def problem_in(value: Any, expected: Any, place: str = "") -> str:
    """Look for what is wrong with the shape of a value.

    Parameters
    ----------
    value : object
        From JSON.
    expected : type
        A `TypedDict`, a dataclass, or a hint made of ``str``, ``int``, ``float``, ``bool``, ``None``, lists, mappings
        with text keys and unions of these. Everything else matches anything. Keys that a record does not know are
        not checked.
    place : str
        Where the value stands, for the message.

    Returns
    -------
    str
        The first problem, with where it is: ``stages[2].name is missing``; empty when there is none.
    """
    origin, arguments = get_origin(expected), get_args(expected)
    if is_typeddict(expected) or is_dataclass(expected):
        return _problem_in_record(value, expected, place)
    if origin in (Union, types.UnionType):
        problems = [problem_in(value, one, place) for one in arguments]
        return "" if "" in problems else problems[0]
    if origin in (list, tuple):
        if not isinstance(value, list):
            return _wrong(place, "a list", value)
        return _first(problem_in(item, arguments[0], f"{place}[{number}]") for number, item in enumerate(value))
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        if not isinstance(value, dict):
            return _wrong(place, "an object", value)
        return _first(problem_in(item, arguments[1], _inside(place, name)) for name, item in value.items())
    matches, words = _PLAIN.get(expected, (_anything, ""))
    return "" if matches(value) else _wrong(place, words, value)


def _problem_in_record(value: Any, expected: Any, place: str) -> str:
    if not isinstance(value, dict):
        return _wrong(place, "an object", value)
    hints, required = _record(expected)
    for name in sorted(required):
        if name not in value:
            return f"{_inside(place, name)} is missing"
    return _first(problem_in(value[name], hint, _inside(place, name)) for name, hint in hints.items() if name in value)


@cache
def _record(expected: Any) -> tuple[Mapping[str, Any], frozenset[str]]:
    """Return the hints of a record, and which of its keys cannot be left out."""
    hints = {name: hint for name, hint in get_type_hints(expected).items() if not name.startswith("_")}
    if is_typeddict(expected):
        # Not `__required_keys__`: where hints are text, as by `from __future__ import annotations`, it knows no extras.
        marked = get_type_hints(expected, include_extras=True)
        return hints, frozenset(name for name in hints if get_origin(marked[name]) is not NotRequired)
    own = [entry for entry in fields(expected) if entry.name in hints]
    needed = frozenset(entry.name for entry in own if not _has_default(entry))
    return {entry.name: hints[entry.name] for entry in own}, needed


def _has_default(entry: Any) -> bool:
    return entry.default is not MISSING or entry.default_factory is not MISSING


def _first(problems: Iterable[str]) -> str:
    return next((problem for problem in problems if problem), "")


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _wrong(place: str, words: str, value: Any) -> str:
    return f"{place or 'it'} is {_shown(value)} instead of {words}"


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return repr(value)[:40]


def _anything(_: Any) -> bool:
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_PLAIN: Mapping[Any, tuple[Callable[[Any], bool], str]] = {
    str: (lambda value: isinstance(value, str), "a text"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    int: (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    float: (_is_number, "a number"),
    type(None): (lambda value: value is None, "nothing"),
    list: (lambda value: isinstance(value, list), "a list"),
    dict: (lambda value: isinstance(value, dict), "an object"),
}
