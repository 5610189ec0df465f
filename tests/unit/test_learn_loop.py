"""The training loop: its order, its replaceable parts, early stopping, and checkpoints that do not fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from gait_core.baseline.scratch import fit_from_scratch
from gait_core.errors import Cancelled, InputError, ModelError, SettingsError, StorageError
from gait_core.learn import loop as loop_module
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.backend import load_keras, seed_everything
from gait_core.learn.batches import ArrayBatches, Batch, BatchSource
from gait_core.learn.callbacks import Callback, CallbackState, EarlyStopping
from gait_core.learn.checkpoint import Checkpoint
from gait_core.learn.history import shuffled_batches, shuffling
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.settings import TrainSettings
from gait_core.progress import Event, Reporter, silent

SETTINGS = TrainSettings(epochs=4, patience=4, batch_size=8, learning_rate=1e-2)


def data(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(n, 3)).astype(np.float32)
    return inputs, (inputs @ np.array([[1.0], [-2.0], [0.5]], np.float32)).astype(np.float32)


def network(outputs: int = 1, activation: str | None = None, dropout: float = 0.2):
    keras = load_keras()
    seed_everything(5)
    inputs = keras.Input((3,))
    hidden = keras.layers.Dropout(dropout)(keras.layers.Dense(6, activation="relu")(inputs))
    return keras.Model(inputs, keras.layers.Dense(outputs, activation=activation)(hidden))


def same(one, two) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), two.get_weights(), strict=True))


class Interrupt(Reporter):
    """Cancels after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled()


# The order of the rows.


def test_the_order_of_an_epoch_is_that_permutation_of_the_stream_whenever_it_is_asked_for():
    inputs, targets = data(21)
    order = shuffling(21)
    expected = [np.concatenate(list(shuffled_batches(np.arange(21), 8, order))) for _ in range(4)]
    source = ArrayBatches(inputs, targets, batch_size=8)
    for epoch in (1, 2, 3, 4, 2, 1, 4):
        found = np.concatenate([batch.inputs for batch in source.batches(epoch)])
        np.testing.assert_array_equal(found, inputs[expected[epoch - 1]])
    late = ArrayBatches(inputs, targets, batch_size=8)
    found = np.concatenate([batch.targets for batch in late.batches(3)])
    np.testing.assert_array_equal(found, targets[expected[2]])


