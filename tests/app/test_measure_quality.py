"""The tab "Quality" of a measured walk: its sentence is no better than what stands below it."""

from __future__ import annotations

from dataclasses import replace

import fake

from app.views.measure_quality import quality_sentence
from gait_core.errors import WalkWarning
from gait_core.workspace import Workspace


def test_the_sentence_is_no_better_than_the_remarks_below_it(space: Workspace) -> None:
    walk = fake.measurement(space).measurement
    sound = replace(walk, checks=tuple(replace(check, state="good") for check in walk.checks), warnings=())
    assert quality_sentence(sound) == "No problem was found in this video."
    few = replace(sound, strides=sound.strides[:3])
    assert quality_sentence(few) == "This video can be used with care; weak: length of the walk."
    doubt = WalkWarning(code="camera_moved", message="The camera moved.")
    assert quality_sentence(replace(sound, warnings=(doubt,))) == "This video can be used with care."
