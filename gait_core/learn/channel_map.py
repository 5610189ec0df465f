"""Whether data have the channels that a model was trained on, and the explicit ways to make them fit.

A model keeps for each channel where its values usually lie. Data whose channel has another zero or another unit are
refused, with the channel's name, until the user says what to do: nothing is converted silently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, ModelError
from gait_core.learn.datasets.samples import Samples

__all__ = ["USUAL", "ChannelSource", "UsualChannels", "chosen_sources", "fitted_samples", "parse_map"]

USUAL: Final = "@usual"
"""In place of a channel: what is usual in training, the same for every row."""

_FAR: Final = 4.0
_UNIT_FACTOR: Final = 5.0
_SOURCE: Final = re.compile(r"(?P<sign>-?)(?P<channel>[^:]+?)(?::(?P<offset>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))?")
_HOW: Final = "Give --map MODEL_CHANNEL=CHANNEL, with another zero --map MODEL_CHANNEL=CHANNEL:+OFFSET."


@dataclass(frozen=True, kw_only=True)
class ChannelSource:
    """Where the values of a model's channel come from.

    Attributes
    ----------
    channel : str
        Of the data, or ``@usual``.
    offset : float
        Added to the values.
    negative : bool
        Take the values with the other sign, before the offset is added.
    """

    channel: str
    offset: float = 0.0
    negative: bool = False

    def __str__(self) -> str:
        if self.channel == USUAL:
            return "what is usual in training, the same for every row"
        sign = "-" if self.negative else ""
        return f"{sign}{self.channel}" + (f" {self.offset:+g}" if self.offset else ", as it is")


def parse_map(entries: Sequence[str]) -> dict[str, ChannelSource]:
    """Read ``MODEL_CHANNEL=[-]CHANNEL[:+OFFSET]``, where CHANNEL may be ``@usual``.

    Returns
    -------
    dict of str to ChannelSource
        Channel of the model → where it comes from.

    Raises
    ------
    InputError
        When an entry has another form, or a channel is mapped twice.
    """
    found: dict[str, ChannelSource] = {}
    for entry in entries:
        name, _, text = entry.partition("=")
        match = _SOURCE.fullmatch(text.strip())
        name = name.strip()
        if not name or match is None or name in found:
            raise InputError(
                "Expected MODEL_CHANNEL=CHANNEL or MODEL_CHANNEL=CHANNEL:+OFFSET, each channel once, "
                f"but got {entry!r}.",
                "For example --map left_ankle_flexion_deg=left_ankle_angle_deg:+90.",
            )
        found[name] = ChannelSource(
            channel=match["channel"], offset=float(match["offset"] or 0.0), negative=bool(match["sign"])
        )
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class UsualChannels:
    """Where the values of each channel lie in the training data.

    Attributes
    ----------
    channels : tuple of str
    level, level_sd : ndarray of float64, shape (n_channels,)
        Mean over subjects of the mean of each, and standard deviation between subjects.
    swing : ndarray of float64, shape (n_channels,)
        Median over subjects of the standard deviation within each; of parameters between subjects.
    curve : ndarray of float32, shape (n_steps, n_channels)
        Mean row.
    """

    channels: tuple[str, ...]
    level: NDArray[np.float64]
    level_sd: NDArray[np.float64]
    swing: NDArray[np.float64]
    curve: NDArray[np.float32]

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Learn from training rows."""
        means, swings = _by_subject(samples)
        level_sd = means.std(axis=0, ddof=1) if len(means) > 1 else np.zeros(means.shape[1])
        within = np.median(swings, axis=0) if samples.n_steps > 1 else level_sd
        return cls(
            channels=samples.channels,
            level=means.mean(axis=0),
            level_sd=level_sd,
            swing=within,
            curve=samples.values.mean(axis=0),
        )

    def misfits(self, samples: Samples) -> dict[str, str]:
        """Return the channels whose values lie elsewhere than in training, and how.

        Parameters
        ----------
        samples : Samples
            With the channels of the model, in their order.

        Returns
        -------
        dict of str to str
            Channel → what is different. A zero is another one when the median subject lies more than four standard
            deviations between training subjects, and more than the swing of the channel, from their mean; a unit, when
            the swing is more than five times or less than a fifth of theirs.
        """
        means, swings = _by_subject(samples)
        away = np.median(means, axis=0) - self.level
        limit = np.maximum(_FAR * self.level_sd, self.swing)
        found: dict[str, str] = {}
        for number, name in enumerate(self.channels):
            if samples.n_steps > 1 and self.swing[number] > 0:
                factor = float(np.median(swings[:, number]) / self.swing[number])
                if factor > _UNIT_FACTOR or factor * _UNIT_FACTOR < 1:
                    found[name] = f"moves {factor:.2g} times as much as in training"
                    continue
            if abs(away[number]) > limit[number]:
                found[name] = f"lies {away[number]:+.3g} from where it lay in training"
        return found

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for one ``.npz`` file."""
        arrays = dict(vars(self), channels=np.array(self.channels, np.str_))
        return {f"channels/{name}": value for name, value in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`; raises `ModelError` when an array is missing."""
        try:
            names = ("level", "level_sd", "swing", "curve")
            return cls(
                channels=tuple(str(name) for name in np.atleast_1d(arrays["channels/channels"]).tolist()),
                **{name: arrays[f"channels/{name}"] for name in names},
            )
        except KeyError as error:
            raise ModelError(
                f"Expected what the model knows of its channels, but {error} is missing.",
                "Restore the model, or train it again.",
            ) from error


