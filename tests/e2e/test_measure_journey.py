"""Measuring a walk in the browser: correct an event by keyboard, see a number change, undo, take the report home."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

from browsing import Studio, end_workers, open_page, screenshot, serving, settled  # noqa: E402

from gait_core.simulate.person import sample_person  # noqa: E402
from gait_core.simulate.render import render  # noqa: E402
from gait_core.simulate.walker import walk  # noqa: E402
from gait_core.walks.measurements import list_measurements, load_measurement  # noqa: E402

expect = sync_api.expect
pytestmark = [pytest.mark.browser, pytest.mark.slow]

TITLE = "Measure a walk"
LONG_MS = 120_000
"""How long extraction may take on a busy machine."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("measure")
    with serving(folder / "workspace", folder / "streamlit.log") as made:
        yield made
        end_workers(made.space)


@pytest.fixture(scope="module")
def measurement_id(studio: Studio, chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Measure a simulated walk once, as a clinician does, with the real worker and the real pose model."""
    truth = walk(sample_person(3), seed=3, fps=25.0, duration_s=4.5)
    video = tmp_path_factory.mktemp("video") / "visit.mp4"
    render(truth, video, seed=3)
    with open_page(chromium) as page:
        page.goto(f"{studio.url}/measure")
        paths = page.get_by_role("textbox", name="Videos, one path per line")
        paths.fill(str(video))
        paths.press("Control+Enter")
        height = page.get_by_role("textbox", name="Body height")
        height.fill(f"{truth.height_m:.2f}")
        height.press("Enter")
        page.get_by_role("button", name="Measure this walk").click()
        expect(page.get_by_role("tab", name="Events")).to_be_visible(timeout=LONG_MS)
    found = list_measurements(studio.space)
    assert [item["name"] for item in found] == ["visit.mp4"]
    return str(found[0]["id"])


def editor(page: Any, studio: Studio, measurement_id: str) -> Any:
    """Open the tab with the events and return its timeline."""
    page.goto(f"{studio.url}/measure?measurement={measurement_id}&tab=Events")
    settled(page, TITLE)
    timeline = page.get_by_role("application", name="Timeline of the gait events")
    expect(timeline).to_be_visible()
    return timeline


def edits(studio: Studio, measurement_id: str) -> list[dict[str, Any]]:
    path = studio.space.measurement_folder(measurement_id) / "edits.json"
    return list(json.loads(path.read_text())["edits"])


def strike(timeline: Any, key: str, times: int, *, shift: bool = False) -> None:
    """Strike a key several times without a pause, as a key that is held does, however busy the machine is."""
    timeline.evaluate(
        """(line, { key, times, shift }) => {
          for (let i = 0; i < times; i++)
            line.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey: shift, bubbles: true, cancelable: true }));
        }""",
        {"key": key, "times": times, "shift": shift},
    )


def test_an_event_is_moved_by_keyboard_and_the_numbers_follow(
    studio: Studio, chromium: Any, measurement_id: str
) -> None:
    before = load_measurement(studio.space, measurement_id).measurement
    contact_s = before.strides[0].end_s
    with open_page(chromium) as page:
        timeline = editor(page, studio, measurement_id)
        numbers = page.get_by_role("status", name="Numbers that follow")
        expect(numbers).not_to_contain_text("→")
        timeline.focus()
        place = [event.time_s for event in before.events.events].index(contact_s)
        page.keyboard.press("Home")
        for _ in range(place + 1):
            page.keyboard.press("PageDown")
        expect(page.get_by_text(re.compile(rf" contact, {contact_s:.3f} s"))).to_be_visible()
        _assert_the_video_shows(page, contact_s)
        strike(timeline, "ArrowRight", 2, shift=True)
        expect(numbers).to_contain_text(re.compile(r"Stance, (left|right)\d+\.\d → \d+\.\d"))
        screenshot(
            page, Path(os.environ.get("GAIT_PICTURES") or studio.space.root / "screenshots") / "measure_events.png"
        )
        made = edits(studio, measurement_id)
        assert [edit["action"] for edit in made] == ["move"], "two strokes in a row are one change"
        assert made[0]["new_time_s"] == pytest.approx(contact_s + 0.02, abs=1e-3)
        stored = load_measurement(studio.space, measurement_id).measurement
        assert stored.events == before.events, "what was found automatically stays"

        timeline.focus()
        strike(timeline, "ArrowRight", 30)
        refused = page.get_by_role("alert").filter(has_text="does not fit beside")
        expect(refused).to_be_visible()
        assert len(edits(studio, measurement_id)) == 1

        timeline.focus()
        page.keyboard.press("Control+z")
        expect(page.get_by_role("button", name="Undo the last change")).to_be_disabled()
        expect(refused).to_have_count(0)
        assert edits(studio, measurement_id) == []
        again = load_measurement(studio.space, measurement_id).measurement
        assert again.parameters["stance_pct"] == before.parameters["stance_pct"]


def _assert_the_video_shows(page: Any, time_s: float) -> None:
    """Wait until the video stands at the frame of that time."""
    video = page.get_by_label("Video of the walk")
    expect(video).to_be_visible()
    handle = video.element_handle()
    page.wait_for_function("video => video.readyState >= 2 && !video.seeking && video.currentTime > 0", arg=handle)
    shown_s = float(video.evaluate("video => video.currentTime"))
    assert abs(shown_s - time_s) <= 1.01 / 25.0


def test_an_event_is_deleted_and_added_again(studio: Studio, chromium: Any, measurement_id: str) -> None:
    with open_page(chromium, theme="dark", width=1024) as page:
        timeline = editor(page, studio, measurement_id)
        timeline.focus()
        page.keyboard.press("End")
        page.keyboard.press("PageUp")
        page.keyboard.press("Delete")
        expect(page.get_by_role("button", name="Undo the last change")).to_be_enabled()
        expect(page.get_by_text("1 event changed by hand")).to_be_visible()
        deleted = edits(studio, measurement_id)[0]
        timeline.focus()
        page.keyboard.press("n")
        form = page.get_by_role("form", name="New event")
        expect(form.get_by_role("radio", name=deleted["side"].capitalize())).to_be_checked()
        page.keyboard.press("Enter")
        expect(form).to_have_count(0)
        expect(page.get_by_text("changed by hand")).to_have_count(0)  # the event stands where it was found
        assert [edit["action"] for edit in edits(studio, measurement_id)] == ["delete", "add"]
        page.get_by_role("button", name="Reset all").click()
        page.get_by_role("button", name="Drop all 2 changes?").click()
        expect(page.get_by_role("button", name="Reset all")).to_be_disabled()
        assert edits(studio, measurement_id) == []
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_the_report_is_downloaded(studio: Studio, chromium: Any, measurement_id: str, tmp_path: Path) -> None:
    with open_page(chromium) as page:
        page.goto(f"{studio.url}/measure?measurement={measurement_id}&tab=Report")
        settled(page, TITLE)
        with page.expect_download(timeout=LONG_MS) as download:
            page.get_by_role("button", name="Download PDF").first.click()
        target = tmp_path / "report.pdf"
        download.value.save_as(target)
    assert target.read_bytes().startswith(b"%PDF")
    assert target.stat().st_size > 20_000
