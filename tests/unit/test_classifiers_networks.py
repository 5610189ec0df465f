"""Parts of the network classifiers against formulas: receptive field, losses, schedules, batch size, sides."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.errors import MemoryLimitError, SettingsError
from gait_core.learn.backend import load_keras, seed_everything
from gait_core.learn.batches import ArrayBatches
from gait_core.learn.callbacks import EpochResult
from gait_core.learn.classifiers import classifiers
from gait_core.learn.classifiers.batch_size import fitting_batch_size
from gait_core.learn.classifiers.lite import LITE, LiteSettings, fixed_filters
from gait_core.learn.classifiers.network import NetworkClassifierKind
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.classifiers.precision import chosen_precision, precision
from gait_core.learn.classifiers.sides import ExchangingBatches, Sides
from gait_core.learn.classifiers.tcn import TCN, TcnSettings, receptive_field
from gait_core.learn.classifiers.training_options import PlateauReduction, loss_of, optimizer_of
from gait_core.learn.registry import InputShape

STEPS = 60


def touched(model, layer: str, step: int) -> np.ndarray:
    """Return the steps of a layer's result that change when one step of the input does."""
    keras = load_keras()
    part = keras.Model(model.input, model.get_layer(layer).output)
    row = np.random.default_rng(0).normal(size=(1, STEPS, 3)).astype(np.float32)
    row[..., -1] = 1
    other = row.copy()
    other[0, step, :2] += 3.0
    change = np.abs(part.predict_on_batch(other) - part.predict_on_batch(row))
    return np.flatnonzero(change[0].max(axis=-1) > 0)


@pytest.mark.parametrize("causal", [False, True])
def test_a_step_of_the_tcn_sees_its_receptive_field_and_no_more(causal):
    seed_everything(0)
    settings = TcnSettings(filters=16, blocks=3, kernel=3, causal=causal)
    assert receptive_field(settings) == 29
    model = TCN.network.build(settings, InputShape(axes=(STEPS, 2), classes=2))
    found = touched(model, "block_3", 30)
    first, last = (30, 30 + 28) if causal else (30 - 14, 30 + 14)
    assert (found.min(), found.max()) == (first, last)


def test_the_tcn_of_the_product_covers_most_of_a_stride():
    assert receptive_field(TcnSettings()) == 61


NETWORKS = [kind for kind in classifiers() if isinstance(kind, NetworkClassifierKind)]


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.name)
def test_declared_parameters_and_activations_are_those_of_the_network(kind):
    clips = "clips" in kind.inputs
    shape = InputShape(axes=(40, 64, 44, 2) if clips else (40, 5), classes=3)
    settings = kind.settings(frames=6) if clips else kind.settings()
    model = kind.network.build(settings, shape)
    assert kind.network.parameters(settings, shape) == sum(
        np.prod(weight.shape) for weight in model.trainable_variables
    )
    if clips:
        results = sum(numbers_of(model, np.zeros((2, 6, 64, 44, 3), np.float32))) / 2
    else:
        outputs = [operation.output for operation in model.operations]
        results = sum(np.prod(tensor.shape[2:]) * 40 for tensor in outputs if len(tensor.shape) == 3)
    assert 0.6 * results < kind.network.activations(settings, shape) < 1.5 * results


def numbers_of(model, inputs: np.ndarray) -> list[int]:
    """Return the size of every result inside a model, of a batch, and of what attention keeps within.

    Operations that only give their input another shape are left out.
    """
    keras = load_keras()
    same = ("reshape", "transpose", "get_item", "input")
    inside = [one for one in model.operations if not any(word in one.name.lower() for word in same)]
    found = [tuple(result.shape) for result in keras.Model(model.input, [one.output for one in inside])(inputs)]
    sizes = [int(np.prod(shape)) for shape in found]
    for one, (rows, *steps) in zip(inside, found, strict=True):
        if isinstance(
            one, keras.layers.MultiHeadAttention
        ):  # query, key, value, mixed; scores before and after softmax
            sizes += [4 * int(np.prod([rows, *steps])), 2 * rows * one.num_heads * steps[0] ** 2]
    return sizes


