"""Fine-tuning in NumPy against Keras: gradients, steps, histories, the choice of the epoch; and the written model."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from gait_core.baseline.fit import PersonFitter
from gait_core.baseline.pretrained import load_pretrained
from gait_core.errors import Cancelled, ModelError
from gait_core.learn.autoencoder.decoder import Decoder, DecoderLayout
from gait_core.learn.autoencoder.fine_tune import Fold, fine_tune
from gait_core.learn.autoencoder.inference import decode, encode
from gait_core.learn.autoencoder.keras_file import RewrittenModel
from gait_core.learn.autoencoder.networks import build_autoencoder, parts_of, weights_of
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.backend import load_keras, seed_everything
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.settings import TrainSettings
from gait_core.progress import Event, Reporter, silent

pytestmark = pytest.mark.slow
FRAMES, FEATURES = 10, 7
SMALL = AutoencoderSettings(units=12, latent=5)


def sines(n: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    phase = generator.uniform(0, 2 * np.pi, (n, 1, 1))
    time = np.arange(FRAMES)[None, :, None] / FRAMES * 2 * np.pi
    shift = np.linspace(0, 3, FEATURES)[None, None, :]
    return (np.sin(time + phase + shift) + 0.1 * generator.normal(size=(n, FRAMES, FEATURES))).astype(np.float32)


def network(cell: str):
    """An autoencoder with biases that are not zero, its weights, and codes of windows."""
    seed_everything(4)
    model = build_autoencoder(FRAMES, FEATURES, SMALL.with_(cell=cell))
    generator = np.random.default_rng(5)
    _, decoder = parts_of(model)
    decoder.set_weights([w + 0.1 * generator.normal(size=w.shape).astype(np.float32) for w in decoder.get_weights()])
    return model, weights_of(model)


def decoder_names(weights) -> list[str]:
    return [name for name in weights if name.startswith(("decoder", "output"))]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gradients_of_a_batch_are_those_of_tensorflow(cell):
    import tensorflow as tf

    model, weights = network(cell)
    windows = sines(9)
    codes = encode(weights, windows)
    _, decoder = parts_of(model)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((decoder(codes) - windows) ** 2)
    truth = [np.asarray(g) for g in tape.gradient(loss, decoder.trainable_variables)]

    layout = DecoderLayout.of(weights)
    # Two models in the stack, the second with other weights: neither may disturb the other.
    row = layout.row(weights)
    rows = np.stack([row, 0.5 * row])
    gradient = np.full_like(rows, np.nan)
    own = Decoder(layout, FRAMES, keep=True)
    error = own.forward(layout.views(rows), np.stack([codes, codes])) - windows.swapaxes(0, 1)[None]
    own.backward(2.0 * error / windows.size, layout.views(gradient))
    for found, expected in zip(layout.named(gradient[0]).values(), truth, strict=True):
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_row_of_weights_is_the_weights_again(cell):
    _, weights = network(cell)
    layout = DecoderLayout.of(weights)
    again = layout.named(layout.row(weights))
    assert list(again) == decoder_names(weights)
    for name, value in again.items():
        np.testing.assert_array_equal(value, weights[name])


@pytest.mark.parametrize(
    ("cell", "rate", "epochs", "patience"), [("gru", 1e-3, 4, 3), ("lstm", 1e-3, 4, 3), ("gru", 0.3, 6, 2)]
)
def test_folds_end_as_keras_ends_them(cell, rate, epochs, patience):
    """Walks of different lengths: folds differ in their number of batches, and at the high rate in when they stop."""
    model, weights = network(cell)
    walks = [sines(n, seed=n) for n in (11, 40, 25)]
    windows = np.concatenate(walks)
    codes = encode(weights, windows)
    walk_of = np.repeat(np.arange(3), [len(walk) for walk in walks])
    folds = [Fold(training=np.flatnonzero(walk_of != i), validation=np.flatnonzero(walk_of == i)) for i in range(3)]
    folds.append(Fold(training=np.arange(len(windows))))
    tuned = fine_tune(
        weights, codes, windows, folds, rate=rate, epochs=epochs, patience=patience, batch_size=16, reporter=silent()
    )

    encoder, decoder = parts_of(model)
    encoder.trainable = False
    loop = TrainingLoop(decoder, TrainSettings(epochs=epochs, patience=patience, batch_size=16, learning_rate=rate))
    for fold, own in zip(folds, tuned, strict=True):
        loop.reset()
        training = (codes[fold.training], windows[fold.training])
        if fold.validation is None:
            truth = loop.run(training, epochs=len(own.history.loss), reporter=silent())
        else:
            truth = loop.run(training, (codes[fold.validation], windows[fold.validation]), reporter=silent())
            assert own.history.first_val_loss == pytest.approx(truth.first_val_loss, rel=1e-5)
        exact = 1e-4 if rate < 0.01 else 5e-2  # large steps magnify rounding
        np.testing.assert_allclose(own.history.loss, truth.loss, rtol=exact)
        np.testing.assert_allclose(own.history.val_loss, truth.val_loss, rtol=exact)
        assert (own.history.best_epoch, own.history.stopped_early) == (truth.best_epoch, truth.stopped_early)
        if rate < 0.01:
            for name, value in weights_of(model).items():
                if name in own.weights:
                    np.testing.assert_allclose(own.weights[name], value, atol=5e-6)
    if rate > 0.01:
        # One has stopped while another goes on: what the stack has to get right.
        assert {fold.history.stopped_early for fold in tuned[:3]} == {"", "patience"}


def test_clipping_is_that_of_keras():
    """Targets far away: every gradient is longer than 1."""
    model, weights = network("gru")
    windows = sines(16)
    codes = encode(weights, windows)
    (own,) = fine_tune(
        weights,
        codes,
        300 * windows,
        [Fold(training=np.arange(16))],
        rate=1e-2,
        epochs=3,
        patience=3,
        batch_size=16,
        reporter=silent(),
    )
    _, decoder = parts_of(model)
    pair = (codes, 300 * windows)
    settings = TrainSettings(epochs=3, patience=3, batch_size=16, learning_rate=1e-2)
    TrainingLoop(decoder, settings).run(pair, reporter=silent())
    for name, value in weights_of(model).items():
        if name in own.weights:
            np.testing.assert_allclose(own.weights[name], value, atol=2e-5)


def tuning(reporter: Reporter, rate: float = 1e-3):
    pretrained = load_pretrained()
    frames, features = 32, len(pretrained.mean)
    generator = np.random.default_rng(0)
    walks = [
        (pretrained.mean + pretrained.sd * generator.normal(size=(n, frames, features))).astype(np.float32)
        for n in (20, 30, 25)
    ]
    return PersonFitter(pretrained, AutoencoderSettings(fine_tune_rate=rate, batch_size=16)).fit(walks, reporter)


def test_epochs_are_told_one_round_after_the_other():
    events: list[Event] = []
    fitted = tuning(Reporter(sink=events.append))
    told = [(e.data.get("fold"), e.data["epoch"], e.total) for e in events if e.kind == "epoch"]
    epochs = fitted.training["epochs"]
    rounds = [(fold, epoch, 5) for fold in (1, 2, 3) for epoch in range(1, 6)]
    assert told == [*rounds, *((None, epoch, epochs) for epoch in range(1, epochs + 1))]
    assert all("val_loss" in e.data for e in events if e.data.get("fold"))


def test_stopping_early_keeps_what_helped_so_far():
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 7

    fitted = tuning(Reporter(stop_early=stop))
    assert fitted.training["stopped_early"] == "user"
    assert {len(fold["val_loss"]) for fold in fitted.training["folds"]} == {2}
    assert fitted.training["epochs"] <= 2
    assert fitted.training["val_loss"] <= fitted.training["start_val_loss"]


def test_cancelling_is_felt_between_batches():
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        tuning(Reporter(cancelled=cancelled))
    assert len(asked) == 3


def test_a_fine_tuning_that_only_harms_keeps_the_pretrained_weights():
    fitted = tuning(silent(), rate=1.0)
    assert fitted.training["kept"] == "pre-trained"
    for name, value in load_pretrained().weights.items():
        np.testing.assert_array_equal(fitted.scorer.weights[name], value)


def test_the_rewritten_model_is_one_that_keras_loads(tmp_path):
    pretrained = load_pretrained()
    generator = np.random.default_rng(0)
    weights = {
        name: value + 0.05 * generator.normal(size=value.shape).astype(np.float32)
        for name, value in pretrained.weights.items()
    }
    RewrittenModel(source=pretrained.model_path, weights=weights).save(tmp_path / "m.keras")
    model = load_keras().models.load_model(tmp_path / "m.keras", safe_mode=True)
    for name, value in weights_of(model).items():
        np.testing.assert_array_equal(value, weights[name])
    windows = generator.normal(size=(4, 32, len(pretrained.mean))).astype(np.float32)
    predicted = np.asarray(model.predict_on_batch(windows))
    np.testing.assert_allclose(predicted, decode(weights, encode(weights, windows), 32), atol=1e-5)


def test_weights_without_a_place_are_refused(tmp_path):
    pretrained = load_pretrained()
    for bad in ({"other/0": np.zeros(3, np.float32)}, {"output/1": np.zeros(3, np.float32)}):
        with pytest.raises(ModelError, match=next(iter(bad))):
            RewrittenModel(source=pretrained.model_path, weights=bad).save(tmp_path / "m.keras")


def test_the_rewritten_model_holds_no_optimiser(tmp_path):
    pretrained = load_pretrained()
    RewrittenModel(source=pretrained.model_path, weights={}).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert b"optimizer" not in archive.read("model.weights.h5")
    assert (tmp_path / "m.keras").stat().st_size < 0.5 * pretrained.model_path.stat().st_size
