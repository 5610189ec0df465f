"""Runs the pose model on the CPU and on another device, in a process of its own that may crash or hang.

``python -m gait_core.pose.devices.measure QUESTION ANSWER SECONDS``: two JSON files and a time limit. What is known is
written after each step, so that whoever waits can tell a device that ended the process from a video that is no use.
"""

from __future__ import annotations

import faulthandler
import math
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from gait_core.errors import GaitError
from gait_core.pose.devices.targets import Place
from gait_core.pose.engines import open_engine
from gait_core.pose.parity import compare_tracks
from gait_core.pose.rows import Rows
from gait_core.pose.track import Track
from gait_core.runtime.cpu import available_cpus
from gait_core.video.decode import Frame, iter_frames
from gait_core.video.info import VideoInfo
from gait_core.workspace import read_json, write_json

__all__ = ["answer", "main", "on_device"]

_SEARCHED_S: Final = 10.0
"""Time from the start of a video within which a person has to appear, s."""
_WARM_FRAMES: Final = 5
"""Warm-up frames before the clock starts: a device sets itself up during the first ones."""
_FEWEST_FRAMES: Final = 20
_FRAMES_AHEAD: Final = 4
_MOST_DECODERS: Final = 4


class Measured(NamedTuple):
    """Frames per second and the landmarks, of which every video has the same."""

    frames_per_s: float
    track: Track


def main(arguments: list[str]) -> int:
    """Answer one question.

    Parameters
    ----------
    arguments : list of str
        Path of the question, path of the answer, and the time limit, s. The process ends itself at that limit; whoever
        asked gives up earlier.

    Returns
    -------
    int
        Exit status: 0, also where the device failed, which the answer states.
    """
    question, path, limit_s = Path(arguments[0]), Path(arguments[1]), float(arguments[2])
    faulthandler.dump_traceback_later(limit_s, exit=True)
    answer(read_json(question), path)
    return 0


def answer(question: Mapping[str, Any], path: Path) -> None:
    """Try a device and write what came out.

    Parameters
    ----------
    question : mapping
        ``video`` (of `VideoInfo`), ``cpu`` and ``device`` (of `Place`), ``frames`` and ``at_once``: a list.
    path : Path
        Receives ``unusable``: why the video is of no use; or ``cpu``: frames per second for each of ``at_once``;
        then ``device`` likewise and ``parity`` with the same engine on the CPU, or ``failed``: what the device
        said.
    """
    info = VideoInfo.from_dict(question["video"])
    cpu, device = Place.from_dict(question["cpu"]), Place.from_dict(question["device"])
    frames, numbers = int(question["frames"]), list(question["at_once"])
    known: dict[str, Any] = {}
    try:
        begin_s = _first_seen_s(info, cpu)
        if begin_s is None:
            write_json(path, {"unusable": f"no person is seen in the first {_SEARCHED_S:.0f} s of {info.name}"})
            return
        measured = [_measure(cpu, info, begin_s, frames, number) for number in numbers]
        if len(measured[0].track) < _WARM_FRAMES + _FEWEST_FRAMES:
            write_json(path, {"unusable": f"{info.name} is too short"})
            return
        reference = measured[0].track
        if device.settings.engine != cpu.settings.engine:
            # What the two engines differ by is known; here the device is in question.
            same_engine = replace(cpu, settings=device.settings)
            reference = _measure(same_engine, info, begin_s, frames, 1).track
    except GaitError as error:
        write_json(path, {"unusable": error.message})
        return
    known["cpu"] = [one.frames_per_s for one in measured]
    write_json(path, known)
    try:
        there = [on_device(device, info, begin_s, frames, number) for number in numbers]
        # What else the machine does comes and goes: the CPU runs before and after, and its better time counts.
        again = [_measure(cpu, info, begin_s, frames, number) for number in numbers]
    except GaitError as error:
        write_json(path, {**known, "failed": error.message})
        return
    except (RuntimeError, ValueError) as error:
        write_json(path, {**known, "failed": str(error) or type(error).__name__})
        return
    known["cpu"] = [max(pair) for pair in zip(known["cpu"], (one.frames_per_s for one in again), strict=True)]
    known["device"] = [one.frames_per_s for one in there]
    known["parity"] = compare_tracks(reference, there[0].track).to_dict()
    write_json(path, known)


def on_device(place: Place, info: VideoInfo, begin_s: float, frames: int, at_once: int) -> Measured:
    """Measure the device that is tried; the only step that its driver can spoil.

    Parameters
    ----------
    place : Place
    info : VideoInfo
    begin_s : float
        Time of the first frame used, s.
    frames : int
        Frames timed in each thread, after a few that only warm the device up.
    at_once : int
        Threads, each of which follows the person through the same frames with an engine of its own.

    Returns
    -------
    Measured
        Frames per second of all threads together, 0 where the video ended before the clock started; and the landmarks.
    """
    return _measure(place, info, begin_s, frames, at_once)


def _first_seen_s(info: VideoInfo, place: Place) -> float | None:
    """Return the time of the first frame that shows a person, s, or None."""
    with open_engine(place.settings, device=place.device) as engine:
        for frame in _frames(info, place, (-math.inf, math.inf), 1):
            if engine.detect(frame.pixels, frame.time_s) is not None:
                return frame.time_s
            if frame.time_s > _SEARCHED_S:
                break
    return None


def _measure(place: Place, info: VideoInfo, begin_s: float, frames: int, at_once: int) -> Measured:
    """Follow the person through the same frames in several threads, as when several videos are analysed."""
    begun_s: list[float] = []
    ready = threading.Barrier(at_once, action=lambda: begun_s.append(time.perf_counter()))

    def follow() -> tuple[Track, float]:
        try:
            with (
                open_engine(place.settings, at_once=at_once, device=place.device) as engine,
                Rows(info.width_px, info.height_px) as rows,
            ):
                taken = islice(_frames(info, place, (begin_s, math.inf), at_once), _WARM_FRAMES + frames)
                for number, frame in enumerate(taken):
                    if number == _WARM_FRAMES:
                        ready.wait()
                    rows.add(frame.time_s, engine.detect(frame.pixels, frame.time_s))
                ended_s = time.perf_counter()
                found: dict[str, Any] = {**rows.arrays(), "time_s": rows.time_s}
                return Track(**found, width_px=info.width_px, height_px=info.height_px), ended_s
        except BaseException:
            ready.abort()  # the others would wait for ever
            raise

    with ThreadPoolExecutor(max_workers=at_once) as pool:
        pending = [pool.submit(follow) for _ in range(at_once)]
    errors = [error for error in (future.exception() for future in pending) if error is not None]
    for error in sorted(errors, key=lambda one: isinstance(one, threading.BrokenBarrierError)):
        raise error
    done = [future.result() for future in pending]
    if not begun_s:
        return Measured(0.0, done[0][0])
    timed = sum(len(track) - _WARM_FRAMES for track, _ in done)
    return Measured(timed / max(1e-9, max(ended_s for _, ended_s in done) - begun_s[0]), done[0][0])


def _frames(info: VideoInfo, place: Place, span_s: tuple[float, float], at_once: int) -> Iterator[Frame]:
    """Decode as an analysis does: what is measured is what the user would get."""
    return iter_frames(
        info,
        target_fps=place.settings.target_fps,
        threads=max(1, min(_MOST_DECODERS, available_cpus() // at_once)),
        skip_loop_filter=place.settings.skip_loop_filter,
        ahead=_FRAMES_AHEAD,
        span_s=span_s,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
