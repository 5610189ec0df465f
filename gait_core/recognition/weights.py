"""Brings the weights of a PyTorch training into our networks: `convert_checkpoint`, `load_state`, `read_state_dict`.

Every name and shape is checked, and the report lists what went where. See `gait_core.recognition.stored` for the
file that comes out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import ModelError, SettingsError
from gait_core.recognition.checkpoint_kind import settings_of_state
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.parameters import Parameter
from gait_core.recognition.networks.settings import NetworkSettings
from gait_core.recognition.safetensors_file import read_safetensors
from gait_core.recognition.torch_archive import read_torch_archive
from gait_core.storage.ordinary_file import ordinary_size

__all__ = ["Classifier", "Conversion", "MappedWeight", "convert_checkpoint", "load_state", "read_state_dict"]

Classifier: TypeAlias = Literal["load", "drop", "replace"]
State: TypeAlias = Mapping[str, NDArray[Any]]
_WRAPPERS: Final = ("model", "state_dict", "model_state_dict")
_COUNTER: Final = ".num_batches_tracked"
_SHOWN: Final = 4


@dataclass(frozen=True, kw_only=True)
class MappedWeight:
    """One weight that was taken over.

    Attributes
    ----------
    name : str
        In the checkpoint and in our network.
    source_shape, shape : tuple of int
        There and here.
    """

    name: str
    source_shape: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What became of a checkpoint.

    Attributes
    ----------
    settings : NetworkSettings
        Of the network that was filled.
    mapped : tuple of MappedWeight
    dropped : tuple of str
        The checkpoint's classifier, where it was not taken over.
    fresh : tuple of str
        The network's classifier, where it keeps its random weights.
    ignored : tuple of str
        Counters that a network does not need.
    source : str
        Name of the file; ``""`` when the weights did not come from one.
    source_sha256 : str
    """

    settings: NetworkSettings
    mapped: tuple[MappedWeight, ...]
    dropped: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    source: str = ""
    source_sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return asdict(self) | {"network": self.settings.network, "settings": self.settings.to_dict()}


def convert_checkpoint(
    path: str | Path,
    settings: NetworkSettings | None = None,
    *,
    classifier: Classifier = "drop",
) -> tuple[Any, Conversion]:
    """Build a network with the weights of a checkpoint.

    Parameters
    ----------
    path : str or Path
        ``.safetensors``, or ``.pt`` or ``.pth`` of PyTorch 1.6 or later.
    settings : NetworkSettings, optional
        Of the network; default: what the names and shapes in the checkpoint say.
    classifier : {"drop", "load", "replace"}
        Leave the checkpoint's classifier out, as embedding does not need it; take it over; or put a new one for
        ``settings.classes`` people in its place.

    Returns
    -------
    network : keras.Model
        See `gait_core.recognition.networks.model`.
    conversion : Conversion

    Raises
    ------
    ModelError
        When the file is damaged, holds more than tensors, NaN, or the weights of another network.
    SettingsError
        When `classifier` does not go with `settings.classes`.
    """
    path = Path(path)
    state = read_state_dict(path)
    seen = settings_of_state(state)
    settings = seen if settings is None else settings
    if classifier == "replace" and (settings is seen or settings.classes == 0):
        raise SettingsError(
            "Expected the number of people whom the new classifier tells apart, but got none.",
            "Pass settings with classes set.",
        )
    if classifier != "replace":
        settings = settings.with_(classes=seen.classes if classifier == "load" else 0)
    network = build_network(settings)
    conversion = load_state(network, state, classifier=classifier)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return network, replace(conversion, source=path.name, source_sha256=digest)


