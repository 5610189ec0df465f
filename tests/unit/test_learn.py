"""Training: Keras on TensorFlow and on JAX, the same results from NumPy, cancel, early stop, the better model kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.jax_process import jax_environment

from gait_core.baseline.fit import PersonFitter
from gait_core.baseline.pretrained import Pretrained
from gait_core.baseline.reconstruction import Metrics
from gait_core.baseline.scratch import fit_from_scratch
from gait_core.errors import Cancelled, InputError
from gait_core.gait.features import FEATURE_NAMES
from gait_core.learn.autoencoder.inference import decode, encode
from gait_core.learn.autoencoder.networks import build_autoencoder, parts_of, weights_of
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.backend import active_backend, load_keras, seed_everything
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.settings import TrainSettings
from gait_core.progress import Event, Reporter, silent

pytestmark = pytest.mark.slow
SMALL = AutoencoderSettings(units=8, latent=4, scratch_epochs=3, batch_size=16)
FRAMES, FEATURES = 12, len(FEATURE_NAMES)
ROOT = Path(__file__).resolve().parents[2]


def how(rate: float, epochs: int, *, patience: int | None = None, batch_size: int = 16) -> TrainSettings:
    return TrainSettings(epochs=epochs, patience=patience or epochs, batch_size=batch_size, learning_rate=rate)


def sines(n: int, seed: int = 0, frames: int = FRAMES, features: int = FEATURES) -> np.ndarray:
    generator = np.random.default_rng(seed)
    phase = generator.uniform(0, 2 * np.pi, (n, 1, 1))
    time = np.arange(frames)[None, :, None] / frames * 2 * np.pi
    shift = np.linspace(0, 3, features)[None, None, :]
    return (np.sin(time + phase + shift) + 0.05 * generator.normal(size=(n, frames, features))).astype(np.float32)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_numpy_gives_what_keras_gives(cell):
    seed_everything(3)
    model = build_autoencoder(FRAMES, FEATURES, SMALL.with_(cell=cell))
    windows, weights = sines(7), weights_of(model)
    encoder, _ = parts_of(model)
    codes = encode(weights, windows)
    np.testing.assert_allclose(codes, np.asarray(encoder(windows)), atol=2e-6)
    np.testing.assert_allclose(decode(weights, codes, FRAMES), np.asarray(model(windows)), atol=2e-6)


def test_training_is_reproducible_and_lowers_the_error():
    histories = []
    for _ in range(2):
        seed_everything(1)
        model = build_autoencoder(FRAMES, FEATURES, SMALL)
        windows, held = sines(100), sines(40, seed=1)
        histories.append(TrainingLoop(model, how(1e-2, 6)).run((windows, windows), (held, held), reporter=silent()))
    assert histories[0].loss == histories[1].loss
    assert histories[0].best_val_loss < 0.9 * histories[0].first_val_loss


def test_the_loss_of_an_epoch_is_the_mean_over_its_batches():
    seed_everything(1)
    model = build_autoencoder(FRAMES, FEATURES, SMALL)
    windows = sines(32)
    pair = (windows, windows)
    history = TrainingLoop(model, how(1e-9, 1, batch_size=8)).run(pair, pair, reporter=silent())
    assert history.loss[0] == pytest.approx(history.first_val_loss, rel=1e-4)


def test_a_run_that_only_harms_gives_the_weights_back():
    seed_everything(1)
    model = build_autoencoder(FRAMES, FEATURES, SMALL)
    windows = sines(60)
    noise = np.random.default_rng(0).normal(size=windows.shape).astype(np.float32)
    loop = TrainingLoop(model, how(1e-2, 5, patience=2))
    loop.run((windows, windows), (windows, windows), reporter=silent())
    before = model.get_weights()
    history = loop.run((windows, 10 * noise), (windows, windows), reporter=silent())
    assert history.best_epoch == 0
    assert history.stopped_early == "patience"
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_cancel_and_early_stop_are_felt_between_batches():
    seed_everything(1)
    model = build_autoencoder(FRAMES, FEATURES, SMALL)
    windows = sines(64)
    loop = TrainingLoop(model, how(1e-3, 50))
    pair = (windows, windows)
    with pytest.raises(Cancelled):
        loop.run(pair, pair, reporter=Reporter(cancelled=lambda: True))
    events: list[Event] = []
    stopping = Reporter(sink=events.append, stop_early=lambda: len(events) >= 2)
    history = loop.run(pair, pair, reporter=stopping)
    assert history.stopped_early == "user"
    assert len(history.loss) == 3


def test_one_fitter_serves_many_people_alike():
    pretrained = small_pretrained()
    fitter = PersonFitter(pretrained, SMALL)
    people = [[sines(20, seed=10 * p + w) for w in range(4)] for p in range(2)]
    first = fitter.fit(people[0], silent())
    fitter.fit(people[1], silent())
    again = fitter.fit(people[0], silent())
    np.testing.assert_allclose(first.held_out_raw, again.held_out_raw, rtol=1e-5)
    assert first.training["mode"] == "fine-tuned"
    assert 0 <= first.training["epochs"] <= SMALL.fine_tune_epochs


def test_the_encoder_stays_frozen_while_the_decoder_learns():
    pretrained = small_pretrained()
    fitted = PersonFitter(pretrained, SMALL.with_(fine_tune_rate=1e-2)).fit(
        [sines(20, seed=s) for s in range(4)], silent()
    )
    for name, value in fitted.scorer.weights.items():
        same = np.array_equal(value, pretrained.weights[name])
        assert same == name.startswith(("encoder", "code/")), name


def test_a_changed_walk_scores_higher_than_a_normal_one():
    pretrained = small_pretrained()
    fitted = PersonFitter(pretrained, SMALL).fit([sines(20, seed=s) for s in range(4)], silent())
    normal, changed = sines(20, seed=50), sines(20, seed=51)
    changed[:, :, 3] *= 0.3
    assert fitted.scorer.score(changed).overall > 1.5 * fitted.scorer.score(normal).overall
    parts = fitted.scorer.score(changed).by_feature() / fitted.scorer.score(normal).by_feature()
    assert int(np.argmax(parts)) == 3


def test_from_scratch_each_walk_is_held_out_in_turn():
    events: list[Event] = []
    fitted, model = fit_from_scratch([sines(16, seed=s) for s in range(3)], SMALL, Reporter(sink=events.append))
    assert fitted.training["mode"] == "scratch"
    assert len(fitted.held_out) == 3
    assert {event.data.get("fold") for event in events if event.kind == "epoch"} == {1, 2, 3, None}
    assert np.isfinite(fitted.held_out_raw).all()
    assert model.output_shape == (None, FRAMES, FEATURES)


def test_two_walks_are_too_few():
    with pytest.raises(InputError, match="at least 3"):
        fit_from_scratch([sines(5), sines(5)], SMALL, silent())


def test_the_model_survives_its_file(tmp_path):
    seed_everything(2)
    model = build_autoencoder(FRAMES, FEATURES, SMALL)
    model.save(tmp_path / "m.keras")
    again = load_keras().models.load_model(tmp_path / "m.keras", compile=False, safe_mode=True)
    windows = sines(3)
    np.testing.assert_allclose(np.asarray(model(windows)), np.asarray(again(windows)), atol=1e-6)


def learned() -> dict[str, Any]:
    """Train a small autoencoder on the backend of this process."""
    seed_everything(1)
    model = build_autoencoder(FRAMES, FEATURES, SMALL)
    windows, held = sines(64), sines(32, seed=1)
    history = TrainingLoop(model, how(1e-2, 20)).run((windows, windows), (held, held), reporter=silent())
    return {"backend": active_backend(), "first": history.first_val_loss, "best": history.best_val_loss}


def learned_on_jax() -> dict[str, Any]:
    """Train in a process of its own: a backend cannot change once Keras is loaded."""
    result = subprocess.run(
        [sys.executable, __file__],
        env=jax_environment(),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize(("backend", "learn"), [("tensorflow", learned), ("jax", learned_on_jax)])
def test_both_backends_learn_the_same_task(backend, learn):
    answer = learn()
    assert answer["backend"] == backend
    assert answer["best"] < 0.9 * answer["first"]


def small_pretrained() -> Pretrained:
    seed_everything(0)
    model = build_autoencoder(FRAMES, FEATURES, SMALL)
    windows = sines(200, seed=99)
    TrainingLoop(model, how(1e-2, 8, batch_size=32)).run((windows, windows), reporter=silent())
    return Pretrained(
        weights=weights_of(model),
        mean=np.zeros(FEATURES, np.float32),
        sd=np.ones(FEATURES, np.float32),
        prior_scale=np.full(FEATURES, 0.1, np.float32),
        metrics=Metrics(),
        model_path=None,
        manifest=None,
        references={},
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(learned()))
