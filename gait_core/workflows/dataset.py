"""Makes and checks datasets: what the commands ``dataset make`` and ``dataset check`` and their jobs do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gait_core.config import Settings
from gait_core.learn.datasets.check import check_dataset
from gait_core.learn.datasets.recognise import open_dataset, refuse_without_effect
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.simulated import make_dataset
from gait_core.progress import Reporter
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.workspace import Workspace

__all__ = ["CheckRequest", "MakeRequest", "checked_dataset", "made_dataset"]


@dataclass(frozen=True, kw_only=True)
class MakeRequest(Settings):
    """Which simulated dataset is to be made.

    Attributes
    ----------
    folder : str
        Absolute path.
    subjects, walks, seed : int
    impairments : sequence of str
    videos : bool
        See `gait_core.learn.datasets.simulated.make_dataset`.
    """

    folder: str
    subjects: int = 30
    walks: int = 4
    seed: int = 0
    impairments: Sequence[str] = tuple(IMPAIRMENTS)
    videos: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckRequest(Settings):
    """Which dataset is to be checked.

    Attributes
    ----------
    path : str
        Absolute path.
    folds : int
        Folds of the cross-validation that is planned.
    settings : mapping
        Fields of `DatasetSettings`.
    """

    path: str
    folds: int = 5
    settings: Mapping[str, Any] = field(default_factory=dict)

    _ranges = {"folds": (2, 100)}


def made_dataset(request: MakeRequest, reporter: Reporter) -> dict[str, Any]:
    """Make a simulated dataset.

    Returns
    -------
    dict
        ``folder``, ``kind``, ``subjects``, ``classes``, and ``rows`` where it holds windows; ``timing_s``.

    Raises
    ------
    GaitError
        When a parameter is out of range or the folder cannot be written.
    """
    folder = make_dataset(
        request.folder,
        subjects=request.subjects,
        walks=request.walks,
        seed=request.seed,
        impairments=tuple(request.impairments),
        videos=request.videos,
        reporter=reporter,
    )
    dataset = open_dataset(folder)
    answer = {
        "folder": str(folder),
        "kind": dataset.kind,
        "subjects": len(dataset.subjects),
        "classes": list(dataset.classes),
        "timing_s": reporter.timing_s,
    }
    return answer if request.videos else answer | {"rows": len(dataset.samples())}


def checked_dataset(request: CheckRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Check a dataset.

    Parameters
    ----------
    request : CheckRequest
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    dict
        The fields of `DatasetReport`, and ``timing_s``.

    Raises
    ------
    GaitError
        When there is no dataset, or it cannot be read at all.
    """
    dataset = open_dataset(request.path, DatasetSettings.from_dict(request.settings))
    refuse_without_effect(dataset, request.settings)
    report = check_dataset(dataset, request.folds, workspace, reporter)
    return report.to_dict() | {"timing_s": reporter.timing_s}
