"""The HTML report in a real browser: two A4 pages, nothing cut off, nothing fetched."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))  # for the simulated reports

from gait_core.report.document.html import write_html

pytestmark = [pytest.mark.browser, pytest.mark.slow]
_BOTTOMS = """() => [...document.querySelectorAll(".sheet")].map(sheet => {
    const footer = sheet.querySelector("footer").getBoundingClientRect().top
    const last = [...sheet.querySelectorAll("p,td,dd,img,figcaption,svg")].filter(e => !e.closest("footer"))
    return footer - Math.max(...last.map(e => e.getBoundingClientRect().bottom))
})"""


@pytest.mark.parametrize("kind", ["plain", "baseline", "worst"])
def test_report_prints_on_two_pages(chromium: Any, tmp_path: Path, kind: str) -> None:
    from reported_walks import compared, report, source, video_of, worst

    video = video_of(tmp_path / "walk.mp4")
    made = {
        "plain": lambda: report(source=source(video)),
        "baseline": lambda: report(compared(), source=source(video)),
        "worst": lambda: worst(video),
    }[kind]()
    write_html(made, tmp_path / "report.html")
    page = chromium.new_page(viewport={"width": 1000, "height": 1200})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto((tmp_path / "report.html").as_uri())
        page.emulate_media(media="print")
        assert min(page.evaluate(_BOTTOMS)) >= 0
        content = page.pdf(prefer_css_page_size=True, print_background=True)
    finally:
        page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 2
    assert all(url.startswith(("file:", "data:")) for url in asked)
