"""One registry for all models: what stands in it, what a model of your own needs, and that looking loads no library."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from gait_core.config import Settings
from gait_core.errors import InputError, ModelError, SettingsError
from gait_core.learn.artefact import extend_artefact, load_artefact, save_artefact
from gait_core.learn.autoencoder import AUTOENCODER
from gait_core.learn.autoencoder.kind import AutoencoderKind
from gait_core.learn.classifiers import ClassifierKind, SampleShape, classifier, classifiers, load_classifier
from gait_core.learn.classifiers.array_classifier import ArrayClassifierKind, ArraySettings
from gait_core.learn.classifiers.majority import Majority
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import REGISTERED, InputShape, ModelKind, model_kind, model_kinds, register_model
from gait_core.recognition.networks.gaitbase import GaitBase
from gait_core.recognition.networks.model import NetworkKind, network_kind, network_kinds
from gait_core.recognition.networks.settings import GaitBaseSettings, XGaitSettings

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {"reconstruct": AutoencoderKind, "classify": ClassifierKind, "embed": NetworkKind}
SHAPE = SampleShape(n_steps=1, channels=("speed_m_s",), classes=("normal", "impaired"), kind="parameters")


@pytest.fixture
def add():
    """Return `register_model`; what it added is taken out after the test."""
    before = dict(REGISTERED)
    yield register_model
    REGISTERED.clear()
    REGISTERED.update(before)


def test_looking_finds_every_model_and_loads_no_library():
    code = (
        "import sys\nfrom gait_core.learn.registry import model_kinds\nprint(*(kind.name for kind in model_kinds()))\n"
        "print(sorted({'tensorflow', 'keras', 'sklearn', 'pandas', 'mediapipe', 'openvino'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names, loaded = done.stdout.splitlines()
    assert {
        "autoencoder",
        *("majority", "logistic_regression", "svm", "minirocket", "tcn", "lite", "naive_cnn"),
        *("gaitbase", "deepgaitv2", "skeletongait", "skeletongaitpp", "xgait"),
    } <= set(names.split())
    assert loaded == "[]"


@pytest.mark.parametrize("kind", model_kinds(), ids=lambda kind: kind.name)
def test_every_model_says_what_it_is(kind: ModelKind):
    assert isinstance(kind, FAMILIES[kind.task])
    assert kind.title and kind.describe.endswith(".") and kind.inputs and kind.axes
    defaults = kind.settings()
    assert kind.settings.from_dict(defaults.to_dict()) == defaults
    kind.check(InputShape(axes=(2,) * len(kind.axes)))
    with pytest.raises(InputError, match=f"for the model {kind.name}, but got"):
        kind.check(InputShape(axes=(2,) * (len(kind.axes) + 1)))


def test_filters_show_one_task_each():
    assert {kind.task for kind in classifiers()} == {"classify"}
    assert {kind.task for kind in network_kinds()} == {"embed"}
    assert len(classifiers()) + len(network_kinds()) < len(model_kinds())
    with pytest.raises(InputError, match="Expected the classifier to be one of"):
        classifier("gaitbase")
    with pytest.raises(SettingsError, match="Expected the network to be one of"):
        network_kind("svm")


# Models of your own.


class Always(Majority):
    """Gives the first class always."""

    name: ClassVar[str] = "always"

    def _probabilities(self, samples, arrays):
        return np.tile(np.eye(len(arrays["shares"]))[0], (len(samples), 1))


def test_a_classifier_of_your_own_is_trained_stored_and_loaded(add, tmp_path):
    kind = add(
        ArrayClassifierKind(
            name="always",
            title="Always the first",
            describe="For the test.",
            inputs=("parameters",),
            settings=ArraySettings,
            classifier=Always,
            parameters=lambda _, __: 0,
            memory=lambda _, __, rows: 8 * rows,
        )
    )
    assert classifier("always") is kind
    assert kind in classifiers("parameters") and kind not in classifiers("curves")
    data = Samples(
        values=np.ones((4, 1, 1), np.float32),
        lengths=np.ones(4, np.int64),
        labels=np.array([0, 1, 1, 1]),
        subjects=np.array(["a", "b", "c", "d"]),
        walks=np.array(["a", "b", "c", "d"]),
        channels=SHAPE.channels,
        classes=SHAPE.classes,
        kind=SHAPE.kind,
    )
    trained = kind.build(ArraySettings(), SHAPE)
    trained.fit(data)
    trained.save(tmp_path)
    assert load_artefact(tmp_path).kind is kind
    np.testing.assert_array_equal(load_classifier(tmp_path).predict(data), np.tile([1.0, 0.0], (4, 1)))
    del REGISTERED["always"]
    with pytest.raises(ModelError, match=r"the model to be one of .* but got 'always'"):
        load_classifier(tmp_path)


def test_a_model_of_your_own_that_gives_its_input_again_is_stored(add, tmp_path):
    kind = add(
        AutoencoderKind(
            name="echo",
            title="Echo",
            describe="For the test.",
            inputs=("windows",),
            axes=("frames",),
            settings=Settings,
            network=KerasNetwork(
                build=lambda _, shape: f"echo of {shape.axes}", parameters=lambda *_: 3, activations=lambda *_: 5
            ),
        )
    )
    shape = InputShape(axes=(7,))
    assert kind.build(Settings(), shape) == "echo of (7,)"
    assert kind.memory_bytes(Settings(), shape, 2) == 4 * (5 * 3 + 2 * 2 * 5)
    save_artefact(
        tmp_path, None, kind="echo", settings=Settings(), inputs=shape, versions={}, arrays={"delay": np.arange(3.0)}
    )
    found = load_artefact(tmp_path)
    assert found.kind is model_kind("echo") is kind
    with pytest.raises(ModelError, match="file of model"):
        kind.restore(found)
    with pytest.raises(ModelError, match="it holds a model of the kind echo"):
        load_classifier(tmp_path)


class TwinSettings(GaitBaseSettings):
    """The same network under another name."""

    network = "twin"


def test_a_network_of_your_own_is_counted_and_built(add):
    kind = add(replace(network_kind("gaitbase"), name="twin", settings=TwinSettings, body=GaitBase))
    settings = kind.settings(width=0.0625)
    shape = InputShape(axes=settings.frame_shape, classes=3)
    assert kind.memory_bytes(settings, shape, 20) > kind.memory_bytes(settings, shape, 10) > 0
    network = kind.build(settings, shape)
    assert network.name == "twin" and network.settings.classes == 3
    learned = sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)
    assert kind.parameter_count(settings, shape) == learned
    with pytest.raises(InputError, match=r"shape \(64, 44, 1\) for twin, but got \(64, 44, 2\)"):
        kind.build(settings, InputShape(axes=(64, 44, 2)))


def test_a_name_is_given_once(add):
    with pytest.raises(ValueError, match="'xgait', but it is registered twice"):
        add(replace(network_kind("xgait"), settings=XGaitSettings, title="Another"))
    assert add(AUTOENCODER) is AUTOENCODER


# What is added to a stored model.


def test_what_is_added_to_a_stored_model_is_vouched_for_too(tmp_path):
    shape = InputShape(axes=(8, 5))
    save_artefact(
        tmp_path / "m",
        None,
        kind="autoencoder",
        settings=AUTOENCODER.settings(),
        inputs=shape,
        versions={},
        arrays={"a": np.zeros(2)},
        details={"own": 1},
    )
    extend_artefact(tmp_path / "m", "usual", {"b": np.ones(3)}, {"added": 2})
    found = load_artefact(tmp_path / "m")
    assert found.manifest.details == {"own": 1, "added": 2}
    np.testing.assert_array_equal(found.arrays("usual")["b"], np.ones(3))
    np.testing.assert_array_equal(found.arrays()["a"], np.zeros(2))
    (tmp_path / "m.usual.npz").write_bytes((tmp_path / "m.npz").read_bytes())
    with pytest.raises(ModelError, match=r"Expected m.usual.npz as its manifest describes it"):
        load_artefact(tmp_path / "m")
