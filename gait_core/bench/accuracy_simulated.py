"""How near a measured walk comes to the truth: simulated walkers, rendered to video, through the pose model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.common import Table
from gait_core.config import MeasureSettings, profile_named
from gait_core.errors import GaitError
from gait_core.gait.angles import SIDES
from gait_core.gait.channels import other_side
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.gait.parameters.lengths import Step, find_steps
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.pose.extract import ExtractedWalk, extract_many
from gait_core.progress import Reporter
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.person import sample_person
from gait_core.simulate.render import render
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import walk
from gait_core.validation.align import align
from gait_core.validation.event_agreement import Matching, match_events
from gait_core.validation.evidence import Evidence, collect
from gait_core.validation.reference_model import ANGLE_NAMES, Reference, strides_of
from gait_core.validation.stride_agreement import pair_strides
from gait_core.workspace import Workspace

__all__ = ["simulated_figures"]

_FIRST_PERSON: Final = 5_600_000
_WALKS: Final = 40
_RATES_HZ: Final = (25.0, 30.0, 60.0)
_SEVERITY: Final = 0.6
_CLOSE_S: Final = 0.05
"""An event of a whole clip counts as found within this."""


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """One walk: what was measured beside what is true."""

    pattern: str
    fps: float
    evidence: Evidence
    cadence_error_pct: float
    step_time_errors_s: tuple[float, ...]
    step_length_errors_m: tuple[float, ...]
    walk_step_length_error_m: float
    angle_errors_deg: dict[str, NDArray[np.float64]]
    far_angle_errors_deg: dict[str, NDArray[np.float64]]
    whole: Matching
    close: Matching
    strides_found: int
    strides_true: int


def simulated_figures(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False
) -> tuple[dict[str, float], list[Table]]:
    """Render walkers at 25, 30 and 60 frames a second in both directions, measure them, and compare with the truth.

    Parameters
    ----------
    workspace : Workspace
        Its cache keeps videos and landmarks.
    reporter : Reporter
    quick : bool
        Six normal walks and no impaired ones.

    Returns
    -------
    figures : dict
        ``sim_event_f1``, ``sim_event_error_ms`` (median absolute), ``sim_event_bias_ms``, ``sim_cadence_error_pct``
        with the share of walks that it leaves out, because no cadence is given, as ``sim_cadence_withheld_pct``,
        ``sim_step_time_mae_s``, ``sim_step_length_mae_m`` (single steps), ``sim_walk_step_length_mae_m`` (means of
        walks), ``sim_knee_rmse_deg`` … (near leg, offset of each walk taken out) and
        ``sim_knee_rmse_with_offset_deg`` …; of whole clips, every event and stride of the truth counted,
        ``sim_whole_event_f1`` (within 50 ms), ``sim_events_missed``, ``sim_events_extra``, ``sim_strides_found`` (%);
        of the far leg ``sim_far_knee_rmse_deg`` …; all over the normal walks with the profile balanced;
        ``sim_impaired_event_f1``; the first again with the profile accurate as ``sim_accurate_event_f1`` ….
    tables : list of Table
    """
    truths = _truths(6 if quick else _WALKS, with_impaired=not quick)
    with reporter.stage("accuracy", f"Rendering {len(truths)} walks"):
        folder = workspace.cache / "bench-rendered"
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for number, truth in enumerate(truths):
            reporter.check()
            name = f"{truth.person_seed}-{truth.impairment or 'normal'}-{truth.frame_rate_hz:.0f}fps.mp4"
            if not (folder / name).is_file():
                render(truth, folder / name, seed=number, reporter=reporter)
            paths.append(folder / name)
            reporter.progress("accuracy", number + 1, len(truths), "walks")
    outcomes, refused = _measured("balanced", truths, paths, workspace, reporter)
    normal = [outcome for outcome in outcomes if outcome.pattern == "normal"]
    impaired = [outcome for outcome in outcomes if outcome.pattern != "normal"]
    figures = {f"sim_{name}": value for name, value in _summary(normal).items()}
    count = sum(truth.impairment is None for truth in truths)
    accurate, _ = _measured("accurate", truths[:count], paths[:count], workspace, reporter)
    figures |= {f"sim_accurate_{name}": value for name, value in _summary(accurate).items()}
    figures |= {"sim_walks": float(len(normal)), "sim_refused": float(refused)}
    if impaired:
        summary = _summary(impaired)
        for name in ("event_f1", "whole_event_f1", "strides_found"):
            figures[f"sim_impaired_{name}"] = summary[name]
    return figures, [_table(normal, impaired), _walkers_table(outcomes)]


def _measured(
    profile: str, truths: Sequence[WalkTruth], paths: Sequence[Path], workspace: Workspace, reporter: Reporter
) -> tuple[list[_Outcome], int]:
    """Return what was measured with a profile, and how many walks were refused."""
    with reporter.stage("accuracy", f"Finding the landmarks with the profile {profile}"):
        found = extract_many(
            paths, profile_named(profile).pose_settings(), workspace=workspace, reporter=reporter.without_events()
        )
    outcomes, refused = [], 0
    for truth, path, extracted in zip(truths, paths, found, strict=True):
        try:
            outcomes.append(_outcome(truth, _track_of(extracted), path.name))
        except GaitError:
            refused += 1
    return outcomes, refused


def _truths(count: int, *, with_impaired: bool) -> list[WalkTruth]:
    truths = [
        walk(
            sample_person(_FIRST_PERSON + number),
            seed=number,
            fps=_RATES_HZ[number % len(_RATES_HZ)],
            direction=1 if number // len(_RATES_HZ) % 2 else -1,
        )
        for number in range(count)
    ]
    if with_impaired:
        truths += [
            walk(
                sample_person(_FIRST_PERSON + count + number),
                seed=count + number,
                fps=30.0,
                direction=1 if number % 2 else -1,
                impairment=pattern,
                severity=_SEVERITY,
                affected_side=SIDES[number // 2 % 2],
            )
            for number, pattern in enumerate(IMPAIRMENTS)
        ]
    return truths


def _track_of(extracted: ExtractedWalk | GaitError) -> Any:
    if isinstance(extracted, GaitError):
        raise extracted
    return extracted.track


def _outcome(truth: WalkTruth, track: Any, name: str) -> _Outcome:
    settings = MeasureSettings()
    motion = motion_of(track, settings)
    measurement = measure(motion, settings, scale=ScaleInput(kind="height", value=truth.height_m))
    reference = Reference(
        name=name,
        kind="simulated",
        events=truth.events,
        time_s=truth.time_s,
        angles={(joint, side): truth.angle_deg(side, joint) for joint in ANGLE_NAMES for side in SIDES},
        same_clock=True,
    )
    evidence = collect(measurement, reference, align(measurement, reference))
    steps = [step for step in find_steps(motion, measurement.current_events) if np.isfinite(step.length_leg)]
    metres = measurement.scale.metres_per_leg if measurement.scale is not None else float("nan")
    known = [(step, true) for step in steps if (true := _true_step(truth, step)) is not None]
    near = motion.visible_side
    found = measurement.current_events.events
    true_strides = strides_of(truth.events, 0.0)
    return _Outcome(
        pattern=truth.impairment or "normal",
        fps=truth.frame_rate_hz,
        evidence=evidence,
        cadence_error_pct=_cadence_error_pct(measurement, truth),
        step_time_errors_s=tuple(step.duration_s - time_s for step, (time_s, _) in known),
        step_length_errors_m=tuple(step.length_leg * metres - length_m for step, (_, length_m) in known),
        walk_step_length_error_m=float(np.mean([step.length_leg * metres - length for step, (_, length) in known]))
        if known
        else float("nan"),
        angle_errors_deg=_angle_errors_deg(evidence, near),
        far_angle_errors_deg=_angle_errors_deg(evidence, other_side(near)),
        whole=match_events(found, truth.events),
        close=match_events(found, truth.events, tolerance_s=_CLOSE_S),
        strides_found=len(pair_strides(measurement.strides, true_strides)),
        strides_true=len(true_strides),
    )


def _angle_errors_deg(evidence: Evidence, side: str) -> dict[str, NDArray[np.float64]]:
    return {
        joint: evidence.angles[joint, side][0] - evidence.angles[joint, side][1]
        for joint in ANGLE_NAMES
        if (joint, side) in evidence.angles
    }


def _true_step(truth: WalkTruth, step: Step) -> tuple[float, float] | None:
    """Return time, s, and length, m, of the true step that a measured one belongs to."""
    placed = [
        min(
            ((side, start_s, x) for side, start_s, _, x in truth.foot_placements if (side == step.side) == same),
            key=lambda one: abs(one[1] - at_s),
            default=None,
        )
        for at_s, same in ((step.start_s, False), (step.end_s, True))
    ]
    before, after = placed
    if before is None or after is None:
        return None
    if max(abs(before[1] - step.start_s), abs(after[1] - step.end_s)) > 0.15:
        return None
    return after[1] - before[1], after[2] - before[2]


def _cadence_error_pct(measurement: Measurement, truth: WalkTruth) -> float:
    found = measurement.parameters.get("cadence_spm")
    if found is None or found.both is None:
        return float("nan")
    return 100.0 * abs(found.both.mean - truth.cadence_spm) / truth.cadence_spm


def _summary(outcomes: Sequence[_Outcome]) -> dict[str, float]:
    matchings = [o.evidence.matching for o in outcomes if o.evidence.matching is not None]
    errors = np.concatenate([matching.errors_s for matching in matchings])
    wrong = sum(len(matching.extra) + len(matching.missed) for matching in matchings)
    times = np.concatenate([o.step_time_errors_s for o in outcomes])
    lengths = np.concatenate([o.step_length_errors_m for o in outcomes])
    figures = {
        "event_f1": 2 * len(errors) / (2 * len(errors) + wrong),
        "event_error_ms": 1000.0 * float(np.median(np.abs(errors))),
        "event_bias_ms": 1000.0 * float(np.median(errors)),
        "cadence_error_pct": float(np.nanmean([o.cadence_error_pct for o in outcomes])),
        "cadence_withheld_pct": 100.0 * float(np.mean([math.isnan(o.cadence_error_pct) for o in outcomes])),
        "step_time_mae_s": float(np.mean(np.abs(times))),
        "step_length_mae_m": float(np.mean(np.abs(lengths))),
        "walk_step_length_mae_m": float(np.nanmean([abs(o.walk_step_length_error_m) for o in outcomes])),
    }
    pairs = sum(len(o.close.pairs) for o in outcomes)
    unpaired = sum(len(o.close.extra) + len(o.close.missed) + o.close.outside for o in outcomes)
    figures |= {
        "whole_event_f1": 2 * pairs / (2 * pairs + unpaired),
        "events_missed": float(sum(len(o.whole.missed) for o in outcomes)),
        "events_extra": float(sum(len(o.whole.extra) + o.whole.outside for o in outcomes)),
        "strides_found": 100.0 * sum(o.strides_found for o in outcomes) / sum(o.strides_true for o in outcomes),
    }
    for joint in ANGLE_NAMES:
        far = [o.far_angle_errors_deg[joint] for o in outcomes if joint in o.far_angle_errors_deg]
        figures[f"far_{joint}_rmse_deg"] = float(np.sqrt(np.mean([_course_rmse(part) ** 2 for part in far])))
        parts = [o.angle_errors_deg[joint] for o in outcomes if joint in o.angle_errors_deg]
        course = [np.nanmean((part - np.nanmean(part)) ** 2) for part in parts]
        figures[f"{joint}_rmse_deg"] = float(np.sqrt(np.mean(course)))
        figures[f"{joint}_rmse_with_offset_deg"] = float(np.sqrt(np.mean([np.nanmean(part**2) for part in parts])))
    return figures


def _course_rmse(errors_deg: NDArray[np.float64]) -> float:
    """Return the error of one walk after its offset, degrees."""
    return float(np.sqrt(np.nanmean((errors_deg - np.nanmean(errors_deg)) ** 2)))


def _walkers_table(outcomes: Sequence[_Outcome]) -> Table:
    rows: list[list[Any]] = []
    for number, one in enumerate(outcomes):
        errors = one.whole.errors_s
        legs = (one.angle_errors_deg, one.far_angle_errors_deg)
        rows.append(
            [
                f"{number + 1}, {one.pattern}, {one.fps:g} frames/s",
                1000.0 * float(np.median(np.abs(errors))) if len(errors) else np.nan,
                len(one.whole.missed),
                len(one.whole.extra) + one.whole.outside,
                f"{one.strides_found} of {one.strides_true}",
                *(_course_rmse(leg[joint]) if joint in leg else np.nan for leg in legs for joint in ANGLE_NAMES),
            ]
        )
    columns = ["walk", "event error ms", "events missed", "events extra", "strides"]
    columns += [f"{place} {joint} deg" for place in ("near", "far") for joint in ANGLE_NAMES]
    return Table(title="Whole clips of simulated walkers, one by one", columns=columns, rows=rows)


def _table(normal: Sequence[_Outcome], impaired: Sequence[_Outcome]) -> Table:
    groups = [(f"normal, {rate:g} frames/s", [o for o in normal if round(o.fps) == rate]) for rate in _RATES_HZ]
    groups += [(pattern, [o for o in impaired if o.pattern == pattern]) for pattern in IMPAIRMENTS]
    rows: list[list[Any]] = []
    columns: list[str] = []
    for name, group in groups:
        if group:
            summary = _summary(group)
            columns = list(summary)
            rows.append([name, len(group), *summary.values()])
    return Table(
        title="Simulated walkers, rendered, through the pose model", columns=["group", "walks", *columns], rows=rows
    )
