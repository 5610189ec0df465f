"""What a training takes, in one line before it starts: numbers to learn, memory, batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gait_core.learn.classifiers import ClassifierKind, SampleShape
from gait_core.learn.datasets.samples import Samples
from gait_core.runtime.memory_readings import machine_memory

__all__ = ["size_line"]

_MIB: Final = 1024**2


def size_line(kind: ClassifierKind, settings: Mapping[str, Any], samples: Samples) -> tuple[str, bool]:
    """Say how much memory a training is estimated to take.

    Parameters
    ----------
    kind : ClassifierKind
    settings : mapping
        All of its settings, the batch size among them where it has one.
    samples : Samples
        What it is trained on.

    Returns
    -------
    line : str
    fits : bool
        Whether as much memory is free now.
    """
    chosen, shape = kind.settings.from_dict(settings), SampleShape.of(samples)
    memory, free = kind.memory_bytes(chosen, shape, len(samples)), machine_memory().available_bytes
    learned = kind.parameter_count(chosen, shape)
    batch = settings.get("batch_size")
    parts = [
        f"{learned:,} {'number' if learned == 1 else 'numbers'} to learn from {len(samples):,} rows",
        f"about {max(1, round(memory / _MIB)):,} MB of memory ({free // _MIB:,} MB are free)",
        *([f"{batch} rows in a batch"] if batch else []),
    ]
    return f"{kind.title}: {', '.join(parts)}", memory <= free
