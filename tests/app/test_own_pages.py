"""Who may talk to the dashboard: pages of this very launch, and the port that these pages find again."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from support.ports import own_port

from app import launch
from app.own_pages import OwnPagesOnly
from gait_core.workspace import Workspace, read_json

HOST = "127.0.0.1:8501"


async def _inner(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    kind = b"text/html; charset=utf-8" if scope["path"] == "/" else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": b"{}"})


def call(app: OwnPagesOnly, kind: str, path: str, **headers: str) -> Message:
    """Return the first message of the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    named = {"host": HOST, **headers}
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    scope: dict[str, Any] = {"type": kind, "path": path, "method": "GET", "headers": raw, "query_string": b""}
    asyncio.run(app(scope, receive, send))
    return sent[0]


def cookie_of(answer: Message) -> str:
    return next(value.decode() for name, value in answer["headers"] if name == b"set-cookie")


@pytest.fixture
def app() -> OwnPagesOnly:
    return OwnPagesOnly(_inner)


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config"])
def test_a_page_gets_the_token_and_connects_with_it(app: OwnPagesOnly, path: str) -> None:
    cookie = cookie_of(call(app, "http", path))
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    answer = call(app, "websocket", "/_stcore/stream", origin=f"http://{HOST}", cookie=f"a=b; {cookie.split(';')[0]}")
    assert answer["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8501"},
        {"origin": "http://example.org"},
        {"origin": "null"},
        {"origin": "http://example.org:8501", "host": "example.org:8501"},
        {"origin": f"http://{HOST}", "cookie": ""},
        {"origin": f"http://{HOST}", "cookie": "gait_studio_8501=other"},
        {"origin": f"http://{HOST}", "cookie": "\x00=;;,"},
    ],
)
def test_nothing_else_connects(app: OwnPagesOnly, headers: dict[str, str]) -> None:
    cookie = cookie_of(call(app, "http", "/")).split(";")[0]
    answer = call(app, "websocket", "/_stcore/stream", **{"cookie": cookie, **headers})
    assert (answer["type"], answer["code"]) == ("websocket.close", 1008)


def test_the_token_of_another_launch_does_not_count(app: OwnPagesOnly) -> None:
    cookie = cookie_of(call(OwnPagesOnly(_inner), "http", "/")).split(";")[0]
    answer = call(app, "websocket", "/_stcore/stream", origin=f"http://{HOST}", cookie=cookie)
    assert answer["type"] == "websocket.close"


@pytest.mark.parametrize("headers", [{"origin": "http://127.0.0.1:9999"}, {"host": "rebound.example.org"}])
def test_requests_of_other_pages_get_nothing(app: OwnPagesOnly, headers: dict[str, str]) -> None:
    answer = call(app, "http", "/_stcore/health", **headers)
    assert answer["status"] == 403
    assert not any(name == b"set-cookie" for name, _ in answer["headers"])


def test_only_pages_get_the_token(app: OwnPagesOnly) -> None:
    assert not any(name == b"set-cookie" for name, _ in call(app, "http", "/api/gait/upload")["headers"])


def test_the_next_start_takes_the_port_of_the_last(space: Workspace) -> None:
    free = own_port()
    launch.remember_port(space, free)
    assert launch.port_for(space) == free
    with socket.create_server(("127.0.0.1", free)) as server, socket.create_connection(server.getsockname()) as client:
        server.accept()[0].close()  # what a server that ended leaves: a connection that still waits for its end
        client.recv(1)
    assert launch.port_for(space) == free


def test_a_port_that_another_program_has_is_given_up(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_PATIENCE_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        launch.remember_port(space, port)
        assert launch.port_for(space) != port


@pytest.mark.parametrize("text", ["", "[]", '{"port": "8501"}', '{"port": 80}', '{"port": true}', '{"port": 1e9}'])
def test_a_damaged_memory_of_the_port_is_no_obstacle(space: Workspace, text: str) -> None:
    space.root.mkdir()
    (space.root / "dashboard.json").write_text(text)
    port = launch.port_for(space)
    launch.remember_port(space, port)
    assert read_json(space.root / "dashboard.json") == {"port": port}
