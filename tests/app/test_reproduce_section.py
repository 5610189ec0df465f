"""“Reproduce this” below results."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import fake
from reading import text_of
from streamlit.testing.v1 import AppTest

from gait_core.baseline.analyses import load_analysis
from gait_core.walks.measurements import save_measurement
from gait_core.workspace import Workspace, write_json

Open = Callable[..., AppTest]


def test_a_measured_walk_shows_its_command_and_its_python(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    walk.request["videos"] = [walk.path]  # type: ignore[index]
    save_measurement(space, walk)
    test = open_page("measure", measurement=walk.id, tab="Report")
    command, python = (code.value for code in test.code)
    words = shlex.split(command)
    assert words[:5] == ["python", "-m", "gait_core", "measure", walk.path]
    assert "--height-m" in words
    assert words[-2:] == ["--workspace", str(space.root)]
    assert "gait.measure(" in python
    compile(python, "shown", "exec")


def test_an_analysis_of_this_version_and_of_an_earlier_one(open_page: Open, space: Workspace) -> None:
    fake.analysis(space, fake.baseline(space), "walk-1")
    test = open_page("analyse", analysis="walk-1")
    assert not test.code
    assert "earlier version" in text_of(test)
    summary = load_analysis(space, "walk-1").summary
    request = {"videos": ["/videos/it's me.mp4"], "baseline_id": summary.baseline_id, "profile": None, "person": "auto"}
    write_json(space.analysis_folder("walk-1") / "analysis.json", summary.to_dict() | {"request": request})
    test = open_page("analyse", analysis="walk-1")
    assert shlex.split(test.code[0].value)[4:7] == ["/videos/it's me.mp4", "--baseline", summary.baseline_id]
