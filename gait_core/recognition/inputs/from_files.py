"""From ready silhouettes to sequences: folders of PNG files in OpenGait's layout, single folders, and arrays."""

from __future__ import annotations

import os
import re
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, NotFoundError
from gait_core.progress import Reporter, silent
from gait_core.recognition.inputs.array_file import read_silhouette_array
from gait_core.recognition.inputs.building import Placed, SequenceBuilder
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.inputs.settings import InputSettings
from gait_core.recognition.inputs.silhouette_values import are_aligned, as_masks
from gait_core.storage.json_file import read_content

__all__ = ["NO_VIDEOS", "SilhouetteFiles", "find_silhouettes", "rated_array", "rated_files"]

_ARRAYS: Final = (".npz", ".npy")
_PICKLES: Final = (".pkl", ".pickle")
NO_VIDEOS: Final = (*_ARRAYS, *_PICKLES)
"""Endings of files that are no videos, even when missing; `rated_files` reports what is wrong with them."""
_NO_PICKLE: Final = (
    "Pickles are never read, because they can run anything: give the PNG files they were made from, or save the array "
    "with numpy.savez_compressed."
)
_MOST_PIXELS: Final = 4096 * 4096
_MOST_BYTES: Final = 4 * _MOST_PIXELS
_MOST_FRAMES: Final = 100_000
_PNG_HEAD: Final = struct.Struct(">8s4s4sII")
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class SilhouetteFiles:
    """The files of one walk.

    Attributes
    ----------
    subject, condition, camera : str
        From the folders ``subject/type/view`` of OpenGait's layout; empty where there are no such folders. The camera
        is a name of the data set, such as ``090``.
    files : tuple of Path
        PNG files in the order of their numbers, or one array file.
    """

    subject: str = ""
    condition: str = ""
    camera: str = ""
    files: tuple[Path, ...]

    @property
    def source(self) -> str:
        """Name of the walk."""
        folders = [name for name in (self.subject, self.condition, self.camera) if name]
        if folders:
            return "/".join(folders)
        return self.files[0].name if self.files[0].suffix.lower() in NO_VIDEOS else self.files[0].parent.name


def find_silhouettes(path: Path | str) -> list[SilhouetteFiles]:
    """Find the silhouettes of walks in a folder, or take one file.

    Parameters
    ----------
    path : path-like
        A folder in OpenGait's layout, ``subject/type/view/*.png``, at any depth (the last three folders count); a
        folder of PNG files of one walk; a folder with array files; or one array file.

    Returns
    -------
    list of SilhouetteFiles
        In the order of their names; at least one.

    Raises
    ------
    NotFoundError
        When there is no such file or folder.
    InputError
        When nothing is found, with the counts of what was looked at; or for a pickle, which is never read.
    """
    path = Path(path)
    if not path.exists():
        raise NotFoundError(f"Expected a folder or a file at {path}, but there is none.", "Check the path.")
    if not path.is_dir():
        if path.suffix.lower() not in _ARRAYS:
            raise _nothing(path.name, 0, Counter([path.suffix.lower()]))
        return [SilhouetteFiles(files=(path,))]
    found: list[SilhouetteFiles] = []
    endings: Counter[str] = Counter()
    folders = 0
    for place, inner, names in os.walk(path):
        inner.sort()
        folders += 1
        endings.update(Path(name).suffix.lower() for name in names)
        found += _walks_in(Path(place), names, path)
    if not found:
        raise _nothing(str(path), folders, endings)
    return found


def rated_files(
    walk: SilhouetteFiles,
    settings: InputSettings | None = None,
    *,
    whole_frames: bool = False,
    reporter: Reporter | None = None,
) -> RatedFrames:
    """Read and rate the silhouettes of one walk; see `rated_array` for what is taken and what is refused.

    Parameters
    ----------
    walk : SilhouetteFiles
        As `find_silhouettes` gives it.
    settings : InputSettings, optional
    whole_frames : bool
        See `rated_array`.
    reporter : Reporter, optional
        Checked for cancellation on every file.

    Returns
    -------
    RatedFrames
        A PNG file that cannot be read is a frame with the code ``unreadable``.

    Raises
    ------
    InputError
        When values or sizes are not those of silhouettes, or the file is a pickle, which is never read.
    NotFoundError
        When an array file is missing.
    """
    first = walk.files[0]
    if first.suffix.lower() in NO_VIDEOS and not first.is_file():
        raise NotFoundError(f"Expected a file at {first}, but there is none.", "Check the path.")
    if first.suffix.lower() in _PICKLES:
        raise InputError(f"Expected silhouettes in {first.name}, but it is a pickle, which is never read.", _NO_PICKLE)
    if first.suffix.lower() in _ARRAYS:
        values = read_silhouette_array(walk.files[0])
        return rated_array(values, walk.source, settings, whole_frames=whole_frames, reporter=reporter)
    reporter = reporter or silent()
    images = []
    for file in walk.files:
        reporter.check()
        images.append(_png(file))
    readable = [image for image in images if image is not None]
    if not readable:
        raise InputError(
            f"Expected PNG files in {walk.source}, but none of {len(images)} can be read.", "Save the files again."
        )
    shapes = Counter(image.shape for image in readable)
    if len(shapes) > 1:
        listing = ", ".join(f"{count} of {w} x {h} px" for (h, w), count in shapes.most_common(4))
        raise InputError(
            f"Expected silhouettes of one size in {walk.source}, but got {listing}.",
            "Put each walk in a folder of its own.",
        )
    masks = iter(as_masks(np.stack(readable), walk.source))
    frames = [None if image is None else next(masks) for image in images]
    return _rated(frames, _numbers(walk.files), walk.source, settings, whole_frames, reporter)


