"""MediaPipe Tasks as a pose engine: always installed, and the one whose search follows a chosen person best."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from gait_core.config import PoseSettings
from gait_core.pose.engines.registry import DeviceOffer, pose_engine
from gait_core.pose.mediapipe.engine import GPU, MediaPipeEngine, mediapipe_version
from gait_core.runtime.devices import Device

__all__: list[str] = []

_GRAPHICS: Final = ("nvidia", "apple", "intel_gpu")
"""What MediaPipe's graphics path runs on, in the order in which the drivers offer themselves."""


def _devices(_: PoseSettings, devices: Sequence[Device]) -> Iterator[DeviceOffer]:
    """Offer the first graphics device; which one that is, the driver decides."""
    graphics = [device for kind in _GRAPHICS for device in devices if device.kind == kind]
    if graphics and sys.platform != "win32":
        yield DeviceOffer(covers=tuple(device.name for device in graphics), device=GPU, kind=graphics[0].kind)


@pose_engine(
    "mediapipe",
    rank=20,
    version=mediapipe_version,
    installed=lambda: True,
    precision=lambda _: "f32",
    devices=_devices,
)
def _open(settings: PoseSettings, *, masks: bool, at_once: int, device: str) -> MediaPipeEngine:  # noqa: ARG001
    return MediaPipeEngine(settings, masks=masks, device=device)
