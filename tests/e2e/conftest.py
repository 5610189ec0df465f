"""A real server and a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.launch import command, environment, free_port
from gait_core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "app"))  # for `fake`, which writes folders in the documented format

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Studio:
    """A running dashboard."""

    url: str
    space: Workspace
    process: psutil.Process


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    space = Workspace(tmp_path / "workspace")
    port = free_port(8651)
    log = tmp_path / "streamlit.log"
    with log.open("wb") as handle:
        process = subprocess.Popen(
            command(port, headless=True),
            cwd=ROOT,
            env=environment(os.environ, str(space.root)),
            stdout=handle,
            stderr=handle,
        )
    url = f"http://127.0.0.1:{port}"
    deadline_s = time.monotonic() + 40
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                break
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline_s, log.read_text()
            time.sleep(0.2)
    yield Studio(url=url, space=space, process=psutil.Process(process.pid))
    process.terminate()
    process.wait(15)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    made.set_default_timeout(15_000)
    yield made
    context.close()
