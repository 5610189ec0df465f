"""What promoted models say of a walk that an analysis has prepared already: nothing is decoded or cleaned again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from gait_core.cache import ArrayCache
from gait_core.cache.archive import json_ready
from gait_core.config import FeatureSettings
from gait_core.errors import GaitError, InputError, ModelError, WalkRefused
from gait_core.gait.measurement import Measurement
from gait_core.gait.windows import windows_of
from gait_core.learn.promoted_models import PromotedModel, list_promoted, promoted_model
from gait_core.learn.trained_model import TrainedModel, TrainedModelFacts, load_model
from gait_core.pose.masks import MASKS_KIND
from gait_core.walks.clips import clip_address
from gait_core.walks.prepare import PreparedWalk
from gait_core.workflows.predict import predict_prepared, video_settings
from gait_core.workspace import Workspace

__all__ = ["WalkClassifiers", "asks_for_outlines", "promoted_for_walks"]

_NOTHING: Final[Mapping[str, Any]] = {"class": None, "probabilities": {}, "abstained": True, "reasons": []}
_NO_OUTLINE: Final = (
    "It looks at the outline of the person, which is not in the cache: the video would have to be decoded again."
)
_logger = logging.getLogger(__name__)


def promoted_for_walks(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the promoted models that an analysis asks.

    Returns
    -------
    tuple of str
        Sorted. Damaged models are among them, so that the analysis reports that they could not be applied.
    """
    return tuple(one.name for one in list_promoted(workspace) if one.facts is None or one.classifies_walks)


def asks_for_outlines(workspace: Workspace, names: Sequence[str]) -> bool:
    """Return whether one of these promoted models learned from clips, which are made of the outline of the person.

    Returns
    -------
    bool
    """
    return any(
        one.name in names and one.facts is not None and one.facts.kind == "clips" for one in list_promoted(workspace)
    )


class WalkClassifiers:
    """Promoted models, for all walks of one analysis; each is loaded once, when the first walk needs it.

    Parameters
    ----------
    workspace : Workspace
    names : sequence of str
        Of promoted models.
    """

    def __init__(self, workspace: Workspace, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._workspace = workspace
        self._loaded: dict[str, tuple[PromotedModel, TrainedModel]] = {}
        self._failed: dict[str, GaitError] = {}
        # Walks are scored on several threads, and networks are not made to be called by several at once.
        self._lock = threading.Lock()

    def classify(
        self, walk: PreparedWalk, measurement: Measurement | None, features: FeatureSettings
    ) -> list[dict[str, Any]]:
        """Return what each model says of a walk.

        Parameters
        ----------
        walk : PreparedWalk
        measurement : Measurement or None
            Of the same walk; None where no gait could be measured.
        features : FeatureSettings
            With which the walk was prepared.

        Returns
        -------
        list of dict
            One entry per model: ``name``, ``title``, ``classifier``, ``run``, ``trained_on``, ``class`` (None where it
            abstains), ``probabilities``, ``abstained``, ``reasons``, ``distance``, ``limit``, ``rows``; with ``error``
            where it could not be applied.
        """
        with self._lock:
            return [self._said(name, walk, measurement, features) for name in self.names]

    def _said(
        self, name: str, walk: PreparedWalk, measurement: Measurement | None, features: FeatureSettings
    ) -> dict[str, Any]:
        known: dict[str, Any] = {"name": name, "title": name}
        try:
            promoted, model = self._model(name)
            known = _about(promoted, model.facts)
            found = _predicted(walk, model, measurement, features, ArrayCache.of(self._workspace))
        except GaitError as error:
            return {**known, **_NOTHING, "error": error.to_dict()}
        except Exception as error:
            # The comparison with the baseline has nothing to do with this model, and goes on.
            _logger.exception("the promoted model %s failed on %s", name, walk.name)
            problem = ModelError(
                f"Something failed that should not: {type(error).__name__}: {error}".strip(),
                "Withdraw the model, and send the log to the developers.",
            )
            return {**known, **_NOTHING, "error": problem.to_dict()}
        del found["warnings"]  # those of the walk, which the analysis holds
        return {**known, **found}

    def _model(self, name: str) -> tuple[PromotedModel, TrainedModel]:
        if name in self._failed:
            raise self._failed[name]
        if name not in self._loaded:
            try:
                promoted = promoted_model(self._workspace, name)
                self._loaded[name] = promoted, load_model(promoted.folder)
            except GaitError as error:
                self._failed[name] = error
                raise
        return self._loaded[name]


def _about(promoted: PromotedModel, facts: TrainedModelFacts) -> dict[str, Any]:
    data, metrics = facts.dataset, facts.scores.get("metrics", {})
    told: dict[str, Any] = json_ready(
        {
            "name": promoted.name,
            "title": promoted.title,
            "classifier": facts.title,
            "run": facts.run,
            "trained_on": {
                "name": data.get("name", ""),
                "subjects": data.get("subjects", {}),
                "trained_s": facts.created_s,
                "balanced_accuracy": metrics.get("balanced_accuracy"),
            },
        }
    )
    return told


def _predicted(
    walk: PreparedWalk,
    model: TrainedModel,
    measurement: Measurement | None,
    features: FeatureSettings,
    cache: ArrayCache,
) -> dict[str, Any]:
    settings = video_settings(model)
    if settings.rows == "clips":
        known = cache.holds(MASKS_KIND, walk.address) or cache.holds(*clip_address(walk.address, settings.channels))
        if not known:
            raise InputError(_NO_OUTLINE, "Use `predict` with the video; later analyses then ask the model as well.")
        return predict_prepared(walk, model, cache=cache)
    if settings.rows == "curves":
        if measurement is None:
            raise WalkRefused("No gait could be measured in this walk, so there are no strides to classify.")
        return predict_prepared(walk, model, curves=measurement.curves)
    wanted = settings.feature_settings()
    if features.with_(window_s=wanted.window_s, hop_s=wanted.hop_s) != wanted:
        raise InputError(
            "Expected features made as those that the model was trained on, but the baseline has other settings.",
            "Use `predict` with the video.",
        )
    # The windows of the baseline are of another length than those of the model; the features are the same.
    windows = windows_of(walk.features, wanted)
    if not len(windows):
        raise WalkRefused(
            f"Expected at least one uninterrupted piece of {wanted.window_s:.1f} s of walking, but got none.",
            "Film a longer piece of walking.",
        )
    return predict_prepared(replace(walk, windows=windows), model)
