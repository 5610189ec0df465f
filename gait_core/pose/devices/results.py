"""What came out when devices were tried for the pose model; kept beside the models, one entry for each trial."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

from gait_core.pose.devices.targets import Place
from gait_core.pose.engines import engine_version
from gait_core.pose.models.assets import model_sha256, models_folder
from gait_core.runtime.cpu import available_cpus, cpu_name
from gait_core.storage.renamed import renamed
from gait_core.workspace import write_json

__all__ = ["FORMAT", "Trial", "TrialKey", "keep_trial", "key_of", "read_trials", "trials_path"]

FORMAT: Final = 1
_MOST_KEPT: Final = 64
_EARLIER_NAMES: Final = {"processor": "cpu"}

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrialKey:
    """What a trial holds for; when any of it changes the device is tried again.

    Attributes
    ----------
    name, device : str
        Of the device, for people and as the engine calls it.
    engine, engine_version, precision : str
        What ran there.
    variant, model_sha256 : str
        Pose model.
    against : str
        Engine and precision on the CPU.
    cpu : str
        Name of the CPU and how many of its cores the program may use.
    """

    name: str
    device: str
    engine: str
    engine_version: str
    precision: str
    variant: str
    model_sha256: str
    against: str
    cpu: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How a device did.

    Attributes
    ----------
    key : TrialKey
    outcome : {"taken", "slower", "differs", "failed"}
    reason : str
        One or two sentences for people, with the figures.
    speedup : float
        Frames per second as a multiple of the CPU's, the worst case; 0 where nothing was measured.
    frames_per_s : mapping of str to list of float
        ``cpu`` and ``device``: one video alone, then several at once.
    median_pct, p95_pct : float or None
        Distance of the landmarks from those of the same engine on the CPU, % of body height.
    tried : str
        Day and time, UTC.
    """

    key: TrialKey
    outcome: str
    reason: str
    speedup: float = 0.0
    frames_per_s: Mapping[str, list[float]]
    median_pct: float | None = None
    p95_pct: float | None = None
    tried: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))

    @property
    def taken(self) -> bool:
        """True when the device finds the landmarks from now on."""
        return self.outcome == "taken"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is something else.
        """
        known = {one.name: values[one.name] for one in fields(cls)}
        stored, found = (renamed(values[name], _EARLIER_NAMES) for name in ("key", "frames_per_s"))
        key = {one.name: str(stored[one.name]) for one in fields(TrialKey)}
        rates = {str(name): [float(rate) for rate in rates] for name, rates in found.items()}
        texts = {name: str(values[name]) for name in ("outcome", "reason", "tried")}
        return cls(
            **{**known, **texts, "key": TrialKey(**key), "frames_per_s": rates, "speedup": float(known["speedup"])}
        )


def key_of(place: Place, cpu: Place) -> TrialKey:
    """Return what a trial of a place holds for.

    Parameters
    ----------
    place : Place
        Where the pose model was tried.
    cpu : Place
        The CPU that it was compared with.

    Returns
    -------
    TrialKey
        A trial is used again only under an equal key.

    Raises
    ------
    LibraryError, ModelError
        When the engine or the model is not here.
    """
    settings = place.settings
    return TrialKey(
        name=place.name,
        device=place.device,
        engine=settings.engine,
        engine_version=engine_version(settings),
        precision=settings.precision,
        variant=settings.variant,
        model_sha256=model_sha256(settings.variant),
        against=f"{cpu.settings.engine} {cpu.settings.precision}",
        cpu=f"{cpu_name()}, {available_cpus()}",
    )


def trials_path() -> Path:
    """Return the file in which trials are kept.

    Returns
    -------
    Path
        Beside the pose models. Deleting it has every device tried again.
    """
    return models_folder() / "device_trials.json"


def read_trials() -> dict[TrialKey, Trial]:
    """Read the trials that are kept.

    Returns
    -------
    dict of TrialKey to Trial
        Empty where the file is missing, damaged or of another format; a damaged entry is skipped and logged.
    """
    try:
        stored = json.loads(trials_path().read_text(encoding="utf-8"))
        listed = stored["trials"] if stored["format"] == FORMAT else []
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        _logger.warning("%s cannot be read, so devices count as not tried yet: %s", trials_path(), error)
        return {}
    found = {}
    for values in listed:
        try:
            trial = Trial.from_dict(values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            _logger.warning("an entry of %s is left out: %s", trials_path(), error)
            continue
        found[trial.key] = trial
    return found


def keep_trial(trial: Trial) -> None:
    """Keep a trial in place of an earlier one of the same; call it with the lock of the trials held.

    Raises
    ------
    StorageError
        When the folder of the models cannot be written.
    """
    trials = read_trials()
    trials.pop(trial.key, None)
    kept = [*trials.values(), trial][-_MOST_KEPT:]
    write_json(trials_path(), {"format": FORMAT, "trials": [one.to_dict() for one in kept]})
