"""Finds the network that an incomplete state dict comes closest to, and what it lacks: `nearest_network`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gait_core.recognition.networks.counting import names_of_weights
from gait_core.recognition.networks.model import network_kind
from gait_core.recognition.networks.settings import (
    DeepGaitV2Settings,
    GaitBaseSettings,
    NetworkSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)

__all__ = ["Nearest", "nearest_network"]

_LEAST_SHARED: Final = 0.5
_COUNTER: Final = ".num_batches_tracked"
_CLASSIFIER: Final = "BNNecks", ".fc_bin"


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """What an incomplete state dict looks like.

    Attributes
    ----------
    networks : tuple of str
        Their weights have the same names; usually one.
    missing : tuple of str
        Names of the weights that the state dict lacks.
    """

    networks: tuple[str, ...]
    missing: tuple[str, ...]


def nearest_network(state: Mapping[str, Any]) -> Nearest | None:
    """Return the network that shares the most names with a state dict.

    Parameters
    ----------
    state : mapping of str to array
        Only the names are looked at.

    Returns
    -------
    Nearest or None
        None where no network shares half of the names, or the closest lacks none.
    """
    given = {name for name in state if not name.endswith(_COUNTER) and not _is_classifier(name)}
    best: list[tuple[str, set[str]]] = []
    share = 0.0
    for settings in _candidates(given):
        wanted = _names(settings)
        shared = len(wanted & given) / max(1, len(wanted | given))
        if shared > share:
            best, share = [], shared
        if shared == share:
            best.append((settings.network, wanted))
    if share < _LEAST_SHARED or not best[0][1] - given:
        return None
    networks = dict.fromkeys(network for network, _ in best)
    return Nearest(networks=tuple(networks), missing=tuple(sorted(best[0][1] - given)))


def _names(settings: NetworkSettings) -> set[str]:
    return names_of_weights(lambda book: network_kind(settings.network).parts(book, settings))


def _is_classifier(name: str) -> bool:
    begin, end = _CLASSIFIER
    return name.startswith(begin) and name.endswith(end)


def _candidates(names: Collection[str]) -> list[NetworkSettings]:
    """Return every network, those of stages with as many blocks as the names say."""
    found: list[NetworkSettings] = [GaitBaseSettings(), XGaitSettings()]
    for kind in (DeepGaitV2Settings, SkeletonGaitSettings, SkeletonGaitPPSettings):
        blocks = _blocks(names, "sil_" if kind is SkeletonGaitPPSettings else "")
        found += [kind(mode=mode, blocks=blocks) for mode in ("p3d", "3d", "2d")]
    return found


def _blocks(names: Collection[str], prefix: str) -> tuple[int, int, int, int]:
    """Return how many blocks each stage has, 1 where nothing is left of a stage."""
    counts = []
    for number in range(1, 5):
        stage = f"{prefix if number == 1 else ''}layer{number}."
        inner = [name.removeprefix(stage).removeprefix("forward_block.") for name in names if name.startswith(stage)]
        counts.append(1 + max((int(one.split(".")[0]) for one in inner if one.split(".")[0].isdigit()), default=0))
    first, second, third, fourth = (min(count, 50) for count in counts)
    return first, second, third, fourth
