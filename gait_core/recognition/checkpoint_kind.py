"""Finds the network that a state dict belongs to, from its names and shapes: `settings_of_state`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from numpy.typing import NDArray

from gait_core.errors import ModelError, SettingsError
from gait_core.recognition.nearest_network import nearest_network
from gait_core.recognition.networks.settings import (
    DeepGaitV2Settings,
    GaitBaseSettings,
    NetworkSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)

__all__ = ["settings_of_state"]

_SHOWN: Final = 4
_FRAME_FIRST: Final = "{}.forward_block.conv1.conv.weight"
_STAGE_FIRST: Final = "{}layer0.forward_block.0.weight"


def settings_of_state(state: Mapping[str, NDArray[Any]]) -> NetworkSettings:
    """Return the settings of the network that a state dict belongs to, its classifier included.

    Parameters
    ----------
    state : mapping of str to ndarray
        Arrays in PyTorch's layout, by name.

    Returns
    -------
    NetworkSettings
        What cannot be seen in the weights, such as the height of the frames, has its default.

    Raises
    ------
    ModelError
        When it is none of the known networks, or lacks weights of one; the message names them.
    """
    try:
        return _settings(state)
    except (SettingsError, IndexError, ValueError) as error:
        _name_missing(state)
        raise ModelError(
            f"Expected the weights of a known recognition network, but their shapes fit none: {error}.",
            "Give a checkpoint of one of the networks, or convert it with explicit settings.",
        ) from error


def _settings(state: Mapping[str, NDArray[Any]]) -> NetworkSettings:
    firsts: list[tuple[str, type[NetworkSettings], str]] = [
        (_FRAME_FIRST.format("Backbone_par"), XGaitSettings, "_sil"),
        (_FRAME_FIRST.format("Backbone"), GaitBaseSettings, ""),
        (_STAGE_FIRST.format("sil_"), SkeletonGaitPPSettings, ""),
        (_STAGE_FIRST.format(""), DeepGaitV2Settings, ""),
    ]
    for first, kind, suffix in firsts:
        if first not in state:
            continue
        outputs, inputs = state[first].shape[:2]
        classifier = state.get(f"BNNecks{suffix}.fc_bin")
        common: dict[str, Any] = {
            "width": outputs / 64,
            "classes": 0 if classifier is None else int(classifier.shape[-1]),
        }
        if not issubclass(kind, DeepGaitV2Settings):
            return kind(**common)
        if kind is DeepGaitV2Settings and inputs == 2:
            kind = SkeletonGaitSettings
        prefix = "sil_" if kind is SkeletonGaitPPSettings else ""
        return kind(**common, mode=_mode(state), blocks=_blocks(state, prefix))
    _name_missing(state)
    raise ModelError(
        f"Expected the weights of a known recognition network, but got {len(state)} arrays with names such as "
        f"{', '.join(sorted(state)[:3]) or 'none'}.",
        "Give a checkpoint of GaitBase, DeepGaitV2, SkeletonGait, SkeletonGait++ or XGait.",
    )


def _name_missing(state: Mapping[str, NDArray[Any]]) -> None:
    """Raise the error for a state dict that lacks weights of the network it comes closest to."""
    nearest = nearest_network(state)
    if nearest is None:
        return
    rest = len(nearest.missing) - _SHOWN
    missing = ", ".join(nearest.missing[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    raise ModelError(
        f"Expected all weights of {' or '.join(nearest.networks)}, which the checkpoint comes closest to, but "
        f"{len(nearest.missing)} of them {'is' if len(nearest.missing) == 1 else 'are'} missing ({missing}).",
        "Save the whole state dict of the model again.",
    )


def _mode(state: Mapping[str, NDArray[Any]]) -> str:
    if "layer2.0.shortcut3d.weight" in state:
        return "p3d"
    return "3d" if "layer2.0.conv1.weight" in state else "2d"


def _blocks(state: Mapping[str, NDArray[Any]], prefix: str) -> tuple[int, int, int, int]:
    """Return how many blocks each stage has."""
    counts = []
    for number in range(1, 5):
        name = f"{prefix if number == 1 else ''}layer{number}."
        inner = [key.removeprefix(name).removeprefix("forward_block.") for key in state if key.startswith(name)]
        counts.append(1 + max(int(key.split(".")[0]) for key in inner))
    first, second, third, fourth = counts
    return first, second, third, fourth
