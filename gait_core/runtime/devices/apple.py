"""The GPU of Apple silicon, through TensorFlow's Metal plug-in."""

from __future__ import annotations

import platform
from collections.abc import Iterator

import psutil

from gait_core.runtime.cpu import cpu_name
from gait_core.runtime.devices.device import Device
from gait_core.runtime.devices.probing import is_installed
from gait_core.runtime.devices.registry import DeviceKind, DeviceSearch, register_device

__all__: list[str] = []


def _find(_: DeviceSearch) -> Iterator[Device]:
    if platform.system() != "Darwin" or platform.machine() != "arm64":
        return
    usable: tuple[str, ...] = ("training", "recognition") if is_installed("tensorflow-metal") else ()
    yield Device(
        kind="apple",
        name=f"{cpu_name()} graphics",
        memory_bytes=int(psutil.virtual_memory().total),
        usable_for=usable,
        score=50.0,
        reason=(
            "TensorFlow's Metal plug-in is installed; not measured."
            if usable
            else "TensorFlow needs the plug-in tensorflow-metal for it, which is not installed; not measured."
        ),
        keras_type="GPU",
        half_precision="float16",
    )


register_device(DeviceKind(name="apple", title="Apple GPU", order=20, find=_find))
