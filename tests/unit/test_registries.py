"""Adding a command, a job kind, an engine, a benchmark or a page is one new file; no list elsewhere names it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import registry as page_registry
from gait_core.bench.registry import benches
from gait_core.cli.registry import registered_commands
from gait_core.jobs.kinds import job_kinds
from gait_core.pose.engines.registry import engines_by_rank
from gait_core.storage.seal import unsealed

ROOT = Path(__file__).resolve().parents[2]


def plug_in(folder: Path, package: str, name: str, source: str, code: str) -> str:
    """Put a new module into a package, in a process of its own, and return what running `code` there prints."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(source)
    script = f"import importlib\nimportlib.import_module({package!r}).__path__.append({str(folder)!r})\n{code}"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


COMMAND = """
from gait_core.cli.registry import command


@command("greet", help="say hello", arguments=lambda parser: parser.add_argument("name"))
def greet(args, workspace, console):
    return {"greeting": f"hello {args.name}"}, f"hello {args.name}"
"""


def test_a_new_command_is_one_file(tmp_path):
    run = "import sys\nfrom gait_core.cli.main import main\nsys.exit(main({}))"
    out = plug_in(tmp_path, "gait_core.cli.commands", "greet", COMMAND, run.format(["greet", "Ada", "--json"]))
    assert json.loads(out) == {"greeting": "hello Ada"}
    shown = plug_in(tmp_path, "gait_core.cli.commands", "greet", COMMAND, run.format(["--help"]))
    commands = [line.split()[0] for line in shown.splitlines() if line.startswith("    ") and line[4] != " "]
    assert commands[-1] == "greet", "what names no order stands last"
    assert "greet     say hello" in shown


JOB_KIND = """
from gait_core.jobs.kinds import job_kind


@job_kind("count_walks", title="Count of walks")
def _count(params, workspace, reporter):
    with reporter.stage("count"):
        return {"walks": len(params["videos"])}
"""


def test_a_new_job_kind_is_one_file_wherever_it_stands(tmp_path):
    package = tmp_path / "added" / "counting"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "job_kinds.py").write_text(JOB_KIND)
    code = f"""
import json, sys
from gait_core.cli.main import main
from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace
store = JobStore(Workspace({str(tmp_path / "space")!r}))
job = store.create("count_walks", {{"videos": ["a", "b"]}}, "Two walks")
assert main(["worker", str(job.folder), "--workspace", {str(tmp_path / "space")!r}, "--quiet"]) == 0
print(json.dumps([store.get(job.id).state, store.result(job.id)]))
"""
    out = plug_in(tmp_path / "added", "gait_core", "unused", "", code)
    assert json.loads(out) == ["done", {"walks": 2}]


BENCH = """
from gait_core.bench.common import BenchResult


def bench_nothing(workspace, reporter, *, quick=False, data=None):
    return BenchResult(bench="nothing", settings={"quick": quick, "data": data}, figures={"answer": 42.0})
"""


def test_a_new_benchmark_is_one_file_and_runs_as_a_job(tmp_path):
    space = tmp_path / "space"
    arguments = ["bench", "nothing", "--quick", "--json", "--workspace", str(space)]
    code = f"import sys\nfrom gait_core.cli.main import main\nsys.exit(main({arguments}))"
    result = json.loads(plug_in(tmp_path / "added", "gait_core.bench", "nothing", BENCH, code))
    assert set(result) == {"bench", "commit", "machine", "settings", "figures", "tables"}
    assert result["figures"] == {"answer": 42.0}
    assert result["settings"] == {"quick": True, "data": None}
    (folder,) = (space / "jobs").glob("bench-*")
    assert unsealed(json.loads((folder / "result" / "result.json").read_text())) == result
    assert json.loads((folder / "status.json").read_text())["state"] == "done"


ENGINE = """
from gait_core.pose.engines.registry import DeviceOffer, pose_engine


class Still:
    name, version = "still", "1"


@pose_engine(
    "still",
    rank=1,
    version=lambda: "1",
    installed=lambda: True,
    precision=lambda asked: "f32",
    devices=lambda asked, devices: [DeviceOffer(covers=("Abacus",), device="A", kind="abacus")],
)
def _open(settings, *, masks, at_once, device):
    return Still()
"""


