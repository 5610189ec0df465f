"""How a recognition network is trained: `RecognitionTrainingSettings`, and the presets ``demo`` and ``full``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

from gait_core.config import Settings
from gait_core.errors import SettingsError
from gait_core.recognition.networks.model import settings_from_dict
from gait_core.recognition.networks.settings import GaitBaseSettings, NetworkSettings
from gait_core.recognition.training.augment import Augmentation

__all__ = ["PRESETS", "RecognitionTrainingSettings", "training_preset"]

VALIDATIONS: Final = ("walk", "subject", "none")
PRECISIONS: Final = ("float32", "mixed_bfloat16")


@dataclass(frozen=True, kw_only=True)
class RecognitionTrainingSettings(Settings):
    """How a recognition network is trained.

    Attributes
    ----------
    network : NetworkSettings
        Without classes: there are as many as people.
    people, walks_per_person : int
        Of a batch. With fewer people than that, all of them are in every batch.
    frames, skip : int
        A clip has `frames` frames, in order, out of a window of ``frames + skip``.
    steps : int
        Batches in all.
    steps_per_epoch : int
        Batches from one validation, and checkpoint, to the next.
    learning_rate : float
    milestones : tuple of int
        Steps at which the learning rate falls to a tenth.
    momentum, weight_decay : float
    margin : float
        Of the triplet loss.
    logit_scale, label_smoothing : float
        Of the cross-entropy.
    augmentation : Augmentation
    validation : {"walk", "subject", "none"}
        What is held out: walks of people whose other walks are learned from, all walks of some people, or nothing.
    validation_share : float
        Share of the walks of each person, or of the people.
    validation_frames : int
        Longer walks are judged by their first frames.
    patience : int or None
        Epochs without gain in rank 1 before stopping; None runs all steps.
    precision : {"float32", "mixed_bfloat16"}
        Of the computation; weights are float32 in both.
    seed : int
    """

    network: NetworkSettings = field(default_factory=GaitBaseSettings)
    people: int = 8
    walks_per_person: int = 16
    frames: int = 30
    skip: int = 4
    steps: int = 60_000
    steps_per_epoch: int = 250
    learning_rate: float = 0.1
    milestones: tuple[int, ...] = (20_000, 40_000, 50_000)
    momentum: float = 0.9
    weight_decay: float = 5e-4
    margin: float = 0.2
    logit_scale: float = 16.0
    label_smoothing: float = 0.1
    augmentation: Augmentation = field(default_factory=Augmentation)
    validation: str = "walk"
    validation_share: float = 0.2
    validation_frames: int = 120
    patience: int | None = None
    precision: str = "float32"
    seed: int = 0

    _ranges = {
        "people": (2, 4096),
        "walks_per_person": (1, 4096),
        "frames": (1, 720),
        "skip": (0, 720),
        "steps": (1, 10_000_000),
        "steps_per_epoch": (1, 100_000),
        "learning_rate": (1e-8, 10.0),
        "momentum": (0.0, 0.999),
        "weight_decay": (0.0, 1.0),
        "margin": (0.0, 100.0),
        "logit_scale": (0.1, 1000.0),
        "label_smoothing": (0.0, 0.9),
        "validation_share": (0.01, 0.9),
        "validation_frames": (1, 720),
        "patience": (1, 1_000_000),
        "seed": (0, 2**31 - 1),
    }
    _choices = {"validation": VALIDATIONS, "precision": PRECISIONS}

    def __post_init__(self) -> None:
        super().__post_init__()
        rising = all(first < second for first, second in zip(self.milestones, self.milestones[1:], strict=False))
        if not all(isinstance(step, int) and step > 0 for step in self.milestones) or not rising:
            raise SettingsError(
                f"Expected milestones to be rising numbers of steps, but got {self.milestones!r}.",
                "Give, for example, (20000, 40000), or () for a constant learning rate.",
            )
        if self.network.classes:
            raise SettingsError(
                f"Expected a network without classes, but got {self.network.classes}.",
                "Leave them out: there are as many as people to learn from.",
            )

    @property
    def epochs(self) -> int:
        """Validations of a whole training."""
        return -(-self.steps // self.steps_per_epoch)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-serialisable values."""
        network = {"name": self.network.network, "settings": self.network.to_dict()}
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {
            "network": network,
            "milestones": list(self.milestones),
            "augmentation": self.augmentation.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a mapping, as JSON gives it; an unknown key raises `SettingsError`."""
        known = dict(values)
        try:
            if isinstance(known.get("network"), Mapping):
                known["network"] = settings_from_dict(str(known["network"]["name"]), known["network"]["settings"])
            if isinstance(known.get("augmentation"), Mapping):
                known["augmentation"] = Augmentation.from_dict(known["augmentation"])
            if isinstance(known.get("milestones"), list):
                known["milestones"] = tuple(known["milestones"])
        except KeyError as error:
            raise SettingsError(
                f"Expected name and settings of the network, but {error} is missing.", "Give both."
            ) from error
        return super().from_dict(known)


def training_preset(name: str, network: NetworkSettings | None = None) -> RecognitionTrainingSettings:
    """Return one of the presets for a network.

    Parameters
    ----------
    name : {"demo", "full"}
        ``demo`` is made for some twenty people with three walks each and two CPU cores: a quarter of the channels, up
        to 15 minutes. ``full`` is the published training of the network, for data sets of thousands of walks; its
        full width takes some 17 s a step on two cores, weeks in all, so it needs GPUs.
    network : NetworkSettings, optional
        Default: GaitBase, in a quarter of its width for the demo.

    Returns
    -------
    RecognitionTrainingSettings
        With `network` as given: the demo makes only its default narrower.

    Raises
    ------
    SettingsError
        When there is no such preset.
    """
    if name not in PRESETS:
        raise SettingsError(
            f"Expected the preset to be one of {', '.join(PRESETS)}, but got {name!r}.", "Choose one of these."
        )
    if name == "demo":
        return _demo(network or GaitBaseSettings(width=0.25))
    return _full(network or GaitBaseSettings())


def _demo(network: NetworkSettings) -> RecognitionTrainingSettings:
    return RecognitionTrainingSettings(
        network=network,
        people=6,
        walks_per_person=2,
        steps=200,
        steps_per_epoch=20,
        milestones=(120, 170),
        augmentation=Augmentation.none() if "parsing" in network.channels else Augmentation(),
        validation_share=0.34,
    )


_PUBLISHED: Final[Mapping[str, dict[str, Any]]] = {
    "gaitbase": {
        "people": 8,
        "walks_per_person": 16,
        "augmentation": Augmentation(flip=0.0, rotate=0.3, perspective=0.0, erase=0.3),
    },
    "deepgaitv2": {"people": 32, "walks_per_person": 4},
    "skeletongait": {"people": 32, "walks_per_person": 4, "milestones": (20_000, 30_000, 40_000)},
    "skeletongaitpp": {"people": 32, "walks_per_person": 4, "milestones": (20_000, 30_000, 40_000)},
    "xgait": {
        "people": 32,
        "walks_per_person": 2,
        "steps": 120_000,
        "milestones": (40_000, 80_000, 100_000),
        "augmentation": Augmentation.none(),
    },
}
"""GaitBase as on CASIA-B, the others as on Gait3D."""
PRESETS: Final = ("demo", "full")


def _full(network: NetworkSettings) -> RecognitionTrainingSettings:
    return RecognitionTrainingSettings(network=network, **_PUBLISHED.get(network.network, {}))
