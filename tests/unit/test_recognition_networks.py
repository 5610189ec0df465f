"""Sizes, outputs and training behaviour of the networks; that they compute the right thing is tested for parity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import SettingsError
from gait_core.learn.backend import load_keras
from gait_core.learn.registry import InputShape
from gait_core.recognition.networks.layers import unit_length
from gait_core.recognition.networks.model import build_network, network_kind, network_kinds, settings_from_dict
from gait_core.recognition.networks.settings import (
    DeepGaitV2Settings,
    GaitBaseSettings,
    NetworkSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)

DISTANCE = Path(__file__).parents[3] / "shared" / "data" / "recognition" / "distance.npz"
DEEP = (1, 4, 4, 1)
NETWORKS = [kind.name for kind in network_kinds()]


def batch(settings: NetworkSettings, sequences: int = 2, frames: int = 3) -> dict[str, np.ndarray]:
    shape = (sequences, frames, *settings.frame_shape)
    values = np.random.default_rng(0).random(shape, dtype=np.float32)
    return {"frames": values, "valid": np.ones((sequences, frames), np.float32)}


@pytest.mark.parametrize(
    ("settings", "millions"),
    [
        (GaitBaseSettings(), 7.002),
        (DeepGaitV2Settings(mode="2d"), 7.002),
        (DeepGaitV2Settings(mode="2d", blocks=DEEP), 11.431),
        (DeepGaitV2Settings(), 8.036),
        (DeepGaitV2Settings(blocks=DEEP), 13.205),
        (DeepGaitV2Settings(mode="3d"), 16.292),
        (DeepGaitV2Settings(mode="3d", blocks=DEEP), 29.568),
        (SkeletonGaitSettings(blocks=DEEP), 13.205),
        (SkeletonGaitPPSettings(), 8.113),
        (SkeletonGaitPPSettings(blocks=DEEP), 13.281),
        (XGaitSettings(), 18.477),
    ],
)
def test_number_of_weights_is_the_published_one(settings, millions):
    network = build_network(settings)
    count = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    assert count / 1e6 == pytest.approx(millions, abs=0.001)
    kind, shape = network_kind(settings.network), InputShape(axes=settings.frame_shape)
    assert kind.parameter_count(settings, shape) == count, "counted without building it"


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_have_their_shapes_at_a_quarter_of_the_width(name):
    settings = settings_from_dict(name, {"width": 0.25, "classes": 5})
    found = {key: np.asarray(value) for key, value in build_network(settings)(batch(settings)).items()}
    assert found["parts"].shape == (2, 256, settings.parts)
    assert found["vector"].shape == (2, 256 * settings.parts)
    assert found["logits"].shape == (2, 5, settings.parts)
    assert np.linalg.norm(found["vector"], axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert np.abs(found["logits"]).max() <= 1.0


def test_frames_of_twice_the_size_give_an_embedding_of_the_same_shape():
    settings = GaitBaseSettings(width=0.125, frame_height=128)
    assert settings.frame_shape == (128, 88, 1)
    assert build_network(settings)(batch(settings))["parts"].shape == (2, 256, 16)


def test_the_normalised_embedding_is_what_the_classifier_sees():
    settings = SkeletonGaitSettings(width=0.125, normalised_embedding=True)
    parts = np.asarray(build_network(settings)(batch(settings))["parts"])
    assert np.linalg.norm(parts, axis=1) == pytest.approx(np.ones((2, 16)), abs=1e-5)


@pytest.mark.skipif(not DISTANCE.is_file(), reason="needs ../shared/data/recognition")
def test_the_product_of_two_vectors_is_the_mean_cosine_of_the_parts():
    with np.load(DISTANCE) as reference:
        first, second = (
            np.asarray(unit_length(reference[name], axis=1)).reshape(len(reference[name]), -1) for name in "xy"
        )
        assert 1.0 - first @ second.T / 16 == pytest.approx(reference["cos"], abs=1e-5)


def test_a_zero_has_no_direction_and_a_finite_gradient():
    import tensorflow as tf

    zeros = tf.zeros((2, 4))
    with tf.GradientTape() as tape:
        tape.watch(zeros)
        directions = unit_length(zeros, axis=1)
    assert not directions.numpy().any()
    assert np.isfinite(tape.gradient(directions, zeros).numpy()).all()


def test_every_weight_of_every_network_gets_a_gradient():
    import tensorflow as tf

    for name in NETWORKS:
        settings = settings_from_dict(name, {"width": 0.125, "classes": 3})
        network = build_network(settings)
        with tf.GradientTape() as tape:
            found = network(batch(settings), training=True)
            loss = tf.reduce_sum(found["logits"][:, 0]) + tf.reduce_mean(tf.abs(found["parts"]))
        gradients = tape.gradient(loss, [variable.value for variable in network.trainable_variables])
        for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
            assert gradient is not None, f"{name}: {variable.name}"
            assert np.isfinite(gradient.numpy()).all(), f"{name}: {variable.name}"


def test_training_learns_statistics_from_valid_frames_only():
    settings = GaitBaseSettings(width=0.125)
    inputs = batch(settings, sequences=1, frames=4)
    padded = {
        "frames": np.concatenate([inputs["frames"], np.full_like(inputs["frames"], 0.9)], axis=1),
        "valid": np.concatenate([inputs["valid"], np.zeros_like(inputs["valid"])], axis=1),
    }
    statistics = []
    for given in (inputs, padded):
        network = build_network(settings, seed=3)
        network(given, training=True)
        named = network.parameters.by_name
        statistics.append(
            {name: np.asarray(own.variable) for name, own in named.items() if "running" in name and "Backbone" in name}
        )
    for name, value in statistics[0].items():
        assert value == pytest.approx(statistics[1][name], abs=1e-5), name
        assert not np.allclose(value, 1.0 if name.endswith("var") else 0.0), name


def test_stored_variance_is_unbiased():
    settings = GaitBaseSettings(width=0.125)
    network = build_network(settings)
    kernel = network.parameters.by_name["Backbone.forward_block.conv1.conv.weight"].variable
    inputs = batch(settings, sequences=1, frames=1)
    network(inputs, training=True)
    y = np.asarray(load_keras().ops.conv(inputs["frames"][0], kernel, padding="same"))
    found = np.asarray(network.parameters.by_name["Backbone.forward_block.bn1.running_var"].variable)
    assert found == pytest.approx(0.9 + 0.1 * y.var(axis=(0, 1, 2), ddof=1), rel=1e-5)


def test_initial_weights_depend_on_the_seed_alone():
    first, same, other = (
        np.asarray(build_network(GaitBaseSettings(width=0.125), seed=seed).trainable_variables[0]) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_map_and_silhouette_stages_of_skeletongait_pp_start_equal():
    named = build_network(SkeletonGaitPPSettings(width=0.125)).parameters.by_name
    name = "layer1.forward_block.0.conv1.weight"
    assert np.array_equal(named[f"sil_{name}"].variable, named[f"map_{name}"].variable)


def test_the_region_strip_of_xgait_can_be_its_own():
    settings = XGaitSettings(width=0.125)
    inputs = batch(settings)
    inputs["frames"][..., 0] = np.floor(inputs["frames"][..., 0] * 12)
    published = np.asarray(build_network(settings, seed=1)(inputs)["parts"])
    own = np.asarray(build_network(settings.with_(top_strip_for_all=False), seed=1)(inputs)["parts"])
    # Only the last branch, and of it only the rows below the top quarter.
    assert np.array_equal(published[..., :52], own[..., :52])
    assert not np.allclose(published[..., 52:], own[..., 52:])


def test_settings_go_through_json_and_refuse_what_cannot_be():
    settings = DeepGaitV2Settings(blocks=DEEP, width=0.5)
    assert settings_from_dict("deepgaitv2", {**settings.to_dict(), "blocks": list(DEEP)}) == settings
    for network, values in (
        ("gaitset", {}),
        ("gaitbase", {"width": 0.3}),
        ("gaitbase", {"frame_height": 96}),
        ("deepgaitv2", {"mode": "4d"}),
        ("deepgaitv2", {"blocks": (1, 1)}),
        ("deepgaitv2", {"blocks": (1, 0, 1, 1)}),
    ):
        with pytest.raises(SettingsError):
            settings_from_dict(network, values)


@pytest.mark.parametrize("name", NETWORKS)
def test_half_precision_stays_close(name):
    settings = settings_from_dict(name, {"width": 0.25})
    inputs = batch(settings)
    if name == "xgait":
        inputs["frames"][..., 0] = np.floor(inputs["frames"][..., 0] * 12)
    exact, half = (
        np.asarray(build_network(settings, seed=1, dtype=dtype)(inputs)["vector"])
        for dtype in ("float32", "mixed_bfloat16")
    )
    assert half.dtype == np.float32
    assert not np.array_equal(exact, half)
    assert (exact * half).sum(1) == pytest.approx([1.0, 1.0], abs=2e-3)
