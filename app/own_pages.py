"""Lets only pages of this very launch talk to the dashboard: not another web site, not another program's local port.

A browser says with ``Origin`` which page a request comes from. Streamlit takes any page of this computer, whatever its
port, and whoever says nothing; here a WebSocket has to come from a page that this dashboard served, and to show the
token of the launch, which such a page gets as a cookie.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

__all__ = ["OWN_HOSTS", "OwnPagesOnly", "is_own_host", "is_own_page"]

OWN_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_HANDED_OUT_AT: Final = ("/_stcore/health", "/_stcore/host-config")
"""What a page asks before it connects again after a restart: it has to get the token of the new launch then."""
_POLICY: Final = 1008


def is_own_host(host: str) -> bool:
    """Return whether a request was addressed to this computer by name, and not by a name that leads to it."""
    try:
        return urlsplit(f"//{host}").hostname in OWN_HOSTS
    except ValueError:
        return False


def is_own_page(origin: str, host: str) -> bool:
    """Return whether a page belongs to the very address that it talks to: the same host and the same port."""
    return origin in (f"http://{host}", f"https://{host}")


class OwnPagesOnly:
    """Middleware that refuses requests of other pages, and WebSockets without the token of this launch.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._token = secrets.token_urlsafe(24)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        allowed = is_own_host(host) and (origin is None or is_own_page(origin, host))
        if scope["type"] == "websocket":
            if allowed and origin is not None and self._has_token(headers, host):
                await self._app(scope, receive, send)
            else:
                await WebSocketClose(_POLICY, "This is not a page of this dashboard.")(scope, receive, send)
        elif not allowed:
            refusal = PlainTextResponse("Requests from other web sites and ports are refused.", 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, self._with_token(scope["path"], host, send))

    def _has_token(self, headers: Headers, host: str) -> bool:
        try:
            given = SimpleCookie(headers.get("cookie", "")).get(_cookie(host))
        except CookieError:
            return False
        return given is not None and hmac.compare_digest(given.value.encode(), self._token.encode())

    def _with_token(self, path: str, host: str, send: Send) -> Send:
        """Return a `send` that gives pages the token."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path in _HANDED_OUT_AT or headers.get("content-type", "").startswith("text/html"):
                    cookie = f"{_cookie(host)}={self._token}; Path=/; HttpOnly; SameSite=Strict"
                    headers.append("set-cookie", cookie)
            await send(message)

        return sending


def _cookie(host: str) -> str:
    """Return the name of the cookie; a browser gives those of one port to every other port of the same host."""
    return f"gait_studio_{urlsplit(f'//{host}').port or 80}"