def rated_array(
    values: NDArray[Any],
    source: str,
    settings: InputSettings | None = None,
    *,
    whole_frames: bool = False,
    reporter: Reporter | None = None,
) -> RatedFrames:
    """Rate silhouettes that are in memory.

    Parameters
    ----------
    values : ndarray, shape (n, height, width)
        One walk. **Values**: truth values, 0 to 1 and 0 to 255 are told apart by their maximum and brought to 0 to
        255; anything else is refused. **Size**: 64 x 64 and 64 x 44 px (or twice that) in which people reach from top
        to bottom are taken as aligned, and the width is recorded in the `geometry`, so that 44 columns are not cut
        again; any other size is aligned here.
    source : str
    settings : InputSettings, optional
    whole_frames : bool
        The silhouettes are whole frames of a camera, so that one that touches the border is cut off. Otherwise they
        may be cut out around the person, and touching the border says nothing.
    reporter : Reporter, optional
        Checked for cancellation on every frame.

    Returns
    -------
    RatedFrames
        One frame per silhouette, numbered from 0. `maps`, `parsing` and `time_s` are None, and the view is
        ``"unknown"``.

    Raises
    ------
    InputError
        When values, sizes or the order of axes are not those of silhouettes.
    """
    masks = as_masks(values, source)
    if len(masks) > _MOST_FRAMES:
        raise InputError(
            f"Expected at most {_MOST_FRAMES} frames in {source}, but got {len(masks)}.", "Give one walk at a time."
        )
    return _rated(list(masks), np.arange(len(masks)), source, settings, whole_frames, reporter or silent())


def _rated(
    frames: Sequence[NDArray[np.uint8] | None],
    numbers: NDArray[np.int64],
    source: str,
    settings: InputSettings | None,
    whole_frames: bool,
    reporter: Reporter,
) -> RatedFrames:
    builder = SequenceBuilder(source, settings or InputSettings(), made_elsewhere=True)
    known = [frame for frame in frames if frame is not None]
    aligned = bool(known) and are_aligned(np.stack(known))
    for number, frame in zip(numbers.tolist(), frames, strict=True):
        reporter.check()
        if frame is None:
            builder.add_unreadable(number)
        elif aligned:
            builder.add_aligned(number, frame)
        else:
            matrix = np.eye(2, 3) if whole_frames else None
            frame_px = (frame.shape[1], frame.shape[0]) if whole_frames else None
            builder.add(number, frame, Placed(matrix=matrix, frame_px=frame_px))
    return builder.finish()


def _walks_in(place: Path, names: list[str], root: Path) -> list[SilhouetteFiles]:
    """Return the walk of the PNG files in one folder, and one for each array file."""
    files = sorted((place / name for name in names if not name.startswith(".")), key=_natural)
    images = tuple(file for file in files if file.suffix.lower() == ".png")
    arrays = [file for file in files if file.suffix.lower() in _ARRAYS]
    parts = place.relative_to(root).parts
    folders = dict(zip(("subject", "condition", "camera"), parts[-3:], strict=True)) if len(parts) >= 3 else {}
    found = [SilhouetteFiles(files=images, **folders)] if images else []
    return found + [SilhouetteFiles(files=(file,), **folders) for file in arrays]


def _nothing(name: str, folders: int, endings: Counter[str]) -> InputError:
    """Return the error for a place without silhouettes; it says what was looked at."""
    total = sum(endings.values())
    listing = ", ".join(f"{count} {ending or 'without ending'}" for ending, count in endings.most_common(5))
    looked = f"{folders} folders and {total} files" if folders else f"{total} file"
    remedy = "Give a folder with subject/type/view/*.png, a folder of PNG files, or an .npz file."
    if any(endings[ending] for ending in _PICKLES):
        remedy = _NO_PICKLE
    return InputError(
        f"Expected silhouettes (.png, .npz or .npy) in {name}, but found none in {looked}"
        f"{f' ({listing})' if listing else ''}.",
        remedy,
    )


def _natural(path: Path) -> list[tuple[int, str]]:
    """Return a key that sorts frame-2 before frame-10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _numbers(files: Sequence[Path]) -> NDArray[np.int64]:
    """Return the frame numbers at the ends of the file names, or 0, 1, 2 … where they do not rise."""
    found = [re.search(r"(\d{1,9})\D*$", file.stem) for file in files]
    numbers = np.array([int(match.group(1)) if match else -1 for match in found], np.int64)
    rising = numbers.min() >= 0 and (np.diff(numbers) > 0).all()
    return numbers if rising else np.arange(len(files))


def _png(path: Path) -> NDArray[np.uint8] | None:
    """Return a PNG file as grey values, or None where it cannot be read; its size is checked before it is decoded."""
    import cv2

    try:
        content = read_content(path, _MOST_BYTES)
    except (OSError, ValueError):
        return None
    if len(content) < _PNG_HEAD.size:
        return None
    signature, _, _, width, height = _PNG_HEAD.unpack_from(content)
    if signature != _PNG_SIGNATURE:
        return None
    if width * height > _MOST_PIXELS:
        raise InputError(
            f"Expected a silhouette of at most 4096 x 4096 px in {path.name}, but got {width} x {height} px.",
            "Reduce the silhouettes first.",
        )
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    return None if image is None else np.asarray(image, np.uint8)
