"""A baseline is only compared with walks whose landmarks were read in the same way."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "app"))  # for `fake`; last, so that no conftest is hidden

import fake
from gait_walks import simulated

from gait_core.baseline.artefacts import seal_baseline
from gait_core.baseline.store import load_baseline
from gait_core.config import profile_named
from gait_core.progress import Reporter
from gait_core.walks.prepare import PreparedWalk
from gait_core.workflows.analyse import _profile
from gait_core.workflows.walk_doubts import with_decoding_doubt
from gait_core.workspace import read_json, write_json


@pytest.fixture
def folder(workspace):
    return workspace.baseline_folder(fake.baseline(workspace))


def read_for(folder, decoding):
    """Note with every walk of a baseline how its landmarks were read; None: as before that was noted."""
    manifest = read_json(folder / "manifest.json")
    for walk in manifest["walks"]:
        walk.pop("decoding", None)
        if decoding is not None:
            walk["decoding"] = decoding
    write_json(folder / "manifest.json", manifest)
    seal_baseline(folder)


def walk_read_for(decoding):
    _, track = simulated(seed=1)
    info = {"engine": "openvino", "settings": {"decoding": decoding}} if decoding else {}
    return PreparedWalk(
        path=Path("walk.mp4"),
        track=track.with_(info=info),
        features=None,
        windows=None,
        content_sha256="",
        size_bytes=0,
        address="",
        time_scale=1.0,
        cached=False,
        warnings=(),
    )


def test_a_baseline_from_before_the_choice_was_read_for_display(workspace, folder):
    read_for(folder, None)
    assert load_baseline(workspace, folder.name).decoding == "display"


@pytest.mark.parametrize("wanted", [None, "accurate"])
@pytest.mark.parametrize("decoding", [None, "measure"])
def test_an_analysis_reads_as_the_baseline_did_and_says_so(workspace, folder, decoding, wanted):
    read_for(folder, decoding)
    stored, said = load_baseline(workspace, folder.name), []
    chosen = _profile(stored, wanted, workspace, Reporter(sink=said.append))
    assert chosen.decoding == (decoding or "display")
    if wanted is not None:
        told = [event.message for event in said if "as the baseline did" in event.message]
        assert len(told) == (profile_named(wanted).decoding != chosen.decoding)


def test_the_level_is_withheld_where_the_walk_was_read_in_another_way(workspace, folder):
    read_for(folder, "measure")
    stored = load_baseline(workspace, folder.name)
    (warning,) = with_decoding_doubt(walk_read_for("display"), stored).warnings
    assert warning.code == "decoding" and warning.blocking
    assert "display" in warning.message and "measure" in warning.message
    assert not with_decoding_doubt(walk_read_for("measure"), stored).warnings
    assert not with_decoding_doubt(walk_read_for(None), stored).warnings
