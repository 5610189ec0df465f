"""Whether copies of a recording are recognised: encoded again, made smaller, cropped, padded, slower or faster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.clips import walk_video
from gait_core.bench.common import BenchResult, Table
from gait_core.config import profile_named
from gait_core.errors import GaitError
from gait_core.gait.fingerprint import fingerprint_of, same_recording
from gait_core.pose.extract import extract_many
from gait_core.progress import Reporter
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

__all__ = ["KINDS", "Copy", "bench_copies", "copied"]

_RENDERED: Final = 3
_REAL: Final = ("p1s1", "p3s1", "p6s1", "p9s1", "p14s1", "p1s3")


@dataclass(frozen=True, kw_only=True)
class Copy:
    """How a copy differs from the recording.

    Attributes
    ----------
    crf : int
        How coarsely it is encoded.
    width_px : int or None
        Width to which it is made smaller.
    crop, pad : tuple of int
        Rows and columns taken away or added in black at the top, bottom, left and right, in thousandths of the height.
    stretch : float
        Length over that of the recording: above 1 plays slower.
    """

    crf: int = 23
    width_px: int | None = None
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    pad: tuple[int, int, int, int] = (0, 0, 0, 0)
    stretch: float = 1.0


KINDS: Final[Mapping[str, Copy]] = {
    "encoded again": Copy(),
    "coarse": Copy(crf=34),
    "640 px": Copy(crf=26, width_px=640),
    "messenger, 480 px": Copy(crf=33, width_px=480),
    "cropped above": Copy(crop=(37, 0, 0, 0)),
    "cropped above and below": Copy(crop=(56, 56, 0, 0)),
    "cropped at the sides": Copy(crop=(0, 0, 74, 37)),
    "cropped all around, coarse": Copy(crf=30, crop=(44, 19, 56, 56)),
    "padded below": Copy(pad=(0, 74, 0, 0)),
    "padded all around": Copy(crf=28, pad=(111, 111, 74, 74)),
    "padded, 640 px": Copy(crf=28, width_px=640, pad=(111, 111, 0, 0)),
    "3 % slower": Copy(stretch=1.03),
    "5 % slower": Copy(stretch=1.05),
    "5 % faster": Copy(stretch=0.95),
    "10 % slower": Copy(crf=28, stretch=1.1),
}


def bench_copies(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Copy recordings in many ways, and count the copies that are recognised and the other walks taken for copies.

    Parameters
    ----------
    workspace : Workspace
        Keeps the videos and their landmarks.
    reporter : Reporter
    quick : bool
        Three kinds of copies of the rendered walks instead of fifteen.
    data : str, optional
        Folder with ``walks``: six of them join the rendered ones.

    Returns
    -------
    BenchResult
        ``copies`` and ``copies_found``; ``other_pairs``, pairs of different recordings or of a recording and a copy of
        another, and ``other_pairs_taken``, those that were taken for copies.
    """
    kinds = dict(list(KINDS.items())[::5] if quick else KINDS.items())
    with reporter.stage("render", "Getting the recordings"):
        recordings = [
            walk_video(workspace, reporter, number=number, height_px=540, seconds=4.0 if quick else 10.0)
            for number in range(_RENDERED)
        ]
        if data is not None:
            found = [Path(data) / "walks" / f"{name}.mp4" for name in _REAL]
            recordings += [path for path in found if path.is_file()]
    with reporter.stage("copy", f"Copying {len(recordings)} recordings in {len(kinds)} ways"):
        made = {
            name: [copied(path, copy, workspace.root / "bench" / "copies", reporter) for path in recordings]
            for name, copy in kinds.items()
        }
    own = _fingerprints(recordings, workspace, reporter)
    found_of: Counter[str] = Counter()
    others = [same_recording(first, second) for first, second in combinations(own, 2)]
    for name, paths in made.items():
        for number, mark in enumerate(_fingerprints(paths, workspace, reporter)):
            found_of[name] += same_recording(own[number], mark)
            others += [same_recording(one, mark) for other, one in enumerate(own) if other != number]
    rows = [(name, len(recordings), found_of[name]) for name in kinds]
    return BenchResult(
        bench="copies",
        settings={"recordings": [path.name for path in recordings], "quick": quick},
        figures={
            "copies": float(len(kinds) * len(recordings)),
            "copies_found": float(found_of.total()),
            "other_pairs": float(len(others)),
            "other_pairs_taken": float(sum(others)),
        },
        tables=(Table(title="Copies that were recognised", columns=("kind", "copies", "found"), rows=rows),),
    )


def copied(path: Path, copy: Copy, folder: Path, reporter: Reporter) -> Path:
    """Return a copy of a recording; made once.

    Parameters
    ----------
    path : Path
        The recording.
    copy : Copy
    folder : Path
        Where copies lie.
    reporter : Reporter
        Checked for cancellation on every frame.

    Returns
    -------
    Path
        MP4 file.
    """
    info = probe(path)
    details = f"{copy.crf}-{copy.width_px or 0}-{'.'.join(map(str, (*copy.crop, *copy.pad)))}-{copy.stretch:g}"
    target = folder / f"{path.stem}-{info.content_sha256[:12]}-{details}.mp4"
    if target.is_file():
        return target
    writer: VideoWriter | None = None
    with ExitStack() as stack:
        for frame in iter_frames(info):
            reporter.check()
            image = _changed(frame.image, copy)
            if writer is None:
                height, width = image.shape[:2]
                rate_hz = info.frame_rate_hz / copy.stretch
                writer = stack.enter_context(VideoWriter(target, width, height, rate_hz, crf=copy.crf))
            writer.write(image, frame.time_s * copy.stretch)
    return target


def _changed(image: NDArray[np.uint8], copy: Copy) -> NDArray[np.uint8]:
    import cv2

    height, width = image.shape[:2]
    top, bottom, left, right = (round(share * height / 1000) for share in copy.crop)
    image = image[top : height - bottom, left : width - right]
    rows = [round(share * height / 1000) for share in copy.pad]
    image = np.pad(image, ((rows[0], rows[1]), (rows[2], rows[3]), (0, 0)))
    if copy.width_px is not None and copy.width_px < image.shape[1]:
        size = (copy.width_px, round(image.shape[0] * copy.width_px / image.shape[1]))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(image)


def _fingerprints(paths: Sequence[Path], workspace: Workspace, reporter: Reporter) -> list[str]:
    settings = profile_named("balanced").pose_settings()
    marks = []
    for outcome in extract_many(list(paths), settings, workspace=workspace, reporter=reporter):
        if isinstance(outcome, GaitError):
            raise outcome
        marks.append(fingerprint_of(outcome.track))
    return marks
