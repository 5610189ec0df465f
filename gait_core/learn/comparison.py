"""Whether one classifier is better than another, from folds that both were tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gait_core.cache.archive import json_ready
from gait_core.errors import InputError
from gait_core.learn.fold_record import FoldRecord
from gait_core.learn.intervals import LEVEL

__all__ = ["ModelComparison", "compare_folds", "corrected_t_test"]

_FEWEST = 2


@dataclass(frozen=True, kw_only=True)
class ModelComparison:
    """The difference between two classifiers over the same folds.

    Attributes
    ----------
    metric : str
    difference, ci_low, ci_high : float
        Mean of first minus second, with its 95 % confidence interval.
    t, p : float
        Statistic and two-sided probability of the corrected resampled t-test.
    degrees_of_freedom : int
    folds : int
        Folds compared, all repetitions together.
    """

    metric: str
    difference: float
    ci_low: float
    ci_high: float
    t: float
    p: float
    degrees_of_freedom: int
    folds: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        found: dict[str, Any] = json_ready(vars(self))
        return found


def corrected_t_test(
    differences: Sequence[float], test_share: float, metric: str = "balanced_accuracy"
) -> ModelComparison:
    """Test whether differences between folds have a mean of 0, given that the folds share training data.

    Parameters
    ----------
    differences : sequence of float
        First minus second, one per fold and repetition.
    test_share : float
        Subjects in test divided by subjects in training: 0.25 for five folds.
    metric : str
        Name for the result.

    Returns
    -------
    ModelComparison
        With no difference in any fold, t is 0 and p is 1; with the same difference in all of them, p is 0.

    Raises
    ------
    InputError
        With fewer than two folds.

    Notes
    -----
    The plain t-test takes folds for independent and finds differences that are not there. Here the variance of the mean
    is (1/k + n_test/n_training) times that of the differences, instead of 1/k.

    References
    ----------
    Nadeau, C., Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52, 239-281.
    """
    from scipy import stats

    found = np.asarray(differences, np.float64)
    if len(found) < _FEWEST or not np.isfinite(found).all():
        raise InputError(
            f"Expected differences of at least {_FEWEST} folds, all of them numbers, but got {found.tolist()}.",
            "Compare runs with at least two folds, by a metric that is defined in each.",
        )
    mean, df = float(found.mean()), len(found) - 1
    error = float(np.sqrt((1 / len(found) + test_share) * found.var(ddof=1)))
    t = mean / error if error else (float(np.copysign(np.inf, mean)) if mean else 0.0)
    reach = error * float(stats.t.ppf((1 + LEVEL) / 2, df))
    return ModelComparison(
        metric=metric,
        difference=mean,
        ci_low=mean - reach,
        ci_high=mean + reach,
        t=t,
        p=float(2 * stats.t.sf(abs(t), df)),
        degrees_of_freedom=df,
        folds=len(found),
    )


def compare_folds(
    first: Sequence[FoldRecord], second: Sequence[FoldRecord], metric: str = "balanced_accuracy"
) -> ModelComparison:
    """Compare two classifiers on the folds that both have; see `corrected_t_test`.

    Parameters
    ----------
    first, second : sequence of FoldRecord
    metric : str
        One of `gait_core.learn.scores.METRICS`, per subject.

    Returns
    -------
    ModelComparison

    Raises
    ------
    InputError
        When the folds of the two tested different subjects, or fewer than two are common.
    """
    others = {record.name: record for record in second}
    pairs = [(record, others[record.name]) for record in first if record.name in others]
    for one, other in pairs:
        if one.test_subjects != other.test_subjects:
            raise InputError(
                f"Expected the same subjects in fold {one.fold} of seed {one.seed}, but the two runs tested different "
                "ones.",
                "Compare runs on the same dataset with the same folds and seeds.",
            )
    if not pairs:
        raise InputError(
            "Expected folds that both runs have, but there is none.", "Train both with the same folds and seeds."
        )
    share = float(np.mean([len(one.test_subjects) / max(1, len(one.training_subjects)) for one, _ in pairs]))
    return corrected_t_test([one.scores[metric] - other.scores[metric] for one, other in pairs], share, metric)
