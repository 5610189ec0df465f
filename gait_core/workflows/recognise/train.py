"""Trains a recognition network on walks of known people, or on simulated walkers: `train_recognition`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gait_core.config import DEFAULT_PROFILE, PERSONS, Settings, profile_named
from gait_core.errors import GaitError, InputError
from gait_core.learn.runs import held
from gait_core.progress import Reporter
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.recognition.model_store import add_model, free_name
from gait_core.recognition.networks.model import settings_from_dict
from gait_core.recognition.networks.settings import NetworkSettings
from gait_core.recognition.training.demo import demo_sequences, judge_demo, train_demo
from gait_core.recognition.training.demo_walkers import demo_walks
from gait_core.recognition.training.settings import PRESETS, RecognitionTrainingSettings, training_preset
from gait_core.recognition.training.train import TrainedNetwork, train_network
from gait_core.workflows.recognise.sources import SourceReader, WalkSource, input_settings, labelled_sources
from gait_core.workspace import Workspace, write_json

__all__ = ["TrainRecognitionRequest", "train_recognition"]

_DEMO_WIDTH: Final = 0.25
_CHECKPOINT: Final = "checkpoint.npz"
_STAGE: Final = "silhouettes"


@dataclass(frozen=True, kw_only=True)
class TrainRecognitionRequest(Settings):
    """What a recognition network is to learn from, and how.

    The same request continues where an interrupted one stopped.

    Attributes
    ----------
    data : str
        Folder per subject, or table with ``video`` and ``subject``; empty for the demo.
    demo : bool
        Learn from simulated walkers.
    people, walks : int
        Simulated walkers, and walks of each.
    name : str
        Of the model that comes out.
    network : str
    network_settings : mapping
        Fields of its settings; a quarter of the width unless given with the preset ``demo``.
    preset : {"demo", "full"}
        See `gait_core.recognition.training.settings.training_preset`.
    settings : mapping
        Fields of `RecognitionTrainingSettings` that differ from the preset.
    profile, person, workers
        As in `WalkOptions`, for videos.
    """

    data: str = ""
    demo: bool = False
    people: int = 20
    walks: int = 3
    name: str = "demo"
    network: str = "gaitbase"
    network_settings: Mapping[str, Any] = field(default_factory=dict)
    preset: str = "demo"
    settings: Mapping[str, Any] = field(default_factory=dict)
    profile: str = DEFAULT_PROFILE
    person: str = PERSONS[0]
    workers: int | None = None

    _ranges = {"workers": (1, 64), "people": (2, 500), "walks": (2, 50)}
    _choices = {"demo": (False, True), "preset": PRESETS, "person": PERSONS}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.demo == bool(self.data):
            got = "both" if self.demo else "neither"
            raise InputError(
                f"Expected walks of known people or the demo, but got {got}.", "Name a folder, or give --demo."
            )
        self.training_settings()

    @property
    def run(self) -> str:
        """Name of the folder of the run: the same for the same request."""
        return f"{self.network}-{self.digest()}"

    def training_settings(self) -> RecognitionTrainingSettings:
        """Return all settings of the training."""
        width = {"width": _DEMO_WIDTH} if self.preset == "demo" else {}
        network = settings_from_dict(self.network, {**width, **self.network_settings})
        preset = training_preset(self.preset, network)
        return RecognitionTrainingSettings.from_dict({**preset.to_dict(), **self.settings})


def train_recognition(request: TrainRecognitionRequest, workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Train a recognition network and store it among the models of the workspace.

    Parameters
    ----------
    request : TrainRecognitionRequest
    workspace : Workspace
    reporter : Reporter
        Stages ``simulate`` (demo), ``silhouettes``, ``train``, ``judge`` (demo).

    Returns
    -------
    dict
        ``model``, ``run``, ``training`` (settings, loss, validation, figures, people held out), ``judgement`` of the
        demo (last walk of each walker, which the network has not seen, among the earlier ones), ``walks`` with those
        that could not be used, ``timing_s``.

    Raises
    ------
    InputError
        When the name is taken, there are fewer than two people, or too few walks can be used.
    Cancelled
        When the user stopped the work; the same request continues from the last epoch.
    """
    free_name(workspace, request.name)
    settings = request.training_settings()
    folder = workspace.entry("runs", request.run)
    write_json(folder / "recognition.json", {"request": request.to_dict()})
    judgement = None
    with held(folder):
        if request.demo:
            trained, judgement, walks = _demo(request, settings, folder, workspace, reporter)
        else:
            trained, walks = _own(request, settings, folder, workspace, reporter)
        facts = trained.to_dict()
        model = add_model(
            workspace,
            trained.network,
            request.name,
            origin="demo" if request.demo else "trained",
            source="simulated walkers" if request.demo else Path(request.data).name,
            history=trained.history,
            details={"training": facts, "judgement": judgement, "walks": len(walks)},
        )
        (folder / _CHECKPOINT).unlink(missing_ok=True)
    write_json(folder / "recognition.json", {"request": request.to_dict(), "model": model.name})
    return {
        "model": model.to_dict(),
        "run": request.run,
        "training": facts,
        "judgement": judgement,
        "walks": walks,
        "timing_s": reporter.timing_s,
    }


