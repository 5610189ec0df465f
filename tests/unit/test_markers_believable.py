"""What a marker file states of itself is checked: its arrays, its times, its unit of length."""

import os
import struct
import zipfile

import numpy as np
import pytest
from marker_files import body, write_c3d
from support.recorded_walks import PARTS, recording

from gait_core.errors import InputError, NotFoundError
from gait_core.markers.believable import believable_unit, longest_part
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.recording import open_recording
from gait_core.markers.side_view import side_view
from gait_core.validation.mocap import mocap_evidence

MARKS = [f"{side}_{part}" for side in "LR" for part in PARTS]
TIMES = np.arange(501) / 100.0


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Return the arrays of a recording."""
    path = tmp_path_factory.mktemp("walk") / "walk.npz"
    recording(path)
    with np.load(path) as file:
        return dict(file)


def write(folder, stored, **changes):
    np.savez(folder / "walk.npz", **(stored | changes))
    return folder / "walk.npz"


def refusal(path):
    with pytest.raises(InputError) as refused:
        open_recording(path)
    return str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": np.array("fast")}, "rate holds 'fast' where numbers are expected"),
        ({"rate": np.array(np.nan)}, "rate holds 'nan' where a number above 0 is expected"),
        ({"progress_axis": np.array(2)}, "progress_axis holds '2' where 0 or 1 is expected"),
        ({"progress_sign": np.array(0)}, "progress_sign holds '0' where -1 or 1 is expected"),
        ({"L_hip": np.ones((501, 3), complex)}, "L_hip holds '(1+0j)"),
        ({"L_hip": np.ones((501, 2))}, "L_hip has the shape (501, 2), where the times ask for (501, 3)"),
        ({"angle_L_knee": np.ones(5)}, "angle_L_knee has the shape (5,)"),
        ({"events": np.array(3.0)}, "events has the shape ()"),
        ({"events": np.array([["L", "HS", "nan"]])}, "events holds 'L, HS, nan'"),
        ({"time": TIMES[:, None]}, "but got the shape (501, 1)"),
        ({"time": np.where(TIMES == 1.0, np.nan, TIMES)}, "sample 101 is at nan s"),
        ({"time": TIMES[::-1]}, "times that rise from each sample to the next, but in walk.npz sample 2 is at 4.99 s"),
        ({"time": TIMES + 1e17}, "times that rise"),
    ],
)
def test_each_wrong_array_is_named(tmp_path, stored, changes, said):
    message = refusal(write(tmp_path, stored, **changes))
    assert said in message
    assert "lacks" not in message


def test_a_missing_array_is_named(tmp_path, stored):
    np.savez(tmp_path / "walk.npz", **{name: value for name, value in stored.items() if name != "R_ankle"})
    assert "walk.npz lacks R_ankle." in refusal(tmp_path / "walk.npz")


def npy(shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize("shape", ["(500_000_000_000,)", "(-1,)", "(4611686018427387904, 8)"])
def test_a_header_that_announces_more_than_there_is(tmp_path, shape):
    with zipfile.ZipFile(tmp_path / "walk.npz", "w") as archive:
        archive.writestr("time.npy", npy(shape) + bytes(64))
    assert "walk.npz cannot be read" in refusal(tmp_path / "walk.npz")


def test_an_archive_that_unpacks_a_thousandfold(tmp_path):
    with zipfile.ZipFile(tmp_path / "walk.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("time.npy", npy("(12_500_000,)") + bytes(100_000_000))
    assert "walk.npz cannot be read" in refusal(tmp_path / "walk.npz")


@pytest.mark.parametrize("start", [200, 2000])
def test_a_damaged_archive(tmp_path, stored, start):
    np.savez_compressed(tmp_path / "walk.npz", **stored)
    content = bytearray((tmp_path / "walk.npz").read_bytes())
    content[start : start + 100] = bytes(byte ^ 0x5A for byte in content[start : start + 100])
    (tmp_path / "walk.npz").write_bytes(content)
    assert "walk.npz cannot be read" in refusal(tmp_path / "walk.npz")


@pytest.mark.parametrize("name", ["walk.npz", "walk.c3d"])
def test_a_folder_or_nothing_in_place_of_a_file(tmp_path, name):
    with pytest.raises(NotFoundError, match="there is none"):
        open_recording(tmp_path / name)
    (tmp_path / name).mkdir()
    assert "but a folder is in its place" in refusal(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["walk.npz", "walk.c3d"])
def test_a_pipe_is_never_opened(tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert "it is not an ordinary file" in refusal(tmp_path / name)


@pytest.mark.parametrize("hole_s", [3.0, 86_400.0])
def test_of_a_recording_with_a_hole_the_longest_part_is_used(tmp_path, stored, hole_s):
    times = np.where(np.arange(501) < 101, TIMES, TIMES + hole_s)
    found = open_recording(write(tmp_path, stored, time=times))
    walk = found.walk
    assert len(walk.time_s) == 400
    assert {len(curve) for curve in (*walk.points_m.values(), *walk.angles.values())} == {400}
    assert all(walk.time_s[0] <= event.time_s for event in walk.events)
    assert any(f"After 1.0 s there is no sample for {hole_s:.1f} s." in note for note in found.notes)
    assert len(side_view(walk)) == 400


def test_a_validation_uses_the_same_part(tmp_path, stored):
    late = np.arange(501) >= 101
    events = stored["events"].astype("U16")
    events[:, 2] = [str(float(time) + 86_400.0 * (float(time) > 1.0)) for time in events[:, 2]]
    path = write(tmp_path, stored, time=TIMES + 86_400.0 * late, events=events)
    evidence, reference = mocap_evidence(path, seeds=(0,))
    assert len(reference.time_s) == 400
    assert len(evidence) == 2
    assert all(one.matching is not None and len(one.strides) > 2 for one in evidence)


def test_a_clock_without_a_hole_is_left_alone():
    assert longest_part(TIMES, "walk") == (slice(0, 501), [])
    assert longest_part(np.array([5.0]), "walk") == (slice(0, 1), [])


def test_the_times_decide_about_the_rate(tmp_path, stored):
    found = open_recording(write(tmp_path, stored, rate=np.array(200.0)))
    assert found.walk.rate_hz == pytest.approx(100.0)
    assert any("200 samples a second, but its times have 100" in note for note in found.notes)


@pytest.mark.parametrize(("factor", "unit"), [(0.001, "m"), (0.1, "cm")])
def test_positions_in_another_unit_than_millimetres(tmp_path, stored, factor, unit):
    right = MocapWalk.load(write(tmp_path, stored)).points_m["left_knee"]
    found = open_recording(write(tmp_path, stored, **{name: factor * stored[name] for name in MARKS}))
    assert np.allclose(found.walk.points_m["left_knee"], right)
    assert any(f"; {unit} is assumed" in note for note in found.notes)


@pytest.mark.parametrize("factor", [1e200, 30.0, 0.02])
def test_legs_of_no_person(tmp_path, stored, factor):
    assert "no other unit of length fits" in refusal(
        write(tmp_path, stored, **{name: factor * stored[name] for name in MARKS})
    )


def test_each_length_of_a_leg_fits_in_one_unit_only():
    assert believable_unit(0.8, 0.01, "walk") == (0.01, [])
    assert believable_unit(float("nan"), 0.01, "walk") == (0.01, [])
    for metres in (0.001, 0.01, 1.0):
        for other in (0.001, 0.01, 1.0):
            assert believable_unit(0.8 * metres / other, metres, "walk")[0] == other


@pytest.mark.parametrize(("units", "scale", "unit"), [("mm", 100.0, "cm"), ("cm", 1000.0, "mm")])
def test_a_unit_that_is_wrong_by_ten(tmp_path, units, scale, unit):
    pytest.importorskip("ezc3d")
    names = {f"{side}_{name}": f"{side}_{name}" for side in ("left", "right") for name in PARTS.values()}
    points = {label: body()[name] for label, name in names.items()}
    right = open_recording(write_c3d(tmp_path / "right.c3d", points))
    wrong = open_recording(write_c3d(tmp_path / "wrong.c3d", points, units=units, scale=scale))
    assert np.allclose(wrong.walk.points_m["left_knee"], right.walk.points_m["left_knee"], atol=1e-4)
    assert not any("assumed" in note for note in right.notes)
    assert any(f"; {unit} is assumed" in note for note in wrong.notes)


@pytest.mark.parametrize("rate_hz", [1e30, 1e-30])
def test_a_rate_that_no_recording_can_have(tmp_path, rate_hz):
    pytest.importorskip("ezc3d")
    points = {f"{side}_{name}": body()[f"{side}_{name}"] for side in ("left", "right") for name in PARTS.values()}
    found = open_recording(write_c3d(tmp_path / "walk.c3d", points, rate_hz=rate_hz))
    assert found.walk.rate_hz == 1.0
    assert any("1 frame per second is assumed" in note for note in found.notes)


def test_a_header_with_another_rate_is_named(tmp_path):
    pytest.importorskip("ezc3d")
    points = {f"{side}_{name}": body()[f"{side}_{name}"] for side in ("left", "right") for name in PARTS.values()}
    path = write_c3d(tmp_path / "walk.c3d", points, rate_hz=100.0)
    assert not any("POINT:RATE" in note for note in open_recording(path).notes)
    content = bytearray(path.read_bytes())
    content[20:24] = struct.pack("<f", 50.0)  # words 11 and 12 of the header
    path.write_bytes(content)
    found = open_recording(path)
    assert found.walk.rate_hz == 100.0
    assert any("POINT:RATE states 100 frames per second, the header 50; 100 is used" in note for note in found.notes)


@pytest.mark.parametrize(("forward_mm", "said"), [(-250.0, "thigh is 0."), (0.0, None)])
def test_a_knee_marker_that_lies_wrong_makes_legs_of_no_person(tmp_path, stored, forward_mm, said):
    """Moved by 25 cm, a knee once had a range of 41° in the means, and 76° of flexion in stance."""
    moved = stored["L_knee"] + np.array([0.0, forward_mm, 0.0])
    path = write(tmp_path, stored, L_knee=moved)
    if said is None:
        assert not [note for note in open_recording(path).notes if "thigh" in note]
    else:
        message = refusal(path)
        assert said in message and "a marker lies wrong, or labels are exchanged" in message


def test_legs_that_differ_a_little_more_than_usual_are_measured_and_named(tmp_path, stored):
    shorter = stored["L_knee"] + 0.12 * (stored["L_hip"] - stored["L_knee"])
    notes = open_recording(write(tmp_path, stored, L_knee=shorter)).notes
    assert any(note.startswith("The left thigh is") and "angles of the leg depend on them" in note for note in notes)


def test_a_marker_that_stands_still_and_two_that_are_one_are_named(tmp_path, stored):
    still = np.broadcast_to(stored["R_heel"][:1], stored["R_heel"].shape)
    assert "the right heel stands still" in refusal(write(tmp_path, stored, R_heel=still))
    same = refusal(write(tmp_path, stored, R_heel=stored["L_heel"]))
    assert "the left heel and the right heel are the same marker" in same
