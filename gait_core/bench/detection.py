"""How well changes of gait are found, and how often a normal walk raises a false alarm.

Every simulated person has a baseline of five walks; later normal walks and walks with an impairment are
scored against it. No person of this benchmark was used to train, to tune or to calibrate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.baseline.fit import Fitted, PersonFitter, relative_scores, typical_score
from gait_core.baseline.pretrained import Pretrained, load_pretrained
from gait_core.baseline.thresholds import Thresholds, compute_thresholds, level_of
from gait_core.bench.common import BenchResult, Table, area_under_roc
from gait_core.bench.detection_real import real_walks
from gait_core.bench.detection_rendered import rendered_sample
from gait_core.bench.linear import LinearBaseline
from gait_core.config import FeatureSettings, ThresholdSettings
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.progress import Reporter
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.windows import SimulatedWalk, simulated_windows
from gait_core.workspace import Workspace

__all__ = ["FIRST_PERSON", "Outcome", "PersonBaseline", "bench_detection", "score_walks"]

FIRST_PERSON: Final = 5_000_000
SEVERITIES: Final = (0.4, 0.6, 0.8, 1.0)
_LATER: Final = 20
_IMPAIRED: Final = 60


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One later walk of one person.

    Attributes
    ----------
    pattern : str
        ``normal`` or the impairment.
    severity : float
    margin : float
        Log of score over the person's watch limit: above 0 is watch or alert.
    level : str
    linear : float
        Log error of the linear reconstruction over that of the person's own walks.
    """

    pattern: str
    severity: float
    margin: float
    level: str
    linear: float


class PersonBaseline:
    """A baseline of one simulated person, made as for a patient.

    Parameters
    ----------
    fitter : PersonFitter
    pretrained : Pretrained
    walks : sequence of ndarray
        Windows of the baseline's walks.
    reporter : Reporter
    """

    def __init__(
        self, fitter: PersonFitter, pretrained: Pretrained, walks: Sequence[np.ndarray], reporter: Reporter
    ) -> None:
        self.fitted: Fitted = fitter.fit(walks, reporter.without_events())
        self.thresholds: Thresholds = compute_thresholds(
            relative_scores(self.fitted), ThresholdSettings(), pretrained.reference_for(len(walks))
        )
        self._typical = typical_score(self.fitted)
        self._linear = LinearBaseline(walks)
        held_out = [
            LinearBaseline([other for j, other in enumerate(walks) if j != i]).score(walk)
            for i, walk in enumerate(walks)
        ]
        self._linear_typical = float(np.mean(np.log(held_out)))

    def judge(self, windows: np.ndarray, pattern: str, severity: float) -> Outcome:
        """Score one later walk."""
        score = self.fitted.scorer.score(windows).overall / self._typical
        return Outcome(
            pattern=pattern,
            severity=severity,
            margin=math.log(score / self.thresholds.watch),
            level=level_of(score, self.thresholds),
            linear=math.log(self._linear.score(windows)) - self._linear_typical,
        )


