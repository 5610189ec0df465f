"""Tries a device for the pose model before it is trusted: whether it runs, agrees, and is faster.

Drivers crash and hang, so the trial runs in a process of its own, with a time limit. Whatever it does becomes a
reason that people can read.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from gait_core.errors import GaitError
from gait_core.pose.devices.results import Trial, key_of
from gait_core.pose.devices.targets import Place
from gait_core.progress import Reporter
from gait_core.runtime.cpu import available_cpus
from gait_core.video.info import VideoInfo
from gait_core.workspace import read_json, write_json

__all__ = ["LIMIT_S", "MEASURE", "brief", "several_at_once", "try_place"]

LIMIT_S: Final = 180.0
"""Some devices take half a minute to prepare a model for the first time."""
MEASURE: Final = (sys.executable, "-m", "gait_core.pose.devices.measure")

_MEDIAN_PCT, _P95_PCT = 0.5, 2.5
"""Farther from the landmarks of the same engine on the CPU, in % of body height, a device is not used."""
_SAME_SHARE: Final = 0.95
_SPEEDUP: Final = 1.2
_FRAMES: Final = 60
_MOST_AT_ONCE: Final = 5
_LONGEST_REASON: Final = 240
_POLL_S: Final = 0.2
_PROJECT: Final = Path(__file__).resolve().parents[3]


def several_at_once() -> int:
    """Return how many videos a trial follows at once, as an analysis of several does.

    Returns
    -------
    int
        One more than the CPUs available, in [2, 5].
    """
    return max(2, min(_MOST_AT_ONCE, available_cpus() + 1))


def try_place(
    place: Place,
    cpu: Place,
    info: VideoInfo,
    reporter: Reporter,
    *,
    limit_s: float = LIMIT_S,
    frames: int = _FRAMES,
    command: Sequence[str] = MEASURE,
) -> Trial | str:
    """Run the same frames of a video on the CPU and on a device.

    It has to be faster than what the CPU would run with otherwise, and to agree with its own engine there.

    Parameters
    ----------
    place, cpu : Place
    info : VideoInfo
        A real video that shows a person.
    reporter : Reporter
        Checked for cancellation several times a second.
    limit_s : float
        After this time the device counts as one that hangs, s.
    frames : int
        Frames that are timed.
    command : sequence of str
        The process that measures; it gets two paths and the limit.

    Returns
    -------
    Trial or str
        What came out, whatever the device did; a text where the video is no use for the trial.

    Raises
    ------
    Cancelled
        When the user stopped the work.
    LibraryError, ModelError
        When the engine or the model is not here.
    """
    key = key_of(place, cpu)
    with tempfile.TemporaryDirectory(prefix="gait-device-") as name:
        folder = Path(name)
        question = {
            "video": info.to_dict(),
            "cpu": cpu.to_dict(),
            "device": place.to_dict(),
            "frames": frames,
            "at_once": [1, several_at_once()],
        }
        write_json(folder / "question.json", question, durable=False)
        ended = _run([*command, str(folder / "question.json"), str(folder / "answer.json")], folder, reporter, limit_s)
        known = _known(folder / "answer.json")
    if "unusable" in known:
        return str(known["unusable"])
    if "cpu" not in known:
        return f"the CPU could not be measured ({ended or 'no answer'})"
    rates = {where: [round(float(rate), 1) for rate in known.get(where, [])] for where in ("cpu", "device")}
    if "parity" not in known:
        said = f"it failed: {brief(str(known['failed']))}" if "failed" in known else ended or "it gave no answer"
        return Trial(key=key, outcome="failed", reason=f"{_title(place)}: {said}", frames_per_s=rates)
    return _judged(place, key, rates, known["parity"])


def brief(text: str) -> str:
    """Shorten an error to the end of its last line, where libraries say what happened.

    Returns
    -------
    str
        One sentence with a full stop, about 240 characters at most; ``…`` stands for what was cut off in front.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "no reason was given"
    if len(last) > _LONGEST_REASON:
        last = "…" + last[-_LONGEST_REASON:].partition(" ")[2]
    return last if last.endswith((".", "!", "?")) else f"{last}."


def _judged(place: Place, key: Any, rates: Mapping[str, list[float]], parity: Mapping[str, Any]) -> Trial:
    pairs = list(zip(rates["device"], rates["cpu"], strict=True))
    speedup = min(device / max(cpu, 1e-9) for device, cpu in pairs)
    median, p95, same = (parity[name] for name in ("median_pct", "p95_pct", "found_same"))
    close = median is not None and median <= _MEDIAN_PCT and p95 <= _P95_PCT and (same or 0.0) >= _SAME_SHARE
    speed = " and ".join(
        f"{device:.0f} frames/s against {cpu:.0f} {how}"
        for (device, cpu), how in zip(pairs, ("with one video", "with several"), strict=True)
    )
    apart = (
        f"its landmarks lie {median:.2f} % of body height from the CPU's (95 % within {p95:.2f} %)"
        if median is not None
        else "it does not find the person"
    )
    figures = f"{_title(place)}: {speed}; {apart}"
    if not close:
        limits = f"{_MEDIAN_PCT} % and {_P95_PCT} %, and {100 * _SAME_SHARE:.0f} % of the frames detected alike"
        outcome, verdict = "differs", f"Allowed are {limits}."
    elif speedup < _SPEEDUP:
        outcome, verdict = "slower", f"It is taken from {_SPEEDUP} times the speed of the CPU on."
    else:
        outcome, verdict = "taken", "It runs the pose model."
    return Trial(
        key=key,
        outcome=outcome,
        reason=f"{figures}. {verdict}",
        speedup=round(speedup, 3),
        frames_per_s=rates,
        median_pct=median,
        p95_pct=p95,
    )


def _title(place: Place) -> str:
    return f"{place.name} ({place.settings.engine}, {place.device})"


def _run(command: Sequence[str], folder: Path, reporter: Reporter, limit_s: float) -> str:
    """Run a process to its end and say what was wrong with it; empty when nothing was."""
    log = folder / "log.txt"
    # If no process is left to end it, it ends itself.
    command = [*command, str(limit_s + 30.0)]
    begun_s = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=_PROJECT, start_new_session=True
        )
        try:
            while process.poll() is None:
                reporter.check()
                if time.monotonic() - begun_s > limit_s:
                    return f"it did not answer within {limit_s:.0f} s."
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode == 0:
        return ""
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    how = _signal(-process.returncode) if process.returncode < 0 else f"exit code {process.returncode}"
    return f"it crashed ({how}): {brief(said)}" if said else f"it crashed ({how})."


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _known(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path)
    except GaitError:
        return {}
    return dict(found) if isinstance(found, dict) else {}
