"""Job folders in which something is damaged: each is shown as damaged and can be deleted; the others work."""

from __future__ import annotations

import shutil

import pytest

from gait_core.errors import StorageError
from gait_core.jobs.store import JobStore
from gait_core.storage.seal import sealed
from gait_core.workspace import read_json, write_json


def folder(path):
    path.unlink()
    path.mkdir()


def loop(path):
    path.unlink()
    path.symlink_to(path)


def holding(value):
    return lambda path: write_json(path, value)


def bytes_of(content):
    return lambda path: path.write_bytes(content)


def changed(**values):
    return lambda path: write_json(path, read_json(path) | values)


ANY = {
    "list": holding([]),
    "text": holding("done"),
    "nothing": holding(None),
    "deep": bytes_of(b"[" * 50_000),
    "deep and whole": bytes_of(b'{"state": ' * 500 + b"1" + b"}" * 500),
    "nan": bytes_of(b'{"state": "done", "created_s": NaN}'),
    "bytes": bytes_of(b"\xff\x00\xfe" * 9),
    "empty": bytes_of(b""),
    "folder": folder,
    "loop": loop,
    "missing": lambda path: path.unlink(),
}
STATUS = {
    "state": changed(state=3),
    "items": changed(items=5),
    "item": changed(items=[3]),
    "stages": changed(stages=[{"name": "extract"}]),
    "error": changed(error="broken"),
    "warnings": changed(warnings=[{"a": 1}]),
    "times": changed(started_s="now"),
    "process": changed(pid="me"),
}
SPEC = {"params": changed(params=[]), "time": changed(created_s=1e300), "past": changed(created_s=-5.0)}


@pytest.fixture
def store(workspace):
    return JobStore(workspace)


@pytest.fixture
def job(store):
    made = store.create("baseline", {"videos": []}, "Baseline of P-1")
    write_json(made.folder / "status.json", {"state": "done", "started_s": made.created_s, "heartbeat_s": 0.0})
    return made


@pytest.mark.parametrize("damage", [*ANY.values(), *STATUS.values()], ids=[*ANY, *STATUS])
def test_a_damaged_status_is_shown_and_the_job_can_run_again(store, job, damage):
    whole = store.create("measure", {}, "Measure")
    damage(job.folder / "status.json")
    found = store.get(job.id)
    assert (found.state, found.active, found.title) == ("damaged", False, "Baseline of P-1")
    assert "status.json" in found.error["message"]
    assert "Run the job again" in found.error["remedy"]
    assert {one.id: one.state for one in store.list()} == {job.id: "damaged", whole.id: "queued"}
    assert (found.items, found.stages, found.warnings, found.duration_s) == ([], [], [], None)
    assert store.reopen(job.id).state == "queued"


@pytest.mark.parametrize("damage", [*ANY.values(), *SPEC.values()], ids=[*ANY, *SPEC])
def test_of_a_damaged_specification_only_deleting_is_left(store, job, damage, monkeypatch):
    monkeypatch.setattr("gait_core.jobs.read_job._NEW_S", 0.0)
    damage(job.folder / "spec.json")
    (found,) = store.list()
    assert (found.id, found.state, found.can_run_again) == (job.id, "damaged", False)
    assert "Delete the job" in found.error["remedy"]
    with pytest.raises(StorageError, match=r"spec\.json"):
        store.reopen(job.id)
    store.delete(job.id)
    assert store.list() == []


def test_a_job_that_is_just_being_written_is_not_damaged(store, job):
    (job.folder / "spec.json").unlink()
    assert store.list() == []


def test_a_process_number_that_cannot_be_is_no_process(store, job):
    for number in (-1, 2**70):
        write_json(job.folder / "status.json", {"state": "running", "pid": number, "heartbeat_s": 0.0})
        assert store.get(job.id).state == "crashed"


def test_damaged_events_are_left_out(store, job):
    (job.folder / "events.jsonl").write_bytes(b'{"kind": "epoch"}\n[]\n' + b"[" * 9000 + b'\n3\n\xff\n{"kind": "ep')
    assert store.events(job.id) == [{"kind": "epoch"}]


def test_a_result_that_was_changed_is_refused_and_an_earlier_one_is_read(store, job):
    path = job.folder / "result" / "result.json"
    write_json(path, sealed({"level": None, "walks": [1]}, path.parent))
    assert store.result(job.id) == {"level": None, "walks": [1]}
    write_json(path, read_json(path) | {"level": "normal"})
    with pytest.raises(StorageError, match="the result of the job"):
        store.result(job.id)
    write_json(path, {"level": "normal"})
    assert store.result(job.id) == {"level": "normal"}, "earlier versions did not seal it"


def test_the_result_of_another_shape_is_one_message(store, job):
    write_json(job.folder / "result" / "result.json", [])
    with pytest.raises(StorageError, match=r"result\.json"):
        store.result(job.id)
    shutil.rmtree(job.folder / "result")
    assert store.result(job.id) is None
