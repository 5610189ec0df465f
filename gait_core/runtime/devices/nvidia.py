"""NVIDIA GPUs through CUDA: found by the driver, usable where the CUDA libraries for Python are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from gait_core.runtime.devices.device import Device
from gait_core.runtime.devices.probing import is_installed, text_of
from gait_core.runtime.devices.registry import DeviceKind, DeviceSearch, register_device

__all__: list[str] = []

_CUDA_WHEELS: Final = ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13")
_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_SCORE: Final = 100.0


def _find(search: DeviceSearch) -> Iterator[Device]:
    found = _by_tool() or _by_driver(search)
    if not found:
        return
    usable, reason = _cuda()
    visible = _visible(len(found))
    for number, (name, memory) in enumerate(found):
        shown = number in visible
        yield Device(
            kind="nvidia",
            name=name,
            # CUDA counts only what it may see, in the order in which the variable names them.
            number=visible.index(number) if shown else number,
            memory_bytes=memory,
            usable_for=usable if shown else (),
            score=_SCORE,
            reason=reason if shown else f"{_VISIBLE}={os.environ[_VISIBLE]} hides it.",
            keras_type="GPU",
            half_precision="float16",
            tensor_float32=True,
            compiles=True,
        )


def _visible(number: int) -> list[int]:
    """Return the GPUs that CUDA may see; all of them where they are named in another way than by number."""
    words = [word.strip() for word in os.environ.get(_VISIBLE, "all").split(",")]
    if any(word and not word.lstrip("-").isdigit() for word in words):
        return list(range(number))
    return [int(word) for word in words if word and 0 <= int(word) < number]


def _by_tool() -> list[tuple[str, int]]:
    """Return name and memory of each GPU, in the order of the PCI bus."""
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


def _by_driver(search: DeviceSearch) -> list[tuple[str, int]]:
    """Return what the driver says where its tool is not installed, as in many containers."""
    cards = []
    for file in sorted((search.root / "proc/driver/nvidia/gpus").glob("*/information")):
        lines = dict(line.partition(":")[::2] for line in text_of(file).splitlines())
        cards.append((lines.get("Model", "NVIDIA card").strip() or "NVIDIA card", 0))
    return cards


def _cuda() -> tuple[tuple[str, ...], str]:
    """Return what an NVIDIA GPU can be used for, from what is installed."""
    if sys.platform == "win32":
        return (), "TensorFlow does not use NVIDIA GPUs on native Windows: install Gait Studio inside WSL2."
    if any(is_installed(name) for name in _CUDA_WHEELS):
        return ("training", "recognition"), "TensorFlow's CUDA libraries are installed; memory is taken as needed."
    return (), (
        "TensorFlow's CUDA libraries are not installed: python -m pip install -r requirements-gpu.txt "
        "(not measured here; baselines train within seconds on the CPU)."
    )


register_device(DeviceKind(name="nvidia", title="NVIDIA GPU", order=10, find=_find))
