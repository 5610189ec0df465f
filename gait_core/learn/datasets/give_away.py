"""Finds what gives the label away: a column that separates a class perfectly, a side that is always affected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.datasets.dataset import Fact
from gait_core.learn.datasets.problems import Problem, listed
from gait_core.learn.datasets.samples import Samples

__all__ = ["fact_problems", "sample_problems"]

_FEWEST: Final = 2
_SIDE_SHARE: Final = 0.9
_SIDE_P: Final = 0.01
_SIDE_FAMILY_P: Final = 0.05
"""A side counts as always affected when nine of ten people of a class, more than chance would give, move it less.

Chance is below 1 in 100 for each channel, and below 1 in 20 for all channels of a class together (Bonferroni). So eight
people are enough for six channels or fewer, ten for up to 25; of classes in which the sides are chance, 1 in 20 at most
is warned of."""


def fact_problems(facts: Sequence[Fact], classes: Sequence[str]) -> list[Problem]:
    """Return what covariates and properties of videos reveal about the label, though nothing is learned from them.

    Parameters
    ----------
    facts : sequence of Fact
    classes : sequence of str
        As stored; facts carry the stored labels.

    Returns
    -------
    list of Problem
    """
    problems = []
    for fact in facts:
        labels = np.array(fact.labels, np.str_)
        told = [name for name in classes if _tells(fact, labels == name)]
        if told:
            problems.append(
                Problem(
                    code="fact_gives_label",
                    message=f"{fact.name} alone tells {listed(told)} from the rest without a mistake.",
                    remedy="It is not learned from, but what depends on it, as joint angles on speed, may be all that "
                    "a model learns: compare people who are alike in it.",
                    severity="warning",
                    items=tuple(told),
                )
            )
    return problems


def sample_problems(samples: Samples) -> list[Problem]:
    """Return which columns give the label away, and which side is always the affected one.

    Returns
    -------
    list of Problem
    """
    columns = list(_columns(samples))
    found: dict[str, list[str]] = {name: [] for name in samples.classes}
    for name, values in columns:
        for number, label in enumerate(samples.classes):
            if _separates(values, samples.labels == number, samples.subjects):
                found[label].append(name)
    problems = [
        Problem(
            code="column_gives_label",
            message=f"One column alone tells {label} from the rest without a mistake: {listed(names)}.",
            remedy="Check that the column was not made from the label, and that all were measured in the same way; "
            "with few people it may be chance.",
            severity="warning",
            items=tuple(names),
        )
        # With two classes, what identifies one identifies the other.
        for label, names in list(found.items())[: 1 if len(found) == _FEWEST else None]
        if names
    ]
    return problems + _sides(samples)


def _columns(samples: Samples) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield single values of each row: parameters as they are; of curves and windows mean, lowest, highest, range."""
    inside = np.arange(samples.n_steps) < samples.lengths[:, None]
    for number, name in enumerate(samples.channels):
        values = samples.values[:, :, number].astype(np.float64)
        if samples.kind == "parameters":
            yield name, values[:, 0]
            continue
        low, high = np.where(inside, values, np.inf).min(axis=1), np.where(inside, values, -np.inf).max(axis=1)
        yield f"mean of {name}", values.sum(axis=1) / samples.lengths
        yield f"lowest {name}", low
        yield f"highest {name}", high
        yield f"range of {name}", high - low


def _separates(values: NDArray[np.float64], own: NDArray[np.bool_], subjects: NDArray[Any]) -> bool:
    """Return whether all values of a class lie above or below all others, with several people on both sides."""
    for part in (own, ~own):
        if len(set(subjects[part].tolist())) < _FEWEST:
            return False
    inside, outside = values[own], values[~own]
    return bool(inside.max() < outside.min() or inside.min() > outside.max())


def _tells(fact: Fact, own: NDArray[np.bool_]) -> bool:
    subjects = np.array(fact.subjects, np.str_)
    for part in (own, ~own):
        if len(set(subjects[part].tolist())) < _FEWEST:
            return False
    if fact.numeric:
        values = np.array(fact.values, np.float64)
        known = np.isfinite(values)
        if not known[own].any() or not known[~own].any():
            return bool(known[own].all() or known[~own].all())  # known of one side only
        return _separates(values[known], own[known], subjects[known])
    texts = np.array(fact.values, np.str_)
    return not set(texts[own].tolist()) & set(texts[~own].tolist()) and _shared(texts, subjects)


def _shared(texts: NDArray[Any], subjects: NDArray[Any]) -> bool:
    """Return whether a text stands for several people: a different name for each person reveals nothing."""
    people: dict[str, set[str]] = {}
    for text, subject in zip(texts.tolist(), subjects.tolist(), strict=True):
        people.setdefault(text, set()).add(subject)
    return any(len(own) > 1 for own in people.values())


def _sides(samples: Samples) -> list[Problem]:
    swap = samples.swap
    if swap is None:
        return []
    columns = dict(_columns(samples))
    pairs = sum(name.startswith("left_") for name in samples.channels)
    limit = min(_SIDE_P, _SIDE_FAMILY_P / max(1, pairs))
    prefix = "" if samples.kind == "parameters" else "range of "
    shares: dict[str, dict[str, float]] = {}
    for name in samples.channels:
        if name.startswith("left_"):
            other = "right_" + name.removeprefix("left_")
            difference = columns[prefix + name] - columns[prefix + other]
            shares[name.removeprefix("left_")] = _lower_left(difference, samples, limit)
    problems = []
    for label in samples.classes:
        sided = [
            f"{'left' if share > 0 else 'right'} {name}"
            for name, own in shares.items()
            if abs(share := own.get(label, 0.0)) >= _SIDE_SHARE
            and min((abs(value) for other, value in own.items() if other != label), default=1.0) < _SIDE_SHARE
        ]
        if sided:
            problems.append(
                Problem(
                    code="side_gives_label",
                    message=f"The same side is lower in nearly all people of {label}, not in the others: "
                    f"{listed(sided)}.",
                    remedy="If the affected side was stored under the same name in everybody, store the true sides, or "
                    "exchange the sides at random in training.",
                    severity="warning",
                    items=tuple(sided),
                )
            )
    return problems


def _lower_left(difference: NDArray[np.float64], samples: Samples, limit: float) -> dict[str, float]:
    """Return for each class the share of people whose left side is lower (negative: right), 0 where chance may do."""
    found = {}
    for number, label in enumerate(samples.classes):
        own = samples.labels == number
        people = sorted(set(samples.subjects[own].tolist()))
        means = np.array([difference[own & (samples.subjects == person)].mean() for person in people])
        left, count = int((means < 0).sum()), int((means != 0).sum())
        most = max(left, count - left)
        chance = 2 * sum(comb(count, k) for k in range(most, count + 1)) / 2**count if count else 1.0
        share = most / count if count and chance < limit else 0.0
        found[label] = share if 2 * left >= count else -share
    return found
