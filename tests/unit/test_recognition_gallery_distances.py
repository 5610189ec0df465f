"""Distances between embeddings: the reference, symmetry, and memory that does not grow."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.recognition.gallery import distances
from gait_core.recognition.gallery.distances import part_distances, same_recording


@pytest.fixture
def embeddings() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(9, 12, 4)).astype(np.float32)


@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_the_reference_is_reproduced(data, metric):
    reference = np.load(data / "recognition" / "distance.npz")
    found = part_distances(reference["x"], reference["y"], metric)
    assert np.abs(found - reference[metric]).max() < 2e-6 * np.abs(reference[metric]).max()


@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_distances_are_symmetric_with_a_zero_diagonal(embeddings, metric):
    found = part_distances(embeddings, embeddings, metric)
    assert found == pytest.approx(found.T, abs=1e-12)
    assert np.diag(found) == pytest.approx(0.0, abs=1e-12)
    assert (found[~np.eye(9, dtype=bool)] > 0.1).all()


@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_pieces_give_the_same_as_the_whole(embeddings, metric, monkeypatch):
    whole = part_distances(embeddings, embeddings[:5], metric)
    monkeypatch.setattr(distances, "_BLOCK_BYTES", 2 * 8 * 12 * 4)
    assert part_distances(embeddings, embeddings[:5], metric) == pytest.approx(whole, abs=1e-12)


def test_the_euclidean_distance_obeys_the_triangle(embeddings):
    found = part_distances(embeddings, embeddings)
    assert (found[:, None, :] <= found[:, :, None] + found[None, :, :] + 1e-9).all()


def test_small_differences_of_long_embeddings_survive(embeddings):
    far = embeddings.astype(np.float64) + 1e4
    near = far.copy()
    near[:, 0, :] += 1e-3
    assert np.diag(part_distances(far, near)) == pytest.approx(1e-3, rel=1e-6)


def test_the_cosine_ignores_the_length(embeddings):
    assert part_distances(embeddings, 7.0 * embeddings, "cos") == pytest.approx(
        part_distances(embeddings, embeddings, "cos"), abs=1e-6
    )


def test_the_same_recording_is_recognised_despite_rounding(embeddings):
    rounded = embeddings * np.float32(1.0 + 1e-5)
    assert np.array_equal(same_recording(embeddings[:4], rounded), np.eye(4, 9, dtype=bool))


@pytest.mark.parametrize(
    ("a", "metric", "says"),
    [
        (np.zeros((2, 12, 3)), "euc", "one shape"),
        (np.full((2, 12, 4), np.nan), "euc", "NaN"),
        (np.zeros((12, 4)), "euc", "features, parts"),
        (np.zeros((2, 12, 4)), "manhattan", "euc, cos"),
    ],
)
def test_what_cannot_be_compared_is_refused(embeddings, a, metric, says):
    with pytest.raises(InputError, match=says):
        part_distances(a, embeddings, metric)
