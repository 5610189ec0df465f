"""Chooses between fine-tuning the shipped model and training from scratch, and does it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from gait_core.baseline.fit import Fitted, PersonFitter
from gait_core.baseline.pretrained import Pretrained, load_pretrained, misfit, pretrained_path
from gait_core.baseline.run_settings import RunSettings
from gait_core.errors import ModelError, StorageError
from gait_core.gait.features import FEATURE_NAMES
from gait_core.learn.artefact import SavableModel
from gait_core.learn.autoencoder.keras_file import RewrittenModel
from gait_core.progress import Reporter
from gait_core.walks.prepare import PreparedWalk

__all__ = ["SavableModel", "fit_walks", "needs_keras"]

_logger = logging.getLogger(__name__)


def needs_keras(settings: RunSettings, *, from_scratch: bool) -> bool:
    """Return, before any walk is read, whether `fit_walks` will surely need the training library.

    Returns
    -------
    bool
    """
    return from_scratch or not pretrained_path(settings.learn.cell).is_file()


def fit_walks(
    walks: Sequence[PreparedWalk],
    settings: RunSettings,
    reporter: Reporter,
    *,
    from_scratch: bool,
    checkpoints: Path | None = None,
) -> tuple[Fitted, Pretrained | None, SavableModel]:
    """Fit the model to the walks of one person.

    Parameters
    ----------
    walks : sequence of PreparedWalk
    settings : RunSettings
    reporter : Reporter
    from_scratch : bool
        Do not start from the pre-trained model.
    checkpoints : Path, optional
        Folder from which a killed training from scratch resumes.

    Returns
    -------
    fitted : Fitted
    pretrained : Pretrained or None
        The model that it started from; None when it was trained from scratch.
    model : SavableModel
        The autoencoder to store.
    """
    windows = [walk.windows.stacked() for walk in walks]
    pretrained = None if from_scratch else _fitting_model(settings, reporter)
    if pretrained is None:
        from gait_core.baseline.scratch import fit_from_scratch
        from gait_core.learn.backend import seed_everything

        seed_everything(settings.learn.seed)
        fitted, model = fit_from_scratch(windows, settings.learn, reporter, checkpoints=checkpoints)
        return fitted, None, model
    fitted = PersonFitter(pretrained, settings.learn).fit(windows, reporter)
    assert pretrained.model_path is not None
    return fitted, pretrained, RewrittenModel(source=pretrained.model_path, weights=fitted.scorer.weights)


def _fitting_model(settings: RunSettings, reporter: Reporter) -> Pretrained | None:
    try:
        pretrained = load_pretrained(settings.learn.cell)
    except (ModelError, StorageError) as error:
        _logger.warning("%s", error)
        reporter.warn("train", "The pre-trained model is missing or damaged; training from scratch takes longer.")
        return None
    reason = misfit(pretrained, settings.features, FEATURE_NAMES)
    if reason:
        reporter.warn("train", f"The pre-trained model does not fit: {reason}. Training from scratch.")
        return None
    return pretrained
