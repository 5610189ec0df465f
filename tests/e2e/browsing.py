"""Starting dashboards, opening pages, timing page switches, and taking screenshots."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from PIL import Image
from support.ports import own_port

from app.launch import command, environment
from gait_core.jobs.store import JobStore, worker_process
from gait_core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
_SHOWN = """title => document.querySelector("h1")?.textContent === title
    && document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning" """


@dataclass(frozen=True)
class Studio:
    """A running dashboard."""

    url: str
    space: Workspace
    process: psutil.Process


@contextmanager
def serving(workspace: Path, log: Path, *, spare: bool = True) -> Iterator[Studio]:
    """Run a dashboard on a workspace; it may be dead already when the context ends.

    Without a spare worker, which loads TensorFlow, it starts in a fraction of the CPU time: enough without real jobs.
    """
    space = Workspace(workspace)
    port = own_port()
    with log.open("ab") as handle:
        process = subprocess.Popen(
            command(port, headless=True),
            cwd=ROOT,
            env=environment(os.environ | {"GAIT_SPARE": str(int(spare))}, str(space.root)),
            stdout=handle,
            stderr=handle,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        yield Studio(url=url, space=space, process=psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline_s, log.read_text()
            time.sleep(0.2)


@contextmanager
def open_page(browser: Any, *, theme: str = "light", width: int = 1440) -> Iterator[Any]:
    """Open a page in a browser of its own: nothing remembered."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, device_scale_factor=1)
    made = context.new_page()
    made.set_default_timeout(30_000)
    try:
        yield made
    finally:
        context.close()


def settled(page: Any, title: str, timeout_ms: float = 30_000) -> None:
    """Wait until the page of that title is drawn whole."""
    page.wait_for_function(_SHOWN, arg=title, timeout=timeout_ms)


def switch_cpu_s(studio: Studio, page: Any, titles: Sequence[str], rounds: int) -> float:
    """Return the CPU time that the dashboard needs to draw a page, from the click in the menu, on average.

    CPU time, because the clock says as much about what else the machine is doing.
    """
    for title in titles:  # what a page loads when it is opened for the first time does not count
        _switch(page, title)
    before = studio.process.cpu_times()
    for _ in range(rounds):
        for title in titles:
            _switch(page, title)
    after = studio.process.cpu_times()
    return (after.user + after.system - before.user - before.system) / (rounds * len(titles))


def _switch(page: Any, title: str) -> None:
    page.get_by_role("link", name=title, exact=True).click()
    settled(page, title)


def end_workers(space: Workspace) -> None:
    """End the workers that a broken test left behind in its workspace."""
    for job in JobStore(space).list():
        process = worker_process(job.status) if job.active else None
        if process is not None and process.pid != os.getpid():
            process.kill()
            process.wait(10)


def screenshot(page: Any, path: Path) -> None:
    """Take a screenshot of the window, small enough for a repository."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.evaluate("document.activeElement?.blur()")
    page.screenshot(path=path, animations="disabled")
    with Image.open(path) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
