"""Reads the arrays of a ``.safetensors`` file: `read_safetensors`.

The format is a length, a JSON table of names, types, shapes and places, and the numbers: nothing in it can run.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import ModelError

__all__ = ["bfloat16_to_float32", "read_safetensors"]

_TYPES: Final = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}
_LONGEST_TABLE: Final = 100_000_000


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to ndarray
        By name; bfloat16 as float32.

    Raises
    ------
    ModelError
        When the file is missing, truncated or in another format.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"Expected a file at {path}, but it cannot be read: {error}.", "Check the path.") from error
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > _LONGEST_TABLE:
        raise _damaged(path, "it does not begin with the length of a table")
    if len(content) < 8 + length:
        raise _damaged(path, "it ends inside its table")
    try:
        table = json.loads(content[8 : 8 + length])
        entries = {str(name): entry for name, entry in table.items() if name != "__metadata__"}
        return {name: _array(entry, memoryview(content)[8 + length :], name, path) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, "its table cannot be read") from error


def bfloat16_to_float32(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return bfloat16 numbers, given as their bits, as float32; this is exact.

    Returns
    -------
    ndarray of float32
        Of the shape of `bits`.
    """
    return np.asarray(np.asarray(bits.astype(np.uint32) << 16).view(np.float32))


def _array(entry: Any, numbers: memoryview, name: str, path: Path) -> NDArray[Any]:
    kind, shape = str(entry["dtype"]), tuple(int(size) for size in entry["shape"])
    begin, end = (int(place) for place in entry["data_offsets"])
    if kind not in _TYPES:
        raise ModelError(
            f"Expected numbers of a type among {', '.join(_TYPES)} in {path.name}, but {name} has {kind}.",
            "Save the weights as float32.",
        )
    dtype = np.dtype(_TYPES[kind])
    if end > len(numbers):
        raise _damaged(path, f"it ends before {name}")
    if begin < 0 or min(shape, default=0) < 0 or end - begin != prod(shape) * dtype.itemsize:
        raise _damaged(path, f"the place of {name} does not fit its shape")
    array = np.frombuffer(numbers, dtype, prod(shape), begin).reshape(shape)
    return bfloat16_to_float32(array) if kind == "BF16" else array


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError(
        f"Expected a complete safetensors file in {path.name}, but {why}.", "Copy or download the file again."
    )
