"""Mutates small videos: each can be used, or is refused with one sentence; never a traceback, a crash or a hang."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import numpy as np

from gait_core.bench.common import BenchResult, Table
from gait_core.bench.faults_child import run_child
from gait_core.errors import GaitError
from gait_core.progress import Reporter, silent
from gait_core.simulate.camera import Camera
from gait_core.simulate.render import render
from gait_core.simulate.walker import sample_person, walk

__all__ = ["mutated_videos", "use_videos"]

Random: TypeAlias = np.random.Generator
_ENDINGS: Final = (".mp4", ".mkv", ".avi", ".mov")
_FRAMES: Final = 40
_MOST_FRAMES: Final = 200
_BATCH: Final = 25
_MOST_S: Final = 90.0


def mutated_videos(count: int, seed: int, reporter: Reporter, *, most_s: float, extracted: int) -> BenchResult:
    """Probe and decode mutated videos, and look for the body in some of them.

    Parameters
    ----------
    count : int
    seed : int
    reporter : Reporter
    most_s : float
        Time after which no further one is tried, s.
    extracted : int
        How many of those that can be decoded also go through the pose model.

    Returns
    -------
    BenchResult
        ``mutated_videos``, ``mutated_tracebacks`` (crashes and hangs among them), ``mutated_usable``.
    """
    generator, begun_s = np.random.default_rng(seed), time.monotonic()
    tried, usable, bad = 0, 0, []
    by_kind: dict[str, list[int]] = {}
    with TemporaryDirectory(prefix="gait-faults-") as name:
        folder = Path(name)
        sound = _sound_videos(folder, reporter)
        while tried < count and time.monotonic() - begun_s < most_s:
            batch = []
            for number in range(tried, min(count, tried + _BATCH)):
                source = sound[number % len(sound)]
                kind = list(_KINDS)[number % len(_KINDS)]
                path = folder / f"{number:04d}{source.suffix}"
                path.write_bytes(_KINDS[kind](source.read_bytes(), generator))
                batch.append((kind, path))
            with_pose = tried // _BATCH < extracted
            for (kind, path), (answer, told) in zip(batch, _outcomes(batch, with_pose=with_pose), strict=True):
                counts = by_kind.setdefault(kind, [0, 0, 0])
                counts[0] += 1
                counts[1] += answer == "done"
                usable += answer == "done"
                if answer not in ("done", "refused"):
                    counts[2] += 1
                    bad.append([path.name, kind, f"{answer}: {told[-400:]}"])
                path.unlink()
            tried += len(batch)
            reporter.progress("mutated_videos", tried, count, "videos")
    rows = [[kind, *counts] for kind, counts in sorted(by_kind.items())]
    tables = [Table(title="Mutated videos", columns=["kind", "tried", "usable", "traceback"], rows=rows)]
    if bad:
        tables.append(Table(title="Tracebacks", columns=["file", "kind", "what"], rows=bad))
    return BenchResult(
        bench="mutated_videos",
        settings={"seed": seed, "containers": list(_ENDINGS), "frames": _FRAMES, "through_the_pose_model": extracted},
        figures={"mutated_videos": tried, "mutated_tracebacks": len(bad), "mutated_usable": usable},
        tables=tables,
    )


def _outcomes(batch: Sequence[tuple[str, Path]], *, with_pose: bool) -> list[tuple[str, str]]:
    """Return how each video of a batch fared; one that takes the process down is named, and the rest continues."""
    found: list[tuple[str, str]] = []
    paths = [str(path) for _, path in batch]
    while len(found) < len(paths):
        left = paths[len(found) :]
        outcome = run_child(use_videos, left, with_pose, most_s=_MOST_S)
        if outcome.kind == "done":
            found += [(str(kind), str(told)) for kind, told in outcome.value]
            continue
        # One of them took the process down: running each by itself shows which.
        alone = [run_child(use_videos, [path], with_pose, most_s=_MOST_S) for path in left]
        found += [
            (one.value[0][0], one.value[0][1]) if one.kind == "done" else (one.kind, str(one.value)) for one in alone
        ]
    return found


def use_videos(paths: Sequence[str], with_pose: bool) -> list[tuple[str, str]]:
    """Probe and decode videos in this process.

    Parameters
    ----------
    paths : sequence of str
    with_pose : bool
        Also look for the body in the first one that can be decoded.

    Returns
    -------
    list of (str, str)
        ``done``, ``refused`` or ``traceback`` of each, and what was said.
    """
    import traceback

    found = []
    for path in paths:
        try:
            _decode(Path(path))
            if with_pose:
                with_pose = False
                _look_for_the_body(Path(path))
        except GaitError as error:
            found.append(("refused", error.message))
        except Exception:  # noqa: BLE001 - whatever it is, it is what the bench looks for
            found.append(("traceback", traceback.format_exc()))
        else:
            found.append(("done", ""))
    return found


def _decode(path: Path) -> None:
    from gait_core.video.decode import iter_frames
    from gait_core.video.probe import probe

    for number, _ in enumerate(iter_frames(probe(path))):
        if number >= _MOST_FRAMES:
            break


def _look_for_the_body(path: Path) -> None:
    from gait_core.config import FeatureSettings, profile_named
    from gait_core.walks.prepare import prepare_walks
    from gait_core.workspace import Workspace

    pose = profile_named("fast").pose_settings()
    with TemporaryDirectory() as folder:
        (outcome,) = prepare_walks([path], pose, FeatureSettings(), Workspace(folder), silent())
    if isinstance(outcome, GaitError):
        raise outcome


def _sound_videos(folder: Path, reporter: Reporter) -> list[Path]:
    """Render one small video and store it in several containers."""
    import av

    camera = Camera(distance_m=8.0, width_px=320, height_px=240)
    truth = walk(sample_person(3), seed=3, fps=30.0, duration_s=_FRAMES / 30.0, camera=camera)
    first = folder / "sound.mp4"
    render(truth, first, seed=3, reporter=reporter.without_events())
    found = [first]
    for ending in _ENDINGS[1:]:
        path = folder / f"sound{ending}"
        with av.open(str(first)) as source, av.open(str(path), "w") as target:
            stream = target.add_stream("mpeg4", rate=30)
            stream.width, stream.height, stream.pix_fmt = camera.width_px, camera.height_px, "yuv420p"
            for frame in source.decode(video=0):
                target.mux(stream.encode(frame.reformat(format="yuv420p")))
            target.mux(stream.encode(None))
        found.append(path)
    return found


def _bits(content: bytes, generator: Random) -> bytes:
    changed = bytearray(content)
    for place in generator.integers(len(content), size=int(generator.integers(1, 40))):
        changed[int(place)] ^= 1 << int(generator.integers(8))
    return bytes(changed)


def _head(content: bytes, generator: Random) -> bytes:
    changed = bytearray(content)
    for place in generator.integers(min(200, len(content)), size=8):
        changed[int(place)] = int(generator.integers(256))
    return bytes(changed)


def _tail(content: bytes, generator: Random) -> bytes:
    changed = bytearray(content)
    for place in generator.integers(max(0, len(content) - 4000), len(content), size=30):
        changed[int(place)] = int(generator.integers(256))
    return bytes(changed)


def _cut(content: bytes, generator: Random) -> bytes:
    return content[: int(generator.integers(1, len(content)))]


def _hole(content: bytes, generator: Random) -> bytes:
    begin, end = sorted(int(place) for place in generator.integers(len(content), size=2))
    return content[:begin] + content[end:]


def _zeros(content: bytes, generator: Random) -> bytes:
    begin, end = sorted(int(place) for place in generator.integers(len(content), size=2))
    return content[:begin] + bytes(end - begin) + content[end:]


def _twice(content: bytes, generator: Random) -> bytes:
    begin, end = sorted(int(place) for place in generator.integers(len(content), size=2))
    return content[:end] + content[begin:]


def _large(content: bytes, generator: Random) -> bytes:
    """Put the largest numbers where sizes, counts and times stand."""
    changed = bytearray(content)
    place = int(generator.integers(max(1, len(content) - 3000), len(content) - 4))
    changed[place : place + 4] = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4))[int(generator.integers(3))]
    return bytes(changed)


_KINDS: Final[Mapping[str, Callable[[bytes, Random], bytes]]] = {
    "bits": _bits,
    "head": _head,
    "tail": _tail,
    "cut off": _cut,
    "hole": _hole,
    "zeros": _zeros,
    "twice": _twice,
    "large numbers": _large,
}
