"""The rows that one walk gives: windows of the feature sequence, its strides as curves, or a clip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import ArrayCache, Entry
from gait_core.config import MeasureSettings, digest_of
from gait_core.errors import GaitError, InputError, WalkRefused
from gait_core.gait.angles import SIDES
from gait_core.gait.curves import POINTS, Curves
from gait_core.gait.features import FEATURE_NAMES, FEATURES_VERSION
from gait_core.gait.measurement import MEASUREMENT_VERSION, measure, motion_of
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.walks.clips import CLIP_CHANNELS, WalkClip, clip_of_walk
from gait_core.walks.prepare import PreparedWalk

__all__ = ["CURVE_CHANNELS", "Rows", "channels_of", "curve_rows", "rows_of_walk", "steps_of"]

CURVE_CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    **{
        f"{side}_{joint}_flexion_deg": (joint, side) for joint in ("ankle", "hip", "knee") for side in ("left", "right")
    },
    "trunk_lean_deg": ("trunk", "left"),
}
"""Channel → curve and side of a measurement. The arms are left out: the body hides the far one."""

Rows: TypeAlias = NDArray[np.float32] | WalkClip
"""Windows or curves, shape (m, n_steps, n_channels), or the clip of a walk."""

_PAIRS_VERSION: Final = 1


def channels_of(settings: DatasetSettings) -> tuple[str, ...]:
    """Return the names of the channels that a video gives.

    Returns
    -------
    tuple of str
    """
    if settings.rows == "clips":
        return CLIP_CHANNELS[settings.channels]
    return FEATURE_NAMES if settings.rows == "windows" else tuple(CURVE_CHANNELS)


def steps_of(settings: DatasetSettings) -> int:
    """Return the steps of a window or curve.

    Returns
    -------
    int
    """
    return settings.feature_settings().window_frames if settings.rows == "windows" else POINTS


def rows_of_walk(
    walk: PreparedWalk, settings: DatasetSettings, cache: ArrayCache | None, *, curves: Curves | None = None
) -> Rows | GaitError:
    """Return the rows of a walk, shape (m, n_steps, n_channels), or its clip, or why it gives none.

    A walk with a blocking warning, under which a score would mislead, gives none unless `settings` want it.

    Parameters
    ----------
    walk : PreparedWalk
    settings : DatasetSettings
    cache : ArrayCache or None
        Where curves and clips are kept; a clip is made of the masks there, and cannot do without.
    curves : Curves, optional
        Of the same walk where it is measured already.

    Returns
    -------
    Rows or GaitError
    """
    if walk.blocking and not settings.doubtful:
        return WalkRefused(walk.blocking[0].message)
    if settings.rows == "windows":
        return walk.windows.stacked()
    try:
        if settings.rows == "clips":
            return clip_of_walk(walk, settings.channels, _needed(cache))
        return _some(_cached_curves(walk, cache) if curves is None else curve_rows(curves))
    except GaitError as error:
        return error


def _needed(cache: ArrayCache | None) -> ArrayCache:
    if cache is None:
        raise InputError("Expected the cache to be used, of whose masks clips are made, but it is not.", "Use it.")
    return cache


def curve_rows(curves: Curves) -> NDArray[np.float32]:
    """Pair the strides of both sides in order of time, shape (m, 101, n_channels); pairs with a gap are left out.

    Returns
    -------
    ndarray, shape (m, 101, n_channels), float32
    """
    count = min(curves.count(side) for side in SIDES)
    stacked = np.stack([curves.values[key][:count] for key in CURVE_CHANNELS.values()], axis=-1)
    return stacked[np.isfinite(stacked).all(axis=(1, 2))].astype(np.float32)


def _cached_curves(walk: PreparedWalk, cache: ArrayCache | None) -> NDArray[np.float32]:
    settings = MeasureSettings()

    def compute() -> Entry:
        rows = curve_rows(measure(motion_of(walk.landmarks, settings), settings).curves)
        return Entry(arrays={"rows": rows}, meta={})

    versions = [FEATURES_VERSION, MEASUREMENT_VERSION, _PAIRS_VERSION]
    key = digest_of([walk.address, settings.to_dict(), versions])
    entry = compute() if cache is None else cache.get_or_compute("curve_rows", key, compute)[0]
    return np.asarray(entry.arrays["rows"], np.float32)


def _some(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(rows):
        raise WalkRefused(
            "Expected a complete stride of each leg, but got none.",
            "Film four seconds of walking or more, the whole body in the image.",
        )
    return rows
