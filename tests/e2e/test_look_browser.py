"""How the dashboard looks in a real browser: themes, focus, and what must not lie on something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake
import pytest

pytest.importorskip("playwright.sync_api")

from browsing import Studio, open_page, serving, settled

from app.theme import DARK, LIGHT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_FIRST_CONTROLS = (
    ("measure", "Measure a walk", "textbox", "Videos, one path per line"),
    ("training", "Training lab", "tab", "New run"),
)
_MUTED_ARE = """colour => {
    const sample = document.createElement("i");
    sample.style.color = colour;
    const wanted = sample.style.color;
    const parts = [document.querySelector(".gs-kicker"), document.querySelector(".js-plotly-plot .xtick text")];
    return parts.every(part => part && wanted === (getComputedStyle(part)[part.matches("text") ? "fill" : "color"]));
}"""
_MARK_TO_THE_EDGE = """(scroll, edge) => {
    const lane = scroll.querySelector(".frame").getBoundingClientRect();
    const stems = [...scroll.querySelectorAll(".mark .stem")].map(stem => stem.getBoundingClientRect().x);
    const away = edge === "left" ? Math.min(...stems.filter(x => x > lane.x + 60)) - lane.x - 4
        : Math.max(...stems) - lane.right + 4;
    scroll.scrollLeft += away;
}"""
_LABEL_TO_THE_EDGE = """async (scroll, edge) => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const lane = scroll.querySelector(".frame").getBoundingClientRect();
    const gaps = [...scroll.querySelectorAll(".mark")].map(mark => {
        const stem = mark.querySelector(".stem").getBoundingClientRect().x;
        const label = mark.querySelector("text").getBoundingClientRect();
        const isSeen = stem > lane.x && stem < lane.right;
        return isSeen ? (edge === "left" ? label.x - lane.x : lane.right - label.right) : Infinity;
    });
    return Math.min(...gaps);
}"""
_RINGS = """() => {
    const sample = document.body.appendChild(document.createElement("i"));
    sample.style.color = "var(--gs-accent)";
    const colour = getComputedStyle(sample).color;
    sample.remove();
    const rings = [];
    for (let part = document.activeElement, i = 0; part && i < 4; part = part.parentElement, i += 1) {
        const look = getComputedStyle(part);
        const name = `${part.tagName} ${part.getAttribute("role") || part.dataset.testid || part.className}`;
        const isOutlined = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 1;
        const isBordered = parseFloat(look.borderTopWidth) > 0 && look.borderTopColor === colour;
        if (isOutlined) rings.push(`outline of ${name}`);
        if (isBordered && !(isOutlined && parseFloat(look.outlineOffset) < 0)) rings.push(`border of ${name}`);
        const isShaded = /px 0px 0px [1-9]/.test(look.boxShadow) && !look.boxShadow.includes("inset");
        if (isShaded) rings.push(`shadow of ${name}`);
    }
    return rings;
}"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, str]]:
    """Return a dashboard with an analysis, ``walk-1``, that has an overlay video, and the measurement in it."""
    folder = tmp_path_factory.mktemp("shown")
    with serving(folder / "workspace", folder / "streamlit.log", spare=False) as studio:
        filmed = Path(fake.videos(folder, 1)[0]).read_bytes()
        fake.analysis(studio.space, fake.baseline(studio.space), "walk-1", overlay=filmed)
        yield studio, fake.measurement(studio.space).id


def test_a_change_of_the_theme_reaches_styles_and_charts_without_a_reload(
    shown: tuple[Studio, str], chromium: Any
) -> None:
    studio, walk = shown
    with open_page(chromium, theme="light") as page:
        page.goto(f"{studio.url}/measure?measurement={walk}&tab=Curves")
        settled(page, "Measure a walk")
        for theme, colours in (("dark", DARK), ("light", LIGHT)):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(_MUTED_ARE, arg=colours.muted)


def test_the_keyboard_sees_one_ring_around_what_has_the_focus(shown: tuple[Studio, str], chromium: Any) -> None:
    studio, _ = shown
    with open_page(chromium) as page:
        for path, title, role, name in _FIRST_CONTROLS:
            page.goto(f"{studio.url}/{path}")
            settled(page, title)
            page.get_by_role(role, name=name, exact=True).focus()
            page.keyboard.press("Tab")
            page.keyboard.press("Shift+Tab")  # back by the keyboard, as only then it gets its ring
            seen = []
            while page.evaluate("!!document.activeElement.closest('[data-testid=stMain]')") and len(seen) < 14:
                page.wait_for_timeout(250)  # Streamlit lets its own shadow fade in
                seen.append(page.evaluate(_RINGS))
                page.keyboard.press("Tab")
            assert len(seen) > 6
            assert [rings for rings in seen if len(rings) != 1] == []


def test_the_table_of_all_values_fits_a_narrow_window(shown: tuple[Studio, str], chromium: Any) -> None:
    studio, walk = shown
    with open_page(chromium, width=1024) as page:
        page.goto(f"{studio.url}/measure?measurement={walk}")
        page.get_by_text("All values, left and right").click()
        title = page.get_by_role("columnheader", name="Measuring error")
        title.wait_for()
        scroll = page.locator(".gs-scroll").filter(has=title)
        hidden = scroll.evaluate("scroll => scroll.scrollWidth - scroll.clientWidth")
        assert hidden == 0, f"{hidden} px of the table are hidden"


def test_the_controls_of_an_overlay_video_lie_below_its_image(shown: tuple[Studio, str], chromium: Any) -> None:
    studio, _ = shown
    with open_page(chromium, width=1024) as page:
        page.goto(f"{studio.url}/analyse?analysis=walk-1")
        video = page.locator("video").first
        video.evaluate("video => video.readyState || new Promise(done => { video.onloadedmetadata = done; })")
        free = video.evaluate("video => video.clientHeight - video.clientWidth * video.videoHeight / video.videoWidth")
        assert free >= 72.0, f"{free:.0f} px below the image"
        assert video.evaluate("video => getComputedStyle(video).objectPosition") == "50% 0%"


def test_the_label_of_an_event_at_the_edge_of_the_timeline_is_whole(shown: tuple[Studio, str], chromium: Any) -> None:
    studio, walk = shown
    with open_page(chromium, width=1024) as page:
        page.goto(f"{studio.url}/measure?measurement={walk}&tab=Events")
        page.get_by_role("button", name="Stretch the timeline").click()
        for edge in ("left", "right"):
            page.locator(".scroll").evaluate(_MARK_TO_THE_EDGE, edge)
            gap = page.locator(".scroll").evaluate(_LABEL_TO_THE_EDGE, edge)
            assert 0.0 <= gap < 30.0, f"{edge}: {gap:.1f} px from the label of the mark at the edge to the edge"
