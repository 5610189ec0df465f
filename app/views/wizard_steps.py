"""Moves between the steps of the baseline wizard."""

from __future__ import annotations

from app.state import param, remember, set_params

__all__ = ["move"]


def move(step: str, **params: str | None) -> None:
    """Go to a step; it is written to the URL and kept for when the page is opened again."""
    set_params(step=step, **params)
    remember("wizard", {"step": step, "draft": param("draft"), "job": param("job")})