# Losses.


def focal(targets, found, alpha, gamma, smoothing):
    """Lin, T.-Y. et al. (2017). Focal loss for dense object detection. ICCV."""
    targets = targets * (1 - smoothing) + smoothing / targets.shape[1]
    return (-alpha * targets * (1 - found) ** gamma * np.log(found)).sum(axis=1)


@pytest.mark.parametrize(("gamma", "smoothing"), [(0.0, 0.0), (2.0, 0.0), (1.5, 0.1)])
def test_the_focal_loss_follows_its_formula(gamma, smoothing):
    draw = np.random.default_rng(0)
    found = draw.dirichlet(np.ones(3), 20).astype(np.float32)
    targets = np.eye(3, dtype=np.float32)[draw.integers(0, 3, 20)]
    weights = np.array([0.5, 1.0, 2.5])
    settings = NetworkSettings(loss="focal", focal_gamma=gamma, label_smoothing=smoothing)
    values = load_keras().ops.convert_to_numpy(loss_of(settings, weights).call(targets, found))
    np.testing.assert_allclose(values, focal(targets, found, weights, gamma, smoothing), rtol=2e-4)


def test_cross_entropy_leaves_the_weights_to_the_rows():
    found = np.array([[0.2, 0.8]], np.float32)
    loss = loss_of(NetworkSettings(), np.array([5.0, 7.0]))
    value = load_keras().ops.convert_to_numpy(loss.call(np.array([[0.0, 1.0]], np.float32), found))
    assert value[0] == pytest.approx(-np.log(0.8), rel=1e-5)


# Optimizer and schedules.


def test_warm_up_rises_to_the_rate_and_the_cosine_falls_to_a_hundredth():
    optimizer = optimizer_of(NetworkSettings(epochs=10, warmup_share=0.2, learning_rate=0.1), 10)
    rates = [float(optimizer._learning_rate(step)) for step in range(101)]
    assert rates[0] == 0
    assert int(np.argmax(rates)) == 20
    assert max(rates) == pytest.approx(0.1)
    assert rates[100] == pytest.approx(0.001)
    assert np.all(np.diff(rates[:21]) > 0) and np.all(np.diff(rates[20:]) < 0)


def test_the_options_reach_the_optimizer_of_keras():
    settings = NetworkSettings(
        schedule="constant", clipnorm=0.5, accumulate=3, ema=0.9, weight_decay=0.01, learning_rate=0.02
    )
    config = optimizer_of(settings, 12).get_config()
    assert config["clipnorm"] == 0.5
    assert config["gradient_accumulation_steps"] == 3
    assert (config["use_ema"], config["ema_momentum"] ** 3) == (True, pytest.approx(0.9))
    assert config["ema_overwrite_frequency"] is None, "the training goes on with the weights themselves"
    assert config["weight_decay"] == 0.01
    assert config["learning_rate"] == pytest.approx(0.02)


def compiled(settings: NetworkSettings):
    keras = load_keras()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer=optimizer_of(settings, 5), loss="categorical_crossentropy")
    return model


def test_a_plateau_lowers_the_rate_and_remembers_how_long_it_waited():
    model = compiled(NetworkSettings(schedule="plateau", learning_rate=0.1))
    rate = lambda: float(model.optimizer.learning_rate)  # noqa: E731
    one = PlateauReduction(0.5, 2)
    one.start(model, EpochResult(epoch=0, loss=float("nan"), val_loss=1.0))
    for epoch, loss in enumerate([0.9, 0.95], start=1):
        one.after_epoch(model, EpochResult(epoch=epoch, loss=0.1, val_loss=loss))
    assert rate() == pytest.approx(0.1)
    two = PlateauReduction(0.5, 2)
    two.load_state(one.state_dict())
    two.after_epoch(model, EpochResult(epoch=3, loss=0.1, val_loss=0.9))
    assert rate() == pytest.approx(0.05)
    two.after_epoch(model, EpochResult(epoch=4, loss=0.1, val_loss=0.9))
    assert rate() == pytest.approx(0.05)


