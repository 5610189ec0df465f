"""Reconstruction of a walk from a person's own gait, and the score that follows from it.

A new window is encoded; its code is replaced by the nearest point among the person's own codes (a
weighted mean of neighbours, as in locally linear reconstruction); the decoder turns that back into a window.
What the person's own gait cannot reproduce remains as residual, in units of what is usual for the person.
The size of the residual scores a window; what of it comes back in every stride scores the walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.stride_profile import profile_size, stride_phase, stride_profile
from gait_core.gait.features import JOINTS
from gait_core.learn.autoencoder.inference import Weights, decode, encode

__all__ = ["Metrics", "ReferenceWindows", "Scorer", "WalkScore", "by_part", "residual", "score_residual", "whitening"]

Array = NDArray[np.float32]
_NEIGHBOURS: Final = 6
_MAX_DEVIATION: Final = 8.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceWindows:
    """Windows of the person's own walks.

    Attributes
    ----------
    codes : ndarray, shape (m, latent)
    misses : ndarray, shape (m, window_frames, n_features)
        What the decoder leaves out of each stored window.
    walk : ndarray, shape (m,), int
        Number of the walk that each comes from.
    """

    codes: Array
    misses: Array
    walk: NDArray[np.int64]

    @classmethod
    def of(cls, weights: Weights, walks: Sequence[Array], codes: Sequence[Array] | None = None) -> Self:
        """Remember standardised windows, one array (n_i, window_frames, n_features) per walk, and their codes."""
        windows = np.concatenate(walks)
        known = encode(weights, windows) if codes is None else np.concatenate(codes)
        return cls(
            codes=known,
            misses=windows - decode(weights, known, windows.shape[1]),
            walk=np.repeat(np.arange(len(walks)), [len(walk) for walk in walks]),
        )

    def without(self, walk: int) -> ReferenceWindows:
        """Return the memory with one walk left out."""
        keep = self.walk != walk
        return ReferenceWindows(codes=self.codes[keep], misses=self.misses[keep], walk=self.walk[keep])

    def recall(self, codes: Array) -> tuple[Array, Array]:
        """Return the nearest remembered codes, shape (n, latent), and the misses that go with them."""
        distance = ((codes[:, None, :] - self.codes[None, :, :]) ** 2).sum(axis=2)
        k = min(_NEIGHBOURS, distance.shape[1])
        nearest = np.argpartition(distance, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(distance, nearest, axis=1)
        width = near.mean(axis=1, keepdims=True) + 1e-6
        weight = np.exp(-near / width)
        weight /= weight.sum(axis=1, keepdims=True)
        recalled = np.einsum("nk,nkl->nl", weight, self.codes[nearest])
        missed = np.einsum("nk,nktf->ntf", weight, self.misses[nearest])
        return recalled.astype(np.float32), missed.astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Metrics:
    """Whitening of residuals, learned from normal walks of many people.

    Attributes
    ----------
    window : ndarray, shape (window_frames × n_features, n_directions), or None
        For single windows, see `whitening`.
    profile : ndarray, shape (m, m), or None
        For stride profiles, see `gait_core.baseline.stride_profile.profile_metric`.
    """

    window: Array | None = None
    profile: Array | None = None

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return flat arrays for a file."""
        known = {"metric_window": self.window, "metric_profile": self.profile}
        return {name: value.astype(np.float16) for name, value in known.items() if value is not None}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`; missing entries are None."""
        window, profile = (
            arrays[name].astype(np.float32) if name in arrays else None for name in ("metric_window", "metric_profile")
        )
        return cls(window=window, profile=profile)


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkScore:
    """Result of scoring one walk, before it is compared with the held-out walks.

    Attributes
    ----------
    energy : ndarray, shape (n_windows, window_frames, n_features)
        Squared residual in units of what is usual for the person.
    window_scores : ndarray, shape (n_windows,)
        Root mean square of each window's whitened residual; unitless.
    profile : ndarray, shape (n_waves, n_features)
        What comes back in every stride, see `gait_core.baseline.stride_profile`.
    overall : float
        Size of the profile, whitened: the score of the walk, not yet relative to the person's own.
    """

    energy: Array
    window_scores: NDArray[np.float64]
    profile: NDArray[np.float64]
    overall: float

    def by_feature(self) -> NDArray[np.float64]:
        """Return the root mean energy of each feature over the walk, shape (n_features,)."""
        return np.asarray(np.sqrt(self.energy.mean(axis=(0, 1), dtype=np.float64)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Scorer:
    """Everything needed to score a walk, as NumPy arrays.

    Attributes
    ----------
    weights : mapping
        Weights of the autoencoder, see `gait_core.learn.autoencoder.inference`.
    mean, sd : ndarray, shape (n_features,)
        Standardisation of the features.
    memory : ReferenceWindows
        The person's own walks.
    scale : ndarray, shape (n_features,)
        Residual that is usual for the person, in standardised units.
    metrics : Metrics
        What whitens windows and profiles.
    """

    weights: Weights
    mean: Array
    sd: Array
    memory: ReferenceWindows
    scale: Array
    metrics: Metrics = field(default_factory=lambda: Metrics())

    def standardise(self, windows: Array) -> Array:
        """Return windows in units of the training cohort's SD."""
        return ((windows - self.mean) / self.sd).astype(np.float32)

    def score(self, windows: Array) -> WalkScore:
        """Score the windows of a walk, shape (n, window_frames, n_features), in physical units."""
        remaining = residual(self.weights, self.memory, self.standardise(windows))
        return score_residual(remaining, stride_phase(windows), self.scale, self.metrics)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return flat arrays for a file."""
        own: dict[str, NDArray[Any]] = {
            "mean": self.mean,
            "sd": self.sd,
            "scale": self.scale,
            "codes": self.memory.codes,
            "misses": self.memory.misses.astype(np.float16),
            "walk": self.memory.walk,
        }
        return own | self.metrics.to_arrays() | {f"weights/{name}": value for name, value in self.weights.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`."""
        prefix = "weights/"
        return cls(
            weights={name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)},
            mean=arrays["mean"],
            sd=arrays["sd"],
            scale=arrays["scale"],
            metrics=Metrics.from_arrays(arrays),
            memory=ReferenceWindows(
                codes=arrays["codes"], misses=arrays["misses"].astype(np.float32), walk=arrays["walk"].astype(np.int64)
            ),
        )


def by_part(by_feature: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square over the channels of each part of the body, in the order of `JOINTS`.

    Returns
    -------
    ndarray, shape (n_parts,)
    """
    return np.array([np.sqrt(np.mean(by_feature[list(rows)] ** 2)) for rows in JOINTS.values()])


