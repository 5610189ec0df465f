"""The pages of the menu, in one place; pages link to each other through this, never by file name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

__all__ = ["PAGES", "PageEntry", "go", "link", "menu", "page"]

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """One page of the menu."""

    file: str
    title: str
    icon: str
    section: str
    default: bool = False


PAGES: Final[Mapping[str, PageEntry]] = {
    "overview": PageEntry(
        file="overview.py", title="Overview", icon=":material/space_dashboard:", section="", default=True
    ),
    "baseline": PageEntry(
        file="baseline_wizard.py", title="Baseline wizard", icon=":material/directions_walk:", section="Work"
    ),
    "analyse": PageEntry(file="analyse.py", title="Analyse a walk", icon=":material/monitor_heart:", section="Work"),
    "measure": PageEntry(file="measure.py", title="Measure a walk", icon=":material/straighten:", section="Work"),
    "thresholds": PageEntry(file="thresholds.py", title="Thresholds", icon=":material/tune:", section="Work"),
    "profiles": PageEntry(
        file="compare_profiles.py", title="Compare profiles", icon=":material/compare:", section="Machine"
    ),
    "performance": PageEntry(file="performance.py", title="Performance", icon=":material/speed:", section="Machine"),
    "library": PageEntry(file="library.py", title="Library", icon=":material/inventory_2:", section="Machine"),
}


def page(key: str) -> Page:
    """Return the page object of a key of `PAGES`."""
    entry = PAGES[key]
    return st.Page(
        ROOT / "pages" / entry.file,
        title=entry.title,
        icon=entry.icon,
        url_path=None if entry.default else key,
        default=entry.default,
    )


def menu() -> dict[str, list[Page]]:
    """Return all page objects by section of the menu."""
    sections: dict[str, list[Page]] = {}
    for key, entry in PAGES.items():
        sections.setdefault(entry.section, []).append(page(key))
    return sections


def go(key: str, **params: str) -> NoReturn:
    """Open another page."""
    st.switch_page(page(key), query_params=params)


def link(key: str, label: str, **params: str) -> None:
    """Draw a link to another page."""
    st.page_link(page(key), label=label, icon=PAGES[key].icon, query_params=params or None)
