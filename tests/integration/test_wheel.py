"""The wheel, installed outside the repository: what it holds, and that its commands and its package work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import gait_core

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("gait_core", "pyproject.toml", "README.md", "LICENSE")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing of the repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env={**kept, "PYTHONNOUSERSITE": "1", **more},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy: leftovers of an earlier build in the repository must not get in."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, copy, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr, done.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the bin folder of an environment with the wheel; other packages come from the one that runs the tests."""
    place = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(place, with_pip=True)
    bin_folder = place / ("Scripts" if os.name == "nt" else "bin")
    python = bin_folder / "python"
    done = run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=place)
    assert done.returncode == 0, done.stderr
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).stdout.strip()
    others = "\n".join(dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))))
    Path(site, "other_packages.pth").write_text(others + "\n", encoding="utf-8")
    return bin_folder


@pytest.fixture
def elsewhere(tmp_path):
    """Return an empty folder to work in."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("gait_core/")}
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "gait_core").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert held == files
    assert any(name.endswith(".keras") for name in held)


def test_it_holds_neither_dashboard_nor_tests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {
            "gait_core",
            f"gait_studio-{gait_core.__version__}.dist-info",
        }


def test_the_command_tells_the_version_of_the_package(installed, elsewhere):
    done = run(installed / "gait-studio", "--version", cwd=elsewhere)
    assert done.stdout.strip() == gait_core.__version__, done.stderr


def test_doctor_and_profiles_answer_in_json(installed, elsewhere, tmp_path):
    space = str(tmp_path / "workspace")
    done = run(installed / "gait-studio", "doctor", "--json", cwd=elsewhere, GAIT_WORKSPACE=space)
    answer = json.loads(done.stdout)
    assert done.returncode == (0 if answer["ok"] else 1), done.stderr
    assert {"Python", "numpy", "workspace"} <= {check["name"] for check in answer["checks"]}
    done = run(installed / "gait-studio", "profiles", "list", "--json", cwd=elsewhere, GAIT_WORKSPACE=space)
    assert done.returncode == 0, done.stderr
    assert {"fast", "balanced", "accurate"} <= set(re.findall(r'"name": "(\w+)"', done.stdout))
    assert not list(elsewhere.iterdir()), "nothing is written where the command was called"


def test_the_package_that_runs_is_the_installed_one(installed, elsewhere, tmp_path):
    code = (
        "import gait_core as gait, gait_core.baseline.pretrained as p, gait_core.simulate.noise_model as n\n"
        "import gait_core.report.document.html as h\n"
        "print(gait.__file__); assert callable(gait.simulate) and callable(gait.measure)\n"
        "assert (p.PRETRAINED_FOLDER / 'autoencoder_gru.npz').is_file(); assert h._TEMPLATE.is_file()\n"
        "assert n.NoiseModel.default() is not None\n"
        f"print(*gait.simulate({str(tmp_path / 'walks')!r}, walks=1, fps=25.0))\n"
    )
    done = run(installed / "python", "-c", code, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    package, video = done.stdout.splitlines()
    assert Path(package).is_relative_to(installed.parent)
    assert Path(video).is_file()


def test_the_dependencies_allow_what_is_pinned():
    allowed = {requirement.name.lower(): requirement for requirement in map(Requirement, PROJECT["dependencies"])}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert set(map(str.lower, pins)) <= set(allowed), "each has a range in pyproject.toml"
    for name, version in pins.items():
        assert allowed[name.lower()].specifier.contains(version), name


@pytest.mark.parametrize(
    ("extra", "file"),
    [
        ("gpu", "requirements-gpu.txt"),
        ("cluster", "requirements-cluster.txt"),
        ("export", "requirements-export.txt"),
    ],
)
def test_the_extras_allow_what_is_pinned(extra, file):
    allowed = {one.name: one for one in map(Requirement, PROJECT["optional-dependencies"][extra])}
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    assert pins
    for pin in pins:
        (version,) = (part.version for part in pin.specifier)
        assert allowed[pin.name].specifier.contains(version), pin.name
        assert allowed[pin.name].extras == pin.extras


def test_the_version_stands_once():
    assert PROJECT["dynamic"] == ["version"]
    assert "version" not in PROJECT