@pytest.mark.parametrize(("rows", "accumulate"), [(54, 2), (67, 4), (10, 3), (64, 2), (5, 8)])
def test_half_the_batch_twice_is_the_same_rows_in_whole_groups(rows, accumulate):
    inputs, targets = data(rows)
    whole = ArrayBatches(inputs, targets, batch_size=16)
    parts = ArrayBatches(inputs, targets, batch_size=16 // accumulate, accumulate=accumulate)
    small = list(parts.batches(2))
    assert len(small) == parts.steps_per_epoch
    assert len(small) % accumulate == 0
    if rows >= 16 and 16 % accumulate == 0:
        groups = [
            np.concatenate([one.inputs for one in small[first : first + accumulate]])
            for first in range(0, len(small), accumulate)
        ]
        np.testing.assert_array_equal(groups, [batch.inputs for batch in whole.batches(2)])


def test_judging_sees_every_row_once():
    inputs, targets = data(21)
    for size in (8, 21, 64):
        batches = list(ArrayBatches(inputs, targets, batch_size=size).in_order())
        assert {len(batch.inputs) for batch in batches} == {size}
        np.testing.assert_array_equal(np.concatenate([batch.inputs[: batch.real] for batch in batches]), inputs)


def test_a_fingerprint_depends_on_everything_that_decides_the_batches():
    inputs, targets = data(10)
    changed = targets.copy()
    changed[3] += 1
    weights = np.ones(10, np.float32)
    prints = [
        ArrayBatches(inputs, targets, batch_size=8).fingerprint(),
        ArrayBatches(inputs, targets, batch_size=4).fingerprint(),
        ArrayBatches(inputs, targets, batch_size=8, seed=1).fingerprint(),
        ArrayBatches(inputs, changed, batch_size=8).fingerprint(),
        ArrayBatches(inputs, targets, batch_size=8, weights=weights).fingerprint(),
        ArrayBatches(inputs.reshape(10, 3, 1), targets, batch_size=8).fingerprint(),
    ]
    assert len(set(prints)) == len(prints)
    assert ArrayBatches(inputs.copy(), targets.copy(), batch_size=8).fingerprint() == prints[0]


@pytest.mark.parametrize(("inputs", "targets"), [(np.zeros((0, 3)), np.zeros((0, 1))), (np.zeros((4, 3)), np.zeros(3))])
def test_arrays_that_do_not_fit_together_are_refused(inputs, targets):
    with pytest.raises(InputError, match="as many targets and weights as inputs"):
        ArrayBatches(inputs, targets, batch_size=8)


# Replaceable parts.


@pytest.mark.parametrize("how", ["name", "object", "callable"])
def test_any_loss_and_any_metric_is_computed_over_all_rows(how):
    keras = load_keras()
    loss = {
        "name": "sparse_categorical_crossentropy",
        "object": keras.losses.SparseCategoricalCrossentropy(),
        "callable": keras.losses.sparse_categorical_crossentropy,
    }[how]
    inputs, _ = data(40)
    classes = (inputs[:, 0] > 0).astype(np.int32) + (inputs[:, 1] > 0)
    model = network(outputs=3, activation="softmax")
    loop = TrainingLoop(
        model, SETTINGS.with_(epochs=15), loss=loss, metrics={"accuracy": "sparse_categorical_accuracy"}
    )
    events: list[Event] = []
    # 13 rows to judge by: not a whole number of batches.
    history = loop.run((inputs[13:], classes[13:]), (inputs[:13], classes[:13]), reporter=Reporter(sink=events.append))
    chance = model(inputs[:13], training=False)
    chosen = np.asarray(chance)[np.arange(13), classes[:13]].astype(np.float64)
    assert history.val_loss[history.best_epoch - 1] == pytest.approx(-np.log(chosen).mean(), rel=1e-5)
    accuracy = np.mean(np.asarray(chance).argmax(axis=1) == classes[:13])
    assert history.metrics["accuracy"][history.best_epoch - 1] == pytest.approx(accuracy)
    assert [event.data["accuracy"] for event in events if event.kind == "epoch"] == history.metrics["accuracy"]
    assert history.val_loss[-1] < history.first_val_loss


def test_weights_of_rows_count_in_the_loss_and_in_the_metrics():
    inputs, targets = data(20)
    weights = np.linspace(0, 2, 20).astype(np.float32)
    source = ArrayBatches(inputs, targets, batch_size=8, weights=weights)
    model = network()
    loop = TrainingLoop(model, SETTINGS, metrics={"mae": "mean_absolute_error"})
    history = loop.run(source, source, reporter=silent(), epochs=1)
    error = (np.asarray(model(inputs, training=False)) - targets)[:, 0].astype(np.float64)
    assert history.val_loss[0] == pytest.approx(np.average(error**2, weights=weights), rel=1e-5)
    assert history.metrics["mae"][0] == pytest.approx(np.average(np.abs(error), weights=weights), rel=1e-5)


def test_a_loss_over_a_whole_batch_is_weighted_by_its_rows():
    def spread(targets, predictions):
        ops = load_keras().ops
        return ops.mean((predictions - targets) ** 2)

    inputs, targets = data(20)
    model = network()
    history = TrainingLoop(model, SETTINGS, loss=spread).run((inputs, targets), (inputs, targets), reporter=silent())
    error = np.asarray(model(inputs, training=False)) - targets
    assert history.best_val_loss == pytest.approx(float((error**2).mean()), rel=1e-5)


def test_a_source_and_an_optimizer_of_ones_own():
    inputs, targets = data(16)
    seen: list[int] = []

    class Forward:
        def batches(self, epoch: int) -> Iterator[Batch]:
            seen.append(epoch)
            yield Batch(inputs=inputs, targets=targets, real=16)

        def in_order(self) -> Iterator[Batch]:
            yield Batch(inputs=inputs, targets=targets, real=16)

        def fingerprint(self) -> str:
            return "forward"

    assert isinstance(Forward(), BatchSource)
    model = network(dropout=0.0)
    keras = load_keras()
    before = [np.array(value) for value in model.get_weights()]
    loop = TrainingLoop(model, SETTINGS, optimizer=keras.optimizers.SGD(0.1))
    history = loop.run(Forward(), reporter=silent(), epochs=1)
    assert seen == [1]
    # One step of gradient descent on the last bias is the mean error times 2 times the rate.
    truth = network(dropout=0.0)
    error = np.asarray(truth(inputs)) - targets
    assert model.get_weights()[-1] == pytest.approx(before[-1] - 0.1 * 2 * error.mean(), abs=1e-6)
    assert history.loss == [pytest.approx(float((error**2).mean()), rel=1e-5)]


def test_early_stopping_can_watch_a_metric_that_should_rise():
    inputs, targets = data(24)
    values = iter([0.1, 0.5, 0.9, 0.4, 0.3, 0.2])

    class Scripted(load_keras().metrics.Metric):
        def update_state(self, *_, **__):
            pass

        def reset_state(self):
            pass

        def result(self):
            return next(values)

    kept: list[list[np.ndarray]] = []

    class Keep(Callback):
        def after_epoch(self, model, result):
            kept.append(model.get_weights())
            return ""

    model = network()
    stopping = EarlyStopping(2, monitor="grade", higher_is_better=True)
    loop = TrainingLoop(model, SETTINGS.with_(epochs=9), metrics={"grade": Scripted(name="grade")})
    history = loop.run((inputs, targets), (inputs, targets), reporter=silent(), stopping=stopping, callbacks=[Keep()])
    assert (history.best_epoch, history.stopped_early, len(history.loss)) == (2, "patience", 4)
    for own, best in zip(model.get_weights(), kept[1], strict=True):
        np.testing.assert_array_equal(own, best)


def test_a_metric_that_nobody_computes_cannot_be_watched():
    pair = data(16)
    with pytest.raises(SettingsError, match="one of val_loss, but got 'auc'"):
        TrainingLoop(network(), SETTINGS).run(pair, pair, reporter=silent(), stopping=EarlyStopping(2, monitor="auc"))


def test_a_callback_can_end_a_training_and_its_reason_is_kept():
    class Enough(Callback):
        def after_epoch(self, model, result):
            return "good enough" if result.epoch == 2 else ""

    history = TrainingLoop(network(), SETTINGS).run(data(16), reporter=silent(), callbacks=[Enough()])
    assert (len(history.loss), history.stopped_early) == (2, "good enough")


def test_a_loss_that_is_no_number_ends_the_training_with_the_best_weights_before():
    class Spoilt(ArrayBatches):
        def batches(self, epoch: int) -> Iterator[Batch]:
            for batch in super().batches(epoch):
                yield replace(batch, targets=batch.targets * (np.nan if epoch == 3 else 1.0))

    inputs, targets = data(24)
    loop = TrainingLoop(network(dropout=0.0), SETTINGS)
    history = loop.run(Spoilt(inputs, targets, batch_size=8), (inputs, targets), reporter=silent())
    assert (history.stopped_early, len(history.loss), history.best_epoch) == ("nan", 3, 2)
    assert all(np.isfinite(weight).all() for weight in loop.model.get_weights())


def test_two_callbacks_of_one_name_are_refused():
    with pytest.raises(SettingsError, match="different names, but got EarlyStopping, Counting, Counting"):
        TrainingLoop(network(), SETTINGS).run(data(16), reporter=silent(), callbacks=[Counting(), Counting()])


# Checkpoints.


class Counting(Callback):
    """Has a memory that matters: the sum of all losses."""

    def __init__(self) -> None:
        self.total = np.zeros(1)
        self.started = self.ended = 0

    def start(self, model, first):
        self.started += 1

    def after_epoch(self, model, result):
        self.total = self.total + result.loss
        return ""

    def end(self, model):
        self.ended += 1

    def state_dict(self):
        return CallbackState(values={"what": "sum"}, arrays={"total": self.total})

    def load_state(self, state):
        assert state.values == {"what": "sum"}
        self.total = state.arrays["total"]


def run(path, *, reporter=None, settings=SETTINGS, model=None, callback=None, training=None, **kwargs):
    """Train a small network, its checkpoint at `path`."""
    model = model or network()
    history = TrainingLoop(model, settings, metrics={"mae": "mean_absolute_error"}).run(
        data(30) if training is None else training,
        data(12, seed=1),
        reporter=reporter or silent(),
        callbacks=[callback or Counting()],
        checkpoint=path and Checkpoint(path=path, **kwargs),
    )
    return model, history


@pytest.mark.parametrize("batches", [1, 6, 15])
def test_an_interrupted_training_ends_like_an_unbroken_one(batches, tmp_path):
    path, whole = tmp_path / "run.npz", Counting()
    expected, history = run(None, callback=whole)
    with pytest.raises(Cancelled):
        run(path, reporter=Interrupt(batches))
    after = Counting()
    found, again = run(path, callback=after)
    assert again == history
    assert same(found, expected)
    np.testing.assert_array_equal(after.total, whole.total)
    assert (after.started, after.ended) == (int(batches < 4), 1)  # four batches make an epoch


def test_the_random_states_of_dropout_are_part_of_it(tmp_path, monkeypatch):
    """Guards the test above: with the random states of the beginning, the end is another one."""
    path = tmp_path / "run.npz"
    expected, _ = run(None)
    with pytest.raises(Cancelled):
        run(path, reporter=Interrupt(6))
    go_on = TrainingLoop._assign

    def go_on_but_forget(loop, *values):
        seeds = [variable for variable in loop.model.variables if "seed" in variable.path]
        first = [np.array(seed) for seed in seeds]
        go_on(loop, *values)
        for seed, value in zip(seeds, first, strict=True):
            assert not np.array_equal(np.array(seed), value)
            seed.assign(value)

    monkeypatch.setattr(TrainingLoop, "_assign", go_on_but_forget)
    found, _ = run(path)
    assert not same(found, expected)


def test_the_best_weights_come_from_before_the_interruption(tmp_path):
    path = tmp_path / "run.npz"
    settings = SETTINGS.with_(epochs=6, patience=6)
    pair = data(30)

    def train(reporter):
        model = network(dropout=0.0)
        # Learning the opposite: no epoch is better than the start.
        history = TrainingLoop(model, settings).run(
            (pair[0], -pair[1]), pair, reporter=reporter, checkpoint=Checkpoint(path=path)
        )
        return model, history

    with pytest.raises(Cancelled):
        train(Interrupt(10))
    model, history = train(silent())
    assert history.best_epoch == 0
    assert same(model, network(dropout=0.0))


def test_a_training_that_had_ended_gives_its_result_again_without_a_step(tmp_path):
    path = tmp_path / "run.npz"
    model, history = run(path)
    again, told = run(path, reporter=Interrupt(0))
    assert told == history
    assert same(model, again)


def test_a_checkpoint_now_and_then_still_holds_the_end(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(Cancelled):
        run(path, reporter=Interrupt(6), every=3)
    assert not path.exists()
    expected, history = run(None)
    found, again = run(path, every=3)
    assert (again, same(found, expected)) == (history, True)
    assert run(path, reporter=Interrupt(0), every=3)[1] == history


def test_deleting_takes_what_a_killed_run_left_beside_it(tmp_path):
    checkpoint = Checkpoint(path=tmp_path / "run.npz")
    for name in ("run.npz", ".run.npz.1a2b.tmp", "other.npz", ".other.npz.1a2b.tmp"):
        (tmp_path / name).touch()
    checkpoint.delete()
    checkpoint.delete()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.npz.1a2b.tmp", "other.npz"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The checkpoint of a training that was interrupted in its third epoch."""
    path = tmp_path_factory.mktemp("begun") / "run.npz"
    with pytest.raises(Cancelled):
        run(path, reporter=Interrupt(9))
    return path


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda: {"settings": SETTINGS.with_(learning_rate=2e-2)}, "differs in settings.*learning_rate"),
        (lambda: {"settings": SETTINGS.with_(epochs=9)}, "differs in settings.*epochs 9.*epochs 4"),
        (lambda: {"model": network(dropout=0.3)}, "differs in model.*architecture"),
        (lambda: {"model": network(outputs=2)}, "differs in model"),
        (lambda: {"training": data(30, seed=7)}, "differs in data.*training"),
        (lambda: {"context": {"fold": 2}}, "differs in context.*fold 2"),
    ],
    ids=["rate", "epochs", "dropout", "outputs", "data", "context"],
)
def test_a_checkpoint_of_another_training_is_refused_before_the_first_step(change, part, begun, tmp_path):
    path = tmp_path / "run.npz"
    shutil.copy(begun, path)
    with pytest.raises(ModelError, match=part) as caught:
        run(path, reporter=Interrupt(0), **change())
    assert "delete the file" in caught.value.remedy
    assert path.read_bytes() == begun.read_bytes()


