"""Compares a measurement with a reference: events, parameters, angles, and whether the limits are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from gait_core.cache.archive import json_ready
from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, KINDS
from gait_core.gait.measurement import Measurement
from gait_core.validation.align import Alignment, align
from gait_core.validation.event_agreement import (
    CLOSE_S,
    TOLERANCE_S,
    EventAgreement,
    Matching,
    summarise_events,
)
from gait_core.validation.evidence import Evidence, collect
from gait_core.validation.limits import GENERAL_LIMITS, MOCAP_LIMITS, Limit, LimitCheck, check_limits
from gait_core.validation.other_way import other_way_notes
from gait_core.validation.reference_model import ANGLE_NAMES, Reference
from gait_core.validation.stride_agreement import (
    STRIDE_PARAMETERS,
    AngleAgreement,
    ParameterAgreement,
    agree_angle,
    agree_parameter,
    stride_values,
)

__all__ = ["ValidationResult", "compared_anything", "conclude", "validate"]

_SHORT: Final = {INITIAL_CONTACT: "contact", FOOT_OFF: "off"}
_MAE_NAMES: Final = {"stance_time_s": "stance_mae_s", "swing_time_s": "swing_mae_s", "stride_time_s": "stride_mae_s"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ValidationResult:
    """How well a measurement agrees with a reference.

    Attributes
    ----------
    reference : str
        What the reference holds, in one sentence.
    kind : {"csv", "c3d", "mocap"}
    alignment : Alignment
    repeats : int
        Measurements behind it; more than one for motion capture with several draws of noise.
    events : tuple of EventAgreement
        Each kind for both feet together, then per side.
    parameters : tuple of ParameterAgreement
    angles : tuple of AngleAgreement
    figures : mapping of str to float
        The numbers that limits are set on, units in the names.
    checks : tuple of LimitCheck
    notes : tuple of str
        What could not be compared.
    """

    reference: str
    kind: str
    alignment: Alignment
    repeats: int
    events: tuple[EventAgreement, ...]
    parameters: tuple[ParameterAgreement, ...]
    angles: tuple[AngleAgreement, ...]
    figures: Mapping[str, float]
    checks: tuple[LimitCheck, ...]
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool | None:
        """Whether every limit is kept; None when nothing could be checked, or left and right may be exchanged."""
        if self.alignment.exchanged:
            return None
        return all(check.passed for check in self.checks) if self.checks else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON; for motion capture the figures are at the top level too, as ``mocap_…``."""
        named = {f"mocap_{name}": value for name, value in self.figures.items()} if self.kind == "mocap" else {}
        content: dict[str, Any] = json_ready(
            {
                **named,
                "reference": self.reference,
                "kind": self.kind,
                "passed": self.passed,
                "alignment": self.alignment.to_dict(),
                "repeats": self.repeats,
                "figures": dict(self.figures),
                "checks": [check.to_dict() for check in self.checks],
                "events": [event.to_dict() for event in self.events],
                "parameters": [parameter.to_dict() for parameter in self.parameters],
                "angles": [angle.to_dict() for angle in self.angles],
                "notes": list(self.notes),
            }
        )
        return content


def validate(
    measurement: Measurement,
    reference: Reference,
    limits: tuple[Limit, ...] | None = None,
    *,
    offset_s: float | None = None,
    tolerance_s: float = TOLERANCE_S,
) -> ValidationResult:
    """Compare a measurement with a reference.

    Parameters
    ----------
    measurement : Measurement
        With the events as a person left them.
    reference : Reference
    limits : tuple of Limit, optional
        Default: `MOCAP_LIMITS` for motion capture, else `GENERAL_LIMITS`.
    offset_s : float, optional
        Added to the times of the reference; found when not given.
    tolerance_s : float
        Events further apart are different events, s.

    Returns
    -------
    ValidationResult

    Raises
    ------
    InputError
        When the reference is not of this walk, or holds nothing that was measured.
    """
    evidence = collect(measurement, reference, align(measurement, reference, offset_s=offset_s), tolerance_s)
    result = conclude([evidence], reference, limits)
    if not compared_anything(result):
        raise _nothing_compared(measurement, reference)
    return result


def compared_anything(result: ValidationResult) -> bool:
    """Return whether a validation compared a single event, angle or parameter.

    Returns
    -------
    bool
    """
    return bool(result.parameters or result.angles or any(event.matched for event in result.events))


def _nothing_compared(measurement: Measurement, reference: Reference) -> InputError:
    """Return the error for a reference without any value to compare."""
    stated = ", ".join(dict.fromkeys(name for name, _ in reference.parameters))
    if not stated:
        return InputError(
            f"Expected something of {reference.name} to compare with the walk, but none of its events or angles lies "
            "in a part that was measured.",
            "Check that both show the same walk and overlap, or give the shift between the clocks.",
        )
    known = ", ".join(measurement.parameters)
    return InputError(
        f"Expected parameters that were measured, but {reference.name} has only {stated}: nothing could be compared.",
        f"Rename them, and convert their units. Known on this walk: {known}; and the values of the curves, such as "
        "knee_rom_deg.",
    )


