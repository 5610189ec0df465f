"""One compute device: `Device`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Device"]


@dataclass(frozen=True, kw_only=True)
class Device:
    """A compute device.

    Attributes
    ----------
    kind : str
        Name of its kind, such as ``cpu``, ``nvidia``, ``apple``, ``intel_gpu`` or ``intel_npu``.
    name : str
        For people.
    number : int
        Its place among the devices of its kind, from 0.
    memory_bytes : int
        Its memory; that of the machine where both share it; 0 where unknown.
    usable_for : tuple of str
        Which of ``pose``, ``training`` and ``recognition`` this installation supports on it. Poses are also tried on
        other devices and measured there.
    score : float
        The highest score is chosen among the devices that support a use; the CPU has 10.
    reason : str
        Why it can be used, or why not.
    keras_type : str
        What the backends of Keras call a device of this kind, such as ``CPU`` or ``GPU``; empty where they run no
        network on it.
    half_precision : {"", "bfloat16", "float16"}
        The half precision that it has units for.
    tensor_float32 : bool
        Whether it can round the factors of a float32 product to TF32.
    compiles : bool
        Whether compiling a network with XLA is expected to pay.
    layout : {"channels_last", "channels_first"}
        Order of the axes of an image that its kernels are made for.
    threads : int
        CPU threads that suit it; 0 leaves the number to the library.
    """

    kind: str
    name: str
    number: int = 0
    memory_bytes: int
    usable_for: tuple[str, ...]
    score: float = 0.0
    reason: str
    keras_type: str = ""
    half_precision: str = ""
    tensor_float32: bool = False
    compiles: bool = False
    layout: str = "channels_last"
    threads: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return dict(vars(self), usable_for=list(self.usable_for))
