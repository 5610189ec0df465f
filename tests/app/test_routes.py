"""The two routes beside the pages."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fake
import pytest
from starlette.applications import Starlette

from app import routes
from gait_core.workspace import Workspace

VIDEO = b"0123456789" * 1000


@dataclass
class Answer:
    """What the application sent."""

    status_code: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Calls an ASGI application in this process, the body in pieces."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def get(self, address: str, headers: dict[str, str] | None = None) -> Answer:
        return asyncio.run(self._call("GET", address, headers or {}, b""))

    def put(self, address: str, content: bytes, headers: dict[str, str] | None = None) -> Answer:
        return asyncio.run(self._call("PUT", address, headers or {}, content))

    async def _call(self, method: str, address: str, headers: dict[str, str], content: bytes) -> Answer:
        path, _, query = address.partition("?")
        named = {"host": "127.0.0.1:8501", **{name.lower(): value for name, value in headers.items()}}
        pieces = [content[i : i + 999] for i in range(0, len(content), 999)] or [b""]
        answer = Answer()

        async def receive() -> dict[str, Any]:
            if not pieces:
                await asyncio.sleep(60)  # a client that waits for the answer; the application stops listening then
            piece = pieces.pop(0) if pieces else b""
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status_code = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answer.content += message.get("body", b"")

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8501),
        }
        await self._app(scope, receive, send)
        return answer


@pytest.fixture
def client(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("GAIT_ROUTE_TOKEN", "secret")
    return Client(Starlette(routes=routes.routes()))


def test_upload_is_streamed_into_the_workspace(client: Client, space: Workspace) -> None:
    answer = client.put("/api/gait/upload?name=..%2Fwalk%201.mp4", content=VIDEO, headers={"X-Gait-Token": "secret"})
    assert answer.status_code == 200
    found = list(space.uploads.iterdir())
    assert [str(path) for path in found] == [answer.json()["path"]]
    assert found[0].read_bytes() == VIDEO


def test_upload_refuses_what_is_no_video_and_leaves_nothing(client: Client, space: Workspace) -> None:
    answer = client.put("/api/gait/upload?name=notes.txt", content=VIDEO, headers={"X-Gait-Token": "secret"})
    assert answer.status_code == 400
    assert answer.json()["remedy"]
    assert not space.uploads.exists()


def test_upload_too_large_leaves_nothing(client: Client, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "LIMIT_BYTES", 100)
    answer = client.put("/api/gait/upload?name=a.mp4", content=VIDEO, headers={"X-Gait-Token": "secret"})
    assert answer.status_code == 400
    assert not list(space.uploads.iterdir())


def test_overlay_answers_ranges(client: Client, space: Workspace) -> None:
    fake.analysis(space, fake.baseline(space), "walk-1", overlay=VIDEO)
    answer = client.get("/api/gait/overlay/walk-1?token=secret", headers={"Range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.content == VIDEO[10:20]
    assert answer.headers["content-type"] == "video/mp4"


def test_measured_video_comes_from_where_it_lies(client: Client, space: Workspace, tmp_path: Path) -> None:
    video = tmp_path / "visit.mov"
    video.write_bytes(VIDEO)
    walk = fake.measurement(space, path=str(video))
    answer = client.get(f"/api/gait/measured/{walk.id}?token=secret", headers={"Range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.content == VIDEO[10:20]
    assert answer.headers["content-type"].startswith("video/")
    assert client.get(f"/api/gait/measured/{walk.id}").status_code == 403
    video.unlink()
    assert client.get(f"/api/gait/measured/{walk.id}?token=secret").status_code == 404


@pytest.mark.parametrize("measurement", ["walk-none", "%2e%2e%2fetc", "WALK"])
def test_measured_video_that_is_not_there(client: Client, measurement: str) -> None:
    assert client.get(f"/api/gait/measured/{measurement}?token=secret").status_code in (400, 404)


@pytest.mark.parametrize("analysis", ["walk-none", "%2e%2e%2fetc", "WALK"])
def test_overlay_that_is_not_there(client: Client, analysis: str) -> None:
    assert client.get(f"/api/gait/overlay/{analysis}?token=secret").status_code in (400, 404)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Gait-Token": "other"},
        {"X-Gait-Token": "secret", "Origin": "http://example.org"},
        {"X-Gait-Token": "secret", "Origin": "null"},
        {"X-Gait-Token": "secret", "Host": "example.org"},
    ],
)
def test_strangers_are_refused(client: Client, space: Workspace, headers: dict[str, str]) -> None:
    assert client.put("/api/gait/upload?name=a.mp4", content=VIDEO, headers=headers).status_code == 403
    assert not space.uploads.exists()
