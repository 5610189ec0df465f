"""The typed calibration and manifest: round trip, what older versions wrote, and what is damaged."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "app"))  # for `fake`; last, so that no conftest is hidden

import fake

from gait_core.baseline.calibration import CALIBRATION_FORMAT, Calibration
from gait_core.baseline.manifest import MANIFEST_FORMAT, BaselineManifest
from gait_core.baseline.store import list_baselines, load_baseline
from gait_core.errors import StorageError
from gait_core.workspace import read_json, write_json


@pytest.fixture
def folder(workspace):
    return workspace.baseline_folder(fake.baseline(workspace))


def test_a_calibration_comes_back_as_it_was(workspace, folder):
    stored = load_baseline(workspace, folder.name).calibration
    again = Calibration.from_dict(stored.to_dict(), "calibration.json")
    assert again.to_dict() == stored.to_dict() == read_json(folder / "calibration.json")
    assert again.windows == stored.windows
    np.testing.assert_array_equal(again.typical_by_feature, stored.typical_by_feature)


def test_the_format_before_had_no_number_and_is_read(workspace, folder):
    values = read_json(folder / "calibration.json")
    assert values.pop("format") == CALIBRATION_FORMAT
    write_json(folder / "calibration.json", values)
    manifest = read_json(folder / "manifest.json")
    assert "format" not in manifest
    stored = load_baseline(workspace, folder.name)
    assert stored.calibration.window_limit == values["window_limit"]
    assert [walk.name for walk in stored.walks] == [walk["name"] for walk in manifest["walks"]]
    assert stored.manifest.to_dict() == manifest
    assert stored.profile is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"typical_score": "one"}, "damaged or from another version"),
        ({"windows": {"rate_hz": -1}}, "damaged or from another version"),
        ({"conditions": []}, "damaged or from another version"),
        ({"format": CALIBRATION_FORMAT + 1}, "a later version wrote it"),
        ({"format": "new"}, "a later version wrote it"),
    ],
)
def test_a_damaged_calibration_is_one_clear_message(workspace, folder, change, words):
    write_json(folder / "calibration.json", read_json(folder / "calibration.json") | change)
    with pytest.raises(StorageError, match=words) as caught:
        load_baseline(workspace, folder.name)
    assert "calibration.json" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("missing", ["typical_score", "typical_by_feature", "windows", "conditions"])
def test_a_missing_value_is_named(workspace, folder, missing):
    values = read_json(folder / "calibration.json")
    del values[missing]
    write_json(folder / "calibration.json", values)
    with pytest.raises(StorageError, match=missing):
        load_baseline(workspace, folder.name)


@pytest.mark.parametrize("content", [[], {}, {"subject": "P"}, {"format": MANIFEST_FORMAT + 1}, "text", None])
def test_a_damaged_manifest_is_refused_and_left_out_of_the_list(workspace, folder, content):
    write_json(folder / "manifest.json", content)
    with pytest.raises(StorageError, match=r"manifest\.json"):
        load_baseline(workspace, folder.name)
    assert list_baselines(workspace) == []


@pytest.mark.parametrize(
    "change", [{"walks": [{"path": "/a.mp4"}]}, {"training": {"cell": "gru"}}, {"created_s": "soon"}]
)
def test_a_manifest_with_a_wrong_value_is_one_clear_message(change):
    values = {"subject": "P-1", "created_s": 1.0, "profile": "fast", "walks": [], "training": {"mode": "scratch"}}
    assert BaselineManifest.from_dict(values, "manifest.json").training.mode == "scratch"
    with pytest.raises(StorageError, match=r"manifest\.json .* damaged or from another version"):
        BaselineManifest.from_dict(values | change, "manifest.json")


def test_fields_of_a_later_version_are_not_an_error():
    values = {
        "format": MANIFEST_FORMAT,
        "subject": "P-1",
        "created_s": 1.0,
        "profile": "fast",
        "walks": [{"path": "/a.mp4", "name": "a.mp4", "mood": "good"}],
        "left_out": [{"path": "/b.mp4", "warnings": [{"message": "Too dark."}]}, {"path": "/c.mp4", "error": None}],
        "training": {"mode": "fine-tuned", "optimised": True},
    }
    manifest = BaselineManifest.from_dict(values, "manifest.json")
    assert manifest.walks[0].name == "a.mp4"
    assert [walk.reason for walk in manifest.left_out] == ["Too dark.", "It cannot be used."]
