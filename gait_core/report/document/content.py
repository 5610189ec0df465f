"""Puts a report together from a measurement: every text, number, drawing and image, before any layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from gait_core.drawing.shapes import Drawing
from gait_core.gait.angles import SIDES
from gait_core.gait.change import REAL
from gait_core.gait.parameters.reference import REFERENCES
from gait_core.phrases import joined, plural
from gait_core.report.body_map import body_drawing
from gait_core.report.document.body_section import body_caption, body_notes, body_title, marked_parts
from gait_core.report.document.charts import FEWEST_FOR_SD, CurvePanel, curve_drawing, legend_drawing
from gait_core.report.document.check_rows import check_rows
from gait_core.report.document.class_cards import class_cards
from gait_core.report.document.evidence import EvidenceRequest, evidence_frames, moments
from gait_core.report.document.methods import method_facts, seal_facts
from gait_core.report.document.recording import recording_state
from gait_core.report.document.report_data import Fact, Report, Verdict
from gait_core.report.document.rows import (
    change_phrase,
    change_rows,
    chosen_changes,
    parameter_notes,
    parameter_rows,
    range_rows,
)
from gait_core.report.document.source import ReportSource
from gait_core.report.document.summary import summary_sentences
from gait_core.report.document.words import DISCLAIMER, VERDICTS, clean_text, day, number

if TYPE_CHECKING:
    from gait_core.baseline.findings import BaselineComparison
    from gait_core.gait.measurement import Measurement

__all__ = ["build_report"]

_PANELS: Final[tuple[tuple[str, str, str], ...]] = (
    ("hip", "Hip", "bends forward"),
    ("knee", "Knee", "bends"),
    ("ankle", "Ankle", "toes up"),
    ("trunk", "Trunk", "leans forward"),
    ("arm", "Arm", "swings forward"),
)
"""Curve, display name, what upwards means."""
_CURVES_WIDTH: Final = 516.0
_CURVES_HEIGHT: Final = 186.0
_STATES: Final[Mapping[str, str]] = {"good": "Good", "poor": "Read with care", "unusable": "Not usable"}


def build_report(
    measurement: Measurement,
    *,
    subject: str,
    source: ReportSource,
    created_s: float,
    baseline: BaselineComparison | None = None,
    blur_faces: bool = True,
) -> Report:
    """Put a report together.

    Parameters
    ----------
    measurement : Measurement
    subject : str
        Pseudonym; may come from anywhere.
    source : ReportSource
        Video and landmarks; without them the report has no images and says so.
    created_s : float
        When the walk was measured, s since 1970.
    baseline : BaselineComparison, optional
        The walk against the person's own baseline.
    blur_faces : bool
        Make faces in the images unrecognisable.

    Returns
    -------
    Report
        The same inputs give the same report, down to its digest.
    """
    rows = parameter_rows(measurement)
    changes = change_rows(baseline.changes) if baseline is not None else ()
    ranges = () if changes else range_rows(measurement)
    checks, good = check_rows(measurement, baseline.warnings if baseline is not None else ())
    notes = body_notes(measurement, baseline)
    marked = marked_parts(baseline)
    changed = [
        change_phrase(change)
        for change in (chosen_changes(baseline.changes) if baseline is not None else ())
        if change.verdict == REAL
    ]
    cards, cards_note = class_cards(baseline.classified if baseline is not None else ())
    frames, frames_note = evidence_frames(
        EvidenceRequest(
            source=source,
            moments=moments(measurement.strides),
            visible_side=measurement.visible_side,
            blur_faces=blur_faces,
            several_people=_several_people(measurement, source),
        )
    )
    return Report(
        subject=clean_text(subject, 44) or "Unnamed",
        walk=clean_text(source.name, 60),
        date=day(created_s),
        facts=_facts(measurement, baseline),
        verdict=_verdict(baseline),
        summary=tuple(
            clean_text(text, 330) for text in summary_sentences(measurement, baseline, REFERENCES, marked, changed)
        ),
        disclaimer=DISCLAIMER,
        body_map=body_drawing(notes, title=body_title(baseline), near=measurement.visible_side),
        body_caption=body_caption(baseline, notes, marked),
        parameters=rows,
        parameter_notes=parameter_notes(measurement),
        checks=checks,
        checks_good=good,
        curves=_curves(measurement, baseline),
        curves_legend=legend_drawing(
            with_spread=max(measurement.curves.count(side) for side in SIDES) >= FEWEST_FOR_SD,
            with_band=baseline is not None and bool(baseline.bands),
            width=_CURVES_WIDTH,
        ),
        curves_note=_curves_note(measurement, baseline),
        changes=changes,
        ranges=ranges,
        table_note=_table_note(baseline) if changes or ranges else "",
        evidence=frames,
        evidence_note=frames_note,
        methods=method_facts(measurement, baseline, rows),
        seal=seal_facts(measurement, baseline, source),
        classes=cards,
        classes_note=cards_note,
    )


def _several_people(measurement: Measurement, source: ReportSource) -> bool:
    """Return whether anybody but the walker may be in the images."""
    info = source.track.info if source.track is not None else {}
    share = float(info.get("people_share") or info.get("people_max_share") or 0.0)
    seen = any(check.name == "people" and check.state in ("poor", "unusable") for check in measurement.checks)
    return seen or share > 0.0 or any(warning.code == "several_people" for warning in measurement.warnings)


def _facts(measurement: Measurement, baseline: BaselineComparison | None) -> tuple[Fact, ...]:
    count = {side: sum(stride.side == side for stride in measurement.strides) for side in SIDES}
    worst = recording_state(measurement, baseline.warnings if baseline is not None else ())
    walking_s = sum(segment.duration_s for segment in measurement.segments if segment.used)
    scale = {"height": "Body height", "distance": "Floor distance", "speed": "Given speed"}
    given = measurement.scale_input
    detail = {"height": "m", "distance": "m", "speed": "m/s"}.get(given.kind, "")
    facts = [
        Fact(label="Recording", value=_STATES[worst]),
        Fact(label="Recorded with", value="Markers")
        if measurement.from_markers
        else Fact(label="Filmed from", value=f"{measurement.visible_side.capitalize()} side"),
        Fact(label="Walking seen", value=f"{number(walking_s, digits=1)} s", detail=_passes(measurement)),
        Fact(
            label="Full strides",
            value=str(len(measurement.strides)),
            detail=f"{count['left']} left, {count['right']} right",
        ),
    ]
    if not measurement.from_markers:
        resolved = measurement.scale
        facts.append(
            Fact(
                label="Scale from",
                value=scale.get(resolved.source, "–") if resolved is not None else "No scale",
                detail=f"{given.value:.3g} {detail}" if resolved is not None and given.value else "",
            )
        )
    if baseline is not None:
        facts.append(
            Fact(
                label="Compared with",
                value=plural(baseline.n_walks, "own walk") if baseline.n_walks else "Own baseline",
                detail="as baseline" if baseline.n_walks else "",
            )
        )
    else:
        changed = measurement.n_changed_events
        how = f"{plural(changed, 'event')} corrected by hand" if changed else ""
        facts.append(Fact(label="Steps found", value="Automatically", detail=how))
    return tuple(facts)


def _passes(measurement: Measurement) -> str:
    return f"in {plural(sum(segment.used for segment in measurement.segments), 'pass', 'passes')}"


def _verdict(baseline: BaselineComparison | None) -> Verdict:
    key = "none" if baseline is None else baseline.level or "withheld"
    word, meaning = VERDICTS[key]
    return Verdict(level="withheld" if key == "none" else key, word=word, meaning=meaning)


def _curves(measurement: Measurement, baseline: BaselineComparison | None) -> Drawing:
    curves, rows = measurement.curves, []
    for side in SIDES:
        row = []
        for name, label, direction in _PANELS:
            band = baseline.bands.get((name, side)) if baseline is not None else None
            moves = measurement.key_values.get(f"{name}_rom_deg")
            summary = getattr(moves, side) if moves is not None else None
            away = baseline.map_deg.get((name, side)) if baseline is not None else None
            row.append(
                CurvePanel(
                    name=label,
                    direction=direction,
                    side=side.capitalize(),
                    strides=np.asarray(curves.values[name, side], dtype=float).reshape(-1, 101),
                    band_mean=band.mean if band is not None else None,
                    band_sd=band.sd if band is not None else None,
                    foot_off_pct=curves.mean_foot_off_pct(side),
                    range_deg=summary.mean if summary is not None else None,
                    away_deg=away,
                )
            )
        rows.append(row)
    return curve_drawing(rows, width=_CURVES_WIDTH, height=_CURVES_HEIGHT)


def _curves_note(measurement: Measurement, baseline: BaselineComparison | None) -> str:
    seen = "of the markers, seen from the side" if measurement.from_markers else "as seen from the side by one camera"
    text = f"A stride runs from one landing of the foot to the next. Angles {seen}"
    if baseline is not None and baseline.map_deg:
        return f"{text}; “off” is the root mean square distance from the baseline."
    return f"{text}."


def _table_note(baseline: BaselineComparison | None) -> str:
    if baseline is None or not baseline.changes:
        missing = "There is no baseline" if baseline is None else "The baseline holds no values"
        return f"Bending forward, bending the knee and toes up are positive. {missing} to compare with."
    shown = chosen_changes(baseline.changes)
    text = (
        "Needed for a real change: the larger of the person’s own spread between walks (95 %) and the published value."
    )
    few = " Where neither is known, it is left open." if any(change.mdc is None for change in shown) else ""
    names = dict.fromkeys(change.published.source for change in shown if change.published is not None)
    return f"{text}{few}{f' Published: {clean_text(joined(list(names)), 240)}.' if names else ''}"
