"""The limits that an agreement is checked against, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from gait_core.errors import InputError

__all__ = ["GENERAL_LIMITS", "MOCAP_LIMITS", "Limit", "LimitCheck", "check_limits", "limits_from"]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Between which values a figure has to lie.

    Attributes
    ----------
    figure : str
        Key of the figures, with its unit.
    label : str
        For people.
    low, high : float or None
        None leaves that end open.
    source : str
        Why this limit.
    """

    figure: str
    label: str
    low: float | None = None
    high: float | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class LimitCheck:
    """One figure beside its limit.

    Attributes
    ----------
    limit : Limit
    value : float
    passed : bool
    sentence : str
        For people.
    """

    limit: Limit
    value: float
    passed: bool
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {**asdict(self.limit), "value": self.value, "passed": self.passed, "sentence": self.sentence}


_OWN: Final = "What Gait Studio is built to reach."
_STENUM: Final = "Stenum et al. 2021, PLoS Comput Biol 17:e1008935: one camera against motion capture."

MOCAP_LIMITS: Final = (
    Limit(figure="contact_error_ms", label="Initial contact, median error", high=15.0, source=_OWN),
    Limit(figure="off_error_ms", label="Foot off, median error", high=12.0, source=_OWN),
    Limit(figure="contact_bias_ms", label="Initial contact, bias", low=-5.0, high=5.0, source=_OWN),
    Limit(figure="off_bias_ms", label="Foot off, bias", low=-5.0, high=5.0, source=_OWN),
    Limit(figure="within_40ms_pct", label="Events within 40 ms", low=90.0, source=_OWN),
    Limit(figure="event_f1", label="Events found (F1)", low=1.0, source=_OWN),
    Limit(figure="stance_mae_s", label="Stance time, mean error", high=0.02, source=_OWN),
    Limit(figure="swing_mae_s", label="Swing time, mean error", high=0.02, source=_OWN),
    Limit(figure="stride_mae_s", label="Stride time, mean error", high=0.02, source=_OWN),
    Limit(figure="knee_rmse_deg", label="Knee angle, RMSE", high=3.0, source=_OWN),
)
"""For motion capture projected to a side view: only the method is judged, not the pose model."""

GENERAL_LIMITS: Final = (
    Limit(figure="contact_error_ms", label="Initial contact, median error", high=33.4, source="One frame at 30 Hz."),
    Limit(figure="off_error_ms", label="Foot off, median error", high=33.4, source="One frame at 30 Hz."),
    Limit(figure="event_f1", label="Events found (F1)", low=0.98, source=_OWN),
    Limit(figure="stride_mae_s", label="Stride time, mean error", high=0.02, source=_STENUM),
    Limit(figure="step_time_mae_s", label="Step time, mean error", high=0.02, source=_STENUM),
    Limit(figure="step_length_mae_m", label="Step length, mean error", high=0.05, source=_STENUM),
    Limit(figure="walking_speed_mae_mps", label="Walking speed, mean error", high=0.10, source=_STENUM),
    Limit(figure="knee_rmse_without_offset_deg", label="Knee angle, RMSE without offset", high=5.0, source=_OWN),
    Limit(figure="hip_rmse_without_offset_deg", label="Hip angle, RMSE without offset", high=5.0, source=_OWN),
    Limit(figure="ankle_rmse_without_offset_deg", label="Ankle angle, RMSE without offset", high=7.0, source=_OWN),
)
"""For a real video recorded beside laboratory measurements."""


def check_limits(figures: Mapping[str, float], limits: tuple[Limit, ...]) -> tuple[LimitCheck, ...]:
    """Check the figures against their limits.

    Returns
    -------
    tuple of LimitCheck
        In the order of `limits`; a figure that is missing or not finite, since the reference cannot give it, has no
        check.
    """
    return tuple(
        _check(limit, figures[limit.figure])
        for limit in limits
        if limit.figure in figures and np.isfinite(figures[limit.figure])
    )


def _check(limit: Limit, value: float) -> LimitCheck:
    low = limit.low if limit.low is not None else -np.inf
    high = limit.high if limit.high is not None else np.inf
    # What is right to four digits must not fail on the fifth.
    slack = 1e-4 * max(abs(bound) for bound in (low, high) if np.isfinite(bound))
    passed = bool(low - slack <= value <= high + slack)
    if limit.low is not None and limit.high is not None:
        allowed = f"between {limit.low:g} and {limit.high:g}"
    else:
        allowed = f"at most {limit.high:g}" if limit.high is not None else f"at least {limit.low:g}"
    verdict = "within the limit" if passed else "outside the limit"
    return LimitCheck(
        limit=limit, value=value, passed=passed, sentence=f"{limit.label}: {value:.3g}, {verdict} ({allowed})."
    )


def limits_from(changes: Mapping[str, float], base: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Return limits with some of their values changed, for a user who has others.

    Parameters
    ----------
    changes : mapping of figure to float
        The new bound: the upper one, or the lower one where the limit has only that. Both ends of a symmetric one.
    base : tuple of Limit

    Returns
    -------
    tuple of Limit
        In the order of `base`; the source of a changed one names the user.

    Raises
    ------
    InputError
        When a figure has no limit.
    """
    unknown = set(changes) - {limit.figure for limit in base}
    if unknown:
        raise InputError(
            f"Expected limits for {', '.join(limit.figure for limit in base)}, but got {', '.join(sorted(unknown))}.",
            "Use one of these names.",
        )
    changed = []
    for limit in base:
        if limit.figure in changes:
            value = changes[limit.figure]
            low = (-abs(value) if limit.high is not None else value) if limit.low is not None else None
            high = value if limit.high is not None else None
            changed.append(Limit(figure=limit.figure, label=limit.label, low=low, high=high, source="Set by the user."))
        else:
            changed.append(limit)
    return tuple(changed)
