"""How far embeddings are apart: `part_distances`."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gait_core.errors import InputError

__all__ = ["METRICS", "Metric", "checked_parts", "part_distances", "same_recording"]

Metric: TypeAlias = Literal["euc", "cos"]
METRICS: Final[tuple[str, ...]] = get_args(Metric)

_BLOCK_BYTES: Final = 16 * 1024**2
"""Size of the chunks of either side that are compared at once."""
_NEAR: Final = 1e-6
"""Below this share of the squared lengths, the usual formula loses the difference to rounding."""
_SHORTEST: Final = 1e-12
_SAME_RECORDING: Final = 1e-3


def part_distances(a: ArrayLike, b: ArrayLike, metric: Metric = "euc") -> NDArray[np.float64]:
    """Return the distance of each embedding in `a` to each in `b`, as a mean over the parts.

    The embeddings are compared in pieces of about 16 MiB, in double precision, so beyond the two inputs and the result
    the memory needed does not grow with their number.

    Parameters
    ----------
    a : array_like, shape (n, features, parts)
        Raw embeddings, as `gait_core.recognition.batching.Embedding.parts`.
    b : array_like, shape (m, features, parts)
    metric : {"euc", "cos"}
        ``"euc"``: Euclidean distance of each part, as the published evaluations use it. ``"cos"``: one minus the cosine
        of each part, in [0, 2].

    Returns
    -------
    ndarray of float64, shape (n, m)
        Symmetric in `a` and `b`; zero between equal embeddings.

    Raises
    ------
    InputError
        When the metric is unknown, the shapes do not fit together, or a value is not finite.
    """
    if metric not in METRICS:
        raise InputError(
            f"Expected the metric to be one of {', '.join(METRICS)}, but got {metric!r}.", "Choose one of these."
        )
    left, right = checked_parts(a, "a"), checked_parts(b, "b")
    if left.shape[1:] != right.shape[1:]:
        raise InputError(
            f"Expected embeddings of one shape, but got {left.shape[1:]} and {right.shape[1:]}.",
            "Compare only embeddings of the same model.",
        )
    found = np.empty((len(left), len(right)))
    rows = max(1, _BLOCK_BYTES // (8 * int(np.prod(left.shape[1:]))))
    for start in range(0, len(left), rows):
        here = _by_part(left[start : start + rows], metric)
        for other in range(0, len(right), rows):
            there = _by_part(right[other : other + rows], metric)
            found[start : start + rows, other : other + rows] = _block(here, there, metric)
    return found


def checked_parts(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return embeddings as an array once they can be compared.

    Parameters
    ----------
    values : array_like, shape (n, features, parts)
    name : str
        For the message.

    Returns
    -------
    ndarray, shape (n, features, parts)
        Integers or floating-point numbers, of the type given; `n` may be 0.

    Raises
    ------
    InputError
        When the shape is another, there are no features or parts, or a value is not finite.
    """
    array = np.asarray(values)
    if array.ndim != 3 or 0 in array.shape[1:] or array.dtype.kind not in "fiu":
        raise InputError(
            f"Expected numbers of shape (n, features, parts) in {name}, but got {array.dtype} of shape {array.shape}.",
            "Give the raw parts of the embeddings, stacked.",
        )
    if not np.isfinite(array).all():
        raise InputError(
            f"Expected finite values in {name}, but got NaN or infinity.",
            "Embed the sequences again; check the weights.",
        )
    return array


def same_recording(a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
    """Return which embeddings come from the same recording.

    Two walks do not give the same embedding; the same frames nearly do. Another device changes it by less than one
    thousandth of its length in single precision. In a lower precision the change may be larger and go unnoticed here.

    Parameters
    ----------
    a : array_like, shape (n, features, parts)
    b : array_like, shape (m, features, parts)

    Returns
    -------
    ndarray of bool, shape (n, m)

    Raises
    ------
    InputError
        As of `part_distances`.
    """
    apart = part_distances(a, b)
    lengths = np.linalg.norm(np.asarray(a, dtype=np.float64), axis=1).mean(axis=1)
    return np.asarray(apart <= _SAME_RECORDING * lengths[:, None])


def _by_part(block: NDArray[Any], metric: Metric) -> NDArray[np.float64]:
    """Return a block in the order (parts, rows, features); for ``"cos"`` each part at length 1."""
    ordered = np.ascontiguousarray(block.transpose(2, 0, 1), dtype=np.float64)
    if metric == "cos":
        ordered /= np.maximum(np.linalg.norm(ordered, axis=2, keepdims=True), _SHORTEST)
    return ordered


def _block(left: NDArray[np.float64], right: NDArray[np.float64], metric: Metric) -> NDArray[np.float64]:
    total = np.zeros((left.shape[1], right.shape[1]))
    for one, other in zip(left, right, strict=True):
        total += one @ other.T if metric == "cos" else _euclidean(one, other)
    mean = total / len(left)
    return np.maximum(1.0 - mean, 0.0) if metric == "cos" else mean


def _euclidean(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.sum(one**2, axis=1)[:, None] + np.sum(other**2, axis=1)[None, :]
    squares = lengths - 2.0 * (one @ other.T)
    near = squares <= _NEAR * lengths
    for row in np.flatnonzero(near.any(axis=1)):
        columns = np.flatnonzero(near[row])
        squares[row, columns] = np.sum((other[columns] - one[row]) ** 2, axis=1)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
