"""Headlines of the wizard say what is so: walks that are ready open, and a baseline says how many it is from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fake
import pytest
from reading import text_of
from streamlit.testing.v1 import AppTest

from app import videos
from gait_core.workspace import Workspace, read_json, write_json

Open = Callable[..., AppTest]


@pytest.mark.parametrize(
    ("content", "said"), [(b"these are notes, " * 500, "is not one or is damaged"), (b"", "empty")]
)
def test_a_file_that_is_no_video_is_not_ready(open_page: Open, tmp_path: Path, content: bytes, said: str) -> None:
    paths = [*fake.videos(tmp_path / "videos", 4), str(tmp_path / "notes.mp4")]
    Path(paths[-1]).write_bytes(content)
    test = open_page("baseline_wizard")
    for i, path in enumerate(paths):
        test.text_input(key=f"path_0_{i}").set_value(path)
    test.run()
    assert "4 walks ready" in text_of(test) and "5 walks ready" not in text_of(test)
    assert said in text_of(test)
    assert videos.usable(paths) == paths[:4]


def test_a_file_is_opened_again_once_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "walk.mp4"
    path.write_bytes(b"cut off" * 100)
    assert videos.usable([str(path)]) == []
    path.write_bytes(Path(fake.videos(tmp_path / "whole", 1)[0]).read_bytes())
    assert videos.usable([str(path)]) == [str(path)]


@pytest.mark.parametrize(("left_out", "said"), [(2, "is ready, but from 5 of 7 walks only"), (0, "is ready. Next")])
def test_a_baseline_says_of_how_many_walks_it_is(open_page: Open, space: Workspace, left_out: int, said: str) -> None:
    baseline = fake.baseline(space)
    manifest = space.baseline_folder(baseline) / "manifest.json"
    others = [
        {"path": f"/videos/bad_{i}.mp4", "error": {"kind": "VideoError", "message": "No frames.", "remedy": "Copy it."}}
        for i in range(left_out)
    ]
    write_json(manifest, read_json(manifest) | {"left_out": others})
    job = fake.job(space, "done", stage="thresholds", result=fake.baseline_result(baseline))
    text = text_of(open_page("baseline_wizard", step="results", job=job))
    assert said in text
    assert ("2 walks could not be used" in text) == bool(left_out)
