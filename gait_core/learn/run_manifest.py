"""What ``run.json`` says of a training run: what was asked, how it stands, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self, TypedDict

from gait_core.cache.archive import json_ready
from gait_core.errors import StorageError
from gait_core.storage.schema import problem_in

__all__ = ["RUN_STATES", "RunManifest"]

RUN_FORMAT: Final = 1
RUN_STATES: Final = ("running", "done", "stopped", "cancelled", "failed", "interrupted", "damaged")
"""``stopped``: ended early by the user, with the best kept. ``interrupted``: whoever trained has died; it can be
resumed. ``damaged``: the folder cannot be read."""


class _Split(TypedDict):
    seed: int
    fold: int


@dataclass(frozen=True, kw_only=True)
class RunManifest:
    """Contents of ``run.json``.

    Attributes
    ----------
    id : str
    created_s : float
        s since 1970.
    state : str
        One of `RUN_STATES`.
    model, title : str
        Name of the classifier, and its display name.
    request : mapping
        Parameters of the ``train`` job that gives the run again.
    settings : mapping
        Of the classifier, defaults included.
    validation : mapping
        `CrossValidationSettings`.
    dataset : mapping
        Name, path, kind, digest, rows, channels, subjects by class, covariates and problems.
    splits : list of mapping
        ``seed``, ``fold``, ``test`` (subjects) of every fold.
    versions : mapping of str to str
    scores, row_scores, test_scores : mapping or None
        Per subject, per row, and of the final model on subjects whose label file keeps them for testing.
    timing_s : mapping of str to float
    notes : list of str
    error : mapping or None
        What ended it: ``kind``, ``message`` and ``remedy``.
    """

    id: str
    created_s: float
    state: str
    model: str
    title: str
    request: Mapping[str, Any]
    settings: Mapping[str, Any]
    validation: Mapping[str, Any]
    dataset: Mapping[str, Any]
    splits: list[dict[str, Any]]
    versions: Mapping[str, str]
    scores: Mapping[str, Any] | None = None
    row_scores: Mapping[str, Any] | None = None
    test_scores: Mapping[str, Any] | None = None
    timing_s: Mapping[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: Mapping[str, str] | None = None

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        found: dict[str, Any] = json_ready({"format": RUN_FORMAT, **vars(self)})
        return found

    @classmethod
    def from_dict(cls, values: Any, source: str) -> Self:
        """Build from JSON.

        Raises
        ------
        StorageError
            When a value is missing or of another kind, or another version wrote it.
        """
        try:
            if values["format"] != RUN_FORMAT or values["state"] not in RUN_STATES:
                raise ValueError(f"format {values['format']!r}, state {values['state']!r}")
            problem = problem_in(values, cls) or problem_in(values["splits"], list[_Split], "splits")
            if problem:
                raise ValueError(problem)
            return cls(**{entry.name: values[entry.name] for entry in fields(cls)})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(
                f"Expected the manifest of a training run in {source}, but it is not ({error}).",
                "Delete the run, or update Gait Studio.",
            ) from error
