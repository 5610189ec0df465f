"""Builds the classifiers of a cross-validation: all alike but for their seed, a halved batch, and their epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.learn.classifiers import Classifier, ClassifierKind, SampleShape

__all__ = ["ClassifierMaker", "settings_halved"]


class ClassifierMaker:
    """Builds untrained classifiers of one kind; see `gait_core.learn.fit_once_more.MakeClassifier`.

    Parameters
    ----------
    kind : ClassifierKind
    settings : mapping
        Fields of its settings; those that are left out have their defaults.
    shape : SampleShape
        What the classifiers are built for.

    Raises
    ------
    SettingsError
        When a setting is unknown or out of range.
    """

    def __init__(self, kind: ClassifierKind, settings: Mapping[str, Any], shape: SampleShape) -> None:
        self._kind, self._shape = kind, shape
        self._settings = kind.settings.from_dict(settings).to_dict()

    def __call__(self, *, seed: int, halvings: int = 0, epochs: int | None = None) -> Classifier:
        """Return a classifier; seed and epochs count only where its settings have them.

        Parameters
        ----------
        seed : int
        halvings : int
            See `settings_halved`.
        epochs : int, optional
            Fixed number of epochs; default: that of the settings.

        Returns
        -------
        Classifier
        """
        values = settings_halved(self._settings, halvings)
        values |= {"seed": seed} if "seed" in values else {}
        values |= {"epochs": epochs} if epochs is not None and "epochs" in values else {}
        return self._kind.build(self._kind.settings.from_dict(values), self._shape)


def settings_halved(settings: Mapping[str, Any], halvings: int) -> dict[str, Any]:
    """Return settings with the batch halved and the accumulated steps doubled so often, where there are such.

    Returns
    -------
    dict of str to object
    """
    found = dict(settings)
    for _ in range(halvings):
        if int(found.get("batch_size") or 1) > 1 and "accumulate" in found:
            found["batch_size"] = int(found["batch_size"]) // 2
            found["accumulate"] = max(1, int(found["accumulate"] or 1)) * 2
    return found
