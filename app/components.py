"""Small pieces that every page is made of. What comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from app.theme import LEVELS

__all__ = [
    "box",
    "check_line",
    "empty",
    "error_box",
    "facts",
    "foot",
    "heading",
    "keep_focus",
    "level_badge",
    "level_key",
    "note",
    "rows",
    "say",
    "steps",
]

_MARKS: Final = {"good": "✓ ", "warn": "▲ ", "bad": "✕ "}
_TABS_SCRIPT: Final = Path(__file__).resolve().parent / "tabs.js"


def heading(title: str, lead: str = "") -> None:
    """Draw the title of a page and one sentence on what it is for."""
    st.title(title, anchor=False)
    if lead:
        st.html(f'<p class="gs-lead">{escape(lead)}</p>')


def note(text: str) -> None:
    """Draw a quiet sentence."""
    st.html(f'<p class="gs-note">{_unbroken(text)}</p>')


def check_line(text: str, kind: str = "none", *, role: str = "status") -> None:
    """Draw one line of a check, with a mark before what is good, doubtful or bad.

    Parameters
    ----------
    text : str
        Empty draws nothing.
    kind : {"good", "warn", "bad", "none"}
    role : {"status", "alert"}
        How a screen reader takes it.
    """
    if text:
        st.html(f'<p class="gs-check {kind}" role="{role}">{_MARKS.get(kind, "")}{_unbroken(text)}</p>')


def say(text: str) -> None:
    """Draw the sentence that states a result."""
    st.html(f'<p class="gs-say">{_unbroken(text)}</p>')


def _unbroken(text: str) -> str:
    """Escape, and keep the percent sign on the line of its number."""
    return escape(text).replace(" %", "&nbsp;%")


def foot(
    more: str = "A level compares a walk with this person's own earlier walks. It is not a diagnosis.",
) -> None:
    """Say once, where results stand, what they are not."""
    st.html(f'<p class="gs-foot">Gait Studio supports decisions; it is not a medical device. {escape(more, False)}</p>')


def keep_focus() -> None:
    """Keep the keyboard on the tabs above while it walks along them."""
    st.html(f"<script>{_TABS_SCRIPT.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)


def level_key(level: object) -> str:
    """Return a known level for whatever was stored; an absent level counts as withheld."""
    return str(level) if str(level) in LEVELS else "withheld"


def level_badge(level: object, *, big: bool = False) -> str:
    """Return a level as HTML: colour, word and shape."""
    key = level_key(level)
    return f'<span class="gs-level {key}{" big" if big else ""}"><i aria-hidden="true"></i>{LEVELS[key].word}</span>'


def box(title: str, text: str = "", kind: str = "") -> None:
    """Draw a message; `kind` is ``""``, ``"warn"``, ``"error"`` or ``"calm"``."""
    role = ' role="alert"' if kind == "error" else ' role="status"'
    st.html(f'<div class="gs-box {kind}"{role}><b>{escape(title)}</b>{_unbroken(text)}</div>')


def error_box(error: Mapping[str, object] | None, title: str = "This did not work") -> None:
    """Draw what went wrong and what to do about it."""
    values = error or {}
    message = _unbroken(str(values.get("message") or "No reason was stored; the log may say more."))
    remedy = escape(str(values.get("remedy") or ""))
    todo = f'<div style="margin-top:.45rem"><strong>What to do:</strong> {remedy}</div>' if remedy else ""
    st.html(f'<div class="gs-box error" role="alert"><b>{escape(title)}</b>{message}{todo}</div>')


def empty(title: str, text: str) -> None:
    """Draw the view of a page that has nothing to show yet."""
    st.html(f'<section class="gs-empty"><h2>{escape(title)}</h2><p>{escape(text)}</p></section>')


def facts(items: Iterable[tuple[str, str, str]]) -> None:
    """Draw key figures: name, value with its unit, and a line of explanation."""
    cells = "".join(
        f'<div><div class="k">{escape(name)}</div><div class="v">{escape(value)}</div>'
        f'<div class="s">{escape(more)}</div></div>'
        for name, value, more in items
    )
    st.html(f'<div class="gs-facts">{cells}</div>')


def rows(
    columns: Sequence[tuple[str, str]], body: Iterable[Sequence[str]], caption: str, *, html_columns: Iterable[int] = ()
) -> None:
    """Draw a small table.

    Parameters
    ----------
    columns : sequence of (title, class)
        Class ``"n"`` aligns numbers to the right, ``"name"`` breaks long names.
    body : iterable of rows
        Cells as text.
    caption : str
        What a screen reader announces.
    html_columns : iterable of int
        Columns whose cells are HTML made by this module.
    """
    raw = set(html_columns)
    head = "".join(f'<th scope="col" class="{css}">{escape(title)}</th>' for title, css in columns)
    lines = "".join(
        "<tr>"
        + "".join(
            f'<td class="{columns[i][1]}">{cell if i in raw else escape(cell)}</td>' for i, cell in enumerate(cells)
        )
        + "</tr>"
        for cells in body
    )
    st.html(
        f'<div class="gs-scroll"><table class="gs-rows"><caption class="gs-sr">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def steps(names: Sequence[str], now: int) -> None:
    """Draw the steps of the wizard; `now` is the index of the current one."""
    parts = []
    for i, name in enumerate(names):
        css = "now" if i == now else "past" if i < now else ""
        current = ' aria-current="step"' if i == now else ""
        mark = "✓" if i < now else str(i + 1)
        parts.append(f'<li class="{css}"{current}><b aria-hidden="true">{mark}</b>{escape(name)}</li>')
    st.html(f'<ol class="gs-steps" aria-label="Steps of the wizard">{"".join(parts)}</ol>')
