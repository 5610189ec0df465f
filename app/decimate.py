"""Fewer points for the same curve."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_POINTS", "thin"]

MAX_POINTS: Final = 2000


def thin(x: NDArray[Any], y: NDArray[Any], limit: int = MAX_POINTS) -> tuple[NDArray[Any], NDArray[Any]]:
    """Keep the lowest and the highest point of each stretch, so that no peak is lost.

    Parameters
    ----------
    x, y : array (n,)
        Points in the order of `x`; NaN in `y` is kept as a gap.
    limit : int
        Most points to return, at least 4.

    Returns
    -------
    x, y : array (m,), m ≤ limit
    """
    count = len(x)
    if count <= limit:
        return np.asarray(x), np.asarray(y)
    edges = np.linspace(0, count, limit // 2 + 1).astype(int)
    keep: list[int] = []
    for start, end in pairwise(edges):
        piece = np.asarray(y[start:end], dtype=float)
        if np.isnan(piece).all():
            keep.append(int(start))
            continue
        keep.extend(sorted({int(start + np.nanargmin(piece)), int(start + np.nanargmax(piece))}))
    chosen = np.asarray(keep)
    return np.asarray(x)[chosen], np.asarray(y)[chosen]
