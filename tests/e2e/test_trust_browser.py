"""A real dashboard: who may connect to it, and a tab that comes back after a restart."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fake
import pytest
from browsing import ROOT, Studio, _wait_until_healthy, settled
from support.ports import own_port

from app.launch import environment


@contextmanager
def launched(workspace: Path, log: Path, port: int | None = None) -> Iterator[str]:
    """Start the dashboard as a person does; yield its address."""
    line = [sys.executable, "-m", "app.launch", "--headless", "--workspace", str(workspace)]
    with log.open("wb") as handle:
        process = subprocess.Popen(
            line + (["--port", str(port)] if port else []),
            cwd=ROOT,
            env=environment({**os.environ, "GAIT_SPARE": "0"}, None),
            stdout=handle,
            stderr=handle,
        )
    try:
        url = f"http://127.0.0.1:{port}" if port else _announced(log, process)
        _wait_until_healthy(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _announced(log: Path, process: subprocess.Popen[bytes]) -> str:
    while process.poll() is None:
        text = log.read_text()
        if " opens at " in text:
            return text.partition(" opens at ")[2].split()[0]
    raise AssertionError(log.read_text())


def handshake(url: str, **headers: str) -> int:
    """Ask for a WebSocket; return the status of the answer."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    named = {name.capitalize(): value for name, value in headers.items()}
    connection.request(
        "GET", "/_stcore/stream", headers=asked | {"Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="} | named
    )
    status = connection.getresponse().status
    connection.close()
    return status


def page_cookie(url: str) -> str:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("GET", "/")
    cookie = connection.getresponse().headers.get_all("set-cookie") or [""]
    connection.close()
    return next(one for one in cookie if one.startswith("gait_studio_")).split(";")[0]


HOSTILE = "![x](http://203.0.113.7/a.png) <img src=http://203.0.113.7/b> $x$ :material/home: :smile: **b** P_1"


def test_a_hostile_name_is_shown_as_it_is_and_fetches_nothing(studio: Studio, page: Any) -> None:
    baseline = fake.baseline(studio.space, subject=HOSTILE)
    analysis = fake.analysis(studio.space, baseline, subject=HOSTILE, name=HOSTILE)
    fake.analysis(studio.space, baseline, "earlier-1", subject=HOSTILE, name=HOSTILE, level="normal", score=1.0)
    fake.job(studio.space, "done", title=HOSTILE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{studio.url}/library")
    settled(page, "Library")
    page.get_by_role("button", name="Delete", exact=True).first.click()
    page.get_by_role("dialog").get_by_text(
        f"Delete subject {HOSTILE}?".replace(":m", ":\u2060m").replace(":s", ":\u2060s")
    ).wait_for()
    for params in (f"baseline={baseline}&analysis={analysis}", f"baseline={baseline}"):
        page.goto(f"{studio.url}/analyse?{params}")
        settled(page, "Analyse a walk")
    button = page.get_by_role("button", name="![x](http").first
    button.hover()
    assert "**b** P_1" in button.inner_text()
    assert page.locator("img[src*='203.0.113.7'], .katex").count() == 0
    assert [url for url in asked if not url.startswith((studio.url, "data:", "blob:"))] == []


def test_a_tab_waits_for_a_restart_and_comes_back_and_nobody_else_connects(
    tmp_path: Path, page: Any, pytestconfig: pytest.Config
) -> None:
    workspace, log = tmp_path / "workspace", tmp_path / "log"
    with launched(workspace, log, own_port()) as url:
        cookie = page_cookie(url)
        assert handshake(url, origin=url, cookie=cookie) == 101
        port = int(url.rpartition(":")[2])
        for origin in ("http://example.org", f"http://127.0.0.1:{port + 1}", f"http://localhost:{port}"):
            assert handshake(url, origin=origin, cookie=cookie) == 403
        assert handshake(url, cookie=cookie) == 403, "whoever says nothing of its page"
        assert handshake(url, origin=url) == 403, "whoever never loaded a page of this launch"
        page.goto(f"{url}/library")
        settled(page, "Library")
    page.get_by_text("Gait Studio is not running").wait_for()
    with launched(workspace, log) as again:
        assert again == url, "the next start takes the same port"
        page.get_by_text("Gait Studio is not running").wait_for(state="hidden", timeout=60_000)
        page.get_by_role("link", name="Thresholds", exact=True).click()
        settled(page, "Thresholds")
        assert handshake(again, origin=again, cookie=cookie) == 403, "the token of the launch before"
