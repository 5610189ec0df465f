"""`extract` over a folder: a killed run goes on where it stopped, and nothing is computed twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from many_clips import make_clips

from gait_core.pose.models.assets import list_models
from gait_core.workflows.extract import videos_of

ROOT = Path(__file__).resolve().parents[2]
CLIPS = 28


def extract(folder: Path, space: Path, *options: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "gait_core",
        "extract",
        str(folder),
        "--workspace",
        str(space),
        "--profile",
        "fast",
    ]
    return [*command, "--quiet", *options]


def entries(lines: list[str]) -> list[dict]:
    return [found for found in map(json.loads, lines) if "path" in found]


@pytest.mark.slow
def test_a_killed_run_over_a_folder_goes_on(tmp_path):
    if not all(status.ready for status in list_models()):
        pytest.skip("the pose models are not on this machine: python -m gait_core models fetch")
    clips = make_clips(tmp_path / "clips" / "day 1", CLIPS)
    (tmp_path / "clips" / "broken.mp4").write_text("not a video")
    space = tmp_path / "space"
    run = extract(tmp_path / "clips", space, "--json-lines")

    first: list[str] = []
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            first.append(line)
            if len(first) == 12:
                os.kill(process.pid, signal.SIGKILL)
                break
        process.stdout.read()
    kept = {found["path"] for found in entries(first) if "error" not in found}
    assert 11 <= len(kept) < CLIPS
    # What was half written when the process was killed has a hidden name and does not count.
    whole = list((space / "cache" / "arrays").glob("track/*/[!.]*/*.npy"))
    stamps = {path: path.stat().st_mtime_ns for path in whole}
    assert len(stamps) > 0

    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr  # one video is broken, and says so
    second = entries(done.stdout.splitlines())
    assert sorted(found["path"] for found in second) == sorted([*map(str, clips), str(tmp_path / "clips/broken.mp4")])
    assert all(found["cached"] for found in second if found["path"] in kept)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    (bad,) = [found for found in second if "error" in found]
    assert "damaged" in bad["failed_before"]
    summary = json.loads(done.stdout.splitlines()[-1])["summary"]
    assert (summary["videos"], summary["failed"]) == (CLIPS + 1, 1)
    # What was finished but not told before the kill counts as kept as well.
    assert summary["cached"] == len({path.parent for path in stamps})

    again = subprocess.run(extract(tmp_path / "clips", space, "--json"), cwd=ROOT, capture_output=True, text=True)
    walks = json.loads(again.stdout)["walks"]
    assert [walk["path"] for walk in walks] == videos_of([str(tmp_path / "clips")], deep=True)
    assert all(walk["cached"] for walk in walks if "error" not in walk)


def test_videos_of_a_folder_are_sorted_and_links_that_lead_back_are_safe(tmp_path):
    for name in ("b.MP4", "a.mov", ".hidden.mp4", "notes.txt", "day/c.mp4", "day/.cache/d.mp4", ".git/e.mp4"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "day" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "other day").symlink_to(tmp_path / "day", target_is_directory=True)
    (tmp_path / "empty").mkdir()

    def names(**options: bool) -> list[str]:
        return [str(Path(path).relative_to(tmp_path)) for path in videos_of([str(tmp_path)], **options)]

    assert names(deep=True) == ["a.mov", "b.MP4", "day/c.mp4"]
    assert names() == ["a.mov", "b.MP4"]
    assert videos_of([str(tmp_path / "empty"), "x.mp4"], deep=True)[0] == str(tmp_path / "empty")
