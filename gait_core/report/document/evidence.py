"""Images of the walk at initial contact and in the middle of stance, with faces made unrecognisable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import GaitError
from gait_core.markers.endings import is_marker_file
from gait_core.pose.track import Track
from gait_core.report.document.report_data import EvidenceFrame
from gait_core.report.document.source import ReportSource
from gait_core.report.document.words import number as number_text
from gait_core.report.privacy import blur_face, blur_surroundings
from gait_core.video.decode import iter_frames
from gait_core.video.pixels import Pixels

if TYPE_CHECKING:
    from gait_core.gait.strides import Stride

__all__ = ["ASPECT", "EvidenceRequest", "Moment", "evidence_frames", "moments"]

Image = NDArray[np.uint8]

ASPECT: Final = 0.8
"""Width of an image divided by its height."""
_HEIGHT_PX: Final = 520
_QUALITY: Final = 82
_MAX_SIDE_PX: Final = 1280
_MARGIN: Final = 0.09
_THREADS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One moment that is worth an image.

    Attributes
    ----------
    time_s : float
        On the clock of the measurement, s.
    side : {"left", "right"}
    title : str
        For people.
    """

    time_s: float
    side: str
    title: str


@dataclass(frozen=True, kw_only=True, eq=False)
class EvidenceRequest:
    """What is wanted.

    Attributes
    ----------
    source : ReportSource
    moments : tuple of Moment
    visible_side : str
        Side nearer to the camera; its bones are drawn stronger.
    blur_faces : bool
    several_people : bool
        Other people were seen: everything but the walker is then blurred.
    """

    source: ReportSource
    moments: tuple[Moment, ...]
    visible_side: str
    blur_faces: bool = True
    several_people: bool = False


def moments(strides: Sequence[Stride]) -> tuple[Moment, ...]:
    """Choose initial contact and the middle of stance of each side, close together, from strides that can be trusted.

    Parameters
    ----------
    strides : sequence of Stride
        Of one walk.

    Returns
    -------
    tuple of Moment
        Left contact, left stance, right contact, right stance; those that there are.
    """
    chosen: list[Moment] = []
    best = max(strides, key=lambda stride: stride.confidence, default=None)
    for side in ("left", "right"):
        own = [stride for stride in strides if stride.side == side]
        if not own or best is None:
            continue
        same = [stride for stride in own if stride.pass_number == best.pass_number] or own
        # Near in time to the best stride, so that one seek reaches all four.
        stride = min(same, key=lambda one: abs(one.start_s - best.start_s) - one.confidence)
        middle_s = stride.start_s + 0.5 * (stride.foot_off_s - stride.start_s)
        if stride.opposite_foot_off_s is not None and stride.opposite_contact_s is not None:
            middle_s = 0.5 * (stride.opposite_foot_off_s + stride.opposite_contact_s)
        word = side.capitalize()
        chosen.append(Moment(time_s=stride.start_s, side=side, title=f"{word} foot lands"))
        chosen.append(Moment(time_s=middle_s, side=side, title=f"{word} leg, middle of stance"))
    return tuple(chosen)


def evidence_frames(request: EvidenceRequest) -> tuple[tuple[EvidenceFrame, ...], str]:
    """Open the video again and draw the landmarks at the moments wanted.

    Parameters
    ----------
    request : EvidenceRequest

    Returns
    -------
    frames : tuple of EvidenceFrame
    note : str
        One sentence: what was done to the images, or why there are none. Never an error: the report stands without.
    """
    source, track = request.source, request.source.track
    if not request.moments:
        return (), "No images: no complete stride was seen."
    if track is None:
        return (), "No images: the landmarks of this walk are no longer stored; measure the video again."
    if source.path is not None and is_marker_file(source.path):
        return (), "No images: the walk was recorded with markers."
    if source.path is None or not source.path.is_file():
        return (
            (),
            "No images: the video is no longer where it was. Everything else comes from the stored measurement.",
        )
    try:
        images = _images(request, track)
    except GaitError as error:
        return (), f"No images: {error.message}"
    frames = tuple(
        _frame(request, track, moment, images[number])
        for number, moment in enumerate(request.moments)
        if number in images
    )
    if not frames:
        return (), "No images: the video could not be read at these moments."
    note = "Faces are blurred after the body was found." if request.blur_faces else "Faces are shown as filmed."
    if request.several_people and request.blur_faces:
        note = "Faces and everything around the walker are blurred after the body was found."
    return frames, f"{note} Lines: the landmarks that were measured; the side near the camera is in colour."


