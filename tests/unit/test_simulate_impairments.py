"""The impairments: exactly normal at 0, growing with severity, clinically plain at 0.4."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gait_core.errors import SettingsError
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import sample_person, walk

Measure = Callable[[WalkTruth], float]
PEOPLE = range(4)


def impaired(name: str, severity: float, seed: int, side: str = "left") -> WalkTruth:
    return walk(sample_person(seed), seed=1, impairment=name, severity=severity, affected_side=side, stay_in_view=False)


def in_swing(truth: WalkTruth, joint: str, side: str = "left") -> np.ndarray:
    phase = truth.phase[:, 0 if side == "left" else 1]
    return truth.angle_deg(side, joint)[(phase > 0.65) & (phase < 0.95)]


def stance_share(truth: WalkTruth, side: str) -> float:
    stances = [end - start for s, start, end, _ in truth.foot_placements if s == side and start > 0]
    return float(np.mean(stances[:-1])) * truth.cadence_spm / 120.0


def arm_range(truth: WalkTruth, side: str) -> float:
    row = 15 if side == "left" else 16
    return float(np.ptp(truth.room_m[:, row, 0] - truth.room_m[:, row - 4, 0]))


def step_asymmetry(truth: WalkTruth) -> float:
    left, right = (float(np.mean(truth.step_length_m[side])) for side in ("left", "right"))
    return (right - left) / (right + left)


def lateral_reach(truth: WalkTruth) -> float:
    return float((truth.room_m[:, 23, 2] - truth.room_m[:, 27, 2]).max())


# What grows or falls, and by how much at least at severity 1.
EFFECTS: dict[str, tuple[Measure, float]] = {
    "antalgic": (lambda t: stance_share(t, "right") - stance_share(t, "left"), 0.08),
    "stiff_knee": (lambda t: -float(in_swing(t, "knee").max()), 30.0),
    "circumduction": (lateral_reach, 0.15),
    "foot_drop": (lambda t: -float(np.median(in_swing(t, "ankle"))), 12.0),
    "crouch": (
        lambda t: float(np.median(t.angle_deg("left", "knee")[(t.phase[:, 0] > 0.2) & (t.phase[:, 0] < 0.45)])),
        22.0,
    ),
    "shuffling": (lambda t: -t.stride_length_m, 0.6),
    "asymmetric_step": (step_asymmetry, 0.25),
    "reduced_arm_swing": (lambda t: -arm_range(t, "left"), 0.1),
}


def test_every_impairment_is_listed_and_described() -> None:
    assert set(IMPAIRMENTS) == set(EFFECTS)
    for function in IMPAIRMENTS.values():
        assert "severity 1" in (function.__doc__ or "")
        assert "References" in (function.__doc__ or "")


@pytest.mark.parametrize("name", list(EFFECTS))
def test_severity_zero_is_exactly_normal(name: str) -> None:
    normal = walk(sample_person(1), seed=4)
    zero = walk(sample_person(1), seed=4, impairment=name, severity=0.0)
    assert zero.position_px.tobytes() == normal.position_px.tobytes()
    assert zero.angles_deg.tobytes() == normal.angles_deg.tobytes()


@pytest.mark.parametrize("name", list(EFFECTS))
def test_the_effect_grows_with_severity(name: str) -> None:
    measure, least = EFFECTS[name]
    values = np.array([[measure(impaired(name, severity, p)) for p in PEOPLE] for severity in (0.0, 0.4, 0.7, 1.0)])
    effect = (values - values[0]).mean(axis=1)
    assert (np.diff(effect) > 0).all()
    assert effect[-1] > least
    assert effect[1] > 0.2 * effect[-1]


def test_the_affected_side_is_the_one_affected() -> None:
    left, right = (impaired("stiff_knee", 1.0, 2, side) for side in ("left", "right"))
    assert in_swing(left, "knee", "left").max() + 20 < in_swing(left, "knee", "right").max()
    assert in_swing(right, "knee", "right").max() + 20 < in_swing(right, "knee", "left").max()


@pytest.mark.parametrize("name", list(EFFECTS))
def test_the_body_stays_possible(name: str) -> None:
    for person in PEOPLE:
        truth = impaired(name, 1.0, person)
        assert np.isfinite(truth.position_px).all()
        assert truth.angles_deg[:, :, 1].min() > -1.0
        assert truth.angles_deg[:, :, 1].max() < 110.0
        assert np.abs(truth.angles_deg[:, :, 2]).max() < 50.0
        assert truth.room_m[:, 29:33, 1].min() > -0.04


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SettingsError, match="moonwalk"):
        walk(sample_person(0), seed=0, impairment="moonwalk", severity=0.5)
