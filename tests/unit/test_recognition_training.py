"""Losses, batches, augmentation, settings and validation of the training of recognition networks."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from gait_core.bench.recognition_models import sequence
from gait_core.errors import InputError, SettingsError
from gait_core.learn.backend import load_keras
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.recognition.networks.settings import DeepGaitV2Settings, GaitBaseSettings, XGaitSettings
from gait_core.recognition.training import demo
from gait_core.recognition.training.augment import Augmentation, augment
from gait_core.recognition.training.demo_walkers import demo_walks, drawn_silhouettes, same_body_walks
from gait_core.recognition.training.held_out import hold_out
from gait_core.recognition.training.losses import RecognitionLoss, identity_loss, part_distances, triplet_loss
from gait_core.recognition.training.optimizer import gradient_descent, step_schedule
from gait_core.recognition.training.retrieval import retrieval
from gait_core.recognition.training.sampler import ClipBatches, WholeWalks, clip_frames
from gait_core.recognition.training.settings import RecognitionTrainingSettings, training_preset
from gait_core.recognition.training.walks import TrainingWalks

LABELS = np.array([0, 0, 1, 1, 2], np.int32)


def embeddings(seed: int = 0, walks: int = 5, parts: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=0.1, size=(walks, 256, parts)).astype(np.float32)


def walks(people: int = 4, each: int = 3, frames: int = 12, settings=None) -> TrainingWalks:
    """Return walks whose frames say which walk and frame they are."""
    sequences, subjects = [], []
    for person in range(people):
        for walk in range(each):
            stack = np.zeros((frames, 64, 44), np.uint8)
            stack[:, 10:50, 10:30] = 255
            stack[:, 0, 0] = 10 + person * each + walk
            stack[:, 0, 1] = 1 + np.arange(frames)
            sequences.append(GaitSequence.of_silhouettes(f"{person}-{walk}", stack))
            subjects.append(f"p{person}")
    return TrainingWalks.of(sequences, subjects, settings or GaitBaseSettings())


def clips(source: TrainingWalks, **changes) -> ClipBatches:
    options = {"people": 3, "walks_per_person": 2, "frames": 6, "skip": 2, "steps": 3, "seed": 1}
    return ClipBatches(source, **{"augmentation": Augmentation.none(), **options, **changes})


# Losses.


def reference_triplet(labels: np.ndarray, parts: np.ndarray, margin: float) -> float:
    means = []
    for part in np.moveaxis(parts.astype(np.float64), 2, 0):
        terms = [
            max(0.0, np.linalg.norm(part[a] - part[p]) - np.linalg.norm(part[a] - part[n]) + margin)
            for a in range(len(labels))
            for p in range(len(labels))
            for n in range(len(labels))
            if labels[a] == labels[p] and labels[a] != labels[n]
        ]
        above = [term for term in terms if term > 0.0]
        means.append(sum(above) / len(above) if above else 0.0)
    return float(np.mean(means))


@pytest.mark.parametrize(("seed", "margin"), [(0, 0.2), (1, 0.2), (2, 0.0), (3, 5.0)])
def test_the_triplet_loss_is_the_mean_of_its_terms_above_zero_by_part(seed, margin):
    parts = embeddings(seed)
    parts[3] = parts[2]  # two walks with the same embedding
    found = float(triplet_loss(LABELS, parts, margin))
    assert found == pytest.approx(reference_triplet(LABELS, parts, margin), rel=1e-4, abs=1e-6)


def test_people_far_apart_leave_no_triplet():
    parts = np.repeat(LABELS[:, None, None].astype(np.float32), 256, axis=1)
    assert float(triplet_loss(LABELS, parts, 0.2)) == 0.0


def test_distances_within_a_batch_are_symmetric_and_zero_on_the_diagonal():
    parts = embeddings() * 100
    found = np.asarray(part_distances(parts))
    expected = np.linalg.norm(parts[:, None] - parts[None, :], axis=2).transpose(2, 0, 1)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-3)
    assert not found[:, np.arange(5), np.arange(5)].any()


def reference_identity(labels: np.ndarray, logits: np.ndarray, scale: float, smoothing: float) -> float:
    losses = []
    for label, by_part in zip(labels, logits.astype(np.float64), strict=True):
        for values in by_part.T:
            shares = np.exp(scale * values) / np.exp(scale * values).sum()
            wanted = np.full(len(values), smoothing / len(values))
            wanted[label] += 1.0 - smoothing
            losses.append(-np.sum(wanted * np.log(shares)))
    return float(np.mean(losses))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_cross_entropy_scales_the_likeness_and_smooths_the_target(smoothing):
    logits = np.random.default_rng(4).uniform(-1, 1, (5, 3, 16)).astype(np.float32)
    found = float(identity_loss(LABELS, logits, 16.0, smoothing))
    assert found == pytest.approx(reference_identity(LABELS, logits, 16.0, smoothing), rel=1e-5)


def test_people_whom_the_classifier_does_not_know_do_not_count_in_the_cross_entropy():
    logits = np.random.default_rng(4).uniform(-1, 1, (5, 2, 16)).astype(np.float32)
    found = float(identity_loss(LABELS, logits))
    assert found == pytest.approx(reference_identity(LABELS[:4], logits[:4], 16.0, 0.1), rel=1e-5)
    assert float(identity_loss(LABELS + 2, logits)) == 0.0


def test_the_gradient_of_the_loss_is_its_slope_and_finite_where_embeddings_are_equal():
    import tensorflow as tf

    generator = np.random.default_rng(5)
    outputs = np.concatenate([embeddings(6), generator.uniform(-1, 1, (5, 3, 3))], axis=1).astype(np.float32)
    outputs[1] = outputs[0]
    loss = RecognitionLoss(margin=0.2, logit_scale=16.0, label_smoothing=0.1)
    values = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = loss(LABELS, values)
    gradient = tape.gradient(total, values).numpy()
    assert np.isfinite(gradient).all()
    # Not towards or from the two that are equal: there the distance has a kink.
    direction = generator.normal(size=outputs.shape)
    direction[:2] = 0.0
    step = 1e-3

    def reference(moved: np.ndarray) -> float:
        parts, logits = moved[:, :256], moved[:, 256:]
        return reference_triplet(LABELS, parts, 0.2) + reference_identity(LABELS, logits, 16.0, 0.1)

    slope = (reference(outputs + step * direction) - reference(outputs - step * direction)) / (2 * step)
    assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-2)


# Optimizer.


def test_the_decay_is_in_the_gradient_and_a_lower_rate_takes_effect_at_once():
    keras = load_keras()
    weights = np.array([1.0, -2.0])
    variable = keras.Variable(weights.astype(np.float32))
    optimizer = gradient_descent(step_schedule(0.1, (2, 4)), momentum=0.9, weight_decay=0.01)
    optimizer.build([variable])
    velocity = np.zeros(2)
    for rate in (0.1, 0.1, 0.01, 0.01, 0.001):
        gradient = np.sin(7.0 * weights)
        optimizer.apply([keras.ops.convert_to_tensor(gradient.astype(np.float32))], [variable])
        velocity = 0.9 * velocity + gradient + 0.01 * weights
        weights = weights - rate * velocity
    assert np.asarray(variable) == pytest.approx(weights, rel=1e-5)


# Walks and batches.


def bar() -> np.ndarray:
    """Return three frames with a white bar."""
    frames = np.zeros((3, 64, 44), np.float32)
    frames[:, 4:60, 15:30] = 1.0
    return frames


def test_walks_are_stored_as_bytes_and_come_back_as_they_were():
    generator = np.random.default_rng(0)
    rough = sequence(GaitBaseSettings(), 7, 0)[..., 0] * generator.uniform(0.92, 1.0, (7, 64, 44)).astype(np.float32)
    fine = np.round(rough * 255).astype(np.uint8)
    source = TrainingWalks.of([GaitSequence.of_silhouettes("a", fine), rough], ["a", "b"], GaitBaseSettings())
    assert [stored.dtype for stored in source.frames] == [np.uint8, np.float32]
    order = np.array([2, 2, 5])
    assert np.array_equal(source.clip(0, order)[..., 0], fine[order].astype(np.float32) / np.float32(255))
    assert np.array_equal(source.clip(1, order)[..., 0], rough[order])


def test_labels_of_body_parts_are_not_divided():
    frames = np.zeros((3, 64, 44, 2), np.float32)
    frames[:, 5:60, 10:30] = (7.0, 1.0)
    source = TrainingWalks.of([frames, frames], ["a", "b"], XGaitSettings())
    assert source.frames[0].dtype == np.uint8
    assert np.array_equal(source.clip(1, np.arange(3)), frames)


@pytest.mark.parametrize(("people", "message"), [(["a", "a"], "at least two people"), (["a"], "a person for each")])
def test_walks_of_one_person_or_without_a_person_are_refused(people, message):
    frames = bar()
    with pytest.raises(InputError, match=message):
        TrainingWalks.of([frames, frames], people, GaitBaseSettings())


def test_a_walk_that_cannot_be_used_is_named():
    good = bar()
    with pytest.raises(InputError, match=r"walk 1 \(of b\)"):
        TrainingWalks.of([good, good * 255], ["a", "b"], GaitBaseSettings())


def test_a_batch_holds_different_walks_of_different_people():
    source = clips(walks())
    for batch in source.batches(2):
        assert batch.inputs.shape == (6, 6, 64, 44, 1)
        assert sorted(np.unique(batch.targets, return_counts=True)[1]) == [2, 2, 2]
        marks = np.rint(batch.inputs[:, 0, 0, 0, 0] * 255).astype(int)
        assert len(set(marks)) == 6
        assert np.array_equal((marks - 10) // 3, batch.targets)


def test_a_walk_comes_twice_only_of_a_person_with_too_few():
    source = clips(walks(each=1), people=9)
    assert source.people == 4
    for batch in source.batches(1):
        marks = np.rint(batch.inputs[:, 0, 0, 0, 0] * 255).astype(int)
        assert sorted(np.unique(marks, return_counts=True)[1]) == [2, 2, 2, 2]


def test_every_batch_depends_on_its_place_alone():
    first, second = (
        clips(walks(), augmentation=Augmentation(erase=0.5)),
        clips(walks(), augmentation=Augmentation(erase=0.5)),
    )
    list(first.batches(1))
    one, other = list(first.batches(3)), list(second.batches(3))
    assert all(np.array_equal(a.inputs, b.inputs) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0].inputs, one[1].inputs)
    assert not np.array_equal(one[0].inputs, next(first.batches(4)).inputs)
    assert not np.array_equal(
        one[0].inputs, next(clips(walks(), augmentation=Augmentation(erase=0.5), seed=2).batches(3)).inputs
    )


def test_a_clip_is_in_order_within_a_window_that_is_a_little_longer():
    generator = np.random.default_rng(0)
    drawn = [clip_frames(100, 30, 4, generator) for _ in range(200)]
    assert all(len(chosen) == 30 and (np.diff(chosen) > 0).all() for chosen in drawn)
    assert all(chosen[-1] - chosen[0] <= 33 for chosen in drawn)
    assert {chosen[-1] - chosen[0] for chosen in drawn} >= {31, 32, 33}
    assert min(chosen[0] for chosen in drawn) < 10
    assert max(chosen[-1] for chosen in drawn) > 90


def test_a_short_walk_is_repeated():
    generator = np.random.default_rng(0)
    assert clip_frames(4, 10, 4, generator).tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert clip_frames(10, 10, 4, generator).tolist() == list(range(10))


def test_a_fingerprint_depends_on_everything_that_decides_the_batches():
    changed = walks()
    changed.frames[2][3, 30, 20] = 0
    prints = [
        clips(walks()).fingerprint(),
        clips(changed).fingerprint(),
        clips(walks(), seed=2).fingerprint(),
        clips(walks(), skip=3).fingerprint(),
        clips(walks(), steps=4).fingerprint(),
        clips(walks(), augmentation=Augmentation()).fingerprint(),
        clips(walks().renumbered([1, 0, 2, 3])).fingerprint(),
    ]
    assert len(set(prints)) == len(prints)
    assert clips(walks()).fingerprint() == prints[0]


def test_judging_sees_every_walk_once_and_pads_with_empty_frames():
    source = walks(people=3, each=1, frames=11)
    batches = list(WholeWalks(source, batch_size=2, most_frames=10).in_order())
    assert [batch.real for batch in batches] == [2, 1]
    assert {batch.inputs.shape for batch in batches} == {(2, 16, 64, 44, 1)}
    seen = np.concatenate([batch.inputs[: batch.real] for batch in batches])
    assert np.rint(seen[:, 0, 0, 0, 0] * 255).astype(int).tolist() == [10, 11, 12]
    assert seen[:, :10].any(axis=(2, 3, 4)).all()
    assert not seen[:, 10:].any()


# What is held out.


def test_a_held_out_walk_is_of_a_person_with_other_walks_and_is_not_learned_from():
    source = walks()
    divided = hold_out(source, "walk", 0.34, 0)
    assert divided.is_probe.sum() == 4
    assert sorted(source.labels[divided.is_probe]) == [0, 1, 2, 3]
    learned = {frames[0, 0, 0, 0] for frames in divided.training.frames}
    probes = {source.frames[row][0, 0, 0, 0] for row in np.flatnonzero(divided.is_probe)}
    assert len(learned) == 8
    assert not learned & probes


def test_a_held_out_person_is_learned_from_in_no_walk():
    divided = hold_out(walks(), "subject", 0.5, 0)
    assert divided.classes == 2
    assert sorted(set(divided.training.labels.tolist())) == [0, 1]
    assert sorted(set(divided.judged.labels.tolist())) == [2, 3]
    assert divided.is_probe.tolist() == [False, True, True] * 2
    assert divided.training.names == divided.judged.names
    assert not {divided.training.frames[0][0, 0, 0, 0]} & {frames[0, 0, 0, 0] for frames in divided.judged.frames}


@pytest.mark.parametrize(("each", "by", "message"), [(1, "walk", "two walks"), (1, "subject", "two others")])
def test_nothing_to_hold_out_is_refused(each, by, message):
    with pytest.raises(InputError, match=message):
        hold_out(walks(each=each), by, 0.5, 0)


def test_retrieval_orders_first_by_rank_then_by_margin():
    labels = np.array([0, 1, 0, 1])
    probe = np.array([False, False, True, True])

    def found(*positions: float):
        return retrieval(np.array(positions)[:, None, None] * np.ones((1, 2, 1)), labels, probe)

    good, narrow, wrong = found(0, 1, 0.1, 0.9), found(0, 1, 0.4, 0.6), found(0, 1, 0.01, 0.49)
    assert (good.rank_1, good.equal_error_rate, good.margin) == pytest.approx((1.0, 0.0, 0.8))
    assert wrong.rank_1 == 0.5
    assert good.selection > narrow.selection > wrong.selection


# Augmentation.

CHANNELS = ("limb", "joint", "silhouette")


def always(**changes: float) -> Augmentation:
    return Augmentation(**{"flip": 0.0, "rotate": 0.0, "perspective": 0.0, **changes})


def figure(channels: int = 3) -> np.ndarray:
    frames = np.zeros((4, 64, 44, channels), np.float32)
    frames[:, 8:60, 14:26] = 1.0
    frames[:, 20:24, 26:34] = 1.0
    return frames


def test_nothing_is_changed_where_nothing_is_drawn():
    frames = figure()
    assert augment(frames, CHANNELS, Augmentation.none(), np.random.default_rng(0)) is frames


def test_a_mirror_image_is_one():
    frames = np.random.default_rng(0).random((2, 64, 44, 3)).astype(np.float32)
    found = augment(frames, CHANNELS, always(flip=1.0), np.random.default_rng(0))
    assert found == pytest.approx(frames[:, :, ::-1], abs=1e-5)


@pytest.mark.parametrize("what", ["rotate", "perspective", "erase"])
def test_one_draw_holds_for_all_frames_and_channels(what):
    frames = figure()
    found = augment(frames, CHANNELS, always(**{what: 1.0}), np.random.default_rng(3))
    assert np.abs(found - frames).max() > 0.5
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    assert (found == found[:1, :, :, :1]).all()
    assert (frames == figure()).all()


def test_a_rotation_stays_within_its_angle():
    frames = np.zeros((1, 64, 44, 1), np.float32)
    frames[:, 4, 22] = 1.0
    for seed in range(20):
        found = augment(frames, ("silhouette",), always(rotate=1.0), np.random.default_rng(seed))[0, :, :, 0]
        _, column = np.unravel_index(found.argmax(), found.shape)
        assert abs(column - 22) <= 28 * np.tan(np.radians(10.0)) + 1


def test_a_hole_takes_a_fifth_of_the_area_at_most():
    frames = np.ones((2, 64, 44, 1), np.float32)
    for seed in range(20):
        found = augment(frames, ("silhouette",), always(erase=1.0), np.random.default_rng(seed))
        assert 0.045 <= (found[0] == 0.0).mean() <= 0.205


def test_how_often_is_the_probability():
    frames, generator = figure(1), np.random.default_rng(0)
    changed = [augment(frames, ("silhouette",), always(rotate=0.2), generator) is not frames for _ in range(400)]
    assert 0.13 < np.mean(changed) < 0.27


def test_labels_stay_labels_and_a_mirror_exchanges_left_and_right():
    frames = np.zeros((2, 64, 44, 2), np.float32)
    frames[:, 10:30, 12:20] = (3.0, 1.0)
    frames[:, 30:60, 20:30] = (8.0, 1.0)
    settings = always(flip=1.0, rotate=1.0, perspective=1.0)
    found = augment(frames, ("parsing", "silhouette"), settings, np.random.default_rng(2))
    assert set(np.unique(found[..., 0]).tolist()) == {0.0, 4.0, 7.0}


# Settings.


def test_settings_survive_json():
    settings = training_preset("full", DeepGaitV2Settings(blocks=(1, 4, 4, 1))).with_(seed=7, patience=3)
    again = RecognitionTrainingSettings.from_dict(json.loads(json.dumps(settings.to_dict())))
    assert again == settings
    assert again.digest() == settings.digest()


def test_the_full_preset_is_the_published_training():
    base, xgait = training_preset("full"), training_preset("full", XGaitSettings())
    assert (base.people, base.walks_per_person, base.frames, base.steps) == (8, 16, 30, 60_000)
    assert (base.learning_rate, base.weight_decay, base.milestones) == (0.1, 5e-4, (20_000, 40_000, 50_000))
    assert (xgait.people, xgait.walks_per_person, xgait.steps) == (32, 2, 120_000)
    assert xgait.augmentation == Augmentation.none()
    assert training_preset("demo").network == GaitBaseSettings(width=0.25)


@pytest.mark.parametrize(
    "change", [{"milestones": (5, 5)}, {"milestones": (0,)}, {"network": GaitBaseSettings(classes=3)}, {"people": 1}]
)
def test_settings_that_make_no_sense_are_refused(change):
    with pytest.raises(SettingsError):
        RecognitionTrainingSettings(**change)


def test_an_unknown_preset_is_refused():
    with pytest.raises(SettingsError, match="demo, full"):
        training_preset("quick")


# Walkers of the demo.


@pytest.fixture(scope="module")
def two_styles() -> list:
    return same_body_walks(styles=2, walks=1)


def test_walkers_differ_in_body_and_gait_and_their_walks_in_the_day():
    first, again, other = demo_walks(people=2, walks=2)[:3]
    assert (first.subject, again.subject, other.subject) == ("walker01", "walker01", "walker02")
    assert first.truth.height_m == again.truth.height_m != other.truth.height_m
    assert not np.array_equal(first.truth.angles_deg[:20], again.truth.angles_deg[:20])
    assert first.truth.camera != again.truth.camera


def test_styles_share_a_body_and_differ_in_the_gait(two_styles):
    one, other = (walk.truth for walk in two_styles)
    assert one.height_m == other.height_m
    assert one.person_seed == other.person_seed
    assert abs(one.angles_deg[:30].max(axis=0) - other.angles_deg[:30].max(axis=0)).max() > 2.0


def test_a_walk_has_enough_frames_of_a_clear_silhouette(two_styles):
    sequence = drawn_silhouettes(two_styles[0])
    assert len(sequence) >= 34
    assert sequence.view == "side"
    filled = (sequence.silhouettes > 127).mean(axis=(1, 2))
    assert 0.1 < filled.min() < filled.max() < 0.5


def test_too_many_walkers_are_refused():
    with pytest.raises(SettingsError, match="500"):
        demo_walks(people=501)


def test_the_last_walk_of_each_walker_is_looked_for_among_the_others(monkeypatch):
    marks = {("walker01", 1): 10, ("walker01", 2): 30, ("walker02", 1): 100, ("walker02", 2): 40}

    class ByMark:
        """Embeds a walk as the brightness of its first pixel."""

        def __init__(self, network) -> None:
            assert network.settings == GaitBaseSettings()

        def embed(self, sequences):
            for frames in sequences:
                yield SimpleNamespace(parts=np.full((1, 1), frames[0, 0, 0, 0], np.float32))

    monkeypatch.setattr(demo, "Embedder", ByMark)
    walked = demo_walks(people=2, walks=2)
    sequences = []
    for walk in walked:
        frames = (bar() * 255).astype(np.uint8)
        frames[:, 0, 0] = marks[walk.subject, walk.number]
        sequences.append(GaitSequence.of_silhouettes(walk.name, frames))
    found = demo.judge_demo(SimpleNamespace(settings=GaitBaseSettings()), walked, sequences)
    assert (found.rank_1, found.people, found.walks) == (0.5, 2, 4)
    assert found.equal_error.genuine_pairs == 2
    assert found.to_dict()["equal_error_rate"] == found.equal_error.rate.mean > 0.0


def test_the_demo_learns_from_all_walks_but_the_last(monkeypatch):
    seen = {}

    def train(sequences, subjects, settings, **options):
        seen.update(sequences=sequences, subjects=subjects, settings=settings)

    monkeypatch.setattr(demo, "train_network", train)
    walked = demo_walks(people=2, walks=3)
    demo.train_demo(walked, [walk.name for walk in walked])
    assert seen["sequences"] == ["walker01_walk1", "walker01_walk2", "walker02_walk1", "walker02_walk2"]
    assert seen["subjects"] == ["walker01", "walker01", "walker02", "walker02"]
    assert seen["settings"].validation == "none"
