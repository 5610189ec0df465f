"""One simulated person: body, habits of walking, looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gait_core.simulate.curves import normal_curves, vary_curves

__all__ = ["GaitParameters", "Looks", "Person", "sample_person", "vary_day"]

_PERSON_STREAM = 1101


@dataclass(frozen=True, kw_only=True, eq=False)
class GaitParameters:
    """How a person walks: what they prefer, a day changes, and an impairment distorts.

    Side 0 is left, side 1 right.

    Attributes
    ----------
    curves : ndarray, shape (2, 3, 128)
        Thigh against the vertical, knee flexion, ankle dorsiflexion over the cycle, degrees.
    cadence_spm : float
        Steps per minute.
    step_length_m : float
        Mean step length aimed at by the size of the thigh's swing, m.
    foot_off : ndarray, shape (2,)
        Phase of foot off, share of the cycle.
    right_lag : float
        Phase by which the right foot follows the left, share of the cycle; 0.5 is even.
    trunk_lean_deg, trunk_sway_deg : float
        Mean forward lean, and its swing twice a cycle.
    trunk_lurch_deg : ndarray, shape (2,)
        Lean towards a side while that foot stands.
    pelvis_rotation_deg, pelvis_drop_deg, trunk_rotation_deg : float
        Amplitude of pelvic rotation, pelvic drop and shoulder rotation.
    pelvis_hike_deg, abduction_deg : ndarray, shape (2,)
        Lift of the pelvis and sideways lift of the leg in swing.
    arm_swing_deg, arm_offset_deg, elbow_deg, elbow_swing_deg : ndarray, shape (2,)
        Half the range of the shoulder, its mean (forward +), mean elbow flexion and half its range.
    head_deg : float
        Forward nod of the head.
    noise_scale : float
        Multiplies stride-to-stride noise.
    clearance_m : float
        Least height of the foot over the floor in mid-swing, m.
    lifts_sideways : ndarray, shape (2,)
        Share of the missing height that a leg gains by swinging outwards because its knee does not bend.
    """

    curves: NDArray[np.float64]
    cadence_spm: float
    step_length_m: float
    foot_off: NDArray[np.float64]
    right_lag: float
    trunk_lean_deg: float
    trunk_sway_deg: float
    trunk_lurch_deg: NDArray[np.float64]
    pelvis_rotation_deg: float
    pelvis_drop_deg: float
    trunk_rotation_deg: float
    pelvis_hike_deg: NDArray[np.float64]
    abduction_deg: NDArray[np.float64]
    arm_swing_deg: NDArray[np.float64]
    arm_offset_deg: NDArray[np.float64]
    elbow_deg: NDArray[np.float64]
    elbow_swing_deg: NDArray[np.float64]
    head_deg: float
    lifts_sideways: NDArray[np.float64]
    noise_scale: float = 1.0
    clearance_m: float = 0.012


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Colours (red, green, blue in [0, 255]) and shapes for the renderer."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    shirt: tuple[int, int, int]
    trousers: tuple[int, int, int]
    shoes: tuple[int, int, int]
    sole: tuple[int, int, int]
    long_sleeves: bool
    shorts: bool
    long_hair: bool
    girth: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """Body and habits of one simulated person.

    Attributes
    ----------
    seed : int
        From which everything was drawn.
    height_m : float
        Standing height, m.
    segments : mapping
        Lengths as a share of height: ``thigh shank ankle_height heel_back foot_front trunk hip_half
        shoulder_half upper_arm forearm hand neck head``.
    gait : GaitParameters
        Habits of walking.
    looks : Looks
        For the renderer.
    """

    seed: int
    height_m: float
    segments: Mapping[str, float]
    gait: GaitParameters
    looks: Looks

    def length_m(self, segment: str) -> float:
        """Return the length of a segment, m."""
        return self.segments[segment] * self.height_m

    def with_gait(self, gait: GaitParameters) -> Person:
        """Return the same person with a different gait."""
        return replace(self, gait=gait)


_SEGMENTS: Mapping[str, tuple[float, float]] = {
    "thigh": (0.245, 0.005),
    "shank": (0.240, 0.005),
    "ankle_height": (0.041, 0.002),
    "heel_back": (0.026, 0.002),
    "foot_front": (0.098, 0.004),
    "trunk": (0.288, 0.006),
    "hip_half": (0.050, 0.003),
    "shoulder_half": (0.105, 0.006),
    "upper_arm": (0.172, 0.005),
    "forearm": (0.146, 0.004),
    "hand": (0.055, 0.003),
    "neck": (0.060, 0.004),
    "head": (0.058, 0.002),
}

_SKINS = ((244, 208, 177), (232, 190, 160), (214, 165, 130), (186, 132, 96), (141, 92, 64), (96, 62, 44))
_HAIRS = ((40, 30, 24), (70, 46, 30), (110, 76, 44), (170, 132, 80), (150, 150, 150), (24, 22, 24))
_SHIRTS = ((196, 60, 52), (44, 92, 150), (236, 236, 232), (60, 120, 80), (60, 60, 66), (214, 170, 60), (130, 84, 150))
_TROUSERS = ((40, 44, 62), (66, 78, 104), (90, 90, 92), (120, 104, 80), (34, 34, 36), (70, 92, 130))
_SHOES = ((236, 236, 236), (44, 44, 46), (150, 40, 40), (90, 70, 52), (60, 90, 140))


def sample_person(seed: int) -> Person:
    """Draw a healthy adult.

    Parameters
    ----------
    seed : int
        The same seed gives the same person.

    Returns
    -------
    Person
        Height 1.50–1.95 m, cadence 95–125 steps/min, step length 0.36–0.46 of height, own joint curves
        and a small natural difference between left and right.

    References
    ----------
    Drillis & Contini 1966 in Winter 2009, Biomechanics and Motor Control of Human Movement, 4th ed., fig. 4.1
    (segment lengths). Hollman 2011, Gait & Posture 34:111, and Winter 1991 (cadence, step length). Meyns 2013,
    Gait & Posture 38:555 (arm swing). Sadeghi 2000, Gait & Posture 12:34 (natural asymmetry).
    """
    generator = np.random.default_rng([_PERSON_STREAM, seed])
    normal = generator.standard_normal
    height_m = float(np.clip(1.71 + 0.09 * normal(), 1.50, 1.95))
    segments = {name: mean + sd * float(np.clip(normal(), -2, 2)) for name, (mean, sd) in _SEGMENTS.items()}
    own = vary_curves(normal_curves(), generator)
    curves = np.stack([vary_curves(own, generator, scale=0.22) for _ in range(2)])
    # Tall people take slower steps: cadence falls with the root of leg length (a pendulum).
    cadence_spm = float(np.clip(112.0 * np.sqrt(1.71 / height_m) + 5.5 * normal(), 95.0, 125.0))
    step_ratio = float(np.clip(0.412 + 0.0012 * (cadence_spm - 112.0) + 0.018 * normal(), 0.36, 0.46))
    swing = float(np.clip(17.0 + 4.5 * normal(), 8.0, 27.0))
    gait = GaitParameters(
        curves=curves,
        cadence_spm=cadence_spm,
        step_length_m=step_ratio * height_m,
        foot_off=0.612 + 0.010 * normal() + 0.004 * normal(2),
        right_lag=0.5 + 0.006 * float(normal()),
        trunk_lean_deg=float(np.clip(3.0 + 2.2 * normal(), -2.0, 8.5)),
        trunk_sway_deg=float(np.clip(0.9 + 0.3 * normal(), 0.2, 1.8)),
        trunk_lurch_deg=np.full(2, 1.0),
        pelvis_rotation_deg=float(np.clip(4.5 + 1.4 * normal(), 1.5, 8.0)),
        pelvis_drop_deg=float(np.clip(3.5 + 1.0 * normal(), 1.0, 6.0)),
        trunk_rotation_deg=float(np.clip(4.0 + 1.4 * normal(), 1.0, 8.0)),
        pelvis_hike_deg=np.zeros(2),
        abduction_deg=np.zeros(2),
        arm_swing_deg=swing * (1.0 + 0.12 * normal(2)),
        arm_offset_deg=-4.0 + 2.5 * normal() + 1.2 * normal(2),
        elbow_deg=np.clip(24.0 + 6.0 * normal() + 2.0 * normal(2), 10.0, 45.0),
        elbow_swing_deg=np.clip(9.0 + 3.0 * normal() + normal(2), 2.0, 18.0),
        head_deg=float(2.0 + 3.0 * normal()),
        lifts_sideways=np.zeros(2),
    )
    return Person(seed=seed, height_m=height_m, segments=segments, gait=gait, looks=_sample_looks(generator))


def vary_day(gait: GaitParameters, generator: np.random.Generator) -> GaitParameters:
    """Change the habits of a person as they change from one walk to the next.

    Parameters
    ----------
    gait : GaitParameters
        Habits.
    generator : numpy.random.Generator
        Source of chance.

    Returns
    -------
    GaitParameters
        Cadence SD 2 %, step length 2.5 %, joint offsets 1° and amplitudes 3 %, arm swing 10 %, trunk lean 0.7°.

    References
    ----------
    Kadaba 1989, J Orthop Res 7:849 (repeatability between days). Hollman 2011, Gait & Posture 34:111.
    """
    normal = generator.standard_normal
    mean = gait.curves.mean(axis=2, keepdims=True)
    # Most of a day's change is common to both sides; a little is not.
    amplitude = 1.0 + 0.027 * normal((1, 3, 1)) + 0.013 * normal((2, 3, 1))
    offset = 0.85 * normal((1, 3, 1)) + 0.5 * normal((2, 3, 1))
    tempo = normal()
    return replace(
        gait,
        curves=mean + amplitude * (gait.curves - mean) + offset,
        cadence_spm=gait.cadence_spm * (1.0 + 0.02 * tempo),
        step_length_m=gait.step_length_m * (1.0 + 0.010 * tempo + 0.023 * normal()),
        foot_off=gait.foot_off + 0.004 * normal(),
        right_lag=gait.right_lag + 0.003 * normal(),
        trunk_lean_deg=gait.trunk_lean_deg + 0.7 * normal(),
        arm_swing_deg=gait.arm_swing_deg * np.clip(1.0 + 0.08 * normal() + 0.06 * normal(2), 0.3, 2.0),
        arm_offset_deg=gait.arm_offset_deg + 1.0 * normal(2),
        elbow_deg=gait.elbow_deg + 1.5 * normal(2),
        head_deg=gait.head_deg + 1.5 * normal(),
        pelvis_rotation_deg=gait.pelvis_rotation_deg * (1.0 + 0.1 * normal()),
        trunk_rotation_deg=gait.trunk_rotation_deg * (1.0 + 0.1 * normal()),
    )


def _sample_looks(generator: np.random.Generator) -> Looks:
    def one(colours: tuple[tuple[int, int, int], ...]) -> tuple[int, int, int]:
        base = np.asarray(colours[int(generator.integers(len(colours)))])
        red, green, blue = np.clip(base + generator.integers(-12, 13, 3), 0, 255).tolist()
        return red, green, blue

    shoes = one(_SHOES)
    return Looks(
        skin=one(_SKINS),
        hair=one(_HAIRS),
        shirt=one(_SHIRTS),
        trousers=one(_TROUSERS),
        shoes=shoes,
        sole=(232, 230, 224) if sum(shoes) < 500 else (110, 110, 110),
        long_sleeves=bool(generator.random() < 0.5),
        shorts=bool(generator.random() < 0.2),
        long_hair=bool(generator.random() < 0.4),
        girth=float(np.clip(1.0 + 0.1 * generator.standard_normal(), 0.82, 1.25)),
    )
