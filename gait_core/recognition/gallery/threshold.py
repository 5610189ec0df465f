"""Up to which distance a walk is accepted as an enrolled person's: `calibrate_threshold`, from the enrolled people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.intervals import LEVEL, Interval
from gait_core.phrases import percent
from gait_core.recognition.gallery.distances import Metric, part_distances
from gait_core.recognition.gallery.entries import GalleryEntry, ModelIdentity, checked_view
from gait_core.recognition.gallery.selection import select_entries

__all__ = ["AIM", "FEWEST_PEOPLE", "FEWEST_WALKS", "Calibration", "NotCalibrated", "calibrate_threshold"]

Array: TypeAlias = NDArray[np.float64]

AIM: Final = 0.05
"""Share of unknown people's walks that may be accepted."""
FEWEST_PEOPLE: Final = 5
FEWEST_WALKS: Final = 2
_MOST_MISSED: Final = 0.5
"""A threshold that misses more of the enrolled people's own walks is of no use."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A rejection threshold for one model, one view and one metric.

    Attributes
    ----------
    threshold : float
        A walk is accepted up to this distance.
    model : ModelIdentity
    view : {"side", "front"}
    metric : {"euc", "cos"}
    aim : float
        Share of unknown people's walks that may be accepted.
    false_accept : Interval
        The same share, measured with each person in turn as the unknown one, with its 95 % interval.
    missed : Interval
        Share of enrolled people's walks that are rejected or mistaken for another person, measured likewise.
    subjects, entries : int
        From which it was calibrated.
    """

    threshold: float
    model: ModelIdentity
    view: str
    metric: Metric
    aim: float
    false_accept: Interval
    missed: Interval
    subjects: int
    entries: int

    @property
    def sentence(self) -> str:
        """What the threshold is worth, in words."""
        return (
            f"The limit is meant to accept at most {percent(self.aim)} of strangers' walks. With each of the "
            f"{self.subjects} enrolled people in turn as a stranger, it accepted {percent(self.false_accept.mean)}; "
            f"from that number of people, up to {percent(self.false_accept.ci_high)} cannot be ruled out. It missed "
            f"{percent(self.missed.mean)} of the walks of enrolled people (up to {percent(self.missed.ci_high)} "
            "cannot be ruled out)."
        )


@dataclass(frozen=True, kw_only=True)
class NotCalibrated:
    """Why there is no threshold.

    Attributes
    ----------
    reason : {"unknown_view", "too_few_people", "not_told_apart"}
    sentence : str
        For people, with what to do.
    """

    reason: Literal["unknown_view", "too_few_people", "not_told_apart"]
    sentence: str


@dataclass(frozen=True, kw_only=True, eq=False)
class _Nearest:
    """For every walk, the distances that decide about it; infinite where there is none.

    Attributes
    ----------
    person : ndarray of int, shape (n,)
    own : ndarray, shape (n,)
        To the nearest other walk of the same person.
    other, next_other : ndarray, shape (n,)
        To the nearest walk of another person, and of the next other person.
    who : ndarray of int, shape (n,)
        Whom `other` belongs to.
    """

    person: NDArray[np.int64]
    own: Array
    other: Array
    next_other: Array
    who: NDArray[np.int64]


def calibrate_threshold(
    entries: Sequence[GalleryEntry],
    model: ModelIdentity,
    view: str,
    *,
    metric: Metric = "euc",
    aim: float = AIM,
) -> Calibration | NotCalibrated:
    """Calibrate the rejection threshold from the enrolled people of one model and one view.

    Each entry in turn is the probe, all others are the gallery. Its distance to the nearest other walk of its own
    person is a genuine one. Its distance to the nearest walk of anybody else is what a stranger would have who is not
    enrolled, as if its person were not there. Of the thresholds that accept at most `aim` of the strangers (each person
    with the same weight, however many walks they have), the one is chosen that accepts the most genuine walks, and of
    those the one that accepts the fewest strangers: halfway between the last genuine distance and the next stranger's.

    These rates would flatter the threshold, since it was chosen by them. So both are measured with each person left out
    in turn: the threshold comes from the others alone, and the person is tried against it, once as a stranger and once
    as enrolled. The intervals are those of Clopper and Pearson with people as trials, not walks. They are wide with few
    people: with five, no false accept at all is compatible with a rate of up to 52 %. The rates hold for galleries of
    this size, and for people and recordings like those enrolled; the more people are enrolled, the more likely it is
    that a stranger resembles one of them.

    Parameters
    ----------
    entries : sequence of GalleryEntry
    model : ModelIdentity
    view : {"side", "front", "unknown"}
    metric : {"euc", "cos"}
    aim : float
        In (0, 0.5].

    Returns
    -------
    Calibration or NotCalibrated
        The latter below five people with at least two walks each, for an unknown view, and where the threshold would
        miss more than half of the enrolled people's own walks.

    Raises
    ------
    InputError
        When `view`, `metric` or `aim` is out of range.

    References
    ----------
    ISO/IEC 19795-1:2021. Biometric performance testing and reporting, part 1: false-positive and false-negative
    identification rates in open-set identification. Taking the middle of the gap is our own choice.
    Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in the case of the
    binomial. Biometrika 26(4), 404-413.
    """
    if not 0.0 < aim <= 0.5:
        raise InputError(f"Expected aim above 0 and at most 0.5, but got {aim!r}.", "Give a share such as 0.05.")
    if checked_view(view) == "unknown":
        return NotCalibrated(
            reason="unknown_view", sentence="There is no limit for walks whose view is unknown: state the view."
        )
    chosen = select_entries(entries, model, view)
    _, person, walks = np.unique(chosen.subjects, return_inverse=True, return_counts=True)
    enough = int(np.sum(walks >= FEWEST_WALKS))
    if enough < FEWEST_PEOPLE:
        return NotCalibrated(
            reason="too_few_people",
            sentence=f"There is no limit yet: it takes {FEWEST_PEOPLE} people with {FEWEST_WALKS} walks each, seen "
            f"from the {view} and enrolled with {model.name}. {_counted(entries, walks)} Enrol more people or walks.",
        )
    nearest = _nearest(part_distances(chosen.parts, chosen.parts, metric), person.astype(np.int64))
    false_accept, missed = _left_out_rates(nearest, aim)
    if missed.mean > _MOST_MISSED:
        return NotCalibrated(
            reason="not_told_apart",
            sentence=f"There is no limit: one that keeps strangers out would miss {percent(missed.mean)} of the walks "
            f"of enrolled people. Seen from the {view}, {model.name} does not tell these {len(walks)} people apart.",
        )
    return Calibration(
        threshold=_threshold(nearest, aim),
        model=model,
        view=view,
        metric=metric,
        aim=aim,
        false_accept=false_accept,
        missed=missed,
        subjects=len(walks),
        entries=len(person),
    )


