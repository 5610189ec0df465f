"""Videos for the benchmarks of speed: rendered once a machine into the workspace, and kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.progress import Reporter
from gait_core.simulate.camera import Camera
from gait_core.simulate.person import sample_person
from gait_core.simulate.render import iter_images, render
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import walk
from gait_core.workspace import Workspace, storage_guard

__all__ = ["PERSON", "bench_folder", "long_video", "passes", "uhd_video", "walk_video"]

PERSON: Final = 7_100_033
"""Walks at 1.1 m/s and is in no training set."""
_RATE_HZ: Final = 30.0
_BODY_SHARE: Final = 0.6
_DISTANCE_M: Final = 4.5
_CAMERA_M: Final = 1.1
_GAP_FRAMES: Final = 9
_UHD_SECONDS: Final = 4.0
_VERSION: Final = 1
_PER_FRAME: Final = ("time_s", "angles_deg", "trunk_lean_deg", "phase", "position_px", "room_m")
"""Fields of a truth that have one row per frame."""


def bench_folder(workspace: Workspace) -> Path:
    """Return where the videos lie.

    Returns
    -------
    Path
        ``bench`` in the workspace; need not exist.
    """
    return workspace.root / "bench"


def walk_video(
    workspace: Workspace,
    reporter: Reporter,
    *,
    number: int,
    height_px: int,
    seconds: float,
    impairment: str | None = None,
    severity: float = 0.0,
) -> Path:
    """Return a video of one person who crosses the frame again and again, always from left to right.

    Parameters
    ----------
    workspace : Workspace
    reporter : Reporter
    number : int
        Which walk.
    height_px : int
        Height of the 16:9 frame; the person fills 60 % of it.
    seconds : float
        Length of the video, s.
    impairment : str, optional
        A key of `IMPAIRMENTS`, on the right side; default: a normal walk.
    severity : float
        In [0, 1].

    Returns
    -------
    Path
        MP4 file at 30 frames/s, kept in the workspace; rendered when it is missing.
    """
    what = f"{impairment}-{round(100 * severity)}" if impairment else "normal"
    path = bench_folder(workspace) / f"v{_VERSION}-walk{number:02d}-{what}-{height_px}p-{seconds:g}s.mp4"
    if not path.is_file():
        with storage_guard(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        truth = passes(number, height_px=height_px, seconds=seconds, impairment=impairment, severity=severity)
        reporter.note("render", f"rendering {path.name}")
        render(truth, path, seed=number, reporter=reporter)
    return path


def passes(
    number: int, *, height_px: int, seconds: float, impairment: str | None = None, severity: float = 0.0
) -> WalkTruth:
    """Join several crossings of the frame into one walk; between them the frame is empty for a moment.

    Ten seconds do not fit into one crossing of a frame that shows a person large.

    Parameters
    ----------
    number : int
        Which walk.
    height_px : int
        Height of the 16:9 frame; the person fills 60 % of it.
    seconds : float
        Length of the walk, s; the last crossing is cut there.
    impairment : str, optional
        A key of `IMPAIRMENTS`, on the right side; default: a normal walk.
    severity : float
        In [0, 1].

    Returns
    -------
    WalkTruth
        At 30 frames/s. What it holds apart from frames (events, parameters) is that of the first crossing.
    """
    person = sample_person(PERSON)
    camera = _camera(person.height_m, height_px)
    wanted = round(seconds * _RATE_HZ)
    crossings: list[WalkTruth] = []
    frames = 0
    while frames < wanted:
        crossing = _crossing(camera, 100 * number + len(crossings), impairment, severity)
        crossings.append(crossing)
        frames += len(crossing) + _GAP_FRAMES
    rows: dict[str, Any] = {
        name: np.concatenate([_with_gap(crossing, name) for crossing in crossings]) for name in _PER_FRAME
    }
    joined = replace(crossings[0], **rows)
    return replace(_frames(joined, slice(wanted)), time_s=np.arange(wanted) / _RATE_HZ)


def _crossing(camera: Camera, seed: int, impairment: str | None, severity: float) -> WalkTruth:
    """Return one walk through the frame, cut where the person is no longer seen."""
    truth = walk(
        sample_person(PERSON),
        duration_s=12.0,
        fps=_RATE_HZ,
        seed=seed,
        impairment=impairment,
        severity=severity,
        affected_side="right",
        camera=camera,
        stay_in_view=False,
    )
    across = truth.position_px[:, :, 0]
    seen = np.flatnonzero((across.max(axis=1) > 0) & (across.min(axis=1) < camera.width_px))
    return _frames(truth, slice(int(seen[0]), int(seen[-1]) + 1))


def _frames(truth: WalkTruth, keep: slice) -> WalkTruth:
    """Return some frames of a walk; what the truth says of the whole walk stays."""
    return replace(truth, **{name: getattr(truth, name)[keep] for name in _PER_FRAME})


def _with_gap(truth: WalkTruth, name: str) -> NDArray[np.float64]:
    """Return a field with its last row repeated for the gap, in which the person stands far out of sight."""
    values: NDArray[np.float64] = getattr(truth, name)
    gap = np.repeat(values[-1:], _GAP_FRAMES, axis=0)
    if name == "position_px":
        gap[:, :, 0] -= 20.0 * truth.camera.width_px
    return np.concatenate([values, gap])


def _camera(person_m: float, height_px: int) -> Camera:
    width_px = 2 * round(height_px * 16 / 9 / 2)
    return Camera(
        width_px=width_px,
        height_px=height_px,
        focal_px=_BODY_SHARE * height_px * _DISTANCE_M / person_m,
        distance_m=_DISTANCE_M,
        height_m=_CAMERA_M,
        pitch_deg=float(np.degrees(np.arctan2(_CAMERA_M - 0.5 * person_m, _DISTANCE_M))),
    )


def uhd_video(workspace: Workspace, reporter: Reporter, *, quick: bool) -> Path:
    """Return a 2160p HEVC clip of one walk.

    Parameters
    ----------
    workspace : Workspace
    reporter : Reporter
    quick : bool
        1.2 s instead of 4 s.

    Returns
    -------
    Path
        MP4 file at 30 frames/s, kept in the workspace; rendered when it is missing.

    Raises
    ------
    LibraryError
        When this PyAV has no HEVC encoder.
    """
    seconds = 1.2 if quick else _UHD_SECONDS
    path = bench_folder(workspace) / f"v{_VERSION}-walk50-normal-2160p-{seconds:g}s.hevc.mp4"
    if not path.is_file():
        with storage_guard(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        truth = passes(50, height_px=2160, seconds=1.5 + seconds)
        skipped = len(truth) - round(seconds * _RATE_HZ)  # begin with the person well in the frame
        shown = _frames(truth, slice(skipped, None))
        reporter.note("render", f"rendering {path.name}")
        _write_hevc(path, iter_images(shown, seed=50), reporter)
    return path


def _write_hevc(path: Path, images: Iterator[NDArray[np.uint8]], reporter: Reporter) -> None:
    import av

    from gait_core.errors import LibraryError

    if "libx265" not in av.codecs_available:
        raise LibraryError("Expected PyAV with an HEVC encoder, but it has none.", "Install PyAV from its wheel.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp.mp4")
    try:
        with storage_guard(path), av.open(str(temporary), "w") as container:
            stream: Any = None
            for number, pixels in enumerate(images):
                reporter.check()
                if stream is None:
                    stream = container.add_stream("libx265", rate=Fraction(round(_RATE_HZ)))
                    stream.height, stream.width = pixels.shape[:2]
                    stream.pix_fmt = "yuv420p"
                    stream.options = {"preset": "fast", "crf": "26", "x265-params": "log-level=none"}
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, round(_RATE_HZ))
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def long_video(path: Path, clip: Path, seconds: float, reporter: Reporter) -> None:
    """Write a video that plays a clip again and again for a time; its packets are copied, nothing is encoded.

    Parameters
    ----------
    path : Path
        Video to write.
    clip : Path
        Begins with a key frame, as every file of ours does.
    seconds : float
        Rounded to whole turns: packets are not in the order of showing, so that half a turn would leave holes.
    reporter : Reporter
    """
    import av

    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        base = stream.time_base
        assert base is not None
        packets = [packet for packet in source.demux(stream) if packet.size and packet.pts is not None]
        stored = [(bytes(packet), packet.pts, packet.dts, packet.is_keyframe) for packet in packets]
        stamps = sorted(int(pts or 0) for _, pts, _, _ in stored)
        step = round((stamps[-1] - stamps[0]) / (len(stamps) - 1))
        length = stamps[-1] - stamps[0] + step
        turns = max(1, round(seconds / float(base) / length))
        with av.open(str(path), "w") as container:
            out = container.add_stream_from_template(stream)
            for number in range(turns * len(stored)):
                if number % 1000 == 0:
                    reporter.check()
                turn, place = divmod(number, len(stored))
                content, pts, dts, key = stored[place]
                packet = av.Packet(content)
                packet.stream, packet.time_base, packet.is_keyframe, packet.duration = out, base, key, step
                packet.pts, packet.dts = int(pts or 0) + turn * length, int(dts or 0) + turn * length
                container.mux(packet)
