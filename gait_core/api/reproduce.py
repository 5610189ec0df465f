"""From a finished job to the command and the Python lines that give the same numbers."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gait_core.api.reproduced_calls import MAKERS, Call
from gait_core.errors import InputError

__all__ = ["KINDS", "Reproduction", "reproduce"]

_PROGRAM: Final = "python -m gait_core"


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """How to get a result again.

    Attributes
    ----------
    command : str
        One line for a shell; empty where the command line cannot say all of it.
    python : str
        Lines that begin with the import of `gait_core`; empty where Python has no function for it yet.
    notes : tuple of str
        What has to be known beside them, one sentence each.
    """

    command: str
    python: str
    notes: tuple[str, ...] = ()


def reproduce(kind: str, params: Mapping[str, Any], *, workspace: Path | str | None = None) -> Reproduction:
    """Return the command and the Python lines that give the numbers of a job again.

    Parameters
    ----------
    kind : str
        Kind of the job, one of `KINDS`.
    params : mapping
        Its parameters, as stored in ``spec.json``.
    workspace : path-like, optional
        Named in both; default: left to the environment.

    Returns
    -------
    Reproduction

    Raises
    ------
    InputError
        When the kind is another, or the parameters are not of that kind.
    """
    maker = MAKERS.get(kind)
    if maker is None:
        raise InputError(
            f"Expected the kind of job to be one of {', '.join(KINDS)}, but got {kind!r}.", "Choose one of these."
        )
    try:
        call = maker({name: value for name, value in params.items() if value is not None})
    except KeyError as error:
        raise InputError(
            f"Expected {error.args[0]!r} in the parameters of a {kind} job, but got {', '.join(params) or 'none'}.",
            "Pass the params of its spec.json.",
        ) from error
    # A simulation writes into the folder that it is given, and needs no workspace.
    place = {} if workspace is None or kind == "simulate" else {"workspace": str(workspace)}
    return Reproduction(command=_command(call, place), python=_python(call, place), notes=call.notes)


def _command(call: Call, place: Mapping[str, str]) -> str:
    if not call.command:
        return ""
    words = [*call.command.split(), *map(str, call.arguments)]
    for name, value in {**call.options, **place}.items():
        option = f"--{name.replace('_', '-')}"
        text = str(value)
        if value is True:
            words.append(option)
        elif text.startswith("-"):
            words.append(f"{option}={text}")  # or it would itself be parsed as an option
        elif isinstance(value, list | tuple):
            words += [part for entry in value for part in (option, str(entry))]
        else:
            words += [option, text]
    return f"{_PROGRAM} {shlex.join(words)}"


def _python(call: Call, place: Mapping[str, str]) -> str:
    if not call.function:
        return ""
    lines = [f"    {_literal(value)}," for value in call.positional]
    lines += [f"    {name}={_literal(value)}," for name, value in {**call.keywords, **place}.items()]
    made = "\n".join([f"{call.result} = gait.{call.function}(", *lines, ")"])
    return f"import gait_core as gait\n\n{made}\n{call.result}{call.shows}\n"


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple) and len(value) > 1:
        rows = "".join(f"        {entry!r},\n" for entry in value)
        return f"[\n{rows}    ]"
    return repr(list(value) if isinstance(value, tuple) else value)


KINDS: Final = tuple(MAKERS)
"""Kinds of jobs that can be reproduced."""
