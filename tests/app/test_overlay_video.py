"""Room for the browser's controls below an overlay video."""

from __future__ import annotations

from pathlib import Path

import fake

from app.overlay_video import room_for_controls


def test_the_room_follows_the_proportions_of_the_video(tmp_path: Path) -> None:
    path = Path(fake.videos(tmp_path, 1)[0])  # 64 x 48 px
    style = room_for_controls(path, "overlay")
    assert "height:calc(100cqw*0.7500 + 76px)!important" in style
    assert "object-position:top" in style


def test_a_damaged_overlay_is_left_to_the_browser(tmp_path: Path) -> None:
    path = tmp_path / "overlay.mp4"
    path.write_bytes(b"no video")
    assert room_for_controls(path, "overlay") == ""