def chosen_sources(
    channels: tuple[str, ...], wanted: tuple[str, ...], sources: Mapping[str, ChannelSource]
) -> dict[str, ChannelSource]:
    """Return where each channel of a model comes from.

    Parameters
    ----------
    channels : tuple of str
        Of the data.
    wanted : tuple of str
        Of the model.
    sources : mapping of str to ChannelSource
        What the user has said; all others come from the channel of the same name.

    Returns
    -------
    dict of str to ChannelSource
        One source for each channel in `wanted`.

    Raises
    ------
    InputError
        When a channel is missing.
    """
    unknown = [name for name in sources if name not in wanted]
    absent = [one.channel for one in sources.values() if one.channel not in (*channels, USUAL)]
    if unknown or absent:
        raise InputError(
            "Expected --map MODEL_CHANNEL=CHANNEL with channels that are there, but "
            + (f"the model has no {', '.join(unknown)}" if unknown else f"the data have no {', '.join(absent)}")
            + ".",
            f"The model has {', '.join(wanted)}; the data have {', '.join(channels)}.",
        )
    chosen = {name: sources.get(name, ChannelSource(channel=name)) for name in wanted}
    missing = [name for name, one in chosen.items() if one.channel not in (*channels, USUAL)]
    if missing:
        raise InputError(
            f"Expected the channels that the model was trained on, but the data have no {', '.join(missing)} (they "
            f"have {', '.join(channels)}).",
            f"{_HOW} To do without one, at a cost that has not been measured: --map {missing[0]}={USUAL}.",
        )
    return chosen


def fitted_samples(
    samples: Samples,
    usual: UsualChannels,
    classes: tuple[str, ...],
    sources: Mapping[str, ChannelSource],
    *,
    refuse_misfits: bool = True,
) -> tuple[Samples, dict[str, str]]:
    """Return samples with the channels and classes of a model.

    Parameters
    ----------
    samples : Samples
    usual : UsualChannels
        Of the model.
    classes : tuple of str
        Of the model.
    sources : mapping of str to ChannelSource
        What the user has said, by channel of the model. A channel named here is taken as the user says, wherever its
        values lie; all others have to have the same name and lie where they lay in training.
    refuse_misfits : bool
        False for a single walk, which may be unlike by itself: the caller asks `UsualChannels.misfits`.

    Returns
    -------
    Samples
    dict of str to str
        Channel → how it was mapped; only those that the user named.

    Raises
    ------
    InputError
        When a channel is missing, lies elsewhere, or a class is unknown to the model.
    """
    if sources and samples.clips is not None:
        raise InputError("Expected clips as they are, but got --map.", "Omit --map: images have no zero and no unit.")
    chosen = chosen_sources(samples.channels, usual.channels, sources)
    fitted = _relabelled(
        replace(samples, values=_values(samples, chosen, usual), channels=usual.channels), samples.classes, classes
    )
    misfits = {name: how for name, how in usual.misfits(fitted).items() if name not in sources}
    if misfits and refuse_misfits:
        first = next(iter(misfits))
        raise InputError(
            "Expected channels with the zero and the unit of the training, but "
            + "; ".join(f"{name} {how}" for name, how in misfits.items())
            + ".",
            f"Say how to read it: --map {first}={first}:+OFFSET, or --map {first}={first} to take it as it is.",
        )
    return fitted, {name: str(one) for name, one in sources.items()}


def _values(samples: Samples, chosen: Mapping[str, ChannelSource], usual: UsualChannels) -> NDArray[np.float32]:
    valid = np.arange(samples.n_steps) < samples.lengths[:, None]
    columns: list[NDArray[np.float32]] = []
    values: NDArray[np.float32]
    for number, one in enumerate(chosen.values()):
        if one.channel == USUAL:
            places = np.linspace(0, len(usual.curve) - 1, samples.n_steps)
            curve = np.interp(places, np.arange(len(usual.curve)), usual.curve[:, number])
            values = np.broadcast_to(curve.astype(np.float32), valid.shape)
        else:
            own = samples.values[:, :, samples.channels.index(one.channel)]
            values = (-own if one.negative else own) + np.float32(one.offset)
        columns.append(np.where(valid, values, 0.0).astype(np.float32))
    return np.stack(columns, axis=2)


def _relabelled(samples: Samples, own: tuple[str, ...], classes: tuple[str, ...]) -> Samples:
    present = [own[number] for number in np.unique(samples.labels)]
    unknown = [name for name in present if name not in classes]
    if unknown:
        raise InputError(
            f"Expected the classes of the model ({', '.join(classes)}), but the data have {', '.join(unknown)}.",
            "Rename the classes of the data, or train a model with them.",
        )
    number = np.array([classes.index(name) if name in classes else 0 for name in own], dtype=np.int64)
    return replace(samples, labels=number[samples.labels], classes=classes)


def _by_subject(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of the valid values of each subject, both (n_subjects, n_channels)."""
    valid = np.arange(samples.n_steps) < samples.lengths[:, None]
    means, swings = [], []
    for name in np.unique(samples.subjects):
        rows = samples.subjects == name
        values = samples.values[rows][valid[rows]].astype(np.float64)
        means.append(values.mean(axis=0))
        swings.append(values.std(axis=0))
    return np.array(means), np.array(swings)
