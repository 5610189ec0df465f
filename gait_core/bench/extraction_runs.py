"""What the benchmark of extraction times, each in a process of its own: the plain loop, ours, and its two parts alone.

What happens once a process is not counted on either side: importing libraries, loading and compiling models for the
first time. Each run reports it separately as ``startup_s``; `bench pipeline` counts all of it.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from gait_core.bench.processes import cpu_s
from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import Limits, PoseSettings
from gait_core.errors import Cancelled, GaitError
from gait_core.pose.engines import open_engine, resolved
from gait_core.pose.extract import extract_many
from gait_core.pose.models.assets import bundle_path, model_sha256
from gait_core.pose.track import Track
from gait_core.progress import Event, Reporter
from gait_core.video.container import open_video
from gait_core.video.probe import probe
from gait_core.workflows.before.pose import plain_track
from gait_core.workspace import Workspace, read_json, write_json

__all__ = ["decode_only", "infer_only", "load_tracks", "our_extraction", "plain_loop", "shaken_loop"]


_START_FRAMES: Final = 2


def plain_loop(paths: Sequence[str], settings: Mapping[str, Any], keep: str | None = None) -> dict[str, Any]:
    """Run a plain sequential loop over the clips: OpenCV decodes, MediaPipe Tasks detects.

    Parameters
    ----------
    paths : sequence of str
    settings : mapping
        `PoseSettings`.
    keep : str, optional
        Folder for the tracks.

    Returns
    -------
    dict
        ``wall_s`` and ``cpu_s`` (CPU time) of the loop, ``startup_s`` before it, ``clip_s``, the time of each
        clip, s; ``frames`` of the clips, ``analysed`` frames, and ``engine``, its name in a list.
    """
    from gait_core.pose.mediapipe.library import load_mediapipe

    load_mediapipe()
    importlib.import_module("cv2")
    pose = PoseSettings.from_dict(settings)
    infos = [probe(path) for path in paths]
    tracks: list[Track] = []
    begun_s = time.perf_counter()
    with suppress(Cancelled):
        plain_track(infos[0], pose, _stop_soon)
    startup_s = time.perf_counter() - begun_s

    def work() -> None:
        tracks.extend(plain_track(info, pose, lambda _: None) for info in infos)

    return _timed(work, sum(info.frame_count for info in infos)) | _kept(tracks, keep) | {"startup_s": startup_s}


def shaken_loop(paths: Sequence[str], settings: Mapping[str, Any], keep: str) -> dict[str, Any]:
    """Run MediaPipe on the clips with every pixel changed by at most one grey level; arguments as for `plain_loop`.

    Returns
    -------
    dict
        ``analysed`` and ``engine`` as of `plain_loop`; ``clip_s`` is 0, for nothing is timed.
    """
    from gait_core.bench.perturbed_pixels import perturbed_tracks

    tracks = perturbed_tracks(paths, settings)
    return _kept([track.with_(info={**track.info, "extraction_s": 0.0}) for track in tracks], keep)


def our_extraction(
    paths: Sequence[str], settings: Mapping[str, Any], keep: str | None = None, workers: int | None = None
) -> dict[str, Any]:
    """Extract the clips with this program, in an empty workspace.

    Parameters
    ----------
    paths : sequence of str
    settings : mapping
        `PoseSettings`.
    keep : str, optional
        Folder for the tracks.
    workers : int, optional
        Clips at once; default: as many as CPU and memory allow.

    Returns
    -------
    dict
        As of `plain_loop`.
    """
    pose = PoseSettings.from_dict(settings)
    _import_libraries(pose)
    frames = sum(probe(path).frame_count for path in paths)
    tracks: list[Track] = []
    startup_s = _start_up(paths, pose, workers)
    with TemporaryDirectory() as folder:

        def work() -> None:
            for outcome in extract_many(list(paths), pose, workspace=Workspace(folder), limits=Limits(workers=workers)):
                if isinstance(outcome, GaitError):
                    raise outcome
                tracks.append(outcome.track)

        return _timed(work, frames) | _kept(tracks, keep) | {"startup_s": startup_s}


def _stop_soon(done: int) -> None:
    if done >= _START_FRAMES:
        raise Cancelled()


def _start_up(paths: Sequence[str], settings: PoseSettings, workers: int | None) -> float:
    """Begin an extraction, stop it as soon as it runs, and return how long that took, s."""
    running = threading.Event()

    def look(event: Event) -> None:
        if event.kind == "progress" and event.done >= _START_FRAMES:
            running.set()

    begun_s = time.perf_counter()
    reporter = Reporter(sink=look, cancelled=running.is_set)
    with TemporaryDirectory() as folder, suppress(Cancelled):
        extract_many(
            list(paths), settings, workspace=Workspace(folder), reporter=reporter, limits=Limits(workers=workers)
        )
    return time.perf_counter() - begun_s


def decode_only(paths: Sequence[str]) -> dict[str, Any]:
    """Decode all frames of the clips in one thread, and convert none.

    Returns
    -------
    dict
        ``frames`` decoded; ``wall_s`` and ``cpu_s``, by the clock and by CPU time, s.
    """
    importlib.import_module("av")
    count = 0

    def work() -> None:
        nonlocal count
        for path in paths:
            with open_video(path) as (container, stream):
                stream.codec_context.thread_count = 1
                for packet in container.demux(stream):
                    count += len(packet.decode())

    return _timed(work, 0) | {"frames": count}


def infer_only(settings: Mapping[str, Any], frames: int) -> dict[str, Any]:
    """Run the landmark model alone, its mask branch cut, on one and the same crop again and again.

    Returns
    -------
    dict
        ``frames``, and ``wall_s`` and ``cpu_s`` by the clock and by CPU time, s; loading the model is not
        counted.
    """
    from gait_core.pose.openvino.compile import Recipe, load_models
    from gait_core.pose.openvino.network import CROP_PX, Networks

    pose = resolved(PoseSettings.from_dict(settings))
    recipe = Recipe(sha256=model_sha256(pose.variant), precision=pose.precision)
    networks = Networks(load_models(bundle_path(pose.variant), recipe))
    crop = np.random.default_rng(0).integers(0, 256, (CROP_PX, CROP_PX, 3)).astype(np.uint8)
    networks.landmarks(crop)

    def work() -> None:
        for _ in range(frames):
            networks.landmarks(crop)

    return _timed(work, frames)


def load_tracks(folder: Path) -> list[Track]:
    """Read the tracks that a run has stored.

    Returns
    -------
    list of Track
        In the order of its clips.
    """
    return [
        Track.from_arrays(load_arrays(path), read_json(path.with_suffix(".json")))
        for path in sorted(folder.glob("*.npz"))
    ]


def _timed(work: Callable[[], None], frames: int) -> dict[str, Any]:
    begun_s, begun_cpu_s = time.perf_counter(), cpu_s()
    work()
    return {
        "wall_s": time.perf_counter() - begun_s,
        "cpu_s": cpu_s() - begun_cpu_s,
        "frames": frames,
    }


def _kept(tracks: Sequence[Track], folder: str | None) -> dict[str, Any]:
    """Return facts of the tracks, and write them where they are wanted."""
    if folder is not None:
        for number, track in enumerate(tracks):
            path = Path(folder) / f"{number:03d}.npz"
            save_arrays(path, track.to_arrays())
            write_json(path.with_suffix(".json"), track.to_meta() | {"info": {}})
    return {
        "analysed": sum(len(track) for track in tracks),
        "clip_s": [float(track.info["extraction_s"]) for track in tracks],
        "engine": [str(track.info["engine"]) for track in tracks][:1],
    }


def _import_libraries(settings: PoseSettings) -> None:
    """Load everything that the first extraction would import, without running a model."""
    for name in ("av", "cv2"):
        importlib.import_module(name)
    if resolved(settings).engine == "openvino":
        from gait_core.pose.openvino.library import load_openvino

        load_openvino()
    else:
        with open_engine(settings):
            pass
