"""The overlay video: the walk with its landmarks, the deviating parts marked, and the score underneath."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.analyses import StoredAnalysis
from gait_core.gait.features import JOINTS
from gait_core.pose.landmarks import INDEX
from gait_core.pose.skeleton import NEAR, draw_frame
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter

__all__ = ["overlay_item", "write_overlay"]

Image = NDArray[np.uint8]
_MAX_SIDE_PX: Final = 960
_STRIP_PX: Final = 130
_PLOT_TOP_PX: Final = 44
_PLOT_BOTTOM_PX: Final = _STRIP_PX - 30
_MARGIN_PX: Final = 56
_MARK: Final = (255, 122, 48)
_INK: Final = (233, 238, 243)
_FAINT: Final = (164, 176, 188)
_GROUND: Final = (20, 26, 33)
_LEVEL_COLOURS: Final[Mapping[str | None, tuple[int, int, int]]] = {
    "normal": (70, 190, 130),
    "watch": (245, 190, 60),
    "alert": (240, 90, 80),
    None: (150, 160, 170),
}
_MARKED_FROM: Final = 1.6
_WEIGHT: Final = 500

_MARKED_LANDMARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "hip": ("hip",),
    "knee": ("knee",),
    "ankle and foot": ("ankle", "foot_index"),
    "step": ("ankle",),
    "arm": ("elbow", "wrist"),
}
"""Part of one side of the body → landmarks that are marked when it deviates."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Marks:
    """Which landmarks to mark at which moment."""

    time_s: NDArray[np.float64]
    deviation: NDArray[np.float64]
    rows: list[tuple[int, ...]]

    def at(self, time_s: float) -> dict[int, float]:
        """Return landmark → deviation for the parts that deviate at that time."""
        if not len(self.time_s) or not self.time_s[0] <= time_s <= self.time_s[-1]:
            return {}
        values = self.deviation[min(int(np.searchsorted(self.time_s, time_s)), len(self.time_s) - 1)]
        return {
            landmark: float(value)
            for value, rows in zip(values, self.rows, strict=True)
            if np.isfinite(value) and value >= _MARKED_FROM
            for landmark in rows
        }


def overlay_item(name: str) -> str:
    """Return the name under which the progress of an overlay is shown.

    Parameters
    ----------
    name : str
        File name of the video.

    Returns
    -------
    str
    """
    return f"{name} (overlay)"


def write_overlay(path: Path, video: Path, track: Track, analysis: StoredAnalysis, reporter: Reporter) -> None:
    """Draw the landmarks and the score over the video of a walk.

    The video is decoded once more, frame by frame; memory does not grow with its length.

    Parameters
    ----------
    path : Path
        ``.mp4`` to write; appears only once it is whole.
    video : Path
    track : Track
        Landmarks of the same video after the repairs, see `gait_core.gait.cleaned_walk.repaired_landmarks`.
    analysis : StoredAnalysis
        Of the same walk.
    reporter : Reporter
        Receives the frames done; may cancel.

    Raises
    ------
    VideoError, StorageError
        When the video has gone, or the disk is full.
    """
    near = str(analysis.summary.facts["visible_side"])
    marks = _marks(near, analysis)
    name = overlay_item(video.name)
    begin_s = float(track.time_s[0])
    writer: VideoWriter | None = None
    base: Image | None = None
    with ExitStack() as stack:
        for number, frame in enumerate(iter_frames(video, target_fps=30.0)):
            reporter.check()
            image = frame.pixels.rgb(_MAX_SIDE_PX)
            if writer is None or base is None:
                height, width = (side - side % 2 for side in image.shape[:2])
                base = _strip(width, track, analysis)
                rate = min(30.0, max(5.0, track.frame_rate_hz))
                writer = stack.enter_context(VideoWriter(path, width, height + _STRIP_PX, rate))
            time_s = _walk_time(frame.time_s, track)
            row = int(np.argmin(np.abs(track.time_s - time_s)))
            canvas = np.empty((height + _STRIP_PX, width, 3), dtype=np.uint8)
            canvas[:height] = image[:height, :width]
            canvas[height:] = base
            _draw_body(canvas[:height], track, near, row, marks.at(time_s))
            _draw_cursor(canvas[height:], time_s, track, analysis)
            writer.write(canvas, frame.time_s)
            if number % 10 == 0:
                reporter.progress("overlay", min(time_s - begin_s, track.duration_s), track.duration_s, "s", item=name)
    reporter.item_end("overlay", name, state="done")


def _walk_time(video_time_s: float, track: Track) -> float:
    """Return the time of a frame on the clock of the track, which differs for slow motion."""
    scale = track.info.get("time_scale", 1.0)
    return video_time_s * float(scale)


