"""The shape of ``spec.json`` and ``status.json`` of a job; what has another shape is shown as a damaged job."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

from gait_core.storage.records import checked_record

__all__ = ["RUN_AGAIN", "START_ANEW", "checked_spec", "checked_status"]

RUN_AGAIN: Final = "Run the job again: what was finished comes from the cache. Or delete it."
"""The remedy for a job whose status is damaged."""
START_ANEW: Final = "Delete the job and start it again; what it made stays, and what was finished comes from the cache."
"""The remedy for a job of which it is not known any more what it is to do."""


class _Spec(TypedDict):
    id: str
    kind: str
    title: str
    params: dict[str, Any]
    created_s: float


class _Stage(TypedDict):
    name: str
    state: str
    duration_s: NotRequired[float | None]


class _Item(TypedDict):
    name: str
    state: str
    done: NotRequired[float | None]
    total: NotRequired[float | None]
    unit: NotRequired[str | None]
    rate_per_s: NotRequired[float | None]
    eta_s: NotRequired[float | None]
    message: NotRequired[str | None]


class _Error(TypedDict):
    kind: str
    message: str
    remedy: str


class _Status(TypedDict):
    state: str
    stage: NotRequired[str]
    message: NotRequired[str]
    done: NotRequired[float]
    total: NotRequired[float]
    unit: NotRequired[str]
    rate_per_s: NotRequired[float | None]
    eta_s: NotRequired[float | None]
    items: NotRequired[list[_Item]]
    stages: NotRequired[list[_Stage]]
    warnings: NotRequired[list[str]]
    error: NotRequired[_Error | None]
    pid: NotRequired[int | None]
    pid_started_s: NotRequired[float]
    peak_memory_bytes: NotRequired[int]
    started_s: NotRequired[float | None]
    ended_s: NotRequired[float | None]
    heartbeat_s: NotRequired[float]


def checked_spec(values: Any, folder: Path) -> dict[str, Any]:
    """Check the contents of ``spec.json``.

    Parameters
    ----------
    values : object
        As read from JSON.
    folder : Path
        Job folder, for messages.

    Returns
    -------
    dict
        ``id``, ``kind``, ``title``, ``params``, ``created_s`` and whatever else is stored.

    Raises
    ------
    StorageError
        When they have another shape.
    """
    what = f"what the job {folder.name} is to do"
    return checked_record(values, folder / "spec.json", _Spec, what=what, remedy=START_ANEW)


def checked_status(values: Any, folder: Path) -> dict[str, Any]:
    """Check the contents of ``status.json``.

    Parameters
    ----------
    values : object
        As read from JSON.
    folder : Path
        Job folder, for messages.

    Returns
    -------
    dict
        ``state`` and whatever else is stored.

    Raises
    ------
    StorageError
        When they have another shape.
    """
    what = f"the status of the job {folder.name}"
    return checked_record(values, folder / "status.json", _Status, what=what, remedy=RUN_AGAIN)
