"""The pages of the menu. Each registers itself in its own file in ``pages/``; they link to each other through this.

The menu loads every page file once to learn its entry; only Streamlit, which runs the file of the chosen page as
``__main__``, also draws it.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

__all__ = ["REGISTERED", "PageEntry", "go", "link", "menu", "page", "pages", "register"]

FOLDER: Final = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """One page of the menu.

    Attributes
    ----------
    file : Path
        What Streamlit runs.
    title, icon : str
    section : str
        Heading of the menu under which it stands; empty for none.
    order : int
        Its place in the menu.
    default : bool
        Whether the dashboard opens with it.
    """

    file: Path
    title: str
    icon: str
    section: str
    order: int
    default: bool = False


REGISTERED: Final[dict[str, PageEntry]] = {}
"""Filled by `register` when the page files are loaded; read it through `pages`."""


def register(file: str, key: str, *, title: str, icon: str, section: str, order: int, default: bool = False) -> None:
    """Put a page into the menu.

    Parameters
    ----------
    file : str
        ``__file__`` of the page.
    key : str
        What other pages call it, and its address in the browser.
    title, icon : str
    section : str
        Heading of the menu under which it stands; empty for none.
    order : int
        Its place in the menu; a section stands where its first page does.
    default : bool
        Whether the dashboard opens with it.

    Raises
    ------
    ValueError
        When another file has registered the key.
    """
    entry = PageEntry(file=Path(file).resolve(), title=title, icon=icon, section=section, order=order, default=default)
    if key in REGISTERED and REGISTERED[key].file != entry.file:
        raise ValueError(f"Expected a new key for {entry.file.name}, but {key!r} is {REGISTERED[key].file.name}.")
    REGISTERED[key] = entry


def pages() -> Mapping[str, PageEntry]:
    """Return all pages by key, in the order of the menu."""
    _load_all()
    return MappingProxyType(dict(sorted(REGISTERED.items(), key=lambda item: (item[1].order, item[0]))))


@functools.cache
def _load_all() -> None:
    for file in sorted(FOLDER.glob("*.py")):
        _load(file)


def _load(file: Path) -> None:
    """Let a page register itself; it is not drawn, as it is not ``__main__``."""
    spec = importlib.util.spec_from_file_location(f"pages.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"Expected a Python file at {file}, but it cannot be loaded.")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def page(key: str) -> Page:
    """Return the page object of a key of `pages`."""
    entry = pages()[key]
    return st.Page(
        entry.file,
        title=entry.title,
        icon=entry.icon,
        url_path=None if entry.default else key,
        default=entry.default,
    )


def menu() -> dict[str, list[Page]]:
    """Return all page objects by section of the menu."""
    sections: dict[str, list[Page]] = {}
    for key, entry in pages().items():
        sections.setdefault(entry.section, []).append(page(key))
    return sections


def go(key: str, **params: str) -> NoReturn:
    """Open another page."""
    st.switch_page(page(key), query_params=params)


def link(key: str, label: str, **params: str) -> None:
    """Draw a link to another page."""
    st.page_link(page(key), label=label, icon=pages()[key].icon, query_params=params or None)
