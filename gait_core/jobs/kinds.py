"""The kinds of work that a job can be. Each registers itself in one line, wherever in the package it is defined.

A package of `gait_core` that offers job kinds has a module ``job_kinds`` (or a package of that name with one module per
kind). These modules are found by looking, on the first question about a kind; no list names them. A job folder names
only its kind: what runs it is decided here, never by what is in the folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.runtime.discovery import import_named
from gait_core.workspace import Workspace

__all__ = ["REGISTERED", "JobKind", "OnPart", "job_kind", "job_kinds", "kind_named"]

_MODULE: Final = "job_kinds"

OnPart: TypeAlias = Callable[[dict[str, Any]], None]
"""Receives one part of a result as soon as it is known."""

_F = TypeVar("_F", bound=Callable[..., dict[str, Any]])


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """One kind of job.

    Attributes
    ----------
    name : str
        As in ``spec.json``.
    title : str
        What people call it.
    task : callable
        Does the work.
    streams : bool
        Whether `task` hands on the parts of its result through ``on_part``.
    """

    name: str
    title: str
    task: Callable[..., dict[str, Any]]
    streams: bool = False

    def run(
        self, params: Mapping[str, Any], workspace: Workspace, reporter: Reporter, on_part: OnPart | None = None
    ) -> dict[str, Any]:
        """Do the work and return its JSON result; `on_part` hears of each part of it where the kind has parts."""
        if self.streams:
            return self.task(params, workspace, reporter, on_part=on_part or _ignore)
        return self.task(params, workspace, reporter)


REGISTERED: Final[dict[str, JobKind]] = {}
"""Filled by `job_kind` when the modules are imported; read it through `job_kinds`."""


def job_kind(name: str, *, title: str, streams: bool = False) -> Callable[[_F], _F]:
    """Register a function as a kind of job.

    Parameters
    ----------
    name : str
        As in ``spec.json``; lower-case letters, digits and ``_``.
    title : str
        What people call it.
    streams : bool
        The function also takes ``on_part`` and calls it with each part of its result as soon as that is known.

    Returns
    -------
    callable
        A decorator for a function that takes the stored parameters, a `Workspace` and a `Reporter` and returns a JSON
        result; it leaves the function as it is.

    Raises
    ------
    ValueError
        When another function has the name already.
    """

    def register(task: _F) -> _F:
        if name in REGISTERED:
            raise ValueError(f"Expected a new name for a job kind, but {name!r} is registered already.")
        REGISTERED[name] = JobKind(name=name, title=title, task=task, streams=streams)
        return task

    return register


def job_kinds() -> Mapping[str, JobKind]:
    """Return all kinds of jobs.

    Returns
    -------
    mapping of str to JobKind
        By name; read-only.
    """
    import_named(_MODULE)
    return MappingProxyType(REGISTERED)


def kind_named(name: str) -> JobKind:
    """Return a kind.

    Returns
    -------
    JobKind

    Raises
    ------
    InputError
        When there is none of that name.
    """
    kinds = job_kinds()
    if name not in kinds:
        raise InputError(
            f"Expected the job kind to be one of {', '.join(sorted(kinds))}, but got {name!r}.",
            "The job was made by another version of Gait Studio: start it again with this one.",
        )
    return kinds[name]


def _ignore(_: dict[str, Any]) -> None:
    """Take a part that is not waited for."""
