"""Reads the tensors of a ``.pt`` file without PyTorch and without running anything in it: `read_torch_archive`.

Such a file is a zip archive: ``data.pkl`` describes nested dictionaries in a language of small instructions, and one
entry per storage holds numbers. That language can name any function and call it, which is why loading such a file the
usual way can run whatever its author wanted. Here the instructions are only read: a name stands for nothing but one of
the few constructors of tensors and dictionaries below, and nothing is ever imported or called by name.
"""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import ModelError
from gait_core.recognition.safetensors_file import bfloat16_to_float32

__all__ = ["read_torch_archive"]

_REMEDY: Final = "Save the state dict as safetensors where PyTorch is installed, and give that file."
_STORAGES: Final = {
    "torch.DoubleStorage": "f8",
    "torch.FloatStorage": "f4",
    "torch.HalfStorage": "f2",
    "torch.BFloat16Storage": "bf16",
    "torch.LongStorage": "i8",
    "torch.IntStorage": "i4",
    "torch.ShortStorage": "i2",
    "torch.CharStorage": "i1",
    "torch.ByteStorage": "u1",
    "torch.BoolStorage": "?",
}
_CONSTRUCTORS: Final = frozenset(
    {
        "collections.OrderedDict",
        "collections.Counter",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
        "torch.Size",
    }
)
_NEWEST_PROTOCOL: Final = 5
_LONGEST: Final = 50_000_000
_MARK: Final = object()