def _marks(near: str, analysis: StoredAnalysis) -> _Marks:
    far = "left" if near == "right" else "right"
    rows = []
    for joint in JOINTS:
        view, _, part = joint.partition(" ")
        side = {"near": near, "far": far}.get(view)
        names = (
            _MARKED_LANDMARKS.get(part, ()) if side else {"trunk": ("left_shoulder", "right_shoulder")}.get(joint, ())
        )
        rows.append(tuple(INDEX[f"{side}_{name}" if side else name] for name in names))
    return _Marks(time_s=analysis.joint_time_s, deviation=analysis.joint_time_scores, rows=rows)


def _draw_body(image: Image, track: Track, near: str, row: int, marked: Mapping[int, float]) -> None:
    import cv2

    points, thickness = draw_frame(image, track, row, near)
    for landmark, deviation in marked.items():
        if not np.isfinite(points[landmark]).all():
            continue
        x, y = (int(value) for value in points[landmark])
        radius = int(thickness * min(3.0 + 1.5 * deviation, 9.0))
        cv2.circle(image, (x, y), radius, _MARK, thickness, cv2.LINE_AA)


def _plot_x(width: int, time_s: NDArray[np.float64] | float, track: Track) -> Any:
    begin_s, duration_s = float(track.time_s[0]), max(track.duration_s, 1e-6)
    return _MARGIN_PX + (np.asarray(time_s) - begin_s) / duration_s * (width - 2 * _MARGIN_PX)


def _plot_y(score: NDArray[np.float64] | float, analysis: StoredAnalysis) -> Any:
    highest = max(float(analysis.window_scores.max()), 1.5 * analysis.window_limit)
    return _PLOT_BOTTOM_PX - np.asarray(score) / highest * (_PLOT_BOTTOM_PX - _PLOT_TOP_PX)


def _strip(width: int, track: Track, analysis: StoredAnalysis) -> Image:
    """Draw the score track: everything but the cursor."""
    import cv2

    strip = np.full((_STRIP_PX, width, 3), _GROUND, dtype=np.uint8)
    colour = _LEVEL_COLOURS[analysis.summary.level]
    level = analysis.summary.level or "withheld"
    score = f"  {analysis.summary.score:.2f}" if analysis.summary.score is not None else ""
    _write(strip, f"{level.upper()}{score}", (_MARGIN_PX, 24), colour, 20)
    caption = "Score of each window (1 = typical)"
    _write(strip, caption, (width - 12 - _text_width(caption, 16), 24), _FAINT, 16)
    y = int(_plot_y(analysis.window_limit, analysis))
    cv2.line(strip, (_MARGIN_PX, y), (width - _MARGIN_PX, y), _FAINT, 1, cv2.LINE_AA)
    _write(strip, f"{analysis.window_limit:.1f}", (12, y + 5), _FAINT, 15)
    for time_s in np.arange(0.0, track.duration_s + 1e-6, max(1.0, round(track.duration_s / 8))):
        x = int(_plot_x(width, time_s + track.time_s[0], track))
        _write(strip, f"{time_s:.0f} s", (x - 8, _STRIP_PX - 9), _FAINT, 15)
    xs, ys = _plot_x(width, analysis.window_time_s, track), _plot_y(analysis.window_scores, analysis)
    for x, y_value, value in zip(xs, ys, analysis.window_scores, strict=True):
        over = value > analysis.window_limit
        cv2.circle(strip, (int(x), int(y_value)), 4 if over else 3, _MARK if over else NEAR, -1, cv2.LINE_AA)
    return strip


def _draw_cursor(strip: Image, time_s: float, track: Track, analysis: StoredAnalysis) -> None:
    import cv2

    x = int(_plot_x(strip.shape[1], time_s, track))
    cv2.line(strip, (x, _PLOT_TOP_PX - 8), (x, _PLOT_BOTTOM_PX), _INK, 1, cv2.LINE_AA)
    if len(analysis.window_time_s):
        nearest = int(np.argmin(np.abs(analysis.window_time_s - time_s)))
        if abs(analysis.window_time_s[nearest] - time_s) < 0.2:
            _write(strip, f"{analysis.window_scores[nearest]:.2f}", (x + 6, _PLOT_TOP_PX + 4), _INK, 16)


def _write(image: Image, text: str, at: tuple[int, int], colour: tuple[int, int, int], size_px: int) -> None:
    import cv2

    cv2.putText(image, text, at, colour, cv2.FontFace("sans"), size_px, _WEIGHT)


def _text_width(text: str, size_px: int) -> int:
    import cv2

    return int(cv2.getTextSize((0, 0), text, (0, 0), cv2.FontFace("sans"), size_px, _WEIGHT)[2])
