import numpy as np
import pytest
from marker_files import Z_UP, body, walked

from gait_core.errors import InputError
from gait_core.markers.directions import directions_of
from gait_core.markers.marker_sets import LEG_PARTS, LegMarkers, legs_of
from gait_core.markers.trial import read_trial

X, Y, Z = np.eye(3)
AXES = [(X, Z), (-X, Z), (Y, Z), (-Y, Z), (X, Y), (-X, Y), (Z, Y), (-Z, Y), (Y, X), (X, -Y)]


def legs(points):
    wanted = {f"{side}_{part}" for side in ("left", "right") for part in LEG_PARTS}
    return LegMarkers(
        marker_set="", points_m={name: points[name] for name in wanted}, made_of=dict.fromkeys(wanted, ""), notes=()
    )


def close(found, wanted, degrees=3.0):
    return found @ np.asarray(wanted) > np.cos(np.deg2rad(degrees))


@pytest.mark.parametrize("treadmill", [False, True])
@pytest.mark.parametrize("axes", AXES, ids=lambda axes: f"{axes[0]} {axes[1]}")
def test_directions_of_every_laboratory(axes, treadmill):
    found = directions_of(legs(body(tuple(map(tuple, axes)), treadmill)), 100.0)
    assert np.array_equal(found.up, axes[1])
    assert close(found.forward, axes[0])
    assert np.allclose(found.right, np.cross(found.forward, found.up))
    assert np.isclose(np.linalg.norm(found.forward), 1.0)
    assert abs(found.forward @ found.up) < 1e-9
    assert found.treadmill == treadmill


@pytest.mark.parametrize("treadmill", [False, True])
@pytest.mark.parametrize("impairment", ["shuffling", "foot_drop", "asymmetric_step"])
def test_directions_of_patients(impairment, treadmill):
    found = directions_of(legs(body(Z_UP, treadmill, impairment)), 100.0)
    assert close(found.forward, X, 5.0)
    assert found.treadmill == treadmill


def test_a_walk_at_an_angle_to_the_axes():
    forward = np.array([np.cos(0.6), np.sin(0.6), 0.0])
    found = directions_of(legs(body((tuple(forward), tuple(Z)))), 100.0)
    assert close(found.forward, forward)


def test_there_and_back_is_the_way_there():
    there_and_back = body(back=True)
    found = directions_of(legs(there_and_back), 100.0)
    assert close(found.forward, X)
    assert not found.treadmill
    reverse = {name: curve[::-1] for name, curve in there_and_back.items()}
    assert close(directions_of(legs({name: curve * [-1, -1, 1] for name, curve in reverse.items()}), 100.0).forward, X)


def test_a_short_turn_before_the_walk_does_not_count():
    points = body(back=True)
    frames = len(walked()[0])
    late = {name: curve[frames - 40 :] for name, curve in points.items()}
    assert close(directions_of(legs(late), 100.0).forward, -X)


def test_a_walk_backwards_faces_forward():
    found = directions_of(legs({name: curve[::-1] for name, curve in body().items()}), 100.0)
    assert close(found.forward, X)
    assert not found.treadmill


def test_standing_is_no_treadmill():
    points = {name: np.repeat(curve[100:101], 50, axis=0) for name, curve in body().items()}
    found = directions_of(legs(points), 100.0)
    assert close(found.forward, X, 25.0)
    assert not found.treadmill


def test_one_frame_and_gaps():
    one = directions_of(legs({name: curve[100:101] for name, curve in body().items()}), 100.0)
    assert close(one.forward, X, 25.0)
    holes = {name: curve.copy() for name, curve in body().items()}
    for number, curve in enumerate(holes.values()):
        curve[30 + number : 60 + number] = np.nan
    assert close(directions_of(legs(holes), 100.0).forward, X)


def test_hips_and_feet_that_are_never_seen_together():
    points = {name: curve.copy() for name, curve in body().items()}
    for name, curve in points.items():
        curve[: len(curve) // 2] = np.nan if "hip" in name else curve[: len(curve) // 2]
        curve[len(curve) // 2 :] = np.nan if "heel" in name else curve[len(curve) // 2 :]
    with pytest.raises(InputError, match="both hips above both heels"):
        directions_of(legs(points), 100.0)


def test_feet_without_toes():
    points = dict(body())
    for side in ("left", "right"):
        points[f"{side}_foot_index"] = np.full_like(points[f"{side}_heel"], np.nan)
    with pytest.raises(InputError, match="heels and toes"):
        directions_of(legs(points), 100.0)


REAL = {
    "figshare_pd_SUB01_off_walk_12b": (False, 0.035),
    "fukuchi_WBDS19walkT01": (True, 0.02),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(data, name):
    pytest.importorskip("ezc3d")
    path = data / "c3d" / f"{name}.c3d"
    if not path.is_file():
        pytest.skip("the C3D files of other laboratories are not on this machine")
    treadmill, most_m = REAL[name]
    trial = read_trial(path)
    found = legs_of(trial)
    assert found.marker_set == "IOR (Leardini)"
    directions = directions_of(found, trial.rate_hz)
    assert directions.treadmill == treadmill
    assert np.array_equal(directions.up, Y)
    assert close(directions.forward, X, 1.0)
    names = {"hip": "hip", "knee": "knee", "ankle": "ankle", "heel": "heel", "foot_index": "toe"}
    with np.load(data / "mocap_slow" / f"{name}.npz", allow_pickle=False) as other:
        for landmark, curve in found.points_m.items():
            side, _, part = landmark.partition("_")
            if part not in names:
                continue
            x, y, z = other[f"{side[0].upper()}_{names[part]}"].T / 1000.0
            apart = curve - np.stack([x, z, -y], axis=1)
            along_m, up_m = (abs(float(np.nanmedian(apart @ axis))) for axis in (directions.forward, directions.up))
            # The other reader takes the lateral markers and the first metatarsal as they are; its hip is a trochanter
            # or the middle of the pelvis markers.
            assert along_m < (0.035 if part == "hip" else most_m)
            assert up_m < (0.09 if part == "hip" else 0.012)
            assert part != "heel" or (along_m, up_m) == pytest.approx((0.0, 0.0), abs=1e-6)