def test_a_new_engine_is_one_file_and_brings_its_devices(tmp_path):
    code = """
import json
from gait_core.config import PoseSettings
from gait_core.pose.devices.targets import other_places
from gait_core.pose.engines import engine_version, open_engine, resolved
settings = PoseSettings()
places, _ = other_places(settings, [])
print(json.dumps([
    resolved(settings).engine,
    engine_version(settings),
    open_engine(settings).name,
    [(place.name, place.device, place.settings.engine) for place in places],
    resolved(settings.with_(engine="mediapipe")).engine,
]))
"""
    out = plug_in(tmp_path, "gait_core.pose.engines", "still", ENGINE, code)
    assert json.loads(out) == ["still", "1", "still", [["Abacus", "A", "still"]], "mediapipe"]


PAGE = """
from app.registry import register

register(__file__, "extra", title="Something else", icon=":material/star:", section="Work", order=25)

if __name__ == "__main__":
    import streamlit as st

    st.title("Something else")
"""


@pytest.fixture
def pages_folder(tmp_path, monkeypatch):
    """Return a folder with the pages that are there, to which the menu looks during the test."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for file in page_registry.FOLDER.glob("*.py"):
        (folder / file.name).write_text(file.read_text())
    known = dict(page_registry.REGISTERED)
    page_registry.REGISTERED.clear()
    page_registry._load_all.cache_clear()
    monkeypatch.setattr(page_registry, "FOLDER", folder)
    yield folder
    page_registry.REGISTERED.clear()
    page_registry.REGISTERED.update(known)
    page_registry._load_all.cache_clear()


MENU = [
    "overview",
    "baseline",
    "analyse",
    "measure",
    "thresholds",
    "profiles",
    "training",
    "recognition",
    "performance",
    "library",
]


def test_a_new_page_is_one_file(pages_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GAIT_WORKSPACE", str(tmp_path / "space"))
    (pages_folder / "something.py").write_text(PAGE)
    assert list(page_registry.pages()) == [*MENU[:2], "extra", *MENU[2:]]
    dashboard = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=30).run()
    assert dashboard.title[0].value == "Overview", "loading a page for the menu draws nothing"
    dashboard.switch_page(str(pages_folder / "something.py")).run()
    assert not dashboard.exception
    assert [title.value for title in dashboard.title] == ["Something else"]


def test_the_menu_is_in_its_order_and_opens_with_the_overview():
    assert list(page_registry.pages()) == MENU
    assert [key for key, entry in page_registry.pages().items() if entry.default] == ["overview"]


@pytest.mark.parametrize(
    ("what", "found", "expected"),
    [
        ("commands", lambda: {one.path[0] for one in registered_commands()}, {"extract", "simulate", "bench", "app"}),
        ("job kinds", lambda: set(job_kinds()), {"baseline", "analyse", "measure", "extract", "simulate", "bench"}),
        ("benchmarks", lambda: set(benches()), {"detection", "accuracy", "extraction", "cache", "training"}),
        ("engines", lambda: {engine.name for engine in engines_by_rank()}, {"openvino", "mediapipe"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_stands_in_the_package_is_found(what, found, expected):
    assert expected <= found(), what


def test_a_helper_of_the_benchmarks_is_no_benchmark():
    assert not {"child", "common", "clips", "processes", "registry", "job_kinds"} & set(benches())


def test_a_name_is_given_once():
    from gait_core.cli.registry import command
    from gait_core.jobs.kinds import job_kind
    from gait_core.pose.engines.registry import pose_engine

    job_kinds(), list(registered_commands()), engines_by_rank()
    with pytest.raises(ValueError, match="'extract' is registered already"):
        job_kind("extract", title="Again")(lambda *_: {})
    with pytest.raises(ValueError, match="'extract' is registered already"):
        command("extract", help="again")(lambda *_: ({}, ""))
    facts = {"version": lambda: "1", "installed": lambda: True, "precision": str}
    with pytest.raises(ValueError, match="'openvino' is registered already"):
        pose_engine("openvino", rank=1, **facts)(lambda *_, **__: None)
    with pytest.raises(ValueError, match="'overview' is"):
        page_registry.pages()
        page_registry.register("/elsewhere/x.py", "overview", title="", icon="", section="", order=1)


def test_jobs_know_nothing_of_what_stands_above_them():
    """Finding the kinds is the only way up: `jobs` alone loads no benchmark."""
    code = "import sys, gait_core.jobs.run\nassert not [name for name in sys.modules if '.bench' in name]"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