def conclude(
    evidence: Sequence[Evidence], reference: Reference, limits: tuple[Limit, ...] | None = None
) -> ValidationResult:
    """Sum up one or several measurements of the walk that a reference shows.

    Parameters
    ----------
    evidence : sequence of Evidence
        At least one; several are pooled.
    reference : Reference
    limits : tuple of Limit, optional

    Returns
    -------
    ValidationResult
        Its `alignment` is that of the first measurement.
    """
    matching = _pooled([part.matching for part in evidence if part.matching is not None])
    events = _events(matching)
    parameters = _parameters(evidence)
    angles = _angles(evidence)
    figures = _figures(matching, events, parameters, angles)
    default = MOCAP_LIMITS if reference.kind == "mocap" else GENERAL_LIMITS
    return ValidationResult(
        reference=reference.describe(),
        kind=reference.kind,
        alignment=evidence[0].alignment,
        repeats=len(evidence),
        events=events,
        parameters=parameters,
        angles=angles,
        figures=figures,
        checks=check_limits(figures, limits if limits is not None else default),
        notes=_notes(evidence, reference, matching),
    )


def _pooled(matchings: Sequence[Matching]) -> Matching | None:
    if not matchings:
        return None
    return Matching(
        pairs=tuple(pair for matching in matchings for pair in matching.pairs),
        extra=tuple(event for matching in matchings for event in matching.extra),
        missed=tuple(event for matching in matchings for event in matching.missed),
        outside=sum(matching.outside for matching in matchings),
    )


def _events(matching: Matching | None) -> tuple[EventAgreement, ...]:
    if matching is None:
        return ()
    return tuple(summarise_events(matching, kind, side) for side in ("both", *SIDES) for kind in KINDS)


def _parameters(evidence: Sequence[Evidence]) -> tuple[ParameterAgreement, ...]:
    found = []
    pairs = [pair for part in evidence for pair in part.strides]
    for name, unit in STRIDE_PARAMETERS.items():
        values = [
            (a.side, measured[name], known[name])
            for a, b in pairs
            if name in (measured := stride_values(a)) and name in (known := stride_values(b))
        ]
        if values:
            found.append(agree_parameter(name, unit, values, "strides"))
    means: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    for part in evidence:
        for name, unit, side, measured_mean, known_mean in part.means:
            means.setdefault((name, unit), []).append((side, measured_mean, known_mean))
    found += [agree_parameter(name, unit, values, "means") for (name, unit), values in means.items()]
    return tuple(found)


def _angles(evidence: Sequence[Evidence]) -> tuple[AngleAgreement, ...]:
    keys = dict.fromkeys(key for part in evidence for key in part.angles)
    found = []
    for name, side in keys:
        parts = [part.angles[name, side] for part in evidence if (name, side) in part.angles]
        agreement = agree_angle(
            name, side, np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        )
        if agreement is not None:
            found.append(agreement)
    return tuple(found)


def _figures(
    matching: Matching | None,
    events: Sequence[EventAgreement],
    parameters: Sequence[ParameterAgreement],
    angles: Sequence[AngleAgreement],
) -> dict[str, float]:
    figures: dict[str, float] = {}
    for event in events:
        if event.side == "both":
            figures[f"{_SHORT[event.kind]}_error_ms"] = event.median_error_ms
            figures[f"{_SHORT[event.kind]}_bias_ms"] = event.bias_ms
    if matching is not None:
        errors = np.abs(matching.errors_s)
        figures["within_40ms_pct"] = float(100.0 * np.mean(errors <= CLOSE_S)) if len(errors) else float("nan")
        figures["event_f1"] = matching.f1
    for parameter in sorted(parameters, key=lambda parameter: parameter.basis != "strides"):
        figures.setdefault(_mae_name(parameter.name), parameter.mae)
    for name in ANGLE_NAMES:
        own = [angle for angle in angles if angle.name == name]
        if own:
            figures[f"{name}_rmse_deg"] = float(np.sqrt(np.mean([angle.rmse_deg**2 for angle in own])))
            courses = [angle.rmse_without_offset_deg**2 for angle in own]
            figures[f"{name}_rmse_without_offset_deg"] = float(np.sqrt(np.mean(courses)))
    return figures


def _mae_name(name: str) -> str:
    stem, _, unit = name.rpartition("_")
    return _MAE_NAMES.get(name, f"{stem}_mae_{unit}")


def _notes(evidence: Sequence[Evidence], reference: Reference, matching: Matching | None) -> tuple[str, ...]:
    notes = [evidence[0].alignment.sentence, *reference.notes]
    if matching is None:
        notes.append("The reference has no events: events and strides are not compared.")
    elif matching.outside >= len(evidence):
        outside = round(matching.outside / len(evidence))
        notes.append(f"{outside} events at the ends were seen by one of both only and do not count.")
    if reference.events and not any(part.strides for part in evidence):
        notes.append("No stride is complete in both: times of strides are not compared.")
    if not reference.angles:
        notes.append("The reference has no joint angles.")
    stated = {name for name, _ in reference.parameters}
    compared = {name for part in evidence for name, *_ in part.means}
    if stated - compared:
        notes.append(f"Not measured here, so not compared: {', '.join(sorted(stated - compared))}.")
    return (*notes, *other_way_notes(evidence))
