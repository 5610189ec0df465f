"""Norms of a baseline's walks: measured once, then from the cache, and the same from their files."""

from __future__ import annotations

import numpy as np
import pytest

import gait_core.baseline.norms as norms_module
from gait_core.baseline.norms import Norms, measure_norms
from gait_core.cache import ArrayCache
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk
from gait_core.workspace import Workspace


@pytest.fixture(scope="module")
def tracks():
    person = sample_person(31)
    return [observe(walk(person, seed=seed, duration_s=5.0), seed=seed) for seed in (1, 2)]


def assert_same(one: Norms, other: Norms) -> None:
    assert one.to_meta() == other.to_meta()
    for name, values in one.to_arrays().items():
        np.testing.assert_array_equal(values, other.to_arrays()[name])


def test_norms_are_the_same_from_the_cache_and_from_their_files(tracks, tmp_path, monkeypatch):
    side = "right"
    plain = measure_norms(tracks, side)
    assert len(plain.curves) == 2
    cache = ArrayCache.of(Workspace(tmp_path))
    assert_same(measure_norms(tracks, side, cache=cache, addresses=["a", "b"]), plain)

    measured: list[float] = []
    monkeypatch.setattr(norms_module, "motion_of", lambda track, **_: measured.append(track.duration_s))
    assert_same(measure_norms(tracks, side, cache=cache, addresses=["a", "b"]), plain)
    assert not measured
    for address, scale in (("c", None), ("a", ScaleInput(kind="height", value=1.7))):
        with pytest.raises(AttributeError):
            measure_norms(tracks[:1], side, scale, cache=cache, addresses=[address])
    assert len(measured) == 2

    plain.save(tmp_path)
    stored = Norms.load(tmp_path)
    assert stored is not None
    assert_same(stored, plain)