def _own(
    request: TrainRecognitionRequest,
    settings: RecognitionTrainingSettings,
    folder: Path,
    workspace: Workspace,
    reporter: Reporter,
) -> tuple[TrainedNetwork, list[dict[str, Any]]]:
    sources = labelled_sources(request.data)
    reader = SourceReader(
        workspace,
        input_settings(settings.network),
        reporter,
        profile=request.profile,
        person=request.person,
        workers=request.workers,
    )
    with reporter.stage(_STAGE, f"Reading {len(sources)} walks"):
        sequences, walks = _sequences(reader, sources, settings.network, reporter)
    subjects = [walk["subject"] for walk in walks if "error" not in walk]
    trained = train_network(sequences, subjects, settings, reporter=reporter, checkpoint=folder / _CHECKPOINT)
    return trained, walks


def _sequences(
    reader: SourceReader, sources: Sequence[WalkSource], network: NetworkSettings, reporter: Reporter
) -> tuple[list[GaitSequence], list[dict[str, Any]]]:
    """Return the walks that can be learned from, and what became of each."""
    found: list[GaitSequence] = []
    walks: list[dict[str, Any]] = []
    for source, outcome in reader.read(sources):
        entry: dict[str, Any] = {"path": source.path, "name": source.name, "subject": source.subject}
        try:
            if isinstance(outcome, GaitError):
                raise outcome
            sequence = outcome.sequence
            sequence.for_network(network)
            found.append(sequence)
            entry |= {"frames": len(sequence), "view": sequence.view, "quality": outcome.quality.to_dict()}
        except InputError as error:
            reporter.warn(_STAGE, str(error), item=source.name)
            entry["error"] = error.to_dict()
        walks.append(entry)
        reporter.progress(_STAGE, len(walks), len(sources), "walks")
    return found, walks


def _demo(
    request: TrainRecognitionRequest,
    settings: RecognitionTrainingSettings,
    folder: Path,
    workspace: Workspace,
    reporter: Reporter,
) -> tuple[TrainedNetwork, dict[str, Any], list[dict[str, Any]]]:
    planned = demo_walks(people=request.people, walks=request.walks)
    profile = profile_named(request.profile, workspace.profiles)
    sequences = demo_sequences(
        planned,
        workspace,
        folder="recognition",
        pose=profile.pose_settings(),
        settings=input_settings(settings.network),
        limits=profile.limits(request.workers),
        reporter=reporter,
    )
    trained = train_demo(planned, sequences, settings, reporter=reporter, checkpoint=folder / _CHECKPOINT)
    with reporter.stage("judge", "Looking for the last walk of each walker"):
        judgement = judge_demo(trained.network, planned, sequences).to_dict()
    walks = [
        {"name": walk.name, "subject": walk.subject, "frames": len(sequence), "view": sequence.view}
        for walk, sequence in zip(planned, sequences, strict=True)
    ]
    return trained, judgement, walks
