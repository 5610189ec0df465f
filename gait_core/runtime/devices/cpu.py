"""The CPU: always there, and usable for everything."""

from __future__ import annotations

from collections.abc import Iterator

import psutil

from gait_core.runtime.cpu import available_cpus, cpu_name, fast_bf16_unit
from gait_core.runtime.devices.device import Device
from gait_core.runtime.devices.registry import DeviceKind, DeviceSearch, register_device

__all__: list[str] = []


def _find(search: DeviceSearch) -> Iterator[Device]:
    cpuinfo = search.root / "proc" / "cpuinfo"
    unit = fast_bf16_unit(cpuinfo)
    bfloat = f"runs fast in bfloat16 ({unit})" if unit else "has no fast bfloat16, so float32 is used"
    cores = available_cpus()
    yield Device(
        kind="cpu",
        name=cpu_name(cpuinfo),
        memory_bytes=int(psutil.virtual_memory().total),
        usable_for=("pose", "training", "recognition"),
        score=10.0,
        reason=f"Always there; {cores} {'core' if cores == 1 else 'cores'} for this program; {bfloat}.",
        keras_type="CPU",
        half_precision="bfloat16" if unit else "",
        threads=cores,
    )


register_device(DeviceKind(name="cpu", title="CPU", order=0, find=_find))
