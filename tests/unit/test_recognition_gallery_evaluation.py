"""Ranks, precision, ROC and equal error rate: by hand, and whatever the order of the gallery."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.recognition.gallery.evaluation import (
    VerificationPairs,
    comparable_pairs,
    equal_error_rate,
    mean_average_precision,
    rank_by_view,
    rank_curve,
    rank_k,
    roc_curve,
    verification_pairs,
)

PROBES = ["p", "q", "r"]
ENTRIES = ["p", "q", "q", "p", "s"]
DISTANCES = np.array(
    [
        [1.0, 2.0, 3.0, 4.0, 5.0],  # p: hit at 1 and 4
        [1.0, 3.0, 4.0, 2.0, 9.0],  # q: hit at 3 and 4
        [1.0, 2.0, 3.0, 4.0, 5.0],  # r: no match in the gallery
    ]
)


def pairs_of(genuine: list[float], impostor: list[float], people: int = 10) -> VerificationPairs:
    number = np.arange(len(genuine) + len(impostor)) % people
    other = np.where(np.arange(len(number)) < len(genuine), number, (number + 1) % people)
    return VerificationPairs(
        distance=np.array([*genuine, *impostor], dtype=float),
        first=number,
        second=other,
        subjects=tuple(str(person) for person in range(people)),
    )


def test_ranks_by_hand():
    curve = rank_curve(DISTANCES, PROBES, ENTRIES)
    assert curve.rates.tolist() == [0.5, 0.5, 1.0, 1.0, 1.0]
    assert (curve.probes, curve.left_out) == (2, 1)
    assert rank_k(DISTANCES, PROBES, ENTRIES, 1) == 0.5
    assert rank_k(DISTANCES, PROBES, ENTRIES, 50) == 1.0


def test_precision_by_hand():
    found = mean_average_precision(DISTANCES, PROBES, ENTRIES)
    assert found.mean_average_precision == pytest.approx(((1 + 2 / 4) / 2 + (1 / 3 + 2 / 4) / 2) / 2)
    assert found.mean_inverse_negative_penalty == pytest.approx(0.5)
    assert (found.probes, found.left_out) == (2, 1)


def test_the_order_of_the_gallery_changes_nothing():
    rng = np.random.default_rng(0)
    distances = rng.integers(0, 4, size=(12, 20)).astype(float)  # many ties
    probes, entries = rng.integers(0, 5, 12), rng.integers(0, 5, 20)
    for _ in range(5):
        order = rng.permutation(20)
        assert np.array_equal(
            rank_curve(distances[:, order], probes, entries[order]).rates, rank_curve(distances, probes, entries).rates
        )
        assert mean_average_precision(distances[:, order], probes, entries[order]) == mean_average_precision(
            distances, probes, entries
        )


def test_a_model_that_tells_nobody_apart_ranks_nobody_first():
    assert rank_k(np.zeros((3, 5)), ["p", "q", "s"], ENTRIES, 1) == 0.0


def test_a_sequence_is_not_its_own_match():
    same = np.array([[0.0, 5.0], [5.0, 0.0]])
    apart = comparable_pairs(["a", "b"], ["a", "b"])
    assert rank_k(same, ["p", "p"], ["p", "p"], 1, comparable=apart) == 1.0
    with pytest.raises(InputError, match="another walk"):
        rank_k(same, ["p", "q"], ["p", "q"], 1, comparable=apart)


def test_identical_views_are_left_out():
    allowed = comparable_pairs(["a", "b"], ["c", "d"], ["000", "090"], ["000", "090"])
    assert allowed.tolist() == [[False, True], [True, False]]
    # Within a view everything is right, across views everything is wrong.
    probes, views = ["p", "q"] * 2, ["000", "000", "090", "090"]
    distances = np.array([[0, 9, 9, 1], [9, 0, 1, 9], [9, 1, 0, 9], [1, 9, 9, 0]])
    found = rank_by_view(distances, probes, probes, views, views)
    assert found.rates == pytest.approx(np.array([[np.nan, 0.0], [0.0, np.nan]]), nan_ok=True)
    assert found.mean == 0.0
    with pytest.raises(InputError, match="of both sides"):
        comparable_pairs(["a"], ["b"], ["000"])


def test_each_pair_counts_once():
    distances = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
    pairs = verification_pairs(distances, ["p", "p", "q"])
    assert pairs.distance.tolist() == [1.0, 2.0, 3.0]
    assert pairs.genuine.tolist() == [True, False, False]
    assert len(verification_pairs(distances, ["p", "p", "q"], ["p", "p", "q"]).distance) == 9


def test_the_roc_begins_at_nothing_and_ends_at_everything():
    curve = roc_curve(pairs_of([1, 2, 3], [2.5, 4, 5]))
    assert curve.false_accept.tolist() == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    assert curve.true_accept.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3, 1, 1, 1])
    assert curve.area == pytest.approx(8 / 9)


@pytest.mark.parametrize(
    ("genuine", "impostor", "rate"),
    [
        ([1, 2, 3], [4, 5, 6], 0.0),
        ([1, 2, 3, 4.5], [3.5, 5, 6, 7], 0.25),
        ([1, 1], [1, 1], 0.5),
        ([4, 5, 6], [1, 2, 3], 1.0),
    ],
)
def test_equal_error_rates_by_hand(genuine, impostor, rate):
    found = equal_error_rate(pairs_of(genuine, impostor), resamples=20)
    assert found.rate.mean == pytest.approx(rate)
    assert found.genuine_pairs == len(genuine)


def test_the_equal_error_rate_of_two_normal_distributions():
    # Distances from N(0, 1) and N(2, 1) cross at 1: the rate is that of N(0, 1) above 1, 15.9 %.
    rng = np.random.default_rng(0)
    pairs = pairs_of(rng.normal(0, 1, 20_000).tolist(), rng.normal(2, 1, 20_000).tolist())
    found = equal_error_rate(pairs, resamples=40)
    assert found.rate.mean == pytest.approx(0.1587, abs=0.005)
    assert found.rate.ci_low <= found.rate.mean <= found.rate.ci_high
    assert found.threshold == pytest.approx(1.0, abs=0.05)


def test_no_error_among_few_people_is_no_proof():
    few = equal_error_rate(pairs_of([1, 2, 3], [4, 5, 6], people=3), resamples=20)
    many = equal_error_rate(pairs_of([1.0] * 100, [4.0] * 100, people=100), resamples=20)
    assert few.rate.ci_high == pytest.approx(1 - 0.025 ** (1 / 3))
    assert many.rate.ci_high < 0.05


def test_the_interval_follows_the_people_not_the_pairs():
    # One person of ten is never recognised, with few or many walks: the interval stays as wide.
    widths = []
    for walks in (2, 20):
        pairs = pairs_of(([9.0] + [1.0] * 9) * walks, [5.0] * 10 * walks)
        rate = equal_error_rate(pairs, resamples=200).rate
        widths.append(rate.ci_high - rate.ci_low)
    assert widths[0] == pytest.approx(widths[1])
    assert widths[0] > 0.1


@pytest.mark.parametrize(
    ("distances", "says"),
    [(np.zeros((3, 4)), "one row per probe"), (np.full((3, 5), np.nan), "NaN")],
)
def test_distances_that_do_not_fit_are_refused(distances, says):
    with pytest.raises(InputError, match=says):
        rank_k(distances, PROBES, ENTRIES, 1)


def test_pairs_of_one_kind_are_refused():
    with pytest.raises(InputError, match="two people"):
        roc_curve(pairs_of([1, 2], []))
