"""A small model of clips: trained at once on drawn bars, one class narrow and one wide."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gait_core.learn.abstention import learn_familiarity
from gait_core.learn.channel_map import UsualChannels
from gait_core.learn.classifiers.kind import classifier
from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.datasets.gathered import GatheredRows
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.decision import Decision
from gait_core.learn.trained_model import TrainedModel, TrainedModelFacts, save_model
from gait_core.walks.clips import SUMMARY_SHAPE, WalkClip

SETTINGS = DatasetSettings(rows="clips", channels="silhouette")


def drawn_clip(width: int, seed: int, frames: int = 20) -> WalkClip:
    """Return a clip of a bar that is `width` px wide, and a little different for each seed."""
    images = np.zeros((frames, 64, 44, 1), np.uint8)
    images[:, :, 22 - width // 2 : 22 + width // 2] = 255
    images[:, seed : seed + 4] = 0
    summary = np.zeros((np.prod(SUMMARY_SHAPE), 1), np.float32)
    summary[: summary.size // 2, 0] = images.mean(axis=(0, 3)).reshape(16, 4, 11, 4).mean(axis=(1, 3)).ravel() / 255
    return WalkClip(frames=images, summary=summary, digest=f"{width:08d}{seed:08d}")


def drawn_samples(folder: Path) -> Samples:
    """Return five people of each class."""
    with GatheredRows(SETTINGS, folder) as gathered:
        for seed in range(5):
            for label, width in (("narrow", 10), ("wide", 30)):
                name = f"{label}{seed}"
                gathered.add(drawn_clip(width, seed), subject=name, label=label, walk=name)
        return gathered.samples(("narrow", "wide"))


def save_clip_model(folder: Path) -> Path:
    """Train a model and store it in a new folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    samples = drawn_samples(folder.parent)
    kind = classifier("logistic_regression")
    found = kind.build(kind.settings(), SampleShape.of(samples))
    found.fit(samples)
    facts = TrainedModelFacts(
        model="logistic_regression",
        title="Logistic regression",
        run="bars",
        created_s=0.0,
        dataset={"name": "bars", "subjects": {"narrow": 5, "wide": 5}},
        data_settings=SETTINGS.to_dict(),
        settings=found.settings.to_dict(),
        channels=samples.channels,
        classes=samples.classes,
        kind=samples.kind,
        n_steps=samples.longest,
        decision=Decision(),
    )
    model = TrainedModel(
        facts=facts,
        classifier=found,
        usual=UsualChannels.of(samples),
        familiarity=learn_familiarity(samples),
    )
    save_model(folder, model, "# Bars\n")
    return folder