def test_a_checkpoint_of_another_version_is_refused(begun, monkeypatch):
    versions = loop_module.training_versions()
    monkeypatch.setattr(loop_module, "training_versions", lambda: {**versions, "keras": "4.0.0"})
    with pytest.raises(ModelError, match=r"differs in versions: this training has keras '4.0.0', the checkpoint keras"):
        run(begun, reporter=Interrupt(0))


def test_a_damaged_checkpoint_is_refused_or_changes_nothing(begun, tmp_path):
    """Bits flipped all over the file: what was not noticed must have had no effect."""
    whole, path = begun.read_bytes(), tmp_path / "run.npz"
    path.write_bytes(whole)
    identity = identity_of(path)
    truth = Checkpoint(path=path).load(identity)
    generator = np.random.default_rng(0)
    noticed = 0
    for position in [*generator.integers(0, len(whole), 150), *range(0, 60, 3), *range(len(whole) - 60, len(whole), 3)]:
        content = bytearray(whole)
        content[position] ^= 1 << int(generator.integers(8))
        path.write_bytes(bytes(content))
        try:
            found = Checkpoint(path=path).load(identity)
        except (StorageError, ModelError) as error:
            assert "run.npz" in error.message
            noticed += 1
            continue
        assert found is not None
        for one, two in zip(found.model + found.optimizer, truth.model + truth.optimizer, strict=True):
            np.testing.assert_array_equal(one, two)
    assert noticed > 100


