"""How large a recognition network will be, without building it: the weights it requests are recorded, not created."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import NetworkSettings

__all__ = ["NetworkSize", "names_of_weights"]

_STAGE: Final = re.compile(r"layer(\d)")
_REDUCTION: Final = {2: 2, 3: 4, 4: 4}
"""By how much each side of a frame is smaller in a stage; the first stages keep the full size."""
_NORM: Final = ".running_mean"
_HEAD: Final = "BNNecks"
"""Begins the names of what sees a sequence only once; small beside what sees every frame."""
_KEPT_PER_CONVOLUTION: Final = 3
"""Its result, the same normalised, the same activated."""


@dataclass(frozen=True, kw_only=True)
class NetworkSize:
    """What a network would take.

    Attributes
    ----------
    parameters : int
        Numbers that are learned.
    activations : int
        Numbers that a training keeps per frame for the backward pass.
    """

    parameters: int
    activations: int

    @classmethod
    def of(cls, settings: NetworkSettings, make: Callable[[Parameters], Any]) -> NetworkSize:
        """Return the size of a network.

        Parameters
        ----------
        settings : NetworkSettings
        make : callable
            Asks `Parameters` for every weight of the network.
        """
        ledger = _Ledger()
        book = Parameters(ledger)
        make(book)
        height, width, _ = settings.frame_shape
        kept = 0
        for name, weight in book.by_name.items():
            if name.endswith(_NORM) and not name.startswith(_HEAD):
                stage = _STAGE.search(name)
                reduction = _REDUCTION.get(int(stage[1]), 1) if stage else 1
                kept += _KEPT_PER_CONVOLUTION * prod(weight.source_shape) * (height // reduction) * (width // reduction)
        return cls(parameters=ledger.learned, activations=kept)


def names_of_weights(make: Callable[[Parameters], Any]) -> set[str]:
    """Return the names of all weights of a network, as in a state dict.

    Parameters
    ----------
    make : callable
        Asks `Parameters` for every weight of the network.

    Returns
    -------
    set of str
    """
    book = Parameters(_Ledger())
    make(book)
    return set(book.by_name)


class _Ledger:
    """Stands for the owner of weights, and only counts them."""

    def __init__(self) -> None:
        self.learned = 0

    def add_weight(self, *, shape: tuple[int, ...], trainable: bool, **_: Any) -> _NoWeight:
        self.learned += prod(shape) if trainable else 0
        return _NoWeight()


class _NoWeight:
    """Stands for a weight that is never computed with."""

    def assign(self, other: _NoWeight) -> None:
        """Take no value."""
