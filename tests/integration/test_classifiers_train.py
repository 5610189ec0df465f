"""Network classifiers through the training loop: options, early stopping, resuming, storage, another backend."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.jax_process import jax_environment

from gait_core.errors import Cancelled, ModelError
from gait_core.learn.classifiers import SampleShape, classifier, load_classifier
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.registry import InputShape
from gait_core.progress import Event, Reporter

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"filters": 6, "epochs": 4, "batch_size": 8, "learning_rate": 0.02}

pytestmark = pytest.mark.slow


def samples(n: int = 24, seed: int = 0, *, classes: tuple[str, ...] = ("normal", "impaired")) -> Samples:
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % len(classes)
    wave = 1.5 + np.sin(np.linspace(0, 6, 20))[None, :, None]
    values = (1 + labels)[:, None, None] * wave + draw.normal(0, 0.3, (n, 20, 2))
    return Samples(
        values=values,
        lengths=np.full(n, 20),
        labels=labels,
        subjects=np.array([f"s{row}" for row in range(n)]),
        walks=np.array([f"w{row}" for row in range(n)]),
        channels=("left_knee_deg", "right_knee_deg"),
        classes=classes,
        kind="curves",
    )


def network(data: Samples, name: str = "naive_cnn", **changes):
    spec = classifier(name)
    return spec.build(spec.settings(**(SMALL | changes)), SampleShape.of(data))


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "focal", "focal_gamma": 2.0, "label_smoothing": 0.1},
        {"schedule": "plateau", "patience": 3, "plateau_patience": 1},
        {"schedule": "constant", "batch_size": 4, "accumulate": 3, "ema": 0.6, "clipnorm": 0.5, "weight_decay": 0.01},
        {"mixed_precision": True, "name": "tcn", "causal": True, "blocks": 2},
        {"class_weights": False, "exchange_sides": False, "clipnorm": None, "batch_size": None},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_option_trains_a_network_that_beats_chance(options):
    data, held_out = samples(), samples(12, seed=1)
    model = network(data, **({"epochs": 12} | options))
    report = model.fit(data, held_out)
    assert report.history is not None
    assert np.isfinite(report.history.loss).all()
    assert report.history.best_val_loss < report.history.first_val_loss
    assert (model.predict(held_out).argmax(axis=1) == held_out.labels).mean() >= 0.75


def test_the_kept_weights_are_those_of_the_best_epoch_and_the_events_carry_the_fold():
    events: list[Event] = []
    data, held_out = samples(), samples(12, seed=1)
    model = network(data, patience=2, learning_rate=2.0, epochs=30)
    report = model.fit(data, held_out, reporter=Reporter(events.append), labels={"fold": 2, "folds": 5})
    assert report.history is not None
    assert report.history.stopped_early == "patience"
    assert report.epochs == report.history.best_epoch + 2
    epochs = [event for event in events if event.kind == "epoch"]
    assert len(epochs) == report.epochs
    assert epochs[0].data["fold"] == 2
    assert 0 <= epochs[0].data["balanced_accuracy"] <= 1


def test_half_the_batch_with_two_steps_averaged_learns_the_same():
    """What memory running out changes leaves the training as it was; the mean of the weights, judged and kept."""
    data = samples(22)
    options = {"schedule": "constant", "epochs": 3, "clipnorm": 0.3, "loss": "focal", "dropout": 0.0}
    whole = network(data, **options, batch_size=8)
    halves = network(data, **options, batch_size=4, accumulate=2)
    one, two = whole.fit(data), halves.fit(data)
    assert one.history is not None
    assert two.history is not None
    assert one.history.loss == pytest.approx(two.history.loss, abs=1e-4)
    for mine, other in zip(whole.model.get_weights(), halves.model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)


def test_the_running_mean_of_the_weights_is_judged_and_kept_and_the_training_goes_on_without_it():
    data = samples(16)
    seen: list[list[np.ndarray]] = []
    plain = network(data, schedule="constant", epochs=3, batch_size=8)
    mean = network(data, schedule="constant", epochs=3, batch_size=8, ema=0.75)

    def look(event: Event) -> None:
        if event.kind == "epoch":
            seen.append(plain.model.get_weights())

    plain.fit(data, reporter=Reporter(look))
    mean.fit(data)
    optimizer = mean.model.optimizer
    for variable, average in zip(
        optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True
    ):
        np.testing.assert_array_equal(np.asarray(variable), np.asarray(average))
    last = seen[-1]
    for kept, first, own in zip(mean.model.get_weights(), seen[0], last, strict=True):
        assert not np.allclose(kept, own, atol=1e-6)
        assert np.abs(kept - own).mean() < np.abs(first - own).mean()


class StopAfter(Reporter):
    """Cancels when an epoch has been reported."""

    def __init__(self, epochs: int) -> None:
        super().__init__(self._count, lambda: self.left <= 0)
        self.left = epochs

    def _count(self, event: Event) -> None:
        self.left -= event.kind == "epoch"


@pytest.mark.parametrize("schedule", ["warmup_cosine", "plateau"])
def test_a_training_that_was_interrupted_ends_like_an_unbroken_one(schedule, tmp_path):
    data, held_out = samples(), samples(12, seed=1)
    options = {"schedule": schedule, "plateau_patience": 1, "epochs": 4}
    whole = network(data, **options)
    whole.fit(data, held_out)
    path = tmp_path / "fold.npz"
    with pytest.raises(Cancelled):
        network(data, **options).fit(data, held_out, reporter=StopAfter(2), checkpoint=path)
    resumed = network(data, **options)
    notes: list[str] = []
    report = resumed.fit(data, held_out, checkpoint=path, reporter=Reporter(lambda event: notes.append(event.message)))
    assert "Continuing after epoch 2 of 4." in notes
    assert report.epochs == 4
    for one, two in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True):
        assert one.tobytes() == two.tobytes()
    with pytest.raises(ModelError, match="same training"):
        network(data, **options, seed=1).fit(data, held_out, checkpoint=path)


def test_each_epoch_is_a_line_of_the_table_and_what_tensorboard_shows_also_after_an_interruption(tmp_path):
    import tensorflow

    data, held_out = samples(), samples(12, seed=1)
    options = {"epochs": 4, "schedule": "constant", "tensorboard": True, "checkpoint_every": 2}
    path = tmp_path / "checkpoint.npz"
    with pytest.raises(Cancelled):
        network(data, **options).fit(data, held_out, reporter=StopAfter(3), checkpoint=path)
    report = network(data, **options).fit(data, held_out, checkpoint=path)
    with (tmp_path / "log.csv").open(newline="") as handle:
        lines = list(csv.DictReader(handle))
    assert [int(line["epoch"]) for line in lines] == [1, 2, 3, 4]
    assert [float(line["loss"]) for line in lines] == report.history.loss
    assert [float(line["val_loss"]) for line in lines] == report.history.val_loss
    assert [float(line["balanced_accuracy"]) for line in lines] == report.history.metrics["balanced_accuracy"]
    found: dict[str, list[int]] = {}
    for file in sorted((tmp_path / "tensorboard").glob("events.out.tfevents.*")):
        for event in tensorflow.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append(event.step)
                assert value.HasField("histo") == ("kernel" in value.tag or "bias" in value.tag)
    assert found["val_loss"] == [0, 1, 2, 3, 3, 4], "the third epoch was run again: no checkpoint was due after it"
    assert {"loss", "learning_rate", "balanced_accuracy"} < set(found)
    assert any("kernel" in name for name in found)
    assert list((tmp_path / "tensorboard").rglob("*.xplane.pb")), "a profile of the second epoch"


def test_classes_that_name_a_side_are_exchanged_with_it():
    data = samples(classes=("left weak", "right weak"))
    values = data.values.copy()
    values[:, :, 0] = np.where(data.labels[:, None] == 0, 1.0, 4.0)
    values[:, :, 1] = np.where(data.labels[:, None] == 0, 4.0, 1.0)
    data = replace(data, values=values)
    model = network(data, epochs=15)
    model.fit(data)
    found = model.predict(data)
    assert (found.argmax(axis=1) == data.labels).all()
    np.testing.assert_allclose(model.predict(data.mirrored()), found[:, ::-1], atol=1e-6)
    alone = replace(data, classes=("left weak", "normal"))
    report = network(alone, epochs=1).fit(alone)
    assert "left weak names a side" in report.notes[0]


def test_a_stored_network_is_a_keras_file_with_a_manifest_and_damage_is_refused(tmp_path):
    data = samples()
    model = network(data)
    model.fit(data)
    model.save(tmp_path)
    assert zipfile.is_zipfile(tmp_path / "model.keras")
    assert json.loads((tmp_path / "model.json").read_text())["model"] == "naive_cnn"
    again = load_classifier(tmp_path)
    np.testing.assert_allclose(again.predict(data), model.predict(data), atol=1e-7)
    content = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "model.keras").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError):
        load_classifier(tmp_path)


def test_a_network_trains_on_jax_and_stored_ones_answer_there_as_on_tensorflow(tmp_path):
    """The loop is the same for all networks, and JAX takes long to compile: one is trained, the others only answer."""
    data, found = samples(), {}
    for name in ("tcn", "lite"):
        model = network(data, name, epochs=1)
        model.fit(data)
        model.save(tmp_path / name)
        found[name] = model.predict(data)
    result = subprocess.run(
        [sys.executable, str(Path(__file__)), str(tmp_path)],
        env=jax_environment(),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    told = json.loads(result.stdout.splitlines()[-1])
    for name, probabilities in found.items():
        np.testing.assert_allclose(told["found"].pop(name), probabilities, atol=1e-5)
    assert told == {"backend": "jax", "same": True, "right": True, "found": {}, "clips": True}


def on_this_backend(folder: Path) -> dict[str, object]:
    """Train a network, store it and read it back; ask those that another backend has stored."""
    from gait_core.learn.backend import active_backend

    data = samples()
    model = network(data, epochs=12)
    model.fit(data)
    found = model.predict(data)
    model.save(folder / "naive_cnn")
    same = bool(np.allclose(load_classifier(folder / "naive_cnn").predict(data), found, atol=1e-6))
    return {
        "backend": active_backend(),
        "same": same,
        "right": bool((found.argmax(axis=1) == data.labels).mean() > 0.8),
        "found": {name: load_classifier(folder / name).predict(data).tolist() for name in ("tcn", "lite")},
        "clips": clip_networks_agree(),
    }


def clip_networks_agree() -> bool:
    """Tell whether each network for clips gives the same alone and in a batch with another clip."""
    clips = np.random.default_rng(0).random((2, 6, 64, 44, 2), np.float32)
    clips[..., 1] = np.array([6, 4])[:, None, None, None] > np.arange(6)[:, None, None]
    agree = True
    for name in ("variable_ar_cnn", "vit_gru", "vit_transformer"):
        spec = classifier(name)
        model = spec.network.build(spec.settings(frames=6), InputShape(axes=(6, 64, 44, 1), classes=2))
        together, alone = (model.predict_on_batch(part) for part in (clips, clips[1:]))
        agree = agree and bool(np.allclose(together[1:], alone, atol=1e-5)) and bool(np.ptp(together, axis=0).max() > 0)
    return agree


if __name__ == "__main__":
    sys.stdout.write(json.dumps(on_this_backend(Path(sys.argv[1]))) + "\n")
