"""Say how well the errors of the fast path match those of a real pose model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.simulate.noise import FAR_LEG, NEAR_LEG, NoiseModel, observe
from gait_core.simulate.noise_fit import Pair, errors_of

__all__ = ["Comparison", "compare", "joint_angles_deg"]

Array = NDArray[np.float64]


def joint_angles_deg(position: Array, direction: int) -> Array:
    """Return hip, knee and ankle angles as seen in the frame.

    Parameters
    ----------
    position : ndarray, shape (n, 33, 2)
        Landmarks, px.
    direction : {+1, -1}
        Direction of the walk.

    Returns
    -------
    ndarray, shape (n, 2, 3)
        As `WalkTruth.angles_deg`, but projected.
    """
    points = position * np.array([direction, -1.0])

    def turn(a: Array, b: Array) -> Array:
        angle: Array = np.degrees(
            np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1])
        )
        return angle

    trunk = points[:, 11:13].mean(axis=1) - points[:, 23:25].mean(axis=1)
    angles = []
    for side in (0, 1):
        hip, knee, ankle, heel, tip = (points[:, row + side] for row in (23, 25, 27, 29, 31))
        flexion = turn(-trunk, knee - hip)
        bend = -turn(knee - hip, ankle - knee)
        rise = turn(ankle - knee, tip - heel) - 90.0
        angles.append(np.stack([flexion, bend, rise], -1))
    return np.stack(angles, 1)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How errors of the fast path compare with real ones.

    Attributes
    ----------
    figures : dict
        For ``real`` and ``fast``: SD of the error within walks, RMS of the mean error of a walk (both % of body
        height, near and far leg), autocorrelation after 1 and 5 frames, RMSE of hip, knee and ankle angle (degrees,
        near and far, frames without swap), share of swapped frames, of lost frames, mean confidence.
    """

    figures: dict[str, dict[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        return {"figures": self.figures}


def compare(noise: NoiseModel, pairs: Sequence[Pair], *, seed: int = 0) -> Comparison:
    """Compare real errors with those of the fast path on the same walks.

    Parameters
    ----------
    noise : NoiseModel
        The model to judge; judge it on walks to which it was not fitted.
    pairs : sequence of (WalkTruth, Track)
        Walks with truth and real track.
    seed : int
        Seed of the fast path.

    Returns
    -------
    Comparison
        Figures of both.
    """
    fast = [(truth, observe(truth, seed=seed, noise=noise)) for truth, _ in pairs]
    return Comparison(figures={"real": _figures(pairs), "fast": _figures(fast)})


def _figures(pairs: Sequence[Pair]) -> dict[str, float]:
    walks = [errors_of(truth, track) for truth, track in pairs]
    figures: dict[str, float] = {}
    for name, rows in (("near", NEAR_LEG), ("far", FAR_LEG)):
        parts = [100.0 * w.steady[:, list(rows)].reshape(len(w.error), -1) for w in walks]
        centred = [p - np.nanmean(p, axis=0) for p in parts]
        figures[f"{name}_leg_sd_pct"] = float(np.sqrt(np.nanmean(np.concatenate(centred) ** 2)))
        figures[f"{name}_leg_bias_pct"] = float(np.sqrt(np.mean([np.nanmean(p, axis=0) ** 2 for p in parts])))
        for lag in (1, 5):
            pairs_now = np.concatenate([(c[:-lag] * c[lag:]).ravel() for c in centred])
            power = np.concatenate([(c[:-lag] ** 2).ravel() for c in centred])
            both = np.isfinite(pairs_now) & np.isfinite(power)
            figures[f"{name}_leg_autocorrelation_{lag}"] = float(pairs_now[both].sum() / power[both].sum())
    wrong: dict[str, list[Array]] = {}
    for (truth, track), walk in zip(pairs, walks, strict=True):
        found = joint_angles_deg(track.position.astype(float), truth.direction)
        clean = ~(walk.swapped | walk.collapsed | walk.lost)
        for side_name, side in (("near", truth.near_side == "right"), ("far", truth.near_side == "left")):
            for j, joint in enumerate(("hip", "knee", "ankle")):
                difference = (found - truth.angles_deg)[clean, int(side), j]
                wrong.setdefault(f"{side_name}_{joint}_rmse_deg", []).append((difference + 180.0) % 360.0 - 180.0)
    for key, values in wrong.items():
        figures[key] = float(np.sqrt(np.mean(np.concatenate(values) ** 2)))
        figures[key.replace("rmse", "sd")] = float(
            np.sqrt(np.mean(np.concatenate([v - v.mean() for v in values]) ** 2))
        )
    figures["swapped_share"] = float(np.mean(np.concatenate([w.swapped for w in walks])))
    figures["collapsed_share"] = float(np.mean(np.concatenate([w.collapsed for w in walks])))
    figures["lost_share"] = float(np.mean(np.concatenate([w.lost for w in walks])))
    for name, rows in (("near", NEAR_LEG), ("far", FAR_LEG)):
        seen = np.concatenate([w.confidence for w in walks])[:, list(rows)]
        figures[f"{name}_leg_confidence"] = float(np.nanmean(seen))
    return figures
