"""Impaired ways of walking, each from 0 (exactly normal) to 1 (severe)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import SettingsError
from gait_core.simulate.curves import ANKLE, HIP, KNEE, SAMPLES, bump
from gait_core.simulate.person import GaitParameters

__all__ = ["IMPAIRMENTS", "Impairment", "impair"]

Impairment = Callable[[GaitParameters, float, int], GaitParameters]
"""Takes the normal parameters, the severity in [0, 1] and the affected side (0 left, 1 right)."""


def _at(side: int, affected: float, other: float = 0.0) -> NDArray[np.float64]:
    values = np.full(2, other)
    values[side] = affected
    return values


def _towards(curve: NDArray[np.float64], goal: float, window: NDArray[np.float64], share: float) -> None:
    """Pull a curve towards a value inside a window, in place."""
    curve += share * window * (goal - curve)


def _plateau(start: float, end: float, edge: float = 0.08) -> NDArray[np.float64]:
    """Return a window that is 1 between start and end, with smooth edges outside."""
    length = end - start
    phase = (np.arange(SAMPLES) / SAMPLES - (start - edge)) % 1.0
    rise = np.clip(phase / edge, 0.0, 1.0)
    fall = np.clip((length + 2 * edge - phase) / edge, 0.0, 1.0)
    ramp = np.minimum(rise, fall)
    return ramp * ramp * (3.0 - 2.0 * ramp)


def antalgic(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Limp to spare a painful leg.

    At severity 1 the stance of the affected leg is 9 % of the cycle shorter and that of the other 4 % longer,
    the step onto the other foot comes early, cadence falls by 14 % and step length by 22 %, push-off is
    reduced by 10° of plantarflexion, the knee is kept 6° more bent, and the trunk lurches 9° over the
    painful leg.

    References
    ----------
    Perry & Burnfield 2010, Gait Analysis, 2nd ed. (antalgic pattern). Mündermann 2005, Arthritis Rheum
    52:2835; Kaufman 2001, J Biomech 34:907 (knee osteoarthritis).
    """
    curves = gait.curves.copy()
    curves[side, ANKLE] += severity * 10.0 * bump(0.48, 0.80)
    curves[side, KNEE] += severity * 6.0 * _plateau(0.12, 0.45)
    lag = severity * (0.05 if side == 1 else -0.05)
    lurch = gait.trunk_lurch_deg + severity * _at(side, 9.0)
    return replace(
        gait,
        curves=curves,
        foot_off=gait.foot_off + severity * _at(side, -0.09, 0.04),
        right_lag=gait.right_lag + lag,
        cadence_spm=gait.cadence_spm * (1.0 - 0.14 * severity),
        step_length_m=gait.step_length_m * (1.0 - 0.22 * severity),
        trunk_lurch_deg=lurch,
        trunk_lean_deg=gait.trunk_lean_deg + 3.0 * severity,
        arm_swing_deg=gait.arm_swing_deg * (1.0 - 0.2 * severity),
        noise_scale=gait.noise_scale * (1.0 + 0.3 * severity),
    )


