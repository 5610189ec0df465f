"""Splits: no group on both sides, every sample held out once, classes in every fold, the same folds again."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.learn.splits import group_folds, leave_one_out


def check(splits, groups):
    groups = np.asarray(groups)
    held_out = np.concatenate([split.validation for split in splits])
    assert sorted(held_out) == list(range(len(groups)))
    for number, split in enumerate(splits, start=1):
        assert not set(groups[split.training]) & set(groups[split.validation])
        assert len(split.training) + len(split.validation) == len(groups)
        assert (np.diff(split.training) > 0).all()
        assert split.labels == {"fold": number, "folds": len(splits)}


def test_each_group_is_held_out_once_in_the_order_of_appearance():
    groups = ["b", "b", "a", "c", "a"]
    splits = leave_one_out(groups)
    check(splits, groups)
    assert [split.label for split in splits] == ["b", "a", "c"]
    assert splits[1].validation.tolist() == [2, 4]


def test_single_samples_are_groups_of_their_own():
    assert [split.training.tolist() for split in leave_one_out(range(3))] == [[1, 2], [0, 2], [0, 1]]


@pytest.mark.parametrize("with_classes", [False, True])
def test_folds_keep_subjects_together_and_come_again_with_the_seed(with_classes):
    generator = np.random.default_rng(0)
    groups = generator.permutation(np.repeat(np.arange(20), 6))
    classes = groups % 2 if with_classes else None
    splits = group_folds(groups, folds=5, seed=3, classes=classes)
    check(splits, groups)
    again = group_folds(groups, folds=5, seed=3, classes=classes)
    assert all(np.array_equal(one.training, two.training) for one, two in zip(splits, again, strict=True))
    other = group_folds(groups, folds=5, seed=4, classes=classes)
    assert any(not np.array_equal(one.training, two.training) for one, two in zip(splits, other, strict=True))


def test_every_fold_has_the_share_of_each_class():
    groups = np.repeat(np.arange(20), 3)
    classes = np.where(groups < 5, "rare", "common")
    for split in group_folds(groups, folds=5, seed=0, classes=classes):
        assert np.mean(classes[split.validation] == "rare") == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: leave_one_out(["only"] * 4), "2 groups to leave one out, but got 1"),
        (lambda: group_folds([1, 2, 3], folds=4, seed=0), "4 groups for 4 folds, but got 3"),
        (lambda: group_folds([1, 2, 3], folds=1, seed=0), "at least 2 folds"),
        (lambda: group_folds([1, 2, 3], folds=2, seed=0, classes=["a", "b", "b"]), "class 'a' for 2 folds, but got 1"),
        (lambda: group_folds([1, 2, 3], folds=2, seed=0, classes=["a", "b"]), "3 samples, but got 2"),
    ],
)
def test_what_cannot_be_divided_is_refused(call, text):
    with pytest.raises(InputError, match=text):
        call()
