"""The tables of the report: values, changes, joint angles, and what limits the recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gait_core.gait.angles import SIDES
from gait_core.gait.change import CANNOT_TELL, REAL
from gait_core.gait.parameters.parameter import Parameter, Summary
from gait_core.gait.parameters.reference import REFERENCES, ReferenceRange
from gait_core.gait.parameters.symmetry import FORMULAS
from gait_core.phrases import joined
from gait_core.report.document.charts import Span, span_drawing
from gait_core.report.document.report_data import ChangeRow, ParameterRow, RangeRow
from gait_core.report.document.words import (
    clean_text,
    difference,
    interval,
    number,
    position,
    signed,
    unit_word,
)

if TYPE_CHECKING:
    from gait_core.gait.change import Change
from gait_core.gait.measurement import Measurement

__all__ = [
    "CHANGES_SHOWN",
    "change_label",
    "change_phrase",
    "change_rows",
    "chosen_changes",
    "parameter_notes",
    "parameter_rows",
    "range_rows",
]

_SHOWN: Final[tuple[tuple[str, ...], ...]] = (
    ("walking_speed_mps", "walking_speed_leg_per_s"),
    ("cadence_spm",),
    ("step_length_m", "step_length_leg"),
    ("step_time_s",),
    ("stance_pct",),
    ("single_support_pct",),
    ("double_support_pct",),
    ("hip_rom_deg",),
    ("knee_rom_deg",),
    ("ankle_rom_deg",),
    ("arm_rom_deg",),
)
"""Lines of the table of values; the first of each group that was measured is shown."""
_LABELS: Final[Mapping[str, str]] = {
    "stance_pct": "Foot on the floor (stance)",
    "single_support_pct": "One foot on the floor",
    "double_support_pct": "Both feet on the floor",
    "hip_rom_deg": "Hip, range of movement",
    "knee_rom_deg": "Knee, range of movement",
    "ankle_rom_deg": "Ankle, range of movement",
    "arm_rom_deg": "Arm swing, range",
}
_ASYMMETRY_OF: Final = ("step_time_s", "step_length_m", "step_length_leg", "stance_pct", "knee_rom_deg")

CHANGES_SHOWN: Final[tuple[tuple[str, str], ...]] = (
    ("walking_speed_mps", "both"),
    ("cadence_spm", "both"),
    ("step_length_m", "both"),
    ("step_time_s", "both"),
    ("double_support_pct", "both"),
    ("hip_rom_deg", "sides"),
    ("knee_rom_deg", "sides"),
    ("ankle_rom_deg", "sides"),
)
"""Values that are tested for change, over both sides or each side by itself.

