"""Commands of the command line: each registers itself in one line in a module of `gait_core.cli.commands`."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from gait_core.cli import commands
from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.runtime.discovery import import_members
from gait_core.workspace import Workspace

__all__ = ["REGISTERED", "AddArguments", "Command", "Run", "command", "command_group", "registered_commands"]

Run: TypeAlias = Callable[[argparse.Namespace, Workspace, Console], Answer]
AddArguments: TypeAlias = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command, or the head of several.

    Attributes
    ----------
    path : tuple of str
        The words that call it: ``("baseline", "create")``.
    help : str
        One readable line.
    order : int
        Its place in the help; commands of the same place stand by name.
    arguments : callable
        Adds its arguments to a parser.
    run : callable or None
        Does the work; None for the head of a group, which only gathers.
    """

    path: tuple[str, ...]
    help: str
    order: int
    arguments: AddArguments
    run: Run | None


REGISTERED: Final[dict[tuple[str, ...], Command]] = {}
"""Filled by `command` and `command_group` when the modules are imported; read it through `registered_commands`."""


def _no_arguments(_: argparse.ArgumentParser) -> None:
    """Add nothing."""


def command(
    path: str,
    *,
    help: str,  # noqa: A002
    order: int = 1000,
    arguments: AddArguments = _no_arguments,
) -> Callable[[Run], Run]:
    """Register a function as a command.

    Parameters
    ----------
    path : str
        The words that call it, with spaces: ``"baseline create"``; all but the last name a `command_group`.
    help : str
        One readable line.
    order : int
        Its place in the help, within its group; what has none stands at the end.
    arguments : callable
        Adds its arguments to a parser.

    Returns
    -------
    callable
        A decorator for the function that does the work; it leaves the function as it is.

    Raises
    ------
    ValueError
        When the path is taken.
    """

    def register(run: Run) -> Run:
        _add(Command(path=tuple(path.split()), help=help, order=order, arguments=arguments, run=run))
        return run

    return register


def command_group(path: str, *, help: str, order: int = 1000) -> None:  # noqa: A002
    """Register the word that several commands share; see `command`.

    Parameters
    ----------
    path : str
        The words, with spaces, all but the last a group by themselves.
    help : str
        One readable line.
    order : int
        Its place in the help, within its group; what has none stands at the end.

    Raises
    ------
    ValueError
        When the path is taken.
    """
    _add(Command(path=tuple(path.split()), help=help, order=order, arguments=_no_arguments, run=None))


def registered_commands() -> Iterator[Command]:
    """Yield all commands.

    Yields
    ------
    Command
        The head of a group before its members, otherwise in the order of the help.
    """
    _import_all()
    return iter(sorted(REGISTERED.values(), key=_place))


def _place(one: Command) -> tuple[int, int, tuple[str, ...], int, tuple[str, ...]]:
    return len(one.path), REGISTERED.get(one.path[:1], one).order, one.path[:1], one.order, one.path


def _add(one: Command) -> None:
    if one.path in REGISTERED:
        raise ValueError(f"Expected a new command, but {' '.join(one.path)!r} is registered already.")
    REGISTERED[one.path] = one


@functools.cache
def _import_all() -> None:
    import_members(commands)
