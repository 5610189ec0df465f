"""The kinds of compute devices: each registers itself in one line, and `find_devices` asks all of them."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from gait_core.runtime.devices.device import Device
from gait_core.runtime.discovery import import_members

__all__ = ["REGISTERED", "DeviceKind", "DeviceSearch", "device_kinds", "find_devices", "register_device"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DeviceSearch:
    """Where to look for devices, and how thoroughly.

    Attributes
    ----------
    root : Path
        Where ``/proc`` and ``/sys`` are.
    deep : bool
        Whether a heavy library may be loaded to ask it.
    """

    root: Path = Path("/")
    deep: bool = False


FindDevices: TypeAlias = Callable[[DeviceSearch], Iterable[Device]]


@dataclass(frozen=True, kw_only=True)
class DeviceKind:
    """One kind of compute device.

    Attributes
    ----------
    name : str
        As in `Device.kind`.
    title : str
        For people.
    order : int
        Its place in the list of devices; the CPU has 0.
    find : callable
        Returns the devices of this kind, each with its uses, its score and the reason. It loads no heavy library
        unless the search is deep. A missing library or driver is a reason, not an error.
    """

    name: str
    title: str
    order: int = 100
    find: FindDevices


REGISTERED: Final[dict[str, DeviceKind]] = {}
"""Filled by `register_device` when the modules are imported; read it through `device_kinds`."""


def register_device(kind: DeviceKind) -> DeviceKind:
    """Add a kind of device.

    Returns
    -------
    DeviceKind
        As it was given.

    Raises
    ------
    ValueError
        When another kind has the same name.
    """
    if REGISTERED.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"Expected a new name for a kind of device, but {kind.name!r} is registered already.")
    return kind


def device_kinds() -> tuple[DeviceKind, ...]:
    """Return all kinds of devices.

    Returns
    -------
    tuple of DeviceKind
        In the order of the list of devices, the CPU first.
    """
    _import_all()
    return tuple(sorted(REGISTERED.values(), key=lambda kind: (kind.order, kind.name)))


def find_devices(*, root: Path = Path("/"), deep: bool = False) -> list[Device]:
    """Look for devices without loading a heavy library; the CPU comes first.

    Parameters
    ----------
    root : Path
        Where ``/proc`` and ``/sys`` are.
    deep : bool
        Also load OpenVINO and ask it which devices it can use, which takes about a second.

    Returns
    -------
    list of Device
        A kind whose search fails is left out with a warning in the log.
    """
    search = DeviceSearch(root=root, deep=deep)
    found: list[Device] = []
    for kind in device_kinds():
        try:
            found += kind.find(search)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            _logger.warning("devices of the kind %s are left out, the search failed: %s", kind.name, error)
    return found


@functools.cache
def _import_all() -> None:
    from gait_core.runtime import devices

    import_members(devices)
