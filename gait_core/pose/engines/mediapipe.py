"""MediaPipe Tasks as a pose engine: always installed, and the one whose search follows a chosen person best."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from gait_core.config import PoseSettings
from gait_core.pose.engines.registry import DeviceOffer, pose_engine
from gait_core.pose.mediapipe.engine import GPU, MediaPipeEngine, mediapipe_version
from gait_core.runtime.devices import Device

__all__ = ["TURN_DELAY_S"]

TURN_DELAY_S: Final = 0.028
"""By how much the pose models, whichever engine runs them, follow a quick turn of the foot too late, s.

On rendered walkers MediaPipe shows the fastest turn of the foot 27 ms, and the fastest fall of the toe 30 ms, after the
motion that was rendered, and the ankles farthest apart on time. On the real test walks both come 26 to 36 ms later
against the ankles than on markers, so that this is no matter of rendering.
"""

_GRAPHICS: Final = ("nvidia", "apple", "intel_gpu")
"""What MediaPipe's GPU path runs on, in the order in which the drivers offer themselves."""


def _devices(_: PoseSettings, devices: Sequence[Device]) -> Iterator[DeviceOffer]:
    """Offer the first GPU; which one that is, the driver decides."""
    graphics = [device for kind in _GRAPHICS for device in devices if device.kind == kind]
    if not graphics:
        return
    covers = tuple(device.name for device in graphics)
    if sys.platform == "win32":
        yield DeviceOffer(covers=covers, refused="MediaPipe uses GPUs on Linux and macOS only.")
    else:
        yield DeviceOffer(covers=covers, device=GPU, kind=graphics[0].kind)


@pose_engine(
    "mediapipe",
    title="MediaPipe",
    rank=20,
    version=mediapipe_version,
    installed=lambda: True,
    precision=lambda _: "f32",
    devices=_devices,
    turn_delay_s=TURN_DELAY_S,
)
def _open(settings: PoseSettings, *, masks: bool, at_once: int, device: str) -> MediaPipeEngine:  # noqa: ARG001
    return MediaPipeEngine(settings, masks=masks, device=device)
