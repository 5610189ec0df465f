"""Where the pose model may run: on the CPU, and on the devices that an engine knows how to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from gait_core.config import PoseSettings
from gait_core.pose.engine import CPU
from gait_core.pose.engines import resolved
from gait_core.pose.engines.registry import engines_by_rank
from gait_core.runtime.cpu import cpu_name
from gait_core.runtime.devices import Device

__all__ = ["Place", "cpu_place", "other_places"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A device, and what the pose model runs with there.

    Attributes
    ----------
    settings : PoseSettings
        Engine and precision are those of this place, never ``auto``.
    device : str
        As the engine calls it.
    kind : {"cpu", "nvidia", "apple", "intel_gpu", "intel_npu"}
    name : str
        For people.
    """

    settings: PoseSettings
    device: str = CPU
    kind: str = "cpu"
    name: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return dict(vars(self), settings=self.settings.to_dict())

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**{**values, "settings": PoseSettings.from_dict(values["settings"])})


def cpu_place(asked: PoseSettings) -> Place:
    """Return the CPU as a place for the pose model.

    Returns
    -------
    Place
        With the engine and the precision that the settings mean there, and the name of the CPU.
    """
    return Place(settings=resolved(asked), name=cpu_name())


def other_places(asked: PoseSettings, devices: Sequence[Device]) -> tuple[list[Place], list[str]]:
    """Return where else the pose model could run, and why it cannot run on the other devices.

    Parameters
    ----------
    asked : PoseSettings
        As the user gave them: a named engine is kept, and so is f32.
    devices : sequence of Device
        What the machine has.

    Returns
    -------
    places : list of Place
        In the order of the engines' ranks.
    why_not : list of str
        One sentence for each device that no engine can use.
    """
    on_cpu = resolved(asked)
    free = asked.engine == "auto" and asked.person == "auto"
    places: list[Place] = []
    covered: set[str] = set()
    why_not: dict[str, str] = {}
    for engine in engines_by_rank():
        if not engine.installed() or not (free or on_cpu.engine == engine.name):
            continue
        for offer in engine.devices(asked, devices):
            if offer.refused:
                why_not |= dict.fromkeys(offer.covers, offer.refused)
                continue
            covered |= set(offer.covers)
            settings = on_cpu.with_(engine=engine.name, precision=offer.precision)
            name = " or ".join(offer.covers)
            places.append(Place(settings=settings, device=offer.device, kind=offer.kind, name=name))
    left = [one.name for one in devices if one.kind != "cpu" and one.name not in covered]
    otherwise = f"the engine {on_cpu.engine} cannot use it."
    return places, [f"{name}: {why_not.get(name, otherwise)}" for name in left]