The list is fixed beforehand: of a hundred values five change by chance."""
_WITHOUT_METRES: Final[Mapping[str, str]] = {
    "walking_speed_mps": "walking_speed_leg_per_s",
    "step_length_m": "step_length_leg",
}
_RANGES: Final[tuple[tuple[str, str], ...]] = (
    ("hip_contact_deg", "Hip when the foot lands"),
    ("hip_min_stance_deg", "Hip, furthest back in stance"),
    ("knee_contact_deg", "Knee when the foot lands"),
    ("knee_max_stance_deg", "Knee, most bent in stance"),
    ("knee_max_swing_deg", "Knee, most bent in swing"),
    ("ankle_contact_deg", "Ankle when the foot lands"),
    ("ankle_max_stance_deg", "Ankle, toes highest in stance"),
    ("ankle_min_swing_deg", "Ankle, toes lowest in swing"),
    ("trunk_rom_deg", "Trunk, range of movement"),
)


def parameter_rows(measurement: Measurement) -> tuple[ParameterRow, ...]:
    """Return the lines of the table of values.

    Returns
    -------
    tuple of ParameterRow
        In a fixed order; values that were not measured are left out. Speed and step length are in leg lengths where
        there is no scale.
    """
    found = measurement.values
    chosen = (next((found[name] for name in names if name in found), None) for names in _SHOWN)
    return tuple(_parameter_row(parameter) for parameter in chosen if parameter is not None)


def _mean(summary: Summary | None) -> float | None:
    return summary.mean if summary is not None else None


def _parameter_row(parameter: Parameter) -> ParameterRow:
    unit, both = parameter.unit, parameter.both
    reference: ReferenceRange | None = REFERENCES.get(parameter.name)
    label = _LABELS.get(parameter.name, parameter.label)
    left, right, mean = _mean(parameter.left), _mean(parameter.right), _mean(both)
    low, high = (both.ci_low, both.ci_high) if both is not None else (None, None)
    span = Span(
        label=label,
        mean=mean,
        ci_low=low,
        ci_high=high,
        left=left,
        right=right,
        reference_low=reference.low if reference else None,
        reference_high=reference.high if reference else None,
    )
    return ParameterRow(
        label=label,
        unit=unit_word(unit),
        left=number(left, unit),
        right=number(right, unit),
        mean=number(mean, unit),
        interval=interval(low, high, unit),
        reference=interval(reference.low, reference.high, unit) if reference else "",
        position=position(mean, reference),
        drawing=span_drawing(span),
    )


def parameter_notes(measurement: Measurement) -> tuple[str, ...]:
    """Return what has to be known to read the table: the scale, left against right, what is withheld.

    Returns
    -------
    tuple of str
        One sentence or two each; empty without values.
    """
    found = measurement.values
    if not found:
        return ()
    scale = measurement.scale
    notes = [scale.note if scale is not None else "No scale was given: lengths are in leg lengths."]
    shown = [REFERENCES[name] for names in _SHOWN for name in names if name in found and name in REFERENCES]
    groups = joined(list(dict.fromkeys(reference.population for reference in shown)))
    notes.append(f"Reference, 95 % of healthy people: {groups}." if groups else "")
    notes.append(_asymmetry_note(found, measurement.settings.fewest_strides_asymmetry))
    fewest = measurement.settings.fewest_strides_variability
    count = len(measurement.strides)
    if count < fewest:
        notes.append(
            f"How much the values vary from stride to stride is withheld: that needs {fewest} strides, "
            f"here there are {count}."
        )
    return tuple(clean_text(note, 260) for note in notes if note)


def _asymmetry_note(found: Mapping[str, Parameter], fewest: int) -> str:
    values = []
    for name in _ASYMMETRY_OF:
        parameter = None if name == "step_length_leg" and "step_length_m" in found else found.get(name)
        index = parameter.asymmetry.get("robinson_pct") if parameter is not None and parameter.asymmetry else None
        if parameter is not None and index is not None:
            values.append(f"{_LABELS.get(name, parameter.label).lower()} {signed(index, '%')} %")
    if values:
        return f"Left against right: {joined(values)}; {FORMULAS['robinson_pct']}."
    return f"The difference between left and right is withheld: it needs {fewest} strides of each side."


def chosen_changes(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes that a report states.

    Returns
    -------
    tuple of Change
        In the order of `CHANGES_SHOWN`, those that are known; speed and step length in leg lengths where there is no
        scale.
    """
    known = {(change.name, change.side): change for change in changes}
    found = []
    for name, which in CHANGES_SHOWN:
        one_side = [known[name, side] for side in SIDES if (name, side) in known]
        if which == "sides" and one_side:
            found += one_side
            continue
        change = known.get((name, "both"))
        if (change is None or change.difference is None) and name in _WITHOUT_METRES:
            change = known.get((_WITHOUT_METRES[name], "both"), change)
        if change is not None:
            found.append(change)
    return tuple(found)


def change_label(change: Change) -> str:
    """Return what changed, in words.

    Returns
    -------
    str
        For example ``Right knee, range of movement``.
    """
    label = clean_text(_LABELS.get(change.name, change.label))
    return label if change.side == "both" else f"{change.side.capitalize()} {label[0].lower()}{label[1:]}"


def change_phrase(change: Change) -> str:
    """Return what changed, for within a sentence.

    Returns
    -------
    str
        For example ``movement of the right knee``.
    """
    label = change_label(change)
    name, _, what = f"{label[0].lower()}{label[1:]}".partition(", ")
    return f"{what.removeprefix('range of ')} of the {name}" if what else name


def change_rows(changes: Sequence[Change]) -> tuple[ChangeRow, ...]:
    """Return the lines of the table of changes.

    Returns
    -------
    tuple of ChangeRow
        One for each of `chosen_changes`; figures are formatted, a dash where one is missing.
    """
    return tuple(_change_row(change) for change in chosen_changes(changes))


def _change_row(change: Change) -> ChangeRow:
    source = {"published": "published", "own": "own walks"}.get(change.mdc_source, "")
    return ChangeRow(
        label=change_label(change),
        unit=unit_word(change.unit),
        baseline=number(change.baseline_mean, change.unit),
        visit=number(change.visit, change.unit),
        difference=difference(change.visit, change.baseline_mean, change.unit),
        needed=f"± {number(change.mdc, change.unit)}" if change.mdc is not None else "–",
        source=source,
        verdict=change.verdict[0].upper() + change.verdict[1:],
        real=None if change.verdict == CANNOT_TELL else change.verdict == REAL,
    )


def range_rows(measurement: Measurement) -> tuple[RangeRow, ...]:
    """Return the lines of the table of joint angles.

    Returns
    -------
    tuple of RangeRow
        Mean of each side, whole degrees, a dash where it was not measured; from hip to trunk.
    """
    rows = []
    for name, label in _RANGES:
        parameter = measurement.key_values.get(name)
        if parameter is not None:
            left, right = (f"{number(_mean(side), 'deg')}°" for side in (parameter.left, parameter.right))
            rows.append(RangeRow(label=label, left=left.replace("–°", "–"), right=right.replace("–°", "–")))
    return tuple(rows)
