"""The numbers of a stored artefact: arrays as one file, written atomically, read without pickle; or plain, for JSON."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.storage.npz_file import load_arrays
from gait_core.workspace import write_atomic

__all__ = ["json_ready", "load_arrays", "save_arrays"]


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as one ``.npz`` file, atomically and without pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    write_atomic(path, buffer.getvalue())


def json_ready(value: Any) -> Any:
    """Return a value as JSON can hold it: arrays as lists, NaN and infinity as None.

    Returns
    -------
    object
    """
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(item) for item in value]
    if isinstance(value, np.ndarray):
        return json_ready(value.tolist())
    if isinstance(value, np.generic):
        return json_ready(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
