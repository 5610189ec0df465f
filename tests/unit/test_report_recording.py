"""The state of a recording is never better than what is said beside it."""

from dataclasses import replace

import pytest
from measured_walks import measured

from gait_core.errors import WalkWarning
from gait_core.gait.parameters.reference import REFERENCES
from gait_core.report.document.check_rows import check_rows
from gait_core.report.document.recording import recording_checks, recording_state
from gait_core.report.document.summary import summary_sentences


@pytest.fixture(scope="module")
def good():
    measurement = measured(duration_s=8.0)[2]
    checks = tuple(replace(check, state="good") for check in measurement.checks)
    return replace(measurement, checks=checks, warnings=())


def with_strides(measurement, count):
    return replace(measurement, strides=measurement.strides[:count])


def said(measurement):
    return summary_sentences(measurement, None, REFERENCES, (), ())[0]


def test_a_good_recording_is_good(good):
    assert len(good.strides) >= 6
    assert recording_state(good) == "good" and recording_checks(good) == good.checks
    assert "good enough to rely on" in said(good)


def test_few_strides_are_no_good_recording(good):
    few = with_strides(good, 4)
    assert "that is few" in said(few)
    assert recording_state(few) == "poor"
    rows, rest = check_rows(few)
    assert [row.label for row in rows] == ["Length of the walk"] and "4 were measured" in rows[0].sentence
    assert "length of the walk" not in rest
    assert recording_state(with_strides(good, 0)) == "unusable"


def test_a_remark_beside_it_lowers_the_state_and_metres_do_not(good):
    doubt = WalkWarning(code="variable_frame_rate", message="The frames come at uneven times.")
    assert recording_state(good, (doubt,)) == "poor"
    assert "weaknesses" in said(replace(good, warnings=(doubt,)))
    assert recording_state(good, (replace(doubt, blocking=True),)) == "unusable"
    assert recording_state(good, (WalkWarning(code="no_scale", message="There are no metres."),)) == "good"
