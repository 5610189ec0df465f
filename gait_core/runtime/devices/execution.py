"""How a network is run on a device: `plan` turns a level of optimisation into settings, `fall_back` gives them up.

==============  ============  =====================  ======================
what            conservative  balanced               aggressive
==============  ============  =====================  ======================
precision       float32       half where it is fast  half where it is fast
TF32            off           on where there is one  on where there is one
XLA             no            no                     where it should pay
layout          channels last that of the device     that of the device
threads         the library's those of the device    those of the device
==============  ============  =====================  ======================

Strict mode keeps float32 without TF32 at every level. Half precision means bfloat16 on a CPU with AMX or AVX-512
BF16 and float16 on a GPU; weights and results stay float32. No plan for a GPU has been measured yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gait_core.errors import LibraryError
from gait_core.runtime.devices.device import Device

__all__ = ["ExecutionPlan", "OptimisationLevel", "fall_back", "plan"]

FLOAT32: Final = "float32"
_PLAIN_LAYOUT: Final = "channels_last"
_LONGEST_ERROR: Final = 200


class OptimisationLevel(StrEnum):
    """How much is done for speed at the expense of the last digits and of time to compile."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"


@dataclass(frozen=True, kw_only=True)
class ExecutionPlan:
    """What is applied when a network runs.

    Attributes
    ----------
    device : str
        Kind of the device.
    precision : {"float32", "bfloat16", "float16"}
        Arithmetic of the layers.
    compile : bool
        Whether the network is compiled with XLA.
    layout : {"channels_last", "channels_first"}
        Order of the axes of an image.
    threads : int
        CPU threads; 0 leaves the number to the library.
    tf32 : bool
        Whether the factors of a float32 product may be rounded to TF32.
    reasons : tuple of str
        One sentence for each decision, in words.
    """

    device: str
    precision: str
    compile: bool
    layout: str
    threads: int
    tf32: bool
    reasons: tuple[str, ...] = ()

    @property
    def policy(self) -> str:
        """The dtype policy of Keras: half precision is mixed, with weights in float32."""
        return FLOAT32 if self.precision == FLOAT32 else f"mixed_{self.precision}"


def plan(device: Device, level: OptimisationLevel, strict: bool = False) -> ExecutionPlan:
    """Return what a level means on a device.

    Parameters
    ----------
    device : Device
        As `choose_device` gives it.
    level : OptimisationLevel
    strict : bool
        Keep float32 without TF32, so that devices agree up to rounding.

    Returns
    -------
    ExecutionPlan
    """
    plain = level == OptimisationLevel.CONSERVATIVE
    precision, why_precision = _precision(device, plain=plain, strict=strict)
    tf32, why_tf32 = _tf32(device, plain=plain, strict=strict)
    compiled, why_compiled = _compiled(device, level)
    return ExecutionPlan(
        device=device.kind,
        precision=precision,
        compile=compiled,
        layout=_PLAIN_LAYOUT if plain else device.layout,
        threads=0 if plain else device.threads,
        tf32=tf32,
        reasons=tuple(filter(None, (why_precision, why_tf32, why_compiled, _threads(device, plain=plain)))),
    )


def fall_back(plan: ExecutionPlan, error: BaseException) -> ExecutionPlan:
    """Return the next safer plan after a network failed: without XLA, in float32, in the plain layout, on the CPU.

    Parameters
    ----------
    plan : ExecutionPlan
        What was tried.
    error : BaseException
        How it failed; it becomes part of the note.

    Returns
    -------
    ExecutionPlan
        With one more reason that says what was given up and why.

    Raises
    ------
    LibraryError
        When the plan is the safest one already.
    """
    text = " ".join(str(error).split())[:_LONGEST_ERROR] or type(error).__name__
    if plan.compile:
        return _noted(replace(plan, compile=False), f"XLA was turned off after a failure: {text}")
    if plan.precision != FLOAT32 or plan.tf32:
        safer = replace(plan, precision=FLOAT32, tf32=False)
        return _noted(safer, f"The network runs in float32 after a failure: {text}")
    if plan.layout != _PLAIN_LAYOUT:
        return _noted(replace(plan, layout=_PLAIN_LAYOUT), f"Channels come last after a failure: {text}")
    if plan.device != "cpu":
        return _noted(replace(plan, device="cpu", threads=0), f"The CPU took over after a failure: {text}")
    raise LibraryError(
        f"Expected the network to run in float32 on the CPU, but it failed: {text}",
        "Nothing safer is left. Run `python -m gait_core doctor`, and look into the log for the whole message.",
    ) from error


def _noted(plan: ExecutionPlan, note: str) -> ExecutionPlan:
    return replace(plan, reasons=(*plan.reasons, note))


def _precision(device: Device, *, plain: bool, strict: bool) -> tuple[str, str]:
    if strict:
        return FLOAT32, "Strict mode keeps float32."
    if plain:
        return FLOAT32, "The conservative level keeps float32."
    if device.half_precision:
        return device.half_precision, f"{device.name} has units for {device.half_precision}."
    return FLOAT32, f"{device.name} has no fast half precision, so float32 is used."


def _tf32(device: Device, *, plain: bool, strict: bool) -> tuple[bool, str]:
    if not device.tensor_float32:
        return False, ""
    if strict or plain:
        return False, f"TF32 is off {'in strict mode' if strict else 'at the conservative level'}."
    return True, "TF32 is on for products that stay in float32."


def _compiled(device: Device, level: OptimisationLevel) -> tuple[bool, str]:
    if level != OptimisationLevel.AGGRESSIVE:
        return False, ""
    if device.compiles:
        return True, "XLA compiles the network once for each shape."
    return False, f"XLA is not used: compiling is not expected to pay on {device.name}."


def _threads(device: Device, *, plain: bool) -> str:
    return f"{device.threads} CPU threads." if device.threads and not plain else ""
