"""The rules of the house: layers, no circles, light imports, thin pages."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import gait_core

ROOT = Path(__file__).resolve().parents[2]
LAYERS = [
    "errors",
    "phrases",
    "config",
    "progress",
    "storage",
    "workspace",
    "cache",
    "runtime",
    "video",
    "pose",
    "gait",
    "walks",
    "simulate",
    "markers",
    "learn",
    "baseline",
    "recognition",
    "compare",
    "validation",
    "drawing",
    "report",
    "workflows",
    "jobs",
    "api",
    "bench",
    "cli",
]
HEAVY = ("tensorflow", "keras", "mediapipe", "openvino", "jax", "torch")


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, *, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in members if (ROOT / name.replace(".", "/")).with_suffix(".py").is_file()}
            # `from package import module` depends on the module, not on what else the package gathers.
            found |= modules if modules == members else members | {node.module or ""}
    return found


def layer(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "gait_core" and parts[1] in LAYERS else None


def test_every_package_has_its_place():
    known = {path.stem if path.is_file() else path.name for path in (ROOT / "gait_core").iterdir()}
    assert known - {"__init__", "__main__", "__pycache__"} <= set(LAYERS)


@pytest.mark.parametrize("path", sources("gait_core"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_layer_reaches_up(path):
    own = layer(module_name(path))
    if own is None:
        return
    for name in imported(path):
        assert not name.startswith(("app", "pages", "streamlit")), f"the library imports {name}"
        other = layer(name)
        if other is not None:
            assert LAYERS.index(other) <= LAYERS.index(own), f"{own} imports {other}"


def test_there_is_no_import_circle():
    modules = {module_name(path): path for folder in ("gait_core", "app") for path in sources(folder)}
    graph = {
        name: {other for other in imported(path, top_level_only=True) if other in modules and other != name}
        for name, path in modules.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in graph[name]:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint('\\n'.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import gait_core",
        "from gait_core.cli.main import build_parser; build_parser().format_help()",
        "import runpy, sys, contextlib, io\nsys.argv = ['gait_core', '--help']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    runpy.run_module('gait_core', run_name='__main__')",
    ],
    ids=["package", "parser", "help"],
)
def test_nothing_heavy_is_loaded(code):
    assert not loaded_by(code) & set(HEAVY)


def test_no_module_loads_anything_heavy_when_imported():
    names = [
        info.name for info in pkgutil.walk_packages(gait_core.__path__, "gait_core.") if "__main__" not in info.name
    ]
    assert not loaded_by(
        "import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in names)
    ) & set(HEAVY)


def test_what_is_announced_exists():
    for info in pkgutil.walk_packages(gait_core.__path__, "gait_core."):
        if "__main__" in info.name:
            continue
        module = importlib.import_module(info.name)
        for name in getattr(module, "__all__", []):
            assert hasattr(module, name), f"{info.name} announces {name}"


@pytest.mark.parametrize("path", sources("pages"), ids=lambda path: path.name)
def test_pages_are_thin(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


def test_no_pickle_anywhere():
    for folder in ("gait_core", "app", "pages"):
        for path in sources(folder):
            assert not imported(path) & {"pickle", "joblib", "dill", "shelve"}, path
            assert "allow_pickle=True" not in path.read_text(encoding="utf-8"), path
