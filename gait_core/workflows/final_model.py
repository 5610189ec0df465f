"""The model that learns from all subjects once the cross-validation has shown what to expect of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.learn.abstention import learn_familiarity
from gait_core.learn.channel_map import UsualChannels
from gait_core.learn.cross_validation import CrossValidation
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.decision import Decision, choose_decision
from gait_core.learn.fit_once_more import Attempt, MakeClassifier, clear_attempt, fit_once_more
from gait_core.learn.folds import inner_split
from gait_core.learn.model_card import model_card
from gait_core.learn.run_manifest import RunManifest
from gait_core.learn.scores import score
from gait_core.learn.trained_model import TrainedModel, TrainedModelFacts, save_model
from gait_core.progress import Reporter
from gait_core.workflows.train_request import TrainRequest

__all__ = ["FinalModel", "train_final"]

_FOLDER: Final = "final"
_STEPS: Final = 3
"""Of a classifier without epochs: fitting, what is unlike the training data, writing."""


@dataclass(frozen=True, kw_only=True)
class FinalModel:
    """What the training of the final model came to.

    Attributes
    ----------
    test_scores : mapping or None
        Scores on the subjects that a label file keeps for testing.
    notes : tuple of str
        What the user should know.
    """

    test_scores: dict[str, Any] | None
    notes: tuple[str, ...]


def train_final(
    request: TrainRequest,
    samples: Samples,
    kept: Samples | None,
    found: CrossValidation,
    make: MakeClassifier,
    folder: Path,
    manifest: RunManifest,
    reporter: Reporter,
    halvings: int = 0,
) -> FinalModel:
    """Train on all subjects and store the model with its card.

    Threshold and temperature are chosen on the predictions of the cross-validation, each for a subject that the
    classifier had not learned from. A network runs for the median of the folds' best epochs, for no one is left by
    whom to stop; with the schedule ``plateau``, which needs someone, one part of the subjects decides.

    Parameters
    ----------
    request : TrainRequest
    samples : Samples
        Of all subjects to learn from.
    kept : Samples or None
        Of subjects that a label file keeps for testing.
    found : CrossValidation
    make : callable
    folder : Path
        Of the run.
    manifest : RunManifest
        With the scores of the cross-validation.
    reporter : Reporter
    halvings : int
        With how often halved a batch to begin, because memory has run out before.

    Returns
    -------
    FinalModel
    """
    halvings = max([halvings, *(record.halvings for record in found.records)])
    epochs = _epochs(found, manifest)
    reporter.progress("final", 0, epochs or _STEPS, "epochs" if epochs else "steps")
    attempt = _fit(request, samples, found, make, folder, manifest, reporter, halvings)
    if not epochs:
        reporter.progress("final", 1, _STEPS, "steps", message="Learning which input is unlike the training data")
    decision = _decision(request, found)
    facts = TrainedModelFacts(
        model=request.model,
        title=manifest.title,
        run=manifest.id,
        created_s=time.time(),
        dataset=manifest.dataset,
        data_settings=request.data_settings().to_dict(),
        settings=attempt.classifier.settings.to_dict(),
        channels=samples.channels,
        classes=samples.classes,
        kind=samples.kind,
        n_steps=samples.longest,
        decision=decision,
        epochs=attempt.report.epochs,
        scores=manifest.scores or {},
        versions=manifest.versions,
    )
    model = TrainedModel(
        facts=facts,
        classifier=attempt.classifier,
        usual=UsualChannels.of(samples),
        familiarity=learn_familiarity(samples, seed=request.first_seed),
    )
    if not epochs:
        reporter.progress("final", 2, _STEPS, "steps", message="Writing the model and its card")
    tested = None if kept is None else score(model.predict(kept), seed=request.first_seed).to_dict()
    card = model_card(
        facts,
        validation=manifest.validation,
        row_scores=manifest.row_scores,
        test_scores=tested,
        familiarity=model.familiarity,
        notes=list(dict.fromkeys([*manifest.notes, *attempt.notes])),
    )
    save_model(folder / "model", model, card)
    clear_attempt(folder / _FOLDER)
    if not epochs:
        reporter.progress("final", _STEPS, _STEPS, "steps")
    return FinalModel(test_scores=tested, notes=attempt.notes)


def _epochs(found: CrossValidation, manifest: RunManifest) -> int:
    """Return for how many epochs the final model is trained at most; 0 for a classifier that has none."""
    most = int(manifest.settings.get("epochs") or 0)
    return most if manifest.settings.get("schedule") == "plateau" else min(most, found.best_epochs or most)


def _decision(request: TrainRequest, found: CrossValidation) -> Decision:
    """Return the middle of what each repetition of the cross-validation would choose."""
    chosen = [
        choose_decision(one, threshold=request.threshold, calibrate=request.calibrate) for one in found.raw_predictions
    ]
    thresholds = [one.threshold for one in chosen if one.threshold is not None]
    return Decision(
        temperature=float(np.exp(np.median(np.log([one.temperature for one in chosen])))),
        threshold=float(np.median(thresholds)) if thresholds else None,
    )


def _fit(
    request: TrainRequest,
    samples: Samples,
    found: CrossValidation,
    make: MakeClassifier,
    folder: Path,
    manifest: RunManifest,
    reporter: Reporter,
    halvings: int,
) -> Attempt:
    training, validation = samples, None
    epochs = found.best_epochs
    if manifest.settings.get("schedule") == "plateau":
        split = inner_split(samples, np.arange(len(samples)), request.inner_folds, request.first_seed)
        if split is not None:
            training, validation, epochs = samples.take(split[0]), samples.take(split[1]), None
    return fit_once_more(
        make,
        training,
        validation,
        seed=request.first_seed,
        folder=folder / _FOLDER,
        reporter=reporter,
        labels={},
        halvings=halvings,
        epochs=epochs,
    )
