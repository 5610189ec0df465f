"""Fits the model to one person: the same steps for a patient, for a benchmark and for the reference cohort.

Each walk is held out in turn; the others fine-tune the decoder (or train a model from scratch), and the
walk left out is scored. These held-out scores say what is usual for the person. The model that is
kept is then made from all walks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.pretrained import Pretrained
from gait_core.baseline.reconstruction import ReferenceWindows, Scorer, WalkScore, residual, score_residual
from gait_core.baseline.stride_profile import stride_phase
from gait_core.errors import InputError
from gait_core.learn.autoencoder.fine_tune import Fold, Tuned, fine_tune
from gait_core.learn.autoencoder.inference import Weights, encode
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.history import History
from gait_core.learn.splits import Split, leave_one_out
from gait_core.progress import Reporter

__all__ = [
    "MINIMUM_WALKS",
    "Fitted",
    "PersonFitter",
    "relative_scores",
    "typical_by_feature",
    "typical_score",
    "typical_window",
    "window_limit",
]

Array = NDArray[np.float32]
MINIMUM_WALKS: Final = 3
_PRIOR_WINDOWS: Final = 60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """What came out for one person.

    Attributes
    ----------
    scorer : Scorer
    held_out : list of WalkScore
        One per walk, each scored without it.
    training : mapping
        ``mode``, ``cell``, ``epochs``, ``val_loss``, ``start_val_loss``, ``kept`` and a ``note`` for people.
    """

    scorer: Scorer
    held_out: list[WalkScore]
    training: dict[str, Any]

    @property
    def held_out_raw(self) -> NDArray[np.float64]:
        """Scores of the held-out walks, not yet relative to each other, shape (n_walks,)."""
        return np.array([score.overall for score in self.held_out])


class PersonFitter:
    """Fine-tunes the pre-trained decoder to one person after another, without a training library.

    The encoder stays as it is, so the codes of a walk are computed once and not in every epoch. All folds are trained
    at once, and beside them the model of all walks, whose number of epochs is known only when the folds have ended.

    Parameters
    ----------
    pretrained : Pretrained
    settings : AutoencoderSettings
    """

    def __init__(self, pretrained: Pretrained, settings: AutoencoderSettings) -> None:
        self._pretrained = pretrained
        self._settings = settings

    def fit(self, walks: Sequence[Array], reporter: Reporter) -> Fitted:
        """Fit one person.

        Parameters
        ----------
        walks : sequence of ndarray, shape (n_i, window_frames, n_features)
            Windows of each walk, in physical units.
        reporter : Reporter

        Raises
        ------
        InputError
            With fewer than three walks.
        """
        check_walks(walks)
        start = self._pretrained
        windows = ((np.concatenate(walks) - start.mean) / start.sd).astype(np.float32)
        codes = encode(start.weights, windows)
        walk_of = np.repeat(np.arange(len(walks)), [len(walk) for walk in walks])
        splits = leave_one_out(walk_of)
        *folds, everything = self._tune(windows, codes, splits, reporter)
        remaining: list[Array] = []
        for split, fold in zip(splits, folds, strict=True):
            others, own = split.training, split.validation
            weights = start.weights | fold.weights
            memory = ReferenceWindows.of(weights, [windows[others]], [codes[others]])
            remaining.append(residual(weights, memory, windows[own], codes[own]))
        weights, facts = self._finish(folds, everything, reporter)
        scale = personal_scale(remaining, start.prior_scale)
        scores = [
            score_residual(rest, stride_phase(walk), scale, start.metrics)
            for rest, walk in zip(remaining, walks, strict=True)
        ]
        each = [split.validation for split in splits]
        return Fitted(
            scorer=Scorer(
                weights=weights,
                mean=start.mean,
                sd=start.sd,
                memory=ReferenceWindows.of(weights, [windows[own] for own in each], [codes[own] for own in each]),
                scale=scale,
                metrics=start.metrics,
            ),
            held_out=scores,
            training=facts,
        )

    def _tune(self, windows: Array, codes: Array, splits: Sequence[Split], reporter: Reporter) -> list[Tuned]:
        """Return one model per walk held out, and after them the one of all walks."""
        folds = [Fold(training=split.training, validation=split.validation, labels=split.labels) for split in splits]
        return fine_tune(
            self._pretrained.weights,
            codes,
            windows,
            [*folds, Fold(training=np.arange(len(windows)))],
            rate=self._settings.fine_tune_rate,
            epochs=self._settings.fine_tune_epochs,
            patience=self._settings.fine_tune_patience,
            batch_size=self._settings.batch_size,
            reporter=reporter,
        )

    def _finish(self, folds: Sequence[Tuned], everything: Tuned, reporter: Reporter) -> tuple[Weights, dict[str, Any]]:
        """Keep the decoder of all walks as it was after the number of epochs that helped on held-out walks, if any."""
        histories = [fold.history for fold in folds]
        before = float(np.mean([history.first_val_loss for history in histories]))
        after = float(np.mean([history.best_val_loss for history in histories]))
        epochs = round(float(np.median([history.best_epoch for history in histories])))
        weights = self._pretrained.weights
        kept = "fine-tuned" if after < before and epochs > 0 else "pre-trained"
        if kept == "fine-tuned":
            for epoch, loss in enumerate(everything.history.loss[:epochs], start=1):
                reporter.epoch("train", epoch, epochs, loss=loss)
            weights = weights | everything.after_epoch[epochs - 1]
        return weights, training_facts("fine-tuned", self._settings, epochs, before, after, kept, histories)


def check_walks(walks: Sequence[Array]) -> None:
    """Raise `InputError` when there are too few walks to hold one out."""
    if len(walks) < MINIMUM_WALKS:
        raise InputError(
            f"Expected at least {MINIMUM_WALKS} usable walks, but got {len(walks)}.", "Add walks; five are recommended."
        )


def standardised(walks: Sequence[Array], known: Array) -> tuple[Array, Array, list[Array]]:
    """Return mean and SD of each feature over `known` windows, and all walks in units of these."""
    mean = known.mean(axis=(0, 1)).astype(np.float32)
    sd = np.maximum(known.std(axis=(0, 1)), 1e-6).astype(np.float32)
    return mean, sd, [((walk - mean) / sd).astype(np.float32) for walk in walks]


def personal_scale(remaining: Sequence[Array], prior: Array) -> Array:
    """Return the usual residual of each feature, drawn towards that of other people when windows are few."""
    own = np.concatenate(remaining)
    windows = float(len(own))
    mean_square = (own.astype(np.float64) ** 2).mean(axis=(0, 1))
    pooled = (windows * mean_square + _PRIOR_WINDOWS * prior.astype(np.float64) ** 2) / (windows + _PRIOR_WINDOWS)
    return np.asarray(np.sqrt(pooled), dtype=np.float32)


def training_facts(
    mode: str,
    settings: AutoencoderSettings,
    epochs: int,
    before: float,
    after: float,
    kept: str,
    histories: Sequence[History],
) -> dict[str, Any]:
    """Return what the manifest and the pages say about a training run."""
    if kept == "pre-trained":
        note = (
            f"Fine-tuning did not help on held-out walks (error {before:.4f} before, {after:.4f} after): "
            "the pre-trained model is kept."
        )
    elif mode == "fine-tuned":
        gain = 100 * (1 - after / before)
        note = f"Fine-tuned for {epochs} epochs; the error on held-out walks fell by {gain:.1f} % to {after:.4f}."
    else:
        note = f"Trained from scratch for {epochs} epochs; error on held-out walks {after:.4f}."
    return {
        "mode": mode,
        "cell": settings.cell,
        "epochs": epochs,
        "val_loss": after,
        "start_val_loss": before,
        "kept": kept,
        "stopped_early": next((h.stopped_early for h in histories if h.stopped_early == "user"), ""),
        "folds": [
            {"loss": history.loss, "val_loss": history.val_loss, "first_val_loss": history.first_val_loss}
            for history in histories
        ],
        "note": note,
    }


def relative_scores(fitted: Fitted) -> NDArray[np.float64]:
    """Return the scores of the held-out walks divided by what is typical (their geometric mean).

    Returns
    -------
    ndarray, shape (n_walks,)
        Unitless; 1 is typical.
    """
    raw = fitted.held_out_raw
    return np.asarray(raw / typical_score(fitted))


def typical_score(fitted: Fitted) -> float:
    """Return the raw score that counts as 1.

    Returns
    -------
    float
    """
    return float(np.exp(np.log(fitted.held_out_raw).mean()))


def window_limit(fitted: Fitted, share: float = 0.95) -> float:
    """Return the relative score that 95 % of the held-out windows stay below.

    Returns
    -------
    float
        Unitless.
    """
    scores = np.concatenate([score.window_scores for score in fitted.held_out])
    return float(np.quantile(scores, share) / typical_window(fitted))


def typical_window(fitted: Fitted) -> float:
    """Return the window score that counts as 1: the root mean square over all held-out windows.

    Returns
    -------
    float
    """
    scores = np.concatenate([score.window_scores for score in fitted.held_out])
    return float(np.sqrt(np.mean(scores**2)))


def typical_by_feature(fitted: Fitted) -> NDArray[np.float64]:
    """Return the deviation of each feature that counts as 1, shape (n_features,).

    Returns
    -------
    ndarray, shape (n_features,)
    """
    energy = np.mean([score.by_feature() ** 2 for score in fitted.held_out], axis=0)
    return np.asarray(np.sqrt(energy))