def read_torch_archive(path: Path) -> dict[str, Any]:
    """Read the dictionary that was saved, tensors as arrays.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        As it was saved: a state dict, or a checkpoint with one inside.

    Raises
    ------
    ModelError
        When the file is missing, truncated or of the format before PyTorch 1.6, or when it holds more than numbers,
        texts, dictionaries, lists and tensors; nothing of it has been run.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        if _is_plain_pickle(path):
            raise ModelError(
                f"Expected an archive of PyTorch 1.6 or later in {path.name}, but it is a plain pickle (or of an older "
                "format), which is not read, because it can run anything. Nothing of the file has been run.",
                _REMEDY,
            ) from error
        raise ModelError(
            f"Expected a complete archive of PyTorch 1.6 or later in {path.name}, but it is damaged, cut short or of "
            "an older format.",
            f"Copy or download the file again. {_REMEDY}",
        ) from error
    except OSError as error:
        raise ModelError(f"Expected a file at {path}, but it cannot be read: {error}.", "Check the path.") from error


def _is_plain_pickle(path: Path) -> bool:
    """Return whether a file is a pickle, by its first and last instruction; it is not loaded."""
    try:
        with path.open("rb") as file:
            first = file.read(2)
            file.seek(-1, 2)
            last = file.read(1)
    except OSError:
        return False
    return len(first) == 2 and first[:1] == b"\x80" and 2 <= first[1] <= _NEWEST_PROTOCOL and last == b"."


def _read(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    entries = [entry for entry in archive.infolist() if entry.filename.endswith("/data.pkl")]
    if len(entries) != 1 or entries[0].file_size > _LONGEST:
        raise ModelError(
            f"Expected one description of the tensors in {path.name}, but found {len(entries)} of a usable size.",
            _REMEDY,
        )
    folder = entries[0].filename.removesuffix("data.pkl")
    order = ">" if _entry(archive, f"{folder}byteorder") == b"big" else "<"
    reader = _Reader(lambda storage: _numbers(archive, folder, storage, order, path), path)
    try:
        found = reader.run(archive.read(entries[0]))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, NotImplementedError, RecursionError) as error:
        raise ModelError(
            f"Expected a readable description of the tensors in {path.name}, but it is damaged: {error}.", _REMEDY
        ) from error
    if not isinstance(found, dict):
        raise ModelError(f"Expected a state dict in {path.name}, but got {type(found).__name__}.", _REMEDY)
    return found


@dataclass(frozen=True)
class _Name:
    """A name in the file, of a constructor or of a type of numbers; never what it stands for elsewhere."""

    name: str


@dataclass(frozen=True)
class _Storage:
    kind: str
    key: str
    length: int


class _Reader:
    """Follows the instructions with a stack of plain values."""

    def __init__(self, load: Callable[[_Storage], NDArray[Any]], path: Path) -> None:
        self._load, self._path = load, path
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._storages: dict[_Storage, NDArray[Any]] = {}

    def run(self, instructions: bytes) -> Any:
        for instruction, argument, _ in pickletools.genops(instructions):
            if instruction.name == "STOP":
                return self._stack.pop()
            self._step(instruction.name, argument)
        raise ValueError("it has no end")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _IGNORED:
            return
        if name in _ARGUMENTS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name]())
        elif name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            self._memo[len(self._memo) if argument is None else argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self._memo[argument])
        elif name in _TUPLES:
            count = _TUPLES[name]
            values = tuple(stack[-count:])
            stack[-count:] = [values]
        elif name in _MARKED:
            self._gather(name)
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            stack.append(self._name(argument))
        else:
            self._construct(name)

    def _gather(self, name: str) -> None:
        """Do what takes everything since the last mark."""
        stack = self._stack
        marks = [number for number, value in enumerate(stack) if value is _MARK]
        place = marks[-1]
        values = stack[place + 1 :]
        del stack[place:]
        if name == "TUPLE":
            stack.append(tuple(values))
        elif name == "LIST":
            stack.append(values)
        elif name == "APPENDS":
            _list(stack[-1]).extend(values)
        else:
            pairs = dict(zip(values[::2], values[1::2], strict=True))
            if name == "DICT":
                stack.append(pairs)
            else:
                _dict(stack[-1]).update(pairs)

    def _construct(self, name: str) -> None:
        """Do what takes values from the top of the stack."""
        stack = self._stack
        if name == "APPEND":
            value = stack.pop()
            _list(stack[-1]).append(value)
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            _dict(stack[-1])[key] = value
        elif name == "BINPERSID":
            stack.append(self._storage(stack.pop()))
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            stack.append(self._constructed(function, arguments))
        elif name == "BUILD":
            # State dicts carry notes on versions as attributes; a dictionary of ours has none.
            stack.pop()
            _dict(stack[-1])
        else:
            raise self._refused(f"the instruction {name}")

    def _name(self, argument: str | None) -> _Name:
        if argument is None:
            member, module = self._stack.pop(), self._stack.pop()
            name = f"{module}.{member}"
        else:
            name = argument.replace(" ", ".")
        if name not in _CONSTRUCTORS and name not in _STORAGES:
            raise self._refused(name)
        return _Name(name)

    def _storage(self, found: Any) -> _Storage:
        kind, of, key, _, length = found
        if kind != "storage" or not isinstance(of, _Name) or of.name not in _STORAGES:
            raise self._refused(f"a storage of {of!r}")
        return _Storage(_STORAGES[of.name], str(key), int(length))

    def _constructed(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        if not isinstance(function, _Name) or function.name in _STORAGES:
            raise self._refused(f"a call of {function!r}")
        if function.name == "torch._utils._rebuild_tensor_v2":
            return self._tensor(*arguments[:4])
        if function.name == "torch._utils._rebuild_parameter":
            return arguments[0]
        if function.name == "torch.Size":
            return tuple(arguments[0])
        return dict(*arguments)

    def _tensor(self, storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> NDArray[Any]:
        if not isinstance(storage, _Storage):
            raise self._refused(f"a tensor of {storage!r}")
        if storage not in self._storages:
            self._storages[storage] = self._load(storage)
        numbers = self._storages[storage]
        shape, strides = tuple(map(int, shape)), tuple(map(int, strides))
        count = prod(int(size) for size in shape)
        last = offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
        # A tensor larger than its storage repeats numbers: no weight does, but a file made to fill the memory would.
        if min((offset, *shape, *strides)) < 0 or count > len(numbers) or (count and last >= len(numbers)):
            raise ValueError(f"a tensor of shape {shape} does not fit its storage")
        steps = tuple(step * numbers.itemsize for step in strides)
        return np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps, writeable=False).copy()

    def _refused(self, what: str) -> ModelError:
        return ModelError(
            f"Expected nothing but tensors, numbers and dictionaries in {self._path.name}, but it holds {what}. "
            "Nothing of the file has been run.",
            _REMEDY,
        )


_IGNORED: Final = frozenset({"PROTO", "FRAME"})
_ARGUMENTS: Final = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT"),
        *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"),
        *("BINBYTES", "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING", "STRING"),
    }
)
_CONSTANTS: Final[dict[str, Callable[[], Any]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: _MARK,
}
_TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARKED: Final = frozenset({"TUPLE", "LIST", "APPENDS", "DICT", "SETITEMS"})


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"a {type(value).__name__} where a list has to be")
    return value


def _dict(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"a {type(value).__name__} where a dictionary has to be")
    return value


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    return archive.read(name).strip() if name in archive.namelist() else b""


def _numbers(archive: zipfile.ZipFile, folder: str, storage: _Storage, order: str, path: Path) -> NDArray[Any]:
    name = f"{folder}data/{storage.key}"
    dtype = np.dtype(order + ("u2" if storage.kind == "bf16" else storage.kind))
    entry = archive.NameToInfo.get(name)
    # PyTorch never compresses; what is compressed could unpack to any size.
    content = archive.read(entry) if entry is not None and entry.compress_type == zipfile.ZIP_STORED else b""
    if len(content) < storage.length * dtype.itemsize:
        raise ModelError(
            f"Expected {storage.length} numbers in {name} of {path.name}, but the file is incomplete.",
            "Copy or download the file again.",
        )
    numbers = np.frombuffer(content, dtype, storage.length)
    return bfloat16_to_float32(numbers.astype(np.uint16)) if storage.kind == "bf16" else numbers
