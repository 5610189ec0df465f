"""The one place that chooses a compute device: `choose_device`, for poses, training and recognition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from gait_core.errors import LibraryError, SettingsError
from gait_core.runtime.devices.device import Device
from gait_core.runtime.devices.registry import device_kinds, find_devices

__all__ = ["USES", "VARIABLE", "DeviceChoice", "choose_device"]

VARIABLE: Final = "GAIT_DEVICE"
_OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "cuda": ("nvidia",),
    "mps": ("apple",),
    "metal": ("apple",),
    "gpu": ("nvidia", "apple", "intel_gpu"),
}
"""What other programs call kinds of devices."""
"""Variable of the environment that holds the preference for training and recognition."""

USES: Final = ("pose", "training", "recognition")
"""What a device can be chosen for."""

_AUTO: Final = "auto"


@dataclass(frozen=True, kw_only=True)
class DeviceChoice:
    """The device chosen for a use.

    Attributes
    ----------
    device : Device
    score : float
        Its score, see `Device.score`.
    reason : str
        Why it was chosen and the others were not, in words.
    """

    device: Device
    score: float
    reason: str


def choose_device(use: str, devices: Sequence[Device] | None = None, *, preference: str | None = None) -> DeviceChoice:
    """Choose the device for a use: the one with the highest score of those that support it.

    Parameters
    ----------
    use : {"pose", "training", "recognition"}
        For poses this is the start; `gait_core.pose.devices` then tries the other devices and measures them.
    devices : sequence of Device, optional
        What the machine has; default: look with `find_devices`.
    preference : str, optional
        Kind or name of the device that the user wants, ``cuda``, ``mps``, ``metal`` or ``gpu`` as other programs say,
        or ``auto``. Where it cannot be used the choice is made without it, and the reason says so.

    Returns
    -------
    DeviceChoice

    Raises
    ------
    SettingsError
        When there is no such use, or when the preference is neither a kind nor the name of a device.
    LibraryError
        When no device supports the use.
    """
    if use not in USES:
        raise SettingsError(
            f"Expected the use to be one of {', '.join(USES)}, but got {use!r}.", "Choose one of these."
        )
    devices = find_devices() if devices is None else devices
    usable = [device for device in devices if use in device.usable_for]
    if not usable:
        names = ", ".join(device.name for device in devices) or "none at all"
        raise LibraryError(
            f"Expected a device that supports {use}, but got {names}.",
            "Run `python -m gait_core doctor` to see what is missing.",
        )
    wanted = _wanted(preference, devices)
    best = max((one for one in usable if one in wanted), key=_rank, default=None)
    if best is not None and preference not in (None, _AUTO):
        return DeviceChoice(device=best, score=best.score, reason=f"{best.name} was asked for. {best.reason}")
    missed = "" if best is not None else _missed(str(preference), use, wanted)
    best = best or max(usable, key=_rank)
    return DeviceChoice(device=best, score=best.score, reason=" ".join(filter(None, (missed, _why(best, devices)))))


def _rank(device: Device) -> tuple[float, int, int]:
    """Order devices by score, then by memory; of equal ones the first is taken."""
    return device.score, device.memory_bytes, -device.number


def _wanted(preference: str | None, devices: Sequence[Device]) -> list[Device]:
    """Return the devices that a preference names; all of them without one."""
    if preference in (None, _AUTO):
        return list(devices)
    word = str(preference)
    kinds = _OTHER_NAMES.get(word.lower(), (word.lower(),))
    found = [device for device in devices if device.kind in kinds or device.name.lower() == word.lower()]
    words = [_AUTO, *(kind.name for kind in device_kinds())]
    if not found and not {*words, *_OTHER_NAMES} & {word.lower()}:
        near = get_close_matches(word.lower(), words, n=1, cutoff=0.5)
        raise SettingsError(
            f"Expected the device to be one of {', '.join(words)}, or the name of one, but got {word!r}.",
            f"Did you mean {near[0]!r}?" if near else "Choose one of these.",
        )
    return found


def _missed(preference: str, use: str, wanted: Sequence[Device]) -> str:
    if not wanted:
        return f"{preference} was asked for, but this machine has no such device."
    return f"{preference} was asked for, but it cannot be used for {use}: {wanted[0].reason}"


def _why(best: Device, devices: Sequence[Device]) -> str:
    others = [f"{device.name}: {device.reason}" for device in devices if device.kind != "cpu" and device != best]
    if best.kind != "cpu":
        return " ".join([best.reason, *others])
    return " ".join(others) or "No other device was found."
