"""The short form of the bench of faults: nothing is lost, silent or left behind; and the bench would tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gait_core.baseline import store
from gait_core.bench import faults_tasks
from gait_core.bench.common import joined
from gait_core.bench.faults import QUICK, fault_parts
from gait_core.bench.faults_child import run_child
from gait_core.bench.faults_stored import damaged_files
from gait_core.bench.faults_videos import use_videos
from gait_core.bench.faults_workspace import fill_workspace
from gait_core.errors import InputError, StorageError
from gait_core.progress import silent
from gait_core.video.encode import VideoWriter


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Any]]:
    folder = tmp_path_factory.mktemp("faults")
    return folder / "workspace", fill_workspace(folder)


def test_the_short_form_finds_nothing(filled: tuple[Path, Mapping[str, Any]]) -> None:
    result = joined("faults", fault_parts(*filled, QUICK, silent()))
    tables = {table.title: list(table.rows) for table in result.tables}
    found = result.figures
    assert (found["kills_lost"], found["full_disk_lost"]) == (0, 0), tables.get("Lost")
    assert found["mutated_tracebacks"] == 0, tables.get("Tracebacks")
    assert found["damaged_silent"] == 0, tables.get("Silent")
    assert (found["leftovers"], found["full_disk_leftovers"]) == (0, 0)
    assert found["kills"] > 0 and found["mutated_videos"] > 0 and found["damaged_files"] > 0
    assert found["damaged_named"] > found["damaged_files"] / 2


def test_a_reader_that_does_not_look_at_seals_would_be_told(
    filled: tuple[Path, Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = store.read_manifest

    def careless(folder: Path) -> Any:
        try:
            return honest(folder)
        except StorageError:
            raise ZeroDivisionError from None

    monkeypatch.setattr(store, "read_manifest", careless)
    assert damaged_files(*filled, 40, 3, silent(), most_s=20.0).figures["damaged_silent"] > 0


def _die() -> None:
    os.kill(os.getpid(), 9)


def _refuse() -> None:
    raise InputError("Expected more.", "Give more.")


def _fail() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(("function", "kind"), [(_die, "died"), (_refuse, "refused"), (_fail, "traceback")])
def test_how_a_process_ended_is_told(function: Any, kind: str) -> None:
    assert run_child(function).kind == kind


def test_a_task_is_killed_in_its_midst(filled: tuple[Path, Mapping[str, Any]]) -> None:
    assert run_child(faults_tasks.measure, str(filled[0]), filled[1], kill_after_s=0.0).kind == "killed"


def test_a_video_that_is_none_is_refused_and_a_defect_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video" * 100)
    assert use_videos([str(path)], with_pose=False)[0][0] == "refused"
    monkeypatch.setattr("gait_core.video.probe.open_video", None)
    assert use_videos([str(path)], with_pose=False)[0][0] == "traceback"


def test_a_stream_without_a_decoder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 30.0) as video:
        for number in range(3):
            video.write(np.full((48, 64, 3), 90, np.uint8), number / 30.0)
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.count(b"avc1") >= 1
    path.write_bytes(content.replace(b"avc1", b"\xff\xff\xff\xff"))
    assert use_videos([str(path)], with_pose=False)[0][0] == "refused"
