"""The machines of a cluster, once all of them are known to fit together."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gait_core import __version__
from gait_core.config import PoseSettings
from gait_core.errors import ClusterError, GaitError
from gait_core.pose.engines import engine_version, resolved
from gait_core.pose.models.assets import list_models
from gait_core.progress import Reporter, silent
from gait_core.runtime.cluster import Cluster
from gait_core.runtime.workers import run_mark
from gait_core.workspace import Workspace

__all__ = ["check_workers", "join_cluster"]

_MAX_FOLDERS: Final = 50
_MAX_SHOWN: Final = 5


@contextmanager
def join_cluster(
    address: str,
    paths: Sequence[Path | str],
    settings: PoseSettings,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
) -> Iterator[Cluster]:
    """Connect to a Dask cluster once all of its workers are known to be able to do the work; closed at the end.

    What it yields is an executor for `gait_core.pose.extract_on.extract_on` and for scoring.

    Parameters
    ----------
    address : str
        Of the scheduler, for example ``tcp://10.0.0.5:8786``.
    paths : sequence of path-like
        Every machine sees them under the same path.
    settings : PoseSettings
    workspace : Workspace
        Every machine sees it under the same path.
    reporter : Reporter, optional

    Yields
    ------
    Cluster

    Raises
    ------
    InputError, LibraryError, ClusterError
        When there is no such cluster, or when its workers do not fit.
    """
    with Cluster.connect(address) as cluster:
        check_workers(cluster, [Path(path).absolute() for path in paths], settings, workspace=workspace)
        workers = cluster.workers
        message = f"{len(workers)} workers with {sum(workers.values())} threads at {address}"
        (reporter or silent()).note("extract", message)
        try:
            yield cluster
        except BaseException:
            # Without this the end would wait for tasks that are no longer wanted.
            cluster.shutdown(wait=False)
            raise


def check_workers(cluster: Cluster, paths: Sequence[Path], settings: PoseSettings, *, workspace: Workspace) -> None:
    """Raise `ClusterError` when a worker lacks something that the run needs; asks each of them once.

    Parameters
    ----------
    cluster : Cluster
    paths : sequence of Path
        Videos, or folders of videos. Every worker must see their folders, of which the first 50 are checked.
    settings : PoseSettings
        As the user gave them; each worker must have the engine and the model that they mean here.
    workspace : Workspace
        Every worker must see it under the same path.
    """
    settings = resolved(settings)
    folders = sorted({str(path if path.is_dir() else path.parent) for path in paths})[:_MAX_FOLDERS]
    with run_mark(workspace) as mark:
        question = {
            "settings": settings.to_dict(),
            "mark": str(mark),
            "mark_text": mark.read_text(encoding="utf-8"),
            "folders": [folder for folder in folders if Path(folder).is_dir()],
        }
        answers = cluster.everywhere(look_around, question)
    own = _installation(settings)
    problems = [text for worker, answer in answers.items() for text in _problems(worker, answer, own, workspace)]
    if not answers:
        problems = ["there is none"]
    if problems:
        more = f" and {len(problems) - _MAX_SHOWN} more" if len(problems) > _MAX_SHOWN else ""
        raise ClusterError(
            f"Expected every worker of {cluster.address} to be able to do this work, but "
            f"{'; '.join(problems[:_MAX_SHOWN])}{more}.",
            "Start the workers from the same version of Gait Studio, with the workspace and the videos on a folder "
            "that every machine has under the same path.",
        )


def look_around(question: Mapping[str, Any]) -> dict[str, Any]:
    """Answer, in a worker, what it has and what it sees."""
    mark = Path(question["mark"])
    try:
        seen = mark.read_text(encoding="utf-8") == question["mark_text"]
    except OSError:
        seen = False
    return {
        "host": platform.node(),
        "workspace": seen,
        "missing": [folder for folder in question["folders"] if not Path(folder).is_dir()],
        "installation": _installation(PoseSettings.from_dict(question["settings"])),
    }


def _installation(settings: PoseSettings) -> dict[str, str]:
    """Return what decides the landmarks beside the settings; part of their address in the cache."""
    usual = resolved(PoseSettings())
    found = {"Gait Studio": __version__, "usual engine": f"{usual.engine} {usual.precision}"}
    try:
        model = next(status for status in list_models() if status.variant == settings.variant)
        if not model.ready:  # fetching it here would hold up the worker's answers
            found["problem"] = f"the pose model {model.variant!r} is {model.state}: python -m gait_core models fetch"
        found["pose model"] = model.sha256[:12]
        found[f"engine {settings.engine}"] = engine_version(settings)
    except GaitError as error:
        found["problem"] = error.message
    return found


def _problems(worker: str, answer: Any, own: Mapping[str, str], workspace: Workspace) -> list[str]:
    """Return what speaks against one worker, in words."""
    if isinstance(answer, BaseException):
        return [f"worker {worker} cannot load Gait Studio ({type(answer).__name__}: {answer})"]
    who = f"worker {worker} on {answer['host']}"
    found = []
    if not answer["workspace"]:
        found.append(f"{who} does not see the workspace {workspace.root}")
    found += [f"{who} does not see the videos in {folder}" for folder in answer["missing"]]
    other = answer["installation"]
    if "problem" in other:
        found.append(f"{who} lacks something: {other['problem']}")
    else:
        found += [
            f"{who} has {name} {other.get(name, 'missing')} instead of {version}"
            for name, version in own.items()
            if other.get(name) != version
        ]
    return found
