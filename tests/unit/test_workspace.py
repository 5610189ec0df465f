"""The workspace: atomic writes, safe names, a full or read-only disk, deletion that deletes."""

from __future__ import annotations

import errno
import json
import os

import pytest

from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.workspace import Workspace, new_id, read_json, safe_name, storage_guard, write_atomic, write_json


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Anna Müller", "anna-muller"),
        ("../../etc/passwd", "etc-passwd"),
        ("“quoted” 'name'.mp4", "quoted-name-mp4"),
        ("日本", "unnamed"),
        ("", "unnamed"),
        ("a" * 200, "a" * 60),
    ],
)
def test_a_name_from_a_user_never_becomes_a_path(given, wanted):
    assert safe_name(given) == wanted


@pytest.mark.parametrize("bad", ["../x", "a/b", "", ".hidden", "A", "a" * 81])
def test_an_identifier_cannot_leave_the_workspace(workspace, bad):
    with pytest.raises(InputError, match="identifier"):
        workspace.baseline_folder(bad)


def test_identifiers_sort_by_time_and_differ():
    made = [new_id("x") for _ in range(50)]
    assert len(set(made)) == 50


def test_half_a_write_is_never_seen(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})

    def broken(_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StorageError, match="disk is full"):
        write_json(path, {"new": 2})
    assert json.loads(path.read_text()) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "read-only"), (errno.ENOTDIR, "folder")],
)
def test_each_disk_problem_has_one_message_and_a_remedy(tmp_path, number, message):
    with pytest.raises(StorageError, match=message) as caught, storage_guard(tmp_path / "x"):
        raise OSError(number, "no")
    assert caught.value.remedy


def test_a_workspace_that_is_a_file_says_so(tmp_path):
    (tmp_path / "w").write_text("not a folder")
    with pytest.raises(StorageError, match="folder"):
        Workspace(tmp_path / "w").check_writable()


def test_nan_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not list(tmp_path.iterdir())


def test_damaged_json_is_named(tmp_path):
    write_atomic(tmp_path / "a.json", b"{half")
    with pytest.raises(StorageError, match="damaged"):
        read_json(tmp_path / "a.json")
    with pytest.raises(NotFoundError):
        read_json(tmp_path / "b.json")


def test_records_and_folders_can_be_deleted(workspace):
    workspace.save_record("subjects", {"id": "p1", "name": "P1"})
    write_json(workspace.root / "subjects" / "p2.json", "not a record")
    assert workspace.record("subjects", "p1") == {"id": "p1", "name": "P1"}
    assert workspace.records("subjects") == [{"id": "p1", "name": "P1"}]
    workspace.delete_record("subjects", "p1")
    assert workspace.record("subjects", "p1") is None
    folder = workspace.baseline_folder("b1")
    write_json(folder / "manifest.json", {})
    assert workspace.folders("baselines", "manifest.json") == [folder]
    workspace.delete_folder("baselines", "b1")
    assert not list((workspace.root / "baselines").iterdir())
    with pytest.raises(NotFoundError):
        workspace.delete_folder("baselines", "b1")


def test_what_a_killed_writer_left_is_not_listed(workspace):
    folder = workspace.analysis_folder("a1")
    for place in (folder, folder.with_name(".a1.abc123.tmp")):
        write_json(place / "analysis.json", {})
    assert workspace.folders("analyses", "analysis.json") == [folder]


def test_the_workspace_makes_no_folder_before_it_is_needed(workspace):
    assert workspace.records("walks") == []
    assert workspace.folders("baselines", "manifest.json") == []
    assert not workspace.root.exists()
