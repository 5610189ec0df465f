"""Fixtures of the dashboard's tests."""

from __future__ import annotations

import functools
import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from training_runs import Trained, train_some

from gait_core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "app" / "main.py"


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """Look for installed Streamlit components once: each `AppTest` would read the metadata of all packages again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner,
            "scan_component_manifests",
            functools.cache(manifest_scanner.scan_component_manifests),
        )
        yield


@pytest.fixture(autouse=True)
def libraries_out_of_the_collector() -> None:
    """Streamlit collects garbage after each run of a page: do not go through all that TensorFlow holds each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return the empty workspace that the dashboard under test uses."""
    root = tmp_path / "workspace"
    monkeypatch.setenv("GAIT_WORKSPACE", str(root))
    return Workspace(root)


@pytest.fixture
def open_page(space: Workspace) -> Callable[..., AppTest]:
    """Return a function that opens one page with parameters in its address."""

    def opened(page: str = "overview", **params: str) -> AppTest:
        test = AppTest.from_file(str(MAIN), default_timeout=30).run()
        if page != "overview":
            test.switch_page(f"../pages/{page}.py")
        for name, value in params.items():
            test.query_params[name] = value
        test.run()
        assert not test.exception, [item.value for item in test.exception]
        return test

    return opened


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return runs that the library itself made, once for all tests."""
    return train_some(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def full(space: Workspace, trained: Trained) -> Trained:
    """Return the runs, copied into the workspace of this test."""
    shutil.copytree(trained.root / "runs", space.root / "runs")
    return trained
