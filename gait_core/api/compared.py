"""One video under several profiles as an object: time, memory, and how far each lies from the most accurate one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

from gait_core.api.display import COLOURS, Row, data_frame, html_table, new_figure
from gait_core.api.inputs import PathLike, one_video, profile_name, reporter_for, workspace_of
from gait_core.compare.comparison_store import load_comparison
from gait_core.compare.profile_comparison import ProfileComparison, ProfileRun
from gait_core.compare.summary import summary
from gait_core.config import PERSONS, Profile
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["ComparedProfiles", "compare_profiles"]

_MIB: Final = 1024**2


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ComparedProfiles:
    """One video under several profiles.

    Returned by `compare_profiles`; `ComparedProfiles.load` opens a stored one.

    Attributes
    ----------
    id : str
        Identifier under which the comparison is stored.
    workspace : Workspace
    answer : mapping
        Result of the job: ``comparison_id``, ``summary``, ``reference`` and ``runs``.
    """

    id: str
    workspace: Workspace
    answer: Mapping[str, Any] = field(repr=False)

    @classmethod
    def load(cls, comparison_id: str, *, workspace: Workspace | PathLike | None = None) -> Self:
        """Open a stored comparison.

        Parameters
        ----------
        comparison_id : str
        workspace : Workspace or path-like, optional

        Returns
        -------
        ComparedProfiles

        Raises
        ------
        NotFoundError, StorageError
            When there is none of that name, or it is damaged.
        """
        space = workspace_of(workspace)
        found = load_comparison(space, comparison_id)
        answer = {
            "comparison_id": found.id,
            "summary": summary(found),
            "reference": found.reference,
            "runs": found.to_dict()["runs"],
        }
        return cls(id=comparison_id, workspace=space, answer=answer)

    @cached_property
    def stored(self) -> ProfileComparison:
        """The comparison with its runs and mean curves."""
        return load_comparison(self.workspace, self.id)

    @property
    def reference(self) -> str:
        """Name of the most accurate profile that succeeded; others are compared with it."""
        return str(self.answer["reference"])

    @property
    def summary(self) -> str:
        """What the comparison shows, in sentences."""
        return str(self.answer["summary"])

    def to_dict(self) -> dict[str, Any]:
        """Return the result of the job as JSON.

        Returns
        -------
        dict
        """
        return dict(self.answer)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per profile, one that did not work with its error.

        Returns
        -------
        pandas.DataFrame
            Time, memory, distance of the landmarks from the reference, and the gait values of both sides together.
        """
        return data_frame([_row(run, self.reference) for run in self._runs()], _COLUMNS)

    def plot(self) -> Figure:
        """Draw time and distance from the reference, one point per profile.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, (axes,) = new_figure()
        for run in self._runs():
            if run.error is None:
                away = float((run.agreement or {}).get("median_pct") or 0.0)
                axes.plot(run.work_s, away, "o", color=COLOURS["normal"])
                name = f"{run.name} (reference)" if run.name == self.reference else run.name
                axes.annotate(name, (run.work_s, away), xytext=(6, 6), textcoords="offset points")
        axes.set(
            xlabel="Time for the video (s)",
            ylabel=f"Landmarks away from {self.reference}, median (% of body height)",
            xlim=(0, None),
            ylim=(0, None),
        )
        return figure

    def _runs(self) -> list[ProfileRun]:
        return [ProfileRun.from_dict(run) for run in self.answer["runs"]]

    def __repr__(self) -> str:
        names = ", ".join(run.name for run in self._runs())
        return f"<ComparedProfiles {self.id}: {names}; reference {self.reference}>"

    def _repr_html_(self) -> str:
        shown = ("profile", "time_s", "frames_per_s", "peak_memory_mib", "landmarks_median_pct_of_height", "error")
        rows = [{name: _row(run, self.reference).get(name) for name in shown} for run in self._runs()]
        return html_table(f"Profiles compared; reference: {self.reference}", rows, self.summary)


def compare_profiles(
    video: PathLike,
    profiles: Sequence[str | Profile],
    *,
    overlay: bool = True,
    person: str = PERSONS[0],
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> ComparedProfiles:
    """Run one video under several profiles, each in a process of its own with nothing cached.

    Parameters
    ----------
    video : path-like
    profiles : sequence of str or Profile
        Two to six different ones; those of your own are stored in the workspace.
    overlay : bool
        Also make the overlay videos.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    ComparedProfiles
        A profile that did not work is a run with its error.

    Raises
    ------
    InputError
        When the video or a profile cannot be used, or no profile works on the video.
    MachineError
        When the machine lacks something.
    """
    from gait_core.jobs.profile_runs import measure_under
    from gait_core.workflows.compare_profiles import CompareRequest
    from gait_core.workflows.compare_profiles import compare_profiles as compare

    space = workspace_of(workspace)
    names = [profile_name(profile, space) for profile in profiles]
    request = CompareRequest(video=one_video(video), profiles=names, overlay=overlay, person=person)
    result = compare(request, space, reporter_for(reporter), measure_under)
    return ComparedProfiles(id=str(result["comparison_id"]), workspace=space, answer=result)


_COLUMNS: Final = ("profile", "reference", "time_s", "frames_per_s", "peak_memory_mib")


def _row(run: ProfileRun, reference: str) -> Row:
    facts: dict[str, object] = {"profile": run.name, "reference": run.name == reference}
    if run.error is not None:
        return {**facts, "error": f"{run.error['message']} {run.error.get('remedy', '')}".strip()}
    return {
        **facts,
        "time_s": run.work_s,
        "total_time_s": run.total_s,
        "frames_per_s": run.frames_per_s,
        "cpu_time_s": run.cpu_s,
        "peak_memory_mib": run.peak_bytes / _MIB,
        "frames": run.frames,
        "detection_rate": run.detection_rate,
        "landmarks_median_pct_of_height": (run.agreement or {}).get("median_pct"),
        "landmarks_p95_pct_of_height": (run.agreement or {}).get("p95_pct"),
        **{name: value["mean"] for name, value in run.values.items()},
        "error": "",
    }
