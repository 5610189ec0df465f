"""The recognition networks that are measured, their arithmetic, and the sequences they are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.recognition.networks.model import network_kind
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import (
    DeepGaitV2Settings,
    GaitBaseSettings,
    NetworkSettings,
    SkeletonGaitPPSettings,
    XGaitSettings,
)

__all__ = ["CLIP_FRAMES", "MODELS", "gmac", "lengths", "sequence"]

CLIP_FRAMES: Final = 30
"""Frames of the sequence whose time is reported, as in the published figures."""
MODELS: Final[Mapping[str, NetworkSettings]] = {
    "gaitbase": GaitBaseSettings(),
    "deepgaitv2": DeepGaitV2Settings(),
    "skeletongaitpp": SkeletonGaitPPSettings(),
    "xgait": XGaitSettings(),
}
_STAGE: Final = re.compile(r"layer(\d)")
_REDUCTION: Final = {2: 2, 3: 4, 4: 4}
"""By how much each side of a frame is smaller in a stage."""


def gmac(settings: NetworkSettings, frames: int = CLIP_FRAMES) -> float:
    """Return how much arithmetic one sequence takes.

    Counted from the shapes of the weights: each weight of a convolution is used once per pixel of its result.

    Parameters
    ----------
    settings : NetworkSettings
    frames : int

    Returns
    -------
    float
        Multiply–accumulates, in thousands of millions.
    """
    book = Parameters(_Shapes())
    network_kind(settings.network).parts(book, settings)
    height, width, _ = settings.frame_shape
    per_frame = per_sequence = 0
    for name, weight in book.by_name.items():
        size = prod(weight.source_shape)
        if len(weight.source_shape) >= 4:
            stage = _STAGE.search(name)
            reduction = _REDUCTION.get(int(stage[1]), 1) if stage else 1
            per_frame += size * (height // reduction) * (width // reduction)
        elif len(weight.source_shape) == 2:
            per_frame += size
        elif len(weight.source_shape) == 3:
            per_sequence += size
    return (per_frame * frames + per_sequence) / 1e9


def lengths(count: int, longest: int, seed: int) -> list[int]:
    """Draw lengths of sequences, evenly spread and in no order.

    Parameters
    ----------
    count : int
    longest : int
        Frames.
    seed : int

    Returns
    -------
    list of int
        `count` lengths from 5 to `longest` frames.
    """
    rng = np.random.default_rng(seed)
    spread = np.linspace(5, longest, count) + rng.uniform(-0.5, 0.5, count) * (longest - 5) / count
    return [int(value) for value in rng.permutation(np.clip(np.rint(spread), 5, longest))]


def sequence(settings: NetworkSettings, frames: int, seed: int) -> NDArray[np.float32]:
    """Draw an oval that moves and changes its size, in each channel as a person would be drawn.

    Parameters
    ----------
    settings : NetworkSettings
        Of the network that is to embed it.
    frames : int
    seed : int

    Returns
    -------
    ndarray, shape (frames, height, width, n_channels), float32
        In [0, 1]; in the channel ``parsing`` whole numbers from 0 to 11.
    """
    rng = np.random.default_rng([frames, seed])
    height, width, _ = settings.frame_shape
    rows, columns = np.mgrid[:height, :width]
    middle = rng.uniform(0.42, 0.58, (frames, 2)) * (height, width)
    radius = rng.uniform((0.30, 0.15), (0.40, 0.30), (frames, 2)) * (height, width)
    down = (rows - middle[:, 0, None, None]) / radius[:, 0, None, None]
    across = (columns - middle[:, 1, None, None]) / radius[:, 1, None, None]
    away = down**2 + across**2
    drawn = {
        "silhouette": away < 1.0,
        "limb": np.exp(-away),
        "joint": np.exp(-2.0 * away),
        "parsing": np.clip(np.floor(12.0 * (1.0 - away)), 0.0, 11.0),
    }
    return np.stack([drawn[channel] for channel in settings.channels], axis=-1).astype(np.float32)


class _Shapes:
    """Stands for the owner of weights, and makes none."""

    def add_weight(self, **_: Any) -> _NoWeight:
        return _NoWeight()


class _NoWeight:
    """Stands in for a weight that is never used in a computation."""

    def assign(self, other: _NoWeight) -> None:
        """Take no value."""
