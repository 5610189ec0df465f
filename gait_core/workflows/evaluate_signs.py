"""Whether a channel has the other sign than in training, found by what lies nearer to the training data.

The distance of each person from the training data (`gait_core.learn.abstention`) is measured as the data are, and with
one channel negated, on one side or on both. The evidence counts as strong where nine of ten people lie nearer with the
other sign, and the median distance falls by a fifth or more. A channel in which people differ as much as the sign does,
as ankle abduction, shows no such thing: its sign cannot be determined from the data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.trained_model import TrainedModel

__all__ = ["refuse_other_signs"]

_SHARE: Final = 0.9
_RATIO: Final = 0.8
_FEWEST_SUBJECTS: Final = 8
"""With fewer people, that all of them lie nearer may be chance (1 in 128 with eight)."""


def refuse_other_signs(model: TrainedModel, samples: Samples, named: Collection[str]) -> None:
    """Refuse samples of which a channel has, by strong evidence, the other sign than in training.

    Parameters
    ----------
    model : TrainedModel
    samples : Samples
        With the channels of the model.
    named : collection of str
        Channels for which the user has said how to read them: they are taken as they are.

    Raises
    ------
    InputError
        When a channel has the other sign; names it, and the way out.
    """
    turned = _turned(model, samples, named)
    if turned:
        first = turned[0]
        raise InputError(
            f"Expected channels with the signs of the training, but {', '.join(turned)} "
            f"{'looks' if len(turned) == 1 else 'look'} as if of the other sign: nine of ten people or more lie nearer "
            "to the training data with it negated.",
            f"Find out how the angle was measured, then say it: --map {first}=-{first}, or --map {first}={first} to "
            "take it as it is.",
        )


def _turned(model: TrainedModel, samples: Samples, named: Collection[str]) -> list[str]:
    people = np.unique(samples.subjects)
    if model.familiarity is None or samples.clips is not None or len(people) < _FEWEST_SUBJECTS:
        return []
    now = _by_person(model, samples, people)
    found: list[str] = []
    for group in _groups(samples.channels, named):
        other = _by_person(model, _negated(samples, group), people)
        nearer = float((other < now).mean()) >= _SHARE and np.median(other) <= _RATIO * np.median(now)
        if nearer and not set(group) & set(found):
            found += group
    return found


def _groups(channels: tuple[str, ...], named: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Yield what may have been negated together: both sides of a channel first, then each channel by itself."""
    free = [name for name in channels if name not in named]
    for name in free:
        partner = f"right_{name.removeprefix('left_')}"
        if name.startswith("left_") and partner in free:
            yield name, partner
    yield from ((name,) for name in free)


def _negated(samples: Samples, group: tuple[str, ...]) -> Samples:
    places = [samples.channels.index(name) for name in group]
    values = samples.values.copy()
    values[:, :, places] *= -1
    return replace(samples, values=values)


def _by_person(model: TrainedModel, samples: Samples, people: NDArray[np.str_]) -> NDArray[np.float64]:
    distances = model.distances(samples)
    return np.array([np.median(distances[samples.subjects == name]) for name in people])
