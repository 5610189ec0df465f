"""How far the landmarks and the gait values of one profile differ from those of another.

Agreement is not accuracy: the profile that the others are compared with has errors too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.body import body_height_px
from gait_core.gait.curves import Curves
from gait_core.gait.measurement import Measurement
from gait_core.pose.landmarks import LANDMARKS, MIRROR
from gait_core.pose.track import Track

__all__ = [
    "COMPARED_CURVES",
    "COMPARED_VALUES",
    "GROUPS",
    "agreement",
    "curve_differences",
    "curve_means",
    "distances_pct",
    "gait_values",
    "value_differences",
]

Array = NDArray[np.float64]
_GAP_FRAMES: Final = 1.6

COMPARED_CURVES: Final = ("hip", "knee", "ankle")
"""Curves whose shape is compared, of the near and of the far leg."""

COMPARED_VALUES: Final = (
    "cadence_spm",
    "step_time_s",
    "stride_time_s",
    "stance_pct",
    "swing_pct",
    "double_support_pct",
    "step_length_leg",
    "walking_speed_leg_per_s",
    "hip_rom_deg",
    "knee_rom_deg",
    "ankle_rom_deg",
)
"""Parameters and ranges of motion that are compared; none needs a scale in metres."""

GROUPS: Final = ("head", "trunk", "arms", "near leg", "far leg")
_ARMS: Final = ("elbow", "wrist", "pinky", "index", "thumb")
_FAR_PCT: Final = 3.0
"""Legs closer together than this, % of body height, are not told apart by position."""

_LEG: Final = ("knee", "ankle", "heel", "foot_index")


def distances_pct(track: Track, reference: Track) -> Array:
    """Return how far each landmark lies from that of the reference, % of body height.

    Parameters
    ----------
    track, reference : Track
        Of the same video; the rates may differ. They are compared at the frames of the slower one, between the frames
        of the faster one by a straight line, nowhere across a gap.

    Returns
    -------
    ndarray, shape (n_frames, 33)
        NaN where one of the two found nothing.
    """
    slower, faster = (track, reference) if track.frame_rate_hz <= reference.frame_rate_hz else (reference, track)
    found = reference.detected
    if len(slower) == 0 or len(faster) < 2 or not found.any():
        return np.empty((0, len(LANDMARKS)))
    other = _at(faster, slower.time_s)
    away = np.linalg.norm(slower.position.astype(np.float64) - other, axis=2)
    return np.asarray(100.0 * away / body_height_px(reference.position[found].astype(np.float64)))


def _at(track: Track, time_s: Array) -> Array:
    """Return the positions of a track at other times, shape (n, 33, 2); NaN beside a missing frame."""
    right = np.clip(np.searchsorted(track.time_s, time_s), 1, len(track) - 1)
    left = right - 1
    before_s, after_s = track.time_s[left], track.time_s[right]
    share = np.clip((time_s - before_s) / (after_s - before_s), 0.0, 1.0)
    position = track.position.astype(np.float64)
    a, b = position[left], position[right]
    # Exactly at a frame, its neighbour does not matter, even when it is missing.
    mixed = np.where(share[:, None, None] <= 1e-6, a, np.where(share[:, None, None] >= 1 - 1e-6, b, np.nan))
    between = (1 - share)[:, None, None] * a + share[:, None, None] * b
    result = np.where(np.isfinite(mixed), mixed, between)
    step_s = 1.0 / track.frame_rate_hz
    outside = (time_s < track.time_s[0] - step_s / 2) | (time_s > track.time_s[-1] + step_s / 2)
    result[outside | (after_s - before_s > _GAP_FRAMES * step_s)] = np.nan
    return result


def agreement(track: Track, reference: Track, near: str) -> dict[str, Any]:
    """Sum up the distances between two tracks.

    Parameters
    ----------
    track, reference : Track
    near : {"left", "right"}
        Side of the body that the camera sees.

    Returns
    -------
    dict
        ``frames`` compared, ``median_pct``, ``p95_pct`` over all landmarks, the same for each of `GROUPS` under
        ``groups`` and for each landmark under ``landmarks``; % of body height. Values are None without frames.
        ``exchanged_share``: frames in which one of the two took the left leg for the right one; there the legs are
        compared crosswise, as measuring repairs it too. ``raw_p95_pct`` is without that.
    """
    raw, exchanged = distances_pct(track, reference), np.zeros(0, dtype=bool)
    if len(raw):
        both = np.isfinite(raw).any(axis=1)
        crossed = distances_pct(_legs_crossed(track), reference)[both]
        raw = raw[both]
        exchanged = _exchanged(raw, crossed)
    values = np.where(exchanged[:, None], crossed, raw) if exchanged.any() else raw
    members = {group: [i for i, name in enumerate(LANDMARKS) if _group(name, near) == group] for group in GROUPS}
    return {
        "frames": len(values),
        "exchanged_share": round(float(exchanged.mean()), 4) if len(exchanged) else 0.0,
        "raw_p95_pct": _spread(raw)["p95_pct"],
        **_spread(values),
        "groups": {group: _spread(values[:, rows]) for group, rows in members.items()},
        "landmarks": {name: _spread(values[:, i]) for i, name in enumerate(LANDMARKS)},
    }


def _legs_crossed(track: Track) -> Track:
    rows = [MIRROR[i] if name.endswith(_LEG) else i for i, name in enumerate(LANDMARKS)]
    return track.with_(position=track.position[:, rows])


def _exchanged(raw: Array, crossed: Array) -> NDArray[np.bool_]:
    """Return in which frames the legs lie far better crosswise."""
    legs = [i for i, name in enumerate(LANDMARKS) if name.endswith(_LEG)]
    known = np.isfinite(raw[:, legs]).all(axis=1) & np.isfinite(crossed[:, legs]).all(axis=1)
    as_is, across = raw[:, legs].mean(axis=1), crossed[:, legs].mean(axis=1)
    return np.asarray(known & (as_is > _FAR_PCT) & (across < as_is / 2))


def _spread(values: Array) -> dict[str, float | None]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {"median_pct": None, "p95_pct": None}
    median, high = np.percentile(finite, [50, 95])
    return {"median_pct": round(float(median), 4), "p95_pct": round(float(high), 4)}


def _group(name: str, near: str) -> str:
    if name.endswith(("shoulder", "hip")):
        return "trunk"
    if name.endswith(_LEG):
        return "near leg" if name.startswith(near) else "far leg"
    # "index" ends the name of the finger and of the foot; the foot was taken above.
    return "arms" if name.endswith(_ARMS) else "head"


def gait_values(measurement: Measurement) -> dict[str, dict[str, Any]]:
    """Return the values of `COMPARED_VALUES` that a walk has.

    Returns
    -------
    dict of str to dict
        ``label``, ``unit``, ``left``, ``right`` and ``mean`` over both sides, None where there is no value, and ``n``,
        the number of values behind the mean.
    """
    known = measurement.values
    found: dict[str, dict[str, Any]] = {}
    for name in COMPARED_VALUES:
        if name in known:
            values = known[name].to_dict()
            found[name] = {key: values[key] for key in ("label", "unit", "left", "right", "mean", "n")}
    return found


def curve_means(curves: Curves, near: str) -> dict[str, Array]:
    """Return the mean curve of each of `COMPARED_CURVES`, for both legs.

    Parameters
    ----------
    curves : Curves
    near : {"left", "right"}
        Side of the body that the camera sees.

    Returns
    -------
    dict of str to ndarray, shape (101,)
        ``hip_near``, ``hip_far``, ``knee_near`` …: degrees over the gait cycle, NaN where no stride has a value.
    """
    far = "left" if near == "right" else "right"
    return {
        f"{name}_{view}": curves.mean(name, side)
        for name in COMPARED_CURVES
        for view, side in (("near", near), ("far", far))
    }


def curve_differences(means: Mapping[str, Array], reference: Mapping[str, Array]) -> dict[str, float | None]:
    """Compare mean curves with those of the reference.

    Parameters
    ----------
    means, reference : mapping of str to ndarray, shape (101,)
        As of `curve_means`, degrees.

    Returns
    -------
    dict of str to float or None
        Mean absolute difference over the points that both have, degrees; None where there is none.
    """
    found: dict[str, float | None] = {}
    for name, values in means.items():
        away = np.abs(values - reference[name]) if name in reference else np.empty(0)
        finite = away[np.isfinite(away)]
        found[name] = round(float(finite.mean()), 3) if finite.size else None
    return found


def value_differences(
    values: Mapping[str, Mapping[str, Any]], reference: Mapping[str, Mapping[str, Any]], names: Sequence[str] = ()
) -> dict[str, float]:
    """Return by how much each value over both sides differs from that of the reference, in its own unit.

    Parameters
    ----------
    values, reference : mapping of str to mapping
        As of `gait_values`.
    names : sequence of str
        Values to compare; empty: all.

    Returns
    -------
    dict of str to float
        Value less reference; what one of the two lacks is left out.
    """
    return {
        name: float(entry["mean"]) - float(reference[name]["mean"])
        for name, entry in values.items()
        if (not names or name in names)
        and entry.get("mean") is not None
        and reference.get(name, {}).get("mean") is not None
    }
