"""Levels of noise: some walks are noisier than others, errors come in gusts, and the fit finds both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gait_core.simulate.noise import observe, phase_basis, to_canonical
from gait_core.simulate.noise_levels import _GROUPS, _rows, fit_levels, measure_levels
from gait_core.simulate.noise_model import LEVEL_GROUPS, NoiseModel
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk


def error_of(truth, track, noise):
    found = to_canonical(track.position.astype(float), truth.near_side)
    error = (found - to_canonical(truth.position_px, truth.near_side)) / truth.height_px[:, None, None]
    return error - np.einsum("nlh,lch->nlc", phase_basis(truth.phase, truth.near_side), noise.phase_bias)


def flat() -> NoiseModel:
    zero = np.zeros(LEVEL_GROUPS)
    return replace(NoiseModel.default(), level_mean=zero, level_sd=zero, level_common_sd=0.0, gust_sd=zero)


def fast(truth, seed, noise):
    return observe(truth, seed=seed, noise=noise)


def test_every_landmark_has_one_group():
    rows = sorted(row for group in range(LEVEL_GROUPS) for row in _rows(group))
    assert rows == list(range(33))
    assert len(_GROUPS) == LEVEL_GROUPS


def test_walks_differ_in_noise_only_when_the_model_says_so():
    truth = walk(sample_person(5), seed=1)
    known = {"plain": flat(), "spread": replace(flat(), level_common_sd=0.5)}
    sizes = {
        name: np.array([measure_levels(error_of(truth, fast(truth, seed, model), model))[0] for seed in range(30)])
        for name, model in known.items()
    }
    assert sizes["spread"].std(axis=0).mean() > 2 * sizes["plain"].std(axis=0).mean()


def test_the_fit_finds_the_spread_and_the_gusts_that_were_put_in():
    truths = [walk(sample_person(100 + n), seed=n) for n in range(24)]
    wanted = replace(flat(), level_common_sd=0.3, gust_sd=np.full(LEVEL_GROUPS, 0.4))
    pairs = [(truth, fast(truth, 900 + n, wanted)) for n, truth in enumerate(truths)]
    found = fit_levels(flat(), pairs, fast, error_of)
    total = np.sqrt(found.level_common_sd**2 + found.level_sd**2)
    assert 0.15 < np.median(total) < 0.5
    assert 0.2 < np.median(found.gust_sd) < 0.6
    np.testing.assert_allclose(found.level_mean, 0.0, atol=0.3)


def test_the_shipped_model_has_them_and_survives_json():
    noise = NoiseModel.default()
    assert noise.gust_sd[1:].min() > 0.1, "all but the head have them"
    again = NoiseModel.from_dict(noise.to_dict())
    truth = walk(sample_person(5), seed=1)
    np.testing.assert_allclose(observe(truth, seed=3, noise=again).position, observe(truth, seed=3).position, atol=0.05)
