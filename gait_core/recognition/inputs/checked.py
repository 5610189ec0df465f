"""Checks a sequence before a network sees it: `checked_sequence`.

A network answers to any numbers with an embedding. What is not a sequence of aligned silhouettes, maps or labels has
to be refused here, or a wrong embedding would end up in a gallery.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.recognition.inputs.plausible import covers_frame, grey_of_lit, is_grey
from gait_core.recognition.networks.settings import NetworkSettings

__all__ = ["checked_sequence"]

_LAST_LABEL: Final = 11
_MANY_FULL, _FEW_FULL = 0.5, 0.05
_LEAST_GREY: Final = 0.55
"""Share of grey in what is not dark in a map. Measured: 0.72 at least in maps drawn from joints, 0.98 in the reference
inputs; silhouettes 0.37 at most in the reference inputs, which carry noise, and 0.10 where real."""
_MOST_ROUGHNESS, _MOST_SUM = 1.43, 2.0
"""Of limb over joint map, and of joint over limb map. A joint map falls off between the joints, a limb map does not, so
it is smoother. Measured: roughness of limb over joint map 0.49 at most in maps drawn from reference, simulated and
perturbed joints with any scores, 1.06 in the reference inputs, which are blobs without limbs; 2.0 and more where the
two are exchanged. Sum of joint over limb map 0.91 to 1.16."""


def checked_sequence(sequence: Any, settings: NetworkSettings, name: str = "the sequence") -> NDArray[np.float32]:
    """Return a sequence as a network takes it.

    Parameters
    ----------
    sequence : array_like, shape (frames, height, width, channels)
        Silhouettes and skeleton maps from 0 to 1, parsing as labels from 0 to 11. The last axis may be missing where
        there is one channel.
    settings : NetworkSettings
        Of the network.
    name : str
        How messages call the sequence.

    Returns
    -------
    ndarray of float32, shape (frames, height, width, channels)

    Raises
    ------
    InputError
        No frames, another shape or order of axes, channels in another order, values out of range, NaN, nothing in
        any frame, or frames that are no silhouettes: grey photographs, and frames that are white nearly everywhere or
        along a whole side. Empty frames among others are accepted, as padding.
    """
    try:
        frames = np.asarray(sequence)
    except ValueError as error:
        raise InputError(
            f"Expected frames of one size in {name}, but they differ.", "Align all frames to the same size."
        ) from error
    if frames.dtype.kind not in "fiub":
        raise InputError(
            f"Expected numbers in {name}, but got {frames.dtype}.", "Give an array of floating-point numbers."
        )
    frames = _shaped(frames, settings, name)
    frames = np.ascontiguousarray(frames, dtype=np.float32)
    if not np.isfinite(frames).all():
        bad = int(np.count_nonzero(~np.isfinite(frames).all(axis=(1, 2, 3))))
        raise InputError(
            f"Expected finite values in {name}, but {bad} of {len(frames)} frames hold NaN or infinity.",
            "Leave these frames out.",
        )
    if len(settings.channels) > 1:
        _check_order(frames, settings.channels, name)
    for number, channel in enumerate(settings.channels):
        _check_values(frames[..., number], channel, name)
        if channel == "silhouette":
            _check_silhouettes(frames[..., number], name)
    if {"limb", "joint"} <= set(settings.channels):
        _check_maps(frames, settings.channels, name)
    return frames


def _shaped(frames: NDArray[Any], settings: NetworkSettings, name: str) -> NDArray[Any]:
    """Return the frames with an axis of channels, or say what about their shape is wrong."""
    height, width, channels = expected = settings.frame_shape
    if frames.ndim == 3 and channels == 1:
        frames = frames[..., None]
    if frames.ndim and not len(frames):
        raise InputError(
            f"Expected at least one frame in {name}, but got none.",
            "Check that a person was found in the video and that filtering has left frames.",
        )
    if frames.shape[1:] == expected:
        return frames
    message = f"Expected {name} of shape (frames, {height}, {width}, {channels}), but got {frames.shape}."
    inner = frames.shape[1:]
    if inner == (height, height, channels):
        cut = (height - width) // 2
        remedy = f"Cut {cut} columns from each side: aligned frames are {height} px wide before they are cut."
    elif inner == (channels, height, width):
        remedy = "Move the channels to the last axis, for example with numpy.moveaxis(frames, 1, -1)."
    elif inner == (width, height, channels):
        remedy = "Swap height and width."
    elif frames.ndim > 2 and frames.shape[:2] == (height, width):
        remedy = "Move the frames to the first axis, for example with numpy.moveaxis(frames, -1, 0)."
    elif frames.ndim == 4 and inner[:2] == (height, width):
        remedy = f"Give these channels in this order: {', '.join(settings.channels)}."
    else:
        remedy = "Align the frames first; one sequence at a time has four axes."
    raise InputError(message, remedy)


def _check_order(frames: NDArray[np.float32], channels: Sequence[str], name: str) -> None:
    """Refuse channels that are each valid, or nearly, but in each other's places."""
    ordered = f"Give the channels in this order: {', '.join(channels)}."
    silhouette = frames[..., channels.index("silhouette")] if "silhouette" in channels else None
    if silhouette is None:
        return
    for number, channel in enumerate(channels):
        values = frames[..., number]
        if channel == "parsing" and values.max() <= 1.0 < silhouette.max() <= _LAST_LABEL and _whole(silhouette):
            raise InputError(
                f"Expected labels in channel {number} and silhouettes in the last channel of {name}, but they are "
                "the other way round.",
                ordered,
            )
        if channel in ("limb", "joint") and _full(values) > _MANY_FULL and _full(silhouette) < _FEW_FULL:
            raise InputError(
                f"Expected a skeleton map in channel {number} and silhouettes in the last channel of {name}, but "
                f"channel {number} looks like silhouettes and the last one does not.",
                ordered,
            )


