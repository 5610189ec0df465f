"""A rendered sample: the same simulated walks as video through the pose model, beside the fast path."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.baseline.fit import PersonFitter, relative_scores, typical_score
from gait_core.baseline.pretrained import Pretrained
from gait_core.baseline.thresholds import compute_thresholds, level_of
from gait_core.bench.common import Table, area_under_roc
from gait_core.config import FeatureSettings, ThresholdSettings, profile_named
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.render import render
from gait_core.simulate.windows import SimulatedWalk, simulated_windows
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workspace import Workspace

__all__ = ["rendered_sample"]

_FIRST_PERSON: Final = 5_500_000
_PEOPLE: Final = 25
_NORMAL: Final = 4
_IMPAIRED: Final = 2
_RESAMPLES: Final = 2000
_SEVERITIES: Final = (0.4, 0.6, 0.8, 1.0)


def rendered_sample(
    fitter: PersonFitter, pretrained: Pretrained, workspace: Workspace, settings: FeatureSettings, reporter: Reporter
) -> tuple[dict[str, float], Table]:
    """Score rendered walks through the pose model, and the same walks by the fast path.

    Twenty-five people with five baseline walks, four later normal walks and two impaired walks each.

    Parameters
    ----------
    fitter : PersonFitter
    pretrained : Pretrained
    workspace : Workspace
        Its cache keeps the videos and landmarks.
    settings : FeatureSettings
    reporter : Reporter

    Returns
    -------
    figures : dict
        ``rendered_auc``, ``rendered_auc_fast_path``, ``rendered_false_alarm_rate`` with its 95 % interval
        ``rendered_false_alarm_low`` and ``rendered_false_alarm_high`` over people, ``rendered_detection_rate`` (share
        of frames in which the person was found), ``rendered_margin_correlation``, ``rendered_normal_walks``,
        ``rendered_impaired_walks`` and ``rendered_refused_walks``, which no other figure counts.
    table : Table
        One row for each later walk.

    Raises
    ------
    InputError
        When fewer than four baseline walks of a person can be used.
    """
    margins: dict[str, list[tuple[float, float]]] = {"normal": [], "impaired": []}
    refused = 0
    alarms: list[list[bool]] = []
    detection: list[float] = []
    rows: list[list[Any]] = []
    with reporter.stage("rendered", f"Rendering walks of {_PEOPLE} people and finding their landmarks"):
        for number in range(_PEOPLE):
            reporter.check()
            plan = _plan(_FIRST_PERSON + number, number)
            rendered, rates = _through_video(plan, workspace, settings, reporter)
            detection += rates
            fast = [simulated_windows(which, settings) for which in plan]
            by_video = _margins(fitter, pretrained, rendered, reporter)
            by_path = _margins(fitter, pretrained, fast, reporter)
            alarms.append([])
            for which, (video, level), (quick, quick_level) in zip(plan[5:], by_video, by_path, strict=True):
                group = "impaired" if which.impairment else "normal"
                if "refused" in (level, quick_level):
                    refused += 1
                else:
                    margins[group].append((video, quick))
                    if group == "normal":
                        alarms[-1].append(level != "normal")
                severity = which.severity if which.impairment else ""
                rows.append([number + 1, which.impairment or "normal", severity, video, level, quick, quick_level])
            reporter.progress("rendered", number + 1, _PEOPLE, "people")
    normal, impaired = np.array(margins["normal"]), np.array(margins["impaired"])
    everything = np.concatenate([normal, impaired])
    low, high = _interval(alarms)
    figures = {
        "rendered_normal_walks": float(len(normal)),
        "rendered_impaired_walks": float(len(impaired)),
        "rendered_refused_walks": float(refused),
        "rendered_detection_rate": float(np.mean(detection)),
        "rendered_auc": area_under_roc(normal[:, 0], impaired[:, 0]),
        "rendered_auc_fast_path": area_under_roc(normal[:, 1], impaired[:, 1]),
        "rendered_false_alarm_rate": sum(map(sum, alarms)) / len(normal),
        "rendered_false_alarm_low": low,
        "rendered_false_alarm_high": high,
        "rendered_margin_correlation": float(np.corrcoef(everything.T)[0, 1]),
    }
    columns = ["person", "walk", "severity", "margin by video", "level", "margin by fast path", "level by fast path"]
    return figures, Table(title="Rendered walks, margin = log(score / watch limit)", columns=columns, rows=rows)


def _interval(alarms: list[list[bool]]) -> tuple[float, float]:
    """Return the 95 % interval of the share of alarms by resampling people: the walks of one person belong together.

    Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapters 8 and 13 (percentile interval, clusters).
    """
    counts = np.array([(sum(own), len(own)) for own in alarms if own])
    drawn = np.random.default_rng(0).integers(len(counts), size=(_RESAMPLES, len(counts)))
    totals = counts[drawn].sum(axis=1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], [2.5, 97.5])
    return float(low), float(high)


def _plan(person: int, turn: int) -> list[SimulatedWalk]:
    direction = 1 if turn % 2 else -1
    walks = [SimulatedWalk(person_seed=person, number=n, direction=direction) for n in range(5 + _NORMAL)]
    patterns = list(IMPAIRMENTS)
    for number in range(_IMPAIRED):
        place = turn * _IMPAIRED + number
        walks.append(
            SimulatedWalk(
                person_seed=person,
                number=60 + number,
                direction=direction,
                impairment=patterns[place % len(patterns)],
                severity=_SEVERITIES[place // 2 % len(_SEVERITIES)],
                affected_side=("left", "right")[place % 2],
            )
        )
    return walks


def _through_video(
    plan: list[SimulatedWalk], workspace: Workspace, settings: FeatureSettings, reporter: Reporter
) -> tuple[list[np.ndarray | None], list[float]]:
    folder = workspace.cache / "bench-rendered"
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for which in plan:
        pattern = which.impairment or "normal"
        path = folder / f"{which.person_seed}-{which.number:02d}-{pattern}-{which.severity:g}.mp4"
        if not path.is_file():
            render(which.truth(), path, seed=which.number, reporter=reporter)
        paths.append(path)
    prepared = prepare_walks(
        paths, profile_named("balanced").pose_settings(), settings, workspace, reporter.without_events()
    )
    windows = [one.windows.stacked() if isinstance(one, PreparedWalk) else None for one in prepared]
    return windows, [one.track.detection_rate for one in prepared if isinstance(one, PreparedWalk)]


def _margins(
    fitter: PersonFitter, pretrained: Pretrained, walks: list[np.ndarray | None], reporter: Reporter
) -> list[tuple[float, str]]:
    own = [one for one in walks[:5] if one is not None]
    if len(own) < 4:
        raise InputError("Expected at least four usable rendered baseline walks.", "Look at the rendered videos.")
    fitted = fitter.fit(own, reporter.without_events())
    thresholds = compute_thresholds(relative_scores(fitted), ThresholdSettings(), pretrained.reference_for(len(own)))
    found = []
    for windows in walks[5:]:
        if windows is None:
            found.append((math.nan, "refused"))
            continue
        score = fitted.scorer.score(windows).overall / typical_score(fitted)
        found.append((math.log(score / thresholds.watch), level_of(score, thresholds)))
    return found
