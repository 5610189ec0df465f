"""Arrays of a stored artefact as one file, written whole and read without pickle."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.files import NUMPY_READS
from gait_core.errors import NotFoundError, StorageError
from gait_core.workspace import write_atomic

__all__ = ["load_arrays", "save_arrays"]


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
        with NUMPY_READS, np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise NotFoundError(f"Expected {path.name} in {path.parent}, but it is not there.", "Make it again.") from None
    except (ValueError, OSError, zipfile.BadZipFile, KeyError, EOFError) as error:
        raise StorageError(
            f"Expected arrays in {path}, but the file is damaged.", "Make the baseline again."
        ) from error
