"""How many rows go into one step: as many as memory allows, and few enough that an epoch has several steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gait_core.errors import MemoryLimitError
from gait_core.runtime.memory import batch_size_for
from gait_core.runtime.memory_readings import machine_memory

__all__ = ["fitting_batch_size"]

_SMALLEST: Final = 8
_LARGEST: Final = 64
_STEPS_PER_EPOCH: Final = 8
_MIB: Final = 1024**2


def fitting_batch_size(
    memory_bytes: Callable[[int], int], rows: int, accumulate: int = 1, *, available_bytes: int | None = None
) -> int:
    """Return how many rows go into one step.

    A power of two of at most 64, about an eighth of the rows, whose training takes at most half of the memory that is
    free.

    Parameters
    ----------
    memory_bytes : callable
        Rows per step → estimate of the memory that the training takes, in bytes.
    rows : int
        Of the training.
    accumulate : int
        Steps whose gradients are averaged.
    available_bytes : int, optional
        Free memory; default: what the machine has free now.

    Returns
    -------
    int
        Rows in a batch.

    Raises
    ------
    MemoryLimitError
        When not even one row fits.
    """
    machine = machine_memory()
    free = max(0, machine.available_bytes - machine.reserve_bytes) if available_bytes is None else available_bytes
    wanted = max(_SMALLEST, rows // (_STEPS_PER_EPOCH * accumulate))
    size: int = min(_LARGEST, batch_size_for("", free), 2 ** (wanted.bit_length() - 1))
    while size > 1 and memory_bytes(size) > free // 2:
        size //= 2
    if memory_bytes(size) > free // 2:
        raise MemoryLimitError(
            f"Expected about {2 * memory_bytes(1) // _MIB} MB of memory free for this network, but there are "
            f"{free // _MIB} MB.",
            "Close other programs, choose a smaller network, or shorten the rows.",
        )
    return size
