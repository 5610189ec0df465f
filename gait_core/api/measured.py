"""Measured walks as objects: parameters, strides, events and curves as tables, curves as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from gait_core.api.display import COLOURS, FAILED, Row, checked_table, data_frame, new_figure
from gait_core.api.inputs import PathLike, workspace_of
from gait_core.api.results import WalkResult, WalkResults, report_to
from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.curves import CURVES
from gait_core.gait.measurement import Measurement
from gait_core.walks.measurements import MeasuredWalk, load_measurement
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["MeasuredWalks", "WalkMeasurement"]

TABLES: Final = ("parameters", "strides", "events", "curves")
_SIDES: Final = ("left", "right", "both")
_PLOTTED: Final = ("hip", "knee", "ankle")


class WalkMeasurement(WalkResult):
    """The gait parameters, events and curves of one walk.

    Returned by `measure`; `WalkMeasurement.load` opens a stored one.
    """

    @classmethod
    def load(cls, measurement_id: str, *, workspace: Workspace | PathLike | None = None) -> Self:
        """Open a stored measurement.

        Parameters
        ----------
        measurement_id : str
        workspace : Workspace or path-like, optional

        Returns
        -------
        WalkMeasurement

        Raises
        ------
        NotFoundError, StorageError
            When there is none of that name, or it is damaged.
        """
        from gait_core.workflows.measure import walk_answer

        space = workspace_of(workspace)
        return cls(answer=walk_answer(load_measurement(space, measurement_id)), workspace=space)

    @property
    def id(self) -> str:
        """Identifier under which the measurement is stored; empty for a video that failed."""
        return str(self.answer.get("measurement_id") or "")

    @cached_property
    def stored(self) -> MeasuredWalk:
        """The stored measurement and where it came from; raises the error of a video that failed."""
        return load_measurement(self.workspace, str(self._checked()["measurement_id"]))

    @property
    def measurement(self) -> Measurement:
        """Everything measured: events, strides, parameters, curves, checks; raises the error of a video that failed."""
        return self.stored.measurement

    def to_dataframe(self, table: str = "parameters") -> pd.DataFrame:
        """Return one table of the walk.

        Parameters
        ----------
        table : {"parameters", "strides", "events", "curves"}
            ``parameters``: one row per side, one column per parameter. ``strides``, ``events``: one row each.
            ``curves``: one row per stride and percent of the cycle, joint angles in degrees.

        Returns
        -------
        pandas.DataFrame
            Units are in the names of the columns.

        Raises
        ------
        InputError
            When there is no such table.
        GaitError
            The error of a video that failed, for every table but ``parameters``.
        """
        return data_frame(self._rows(table), _COLUMNS[checked_table(table, TABLES)])

    def plot(self) -> Figure:
        """Draw the mean joint angles of both sides over the gait cycle, with one SD between strides.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        GaitError
            The error of a video that failed.
        """
        curves = self.measurement.curves
        figure, axes = new_figure(len(_PLOTTED), width_in=11.0)
        for one, name in zip(axes, _PLOTTED, strict=True):
            for side in SIDES:
                if curves.count(side):
                    mean, sd = curves.mean(name, side), curves.sd(name, side)
                    one.plot(mean, color=COLOURS[side], label=f"{side}, {curves.count(side)} strides")
                    one.fill_between(range(len(mean)), mean - sd, mean + sd, color=COLOURS[side], alpha=0.2, lw=0)
            one.set(xlabel="Gait cycle (%)", ylabel=f"{CURVES[name][1]} (°)")
            if one.lines:
                one.legend(frameon=False)
        figure.suptitle(self.name)
        return figure

    def export(self, folder: PathLike, formats: Sequence[str] = ("csv",)) -> tuple[Path, ...]:
        """Write files of the walk.

        Parameters
        ----------
        folder : path-like
        formats : sequence of {"csv", "trc", "mot", "c3d", "json"}

        Returns
        -------
        tuple of Path
            What was written; a format that this walk cannot give is left out.

        Raises
        ------
        GaitError
            When a format is unknown, the folder cannot be written, or the video failed.
        """
        from gait_core.report.exports import check_formats, unique_stems
        from gait_core.report.write import export_walk

        (stem,) = unique_stems([self.name])
        target, chosen = Path(folder).expanduser(), check_formats(list(formats))
        done = export_walk(self.workspace, self.stored, target, chosen, stem=stem)
        return tuple(Path(file) for file in done["files"])

    def write_report(self, path: PathLike) -> Path:
        """Write the report of the walk, with its latest comparison with a baseline where there is one.

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
            When the ending is another, the file cannot be written, or the video failed.
        """
        return report_to(path, self.workspace, self.stored)

    def _rows(self, table: str) -> list[Row]:
        if table == "parameters":
            return _parameter_rows(self)
        measurement = self.measurement
        if table == "strides":
            return [{"walk": self.name, **stride.to_dict()} for stride in measurement.strides]
        if table == "events":
            return [{"walk": self.name, **event.to_dict()} for event in measurement.current_events.events]
        return _curve_rows(self.name, measurement) if table == "curves" else []

    def _facts(self) -> dict[str, object]:
        values = self.answer["parameters"]
        speed = "walking_speed_mps" if "walking_speed_mps" in values else "walking_speed_leg_per_s"
        shown = ("cadence_spm", speed, "stride_time_s", "stance_pct")
        return {
            "walk": self.name,
            "side": self.answer["visible_side"],
            "strides": len(self.answer["strides"]),
            **{name: values[name]["mean"] for name in shown if name in values},
        }


class MeasuredWalks(WalkResults[WalkMeasurement]):
    """The walks that `measure` was given, in order; a video that failed is an entry with its `error`."""

    _note = "Decision support, not a medical device."

    def to_dataframe(self, table: str = "parameters") -> pd.DataFrame:
        """Return one table of all walks.

        Parameters
        ----------
        table : {"parameters", "strides", "events", "curves"}
            As in `WalkMeasurement.to_dataframe`; a video that failed has a row in ``parameters`` only.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            When there is no such table.
        """
        columns = _COLUMNS[checked_table(table, TABLES)]
        walks = self if table == "parameters" else [walk for walk in self if walk.ok]
        return data_frame([row for walk in walks for row in walk._rows(table)], columns)

    def plot(self, parameter: str = "cadence_spm") -> Figure:
        """Draw one parameter of every walk, with its interval where there are enough strides.

        Parameters
        ----------
        parameter : str
            A column of the parameters, for example ``walking_speed_mps``.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        InputError
            When no walk has that parameter.
        """
        walks = [walk for walk in self if walk.ok]
        if not walks and len(self):
            self[0]._checked()  # every video failed: raise the error of the first one
        values = [{**walk.answer["parameters"], **walk.answer["key_values"]} for walk in walks]
        found = [one[parameter] for one in values if parameter in one]
        if not found:
            known = ", ".join(dict.fromkeys(name for one in values for name in one))
            raise InputError(
                f"Expected the parameter to be one of {known}, but got {parameter!r}.", "Choose one of these."
            )
        figure, (axes,) = new_figure()
        for place, one in enumerate(values):
            if parameter in one and one[parameter]["mean"] is not None:
                mean, low, high = (one[parameter][key] for key in ("mean", "ci_low", "ci_high"))
                reach = None if low is None else [[mean - low], [high - mean]]
                axes.errorbar(place, mean, yerr=reach, fmt="o", color=COLOURS["normal"], capsize=3)
        axes.set_xticks(range(len(walks)), [walk.name for walk in walks], rotation=30, ha="right")
        unit = f" ({found[0]['unit']})" if found[0]["unit"] else ""
        axes.set(xlabel="Walk", ylabel=f"{found[0]['label']}{unit}")
        return figure


_COLUMNS: Final = {
    "parameters": ("walk", "side", "strides"),
    "strides": ("walk", "side", "start_s", "end_s"),
    "events": ("walk", "time_s", "side", "kind"),
    "curves": ("walk", "side", "stride", "cycle_pct"),
}


def _parameter_rows(walk: WalkMeasurement) -> list[Row]:
    facts = {"path": str(walk.path), "measurement_id": walk.id}
    if walk.error is not None:
        return [{"walk": walk.name, "side": FAILED, **facts, "error": str(walk.error)}]
    values = {**walk.answer["parameters"], **walk.answer["key_values"]}
    sides = [stride["side"] for stride in walk.answer["strides"]]
    rows: list[Row] = []
    for side in _SIDES:
        key = "mean" if side == "both" else side
        count = len(sides) if side == "both" else sides.count(side)
        rows.append(
            {
                "walk": walk.name,
                "side": side,
                "strides": count,
                **{name: value[key] for name, value in values.items()},
                **facts,
            }
        )
    return rows


def _curve_rows(name: str, measurement: Measurement) -> list[Row]:
    curves = measurement.curves
    rows: list[Row] = []
    for side in SIDES:
        for stride in range(curves.count(side)):
            own = {f"{curve}_deg": curves.values[curve, side][stride] for curve in CURVES}
            n_points = len(next(iter(own.values())))
            rows += [
                {
                    "walk": name,
                    "side": side,
                    "stride": stride,
                    "cycle_pct": 100.0 * point / (n_points - 1),
                    **{column: float(values[point]) for column, values in own.items()},
                }
                for point in range(n_points)
            ]
    return rows
