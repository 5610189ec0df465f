"""The compute devices of the machine: found by kind, chosen for a use, and planned for.

Each kind of device is one module of this package that registers itself in one line with `register_device`; a kind
from elsewhere registers in the same way and needs no change here.
"""

from gait_core.runtime.devices.choice import USES, VARIABLE, DeviceChoice, choose_device
from gait_core.runtime.devices.device import Device
from gait_core.runtime.devices.execution import ExecutionPlan, OptimisationLevel, fall_back, plan
from gait_core.runtime.devices.registry import (
    DeviceKind,
    DeviceSearch,
    device_kinds,
    find_devices,
    register_device,
)
from gait_core.runtime.processor import has_fast_bf16

__all__ = [
    "USES",
    "VARIABLE",
    "Device",
    "DeviceChoice",
    "DeviceKind",
    "DeviceSearch",
    "ExecutionPlan",
    "OptimisationLevel",
    "choose_device",
    "device_kinds",
    "fall_back",
    "find_devices",
    "has_fast_bf16",
    "plan",
    "register_device",
]
