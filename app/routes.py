"""Routes beside the pages: uploads streamed to disk, and overlay and measured videos sent piece by piece.

Streamlit keeps what its uploader and its player handle in memory. These routes keep the dashboard
small whatever the size of a video. Each launch has a token that only its own pages know, and a request that
another web site caused is refused.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from app.own_pages import is_own_host, is_own_page
from app.videos import ENDINGS, UploadWriter
from gait_core.compare.comparison_store import overlay_path
from gait_core.errors import GaitError, InputError
from gait_core.workspace import Workspace, read_json

__all__ = ["LIMIT_BYTES", "compared_url", "measured_url", "open_token", "overlay_url", "routes", "token"]

_VARIABLE: Final = "GAIT_ROUTE_TOKEN"
LIMIT_BYTES: Final = 8 * 1024**3
Handler = Callable[[Request], Awaitable[Response]]


def open_token() -> None:
    """Make the token of this launch; the pages run in the same process and read it from the environment."""
    os.environ[_VARIABLE] = secrets.token_urlsafe(24)


def token() -> str | None:
    """Return the token, or None where the routes are not served, as under test."""
    return os.environ.get(_VARIABLE)


def overlay_url(analysis_id: str) -> str | None:
    """Return the address of an overlay video, or None where the routes are not served."""
    return _url("overlay", analysis_id)


def measured_url(measurement_id: str) -> str | None:
    """Return the address of the video that was measured, or None where the routes are not served."""
    return _url("measured", measurement_id)


def compared_url(comparison_id: str, number: int) -> str | None:
    """Return the address of an overlay video of a comparison, or None where the routes are not served."""
    return _url("compared", f"{comparison_id}/{number}")


def _url(kind: str, entry_id: str) -> str | None:
    known = token()
    here = urlsplit(st.context.url or "")
    if known is None or not here.netloc:
        return None
    return f"{here.scheme}://{here.netloc}/api/gait/{kind}/{entry_id}?token={known}"


def routes() -> list[Route]:
    """Return the routes for `streamlit.App`."""
    return [
        Route("/api/gait/upload", _guarded(_upload), methods=["PUT"]),
        Route("/api/gait/overlay/{analysis_id}", _guarded(_overlay), methods=["GET", "HEAD"]),
        Route("/api/gait/measured/{measurement_id}", _guarded(_measured), methods=["GET", "HEAD"]),
        Route("/api/gait/compared/{comparison_id}/{number:int}", _guarded(_compared), methods=["GET", "HEAD"]),
    ]


def _refusal(request: Request) -> Response | None:
    """Refuse what does not come from a page of this very launch."""
    host = request.headers.get("host", "")
    if not is_own_host(host):
        return JSONResponse({"message": "Unknown host."}, 403)
    origin = request.headers.get("origin")
    if origin is not None and not is_own_page(origin, host):
        return JSONResponse({"message": "Requests from other web sites are refused."}, 403)
    given = request.headers.get("x-gait-token") or request.query_params.get("token") or ""
    if not hmac.compare_digest(given.encode(), (token() or secrets.token_hex()).encode()):
        return JSONResponse({"message": "The dashboard was restarted. Reload the page."}, 403)
    return None


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        try:
            return await handler(request)
        except GaitError as error:
            return JSONResponse(error.to_dict(), 400 if isinstance(error, InputError) else 507)

    return guarded


async def _upload(request: Request) -> Response:
    """Write the body to the workspace as it comes; never more than one piece is in memory."""
    name = request.query_params.get("name", "walk.mp4")
    if Path(name).suffix.lower() not in ENDINGS:
        raise InputError(
            f"Expected a video ({', '.join(ENDINGS)}), but got {Path(name).name!r}.", "Choose a video file."
        )
    with UploadWriter(Workspace(), name) as writer:
        async for piece in request.stream():
            if writer.size_bytes + len(piece) > LIMIT_BYTES:
                raise InputError("Expected at most 8 GB, but the file is larger.", "Give its path instead.")
            await to_thread.run_sync(writer.write, piece)
        path = await to_thread.run_sync(writer.finish)
    return JSONResponse({"path": str(path)})


async def _overlay(request: Request) -> Response:
    """Send an overlay video; the answer honours ranges, so that the browser can seek."""
    path = Workspace().analysis_folder(request.path_params["analysis_id"]) / "overlay.mp4"
    if not path.is_file():
        return JSONResponse({"message": "There is no such video."}, 404)
    return FileResponse(path, media_type="video/mp4", headers={"Cache-Control": "private, max-age=3600"})


async def _compared(request: Request) -> Response:
    """Send an overlay video of a comparison of profiles."""
    path = overlay_path(Workspace(), request.path_params["comparison_id"], request.path_params["number"])
    if not path.is_file():
        return JSONResponse({"message": "There is no such video."}, 404)
    return FileResponse(path, media_type="video/mp4", headers={"Cache-Control": "private, max-age=3600"})


async def _measured(request: Request) -> Response:
    """Send the video that a stored measurement names, from where it lies; no other file can be requested."""
    folder = Workspace().measurement_folder(request.path_params["measurement_id"])
    stored = await to_thread.run_sync(read_json, folder / "facts.json")
    path = Path(str(stored.get("path", "")))
    if not path.is_file():
        return JSONResponse({"message": "There is no such video."}, 404)
    guessed = guess_type(path.name)[0] or ""
    kind = guessed if guessed.startswith("video/") else "video/mp4"
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})
