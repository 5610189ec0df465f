"""Many short clips of one simulated walker that differ in their bytes, at the price of one."""

from __future__ import annotations

from pathlib import Path

from gait_core.simulate.render import render
from gait_core.simulate.walker import sample_person, walk


def make_clips(folder: Path, count: int, *, duration_s: float = 2.0, fps: float = 15.0) -> list[Path]:
    """Render one walk and copy it."""
    folder.mkdir(parents=True, exist_ok=True)
    video = folder / "clip-000.mp4"
    render(walk(sample_person(1), seed=0, duration_s=duration_s, fps=fps), video)
    return copies_of(video, folder, count)


def copies_of(video: Path, folder: Path, count: int, *, stem: str = "clip") -> list[Path]:
    """Copy a video; a free box at the end, which players skip, makes every copy another file."""
    folder.mkdir(parents=True, exist_ok=True)
    content = video.read_bytes()
    clips = []
    for number in range(count):
        text = f"{stem} {number:06d}".encode()
        clip = folder / f"{stem}-{number:03d}.mp4"
        clip.write_bytes(content + (8 + len(text)).to_bytes(4, "big") + b"free" + text)
        clips.append(clip)
    return clips
