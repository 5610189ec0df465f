"""The engines that can run the pose model: each registers itself in one line in a module of this package."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from gait_core.config import PoseSettings
from gait_core.config.profiles import PROCESS_MIB, EngineMemory
from gait_core.errors import SettingsError
from gait_core.runtime.devices import Device
from gait_core.runtime.discovery import import_members

if TYPE_CHECKING:
    from gait_core.pose.following import SearchingEngine

__all__ = [
    "AUTO",
    "REGISTERED",
    "DeviceOffer",
    "Engine",
    "OpenEngine",
    "check_engine",
    "engine_memory",
    "engine_named",
    "engine_titles",
    "engines_by_rank",
    "pose_engine",
    "turn_delay_s",
]

AUTO: Final = "auto"
"""In place of the name of an engine: the fastest that works here."""


class OpenEngine(Protocol):
    """How an engine is opened."""

    def __call__(self, settings: PoseSettings, *, masks: bool, at_once: int, device: str) -> SearchingEngine:
        """Return a new engine for one video; see `gait_core.pose.engines.open_engine`."""


@dataclass(frozen=True, kw_only=True)
class DeviceOffer:
    """A compute device other than the CPU that an engine can use, or has a reason not to use.

    Attributes
    ----------
    covers : tuple of str
        Names of the devices of the machine that it stands for.
    device : str
        As the engine calls it.
    kind : str
        Kind of the device, see `gait_core.runtime.devices.Device`.
    precision : {"f32", "bf16"}
        Arithmetic there.
    refused : str
        Why it cannot be used under these settings, as the end of a sentence; empty when it can.
    """

    covers: tuple[str, ...]
    device: str = ""
    kind: str = ""
    precision: str = "f32"
    refused: str = ""


OfferDevices: TypeAlias = Callable[[PoseSettings, Sequence[Device]], Iterable[DeviceOffer]]


def _no_devices(_: PoseSettings, __: Sequence[Device]) -> Iterable[DeviceOffer]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What is known of an engine without loading its library.

    Attributes
    ----------
    name : str
        As in `PoseSettings.engine`.
    title : str
        For people.
    rank : int
        ``auto`` takes the engine of the lowest rank that is installed and does what is asked.
    open : callable
        Opens it for one video.
    version : callable
        Returns the version of everything in it that may change a result; raises `LibraryError` when not installed.
    installed : callable
        Tells whether its library is there.
    precision : callable
        Returns what a precision, ``auto`` among them, means on the CPU of this machine.
    follows : bool
        Whether ``auto`` may take it where one of several people is to be followed.
    measures : bool
        Whether it can read the heat maps of the pose model, so that ``decoding: measure`` means something for it.
    devices : callable
        Yields what it can run on besides the CPU, from the settings as the user gave them and what the machine has.
    turn_delay_s : float
        By how much its landmarks follow a quick turn of the foot too late, s; the gait events take it out.
    process_mib : tuple of int
        Memory of a process with the lite, full and heavy model, before the first image, MiB.
    """

    name: str
    title: str
    rank: int
    open: OpenEngine
    version: Callable[[], str]
    installed: Callable[[], bool]
    precision: Callable[[str], str]
    follows: bool = True
    measures: bool = False
    devices: OfferDevices = _no_devices
    turn_delay_s: float = 0.0
    process_mib: tuple[int, int, int] = PROCESS_MIB


REGISTERED: Final[dict[str, Engine]] = {}
"""Filled by `pose_engine` when the modules are imported; read it through the functions below."""


def pose_engine(
    name: str,
    *,
    title: str = "",
    rank: int,
    version: Callable[[], str],
    installed: Callable[[], bool],
    precision: Callable[[str], str],
    follows: bool = True,
    measures: bool = False,
    devices: OfferDevices = _no_devices,
    turn_delay_s: float = 0.0,
    process_mib: tuple[int, int, int] = PROCESS_MIB,
) -> Callable[[OpenEngine], OpenEngine]:
    """Register a function that opens an engine.

    The parameters are the attributes of `Engine`, where they are described in full.

    Parameters
    ----------
    name : str
        New; ``auto`` is taken.
    title : str
        For people; default: the name.
    rank : int
        The lowest is preferred.
    version : callable
        Returns the version of everything that may change a result.
    installed : callable
        Tells whether the library is there.
    precision : callable
        Returns what a precision means on the CPU of this machine.
    follows : bool
        ``auto`` may take it to follow one of several people.
    measures : bool
        It can read the heat maps of the pose model.
    devices : callable
        Yields the devices besides the CPU; default: none.
    turn_delay_s : float
        Lag of its landmarks behind a quick turn of the foot, s.
    process_mib : tuple of int
        Memory of a process with the lite, full and heavy model, MiB.

    Returns
    -------
    callable
        A decorator that leaves the function as it is.

    Raises
    ------
    ValueError
        When the name is taken.
    """

    def register(opener: OpenEngine) -> OpenEngine:
        if name in REGISTERED or name == AUTO:
            raise ValueError(f"Expected a new name for a pose engine, but {name!r} is registered already.")
        REGISTERED[name] = Engine(
            name=name,
            title=title or name,
            rank=rank,
            open=opener,
            version=version,
            installed=installed,
            precision=precision,
            follows=follows,
            measures=measures,
            devices=devices,
            turn_delay_s=turn_delay_s,
            process_mib=process_mib,
        )
        return opener

    return register


def engines_by_rank() -> list[Engine]:
    """Return all engines.

    Returns
    -------
    list of Engine
        The preferred one first; engines of one rank by name.
    """
    _import_all()
    return sorted(REGISTERED.values(), key=lambda engine: (engine.rank, engine.name))


def engine_named(name: str) -> Engine:
    """Return the engine of a name.

    Returns
    -------
    Engine

    Raises
    ------
    SettingsError
        When there is none of that name.
    """
    _import_all()
    if name not in REGISTERED:
        names = [AUTO, *(engine.name for engine in engines_by_rank())]
        near = get_close_matches(str(name)[:60].lower(), names, n=1, cutoff=0.5)
        raise SettingsError(
            f"Expected engine to be one of {', '.join(names)}, but got {str(name)[:60]!r}.",
            f"Did you mean {near[0]!r}?" if near else "Choose one of these.",
        )
    return REGISTERED[name]


def check_engine(name: str) -> str:
    """Check what the user named as the engine.

    Returns
    -------
    str
        The name as it was given.

    Raises
    ------
    SettingsError
        When it is neither.
    """
    return name if name == AUTO else engine_named(name).name


def engine_titles() -> dict[str, str]:
    """Return what can be chosen as an engine.

    Returns
    -------
    dict of str to str
        Name → title for people; ``auto`` first, then the engines by rank.
    """
    return {AUTO: "Fastest that works here", **{engine.name: engine.title for engine in engines_by_rank()}}


def engine_memory() -> EngineMemory:
    """Return the memory that each engine needs, with which `gait_core.config` checks a profile.

    Returns
    -------
    dict of str to tuple of int
        Engine, in the order of ranks → memory of a process with the lite, full and heavy model, before the first image,
        MiB.
    """
    return {engine.name: engine.process_mib for engine in engines_by_rank()}


def turn_delay_s(name: str) -> float:
    """Return the lag of an engine's landmarks behind a quick turn of the foot.

    Returns
    -------
    float
        s; 0 for a name that is not registered, since landmarks of another origin, such as a simulation, have no delay.
    """
    _import_all()
    return REGISTERED[name].turn_delay_s if name in REGISTERED else 0.0


@functools.cache
def _import_all() -> None:
    from gait_core.pose import engines

    import_members(engines)
