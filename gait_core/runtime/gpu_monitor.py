"""Load and memory of GPUs: NVIDIA's through NVML; others are reported as not measured."""

from __future__ import annotations

import importlib
import platform
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

__all__ = ["GpuMonitor", "shared_gpu_monitor", "unmeasured_cards"]

_LIBRARY: Final = "pynvml"
"""Module of the distribution nvidia-ml-py; optional."""
_INTEL: Final = "0x8086"


class GpuMonitor:
    """Read NVIDIA cards. Where there is none, no driver or no library, it reads nothing and says why.

    Parameters
    ----------
    library : module, optional
        NVML's Python module; default: ``pynvml`` if it is installed.
    """

    def __init__(self, library: ModuleType | Any | None = None) -> None:
        self._library: Any = library if library is not None else _installed()
        self._handles: list[tuple[str, Any]] = []
        self.reason = ""
        if self._library is None:
            self.reason = "No NVIDIA GPU found (nvidia-ml-py is not installed)."
            return
        try:
            self._library.nvmlInit()
            count = int(self._library.nvmlDeviceGetCount())
            for number in range(count):
                handle = self._library.nvmlDeviceGetHandleByIndex(number)
                self._handles.append((_text(self._library.nvmlDeviceGetName(handle)), handle))
        except self._library.NVMLError:
            self._handles = []  # no driver, or a driver that does not answer
        if not self._handles:
            self.reason = "No NVIDIA GPU found."

    def read(self) -> list[dict[str, Any]]:
        """Return one reading per card: `name`, `utilisation_pct`, `memory_bytes`, `memory_total_bytes`.

        A card that does not report its load, as some virtual ones do, has None there; one that has gone is left out.
        """
        cards = []
        for name, handle in self._handles:
            try:
                memory = self._library.nvmlDeviceGetMemoryInfo(handle)
            except self._library.NVMLError:
                continue
            cards.append(
                {
                    "name": name,
                    "utilisation_pct": self._utilisation(handle),
                    "memory_bytes": int(memory.used),
                    "memory_total_bytes": int(memory.total),
                }
            )
        return cards

    def _utilisation(self, handle: Any) -> float | None:
        try:
            return float(self._library.nvmlDeviceGetUtilizationRates(handle).gpu)
        except self._library.NVMLError:
            return None


@cache
def shared_gpu_monitor() -> GpuMonitor:
    """Return the monitor of this process: the driver is opened once, not at every reading.

    Returns
    -------
    GpuMonitor
        The same one at every call.
    """
    return GpuMonitor()


def unmeasured_cards(drm: Path = Path("/sys/class/drm")) -> list[str]:
    """Name the GPU that may be there but that nothing here measures: Apple's, or Intel's on Linux.

    Parameters
    ----------
    drm : Path
        Where Linux shows GPUs.

    Returns
    -------
    list of str
        One readable sentence, or none.
    """
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return ["The Apple GPU is not measured."]
    for vendor in sorted(drm.glob("card[0-9]*/device/vendor")):
        try:
            if vendor.read_text(encoding="ascii").strip() == _INTEL:
                return ["The Intel GPU is not measured."]
        except (OSError, ValueError):
            continue
    return []


def _installed() -> ModuleType | None:
    try:
        return importlib.import_module(_LIBRARY)
    except ImportError:
        return None


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
