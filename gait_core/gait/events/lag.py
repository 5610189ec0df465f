"""By how much the rules are early or late, and how this is corrected where a foot does not show its own time.

Foremost heel and hindmost toe are easy to find and hardly disturbed by noise, but the foot meets the floor 30 to 70 ms
after its foremost point, more in slow walkers. Three other moments lie nearer to the contact, and their mean error
differs less from person to person: the ankles are farthest apart, the foot turns down fastest, the toe falls fastest.
The lag of a foot in a pass is the mean over these cues of what each says for the usual stride: the coordinate rule
tells the strides apart, the cues together show their common lag.

All constants are means over eight public recordings with force plates (contact and foot off at 20 N), each counting
once, projected to the side and sampled at 30 frames a second: in BTKData Gait and PiG_Motion-FlatFoot Full, Hole and
One; in pyc3dserver_examples Walking_Hybrid_1, Capture and two of Codamotion. None of the four walks of the benchmark is
among them. Error between recordings when each is left out in turn (root mean square): foremost heel 17 ms, the three
cues together 9 ms; foot off 9 ms, with the heel's turning point 7 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.methods import Candidates, FootPath, peak_near_s

__all__ = ["CONTACT_CUES", "contact_lags_s", "lags_s", "off_lag_s", "pooled"]

Array = NDArray[np.float64]
Curve = Callable[[FootPath], Array]

CONTACT_WINDOW_S: Final = (-0.06, 0.20)
OFF_WINDOW_S: Final = (-0.14, 0.06)
LEAST_LAG_S, GREATEST_LAG_S = 0.0, 0.110
"""A cue that puts the contact outside this time after the foremost heel has seen something else."""
FEWEST_CUES: Final = 2
"""With fewer cues the usual lag counts too."""


def _lead(path: FootPath) -> Array:
    return path.lead


def _turning_down(path: FootPath) -> Array:
    return -np.gradient(path.pitch_deg, 1.0 / path.rate_hz)


def _toe_falling(path: FootPath) -> Array:
    return -np.gradient(path.toe[:, 1], 1.0 / path.rate_hz)


CONTACT_CUES: Final[Mapping[str, tuple[Curve, float, bool]]] = MappingProxyType(
    {
        "ankles farthest apart": (_lead, 0.009, False),
        "foot turns down fastest": (_turning_down, 0.011, True),
        "toe falls fastest": (_toe_falling, 0.000, True),
    }
)
"""What is highest near contact, how long after contact on average, s, and whether it is a quick turn of the foot."""
FOREMOST_HEEL_S: Final = -0.049
"""Foremost heel relative to contact, s."""
HINDMOST_TOE_S: Final = 0.013
"""Hindmost toe relative to foot off, s."""
HEEL_BEFORE_TOE_S: Final = 0.040
"""How long the heel is hindmost before the toe, s."""
OFF_SLOPE: Final = 0.5
"""Foot off is later by this share of what that time is longer than usual: 1.0 over the recordings, halved because a
median over a few strides is itself unsure."""
WIDEST_S: Final = 0.03
"""Farther from the usual, that time is treated as an error."""
FIXED_LAG_S: Final[Mapping[str, tuple[float, float]]] = MappingProxyType({"foot_velocity": (0.009, -0.006)})
"""Lag of contact and foot off of other rules, s."""
OWN_SHARE: Final = 0.5
"""Weight of what a foot's own strides say of its lag at foot off, against the mean of both feet: few strides say it
unsurely."""
SIMULATED_S: Final = 0.007
"""Half of what these lags are too large, s, in simulated walkers of seeds that no benchmark uses: 14 ms. They are as
much of a source as the eight recordings."""
USUAL_LAG_S: Final = 0.055
USUAL_SHARE: Final = 0.25
FAR_SHARE: Final = 0.15
"""At contact the lag of the near foot is drawn by a quarter to the usual one; of the far foot, whose lag scatters three
times as much between copies of one clip (19 against 7 ms) as between people (9.5 ms), only this share counts."""


def lags_s(candidates: Candidates, path: FootPath, method: str) -> tuple[float, float]:
    """Return by how much contact and foot off come after the moments that a rule gives, s.

    Parameters
    ----------
    candidates : Candidates
        As the rule gave them.
    path : FootPath
        What the rule saw.
    method : str
        Name of the rule.

    Returns
    -------
    contact_s, off_s : float
        Seconds to add to the moments of the rule.
    """
    if method in FIXED_LAG_S:
        return FIXED_LAG_S[method]
    return float(np.mean(contact_lags_s(candidates, path))) - SIMULATED_S, off_lag_s(candidates, path)


def pooled(lags: Array, near: int, *, known: bool) -> Array:
    """Draw the lags of the two feet in a pass together, as far as each is unsure.

    Parameters
    ----------
    lags : ndarray, shape (2, 2)
        Left and right foot, each contact and foot off, s.
    near : {0, 1}
        Which foot is nearer to the camera.
    known : bool
        The rule has cues of its own; fixed lags are left as they are.

    Returns
    -------
    ndarray, shape (2, 2)
        The lags after pooling, s.
    """
    if not known:
        return lags
    result = OWN_SHARE * lags + (1.0 - OWN_SHARE) * lags.mean(axis=0)
    near_s = USUAL_SHARE * (USUAL_LAG_S - SIMULATED_S) + (1.0 - USUAL_SHARE) * lags[near, 0]
    result[near, 0] = near_s
    result[1 - near, 0] = FAR_SHARE * lags[1 - near, 0] + (1.0 - FAR_SHARE) * near_s
    return np.asarray(result)


def contact_lags_s(candidates: Candidates, path: FootPath) -> list[float]:
    """Return by how much each cue puts the contacts after the foremost heel, s, or the usual lag.

    Returns
    -------
    list of float
        One lag per usable cue, s, and the usual lag where too few cues are usable.
    """
    lags: list[float] = []
    for curve_of, after_s, turns in CONTACT_CUES.values():
        curve, late_s = curve_of(path), after_s + (path.turn_delay_s if turns else 0.0)
        seen = [
            time_s - foremost_s - late_s
            for foremost_s in candidates.contact_s
            if (time_s := peak_near_s(curve, path, float(foremost_s), CONTACT_WINDOW_S)) is not None
        ]
        lag_s = float(np.median(seen)) if seen else np.nan
        if LEAST_LAG_S <= lag_s <= GREATEST_LAG_S:
            lags.append(lag_s)
    return lags if len(lags) >= FEWEST_CUES else [*lags, -FOREMOST_HEEL_S]


def off_lag_s(candidates: Candidates, path: FootPath) -> float:
    """Return by how much foot off comes after the hindmost toe, s; negative, because it comes before.

    Returns
    -------
    float
        Lag, s.
    """
    behind = -path.heel[:, 0]
    seen = [
        hindmost_s - time_s
        for hindmost_s in candidates.off_s
        if (time_s := peak_near_s(behind, path, float(hindmost_s), OFF_WINDOW_S)) is not None
    ]
    behind_s = float(np.median(seen)) if seen else HEEL_BEFORE_TOE_S
    return -HINDMOST_TOE_S + OFF_SLOPE * float(np.clip(behind_s - HEEL_BEFORE_TOE_S, -WIDEST_S, WIDEST_S))
