"""Whether a visit differs from the baseline by more than the person's usual spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np

from gait_core.gait.parameters.parameter import Parameter, Summary

__all__ = [
    "CANNOT_TELL",
    "PUBLISHED",
    "REAL",
    "USUAL",
    "Change",
    "Published",
    "changes",
    "own_mdc",
    "published_mdc",
    "shown_difference",
]

REAL: Final = "real change"
USUAL: Final = "within the usual spread"
CANNOT_TELL: Final = "cannot tell"
LEVEL: Final = 0.95
FEWEST_WALKS: Final = 3
"""Baseline walks from which their spread is used: with two, Student's t is 12.7 and nothing would ever be a change."""
FEWEST_STRIDES: Final = 2
"""Strides of a visit from which a published value alone may decide."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A minimal detectable change (95 %) from the literature.

    Attributes
    ----------
    value : float
        In the unit of the parameter.
    source : str
        Publication.
    population : str
        Who was measured.
    """

    value: float
    source: str
    population: str


_LEWEK: Final = "Lewek 2019, J Neurol Phys Ther 43(2), PMC6361716"
_TABLE: Final = {
    "source": "Sensors 2020, 20:4866, table 3 (PMC7506931)",
    "population": "people who walk slowly (0.6 m/s), measured twice",
}
PUBLISHED: Final[Mapping[str, Published]] = {
    "cadence_spm": Published(value=12.2, **_TABLE),
    "step_time_s": Published(value=0.12, **_TABLE),
    "step_length_m": Published(value=0.106, **_TABLE),
    "walk_ratio_m_per_spm": Published(value=0.0012, **_TABLE),
}
"""Parameter → minimal detectable change between two visits; walking speed and angles: see `published_mdc`."""

