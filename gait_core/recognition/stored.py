"""A network as files: `save_network` writes it as ``.keras`` with its manifest beside it, `load_network` reads it.

The format is that of every stored model, see `gait_core.learn.artefact`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gait_core.errors import SettingsError
from gait_core.learn.artefact import load_artefact, save_artefact
from gait_core.learn.backend import training_versions
from gait_core.learn.history import History
from gait_core.learn.registry import InputShape
from gait_core.recognition.networks.model import restored_network
from gait_core.recognition.weights import Conversion

__all__ = ["load_network", "save_network"]


def save_network(
    network: Any, path: str | Path, conversion: Conversion | None = None, *, history: History | None = None
) -> Path:
    """Write a network and, where it was converted, what became of the checkpoint.

    Parameters
    ----------
    network : keras.Model
        From `gait_core.recognition.networks.model.build_network`.
    path : str or Path
        Ends in ``.keras``; the manifest takes the same name with ``.json``.
    conversion : Conversion, optional
        Stands in the details of the manifest.
    history : History, optional
        Where it was trained here.

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
    settings = network.settings
    save_artefact(
        path,
        network,
        kind=settings.network,
        settings=settings,
        inputs=InputShape(axes=settings.frame_shape, classes=settings.classes),
        feature_names=settings.channels,
        versions=training_versions(),
        history=history,
        details={} if conversion is None else {"conversion": conversion.to_dict()},
    )
    return path


def load_network(path: str | Path, *, dtype: str = "float32") -> Any:
    """Read a network that `save_network` wrote, after comparing its file with its manifest.

    Only its settings and its weights are read; the file cannot bring code of its own.

    Parameters
    ----------
    path : str or Path
        Of the ``.keras`` file.
    dtype : str
        See `gait_core.recognition.networks.model.build_network`.

    Returns
    -------
    keras.Model
        As of `gait_core.recognition.networks.model.build_network`, with the stored weights.

    Raises
    ------
    NotFoundError
        When there is no manifest.
    ModelError
        When the file is missing, has changed, or holds another kind of model.
    StorageError
        When the manifest is not JSON.
    """
    return restored_network(load_artefact(Path(path)), dtype=dtype)
