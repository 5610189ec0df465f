"""What a gait parameter of one walk is: a value per side, with its spread and its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["Parameter", "Summary"]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Mean and spread over the strides (or steps) of one side, or of both.

    Attributes
    ----------
    mean : float
    n : int
        Strides or steps behind it.
    sd, cv_pct : float or None
        Spread between strides; None when there are too few, see `MeasureSettings.fewest_strides_variability`.
    ci_low, ci_high : float or None
        Interval of the mean, bootstrap over strides; None when there are too few.
    values : tuple of float
        The single values, in order of time.
    error_sd : float or None
        1 SD of the error that measuring adds to the mean, see `measuring_errors`; None where it is not known. The
        interval of the mean says how far it may lie from that of more strides measured in the same way.
    """

    mean: float
    n: int
    sd: float | None = None
    cv_pct: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    values: tuple[float, ...] = ()
    error_sd: float | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `dataclasses.asdict`."""
        return cls(**{**values, "values": tuple(values["values"])})


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of one walk.

    Attributes
    ----------
    name : str
        With its unit, for example ``step_time_s``.
    label : str
        For people, without the unit, for example ``Step time``.
    unit : str
        ``s``, ``%``, ``m``, ``m/s``, ``steps/min`` or ``""``.
    left, right : Summary or None
        Per side; None for a parameter of the whole walk, or when a side has no value.
    both : Summary or None
        Over both sides.
    asymmetry : mapping of str to float or None
        Index → value, with the formulas of `gait_core.gait.parameters.symmetry`; None when there are too few strides.
    notes : tuple of str
        Readable sentences: what is withheld and why.
    """

    name: str
    label: str
    unit: str
    left: Summary | None = None
    right: Summary | None = None
    both: Summary | None = None
    asymmetry: Mapping[str, float] | None = None
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON layout: ``left``, ``right``, ``mean``, ``ci_low`` and so on."""
        both = self.both
        return {
            "label": self.label,
            "unit": self.unit,
            "left": self.left.mean if self.left else None,
            "right": self.right.mean if self.right else None,
            "mean": both.mean if both else None,
            "ci_low": both.ci_low if both else None,
            "ci_high": both.ci_high if both else None,
            "n": both.n if both else 0,
            "sd": both.sd if both else None,
            "cv_pct": both.cv_pct if both else None,
            "error_sd": both.error_sd if both else None,
            "asymmetry": dict(self.asymmetry) if self.asymmetry is not None else None,
            "notes": list(self.notes),
            "sides": {
                side: dict(vars(summary)) if summary else None
                for side, summary in (("left", self.left), ("right", self.right), ("both", both))
            },
        }

    @classmethod
    def from_dict(cls, name: str, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        sides = {side: Summary.from_dict(part) if part else None for side, part in values["sides"].items()}
        return cls(
            name=name,
            label=values["label"],
            unit=values["unit"],
            asymmetry=values["asymmetry"],
            notes=tuple(values["notes"]),
            **sides,
        )
