"""The engines that can run the pose model: each registers itself in one line in a module of this package."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from gait_core.config import PoseSettings
from gait_core.errors import SettingsError
from gait_core.runtime.devices import Device

if TYPE_CHECKING:
    from gait_core.pose.following import SearchingEngine

__all__ = ["REGISTERED", "DeviceOffer", "Engine", "OpenEngine", "engine_named", "engines_by_rank", "pose_engine"]


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
        Why it cannot be used under these settings; empty when it can.
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
    devices : callable
        Yields what it can run on besides the CPU, from the settings as the user gave them and what the machine has.
    """

    name: str
    rank: int
    open: OpenEngine
    version: Callable[[], str]
    installed: Callable[[], bool]
    precision: Callable[[str], str]
    follows: bool = True
    devices: OfferDevices = _no_devices


REGISTERED: Final[dict[str, Engine]] = {}
"""Filled by `pose_engine` when the modules are imported; read it through the functions below."""


def pose_engine(
    name: str,
    *,
    rank: int,
    version: Callable[[], str],
    installed: Callable[[], bool],
    precision: Callable[[str], str],
    follows: bool = True,
    devices: OfferDevices = _no_devices,
) -> Callable[[OpenEngine], OpenEngine]:
    """Register a function that opens an engine; for the parameters see `Engine`.

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
        if name in REGISTERED:
            raise ValueError(f"Expected a new name for a pose engine, but {name!r} is registered already.")
        REGISTERED[name] = Engine(
            name=name,
            rank=rank,
            open=opener,
            version=version,
            installed=installed,
            precision=precision,
            follows=follows,
            devices=devices,
        )
        return opener

    return register


def engines_by_rank() -> list[Engine]:
    """Return all engines, the preferred one first."""
    _import_all()
    return sorted(REGISTERED.values(), key=lambda engine: (engine.rank, engine.name))


def engine_named(name: str) -> Engine:
    """Return an engine.

    Raises
    ------
    SettingsError
        When there is none of that name.
    """
    _import_all()
    if name not in REGISTERED:
        names = ", ".join(engine.name for engine in engines_by_rank())
        raise SettingsError(f"Expected a pose engine among {names}, but got {name!r}.", "Choose one of these.")
    return REGISTERED[name]


@functools.cache
def _import_all() -> None:
    from gait_core.pose import engines

    for module in pkgutil.iter_modules(engines.__path__, f"{engines.__name__}."):
        importlib.import_module(module.name)
