"""The agreement of a measurement with a reference as an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gait_core.api.display import COLOURS, Row, checked_table, data_frame, html_table, new_figure
from gait_core.api.inputs import PathLike, one_video
from gait_core.api.measured import WalkMeasurement
from gait_core.api.walks import measure
from gait_core.config import DEFAULT_PROFILE, PERSONS, Profile
from gait_core.gait.measurement import Measurement
from gait_core.progress import Reporter
from gait_core.validation.validate import ValidationResult
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Validation", "validate"]

TABLES: Final = ("checks", "events", "parameters", "angles")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Validation:
    """How well a measurement agrees with a reference, as returned by `validate`.

    Attributes
    ----------
    result : ValidationResult
        Every pair behind the figures.
    """

    result: ValidationResult = field(repr=False)

    @property
    def passed(self) -> bool | None:
        """Whether every limit is kept; None when nothing could be checked."""
        return self.result.passed

    @property
    def figures(self) -> dict[str, float]:
        """The numbers that limits are set on, units in the names."""
        return dict(self.result.figures)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be compared."""
        return self.result.notes

    def to_dict(self) -> dict[str, Any]:
        """Return what `validate` prints with ``--json``.

        Returns
        -------
        dict
        """
        return self.result.to_dict()

    def to_dataframe(self, table: str = "checks") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        table : {"checks", "events", "parameters", "angles"}
            ``checks``: each figure with its limits. ``events``: error of every matched event, ms. ``parameters``: every
            pair of values. ``angles``: one row per angle and side.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            When there is no such table.
        """
        return data_frame(_ROWS[checked_table(table, TABLES)](self.result))

    def plot(self) -> Figure:
        """Draw the error of every matched event over the walk, and the measured joint angles beside the reference.

        Returns
        -------
        matplotlib.figure.Figure
        """
        result = self.result
        figure, (events, angles) = new_figure(2, width_in=11.0)
        for kind, mark in (("initial_contact", "o"), ("foot_off", "x")):
            for event in result.events:
                if event.kind == kind and event.side in ("left", "right"):
                    name = f"{kind.replace('_', ' ')}, {event.side}"
                    events.plot(event.reference_s, event.errors_ms, mark, color=COLOURS[event.side], label=name)
        events.axhline(0.0, color="0.5", lw=0.8)
        events.set(xlabel="Time (s)", ylabel="Measured − reference (ms)")
        for angle in result.angles:
            line = angles.plot(angle.measured, label=f"{angle.name}, {angle.side}")[0]
            angles.plot(angle.reference, ls="--", color=line.get_color())
        angles.set(xlabel="Gait cycle (%)", ylabel="Angle, measured and reference (dashed) (°)")
        for axes in (events, angles):
            if axes.get_legend_handles_labels()[1]:
                axes.legend(frameon=False)
        return figure

    def __repr__(self) -> str:
        kept = sum(check.passed for check in self.result.checks)
        return f"<Validation {_words(self.passed)}: {kept} of {len(self.result.checks)} limits kept>"

    def _repr_html_(self) -> str:
        rows = [
            {
                "figure": row["label"],
                "value": row["value"],
                "at least": row["low"],
                "at most": row["high"],
                "kept": row["passed"],
            }
            for row in _checks(self.result)
        ]
        note = " ".join((self.result.reference, *self.result.notes))
        return html_table(f"Agreement with the reference: {_words(self.passed)}", rows, note)


def validate(
    reference: PathLike,
    video: PathLike | WalkMeasurement | None = None,
    *,
    offset_s: float | None = None,
    limits: Mapping[str, float] | None = None,
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    height_m: float | None = None,
    distance_m: float | None = None,
    distance_px: float | None = None,
    speed_mps: float | None = None,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> Validation:
    """Compare a measurement with a reference.

    Parameters
    ----------
    reference : path-like
        ``.csv``, ``.c3d``, or motion capture as ``.npz``.
    video : path-like or WalkMeasurement, optional
        Of the same walk, or what `measure` made of it; motion capture does without.
    offset_s : float, optional
        Added to the times of the reference, s; found when not given.
    limits : mapping of str to float, optional
        Limits that differ from the usual ones, by the name of the figure.
    profile, person, height_m, distance_m, distance_px, speed_mps
        As in `measure`, for a video.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        When the reference cannot be used, is of another walk, or needs a video; or the video cannot be measured.
    MachineError
        When the machine lacks something.
    """
    from gait_core.workflows.validate import validate_file

    measurement: Measurement | None = None
    if isinstance(video, WalkMeasurement):
        measurement = video.measurement
    elif video is not None:
        (walk,) = measure(
            one_video(video),
            profile=profile,
            person=person,
            height_m=height_m,
            distance_m=distance_m,
            distance_px=distance_px,
            speed_mps=speed_mps,
            workspace=workspace,
            reporter=reporter,
        )
        measurement = walk.measurement
    result = validate_file(
        Path(reference).expanduser(),
        measurement,
        limits=limits,
        offset_s=offset_s,
        walk=video.name
        if isinstance(video, WalkMeasurement)
        else None
        if video is None
        else str(Path(video).expanduser().absolute()),
    )
    return Validation(result=result)


def _words(passed: bool | None) -> str:
    return {True: "passed", False: "not passed", None: "nothing to check"}[passed]


def _checks(result: ValidationResult) -> list[Row]:
    return [
        {
            "figure": check.limit.figure,
            "label": check.limit.label,
            "value": check.value,
            "low": check.limit.low,
            "high": check.limit.high,
            "passed": check.passed,
        }
        for check in result.checks
    ]


def _events(result: ValidationResult) -> list[Row]:
    return [
        {"kind": event.kind, "side": event.side, "reference_s": time_s, "error_ms": error_ms}
        for event in result.events
        if event.side != "both"
        for time_s, error_ms in zip(event.reference_s, event.errors_ms, strict=True)
    ]


def _parameters(result: ValidationResult) -> list[Row]:
    return [
        {
            "parameter": parameter.name,
            "unit": parameter.unit,
            "basis": parameter.basis,
            "side": side,
            "measured": measured,
            "reference": reference,
        }
        for parameter in result.parameters
        for side, measured, reference in zip(parameter.sides, parameter.measured, parameter.reference, strict=True)
    ]


def _angles(result: ValidationResult) -> list[Row]:
    names = ("name", "side", "n", "rmse_deg", "rmse_without_offset_deg", "offset_deg", "correlation")
    return [{name: getattr(angle, name) for name in names} for angle in result.angles]


_ROWS: Final = {"checks": _checks, "events": _events, "parameters": _parameters, "angles": _angles}
