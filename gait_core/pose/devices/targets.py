"""Where the pose model may run: on the processor, and on the devices that an engine knows how to use."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from gait_core.config import PoseSettings
from gait_core.pose.engine import CPU
from gait_core.pose.engines import resolved
from gait_core.pose.mediapipe.engine import GPU
from gait_core.pose.openvino.library import openvino_installed
from gait_core.runtime.devices import Device
from gait_core.runtime.processor import processor_name

__all__ = ["Place", "other_places", "processor_place"]

_GRAPHICS: Final = ("nvidia", "apple", "intel_gpu")
"""What MediaPipe's graphics path runs on, in the order in which the drivers offer themselves."""


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
        """Build from what `to_dict` gave."""
        return cls(**{**values, "settings": PoseSettings.from_dict(values["settings"])})


def processor_place(asked: PoseSettings) -> Place:
    """Return the processor, with the engine and the precision that the settings mean there."""
    return Place(settings=resolved(asked), name=processor_name())


def other_places(asked: PoseSettings, devices: Sequence[Device]) -> tuple[list[Place], list[str]]:
    """Return where else the pose model could run, and a sentence for each device that no engine can use.

    Parameters
    ----------
    asked : PoseSettings
        As the user gave them: a named engine is kept, and so is f32.
    devices : sequence of Device
        What the machine has.
    """
    on_processor = resolved(asked)
    free = asked.engine == "auto" and asked.person == "auto"
    places: list[Place] = []
    used: set[str] = set()
    why_not: list[str] = []
    if openvino_installed() and (free or on_processor.engine == "openvino"):
        half = on_processor.with_(engine="openvino", precision="f32" if asked.precision == "f32" else "bf16")
        for kind, name in (("intel_gpu", "GPU"), ("intel_npu", "NPU")):
            for number, device in enumerate(one for one in devices if one.kind == kind):
                used.add(device.name)
                if kind == "intel_npu" and half.precision == "f32":
                    why_not.append(f"{device.name} calculates in half precision only, and f32 is asked for.")
                    continue
                short = f"{name}.{number}" if kind == "intel_gpu" else name
                places.append(Place(settings=half, device=short, kind=kind, name=device.name))
    graphics = [device for kind in _GRAPHICS for device in devices if device.kind == kind]
    if graphics and sys.platform != "win32" and (free or on_processor.engine == "mediapipe"):
        used |= {device.name for device in graphics}
        settings = on_processor.with_(engine="mediapipe", precision="f32")
        names = " or ".join(device.name for device in graphics)
        places.append(Place(settings=settings, device=GPU, kind=graphics[0].kind, name=names))
    left = [device for device in devices if device.kind != "cpu" and device.name not in used]
    return places, [*why_not, *(f"{device.name}: {_why_not(device, on_processor.engine)}" for device in left)]


def _why_not(device: Device, engine: str) -> str:
    if device.kind in _GRAPHICS and sys.platform == "win32":
        return "MediaPipe uses graphics cards on Linux and macOS only."
    return f"the engine {engine} cannot use it."
