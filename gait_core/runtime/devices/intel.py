"""Intel GPUs and NPUs, which OpenVINO uses: for poses, where a trial finds them faster; Keras cannot train on them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Sequence

from gait_core.runtime.devices.device import Device
from gait_core.runtime.devices.probing import text_of
from gait_core.runtime.devices.registry import DeviceKind, DeviceSearch, register_device

__all__: list[str] = []

_INTEL = "0x8086"


def _find(search: DeviceSearch, *, kind: str, folder: str, card: str, short: str) -> Iterator[Device]:
    names = []
    for vendor in sorted((search.root / "sys" / folder).glob(f"{card}/device/vendor")):
        name = vendor.parent.parent.name
        if text_of(vendor).strip() == _INTEL and "-" not in name:  # card0-HDMI-A-1 is a connector of card0
            names.append(name)
    if not names:
        return
    reason = _reason(short, openvino_devices(load=search.deep))
    for number, name in enumerate(names):
        yield Device(
            kind=kind,
            name=f"Intel {short} ({name})",
            number=number,
            memory_bytes=0,
            usable_for=(),
            score=20.0 if short == "GPU" else 15.0,
            reason=reason,
            half_precision="float16",
        )


def _reason(short: str, openvino: Sequence[str] | None) -> str:
    if openvino is None:
        return "`doctor --deep` shows whether OpenVINO can use it."
    if any(name.partition(".")[0] == short for name in openvino):
        return "OpenVINO can use it for poses; networks of Keras do not run on it."
    return "OpenVINO does not see it: its driver is missing."


def openvino_devices(*, load: bool) -> list[str] | None:
    """Return the devices that OpenVINO sees, or None where it is not loaded."""
    if "openvino" not in sys.modules and not load:
        return None
    try:
        import openvino

        return [str(name) for name in openvino.Core().available_devices]
    except (ImportError, RuntimeError, AttributeError):
        return []


_find_gpu = functools.partial(_find, kind="intel_gpu", folder="class/drm", card="card[0-9]*", short="GPU")
_find_npu = functools.partial(_find, kind="intel_npu", folder="class/accel", card="accel[0-9]*", short="NPU")

register_device(DeviceKind(name="intel_gpu", title="Intel GPU", order=30, find=_find_gpu))
register_device(DeviceKind(name="intel_npu", title="Intel NPU", order=40, find=_find_npu))
