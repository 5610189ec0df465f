"""Brings weights of the user's own into the workspace, and networks out of it: `add_weights`, `export_model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from gait_core.config import Settings
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.recognition.export import export_network
from gait_core.recognition.model_store import add_model, find_model, free_name
from gait_core.recognition.networks.model import settings_from_dict
from gait_core.recognition.stored import load_network
from gait_core.recognition.weights import Classifier, convert_checkpoint
from gait_core.storage.ordinary_file import check_file
from gait_core.workspace import Workspace

__all__ = ["AddModelRequest", "ExportModelRequest", "add_weights", "export_model"]

_OURS = ".keras"
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class AddModelRequest(Settings):
    """Which weights are to be stored, and as what.

    Attributes
    ----------
    file : str
        ``.safetensors``, ``.pt`` or ``.pth`` of PyTorch; or a ``.keras`` of ours with its manifest beside it.
    name : str
        For people; default: the name of the file.
    network : str or None
        Name of the network; default: what the names and shapes of the weights say.
    settings : mapping
        Fields of its settings, with `network`.
    classifier : {"drop", "load", "replace"}
        See `gait_core.recognition.weights.convert_checkpoint`.
    """

    file: str
    name: str = ""
    network: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    classifier: str = "drop"

    _choices = {"classifier": get_args(Classifier)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.settings and self.network is None:
            raise InputError(
                "Expected the network that the settings belong to, but got settings alone.", "Name it with --network."
            )

    @property
    def title(self) -> str:
        """Display name."""
        return self.name.strip() or Path(self.file).stem


def add_weights(request: AddModelRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Check weights, convert them where they are a checkpoint of PyTorch, and store them.

    Parameters
    ----------
    request : AddModelRequest
    workspace : Workspace
    reporter : Reporter
        Stage ``model``.

    Returns
    -------
    dict
        ``model``, and of a checkpoint ``conversion`` with the counts of what was taken over, dropped and left fresh;
        the whole mapping stands in the manifest of the model.

    Raises
    ------
    NotFoundError
        When there is no such file.
    ModelError
        When it is damaged, holds more than weights, or those of another network; nothing of it is run.
    InputError
        When the name is taken.
    """
    path = Path(request.file)
    check_file(path)
    free_name(workspace, request.title)  # before the work
    with reporter.stage("model", f"Reading the weights of {path.name}"):
        if path.suffix == _OURS:
            network = load_network(path)
            model = add_model(workspace, network, request.title, origin="added", source=path.name)
            return {"model": model.to_dict(), "conversion": None, "timing_s": reporter.timing_s}
        settings = None if request.network is None else settings_from_dict(request.network, request.settings)
        classifier: Any = request.classifier
        network, conversion = convert_checkpoint(path, settings, classifier=classifier)
        model = add_model(
            workspace, network, request.title, origin="converted", source=path.name, conversion=conversion
        )
    counts = {name: len(getattr(conversion, name)) for name in ("mapped", "dropped", "fresh", "ignored")}
    return {
        "model": model.to_dict(),
        "conversion": {
            **counts,
            "dropped_names": list(conversion.dropped[:_SHOWN]),
            "source_sha256": conversion.source_sha256,
        },
        "timing_s": reporter.timing_s,
    }


@dataclass(frozen=True, kw_only=True)
class ExportModelRequest(Settings):
    """Which model is to be exported, and where to.

    Attributes
    ----------
    model : str
        Name of a recognition model of the workspace.
    file : str
        Ends in ``.onnx``, or in ``.xml`` for OpenVINO.
    """

    model: str
    file: str


def export_model(request: ExportModelRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Write a recognition model as a file that runs without Keras, once it gives the same embeddings.

    Parameters
    ----------
    request : ExportModelRequest
    workspace : Workspace
    reporter : Reporter
        Stage ``model``.

    Returns
    -------
    dict
        ``model``, ``export`` {path, format, outputs, difference, tolerance, bytes} and ``timing_s``.

    Raises
    ------
    NotFoundError
        When there is no such model.
    SettingsError, LibraryError
        When the name of the file does not fit, or a package is missing.
    ModelError
        When the exported file gives other embeddings; it is not kept.
    """
    model = find_model(workspace, request.model)
    with reporter.stage("model", f"Exporting {model.title}"):
        report = export_network(model.load(), Path(request.file).expanduser())
    return {
        "model": model.to_dict(),
        "export": {**vars(report), "path": str(report.path), "outputs": list(report.outputs)},
        "timing_s": reporter.timing_s,
    }
