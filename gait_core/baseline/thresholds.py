"""Limits between normal, watch and alert, from the scores of walks that were held out.

Every method works on the held-out walk scores of the baseline: each walk of the baseline scored by
a model that was made from the others. Scores are relative: 1 is typical of the person's own walks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.config import ThresholdSettings
from gait_core.errors import InputError

__all__ = [
    "ENOUGH_WALKS",
    "Level",
    "Reference",
    "Thresholds",
    "compute_thresholds",
    "level_of",
    "small_sample_factor",
    "smallest_rate",
]

ENOUGH_WALKS: Final = 5
"""Walks from which limits are not widened."""
Level: TypeAlias = Literal["normal", "watch", "alert"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """How later normal walks of other people scored against their own baselines.

    Attributes
    ----------
    deviations : ndarray, shape (n_people, n_later_walks)
        (log score − mean log of the held-out scores) / spread, for walks that no model had seen; NaN where a walk
        could not be used.
    prior_sd : float
        Typical within-person SD of the log score.
    prior_weight : float
        How many walks that prior counts for.
    source : str
        Where the people come from, for the user.
    """

    deviations: NDArray[np.float64]
    prior_sd: float
    prior_weight: float
    source: str

    @property
    def n_people(self) -> int:
        """Number of people."""
        return int(self.deviations.shape[0])

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-serialisable fields."""
        return {
            "deviations": [
                [round(float(value), 4) if np.isfinite(value) else None for value in person]
                for person in self.deviations
            ],
            "prior_sd": self.prior_sd,
            "prior_weight": self.prior_weight,
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(
            deviations=np.asarray(values["deviations"], dtype=np.float64),
            prior_sd=float(values["prior_sd"]),
            prior_weight=float(values["prior_weight"]),
            source=str(values["source"]),
        )

    def spread(self, log_scores: NDArray[np.float64]) -> float:
        """Return the SD of a person's log scores, drawn towards the prior when walks are few.

        References
        ----------
        Scaled-inverse-chi-squared posterior of a variance: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6.
        """
        n = len(log_scores)
        own = float(np.var(log_scores, ddof=1)) if n > 1 else 0.0
        weight = self.prior_weight + max(0, n - 1)
        return math.sqrt((self.prior_weight * self.prior_sd**2 + max(0, n - 1) * own) / weight)


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The limits and how they came about.

    Attributes
    ----------
    watch, alert : float
        Scores above which a walk is watch or alert; unitless.
    method : str
        As in `ThresholdSettings`.
    stated_watch_rate, stated_alert_rate : float or None
        Share of normal walks that is expected over each limit; None where the method states none.
    smallest_rate : float
        Smallest false-alarm rate that can be stated with what there is.
    note : str
        One sentence for the user.
    settings : mapping
        The `ThresholdSettings` used.
    """

    watch: float
    alert: float
    method: str
    stated_watch_rate: float | None
    stated_alert_rate: float | None
    smallest_rate: float
    note: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the content of ``thresholds.json``."""
        return {
            "watch": self.watch,
            "alert": self.alert,
            "method": self.method,
            "stated_rate": {"watch": self.stated_watch_rate, "alert": self.stated_alert_rate},
            "smallest_rate": self.smallest_rate,
            "note": self.note,
            "settings": dict(self.settings),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the content of ``thresholds.json``."""
        return cls(
            watch=float(values["watch"]),
            alert=float(values["alert"]),
            method=str(values["method"]),
            stated_watch_rate=values["stated_rate"]["watch"],
            stated_alert_rate=values["stated_rate"]["alert"],
            smallest_rate=float(values["smallest_rate"]),
            note=str(values["note"]),
            settings=dict(values["settings"]),
        )


def level_of(score: float, thresholds: Thresholds) -> Level:
    """Return the level of a score.

    Returns
    -------
    {"normal", "watch", "alert"}
    """
    if score > thresholds.alert:
        return "alert"
    return "watch" if score > thresholds.watch else "normal"


def smallest_rate(n: int) -> float:
    """Return the smallest false-alarm rate that split-conformal can state from `n` calibration values.

    Returns
    -------
    float
        Rate in (0, 1].

    References
    ----------
    Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World; Angelopoulos & Bates 2023,
    Found. Trends Mach. Learn. 16:494: the limit is the ⌈(n + 1)(1 − rate)⌉-th smallest value.
    """
    return 1.0 / (n + 1)


def compute_thresholds(
    scores: NDArray[np.float64], settings: ThresholdSettings, reference: Reference | None = None
) -> Thresholds:
    """Set the limits.

    Parameters
    ----------
    scores : ndarray, shape (n_walks,)
        Held-out walk scores of the baseline.
    settings : ThresholdSettings
        Method and how strict.
    reference : Reference, optional
        With it, ``conformal`` ranks a later walk among those of the reference people, so that small
        rates can be stated from five walks; without it only the person's own walks count, and the
        smallest rate is 1 / (walks + 1).

    Returns
    -------
    Thresholds

    Raises
    ------
    InputError
        With fewer than two scores.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if len(scores) < 2:
        raise InputError(
            f"Expected the scores of at least two held-out walks, but got {len(scores)}.", "Add more walks."
        )
    limits = {"mean_sd": _mean_sd, "percentile": _percentile}.get(settings.method)
    if limits is not None:
        watch, alert, note = limits(scores, settings)
        least = smallest_rate(len(scores))
        stated: tuple[float | None, float | None] = (None, None)
    elif reference is None:
        watch, alert, stated, least, note = _conformal_own(scores, settings)
    else:
        watch, alert, stated, least, note = _conformal_reference(scores, settings, reference)
    return Thresholds(
        watch=float(watch),
        alert=float(max(watch, alert)),
        method=settings.method,
        stated_watch_rate=stated[0],
        stated_alert_rate=stated[1],
        smallest_rate=least,
        note=note,
        settings=settings.to_dict(),
    )


def _mean_sd(scores: NDArray[np.float64], settings: ThresholdSettings) -> tuple[float, float, str]:
    mean, sd = float(scores.mean()), float(scores.std(ddof=1))
    note = (
        f"Mean {mean:.2f} plus {settings.watch_k:g} and {settings.alert_k:g} standard deviations ({sd:.2f}) of "
        f"{len(scores)} held-out walks; how often a normal walk exceeds them is not known."
    )
    return mean + settings.watch_k * sd, mean + settings.alert_k * sd, note


def _percentile(scores: NDArray[np.float64], settings: ThresholdSettings) -> tuple[float, float, str]:
    watch, alert = np.percentile(scores, [settings.watch_percentile, settings.alert_percentile])
    note = (
        f"Percentiles {settings.watch_percentile:g} and {settings.alert_percentile:g} of {len(scores)} held-out walks; "
        f"with so few walks both lie at or below the largest score, so expect more than "
        f"{100 * smallest_rate(len(scores)):.0f} % false alarms."
    )
    return float(watch), float(alert), note


def _conformal_own(
    scores: NDArray[np.float64], settings: ThresholdSettings
) -> tuple[float, float, tuple[float, float], float, str]:
    least = smallest_rate(len(scores))
    rates = (max(settings.watch_rate, least), max(settings.alert_rate, least))
    watch, alert = (_conformal_quantile(scores, rate) for rate in rates)
    note = (
        f"Ranked among the person's own {len(scores)} held-out walks; the smallest rate that can be stated from them "
        f"is {100 * least:.1f} %."
    )
    return watch, alert, rates, least, note


def _conformal_reference(
    scores: NDArray[np.float64], settings: ThresholdSettings, reference: Reference
) -> tuple[float, float, tuple[float, float], float, str]:
    log_scores = np.log(scores)
    few = small_sample_factor(len(scores))
    centre, spread = float(log_scores.mean()), few * reference.spread(log_scores)
    if few > 1.0:
        # Few walks that happen to be alike do not show that this person varies less than others.
        spread = max(spread, few * reference.prior_sd)
    # People, not walks, are exchangeable: the smallest rate counts people.
    least = smallest_rate(reference.n_people)
    rates = (max(settings.watch_rate, least), max(settings.alert_rate, least))
    pooled = reference.deviations[np.isfinite(reference.deviations)]
    watch, alert = (math.exp(centre + spread * _conformal_quantile(pooled, rate)) for rate in rates)
    note = (
        f"Ranked among later normal walks of {reference.n_people} other people ({reference.source}), scaled by this "
        f"person's own spread over {len(scores)} held-out walks; valid if this person varies as much as they do."
    )
    if few > 1.0:
        note += f" Widened by {100 * (few - 1):.0f} %, because fewer than {ENOUGH_WALKS} walks show the spread poorly."
    return watch, alert, rates, least, note


def small_sample_factor(n_walks: int) -> float:
    """Return by how much limits from few walks are wider than from `ENOUGH_WALKS`; 1 from so many on.

    The half width of the interval below whose end one more value of a normal distribution lies with 95 %, over the
    same with `ENOUGH_WALKS`. What is known of other people counts as one walk more, so that the degrees of freedom
    are as many as the walks.

    Returns
    -------
    float
        At least 1.

    References
    ----------
    Hahn & Meeker 1991, Statistical Intervals, chapter 4: the interval is t · SD · sqrt(1 + 1/n).
    """
    from scipy.stats import t

    def half_width(n: int) -> float:
        return float(t.ppf(0.95, n)) * math.sqrt(1.0 + 1.0 / n)

    return half_width(n_walks) / half_width(ENOUGH_WALKS) if n_walks < ENOUGH_WALKS else 1.0


def _conformal_quantile(values: NDArray[np.float64], rate: float) -> float:
    ordered = np.sort(values)
    rank = math.ceil((len(ordered) + 1) * (1.0 - rate) - 1e-9)
    return float(ordered[min(rank, len(ordered)) - 1])
