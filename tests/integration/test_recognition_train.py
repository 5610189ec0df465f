"""Training of a recognition network from walks to a file: resumed to the bit, judged by held-out walks, saved."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import Cancelled, ModelError
from gait_core.progress import Event, Reporter
from gait_core.recognition.batching import Embedder
from gait_core.recognition.networks import gaitbase
from gait_core.recognition.networks.layers import ConvNorm
from gait_core.recognition.networks.settings import GaitBaseSettings
from gait_core.recognition.stored import load_network
from gait_core.recognition.training.augment import Augmentation
from gait_core.recognition.training.settings import RecognitionTrainingSettings
from gait_core.recognition.training.train import TrainedNetwork, train_network

SETTINGS = RecognitionTrainingSettings(
    network=GaitBaseSettings(width=0.0625),
    people=3,
    walks_per_person=2,
    frames=4,
    skip=2,
    steps=8,
    steps_per_epoch=2,
    milestones=(5,),
    learning_rate=0.05,
    augmentation=Augmentation(erase=0.3),
    validation_share=0.34,
    seed=3,
)


class QuickTrunk:
    """One convolution instead of nine layers, which compiles in a moment."""

    def __init__(self, parameters, name, settings) -> None:
        self._stem = ConvNorm(parameters, f"{name}.conv", f"{name}.bn", inputs=1, outputs=settings.widths[3])

    def __call__(self, x, clips):
        return self._stem(x[:, ::4, ::4], clips)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaitbase, "FrameTrunk", QuickTrunk)


def people(count: int = 3, walks: int = 3) -> tuple[list[np.ndarray], list[str]]:
    """Return people of different widths, whose walks differ in height and in some noise."""
    generator = np.random.default_rng(0)
    sequences, subjects = [], []
    for person in range(count):
        for walk in range(walks):
            frames = np.zeros((5 + walk, 64, 44), np.float32)
            frames[:, 4 + 2 * walk : 60, 20 - 4 * person : 24 + 4 * person] = 1.0
            frames[generator.random(frames.shape) < 0.02] = 1.0
            sequences.append(frames)
            subjects.append(f"person{person}")
    return sequences, subjects


class Interrupted(Reporter):
    """Cancels after so many batches; keeps the events."""

    def __init__(self, batches: int = 1000) -> None:
        self.events: list[Event] = []
        super().__init__(sink=self.events.append)
        self.left = batches

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled()

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def weights(trained: TrainedNetwork) -> list[np.ndarray]:
    return [np.asarray(variable) for variable in trained.network.variables]


def test_a_training_that_was_interrupted_ends_with_the_same_weights_to_the_bit(tmp_path: Path):
    file, walks = tmp_path / "half.npz", people()
    with pytest.raises(Cancelled):
        train_network(*walks, SETTINGS, reporter=Interrupted(6), checkpoint=file)
    assert file.is_file()
    with pytest.raises(ModelError, match="differs in"):
        train_network(*walks, SETTINGS.with_(margin=0.3), checkpoint=file)
    with pytest.raises(ModelError, match="differs in"):
        train_network(walks[0], list(reversed(walks[1])), SETTINGS, checkpoint=file)

    continued, unbroken = Interrupted(), Interrupted()
    second = train_network(*walks, SETTINGS, reporter=continued, checkpoint=file)
    whole = train_network(*walks, SETTINGS, reporter=unbroken)

    assert len(continued.of("epoch")) < len(unbroken.of("epoch")) == 4
    assert all(np.array_equal(one, other) for one, other in zip(weights(second), weights(whole), strict=True))
    assert second.history == whole.history
    assert second.figures == whole.figures


def test_a_trained_network_knows_its_people_is_saved_and_embeds_as_before(tmp_path: Path):
    sequences, subjects = people()
    listener = Interrupted()
    trained = train_network(sequences, subjects, SETTINGS.with_(people=5, steps=16), reporter=listener)

    assert trained.subjects == ("person0", "person1", "person2")
    assert trained.held_out == ()
    assert trained.history.loss[-1] < trained.history.loss[0]
    assert trained.figures["rank_1"] == max(trained.history.metrics["rank_1"])
    assert {"rank_1", "equal_error_rate", "loss"} <= set(listener.of("epoch")[0].data)
    last = listener.of("progress")[-1]
    assert (last.done, last.total, last.unit) == (16, 16, "steps")
    assert "3 people instead of 5" in trained.notes[0]

    path = trained.save(tmp_path / "own.keras")
    report = json.loads(path.with_suffix(".training.json").read_text())
    assert RecognitionTrainingSettings.from_dict(report["settings"]) == trained.settings
    loaded = load_network(path)
    one, other = Embedder(trained.network).embed_one(sequences[0]), Embedder(loaded).embed_one(sequences[0])
    assert np.array_equal(one.parts, other.parts)
    assert other.logits.shape == (3, 16)


def test_people_who_are_held_out_are_judged_by_their_other_walks():
    trained = train_network(*people(4), SETTINGS.with_(validation="subject", validation_share=0.5, steps=4))
    assert len(trained.subjects) == len(trained.held_out) == 2
    assert not set(trained.subjects) & set(trained.held_out)
    assert trained.network.settings.classes == 2
    assert 0.0 <= trained.history.metrics["rank_1"][-1] <= 1.0


def test_without_validation_the_last_weights_stay():
    trained = train_network(*people(2), SETTINGS.with_(validation="none", steps=4))
    assert trained.figures == {}
    assert trained.history.best_epoch == 2
