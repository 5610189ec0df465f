"""The fixed kernels of MiniRocket and the features that they give, in NumPy.

Each of the 84 kernels has nine weights: three are 2, the others -1, so that they sum to 0 and a constant added to a
signal changes nothing. A kernel is laid over the signal at several dilations, on a few channels chosen at random; the
feature is the share of steps at which the result exceeds a bias, taken from the quantiles of results in training.

References
----------
Dempster, A., Schmidt, D. F., Webb, G. I. (2021). MiniRocket: a very fast (almost) deterministic transform for time
series classification. KDD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["KERNELS", "RocketKernels", "rocket_feature_count"]

KERNELS: Final = np.array(list(combinations(range(9), 3)), dtype=np.intp)
"""Places of the three heavy weights of each kernel, shape (84, 3)."""
_LENGTH: Final = 9
_MOST_DILATIONS: Final = 32
_ROWS_AT_ONCE: Final = 256
_GOLDEN: Final = (np.sqrt(5.0) + 1.0) / 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class RocketKernels:
    """Kernels with dilations, channels and biases; all that turns rows into features.

    Attributes
    ----------
    dilations : ndarray of int, shape (n_dilations,)
    counts : ndarray of int, shape (n_dilations,)
        Biases of each kernel at each dilation.
    channels : ndarray of bool, shape (n_dilations, 84, n_channels)
        Channels that are summed before a kernel is laid over them.
    biases : ndarray, shape (n_features,)
        By dilation, then by kernel.
    """

    dilations: NDArray[np.int64]
    counts: NDArray[np.int64]
    channels: NDArray[np.bool_]
    biases: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[Any], lengths: NDArray[np.int64], n_features: int, seed: int) -> Self:
        """Draw channels and take biases from rows of the training.

        Parameters
        ----------
        values : ndarray, shape (n, n_steps, n_channels)
        lengths : ndarray of int, shape (n,)
            Valid steps of each row.
        n_features : int
            Rounded down to a multiple of 84, at least 84.
        seed : int
        """
        draw = np.random.default_rng(seed)
        dilations, counts = _dilations(int(lengths.max()), n_features // len(KERNELS))
        channels = np.stack([_channel_choice(values.shape[2], draw) for _ in range(len(dilations) * len(KERNELS))])
        channels = channels.reshape(len(dilations), len(KERNELS), -1)
        total = int(counts.sum()) * len(KERNELS)
        levels = (np.arange(1, total + 1) * _GOLDEN) % 1.0
        biases: list[NDArray[np.float64]] = []
        place = 0
        for number, dilation in enumerate(dilations.tolist()):
            rows = draw.integers(len(values), size=len(KERNELS))
            for kernel, row in enumerate(rows.tolist()):
                signal = _summed(values[row : row + 1, : lengths[row]], channels[number, kernel])
                found = _convolved(signal, dilation, KERNELS[kernel])
                own = levels[place : place + counts[number]]
                biases.append(np.quantile(found, own))
                place += len(own)
        return cls(dilations=dilations, counts=counts, channels=channels, biases=np.concatenate(biases))

    def __call__(self, values: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the features of rows, shape (n, n_features), each in [0, 1]; padding has no part in them."""
        parts = range(0, len(values), _ROWS_AT_ONCE)
        chunks = (slice(start, start + _ROWS_AT_ONCE) for start in parts)
        return np.concatenate([self._features(values[rows], lengths[rows]) for rows in chunks])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for one ``.npz`` file."""
        return {f"kernels_{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`."""
        prefix = "kernels_"
        return cls(**{name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)})

    def _features(self, values: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        features = np.empty((len(values), len(self.biases)), np.float32)
        steps = np.arange(values.shape[1])
        ends = lengths[:, None]
        inside = np.asarray(steps < ends)
        for first, kernel, dilation, count, signal in self._signals(values):
            found = _convolved(signal, dilation, KERNELS[kernel])
            # Every other kernel leaves out the steps at which it reaches over an end of the signal.
            reach = dilation * (_LENGTH // 2)
            within = inside & (steps >= reach) & (steps < ends - reach)
            usable = np.asarray(within.any(axis=1, keepdims=True))
            counted = np.where(usable, within, inside) if kernel % 2 else inside
            over = np.asarray(found[:, :, None] > self.biases[first : first + count])
            shares = (over & counted[:, :, None]).sum(axis=1) / counted.sum(axis=1)[:, None]
            features[:, first : first + count] = shares
        return features

    def _signals(self, values: NDArray[Any]) -> Iterator[tuple[int, int, int, int, NDArray[np.float64]]]:
        """Yield, for each kernel at each dilation: its first feature, its number, dilation, biases and signal."""
        first = 0
        for number, dilation in enumerate(self.dilations.tolist()):
            for kernel in range(len(KERNELS)):
                count = int(self.counts[number])
                yield first, kernel, dilation, count, _summed(values, self.channels[number, kernel])
                first += count


def rocket_feature_count(n_steps: int, n_features: int) -> int:
    """Return how many features `RocketKernels` gives.

    Returns
    -------
    int
    """
    return int(_dilations(n_steps, n_features // len(KERNELS))[1].sum()) * len(KERNELS)


def _dilations(n_steps: int, by_kernel: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return dilations, growing exponentially until a kernel is as long as the signal, and the biases at each."""
    by_kernel = max(1, by_kernel)
    most = min(by_kernel, _MOST_DILATIONS)
    longest = np.log2(max(1.0, (n_steps - 1) / (_LENGTH - 1)))
    dilations, counts = np.unique(np.logspace(0, longest, most, base=2).astype(np.int64), return_counts=True)
    counts = (counts * (by_kernel / most)).astype(np.int64)
    left = by_kernel - int(counts.sum())
    counts[np.arange(left) % len(counts)] += 1
    return dilations, counts


def _channel_choice(n_channels: int, draw: np.random.Generator) -> NDArray[np.bool_]:
    """Return which channels a kernel sees: their number is drawn with an exponential preference for few."""
    most = min(n_channels, _LENGTH)
    count = int(2 ** draw.uniform(0, np.log2(most + 1)))
    chosen = np.zeros(n_channels, np.bool_)
    chosen[draw.choice(n_channels, size=min(count, most), replace=False)] = True
    return chosen


def _summed(values: NDArray[Any], channels: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(values[:, :, channels].sum(axis=2), np.float64)


def _convolved(signal: NDArray[np.float64], dilation: int, heavy: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the signal under a kernel, shape (n, n_steps); beyond its ends the signal counts as 0."""
    n, steps = signal.shape
    reach = dilation * (_LENGTH // 2)
    padded = np.zeros((n, steps + 2 * reach))
    padded[:, reach : reach + steps] = signal
    under = [padded[:, place * dilation : place * dilation + steps] for place in range(_LENGTH)]
    total: NDArray[np.float64] = 3.0 * sum(under[place] for place in heavy) - sum(under)
    return total