def test_arrays_of_other_shapes_are_refused_before_the_first_step(begun, tmp_path):
    path = tmp_path / "run.npz"
    with np.load(begun, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name in ("model/00000", "optimizer/00003"):
        np.savez(path, allow_pickle=False, **(arrays | {name: np.zeros((2, 2), np.float32)}))
        with pytest.raises(StorageError, match="shapes of the model"):
            run(path, reporter=Interrupt(0))


@pytest.mark.parametrize("kept", [0, 1, 100, -1, -200])
def test_half_a_checkpoint_is_damaged(kept, begun, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(begun.read_bytes()[:kept])
    with pytest.raises(StorageError, match="is damaged"):
        run(path, reporter=Interrupt(0))


def identity_of(path):
    with np.load(path, allow_pickle=False) as archive:
        identity = json.loads(str(archive["document"]))["identity"]
    del identity["context"]
    return identity


@pytest.mark.slow
def test_an_interrupted_fit_from_scratch_goes_on(tmp_path):
    settings = AutoencoderSettings(units=6, latent=3, scratch_epochs=4, batch_size=16)
    walks = [np.random.default_rng(seed).normal(size=(20, 8, 19)).astype(np.float32) for seed in range(3)]

    def fit(reporter, folder):
        seed_everything(settings.seed)
        return fit_from_scratch(walks, settings, reporter, checkpoints=folder)

    expected, expected_model = fit(silent(), None)
    with pytest.raises(Cancelled):
        fit(Interrupt(7), tmp_path)  # three batches make an epoch: in the third epoch of the first fold
    assert [path.name for path in tmp_path.iterdir()] == ["fold-1.npz"]
    with pytest.raises(Cancelled):
        fit(Interrupt(22), tmp_path)  # in the second epoch of the third fold
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fold-1.npz", "fold-2.npz", "fold-3.npz"]
    found, model = fit(silent(), tmp_path)
    assert not any(tmp_path.iterdir())
    assert found.training == expected.training
    np.testing.assert_array_equal(found.held_out_raw, expected.held_out_raw)
    assert same(model, expected_model)