_SPEED: Final = ((0.4, 0.10), (0.8, 0.15), (float("inf"), 0.18))
"""Speed before the change below which a minimal detectable change holds, m/s, and that change, m/s (Lewek 2019)."""
_ANGLE: Final = Published(
    value=5.0,
    source="Wilken et al. 2012, Gait & Posture 35:301",
    population="healthy young adults, markers, two sessions",
)
_ANGLES: Final = ("hip_", "knee_", "ankle_")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One parameter of a visit against the baseline.

    Attributes
    ----------
    name, label, unit : str
        As in `Parameter`.
    side : {"both", "left", "right"}
    visit, baseline_mean, difference : float or None
        Value of the visit, mean of the baseline walks (or the earlier visit), and visit − baseline; None when
        one of them is missing.
    mdc : float or None
        The change that decides: the larger of the two below.
    mdc_source : {"own", "published", ""}
        Which one that is.
    own_mdc : float or None
        From the spread between this person's own baseline walks.
    published : Published or None
    n_walks : int
        Baseline walks behind it.
    verdict : {"real change", "within the usual spread", "cannot tell"}
    sentence : str
        For people.
    """

    name: str
    label: str
    unit: str
    side: str = "both"
    visit: float | None
    baseline_mean: float | None
    difference: float | None
    mdc: float | None
    mdc_source: str
    own_mdc: float | None
    published: Published | None
    n_walks: int
    verdict: str
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        published = values["published"]
        return cls(**{**values, "published": Published(**published) if published else None})


def changes(
    visit: Mapping[str, Parameter],
    baseline: Sequence[Mapping[str, Parameter]],
    *,
    earlier: Mapping[str, Parameter] | None = None,
    sides: Sequence[str] = ("both",),
) -> list[Change]:
    """Compare a visit with the baseline, or with an earlier visit.

    Parameters
    ----------
    visit : mapping of str to Parameter
        From `spatiotemporal` or `key_values`.
    baseline : sequence of mapping of str to Parameter
        One per baseline walk of the same person.
    earlier : mapping of str to Parameter, optional
        An earlier visit: the difference is then taken from it, and the baseline gives only the usual spread.
    sides : sequence of {"both", "left", "right"}
        What is compared.

    Returns
    -------
    list of Change
        One for every parameter of the visit and side that has a value there.
    """
    return [
        _compare(parameter, side, baseline, earlier)
        for parameter in visit.values()
        for side in sides
        if _of(parameter, side) is not None
    ]


def own_mdc(values: Sequence[float], *, single: bool = False) -> float | None:
    """Return the smallest difference that the person's own spread between walks does not explain.

    Parameters
    ----------
    values : sequence of float
        Means of k baseline walks.
    single : bool
        False: a new walk against the mean of the k; True: one walk against one other.

    Returns
    -------
    float or None
        t·s·√(1 + 1/k), or t·s·√2, with s the SD between walks and t the two-sided 95 % quantile of Student's
        distribution with k − 1 degrees of freedom; None for fewer than three walks.

    References
    ----------
    Weir 2005, J Strength Cond Res 19:231 (minimal difference: 1.96·√2·SEM, here with s for SEM and t for 1.96,
    because s is known from few walks). Hahn & Meeker 1991, Statistical Intervals, chapter 4 (prediction interval
    for one further value: t·s·√(1 + 1/k)).
    """
    from scipy.special import stdtrit

    k = len(values)
    if k < FEWEST_WALKS:
        return None
    quantile = float(stdtrit(k - 1.0, 0.5 + LEVEL / 2.0))
    return quantile * float(np.std(values, ddof=1)) * float(np.sqrt(2.0 if single else 1.0 + 1.0 / k))


def published_mdc(name: str, before: float | None) -> Published | None:
    """Return the minimal detectable change that the literature gives.

    Parameters
    ----------
    name : str
        Parameter.
    before : float or None
        Its value in the baseline: the change in walking speed depends on it.

    Returns
    -------
    Published or None
        None when no published value applies to the parameter.

    References
    ----------
    Lewek 2019, J Neurol Phys Ther 43(2), PMC6361716: 0.10, 0.15 and 0.18 m/s for people after stroke who walk below
    0.4, at 0.4 to 0.8 and above 0.8 m/s. Wilken et al. 2012, Gait & Posture 35:301: about 5° in joint angles.
    """
    if name == "walking_speed_mps" and before is not None:
        value = next(change for below, change in _SPEED if before < below)
        return Published(value=value, source=_LEWEK, population="people after stroke of that speed")
    if name.startswith(_ANGLES) and name.endswith("_deg"):
        return _ANGLE
    return PUBLISHED.get(name)


def _of(parameter: Parameter | None, side: str) -> Summary | None:
    if parameter is None:
        return None
    return {"both": parameter.both, "left": parameter.left, "right": parameter.right}[side]


def _compare(
    parameter: Parameter,
    side: str,
    baseline: Sequence[Mapping[str, Parameter]],
    earlier: Mapping[str, Parameter] | None,
) -> Change:
    name = parameter.name
    values = [found.mean for walk in baseline if (found := _of(walk.get(name), side)) is not None]
    before = float(np.mean(values)) if values else None
    if earlier is not None:
        past = _of(earlier.get(name), side)
        before = past.mean if past is not None else None
    present = _of(parameter, side)
    now = present.mean if present is not None else None
    difference = now - before if now is not None and before is not None else None
    own, published = own_mdc(values, single=earlier is not None), published_mdc(name, before)
    known = {"own": own, "published": published.value if published else None}
    limits = {source: limit for source, limit in known.items() if limit is not None}
    source = max(limits, key=lambda key: limits[key]) if limits else ""
    mdc = limits.get(source)
    if own is None and present is not None and present.n < FEWEST_STRIDES:
        mdc = None  # published values hold for means of a walk, not for a single stride
    verdict = CANNOT_TELL if difference is None or mdc is None else REAL if abs(difference) > mdc else USUAL
    change = Change(
        name=name,
        label=parameter.label,
        unit=parameter.unit,
        side=side,
        visit=now,
        baseline_mean=before,
        difference=difference,
        mdc=mdc,
        mdc_source=source,
        own_mdc=own,
        published=published,
        n_walks=len(values),
        verdict=verdict,
        sentence="",
    )
    return Change(**{**vars(change), "sentence": _sentence(change, "the earlier visit" if earlier else "the baseline")})


def _sentence(change: Change, against: str) -> str:
    """Say in words what differs, by how much, and by what it was judged."""
    label = change.label if change.side == "both" else f"{change.label}, {change.side}"
    if change.visit is None or change.baseline_mean is None or change.difference is None:
        return f"{label}: cannot be compared, {against} has no value."
    unit = change.unit
    away = shown_difference(change.visit, change.baseline_mean, _digits(unit))
    difference = f"{away:+.{_digits(unit)}f}{_unit(unit)}".replace("-", "−")
    first = (
        f"{label}: {_text(change.visit, unit)} against {_text(change.baseline_mean, unit)} in {against} ({difference})."
    )
    if change.mdc is None:
        return f"{first} Whether that is a change cannot be determined from {change.n_walks} baseline walks."
    judged = []
    if change.own_mdc is not None:
        more = "more" if abs(change.difference) > change.own_mdc else "no more"
        judged.append(f"{more} than this person's own spread between walks explains ({_text(change.own_mdc, unit)})")
    if change.published is not None:
        more = "more" if abs(change.difference) > change.published.value else "no more"
        judged.append(
            f"{more} than the published minimal detectable change ({_text(change.published.value, unit)}, "
            f"{change.published.source})"
        )
    alone = "" if change.own_mdc is not None else f" {change.n_walks} baseline walks give no spread for this person."
    return f"{first} {change.verdict.capitalize()}: {' and '.join(judged)}.{alone}"


def shown_difference(now: float, before: float, digits: int) -> float:
    """Return the difference of two values as they are shown, so that whoever subtracts them finds the same.

    Parameters
    ----------
    now, before : float
        In the same unit.
    digits : int
        Decimals with which both are shown.

    Returns
    -------
    float
        Rounded `now` − rounded `before`, with as many decimals. It is off the exact difference by less than one unit
        of the last decimal, and never of the opposite sign.
    """
    return round(float(f"{now:.{digits}f}") - float(f"{before:.{digits}f}"), digits) + 0.0


def _digits(unit: str) -> int:
    return {"s": 2, "m": 2, "m/s": 2, "steps/min": 0, "%": 1, "deg": 1, "m/(steps/min)": 4}.get(unit, 2)


def _unit(unit: str) -> str:
    return "°" if unit == "deg" else f" {unit}" if unit else ""


def _text(value: float, unit: str) -> str:
    return f"{value:.{_digits(unit)}f}{_unit(unit)}"
