"""Which device finds the landmarks, and why: the CPU, unless another one was tried here and won."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gait_core.cache import waiting_lock
from gait_core.config import PoseSettings
from gait_core.errors import LibraryError, ModelError, SettingsError, StorageError
from gait_core.pose.devices.results import Trial, TrialKey, keep_trial, key_of, read_trials, trials_path
from gait_core.pose.devices.targets import Place, cpu_place, other_places
from gait_core.pose.devices.trial import brief, try_place
from gait_core.pose.models.assets import models_folder
from gait_core.pose.models.sources import bundle_name
from gait_core.progress import Reporter, silent
from gait_core.runtime.devices import Device, choose_device, find_devices
from gait_core.video.info import VideoInfo

__all__ = ["VARIABLE", "Choice", "DeviceChooser", "known_choice", "only_cpu"]

VARIABLE: Final = "GAIT_POSE_DEVICE"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Where the pose model runs.

    Attributes
    ----------
    place : Place
    why : str
        For people.
    trials : tuple of Trial
        Of the devices that are here.
    untried : tuple of Place
        Devices that the next analysis will try.
    """

    place: Place
    why: str
    trials: tuple[Trial, ...] = ()
    untried: tuple[Place, ...] = ()


def only_cpu() -> bool:
    """Return whether the user wants poses computed on the CPU.

    Returns
    -------
    bool
        True when ``GAIT_POSE_DEVICE`` is ``cpu``; False when it is ``auto``, empty or not set.

    Raises
    ------
    SettingsError
        When the variable of the environment holds an unknown word.
    """
    word = os.environ.get(VARIABLE, "").strip().lower() or "auto"
    if word not in ("auto", "cpu"):
        raise SettingsError(
            f"Expected {VARIABLE} to be cpu or auto, but got {word!r}.",
            f"Set {VARIABLE}=cpu to keep poses on the CPU, or remove it.",
        )
    return word == "cpu"


def known_choice(asked: PoseSettings, devices: list[Device] | None = None) -> Choice:
    """Return where the pose model runs, if known; nothing is tried.

    Parameters
    ----------
    asked : PoseSettings
        As the user gave them.
    devices : list of Device, optional
        What the machine has; default: look.

    Returns
    -------
    Choice
        The fastest device that earlier trials took, or else the CPU; devices without a trial are in `untried`.

    Raises
    ------
    SettingsError
        When the environment asks for an unknown device.
    """
    cpu = cpu_place(asked)
    if only_cpu():
        return Choice(place=cpu, why=f"{VARIABLE}=cpu keeps poses on the CPU.")
    devices = find_devices() if devices is None else devices
    start = choose_device("pose", devices)
    places, why_not = other_places(asked, devices)
    kept = read_trials() if places else {}
    trials: list[tuple[Place, Trial]] = []
    untried: list[Place] = []
    for place in places:
        key = _key(place, cpu)
        if key is None:
            why_not.append(f"{place.name}: the engine {place.settings.engine} or its model is not installed.")
        elif key in kept:
            trials.append((place, kept[key]))
        else:
            untried.append(place)
    found = tuple(trial for _, trial in trials)
    taken = [(place, trial) for place, trial in trials if trial.taken]
    if taken:
        place, trial = max(taken, key=lambda pair: pair[1].speedup)
        return Choice(place=place, why=trial.reason, trials=found, untried=tuple(untried))
    reasons = [trial.reason for trial in found]
    reasons += [f"{place.name}: not tried yet, the next analysis of a video will." for place in untried]
    # Without a trial, the choice of `runtime` applies, which for poses is the CPU.
    why = " ".join([*reasons, *why_not]) or start.reason
    return Choice(place=cpu, why=why, trials=found, untried=tuple(untried))


def _key(place: Place, cpu: Place) -> TrialKey | None:
    if not (models_folder() / bundle_name(place.settings.variant)).is_file():
        return None  # who only asks is not made to fetch it
    try:
        return key_of(place, cpu)
    except (LibraryError, ModelError):
        return None


def _lock_path() -> Path:
    return trials_path().with_suffix(".lock")


class DeviceChooser:
    """Choose once for all videos of an analysis, and give a device up that fails on the way.

    Parameters
    ----------
    asked : PoseSettings
        As the user gave them.
    stage : str
        What the work is reported under.
    reporter : Reporter, optional

    Raises
    ------
    SettingsError
        When the environment asks for an unknown device.
    """

    def __init__(self, asked: PoseSettings, stage: str, reporter: Reporter | None = None) -> None:
        only_cpu()
        self._asked = asked
        self._stage = stage
        self._reporter = reporter or silent()
        self._choosing = threading.Lock()
        self._choice: Choice | None = None

    def choose(self, info: VideoInfo, check: Callable[[], None]) -> Choice:
        """Return the choice; the first call tries what was never tried, on the video at hand.

        Parameters
        ----------
        info : VideoInfo
        check : callable
            Raises when the work is to stop.
        """
        with self._choosing:
            check()
            if self._choice is None:
                self._choice = known_choice(self._asked)
                if self._choice.untried:
                    self._choice = self._tried(info)
            return self._choice

    def give_up(self, place: Place, item: str, error: Exception) -> None:
        """Go on with the CPU after a device failed; said once, and kept for the next time."""
        with self._choosing:
            if self._choice is None or self._choice.place != place:
                return
            said = brief(str(error))
            why = f"{place.name} failed in the middle of {item}: {said}"
            self._choice = replace(self._choice, place=cpu_place(self._asked), why=why)
        self._reporter.warn(self._stage, f"{why} The CPU begins that video again and does the others; nothing is lost.")
        try:
            with waiting_lock(_lock_path(), self._reporter):
                key = key_of(place, cpu_place(self._asked))
                keep_trial(Trial(key=key, outcome="failed", reason=why, frames_per_s={}))
        except StorageError as failure:
            _logger.warning("not kept: %s", failure)

    def _tried(self, info: VideoInfo) -> Choice:
        try:
            # Another process may be at it; two at once would measure each other.
            with waiting_lock(_lock_path(), self._reporter):
                return self._try_all(known_choice(self._asked), info)
        except StorageError as error:
            why = (
                f"No device was tried, for what comes out could not be kept in {trials_path().parent}: {error.message}"
            )
            _logger.warning(why)
            return Choice(place=cpu_place(self._asked), why=why)

    def _try_all(self, known: Choice, info: VideoInfo) -> Choice:
        cpu = cpu_place(self._asked)
        no_answer = []
        for place in known.untried:
            self._reporter.note(
                self._stage, f"Trying {place.name} for the pose model: once, for as long as a minute or two"
            )
            trial = try_place(place, cpu, info, self._reporter)
            if isinstance(trial, str):
                no_answer.append(f"{place.name} could not be tried: {trial}.")
                break  # another device would meet the same video
            keep_trial(trial)
            self._reporter.note(self._stage, trial.reason)
        choice = known_choice(self._asked)
        return replace(choice, why=" ".join([*no_answer, choice.why])) if no_answer else choice