def read_state_dict(path: str | Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of a checkpoint, in PyTorch's layout, by the names of its model.

    Returns
    -------
    dict of str to ndarray
        Taken out of a wrapper ``model``, ``state_dict`` or ``model_state_dict``, names without a leading ``module.``;
        bfloat16 as float32.

    Raises
    ------
    ModelError
        When the file is damaged, of another kind, or holds more than tensors; nothing of it is run.
    """
    path = Path(path)
    if path.suffix not in (".safetensors", ".pt", ".pth"):
        raise ModelError(
            f"Expected a file ending in .safetensors, .pt or .pth, but got {path.name}.",
            "Save the state dict as safetensors.",
        )
    try:
        ordinary_size(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ModelError(f"Expected a file at {path}, but it cannot be read ({why}).", "Check the path.") from error
    found: Mapping[str, Any] = read_safetensors(path) if path.suffix == ".safetensors" else read_torch_archive(path)
    for wrapper in _WRAPPERS:
        if isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
            break
    state = {str(name).removeprefix("module."): value for name, value in found.items()}
    strangers = [name for name, value in state.items() if not isinstance(value, np.ndarray)]
    if strangers or not state:
        raise ModelError(
            f"Expected tensors by name in {path.name}, but {_some(strangers) if strangers else 'it holds nothing'}"
            f"{' are none' if strangers else ''}.",
            "Save the state dict of the model by itself.",
        )
    return state


def load_state(network: Any, state: State, *, classifier: Classifier = "load") -> Conversion:
    """Fill a network with a state dict; on an error the network stays as it was.

    Parameters
    ----------
    network : keras.Model
        From `gait_core.recognition.networks.model.build_network`.
    state : mapping of str to ndarray
        Arrays in PyTorch's layout, by name.
    classifier : {"load", "drop", "replace"}
        Take the classifier over, or leave it out: then the network has none, or keeps its own.

    Returns
    -------
    Conversion

    Raises
    ------
    ModelError
        When a weight is missing, left over, of another shape or type, or not finite.
    SettingsError
        When the network has no classifier to load, or one although it is to be dropped.
    """
    parameters: dict[str, Parameter] = network.parameters.by_name
    own_heads = {name for name in parameters if _is_classifier(name)}
    _check_choice(classifier, bool(own_heads))
    ignored = tuple(name for name in state if name.endswith(_COUNTER))
    dropped = tuple(name for name in state if _is_classifier(name) and classifier != "load")
    wanted = {name: own for name, own in parameters.items() if classifier == "load" or name not in own_heads}
    given = {name: array for name, array in state.items() if name not in {*ignored, *dropped}}
    _check_names(wanted, given, state, network.settings)
    arrays = {name: _checked(name, given[name], parameter) for name, parameter in wanted.items()}
    mapped = []
    for name, parameter in wanted.items():
        value = parameter.from_source(arrays[name])
        parameter.variable.assign(value)
        mapped.append(MappedWeight(name=name, source_shape=parameter.source_shape, shape=value.shape))
    fresh = tuple(sorted(own_heads)) if classifier == "replace" else ()
    return Conversion(settings=network.settings, mapped=tuple(mapped), dropped=dropped, fresh=fresh, ignored=ignored)


def _is_classifier(name: str) -> bool:
    return name.startswith("BNNecks") and name.endswith(".fc_bin")


def _check_choice(classifier: Classifier, has_head: bool) -> None:
    if classifier not in ("load", "drop", "replace"):
        raise SettingsError(
            f"Expected classifier to be load, drop or replace, but got {classifier!r}.", "Choose one of these."
        )
    if classifier == "drop" and has_head:
        raise SettingsError(
            "Expected a network without a classifier to drop that of the checkpoint, but the network has one.",
            "Build it with classes=0, or replace the classifier.",
        )
    if classifier != "drop" and not has_head:
        raise SettingsError(
            f"Expected a network with a classifier to {classifier} it, but the network has none.",
            "Build it with the number of classes, or drop the classifier.",
        )


def _check_names(wanted: Mapping[str, Parameter], given: State, state: State, settings: NetworkSettings) -> None:
    missing = [name for name in wanted if name not in given]
    extra = [name for name in given if name not in wanted]
    if not missing and not extra:
        return
    try:
        seen = settings_of_state(state)
        other = f" The checkpoint looks like {seen.network}{_details(seen)}."
    except ModelError:
        other = ""
    parts = [f"{len(missing)} of its weights are missing ({_some(missing)})"] if missing else []
    parts += [f"{len(extra)} do not belong to it ({_some(extra)})"] if extra else []
    raise ModelError(
        f"Expected the weights of {settings.network}{_details(settings)}, but {' and '.join(parts)}.{other}",
        "Choose the network and the settings that the checkpoint was trained with.",
    )


def _checked(name: str, array: NDArray[Any], parameter: Parameter) -> NDArray[np.float32]:
    """Return a weight as float32 of the right shape."""
    if array.shape != parameter.source_shape:
        raise ModelError(
            f"Expected {name} of shape {parameter.source_shape}, but got {array.shape}.",
            "Choose the settings (width, classes, blocks) that the checkpoint was trained with.",
        )
    if array.dtype.kind != "f":
        raise ModelError(
            f"Expected floating-point numbers in {name}, but got {array.dtype}.",
            "Give a checkpoint that was not quantised.",
        )
    with np.errstate(over="ignore"):
        value = array.astype(np.float32)
    if not np.isfinite(value).all():
        raise ModelError(
            f"Expected finite numbers in {name}, but {np.count_nonzero(~np.isfinite(value))} of {value.size} are not.",
            "The training has diverged or the file is damaged: give another checkpoint.",
        )
    if name.endswith(".running_var") and float(value.min()) < 0.0:
        raise ModelError(
            f"Expected no variance below 0 in {name}, but got {float(value.min()):g}.",
            "The file is damaged: give another checkpoint.",
        )
    return value


def _details(settings: NetworkSettings) -> str:
    values = settings.to_dict()
    shown = [f"{key}={values[key]}" for key in ("mode", "blocks") if key in values]
    shown += [f"width={settings.width:g}"] if settings.width != 1.0 else []
    return f" ({', '.join(shown)})" if shown else ""


def _some(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