def bench_detection(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Measure detection on simulated people, on a rendered sample and, where given, on real walks.

    Parameters
    ----------
    workspace : Workspace
        Its cache keeps the landmarks of rendered and real walks.
    reporter : Reporter
    quick : bool
        Ten people, no rendered sample.
    data : str, optional
        Folder with real walks (``walks/``, ``abnormal/``, ``other/``).

    Returns
    -------
    BenchResult
        Of simulated people ``auc_overall``, ``auc_worst_impairment`` and ``auc_overall_linear`` (a linear
        reconstruction), ``false_alarm_rate`` and ``alert_false_alarm_rate`` beside the stated ones, and
        ``found_share``, the share of impaired walks that are watch or alert. Then those of `rendered_sample` and, with
        `data`, of `real_walks`.
    """
    people = 10 if quick else 48
    settings = FeatureSettings()
    pretrained = load_pretrained()
    fitter = PersonFitter(pretrained, AutoencoderSettings())
    outcomes: list[Outcome] = []
    with reporter.stage("people", f"Baselines and later walks of {people} simulated people"):
        for number in range(people):
            reporter.check()
            outcomes += score_walks(fitter, pretrained, FIRST_PERSON + number, settings, reporter)
            reporter.progress("people", number + 1, people, "people")
    figures, tables = summarise(outcomes)
    if not quick:
        more, table = rendered_sample(fitter, pretrained, workspace, settings, reporter)
        figures |= more
        tables.append(table)
    if data is not None:
        more, table = real_walks(fitter, pretrained, Path(data), workspace, settings, reporter)
        figures |= more
        tables.append(table)
    return BenchResult(
        bench="detection",
        settings={
            "people": people,
            "baseline_walks": 5,
            "normal_walks": sum(outcome.pattern == "normal" for outcome in outcomes),
            "walks_per_impairment": min(
                sum(outcome.pattern == pattern for outcome in outcomes) for pattern in IMPAIRMENTS
            ),
            "severities": list(SEVERITIES),
            "model_sha256": pretrained.sha256,
        },
        figures=figures,
        tables=tables,
    )


def score_walks(
    fitter: PersonFitter, pretrained: Pretrained, person: int, settings: FeatureSettings, reporter: Reporter
) -> list[Outcome]:
    """Score later walks of one simulated person against a baseline of five walks.

    Parameters
    ----------
    fitter : PersonFitter
    pretrained : Pretrained
    person : int
        Seed of the person; odd ones walk from left to right, even ones from right to left.
    settings : FeatureSettings
    reporter : Reporter

    Returns
    -------
    list of Outcome
        Of ten normal walks and one of each impairment; a walk that is refused is left out.
    """
    direction = 1 if person % 2 else -1

    def windows(which: SimulatedWalk) -> np.ndarray | None:
        return simulated_windows(which, settings)

    own = [windows(SimulatedWalk(person_seed=person, number=n, direction=direction)) for n in range(5)]
    baseline = PersonBaseline(fitter, pretrained, [walk for walk in own if walk is not None], reporter)
    outcomes = []
    for which in later_walks(person, direction):
        found = windows(which)
        if found is not None:
            outcomes.append(baseline.judge(found, which.impairment or "normal", which.severity))
    return outcomes


def later_walks(person: int, direction: int) -> list[SimulatedWalk]:
    """Return ten normal walks and one walk per impairment, severities and sides taken in turn."""
    walks = [SimulatedWalk(person_seed=person, number=_LATER + n, direction=direction) for n in range(10)]
    for number, pattern in enumerate(IMPAIRMENTS):
        turn = person + number
        walks.append(
            SimulatedWalk(
                person_seed=person,
                number=_IMPAIRED + number,
                direction=direction,
                impairment=pattern,
                severity=SEVERITIES[turn % len(SEVERITIES)],
                affected_side=("left", "right")[turn // len(SEVERITIES) % 2],
            )
        )
    return walks


def summarise(outcomes: Sequence[Outcome]) -> tuple[dict[str, float], list[Table]]:
    """Return the figures and the table per impairment."""
    normal = [outcome for outcome in outcomes if outcome.pattern == "normal"]
    impaired = [outcome for outcome in outcomes if outcome.pattern != "normal"]
    margins = np.array([outcome.margin for outcome in normal])
    linear = np.array([outcome.linear for outcome in normal])
    rows: list[list[Any]] = []
    aucs: dict[str, float] = {}
    for pattern in IMPAIRMENTS:
        group = [outcome for outcome in impaired if outcome.pattern == pattern]
        aucs[pattern] = area_under_roc(margins, np.array([outcome.margin for outcome in group]))
        rows.append(
            [
                pattern,
                len(group),
                aucs[pattern],
                area_under_roc(linear, np.array([outcome.linear for outcome in group])),
                *(_found(group, severity) for severity in SEVERITIES),
            ]
        )
    stated = ThresholdSettings()
    figures = {
        "auc_overall": area_under_roc(margins, np.array([outcome.margin for outcome in impaired])),
        "auc_worst_impairment": min(aucs.values()),
        "auc_overall_linear": area_under_roc(linear, np.array([outcome.linear for outcome in impaired])),
        "false_alarm_rate": float(np.mean([outcome.level != "normal" for outcome in normal])),
        "stated_false_alarm_rate": stated.watch_rate,
        "alert_false_alarm_rate": float(np.mean([outcome.level == "alert" for outcome in normal])),
        "stated_alert_false_alarm_rate": stated.alert_rate,
        "found_share": float(np.mean([outcome.level != "normal" for outcome in impaired])),
    }
    columns = ["impairment", "walks", "AUC", "AUC linear", *(f"found at {severity:g}" for severity in SEVERITIES)]
    return figures, [Table(title="Simulated people, five-walk baselines", columns=columns, rows=rows)]


def _found(group: Sequence[Outcome], severity: float) -> str:
    chosen = [outcome.level != "normal" for outcome in group if outcome.severity == severity]
    return f"{100 * np.mean(chosen):.0f} %" if chosen else "–"
