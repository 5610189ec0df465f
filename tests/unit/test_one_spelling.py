"""A name that looks the same is the same person, however it was typed."""

import unicodedata

import pytest

from gait_core.jobs.store import JobStore
from gait_core.phrases import one_spelling
from gait_core.workflows.baseline_request import BaselineRequest
from gait_core.workflows.measure import MeasureRequest
from gait_core.workspace import read_json

COMPOSED = unicodedata.normalize("NFC", "Zoë Q")
SPELLINGS = [COMPOSED, unicodedata.normalize("NFD", COMPOSED), f"  {COMPOSED} ", COMPOSED.replace(" ", "  ")]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_all_spellings_are_stored_as_one(workspace, typed):
    assert one_spelling(typed) == COMPOSED
    assert MeasureRequest(videos=["a.mp4"], subject=typed).subject == COMPOSED
    assert BaselineRequest(videos=["a.mp4", "b.mp4", "c.mp4"], subject=typed).subject == COMPOSED
    job = JobStore(workspace).create("measure", {"videos": ["a.mp4"], "subject": typed}, "Walk")
    assert read_json(job.folder / "spec.json")["params"]["subject"] == COMPOSED


def test_what_differs_stays_apart():
    assert len({one_spelling(name) for name in ("Zoe", "Zoë", "zoë", "P 14", "P-14", "P14")}) == 6
