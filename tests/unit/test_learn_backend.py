"""Keras is loaded ahead only where it is needed; it runs on the device that `runtime` chose, as a plan says."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

import pytest

from gait_core.baseline.model_choice import needs_keras
from gait_core.baseline.run_settings import RunSettings
from gait_core.config import FeatureSettings, ThresholdSettings
from gait_core.errors import LibraryError
from gait_core.learn import backend
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.backend import executing, load_keras, training_device, training_versions
from gait_core.runtime.devices import VARIABLE, Device, ExecutionPlan


def settings(cell: str) -> RunSettings:
    return RunSettings(features=FeatureSettings(), learn=AutoencoderSettings(cell=cell), thresholds=ThresholdSettings())


def test_fine_tuning_the_shipped_model_needs_no_keras():
    assert not needs_keras(settings("gru"), from_scratch=False)
    assert needs_keras(settings("gru"), from_scratch=True)
    assert needs_keras(settings("lstm"), from_scratch=False)


def test_what_fails_ahead_is_left_to_the_place_that_needs_it(monkeypatch, caplog):
    def missing() -> None:
        raise LibraryError("Expected Keras to load, but it failed.", "Install it.")

    monkeypatch.setattr(backend, "load_keras", missing)
    with caplog.at_level(logging.INFO, logger="gait_core.learn.backend"):
        backend.preload().join(10.0)
    assert "loading ahead failed" in caplog.text


CPU = Device(kind="cpu", name="Some CPU", memory_bytes=1, usable_for=("training",), reason="", keras_type="CPU")
BUSY = "Visible devices cannot be modified after being initialized"


def gpu(number: int = 0, **more) -> Device:
    known = {"kind": "nvidia", "memory_bytes": 1 + number, "score": 100.0, "reason": "As found.", "keras_type": "GPU"}
    return Device(name=f"GPU {number}", number=number, **{"usable_for": ("training",), **known, **more})


@pytest.fixture
def settle(monkeypatch):
    """Return a function that settles on a device as TensorFlow would, with what TensorFlow was told."""
    told: dict[str, list] = {"visible": [], "growth": []}

    def set_visible_devices(devices):
        if told.get("busy"):
            raise RuntimeError(BUSY)
        told["visible"] = devices

    config = SimpleNamespace(
        list_physical_devices=lambda kind: [kind],
        set_visible_devices=set_visible_devices,
        experimental=SimpleNamespace(set_memory_growth=lambda one, grows: told["growth"].append((one, grows))),
    )

    def run(devices, seen, **more):
        told.update(more)
        monkeypatch.setattr(backend, "_seen", lambda name: seen)
        monkeypatch.setattr(backend, "find_devices", lambda: devices)
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
            return backend._settled.__wrapped__("tensorflow"), told

    monkeypatch.delenv(VARIABLE, raising=False)
    return run


def test_a_machine_without_a_gpu_library_trains_on_its_cpu(settle):
    choice, told = settle([CPU, gpu(usable_for=())], [])
    assert choice.device is CPU
    assert choice.reason == "GPU 0: TensorFlow does not see it. As found."
    assert told == {"visible": [], "growth": []}


def test_the_chosen_gpu_comes_first_and_its_memory_grows(settle, caplog):
    with caplog.at_level(logging.INFO, logger=backend.__name__):
        choice, told = settle([CPU, gpu(0), gpu(1)], ["gpu:0", "gpu:1"])
    assert choice.device.name == "GPU 1", "it has more memory"
    assert told["visible"] == ["CPU", "gpu:1", "gpu:0"]
    assert told["growth"] == [("gpu:1", True), ("gpu:0", True)]
    assert "networks run on GPU 1 with TensorFlow. As found." in caplog.text


def test_a_gpu_that_the_backend_sees_is_used_however_its_libraries_were_installed(settle):
    choice, _ = settle([CPU, gpu(usable_for=())], ["gpu:0"])
    assert (choice.device.name, choice.reason) == ("GPU 0", "TensorFlow sees it.")


def test_a_device_on_which_keras_runs_nothing_trains_nothing(settle):
    choice, told = settle([CPU, gpu(keras_type="", kind="abacus")], ["gpu:0"])
    assert choice.device is CPU
    assert told["visible"] == ["CPU"], "what was not chosen stays hidden"


def test_the_cpu_can_be_asked_for(settle, monkeypatch):
    monkeypatch.setenv(VARIABLE, "cpu")
    choice, told = settle([CPU, gpu()], ["gpu:0"])
    assert choice.device is CPU
    assert told["visible"] == ["CPU"]


def test_a_backend_that_had_started_before_is_told(settle):
    choice, _ = settle([CPU, gpu()], ["gpu:0"], busy=[True])
    assert choice.reason.endswith("TensorFlow had started before, so its devices stay as they are.")


@pytest.mark.parametrize(("device", "default"), [(CPU, "cpu:0"), (gpu(1), "gpu:1")])
def test_jax_has_the_chosen_device_as_its_default(monkeypatch, device, default):
    told: dict[str, str] = {}
    jax = SimpleNamespace(config=SimpleNamespace(update=told.__setitem__), devices=lambda kind: [f"{kind}:0"])
    monkeypatch.setitem(sys.modules, "jax", jax)
    assert backend._shown("jax", device, ["gpu:0", "gpu:1"])
    assert told == {"jax_default_device": default}


def test_the_versions_of_a_training_name_the_device():
    assert training_versions()["device"] == training_device().device.kind


def a_plan(**changes) -> ExecutionPlan:
    known = {"device": "cpu", "precision": "float32", "compile": False, "layout": "channels_last", "threads": 0}
    return ExecutionPlan(**{**known, "tf32": False, **changes})


def test_a_plan_is_applied_and_put_back():
    keras = load_keras()
    before = keras.config.dtype_policy().name, keras.config.image_data_format()
    with pytest.raises(ZeroDivisionError), executing(a_plan(precision="bfloat16", layout="channels_first")):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert keras.config.image_data_format() == "channels_first"
        assert keras.ops.matmul(keras.ops.ones((1, 2)), keras.ops.ones((2, 1))).shape == (1, 1)
        raise ZeroDivisionError
    assert (keras.config.dtype_policy().name, keras.config.image_data_format()) == before


def test_threads_that_cannot_be_changed_any_more_are_told(monkeypatch):
    monkeypatch.setattr(backend, "_set_threads", lambda name, threads: False)
    with executing(a_plan(threads=7)) as applied:
        assert applied.threads == 0
    assert "keeps the number of threads that it started with." in applied.reasons[-1]
