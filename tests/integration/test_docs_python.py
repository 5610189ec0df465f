"""docs/python.md runs as it stands, from top to bottom, and the API page is built without a warning."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gait_core as gait
from gait_core.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "python.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_it_begins_with_ten_lines():
    first = [line for line in BLOCKS[0].splitlines() if line.strip() and not line.startswith("#")]
    assert len(first) <= 10
    assert len(PAGE.read_text(encoding="utf-8").split()) <= 900


def test_every_public_name_is_taught():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in gait.__all__ if name not in text and name != "__version__"] == []


@pytest.mark.slow
def test_every_block_runs_and_gives_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAIT_WORKSPACE", str(tmp_path / "workspace"))
    known: dict[str, object] = {}
    for number, block in enumerate(BLOCKS, start=1):
        try:
            exec(compile(block, f"{PAGE.name}, block {number}", "exec"), known)
        except ModelError as missing:
            pytest.skip(f"the pose model is not on this machine: {missing}")
    out = capsys.readouterr().out
    assert "['normal', 'alert']" in out
    assert list(known["table"]["level"]) == ["normal", "alert"]
    assert "Expected a baseline or a subject 'no-such-baseline'" in out
    assert re.search(r"extract: \d+ of \d+ frames", out)
    (failed,) = known["measured"].failed
    assert failed.name == "missing.mp4"
    assert f"{failed.name} {failed.error.message}" in out
    assert known["parameters"]["side"].tolist() == [*("left", "right", "both") * 2, "failed"]
    assert known["mean_knee"].between(-30, 90).all()
    assert known["walk"].level == "alert"
    assert known["walks"][0].track.position.shape[1:] == (33, 2)
    for name in ("joint-angles.png", "speed.png", "scores.png"):
        assert Path(name).stat().st_size > 5000


def test_the_api_page_is_built_without_a_warning(tmp_path):
    (line,) = re.findall(r"^\t\$\(BIN\)/python (.*-m pdoc .*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    words = [str(tmp_path) if word == "build/api" else word for word in line.split()]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip()
    page = (tmp_path / "gait_core" / "api.html").read_text(encoding="utf-8")
    for name in gait.__all__:
        assert name == "__version__" or f'<section id="{name}">' in page, name
    assert str(ROOT) not in page, "no path of this machine"
    assert str(Path.home()) not in page
