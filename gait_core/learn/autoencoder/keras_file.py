"""Writes a ``.keras`` file with other weights than the one it was made from, without Keras.

The file is a zip archive of the network's description and of an HDF5 file of weights. Only the weights of a fine-tuned
decoder differ from the pre-trained model, so the archive is copied and they are put in their places. What Keras makes
of the file is tested: it loads in safe mode and predicts what `gait_core.learn.autoencoder.inference` does.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.errors import ModelError
from gait_core.learn.autoencoder.cells import Array

__all__ = ["RewrittenModel"]

_WEIGHTS: Final = "model.weights.h5"
_CONFIG: Final = "config.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class RewrittenModel:
    """A stored model with other weights; saved like one of Keras.

    Attributes
    ----------
    source : Path
        ``.keras`` file.
    weights : mapping
        By name, as `gait_core.learn.autoencoder.networks.weights_of` gives them.
    """

    source: Path
    weights: Mapping[str, Array]

    def save(self, target: Path) -> None:
        """Write the file.

        Raises
        ------
        ModelError
            When a weight has no place in the file.
        """
        with zipfile.ZipFile(self.source) as old, zipfile.ZipFile(target, "w") as new:
            for entry in old.infolist():
                content = old.read(entry)
                if entry.filename == _WEIGHTS:
                    content = self._with_weights(content)
                elif entry.filename == _CONFIG:
                    content = json.dumps(_not_compiled(json.loads(content))).encode()
                new.writestr(zipfile.ZipInfo(entry.filename), content)

    def _with_weights(self, content: bytes) -> bytes:
        import h5py

        left = dict(self.weights)
        with h5py.File(io.BytesIO(content), "r") as old, io.BytesIO() as buffer:
            with h5py.File(buffer, "w", libver="latest") as new:
                self._copy(old, new, left)
            if left:
                raise ModelError(
                    f"Expected a place for each weight in {self.source.name}, but got none for {', '.join(left)}.",
                    "Restore the file, or make it again with `python -m gait_core pretrain`.",
                )
            return buffer.getvalue()

    def _copy(self, old: Any, new: Any, left: dict[str, Array], layer: str = "") -> None:
        """Copy a group without optimisers, each weight that has a new value with it.

        A layer's variables lie under ``…/vars``, or under ``…/cell/vars`` with the layer's name one step above.
        """
        if "vars" in old:
            layer = layer or str(old["vars"].attrs.get("name", ""))
        for name, item in old.items():
            if name == "optimizer":
                continue
            if not hasattr(item, "shape"):
                group = new.create_group(name, track_order=True)
                group.attrs.update(item.attrs)
                inside = layer if name in ("cell", "vars") else ""
                self._copy(item, group, left, inside)
                continue
            value = left.pop(f"{layer}/{name}", None)
            if value is not None and value.shape != item.shape:
                raise ModelError(
                    f"Expected {layer}/{name} of shape {item.shape}, but got {value.shape}.",
                    "Make the pre-trained model again with `python -m gait_core pretrain`.",
                )
            new.create_dataset(name, data=item[()] if value is None else np.asarray(value, dtype=item.dtype))


def _not_compiled(config: Any) -> Any:
    """Return a description without the optimisers of the pre-training: these weights are not theirs."""
    if isinstance(config, list):
        return [_not_compiled(part) for part in config]
    if isinstance(config, dict):
        return {name: None if name == "compile_config" else _not_compiled(part) for name, part in config.items()}
    return config
