"""The wizard in a real browser: what it says of unusable videos, of a height, and of a baseline that lacks walks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fake
import pytest

sync_api = pytest.importorskip("playwright.sync_api")

from browsing import Studio, settled  # noqa: E402

from gait_core.workspace import read_json, write_json  # noqa: E402

expect = sync_api.expect
pytestmark = [pytest.mark.browser, pytest.mark.slow]

TITLE = "Baseline wizard"


def test_unusable_videos_are_not_ready_and_a_height_is_read_or_refused(
    studio: Studio, page: Any, tmp_path: Path
) -> None:
    paths = fake.videos(tmp_path / "videos", 5)
    Path(paths[4]).write_bytes(b"these are notes, " * 500)
    page.goto(f"{studio.url}/baseline")
    settled(page, TITLE)
    for number, path in enumerate(paths, 1):
        page.get_by_role("textbox", name=f"Walk {number}", exact=True).fill(path)
    page.keyboard.press("Tab")
    expect(page.get_by_text("4 walks ready")).to_be_visible()
    expect(page.get_by_text("is not one or is damaged")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("textbox", name="Who is it?").fill("P-017")
    height, create = page.get_by_role("textbox", name="Body height"), page.get_by_role("button", name="Create the")
    for typed, said, usable in (
        ("17", "Enter 0.8 to 2.5 m; 17.00 m is out of range.", False),
        ("170", "1.70 m", True),
        ("tall", "Enter", False),
        ("5 ft 8 in", "1.73 m", True),
    ):
        height.fill(typed)
        page.keyboard.press("Tab")
        expect(page.get_by_text(said).first).to_be_visible()
        expect(create).to_be_enabled() if usable else expect(create).to_be_disabled()


def test_the_headline_says_how_many_walks_a_baseline_lacks(studio: Studio, page: Any) -> None:
    baseline = fake.baseline(studio.space)
    manifest = studio.space.baseline_folder(baseline) / "manifest.json"
    error = {"kind": "VideoError", "message": "No frames.", "remedy": "Copy it again."}
    left_out = [{"path": f"/videos/bad_{number}.mp4", "error": error} for number in range(2)]
    write_json(manifest, read_json(manifest) | {"left_out": left_out})
    job = fake.job(studio.space, "done", stage="thresholds", result=fake.baseline_result(baseline))
    page.goto(f"{studio.url}/baseline?step=results&job={job}")
    settled(page, TITLE)
    expect(page.get_by_text("is ready, but from 5 of 7 walks only")).to_be_visible()
    expect(page.get_by_text("2 walks could not be used")).to_be_visible()
