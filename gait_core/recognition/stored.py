"""A network as files: `save_network` writes it as ``.keras`` with the report beside it, `load_network` reads it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from gait_core.errors import ModelError, SettingsError, StorageError
from gait_core.recognition.networks.model import build_network, settings_from_dict
from gait_core.recognition.weights import Conversion
from gait_core.workspace import write_json

__all__ = ["load_network", "save_network"]


def save_network(network: Any, path: str | Path, conversion: Conversion | None = None) -> Path:
    """Write a network and, where it was converted, what became of the checkpoint.

    Parameters
    ----------
    network : keras.Model
        From `gait_core.recognition.networks.model.build_network`.
    path : str or Path
        Ends in ``.keras``; the report takes the same name with ``.json``.
    conversion : Conversion, optional

    Returns
    -------
    Path
        Of the network.

    Raises
    ------
    SettingsError
        When the name ends otherwise.
    StorageError
        When the place is read-only or full.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise SettingsError(f"Expected a name ending in .keras, but got {path.name}.", "Choose such a name.")
    unfinished = path.with_name(f".{path.stem}.unfinished.keras")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        network.save(unfinished)
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(
            f"Expected to write {path}, but it failed: {error}.", "Choose a folder with space that can be written."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    if conversion is not None:
        write_json(path.with_suffix(".json"), conversion.to_dict())
    return path


def load_network(path: str | Path, *, dtype: str = "float32") -> Any:
    """Read a network that `save_network` wrote.

    Only its settings and its weights are read; the file cannot bring code of its own.

    Parameters
    ----------
    path : str or Path
    dtype : str
        See `gait_core.recognition.networks.model.build_network`.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or holds another kind of model.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))["config"]
        network = build_network(settings_from_dict(str(config["network"]), config["settings"]), dtype=dtype)
        network.load_weights(path)
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, SettingsError) as error:
        raise ModelError(
            f"Expected a recognition network in {path}, but it cannot be read: {error}.",
            "Convert the checkpoint again.",
        ) from error
    return network
