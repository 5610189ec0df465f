"""Classifiers of a cross-validation are alike but for their seed, a halved batch, and their epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gait_core.errors import SettingsError
from gait_core.learn.classifier_maker import ClassifierMaker
from gait_core.learn.classifiers import SampleShape, classifier

CURVES = SampleShape(n_steps=21, channels=("left_a_deg", "right_a_deg"), classes=("well", "ill"), kind="curves")


def maker(name: str, settings: Mapping[str, Any]) -> ClassifierMaker:
    return ClassifierMaker(classifier(name), settings, CURVES)


def test_seed_epochs_and_batch_are_set_and_all_else_stays() -> None:
    given = {"epochs": 30, "patience": 5, "batch_size": 16, "learning_rate": 0.01}
    make = maker("tcn", given)
    first = make(seed=3).settings.to_dict()
    assert first == classifier("tcn").settings.from_dict({**given, "seed": 3}).to_dict()
    assert make(seed=3, epochs=7).settings.to_dict() == {**first, "epochs": 7}
    assert make(seed=3, halvings=1).settings.to_dict() == {**first, "batch_size": 8, "accumulate": 2}
    assert make(seed=4).settings.to_dict() == {**first, "seed": 4}, "one call changes nothing for the next"
    assert make(seed=3).shape == CURVES


@pytest.mark.parametrize("name", ["logistic_regression", "majority"])
def test_a_classifier_without_epochs_and_batches_is_left_as_it_is(name: str) -> None:
    plain = maker(name, {})(seed=5).settings.to_dict()
    assert maker(name, {})(seed=5, halvings=1, epochs=7).settings.to_dict() == plain
    assert plain == {**classifier(name).settings().to_dict(), **({"seed": 5} if "seed" in plain else {})}


def test_a_setting_that_is_wrong_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(SettingsError, match="epoch"):
        maker("tcn", {"epoch": 3})
