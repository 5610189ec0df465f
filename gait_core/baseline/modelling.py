"""Chooses between fine-tuning the shipped model and training from scratch, and does it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from gait_core.baseline.fit import Fitted, PersonFitter
from gait_core.baseline.pretrained import Pretrained, load_pretrained, misfit
from gait_core.baseline.scratch import fit_from_scratch
from gait_core.baseline.walks import PreparedWalk
from gait_core.config import RunSettings
from gait_core.errors import ModelError
from gait_core.gait.features import FEATURE_NAMES
from gait_core.learn.backend import load_keras, seed_everything
from gait_core.progress import Reporter

__all__ = ["fit_walks", "load_model"]

_logger = logging.getLogger(__name__)


def fit_walks(
    walks: Sequence[PreparedWalk], settings: RunSettings, reporter: Reporter, *, from_scratch: bool
) -> tuple[Fitted, Pretrained | None, Any]:
    """Fit the model to the walks of one person.

    Returns
    -------
    fitted : Fitted
    pretrained : Pretrained or None
        The model that it started from; None when it was trained from scratch.
    model : keras.Model
        The autoencoder to store.
    """
    windows = [walk.windows.stacked() for walk in walks]
    pretrained = None if from_scratch else _fitting_model(settings, reporter)
    seed_everything(settings.learn.seed)
    if pretrained is None:
        fitted, model = fit_from_scratch(windows, settings.learn, reporter)
        return fitted, None, model
    fitter = PersonFitter(pretrained, load_model(pretrained), settings.learn)
    return fitter.fit(windows, reporter), pretrained, fitter.model


def _fitting_model(settings: RunSettings, reporter: Reporter) -> Pretrained | None:
    try:
        pretrained = load_pretrained(settings.learn.cell)
    except ModelError as error:
        _logger.warning("%s", error)
        reporter.warn("train", "The pre-trained model is missing or damaged; training from scratch takes longer.")
        return None
    reason = misfit(pretrained, settings.features, FEATURE_NAMES)
    if reason:
        reporter.warn("train", f"The pre-trained model does not fit: {reason}. Training from scratch.")
        return None
    return pretrained


def load_model(pretrained: Pretrained) -> Any:
    """Load the Keras model of a pre-trained one, in safe mode."""
    keras = load_keras()
    return keras.models.load_model(pretrained.model_path, compile=False, safe_mode=True)