def _counted(entries: Sequence[GalleryEntry], walks: NDArray[np.int64]) -> str:
    """Say how many people are enrolled, by the number of walks that count of each."""
    enough, seen = int(np.sum(walks >= FEWEST_WALKS)), len(walks)
    people = f"{seen} {'person is' if seen == 1 else 'people are'} enrolled so"
    with_walks = f", {enough} of them with {FEWEST_WALKS} walks or more" if seen else ""
    others = len({entry.record.subject for entry in entries}) - seen
    elsewhere = f", and {others} only from another view or with another model" if others else ""
    return f"{people}{with_walks}{elsewhere}."


def _nearest(distances: Array, person: NDArray[np.int64]) -> _Nearest:
    apart = distances + np.diag(np.full(len(person), np.inf))
    order = np.argsort(person, kind="stable")
    starts = np.searchsorted(person[order], np.arange(person.max() + 1))
    by_person = np.minimum.reduceat(apart[:, order], starts, axis=1)
    rows = np.arange(len(person))
    own = by_person[rows, person].copy()
    by_person[rows, person] = np.inf
    who = np.argmin(by_person, axis=1)
    other = by_person[rows, who].copy()
    by_person[rows, who] = np.inf
    return _Nearest(person=person, own=own, other=other, next_other=by_person.min(axis=1), who=who)


def _threshold(nearest: _Nearest, aim: float) -> float:
    """Return the threshold that accepts the most genuine walks, then the fewest strangers, within what `aim` allows."""
    weights = 1.0 / np.bincount(nearest.person)[nearest.person]
    order = np.argsort(nearest.other, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    allowed = int(np.searchsorted(share, aim + 1e-9, side="right"))
    highest = float(nearest.other[order[allowed]])
    genuine = float(np.max(nearest.own, initial=0.0, where=nearest.own < highest))
    return (genuine + float(nearest.other[nearest.other > genuine].min())) / 2.0


def _left_out_rates(nearest: _Nearest, aim: float) -> tuple[Interval, Interval]:
    """Return false accepts and misses, each person tried against the threshold of the others."""
    accepted, missed = [], []
    for person in np.unique(nearest.person):
        here, rest = nearest.person == person, nearest.person != person
        others = np.where(nearest.who == person, nearest.next_other, nearest.other)
        limit = _threshold(
            _Nearest(
                person=_numbered(nearest.person[rest]),
                own=nearest.own[rest],
                other=others[rest],
                next_other=nearest.next_other[rest],
                who=nearest.who[rest],
            ),
            aim,
        )
        own, other = nearest.own[here], nearest.other[here]
        accepted.append(float(np.mean(other <= limit)))
        if np.isfinite(own).all():
            missed.append(float(np.mean((own > limit) | (other <= own))))
    return _share(accepted), _share(missed)


def _numbered(person: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(person, return_inverse=True)[1].astype(np.int64)


def _share(by_person: Sequence[float]) -> Interval:
    """Return a mean share over people with the interval of Clopper and Pearson, people as trials."""
    from scipy.special import betaincinv

    trials, tail = len(by_person), (1 - LEVEL) / 2
    hits = float(np.sum(by_person))
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return Interval(mean=hits / trials, ci_low=low, ci_high=high)
