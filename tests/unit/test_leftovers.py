"""What killed processes left behind goes at the next start; what is being written stays."""

from __future__ import annotations

import os
import time

import pytest

from gait_core.runtime.doctor import examine
from gait_core.storage import leftovers
from gait_core.storage.leftovers import find_leftovers, is_leftover, sweep_leftovers, writer_mark
from gait_core.workspace import name_id, whole_folder, write_atomic, write_json

NO_PROCESS = "7fffffff"


def dead_mark() -> str:
    machine, _, rest = writer_mark().split("-")
    return f"{machine}-{NO_PROCESS}-{rest}"


def foreign_mark() -> str:
    machine, process, rest = writer_mark().split("-")
    return f"{int(machine, 16) ^ 1:04x}-{process}-{rest}"


def names(mark: str) -> list[str]:
    return [
        f".a.json.{mark}.tmp",
        f".walk.{mark}.part",
        f".b1.deleted-{mark}",
        f".write-test-{mark}",
        f".o.mp4.{mark}.tmp.mp4",
    ]


# Marks hold the number of this process, which differs between the processes of a test run: no parameter may show them.
def test_what_a_dead_process_left_goes_at_once(workspace):
    for name in names(dead_mark()):
        path = workspace.root / "baselines" / name
        write_atomic(path, b"half")
        assert sweep_leftovers(workspace.root) == 1, name
        assert not path.exists(), name


@pytest.mark.parametrize("mark", [writer_mark, foreign_mark, lambda: "1a2b3c4d"], ids=["own", "foreign", "unknown"])
def test_what_may_be_written_just_now_stays_for_a_day(tmp_path, mark):
    for name in [*names(mark()), ".hidden", ".spare"]:
        path = tmp_path / name
        path.write_bytes(b"half")
        assert not is_leftover(path), name
        assert is_leftover(path, time.time() + 25 * 3600) == (name not in (".hidden", ".spare")), name


def test_a_folder_that_is_being_filled_counts_by_its_newest_file(tmp_path):
    folder = tmp_path / ".b1.1a2b3c.tmp"
    write_atomic(folder / "deep" / "a.npz", b"now")
    old_s = time.time() - 25 * 3600
    os.utime(folder, (old_s, old_s))
    assert not is_leftover(folder)


def test_a_folder_whose_replacement_was_killed_halfway_comes_back(workspace):
    folder = workspace.measurement_folder("m1")
    write_json(folder.with_name(f".m1.{dead_mark()}.tmp.old") / "facts.json", {"whole": True})
    write_json(folder.with_name(f".m1.{dead_mark()}.tmp") / "facts.json", {"half": True})
    assert sweep_leftovers(workspace.root) == 2
    assert [path.name for path in folder.parent.iterdir()] == ["m1"]
    assert b"whole" in (folder / "facts.json").read_bytes()


def test_the_next_command_sweeps_and_only_a_thorough_one_looks_at_every_array(workspace):
    entry = workspace.cache / "arrays" / "track" / "ab" / f".abc.{dead_mark()}.tmp"
    other = workspace.jobs / "job" / f".status.json.{dead_mark()}.tmp"
    for path in (entry, other):
        write_atomic(path, b"half")
    workspace.check_writable()
    assert (entry.exists(), other.exists()) == (True, False)
    assert list(find_leftovers(workspace.root, thorough=True)) == [entry]
    assert sweep_leftovers(workspace.root, thorough=True) == 1
    assert not entry.exists()


def test_doctor_sweeps_and_says_how_much(workspace):
    for number in range(3):
        write_atomic(workspace.cache / "arrays" / "track" / "ab" / f".abc.{dead_mark()}.tmp" / f"{number}.npy", b"half")
    (check,) = (check for check in examine(workspace) if check.name == "leftovers")
    assert check.ok and check.found.startswith("3 half-written")
    assert not list(find_leftovers(workspace.root, thorough=True))


def test_what_a_writer_makes_carries_its_mark(workspace, monkeypatch):
    seen = []
    with whole_folder(workspace.baseline_folder("b1")) as folder:
        seen.append(folder)
        monkeypatch.setattr(leftovers, "_lives", lambda process: process != os.getpid())
        assert is_leftover(folder), "it would be swept if this process were dead"
    assert not seen[0].exists()


@pytest.mark.parametrize(("name", "wanted"), [("p-017", "p-017"), ("demo", "demo"), ("walk_2", "walk_2")])
def test_a_name_that_can_be_an_identifier_is_one(name, wanted):
    assert name_id(name) == wanted


def test_two_names_never_share_an_identifier(workspace):
    given = [
        "P 14",
        "P-14",
        "p-14",
        "P_14",
        "張三",
        "李四",
        "unnamed",
        "",
        "José",
        "Jose",
        "a" * 100,
        "a" * 101,
        "P14 ",
    ]
    made = [name_id(name) for name in given]
    assert len(set(made)) == len(given)
    assert made[0].startswith("p-14-")
    for one in made:
        assert workspace.entry("subjects", one).name == one, "each is a sound identifier"
    assert all(len(name_id(name, 50)) <= 50 for name in given)
