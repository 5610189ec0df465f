"""One file from which a training that was killed continues as if nothing had happened.

The file is an ``.npz`` archive without pickle::

    document                 JSON text: format, what the training is, epochs, reason to end, values of callbacks
    model/<number>           variables of the model, the states of its random generators among them
    optimizer/<number>       variables of the optimizer
    callback/<name>/<array>  arrays of the callbacks, the best weights among them
    metric/<name>            named metrics after each epoch

It is written under another name, flushed to the disk and renamed: a kill at any moment leaves the checkpoint before or
the one after, never half of one.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import digest_of
from gait_core.errors import ModelError, NotFoundError, StorageError
from gait_core.learn.callbacks import CallbackState

__all__ = ["Checkpoint", "TrainingState"]

FORMAT: Final = 1
_REMEDY: Final = "Repeat the training with what it was started with, or delete the file to start from the beginning."
_UNREADABLE: Final = (
    StorageError,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    KeyError,
    TypeError,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingState:
    """Everything that a training has come to after an epoch.

    Attributes
    ----------
    epoch : int
        Epochs finished, which is also the position in the stream of shuffled orders.
    reason : str
        Why the training ended, ``""`` as long as it goes on.
    model, optimizer : tuple of ndarray
        Variables in the order in which Keras lists them.
    callbacks : mapping of str to CallbackState
    metrics : mapping of str to list of float
        Named metrics after each epoch.
    """

    epoch: int
    reason: str
    model: tuple[NDArray[Any], ...]
    optimizer: tuple[NDArray[Any], ...]
    callbacks: Mapping[str, CallbackState]
    metrics: Mapping[str, list[float]]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where a training stores what it has come to.

    Attributes
    ----------
    path : Path
        ``.npz`` file.
    every : int
        Epochs from one checkpoint to the next; the last epoch is always stored.
    context : mapping
        Further facts, JSON-serialisable, that have to be the same when the training continues: settings of the model,
        the number of a fold.
    """

    path: Path
    every: int = 1
    context: Mapping[str, Any] = field(default_factory=dict)

    def is_due(self, epoch: int, *, last: bool) -> bool:
        """Return whether to store the state after an epoch."""
        return last or epoch % self.every == 0

    def save(self, state: TrainingState, identity: Mapping[str, Any]) -> None:
        """Write the file.

        Parameters
        ----------
        state : TrainingState
        identity : mapping of str to JSON-serialisable
            What the training is; `load` refuses a file with another one.

        Raises
        ------
        StorageError
            When the place is read-only or full; the checkpoint before stays.
        """
        document = {
            "format": FORMAT,
            "identity": self._whole(identity),
            "epoch": state.epoch,
            "shuffle_position": state.epoch,
            "reason": state.reason,
            "counts": {"model": len(state.model), "optimizer": len(state.optimizer)},
            "callbacks": {name: dict(own.values) for name, own in state.callbacks.items()},
        }
        arrays: dict[str, NDArray[Any]] = {"document": np.array(json.dumps(document, allow_nan=False))}
        for part, variables in (("model", state.model), ("optimizer", state.optimizer)):
            arrays |= {f"{part}/{number:05d}": value for number, value in enumerate(variables)}
        for name, own in state.callbacks.items():
            arrays |= {f"callback/{name}/{key}": value for key, value in own.arrays.items()}
        arrays |= {f"metric/{name}": np.array(values, np.float64) for name, values in state.metrics.items()}
        save_arrays(self.path, arrays)

    def load(self, identity: Mapping[str, Any]) -> TrainingState | None:
        """Read the file; None where there is none.

        Raises
        ------
        ModelError
            When it belongs to another training: another model, other settings, data, backend or versions.
        StorageError
            When it is damaged, or may not be read.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(damaged)
            arrays = load_arrays(self.path)
            document = json.loads(str(arrays.pop("document")))
            found_format, found = document["format"], document["identity"]
            state = _state(document, arrays) if found_format == FORMAT else None
        except (FileNotFoundError, NotFoundError):
            return None
        except PermissionError as error:
            raise StorageError(
                f"Expected to be allowed to read {self.path}, but it is not readable.",
                "Change the permission of the file, or delete it to start from the beginning.",
            ) from error
        except _UNREADABLE as error:
            raise StorageError(
                f"Expected a checkpoint of a training in {self.path}, but the file is damaged.",
                "Delete the file to start from the beginning.",
            ) from error
        if state is None:
            raise ModelError(
                f"Expected a checkpoint of format {FORMAT} in {self.path}, but it has format {found_format}.", _REMEDY
            )
        self._compare(found, self._whole(identity))
        return state

    def delete(self) -> None:
        """Delete the file and what a killed run left half written beside it; already gone is success."""
        self.path.unlink(missing_ok=True)
        for leftover in self.path.parent.glob(f".{self.path.name}.*.tmp"):
            leftover.unlink(missing_ok=True)

    def _whole(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Return the identity as it reads back from JSON."""
        whole: dict[str, Any] = json.loads(json.dumps({**identity, "context": dict(self.context)}, allow_nan=False))
        return whole

    def _compare(self, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        for part, value in expected.items():
            if part in found and found[part] == value:
                continue
            expected_text, found_text = _difference(value, found.get(part))
            raise ModelError(
                f"Expected a checkpoint of the same training, but {self.path} differs in {part}: "
                f"this training has {expected_text}, the checkpoint {found_text}.",
                _REMEDY,
            )


def _state(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> TrainingState:
    def variables(part: str) -> tuple[NDArray[Any], ...]:
        return tuple(arrays[f"{part}/{number:05d}"] for number in range(document["counts"][part]))

    def under(prefix: str) -> dict[str, NDArray[Any]]:
        return {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}

    return TrainingState(
        epoch=int(document["epoch"]),
        reason=str(document["reason"]),
        model=variables("model"),
        optimizer=variables("optimizer"),
        callbacks={
            name: CallbackState(values=values, arrays=under(f"callback/{name}/"))
            for name, values in document["callbacks"].items()
        },
        metrics={name: values.tolist() for name, values in under("metric/").items()},
    )


def _difference(expected: Any, found: Any) -> tuple[str, str]:
    """Return both values as short texts; of mappings only the first entries that differ."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        names = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
        first = names[0]
        texts = _difference(expected.get(first), found.get(first))
        return f"{first} {texts[0]}", f"{first} {texts[1]}"
    if isinstance(expected, list | str) and len(str(expected)) + len(str(found)) > 160:
        return f"digest {digest_of(expected)}", f"digest {digest_of(found)}"
    return repr(expected), repr(found)