def _images(request: EvidenceRequest, track: Track) -> dict[int, Image]:
    """Return the image nearest to each moment, by its number."""
    if request.source.path is None:
        return {}
    rows = [int(np.argmin(np.abs(track.time_s - moment.time_s))) for moment in request.moments]
    wanted_s = [float(track.time_s[row]) / request.source.time_scale for row in rows]
    tolerance_s = 1.5 / max(track.frame_rate_hz * request.source.time_scale, 1.0)
    found: dict[int, Pixels] = {}
    nearest = [np.inf] * len(wanted_s)
    span_s = min(wanted_s), max(wanted_s) + tolerance_s
    for frame in iter_frames(request.source.path, threads=_THREADS, span_s=span_s):
        for number, at_s in enumerate(wanted_s):
            away = abs(frame.time_s - at_s)
            if away <= tolerance_s and away < nearest[number]:
                nearest[number], found[number] = away, frame.pixels
    return {number: pixels.rgb(_MAX_SIDE_PX) for number, pixels in found.items()}


def _frame(request: EvidenceRequest, track: Track, moment: Moment, image: Image) -> EvidenceFrame:
    import cv2

    from gait_core.pose.skeleton import draw_bones

    row = int(np.argmin(np.abs(track.time_s - moment.time_s)))
    points = track.position[row].astype(float) * (image.shape[1] / track.width_px)
    canvas = image.copy()
    if request.blur_faces:
        if request.several_people:
            canvas = blur_surroundings(canvas, points)
        canvas = blur_face(canvas, points)
    crop, shift, scale = _cropped(canvas, points)
    thickness = max(2, round(crop.shape[0] / 170))
    placed = (points - shift) * scale
    draw_bones(crop, placed, track.confidence[row], request.visible_side, thickness=thickness)
    done, encoded = cv2.imencode(".jpg", crop[:, :, ::-1], [int(cv2.IMWRITE_JPEG_QUALITY), _QUALITY])
    jpeg = encoded.tobytes() if done else b""
    return EvidenceFrame(title=moment.title, detail=f"at {number_text(moment.time_s, 's')} s", jpeg=jpeg)


def _cropped(image: Image, points: NDArray[np.float64]) -> tuple[Image, NDArray[np.float64], float]:
    """Cut the body out with some margin, at a fixed shape; return also where the cut begins and how it was scaled."""
    import cv2

    height, width = image.shape[:2]
    finite = points[np.isfinite(points).all(axis=1)]
    low, high = (finite.min(axis=0), finite.max(axis=0)) if len(finite) else (np.zeros(2), np.array([width, height]))
    # Above the eyes there is hair, below the heel a sole.
    tall = (high[1] - low[1]) * (1 + 2 * _MARGIN) + 0.06 * (high[1] - low[1])
    wide = max((high[0] - low[0]) * (1 + 2 * _MARGIN), ASPECT * tall)
    tall = max(tall, wide / ASPECT)
    centre = (low + high) / 2 - np.array([0.0, 0.03 * (high[1] - low[1])])
    left, top = (round(float(v)) for v in centre - np.array([wide, tall]) / 2)
    right, bottom = left + max(round(wide), 8), top + max(round(tall), 10)
    pad = [max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width)]
    padded = cv2.copyMakeBorder(image, pad[0], pad[1], pad[2], pad[3], cv2.BORDER_REPLICATE) if any(pad) else image
    crop = padded[top + pad[0] : bottom + pad[0], left + pad[2] : right + pad[2]]
    scale = _HEIGHT_PX / crop.shape[0]
    size = (round(_HEIGHT_PX * ASPECT), _HEIGHT_PX)
    resized = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return np.ascontiguousarray(resized, np.uint8), np.array([left, top], float), scale
