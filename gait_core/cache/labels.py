"""Readable names of what the cache holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["kind_label"]

_LABELS: Final[Mapping[str, str]] = {
    "track": "landmarks",
    "masks": "outlines",
    "features": "features",
    "repaired": "repaired landmarks",
    "norms": "curves and values of baselines",
    "curve_rows": "strides for training",
    "clips": "clips for training",
    "recognition-frames": "silhouettes for recognition",
}


def kind_label(kind: str) -> str:
    """Return the readable name of a kind of cached arrays, or the kind itself where it has none.

    Parameters
    ----------
    kind : str
        See `gait_core.cache.ArrayCache.put`.

    Returns
    -------
    str
    """
    return _LABELS.get(kind, kind)
