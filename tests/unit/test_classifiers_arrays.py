"""Classifiers without epochs against scikit-learn and against formulas written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gait_core.learn.classifiers import SampleShape, classifier
from gait_core.learn.classifiers.calibration import fitted_sharpness, inner_folds, probabilities
from gait_core.learn.classifiers.checks import balancing_weights
from gait_core.learn.classifiers.features import feature_count, feature_scaling, feature_vectors
from gait_core.learn.classifiers.ridge import fitted_ridge
from gait_core.learn.classifiers.rocket_kernels import KERNELS, RocketKernels, rocket_feature_count
from gait_core.learn.classifiers.sides import both_sides, sides_of
from gait_core.learn.datasets.samples import Samples


def samples(n_classes: int = 2, kind: str = "curves", n: int = 36, steps: int = 11, seed: int = 0) -> Samples:
    draw = np.random.default_rng(seed)
    steps = 1 if kind == "parameters" else steps
    labels = np.arange(n) % n_classes
    return Samples(
        values=draw.normal(size=(n, steps, 3)) + 0.7 * labels[:, None, None] * np.array([1.0, 0.2, -0.5]),
        lengths=np.full(n, steps),
        labels=labels,
        subjects=np.array([f"s{row // n_classes // 2}-{labels[row]}" for row in range(n)]),
        walks=np.array([f"w{row}" for row in range(n)]),
        channels=("left_knee_deg", "right_knee_deg", "speed_mps"),
        classes=tuple(f"class {number}" for number in range(n_classes)),
        kind=kind,
    )


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_support_vector_machine_decides_as_scikit_learn_does(n_classes, kernel):
    from sklearn.svm import SVC

    data, others = samples(n_classes), samples(n_classes, seed=1)
    shape, spec = SampleShape.of(data), classifier("svm")
    model = spec.build(spec.settings(exchange_sides=False, kernel=kernel, strength=2.0), shape)
    model.fit(data)
    scaling = feature_scaling(feature_vectors(data, shape), shape)
    rows, new = (scaling(feature_vectors(part, shape)) for part in (data, others))
    theirs = SVC(C=2.0, kernel=kernel, gamma="scale", class_weight="balanced", break_ties=True).fit(rows, data.labels)
    np.testing.assert_array_equal(model.predict(others).argmax(axis=1), theirs.predict(new))
    values = theirs.decision_function(new)
    ours = model._scores(feature_vectors(others, shape), model._arrays)
    np.testing.assert_allclose(ours[:, 1] - ours[:, 0] if n_classes == 2 else ours, values, atol=1e-9)


@pytest.mark.parametrize("steps", [3, 30], ids=["few features", "more features than rows"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_logistic_regression_gives_the_probabilities_of_scikit_learn(n_classes, steps):
    from sklearn.linear_model import LogisticRegression

    data, others = samples(n_classes, steps=steps), samples(n_classes, steps=steps, seed=1)
    shape, spec = SampleShape.of(data), classifier("logistic_regression")
    model = spec.build(spec.settings(exchange_sides=False, strength=0.5), shape)
    model.fit(data)
    scaling = feature_scaling(feature_vectors(data, shape), shape)
    rows, new = (scaling(feature_vectors(part, shape)) for part in (data, others))
    theirs = LogisticRegression(C=0.5, class_weight="balanced", max_iter=5000, tol=1e-9).fit(rows, data.labels)
    np.testing.assert_allclose(model.predict(others), theirs.predict_proba(new), atol=2e-4)


@pytest.mark.parametrize("columns", [4, 60])
def test_ridge_equals_that_of_scikit_learn(columns):
    from sklearn.linear_model import Ridge

    draw = np.random.default_rng(0)
    features, targets = draw.normal(size=(30, columns)), draw.normal(size=(30, 2))
    weights = draw.uniform(0.5, 2, 30)
    ours = fitted_ridge(features, targets, weights, 3.0)
    theirs = Ridge(alpha=3.0 * columns / 100).fit(features, targets, sample_weight=weights)
    np.testing.assert_allclose(ours.weights, theirs.coef_.T, atol=1e-8)
    np.testing.assert_allclose(ours.bias, theirs.intercept_, atol=1e-8)


@pytest.mark.parametrize("name", ["svm", "logistic_regression"])
def test_settings_left_open_are_chosen_on_inner_folds(name):
    data = samples()
    spec = classifier(name)
    one, two = (spec.build(spec.settings(strength=None, seed=4), SampleShape.of(data)) for _ in range(2))
    one.fit(data)
    two.fit(data)
    assert float(one._arrays["strength"]) == float(two._arrays["strength"]) > 0
    lone = data.take([0, 1, 2, 3])  # one subject of each class: nothing to try on
    report = spec.build(spec.settings(strength=None), SampleShape.of(lone)).fit(lone)
    assert "only one subject" in report.notes[0]


# MiniRocket.


def naive_share(signal, kernel, dilation, bias):
    """Return the share of steps at which a kernel exceeds a bias, step by step."""
    weights = np.full(9, -1.0)
    weights[KERNELS[kernel]] = 2.0
    everywhere, inside = [], []
    for step in range(len(signal)):
        places = step + dilation * (np.arange(9) - 4)
        known = (places >= 0) & (places < len(signal))
        everywhere.append((weights[known] * signal[places[known]]).sum() > bias)
        if known.all():
            inside.append(everywhere[-1])
    return np.mean(inside if kernel % 2 and inside else everywhere)


def test_features_of_minirocket_are_the_shares_of_their_definition():
    draw = np.random.default_rng(3)
    values, lengths = draw.normal(size=(6, 40, 2)), np.array([40, 40, 31, 40, 25, 40])
    values[np.arange(40) >= lengths[:, None]] = 0
    kernels = RocketKernels.of(values, lengths, 84 * 6, seed=1)
    found = kernels(values, lengths)
    assert found.shape == (6, rocket_feature_count(40, 84 * 6)) == (6, 504)
    assert len(KERNELS) == 84
    assert kernels.dilations.min() == 1 and kernels.dilations.max() <= 39 // 8
    first = 0
    for number, dilation in enumerate(kernels.dilations):
        for kernel in range(84):
            if kernel % 17 == 0:
                for row in (0, 2):
                    signal = values[row, : lengths[row], kernels.channels[number, kernel]].sum(axis=0)
                    expected = naive_share(signal, kernel, int(dilation), kernels.biases[first])
                    assert found[row, first] == pytest.approx(expected, abs=1e-6)
            first += int(kernels.counts[number])


def test_a_constant_added_to_a_signal_changes_no_kernel_inside_it():
    draw = np.random.default_rng(0)
    values, lengths = draw.normal(size=(2, 50, 1)), np.array([50, 50])
    kernels = RocketKernels.of(values, lengths, 84, seed=0)
    odd = np.arange(84) % 2 == 1
    np.testing.assert_allclose(kernels(values, lengths)[:, odd], kernels(values + 5, lengths)[:, odd], atol=1e-6)


# Features, weights, sides, calibration.


@pytest.mark.parametrize("kind", ["curves", "windows", "parameters"])
def test_every_block_of_features_counts_alike(kind):
    data = samples(kind=kind, n=60)
    shape = SampleShape.of(data)
    features = feature_vectors(data, shape)
    assert features.shape == (60, feature_count(shape))
    variances = feature_scaling(features, shape)(features).var(axis=0)
    blocks = {"curves": 3, "windows": 2, "parameters": 2}[kind]
    assert variances.sum() == pytest.approx(blocks, rel=1e-6)


def test_features_of_curves_are_points_extrema_timing_and_differences_between_sides():
    curve = np.linspace(0, 1, 101)
    values = np.stack([10 * curve, 30 * curve, np.sin(np.pi * curve)], axis=1)[None]
    data = replace(samples(n=2, steps=101), values=np.repeat(values, 2, axis=0))
    found = feature_vectors(data, SampleShape.of(data))[0]
    np.testing.assert_allclose(found[:303].reshape(101, 3), values[0], atol=1e-6)
    np.testing.assert_allclose(found[303:306], [10, 30, 1], atol=1e-6)  # range
    np.testing.assert_allclose(found[315:318], [1, 1, 0.5], atol=1e-6)  # timing of the maximum
    rms = np.sqrt(((20 * curve) ** 2).mean())
    np.testing.assert_allclose(found[318:], [20, 0, 20, 0, 0, rms], atol=1e-5)


def test_a_curve_of_half_as_many_points_has_nearly_the_same_features():
    time = np.linspace(0, 1, 101)
    values = np.stack([np.sin(2 * np.pi * time + phase) for phase in (0.1, 0.5, 2.0)], axis=1)[None]
    full = replace(samples(n=2, steps=101).take([0]), values=values)
    half = replace(full, values=values[:, ::2], lengths=np.array([51]))
    shape = SampleShape.of(full)
    np.testing.assert_allclose(feature_vectors(half, shape), feature_vectors(full, shape), atol=0.02)


def test_balanced_weights_equal_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.array([0] * 10 + [1] * 3 + [2] * 7)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(balancing_weights(labels, 4), [*expected, 0.0])


def test_both_sides_keep_a_subject_together():
    data = samples()
    sides, note = sides_of(data)
    assert sides is not None and note == ""
    both = both_sides(data, sides)
    np.testing.assert_array_equal(both.values[len(data) :], data.mirrored().values)
    for learn, judge in inner_folds(both, seed=0):
        assert not set(both.subjects[learn]) & set(both.subjects[judge])
    plain = replace(data, channels=("knee_deg", "hip_deg", "speed_mps"))
    assert sides_of(plain) == (None, "")


def test_the_sharpness_finds_the_slope_that_made_the_labels():
    draw = np.random.default_rng(0)
    scores = draw.normal(size=(4000, 2))
    labels = (draw.uniform(size=4000) < probabilities(scores, 3.0)[:, 1]).astype(np.int64)
    sharpness, note = fitted_sharpness(scores, labels, np.ones(4000))
    assert sharpness == pytest.approx(3.0, rel=0.1)
    assert note == ""
    separated, _ = fitted_sharpness(np.eye(2)[labels], labels, np.ones(4000))
    assert probabilities(np.eye(2), separated).max() < 1.0
    assert "not calibrated" in fitted_sharpness(None, labels, np.ones(4000))[1]
