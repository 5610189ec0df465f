"""OpenVINO as a pose engine: the fastest where it is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gait_core.config import PoseSettings
from gait_core.pose.engines.mediapipe import TURN_DELAY_S
from gait_core.pose.engines.registry import DeviceOffer, pose_engine
from gait_core.pose.openvino.engine import OpenVinoEngine, openvino_version
from gait_core.pose.openvino.library import openvino_installed
from gait_core.runtime.cpu import has_fast_bf16
from gait_core.runtime.devices import Device

__all__: list[str] = []

_NAMES: Final = {"intel_gpu": "GPU", "intel_npu": "NPU"}
"""Kind of device → what OpenVINO calls it."""


def _precision(asked: str) -> str:
    if asked != "auto":
        return asked
    return "bf16" if has_fast_bf16() else "f32"


def _devices(asked: PoseSettings, devices: Sequence[Device]) -> Iterator[DeviceOffer]:
    precision = "f32" if asked.precision == "f32" else "bf16"
    for kind, name in _NAMES.items():
        for number, device in enumerate(one for one in devices if one.kind == kind):
            if kind == "intel_npu" and precision == "f32":
                refused = "it runs in half precision only, and f32 is asked for."
                yield DeviceOffer(covers=(device.name,), refused=refused)
                continue
            numbered = f"{name}.{number}" if kind == "intel_gpu" else name
            yield DeviceOffer(covers=(device.name,), device=numbered, kind=kind, precision=precision)


@pose_engine(
    "openvino",
    title="OpenVINO",
    rank=10,
    version=openvino_version,
    installed=openvino_installed,
    precision=_precision,
    measures=True,
    follows=False,  # following a chosen person was tuned on MediaPipe's own search, and loses people on this engine
    devices=_devices,
    turn_delay_s=TURN_DELAY_S,  # it runs the same models
    process_mib=(290, 310, 400),
)
def _open(settings: PoseSettings, *, masks: bool, at_once: int, device: str) -> OpenVinoEngine:
    return OpenVinoEngine(settings, masks=masks, at_once=at_once, device=device)
