"""Analysed walks as objects: level and score of each, and when and where in the body it deviates."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from gait_core.api.display import COLOURS, FAILED, Row, checked_table, data_frame, level_word, new_figure
from gait_core.api.inputs import PathLike, workspace_of
from gait_core.api.measured import WalkMeasurement
from gait_core.api.results import WalkResult, WalkResults, report_to
from gait_core.api.training_results import WalkClass
from gait_core.baseline.analyses import StoredAnalysis, load_analysis
from gait_core.errors import InputError
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["AnalysedWalks", "WalkAnalysis"]

TABLES: Final = ("windows", "parts")
ALL_TABLES: Final = ("walks", *TABLES)
_SCORE: Final = "Score (1 = usual for this person)"


class WalkAnalysis(WalkResult):
    """One walk compared with a baseline.

    Returned by `analyse`; `WalkAnalysis.load` opens a stored one.
    """

    @classmethod
    def load(cls, analysis_id: str, *, workspace: Workspace | PathLike | None = None) -> Self:
        """Open a stored analysis.

        Parameters
        ----------
        analysis_id : str
        workspace : Workspace or path-like, optional

        Returns
        -------
        WalkAnalysis

        Raises
        ------
        NotFoundError, StorageError
            When there is none of that name, or it is damaged.
        """
        space = workspace_of(workspace)
        return cls(answer=_answer(load_analysis(space, analysis_id)), workspace=space)

    @property
    def id(self) -> str:
        """Identifier under which the analysis is stored; empty for a video that failed."""
        return str(self.answer.get("analysis_id") or "")

    @property
    def level(self) -> str:
        """``normal``, ``watch`` or ``alert``; ``withheld`` under a warning that forbids a level; ``failed``."""
        return level_word(self.answer["level"]) if self.ok else FAILED

    @property
    def score(self) -> float | None:
        """Deviation of the walk, 1 is usual for the person; None where it is withheld or the video failed."""
        value = self.answer.get("score")
        return None if value is None else float(value)

    @property
    def parts(self) -> dict[str, float]:
        """Part of the body → deviation over the walk, the largest first; 1 is usual for the person."""
        return dict(sorted(self.answer.get("joints", {}).items(), key=lambda pair: -float(pair[1])))

    @property
    def classified(self) -> dict[str, WalkClass]:
        """Name of each promoted model → what it says of the walk, which has no part in the level."""
        return {
            str(said["name"]): WalkClass(answer={**self.answer, **said}, workspace=self.workspace)
            for said in self.answer.get("classified", ())
        }

    @cached_property
    def stored(self) -> StoredAnalysis:
        """Scores window by window and moment by moment; raises the error of a video that failed."""
        return load_analysis(self.workspace, str(self._checked()["analysis_id"]))

    @property
    def overlay(self) -> Path | None:
        """The video with what was found, where one was made."""
        return self.stored.overlay

    @cached_property
    def measurement(self) -> WalkMeasurement:
        """Gait parameters and curves of the same walk; raises `InputError` where no gait could be measured."""
        found = str(self._checked().get("measurement_id") or "")
        if not found:
            raise InputError(
                f"Expected a measurement of {self.name}, but no gait could be measured.", "See its warnings."
            )
        return WalkMeasurement.load(found, workspace=self.workspace)

    def to_dataframe(self, table: str = "windows") -> pd.DataFrame:
        """Return one table of the walk.

        Parameters
        ----------
        table : {"windows", "parts"}
            ``windows``: score of every window over time. ``parts``: deviation of every part of the body over time.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            When there is no such table.
        GaitError
            The error of a video that failed.
        """
        return data_frame(self._rows(checked_table(table, TABLES)), _COLUMNS[table])

    def plot(self) -> Figure:
        """Draw the score over the walk and the deviation of each part of the body.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        GaitError
            The error of a video that failed.
        """
        stored = self.stored
        figure, (windows, parts) = new_figure(2, width_in=11.0)
        windows.plot(stored.window_time_s, stored.window_scores, color=COLOURS["normal"])
        windows.axhline(stored.window_limit, color="0.5", ls="--", label="95 % of the person's own windows lie below")
        windows.set(xlabel="Time (s)", ylabel=_SCORE, ylim=(0, None))
        windows.legend(frameon=False)
        names = list(reversed(self.parts))
        parts.barh(names, [self.parts[name] for name in names], color=COLOURS["normal"])
        parts.axvline(1.0, color="0.5", ls="--")
        parts.set(xlabel="Deviation (1 = usual for this person)", ylabel="Part of the body")
        figure.suptitle(f"{self.name}: {self.level}")
        return figure

    def write_report(self, path: PathLike) -> Path:
        """Write the report of the walk with this comparison.

        Parameters
        ----------
        path : path-like
            Ends in ``.html`` or ``.pdf``.

        Returns
        -------
        Path

        Raises
        ------
        GaitError
            When the ending is another, the file cannot be written, or the walk could not be measured.
        """
        return report_to(path, self.workspace, self.measurement.stored, self.stored.summary.id)

    def _rows(self, table: str) -> list[Row]:
        stored = self.stored
        if table == "windows":
            return [
                {"walk": self.name, "time_s": float(time_s), "score": float(score), "limit": stored.window_limit}
                for time_s, score in zip(stored.window_time_s, stored.window_scores, strict=True)
            ]
        return [
            {"walk": self.name, "time_s": float(time_s), "part": part, "deviation": float(value)}
            for time_s, values in zip(stored.joint_time_s, stored.joint_time_scores, strict=True)
            for part, value in zip(stored.joint_names, values, strict=True)
        ]

    def _summary(self) -> Row:
        most = next(iter(self.parts.items()), (None, None))
        return {
            "walk": self.name,
            "level": self.level,
            "score": self.score,
            "share_over_threshold": self.answer.get("share_over_threshold"),
            "most_changed": most[0],
            "most_changed_deviation": most[1],
            "warnings": " ".join(self.warnings),
            "error": str(self.error or ""),
            "path": str(self.path),
            "analysis_id": self.id,
        }

    def _facts(self) -> dict[str, object]:
        most = next(iter(self.parts), "")
        return {"walk": self.name, "level": self.level, "score": self.score, "most changed": most}


class AnalysedWalks(WalkResults[WalkAnalysis]):
    """The walks that `analyse` was given, in order; a video that failed is an entry with its `error`."""

    _note = "Decision support, not a medical device."

    @property
    def baseline_id(self) -> str:
        """The baseline that the walks were compared with."""
        return str(self._answer["baseline_id"])

    def to_dataframe(self, table: str = "walks") -> pd.DataFrame:
        """Return one table of all walks.

        Parameters
        ----------
        table : {"walks", "windows", "parts"}
            ``walks``: one row per video, with its level in words. The others as in `WalkAnalysis.to_dataframe`,
            without the videos that failed.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            When there is no such table.
        """
        if checked_table(table, ALL_TABLES) == "walks":
            return data_frame([walk._summary() for walk in self], _COLUMNS[table])
        return data_frame([row for walk in self if walk.ok for row in walk._rows(table)], _COLUMNS[table])

    def plot(self) -> Figure:
        """Draw the score of every walk with the limits of the baseline; a withheld or failed one leaves a gap.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, (axes,) = new_figure()
        for place, walk in enumerate(self):
            if walk.score is not None:
                axes.plot(place, walk.score, "o", color=COLOURS[walk.level])
            axes.annotate(
                walk.level, (place, walk.score or 0.0), xytext=(0, 7), textcoords="offset points", ha="center"
            )
        sound = next((walk for walk in self if walk.ok), None)
        if sound is not None:
            draw_limits(axes, sound.stored.summary.thresholds)
        axes.set_xticks(range(len(self)), [walk.name for walk in self], rotation=30, ha="right")
        axes.set(xlabel="Walk", ylabel=_SCORE, ylim=(0, None))
        return figure


def draw_limits(axes: Axes, thresholds: dict[str, Any]) -> None:
    """Draw the limits of a baseline across a figure of scores."""
    for name in ("watch", "alert"):
        if thresholds.get(name) is not None:
            axes.axhline(
                float(thresholds[name]), color=COLOURS[name], ls="--", label=f"{name} from {thresholds[name]:.2f}"
            )
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False)


def _answer(stored: StoredAnalysis) -> dict[str, Any]:
    """Return what `analyse --json` prints of a walk."""
    summary = stored.summary
    names = (
        *("path", "name", "measurement_id", "level", "score", "share_over_threshold", "joints"),
        *("classified", "warnings"),
    )
    facts: dict[str, Any] = {
        name: summary.facts[name] for name in ("frames", "detection_rate", "cached", "guard") if name in summary.facts
    }
    return {"analysis_id": summary.id} | {name: getattr(summary, name) for name in names} | facts


_COLUMNS: Final = {
    "walks": ("walk", "level", "score"),
    "windows": ("walk", "time_s", "score", "limit"),
    "parts": ("walk", "time_s", "part", "deviation"),
}
