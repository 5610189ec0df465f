"""The numbers of a stored artefact: arrays as one file, written whole and read without pickle; or plain, for JSON."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.files import NUMPY_READS
from gait_core.errors import NotFoundError, StorageError
from gait_core.workspace import write_atomic

__all__ = ["json_ready", "load_arrays", "save_arrays"]


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as one ``.npz`` file, atomically and without pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    write_atomic(path, buffer.getvalue())


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `save_arrays` wrote.

    Raises
    ------
    NotFoundError, StorageError
        When the file is missing or damaged.
    """
    try:
        with NUMPY_READS, path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise NotFoundError(f"Expected {path.name} in {path.parent}, but it is not there.", "Make it again.") from None
    except (ValueError, OSError, zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
        raise StorageError(
            f"Expected arrays in {path}, but the file is damaged.",
            "Make again what it belongs to, or restore the file.",
        ) from error


def json_ready(value: Any) -> Any:
    """Return a value as JSON can hold it: arrays as lists, NaN and infinity as None."""
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
