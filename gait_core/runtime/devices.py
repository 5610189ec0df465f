"""The devices of the machine, what each is used for, and why."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil

from gait_core.errors import LibraryError, SettingsError
from gait_core.runtime.processor import available_processors, fast_bf16_unit, has_fast_bf16, processor_name

__all__ = ["Device", "DeviceChoice", "choose_device", "find_devices", "has_fast_bf16"]

_INTEL: Final = "0x8086"
_NEEDS: Final = {"pose": "pose", "training": "training", "recognition": "training"}
"""What a device has to be usable for; recognition runs where training runs."""
_CUDA_WHEELS: Final = ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13")


@dataclass(frozen=True, kw_only=True)
class Device:
    """A compute device.

    Attributes
    ----------
    kind : {"cpu", "nvidia", "apple", "intel_gpu", "intel_npu"}
    name : str
    memory_bytes : int
        Its memory; that of the machine where both share it; 0 where unknown.
    usable_for : tuple of str
        ``pose``, ``training``: what this installation is known to use it for; for poses the others are tried.
    reason : str
        Why, or why not.
    """

    kind: str
    name: str
    memory_bytes: int
    usable_for: tuple[str, ...]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return dict(vars(self), usable_for=list(self.usable_for))


def find_devices(*, root: Path = Path("/"), deep: bool = False) -> list[Device]:
    """Look for devices without loading a heavy library; the processor comes first.

    Parameters
    ----------
    root : Path
        Where ``/proc`` and ``/sys`` lie.
    deep : bool
        Also load OpenVINO and ask it which devices it can use, which takes about a second.
    """
    openvino = _openvino_devices(load=deep)
    return [
        _processor(root),
        *_nvidia(root),
        *_apple(),
        *_intel(root, "class/drm", "card[0-9]*", "intel_gpu", "GPU", openvino),
        *_intel(root, "class/accel", "accel[0-9]*", "intel_npu", "NPU", openvino),
    ]


class DeviceChoice(NamedTuple):
    """A device for a use, and why it is that one.

    Attributes
    ----------
    device : Device
    reason : str
    """

    device: Device
    reason: str


def choose_device(use: str, devices: Sequence[Device]) -> DeviceChoice:
    """Choose the device for a use, from what the installation is known to support.

    Parameters
    ----------
    use : {"pose", "training", "recognition"}
        Recognition runs its networks with the same library as training. For poses this is where to begin;
        `gait_core.pose.devices` then tries the others and measures.
    devices : sequence of Device
        As `find_devices` gives them.

    Returns
    -------
    DeviceChoice
        An NVIDIA card before anything else, then the device with the most memory; the CPU for poses.

    Raises
    ------
    SettingsError
        When the use is unknown.
    LibraryError
        When no device supports it.
    """
    if use not in _NEEDS:
        raise SettingsError(f"Expected a use among {', '.join(_NEEDS)}, but got {use!r}.", "Choose one of these.")
    usable = [device for device in devices if _NEEDS[use] in device.usable_for]
    if not usable:
        names = ", ".join(device.name for device in devices) or "none at all"
        raise LibraryError(
            f"Expected a device that supports {use}, but got {names}.",
            "Run `python -m gait_core doctor` to see what is missing.",
        )
    best = max(usable, key=lambda device: (device.kind == "nvidia", device.memory_bytes))
    others = [f"{device.name}: {device.reason}" for device in devices if device.kind != "cpu" and device != best]
    if best.kind == "nvidia":
        return DeviceChoice(best, " ".join([best.reason, *others]))
    return DeviceChoice(best, " ".join(others) or "No other device was found.")


def _processor(root: Path) -> Device:
    cpuinfo = root / "proc" / "cpuinfo"
    unit = fast_bf16_unit(cpuinfo)
    bfloat = f"calculates fast in bfloat16 ({unit})" if unit else "has no fast bfloat16, so float32 is used"
    return Device(
        kind="cpu",
        name=processor_name(cpuinfo),
        memory_bytes=int(psutil.virtual_memory().total),
        usable_for=("pose", "training"),
        reason=f"Always there; {available_processors()} processors for this program; {bfloat}.",
    )


def _nvidia(root: Path) -> list[Device]:
    found = _nvidia_by_tool() or _nvidia_by_driver(root)
    if not found:
        return []
    usable, reason = _cuda()
    return [
        Device(kind="nvidia", name=name, memory_bytes=memory, usable_for=usable, reason=reason)
        for name, memory in found
    ]


def _nvidia_by_tool() -> list[tuple[str, int]]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=3, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    cards = []
    for line in text.splitlines():
        name, _, mebibytes = line.rpartition(",")
        size = mebibytes.strip()
        cards.append((name.strip(), int(size) * 1024**2 if size.isdigit() else 0))
    return cards


def _nvidia_by_driver(root: Path) -> list[tuple[str, int]]:
    """Return what the driver tells where its tool is not installed, as in many containers."""
    cards = []
    for file in sorted((root / "proc/driver/nvidia/gpus").glob("*/information")):
        lines = dict(line.partition(":")[::2] for line in _text(file).splitlines())
        cards.append((lines.get("Model", "NVIDIA card").strip() or "NVIDIA card", 0))
    return cards


def _cuda() -> tuple[tuple[str, ...], str]:
    """Tell whether TensorFlow can use an NVIDIA card, from what is installed."""
    if sys.platform == "win32":
        return (), "TensorFlow uses no NVIDIA card on Windows itself: install Gait Studio inside WSL2."
    if any(_installed(name) for name in _CUDA_WHEELS):
        return ("training",), "TensorFlow's CUDA libraries are installed; memory is taken as it is needed."
    return (), (
        "TensorFlow's CUDA libraries are not installed: python -m pip install -r requirements-gpu.txt "
        "(not measured here; baselines train within seconds on the processor)."
    )


def _apple() -> list[Device]:
    if platform.system() != "Darwin" or platform.machine() != "arm64":
        return []
    usable: tuple[str, ...] = ("training",) if _installed("tensorflow-metal") else ()
    reason = (
        "TensorFlow's Metal plug-in is installed."
        if usable
        else "TensorFlow needs the plug-in tensorflow-metal for it, which is not installed; not measured."
    )
    return [
        Device(
            kind="apple",
            name=f"{processor_name()} graphics",
            memory_bytes=int(psutil.virtual_memory().total),
            usable_for=usable,
            reason=reason,
        )
    ]


def _intel(root: Path, place: str, pattern: str, kind: str, short: str, openvino: Sequence[str] | None) -> list[Device]:
    found = []
    for device in sorted((root / "sys" / place).glob(f"{pattern}/device/vendor")):
        card = device.parent.parent.name
        if _text(device).strip() != _INTEL or "-" in card:
            continue
        known = openvino is not None and any(name.partition(".")[0] == short for name in openvino)
        if openvino is None:
            reason = "Whether OpenVINO can use it shows `doctor --deep`."
        elif known:
            reason = "OpenVINO can use it."
        else:
            reason = "OpenVINO does not see it: its driver is missing."
        found.append(Device(kind=kind, name=f"Intel {short} ({card})", memory_bytes=0, usable_for=(), reason=reason))
    return found


def _openvino_devices(*, load: bool) -> list[str] | None:
    """Return the devices that OpenVINO sees, or None where it is not loaded."""
    if "openvino" not in sys.modules and not load:
        return None
    try:
        import openvino

        return [str(name) for name in openvino.Core().available_devices]
    except (ImportError, RuntimeError, AttributeError):
        return []


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