def test_a_plateau_refuses_an_optimizer_with_a_schedule():
    with pytest.raises(SettingsError, match="follows a schedule"):
        PlateauReduction(0.5, 2).start(
            compiled(NetworkSettings()), EpochResult(epoch=0, loss=float("nan"), val_loss=None)
        )


# Batch size and precision.


def test_the_batch_size_follows_memory_and_rows():
    gib = 1024**3
    assert fitting_batch_size(lambda size: size, 10_000, available_bytes=20 * gib) == 64
    assert fitting_batch_size(lambda size: size, 10_000, available_bytes=3 * gib) == 16
    assert fitting_batch_size(lambda size: size * gib, 10_000, available_bytes=20 * gib) == 8
    assert fitting_batch_size(lambda size: size, 54, available_bytes=20 * gib) == 8
    assert fitting_batch_size(lambda size: size, 400, accumulate=2, available_bytes=20 * gib) == 16
    with pytest.raises(MemoryLimitError, match="2048 MB"):
        fitting_batch_size(lambda size: size * gib, 100, available_bytes=gib)


def test_half_precision_is_used_only_inside_its_block():
    keras = load_keras()
    with precision("mixed_bfloat16"):
        assert keras.layers.Dense(2).compute_dtype == "bfloat16"
    assert keras.layers.Dense(2).compute_dtype == "float32"
    assert chosen_precision(False) == ("float32", "")
    policy, note = chosen_precision(True)
    assert (policy == "float32") == bool(note)


# Sides.


def exchanging(seed: int = 0) -> tuple[ExchangingBatches, np.ndarray]:
    inputs = np.random.default_rng(0).normal(size=(20, 4, 4)).astype(np.float32)
    targets = np.eye(3, dtype=np.float32)[np.arange(20) % 3]
    sides = Sides(channels=np.array([1, 0, 2]), classes=np.array([0, 2, 1]))
    return ExchangingBatches(ArrayBatches(inputs, targets, batch_size=8), sides, seed), inputs


def test_about_half_of_the_rows_are_exchanged_and_others_in_each_epoch():
    source, inputs = exchanging()
    patterns = []
    for epoch in range(1, 9):
        pattern = {}
        for batch in source.batches(epoch):
            for row, target in zip(batch.inputs, batch.targets, strict=True):
                plain = int(np.argmin(np.abs(inputs[:, 0, 2] - row[0, 2])))
                flipped = not np.array_equal(row, inputs[plain])
                np.testing.assert_array_equal(row, inputs[plain][:, [1, 0, 2, 3]] if flipped else inputs[plain])
                assert target.argmax() == ([0, 2, 1][plain % 3] if flipped else plain % 3)
                pattern.setdefault(plain, flipped)
        patterns.append([pattern[row] for row in range(20)])
    assert 0.35 < np.mean(patterns) < 0.65
    assert len({tuple(pattern) for pattern in patterns}) == len(patterns)


def test_an_epoch_is_exchanged_in_the_same_way_whatever_came_before():
    first, _ = exchanging()
    again, _ = exchanging()
    for epoch in (1, 2):
        list(first.batches(epoch))
    for one, two in zip(first.batches(3), again.batches(3), strict=True):
        np.testing.assert_array_equal(one.inputs, two.inputs)
    assert first.fingerprint() == again.fingerprint() != exchanging(seed=1)[0].fingerprint()


def test_rows_to_judge_by_stay_as_they_are():
    source, inputs = exchanging()
    found = np.concatenate([batch.inputs[: batch.real] for batch in source.in_order()])
    np.testing.assert_array_equal(found, inputs)


def test_the_fixed_filters_of_lite_see_change_and_not_level():
    for name, values in fixed_filters().items():
        assert values.sum() == pytest.approx(0, abs=1e-6), name
        assert np.abs(values).sum() == pytest.approx(1, abs=1e-5)
    model = LITE.network.build(LiteSettings(filters=2, kernel=8), InputShape(axes=(20, 2), classes=2))
    layer = model.get_layer("rise_4")
    assert not layer.trainable
    np.testing.assert_array_equal(layer.get_weights()[0][:, 1, 0], fixed_filters()["rise_4"])
    assert LITE.name == "lite"
