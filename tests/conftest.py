"""Fixtures shared by all tests."""

from __future__ import annotations

import os

# As `python -m gait_core` does, and before NumPy is loaded: the products here are small, and the threads of one test
# process would only wait for the cores of the other. It saves half of the CPU time of every fine-tuned baseline.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest

from gait_core.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def ordinary_priority() -> Iterator[None]:
    """Fail the test that leaves this process with real-time priority: all later ones would starve the machine."""
    yield
    if hasattr(os, "sched_getscheduler"):
        assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return an empty workspace."""
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real walks, or skip."""
    if not DATA.is_dir():
        pytest.skip("the folder of real walks is not on this machine")
    return DATA