def _check_values(values: NDArray[np.float32], channel: str, name: str) -> None:
    lowest, highest = float(values.min()), float(values.max())
    if highest == lowest == 0.0:
        raise InputError(
            f"Expected something in the {channel} channel of {name}, but all frames are empty.",
            "Check the masks: an empty sequence says nothing about a person.",
        )
    if channel == "parsing":
        if lowest < 0 or highest > _LAST_LABEL or not _whole(values):
            raise InputError(
                f"Expected labels 0 to {_LAST_LABEL} as whole numbers in the parsing channel of {name}, but got values "
                f"from {lowest:g} to {highest:g}.",
                "Give the label map as it is, neither scaled nor interpolated.",
            )
    elif lowest < 0.0 or highest > 1.0:
        scaled = highest > 1.0 and lowest >= 0.0 and highest <= 255.0
        raise InputError(
            f"Expected values from 0 to 1 in the {channel} channel of {name}, but got {lowest:g} to {highest:g}.",
            "Divide by 255." if scaled else "Check how the channel was made.",
        )
    elif 0.0 < highest <= 1.0 / 64.0:
        raise InputError(
            f"Expected values from 0 to 1 in the {channel} channel of {name}, but none exceeds {highest:.3g}.",
            "Divide by 255 once only.",
        )


def _check_silhouettes(values: NDArray[np.float32], name: str) -> None:
    grey, covering = is_grey(values), covers_frame(values)
    if grey.any():
        raise InputError(
            f"Expected silhouettes, black and white, in {name}, but {np.count_nonzero(grey)} of {len(values)} frames "
            "have many grey values, as photographs have.",
            "Give the masks of the person, or leave these frames out.",
        )
    if covering.any():
        raise InputError(
            f"Expected a white person on black in {name}, but {np.count_nonzero(covering)} of {len(values)} frames are "
            "white nearly everywhere or along a whole side.",
            "Where the background is white, give 1 minus the values; otherwise leave these frames out.",
        )


def _check_maps(frames: NDArray[np.float32], channels: Sequence[str], name: str) -> None:
    """Refuse silhouettes in place of skeleton maps, and limb and joint maps in each other's places."""
    ordered = f"Give the channels in this order: {', '.join(channels)}."
    limb, joint = (frames[..., channels.index(channel)] for channel in ("limb", "joint"))
    for channel, values in (("limb", limb), ("joint", joint)):
        if grey_of_lit(values) < _LEAST_GREY:
            raise InputError(
                f"Expected a skeleton map in the {channel} channel of {name}, which falls off softly, but it looks "
                "like silhouettes.",
                ordered,
            )
    rough = _roughness(limb) > _MOST_ROUGHNESS * _roughness(joint)
    if rough or float(joint.sum(dtype=np.float64)) > _MOST_SUM * float(limb.sum(dtype=np.float64)):
        raise InputError(
            f"Expected the limb map in channel {channels.index('limb')} and the joint map in channel "
            f"{channels.index('joint')} of {name}, but they look exchanged.",
            ordered,
        )


def _roughness(values: NDArray[np.float32]) -> float:
    """Return the squared steps from row to row over the squared values."""
    return float(np.square(np.diff(values, axis=1)).sum(dtype=np.float64) / np.square(values).sum(dtype=np.float64))


def _whole(values: NDArray[np.float32]) -> bool:
    return bool(np.array_equal(values, np.rint(values)))


def _full(values: NDArray[np.float32]) -> float:
    """Return the share of pixels with something in them that are at the highest value."""
    filled = int(np.count_nonzero(values > 0.0))
    return int(np.count_nonzero(values >= 0.99)) / max(1, filled)
