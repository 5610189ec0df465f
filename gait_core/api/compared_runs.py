"""Two training runs against each other as an object: figures, a corrected test, and the settings that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gait_core.api.display import COLOURS, Row, checked_table, data_frame, html_table, new_figure
from gait_core.api.inputs import PathLike, reporter_for, workspace_of
from gait_core.api.training_results import TrainingRun
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from gait_core.learn.runs import Run

__all__ = ["ComparedRuns", "compare_runs"]

TABLES: Final = ("metrics", "settings")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ComparedRuns:
    """Two training runs compared; returned by `compare_runs`.

    Attributes
    ----------
    answer : dict
        What `runs compare` prints with ``--json``.
    """

    answer: dict[str, Any] = field(repr=False)

    @property
    def comparable(self) -> bool:
        """Whether at least one figure could be tested."""
        return bool(self.answer["comparable"])

    @property
    def problem(self) -> str:
        """Why the runs cannot be compared; empty where they can."""
        found = self.answer["problem"]
        return "" if found is None else f"{found['message']} {found['remedy']}".strip()

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """Metric → ``first``, ``second``, ``difference`` (first minus second), ``t``, ``p``, ``folds``, ``problem``."""
        return dict(self.answer["metrics"])

    @property
    def settings(self) -> dict[str, list[Any]]:
        """Settings that differ → the value in the first and in the second run."""
        return dict(self.answer["settings"])

    def to_dict(self) -> dict[str, Any]:
        """Return what `runs compare` prints with ``--json``.

        Returns
        -------
        dict
        """
        return dict(self.answer)

    def to_dataframe(self, table: str = "metrics") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        table : {"metrics", "settings"}
            One row per metric with both runs, their difference and its test, or one row per setting that differs.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            When there is no such table.
        """
        if checked_table(table, TABLES) == "settings":
            rows = [{"setting": name, "first": own[0], "second": own[1]} for name, own in self.settings.items()]
            return data_frame(rows, ["setting", "first", "second"])
        return data_frame([_row(name, own) for name, own in self.metrics.items()])

    def plot(self) -> Figure:
        """Draw the difference in every metric that could be tested, with its interval.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, (axes,) = new_figure()
        shown = {name: own["difference"] for name, own in self.metrics.items() if own["difference"] is not None}
        for row, own in enumerate(shown.values()):
            axes.plot([own["ci_low"], own["ci_high"]], [row, row], "-", color=COLOURS["normal"])
            axes.plot(own["mean"], row, "o", color=COLOURS["normal"])
        axes.axvline(0.0, color="0.6", linewidth=1)
        axes.set_yticks(range(len(shown)), [name.replace("_", " ") for name in shown])
        axes.set(xlabel=f"{self._title('first')} − {self._title('second')}, with 95 % interval")
        return figure

    def _title(self, which: str) -> str:
        return str(self.answer[which]["title"])

    def __repr__(self) -> str:
        names = f"{self.answer['first']['run']} and {self.answer['second']['run']}"
        tested = self.metrics["balanced_accuracy"]
        if tested["difference"] is None:
            return f"<ComparedRuns {names}: {self.problem or tested['problem']['message']}>"
        own = tested["difference"]
        interval = f"({own['ci_low']:+.2f} to {own['ci_high']:+.2f})"
        return (
            f"<ComparedRuns {names}: balanced accuracy differs by {own['mean']:+.2f} {interval}, p {tested['p']:.3f}>"
        )

    def _repr_html_(self) -> str:
        rows = [_row(name, own) for name, own in self.metrics.items()]
        return html_table(f"{self._title('first')} − {self._title('second')}", rows, self.problem)


def compare_runs(
    first: TrainingRun | str,
    second: TrainingRun | str,
    *,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> ComparedRuns:
    """Compare two training runs: their figures, a corrected test of the difference, and the settings that differ.

    Parameters
    ----------
    first, second : TrainingRun or str
        What `train` returned, or identifiers of runs. Differences are first minus second.
    workspace : Workspace or path-like, optional
        Of the identifiers; default: that of the other run where it is a `TrainingRun`.
    reporter : Reporter, optional

    Returns
    -------
    ComparedRuns
        Two runs that cannot be compared, such as those that tested other subjects, say so in `problem`.

    Raises
    ------
    InputError
        When both are the same run.
    NotFoundError
        When there is no such run.
    StorageError
        When a run is damaged.
    """
    from gait_core.workflows.compare_runs import compare_runs as compare

    known = next((one.workspace for one in (first, second) if isinstance(one, TrainingRun)), None)
    space = known if workspace is None and known is not None else workspace_of(workspace)
    with reporter_for(reporter).stage("compare", "Comparing the runs"):
        return ComparedRuns(answer=compare(_stored(first, space), _stored(second, space)))


def _stored(run: TrainingRun | str, workspace: Workspace) -> Run:
    from gait_core.learn.runs import load_run

    if isinstance(run, TrainingRun):
        return load_run(run.workspace, run.id)
    return load_run(workspace, run)


def _row(name: str, own: Mapping[str, Any]) -> Row:
    facts: dict[str, object] = {"metric": name}
    for part in ("first", "second", "difference"):
        figures = own[part] or {}
        facts |= {part: figures.get("mean")}
        facts |= {f"{part}_{end}": figures.get(end) for end in ("ci_low", "ci_high")}
    problem = "" if own["problem"] is None else str(own["problem"]["message"])
    return {**facts, **{key: own[key] for key in ("t", "p", "folds")}, "problem": problem}
