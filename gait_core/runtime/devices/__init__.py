"""The compute devices of the machine: found by kind, chosen for a use, and planned for.

Each kind of device is one module of this package that registers itself in one line. A kind from elsewhere does the same
and needs no change here::

    from gait_core.runtime.devices import Device, DeviceKind, register_device

    def find(search):
        if the_driver_is_there():
            yield Device(kind="abacus", name="Abacus 9", memory_bytes=0, usable_for=("recognition",), score=60.0,
                         reason="Its driver is installed.", keras_type="XPU")

    register_device(DeviceKind(name="abacus", title="Abacus", find=find))

`choose_device` is the only chooser: poses begin with it and measure, `gait_core.learn.backend` shows Keras what it
chose, and recognition asks it in the same way.
"""

from gait_core.runtime.cpu import fast_bf16_unit, has_fast_bf16
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
    "fast_bf16_unit",
    "find_devices",
    "has_fast_bf16",
    "plan",
    "register_device",
]