def stiff_knee(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Keep one knee stiff in swing.

    At severity 1 the peak of swing flexion falls from about 65° to about 22°, loading
    flexion to 5°; the pelvis hikes 8° and the leg swings 8° outwards, or as far as it takes to clear the floor;
    cadence −8 %, step length −12 %.

    References
    ----------
    Sutherland & Davids 1993, Clin Orthop 288:139. Goldberg 2006, J Biomech 39:1437. Stoquart 2008,
    Gait & Posture 27:651.
    """
    curves = gait.curves.copy()
    _towards(curves[side, KNEE], 12.0, _plateau(0.50, 0.86, 0.12), severity)
    _towards(curves[side, KNEE], 5.0, _plateau(0.08, 0.25), 0.8 * severity)
    curves[side, HIP] -= severity * 5.0 * bump(0.6, 0.95)
    curves[side, ANKLE] += severity * 7.0 * bump(0.55, 0.85)
    return replace(
        gait,
        curves=curves,
        pelvis_hike_deg=gait.pelvis_hike_deg + severity * _at(side, 8.0),
        abduction_deg=gait.abduction_deg + severity * _at(side, 8.0),
        lifts_sideways=_at(side, severity),
        cadence_spm=gait.cadence_spm * (1.0 - 0.08 * severity),
        step_length_m=gait.step_length_m * (1.0 - 0.12 * severity),
    )


def circumduction(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Swing one leg round in a half circle.

    At severity 1 the leg swings 20° outwards with 9° of pelvic hike, swing flexion of the knee falls to
    about 35° and that of the hip is 12° less, the foot hangs 8° lower, stance of the affected leg is 5 % of the cycle
    shorter; cadence −15 %, step length −20 %, the affected arm swings half as far.

    References
    ----------
    Kerrigan 2000, Am J Phys Med Rehabil 79:484. Perry & Burnfield 2010, ch. 13. Olney & Richards 1996,
    Gait & Posture 4:136 (hemiparetic gait).
    """
    curves = gait.curves.copy()
    _towards(curves[side, KNEE], 8.0, _plateau(0.54, 0.88, 0.10), 0.65 * severity)
    curves[side, HIP] -= severity * 12.0 * bump(0.60, 1.02)
    curves[side, ANKLE] -= severity * 8.0 * _plateau(0.70, 0.95)
    return replace(
        gait,
        curves=curves,
        abduction_deg=gait.abduction_deg + severity * _at(side, 20.0),
        lifts_sideways=_at(side, severity),
        pelvis_hike_deg=gait.pelvis_hike_deg + severity * _at(side, 9.0),
        foot_off=gait.foot_off + severity * _at(side, -0.05, 0.02),
        cadence_spm=gait.cadence_spm * (1.0 - 0.15 * severity),
        step_length_m=gait.step_length_m * (1.0 - 0.20 * severity),
        trunk_lurch_deg=gait.trunk_lurch_deg + severity * _at(1 - side, 6.0),
        arm_swing_deg=gait.arm_swing_deg * (1.0 - severity * _at(side, 0.5)),
    )


def foot_drop(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Let one foot hang in swing and lift the leg higher to clear it (steppage).

    At severity 1 dorsiflexion is 20° less in swing and 10° less at contact, so that the foot lands flat or
    slaps, and hip and knee flex 13° and 16° more in mid-swing; cadence −6 %, step length −8 %.

    References
    ----------
    Stewart 2008, Pract Neurol 8:158. Don 2007, Clin Biomech 22:984 (foot drop in Charcot-Marie-Tooth disease).
    Perry & Burnfield 2010, ch. 11.
    """
    curves = gait.curves.copy()
    curves[side, ANKLE] -= severity * 20.0 * _plateau(0.72, 0.92, 0.16)
    curves[side, HIP] += severity * 13.0 * bump(0.60, 1.0)
    curves[side, KNEE] += severity * 16.0 * bump(0.62, 1.0)
    return replace(
        gait,
        curves=curves,
        cadence_spm=gait.cadence_spm * (1.0 - 0.06 * severity),
        step_length_m=gait.step_length_m * (1.0 - 0.08 * severity),
    )


def crouch(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Walk with both knees bent.

    At severity 1 the knees are 30° more bent in stance (12° in swing), the thighs 15° further forward,
    the ankles 13° more dorsiflexed and push-off weak; cadence −5 %, step length −25 %, trunk 8° further
    forward. Both sides; the affected side plays no part.

    References
    ----------
    Rodda 2004, J Bone Joint Surg Br 86:251. Hicks 2008, J Biomech 41:960. Steele 2010, J Biomech 43:2099.
    """
    del side
    curves = gait.curves.copy()
    stance = _plateau(0.0, 0.52, 0.2)
    curves[:, KNEE] += severity * (12.0 + 18.0 * stance)
    curves[:, HIP] += severity * 15.0
    curves[:, ANKLE] += severity * (13.0 * stance + 5.0)
    return replace(
        gait,
        curves=curves,
        cadence_spm=gait.cadence_spm * (1.0 - 0.05 * severity),
        step_length_m=gait.step_length_m * (1.0 - 0.25 * severity),
        trunk_lean_deg=gait.trunk_lean_deg + 8.0 * severity,
        foot_off=gait.foot_off + 0.03 * severity,
        elbow_deg=gait.elbow_deg + 15.0 * severity,
    )


def shuffling(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Shuffle with short, quick, flat-footed steps, as in Parkinson's disease.

    At severity 1 steps are 60 % shorter and 10 % quicker, swing flexion of the knee is reduced by half, the foot
    lands flat, arms swing 70 % less with elbows 25° more bent, the trunk leans 14° further forward with the
    head, and trunk and pelvis rotate 60 % less. Both sides; the affected side plays no part.

    References
    ----------
    Morris 1994, J Neurol Neurosurg Psychiatry 57:1497; 1996, Brain 119:551. Sofuwa 2005, Arch Phys Med Rehabil
    86:1007.
    """
    del side
    curves = gait.curves.copy()
    mean = curves.mean(axis=2, keepdims=True)
    curves[:, KNEE] = mean[:, KNEE] + (1.0 - 0.42 * severity) * (curves[:, KNEE] - mean[:, KNEE])
    curves[:, KNEE] += 3.0 * severity
    curves[:, ANKLE] = mean[:, ANKLE] + (1.0 - 0.5 * severity) * (curves[:, ANKLE] - mean[:, ANKLE])
    curves[:, ANKLE] += 5.0 * severity
    curves[:, HIP] += 5.0 * severity
    return replace(
        gait,
        curves=curves,
        step_length_m=gait.step_length_m * (1.0 - 0.60 * severity),
        cadence_spm=gait.cadence_spm * (1.0 + 0.10 * severity),
        foot_off=gait.foot_off + 0.05 * severity,
        trunk_lean_deg=gait.trunk_lean_deg + 14.0 * severity,
        head_deg=gait.head_deg + 12.0 * severity,
        arm_swing_deg=gait.arm_swing_deg * (1.0 - 0.70 * severity),
        elbow_deg=gait.elbow_deg + 25.0 * severity,
        elbow_swing_deg=gait.elbow_swing_deg * (1.0 - 0.6 * severity),
        trunk_rotation_deg=gait.trunk_rotation_deg * (1.0 - 0.6 * severity),
        pelvis_rotation_deg=gait.pelvis_rotation_deg * (1.0 - 0.6 * severity),
        clearance_m=gait.clearance_m * (1.0 - 0.7 * severity),
    )


def asymmetric_step(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Step shorter with one foot than with the other.

    At severity 1 the step of the affected foot is about 35 % shorter than the mean of the two and the other as
    much longer, with little change of stride length; the step times differ by 6 % of the cycle.

    References
    ----------
    Balasubramanian 2007, Arch Phys Med Rehabil 88:43. Allen 2011, Gait & Posture 33:538 (step length
    asymmetry after stroke). Reisman 2009, Neurorehabil Neural Repair 23:735.
    """
    curves = gait.curves.copy()
    # A thigh turned back by δ on one side and forward by δ on the other moves the steps apart by 4·leg·δ.
    shift_deg = severity * float(np.degrees(0.35 * gait.step_length_m / (2.0 * 0.53 * gait.step_length_m / 0.412)))
    curves[side, HIP] -= shift_deg
    curves[1 - side, HIP] += shift_deg
    curves[side, KNEE] += severity * 3.0 * _plateau(0.3, 0.6)
    lag = severity * (-0.03 if side == 1 else 0.03)
    return replace(
        gait,
        curves=curves,
        right_lag=gait.right_lag + lag,
        cadence_spm=gait.cadence_spm * (1.0 - 0.06 * severity),
        step_length_m=gait.step_length_m * (1.0 - 0.08 * severity),
    )


def reduced_arm_swing(gait: GaitParameters, severity: float, side: int) -> GaitParameters:
    """Hold one arm still.

    At severity 1 the affected arm swings 5 % of its normal range and the other 70 %, the elbow is 18° more bent
    and moves little, and the shoulders rotate half as far.

    References
    ----------
    Lewek 2010, Gait & Posture 31:256; Mirelman 2016, Mov Disord 31:1527 (early Parkinson's disease).
    """
    return replace(
        gait,
        arm_swing_deg=gait.arm_swing_deg * (1.0 - severity * _at(side, 0.95, 0.30)),
        elbow_deg=gait.elbow_deg + severity * _at(side, 18.0, 3.0),
        elbow_swing_deg=gait.elbow_swing_deg * (1.0 - severity * _at(side, 0.9, 0.3)),
        trunk_rotation_deg=gait.trunk_rotation_deg * (1.0 - 0.5 * severity),
    )


IMPAIRMENTS: Final[Mapping[str, Impairment]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            antalgic,
            stiff_knee,
            circumduction,
            foot_drop,
            crouch,
            shuffling,
            asymmetric_step,
            reduced_arm_swing,
        )
    }
)
"""Name → function."""


def impair(gait: GaitParameters, name: str | None, severity: float, side: int) -> GaitParameters:
    """Apply an impairment by name.

    Parameters
    ----------
    gait : GaitParameters
        Normal parameters.
    name : str or None
        A key of `IMPAIRMENTS`; None leaves everything as it is.
    severity : float
        From 0 (exactly normal) to 1.
    side : {0, 1}
        Affected side, left or right.

    Returns
    -------
    GaitParameters
        Changed parameters.

    Raises
    ------
    SettingsError
        When the name is unknown or the severity out of range.
    """
    if not 0.0 <= severity <= 1.0:
        raise SettingsError(f"Expected severity between 0 and 1, but got {severity!r}.", "Give a severity in [0, 1].")
    if name is None:
        return gait
    if name not in IMPAIRMENTS:
        raise SettingsError(
            f"Expected impairment among {', '.join(IMPAIRMENTS)}, but got {name!r}.", "Choose one of these."
        )
    return gait if severity == 0.0 else IMPAIRMENTS[name](gait, severity, side)
