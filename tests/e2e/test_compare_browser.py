"""Compare profiles in a real browser: the videos move in step, and a profile is made, saved and chosen."""

from __future__ import annotations

from pathlib import Path

import compared
import numpy as np
import pytest

sync_api = pytest.importorskip("playwright.sync_api")

from browsing import settled  # noqa: E402

from gait_core.config import profile_named  # noqa: E402
from gait_core.video.encode import VideoWriter  # noqa: E402

expect = sync_api.expect
pytestmark = [pytest.mark.browser, pytest.mark.slow]

TITLE = "Compare profiles"
_VIDEOS = """() => {
  const all = (root) => [...root.querySelectorAll("video"),
    ...[...root.querySelectorAll("*")].flatMap((e) => (e.shadowRoot ? all(e.shadowRoot) : []))];
  return all(document).map((v) => ({ time: v.currentTime, ready: v.readyState, paused: v.paused, end: v.duration,
    network: v.networkState, error: v.error && v.error.message }));
}"""


def clip(path: Path) -> bytes:
    with VideoWriter(path, 160, 90, 30.0) as writer:
        for number in range(60):
            writer.write(np.full((90, 160, 3), 4 * number, dtype=np.uint8))
    return path.read_bytes()


def loaded(page, count: int) -> None:
    """Wait until that many videos show their first frame; say how each stands if they do not."""
    condition = f"() => {{ const v = ({_VIDEOS})(); return v.length === {count} && v.every((x) => x.ready >= 2); }}"
    try:
        page.wait_for_function(condition)
    except sync_api.TimeoutError as error:
        raise AssertionError(f"The videos stand like this: {page.evaluate(_VIDEOS)}") from error


def times(page) -> list[float]:
    return [round(video["time"], 2) for video in page.evaluate(_VIDEOS)]


def test_one_timeline_moves_all_videos(studio, page, tmp_path):
    made = compared.store_comparison(studio.space, video=clip(tmp_path / "clip.mp4"))
    page.goto(f"{studio.url}/profiles?comparison={made.id}")
    settled(page, TITLE)
    loaded(page, 3)
    page.get_by_role("slider", name="Time in all videos").fill("1")
    page.wait_for_function(f"() => ({_VIDEOS})().every((v) => Math.abs(v.time - 1) < 0.001)")
    page.get_by_role("button", name="One frame on").click()
    page.wait_for_function(f"() => ({_VIDEOS})().every((v) => v.time > 1.03 && v.time < 1.04)")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"() => ({_VIDEOS})().every((v) => v.time > 1.2)")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_function(f"() => ({_VIDEOS})().every((v) => v.paused)")
    assert len(set(times(page))) == 1
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the comparison").click()
    assert download.value.suggested_filename == "visit_2-profiles.zip"


def test_a_profile_is_made_saved_and_chosen(studio, page):
    page.goto(f"{studio.url}/profiles?tab=Your+profiles")
    settled(page, TITLE)
    page.get_by_role("button", name="Duplicate").first.click()
    page.get_by_label("Name", exact=True).fill("Evening")
    page.get_by_role("spinbutton", name="Memory limit (MB)").fill("100")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Expected max_memory_mb of at least")).to_be_visible()
    expect(page.get_by_role("button", name="Save the profile")).to_be_disabled()
    page.get_by_role("spinbutton", name="Memory limit (MB)").fill("900")
    page.get_by_role("spinbutton", name="Longer side of a frame (px)").fill("")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save the profile")).to_be_enabled()
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_text("Built-in profiles", exact=True)).to_be_visible()
    made = profile_named("Evening", studio.space.profiles)
    assert made.max_side_px is None
    assert made.memory_limit_bytes == 900 * 1024**2
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("was deleted")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_role("tabpanel", name="Compare").get_by_text("Evening", exact=True)).to_be_visible()