def residual(weights: Weights, memory: ReferenceWindows, windows: Array, codes: Array | None = None) -> Array:
    """Return what the person's own gait leaves unexplained of standardised windows, same shape.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Weights of the autoencoder.
    memory : ReferenceWindows
        Windows of the person's own walks.
    windows : ndarray, shape (n, window_frames, n_features)
        Standardised windows.
    codes : ndarray, optional
        Codes of `windows`, where the encoder has already run.

    Returns
    -------
    ndarray, shape (n, window_frames, n_features)
    """
    recalled, missed = memory.recall(encode(weights, windows) if codes is None else codes)
    return np.asarray(windows - decode(weights, recalled, windows.shape[1]) - missed, dtype=np.float32)


def score_residual(remaining: Array, phase: NDArray[np.float64], scale: Array, metrics: Metrics) -> WalkScore:
    """Turn the residual of a walk into scores; single wild samples are capped so that one glitch does not decide.

    Parameters
    ----------
    remaining : ndarray, shape (n_windows, window_frames, n_features)
        Standardised residual.
    phase : ndarray, shape (n_windows, window_frames)
        Phase of the stride, radians.
    scale : ndarray, shape (n_features,)
        What is usual for the person.
    metrics : Metrics
        Whitens: directions in which normal walks hardly ever deviate count more. Without them every channel and
        moment counts alike.

    Returns
    -------
    WalkScore

    References
    ----------
    Mahalanobis 1936, Proc Natl Inst Sci India 2:49 (distance in units of the usual covariance).
    """
    scaled = np.clip(remaining / scale, -_MAX_DEVIATION, _MAX_DEVIATION)
    seen = scaled.reshape(len(scaled), -1)
    if metrics.window is not None:
        seen = seen @ metrics.window
    profile = stride_profile(scaled, phase)
    return WalkScore(
        energy=np.asarray(scaled**2, dtype=np.float32),
        window_scores=np.sqrt(np.mean(seen.astype(np.float64) ** 2, axis=1)),
        profile=profile,
        overall=profile_size(profile, metrics.profile),
    )


def whitening(scaled_residuals: Array, n_directions: int, ridge: float = 0.1) -> Array:
    """Return the metric of single windows from scaled residuals of normal walks of many people.

    Parameters
    ----------
    scaled_residuals : ndarray, shape (n, window_frames, n_features)
    n_directions : int
        Principal directions kept.
    ridge : float
        Share of the mean variance that is added to every direction, so that rare directions do not
        rule.

    Returns
    -------
    ndarray, shape (window_frames × n_features, n_directions), float32
    """
    flat = np.clip(scaled_residuals, -_MAX_DEVIATION, _MAX_DEVIATION).reshape(len(scaled_residuals), -1)
    moments = flat.T.astype(np.float64) @ flat / len(flat)
    variance, directions = np.linalg.eigh(moments)
    variance, directions = variance[::-1][:n_directions], directions[:, ::-1][:, :n_directions]
    return np.asarray(
        directions / np.sqrt(variance + ridge * float(np.trace(moments)) / len(moments)), dtype=np.float32
    )
