"""What holds for every classifier: shapes, learning, storage, determinism, lengths and clear errors."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from gait_core.errors import Cancelled, InputError, ModelError, SettingsError
from gait_core.learn.classifiers import SampleShape, classifier, classifiers, load_classifier
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.datasets.clips import Clips
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.registry import model_kind
from gait_core.progress import Reporter

CHANNELS = ("left_knee_flexion_deg", "right_knee_flexion_deg", "pelvis_height_pct")
STEPS = 25
SMALL = {
    "tcn": {"filters": 6, "blocks": 2, "dropout": 0.1},
    "lite": {"filters": 4, "kernel": 16},
    "naive_cnn": {"filters": 8},
    "minirocket": {"n_features": 252},
    "variable_ar_cnn": {"filters": 4, "units": 16, "frames": 8, "learning_rate": 0.005},
    "vit_gru": {"width": 16, "heads": 2, "blocks": 1, "units": 16, "frames": 8},
    "vit_transformer": {"width": 16, "heads": 2, "blocks": 1, "time_blocks": 1, "frames": 8},
}
NETWORKS = {spec.name for spec in classifiers() if issubclass(spec.settings, NetworkSettings)}
# Networks treat curves and windows alike; one of the two is enough.
CASES = [
    (spec.name, kind)
    for spec in classifiers()
    for kind in spec.inputs
    if spec.name not in NETWORKS or kind in ("curves", "clips")
]
LEARNING = [(name, kind) for name, kind in CASES if name != "majority"]


def samples(kind: str = "curves", n: int = 24, *, n_classes: int = 2, seed: int = 0, unequal: bool = False) -> Samples:
    """Classes that differ in the height of the signal; three rows of each subject."""
    draw = np.random.default_rng(seed)
    if kind == "clips":
        return clips(draw, np.arange(n) // 2 % n_classes, n_classes, unequal=unequal)
    steps = 1 if kind == "parameters" else STEPS
    labels = np.arange(n) // 2 % n_classes
    wave = np.sin(np.linspace(0, 2 * np.pi, steps) + 1)[None, :, None]
    values = 40 + (6 + 5 * labels)[:, None, None] * (wave + 0.5) + draw.normal(0, 0.8, (n, steps, len(CHANNELS)))
    lengths = draw.integers(steps * 2 // 3, steps + 1, n) if unequal and steps > 1 else np.full(n, steps)
    values[np.arange(steps) >= lengths[:, None]] = 0
    return Samples(
        values=values.astype(np.float32),
        lengths=lengths,
        labels=labels,
        subjects=np.array([f"s{row % 2}{labels[row]}{row // (4 * n_classes)}" for row in range(n)]),
        walks=np.array([f"w{row}" for row in range(n)]),
        channels=CHANNELS,
        classes=("normal", "impaired", "other")[:n_classes],
        kind=kind,
    )


def clips(draw: np.random.Generator, labels: np.ndarray, n_classes: int, *, unequal: bool) -> Samples:
    """Walkers of two bars, whose step is longer and slower in one class than in the other."""
    frames, summaries = [], []
    for label in labels.tolist():
        count = int(draw.integers(6, 15)) if unequal else 10
        clip = np.zeros((count, 64, 44, 1), np.uint8)
        reach = np.rint((4 + 8 * label) * np.abs(np.sin(np.arange(count) * (0.9 - 0.3 * label) + draw.random())))
        for image, shift in zip(clip, reach.astype(int).tolist(), strict=True):
            image[:40, 18:26] = 220
            image[40:, 20 - shift : 24 - shift] = image[40:, 20 + shift : 24 + shift] = 255
        frames.append(clip)
        grid = clip.reshape(count, 16, 4, 11, 4, 1).mean(axis=(2, 4)) / 255
        summaries.append(np.stack([grid.mean(axis=0), grid.std(axis=0)]).reshape(-1, 1))
    n = len(labels)
    return Samples(
        values=np.stack(summaries),
        lengths=np.full(n, 352),
        labels=labels,
        subjects=np.array([f"s{row % 2}{labels[row]}{row // (4 * n_classes)}" for row in range(n)]),
        walks=np.array([f"w{row}" for row in range(n)]),
        channels=("silhouette",),
        classes=("normal", "impaired", "other")[:n_classes],
        kind="clips",
        clips=Clips.of(frames),
    )


def settings_of(name: str, **changes):
    spec = classifier(name)
    own = SMALL.get(name, {})
    if issubclass(spec.settings, NetworkSettings):
        own = {"epochs": 20, "learning_rate": 0.02, "batch_size": 6} | own
    return spec.settings(**(own | changes))


def built(name: str, training: Samples, **changes):
    return classifier(name).build(settings_of(name, **changes), SampleShape.of(training))


@pytest.fixture(scope="module", params=CASES, ids=["-".join(case) for case in CASES])
def trained(request):
    name, kind = request.param
    data = samples(kind, unequal=True)
    model = built(name, data)
    return model, data, model.fit(data)


def test_probabilities_have_a_column_for_each_class_and_sum_to_1(trained):
    model, _, _ = trained
    found = model.predict(samples(model.shape.kind, 7, seed=1))
    assert found.shape == (7, 2)
    assert found.dtype == np.float64
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)


def test_no_rows_give_no_probabilities(trained):
    model, data, _ = trained
    assert model.predict(data.take([])).shape == (0, 2)


def test_separable_classes_are_told_apart(trained):
    model, _, _ = trained
    others = samples(model.shape.kind, 40, seed=2)
    right = (model.predict(others).argmax(axis=1) == others.labels).mean()
    assert right == 0.5 if model.name == "majority" else right > 0.85


def test_a_stored_classifier_predicts_the_same(trained, tmp_path):
    model, data, _ = trained
    model.save(tmp_path)
    again = load_classifier(tmp_path)
    assert (again.name, again.settings, again.shape) == (model.name, model.settings, model.shape)
    np.testing.assert_allclose(again.predict(data), model.predict(data), rtol=0, atol=1e-7)


def test_padding_changes_nothing(trained):
    model, data, _ = trained
    if model.shape.kind in ("parameters", "clips"):
        return  # nothing to pad; the frames of clips in test_classifiers_clips
    together = model.predict(data)
    for row in (0, 5):
        length = int(data.lengths[row])
        alone = replace(data.take([row]), values=data.values[[row], :length])
        longer = replace(data.take([row]), values=np.pad(data.values[[row]], ((0, 0), (0, 9), (0, 0))))
        for other in (alone, longer):
            np.testing.assert_allclose(model.predict(other)[0], together[row], rtol=0, atol=2e-5)


def test_the_mirror_image_gets_the_same_probabilities(trained):
    model, data, _ = trained
    np.testing.assert_allclose(model.predict(data.mirrored()), model.predict(data), rtol=0, atol=1e-6)


def test_the_declared_number_of_parameters_is_that_of_the_trained_model(trained):
    model, _, report = trained
    declared = classifier(model.name).parameter_count(model.settings, model.shape)
    if model.name == "svm":  # support vectors, known only afterwards, are not declared
        assert declared < report.parameters
    elif model.name == "logistic_regression" or model.name == "majority" or report.history is not None:
        assert declared == report.parameters
    else:
        assert declared == pytest.approx(report.parameters, rel=0.05)


def test_other_channels_are_refused(trained):
    model, data, _ = trained
    other = replace(data, channels=("left_hip_deg", "right_hip_deg", "pelvis_height_pct")[: len(data.channels)])
    with pytest.raises(InputError, match="Expected channels"):
        model.predict(other)


# `vit_gru` shares its parts with the other two networks for clips.
SEEDED = [case for case in LEARNING if case[0] != "vit_gru"]


@pytest.mark.parametrize(("name", "kind"), SEEDED, ids=["-".join(case) for case in SEEDED])
def test_the_same_seed_gives_the_same_classifier(name, kind):
    data = samples(kind)
    short = {"epochs": 2} if name in NETWORKS else {}
    first, second = (built(name, data, seed=3, **short) for _ in range(2))
    first.fit(data)
    second.fit(data)
    np.testing.assert_array_equal(first.predict(data), second.predict(data))


@pytest.mark.parametrize("name", [spec.name for spec in classifiers()])
def test_a_single_class_is_refused(name):
    data = samples(classifier(name).inputs[0])
    one = data.take(data.labels == 1)
    with pytest.raises(InputError, match="only impaired"):
        built(name, one).fit(one)


@pytest.mark.parametrize("name", [spec.name for spec in classifiers()])
def test_an_untrained_classifier_says_so(name, tmp_path):
    model = built(name, samples(classifier(name).inputs[0]))
    for act in (lambda: model.predict(samples()), lambda: model.save(tmp_path)):
        with pytest.raises(ModelError, match="never trained"):
            act()


@pytest.mark.parametrize("name", [spec.name for spec in classifiers()])
def test_a_class_without_rows_is_never_the_answer(name):
    kind = classifier(name).inputs[0]
    data = samples(kind, 24)
    third = replace(data, classes=("normal", "impaired", "other"))
    model = built(name, third)
    model.fit(third)
    found = model.predict(third)
    assert found.shape == (24, 3)
    assert (found.argmax(axis=1) < 2).all()


@pytest.mark.parametrize("name", ["logistic_regression", "svm", "minirocket"])
def test_three_classes_are_told_apart(name):
    data, others = samples(n=36, n_classes=3), samples(n=30, n_classes=3, seed=5)
    model = built(name, data)
    model.fit(data)
    assert (model.predict(others).argmax(axis=1) == others.labels).mean() > 0.85


def test_missing_values_are_refused_before_any_classifier_sees_them():
    values = samples().values.copy()
    values[3, 2, 1] = np.nan
    with pytest.raises(InputError, match="NaN"):
        replace(samples(), values=values)


def test_kinds_of_samples_that_a_classifier_does_not_take_are_refused():
    data = samples("parameters")
    with pytest.raises(InputError, match="Expected curves or windows for tcn"):
        built("tcn", data).fit(data)
    assert "tcn" not in {spec.name for spec in classifiers("parameters")}


def test_the_registry_knows_the_classifiers_and_says_so():
    assert {"majority", "logistic_regression", "svm", "minirocket", "tcn", "lite", "naive_cnn"} <= {
        spec.name for spec in classifiers()
    }
    assert model_kind("tcn").task == "classify"
    with pytest.raises(InputError, match="Expected the classifier to be one of"):
        classifier("forest")


def test_every_classifier_declares_memory_that_grows_with_the_rows():
    for spec in classifiers():
        shape = SampleShape.of(samples(spec.inputs[0]))
        few, many = (spec.memory_bytes(settings_of(spec.name), shape, rows) for rows in (100, 10_000))
        assert 0 < few < many


def test_a_changed_file_of_arrays_is_refused(tmp_path):
    data = samples()
    model = built("svm", data)
    model.fit(data)
    model.save(tmp_path)
    content = (tmp_path / "model.npz").read_bytes()
    (tmp_path / "model.npz").write_bytes(content + b"!")
    with pytest.raises(ModelError, match="file has changed"):
        load_classifier(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "in format 1, but"),
        ({"model": "forest"}, "the model to be one of .*majority.* but got 'forest'"),
        ({"model": "autoencoder", "settings": {}}, "classifier in .* model of the kind autoencoder"),
        ({"details": {}}, "describe the rows"),
        ({"inputs": {"axes": [3, 4], "classes": 2}}, r"of size \(3, 4\)"),
        ({"sha256": "0"}, "as an earlier version"),
    ],
)
def test_a_changed_description_is_refused(change, message, tmp_path):
    data = samples()
    model = built("majority", data)
    model.fit(data)
    model.save(tmp_path)
    document = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(document | change))
    with pytest.raises(ModelError, match=message):
        load_classifier(tmp_path)


def test_a_cancelled_training_ends():
    data = samples()
    for name in ("logistic_regression", "svm", "minirocket", "naive_cnn"):
        with pytest.raises(Cancelled):
            built(name, data).fit(data, reporter=Reporter(cancelled=lambda: True))


def test_settings_out_of_range_are_refused():
    with pytest.raises(SettingsError, match="loss"):
        settings_of("tcn", loss="hinge")
    with pytest.raises(SettingsError, match="plateau_patience below patience"):
        settings_of("tcn", schedule="plateau", patience=5, plateau_patience=5)
    with pytest.raises(SettingsError, match="dropout"):
        settings_of("tcn", dropout=1.0)
