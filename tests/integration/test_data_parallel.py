"""Two devices learn what one learns; each backend in a fresh process, which has two virtual CPU devices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.jax_process import jax_environment

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_learn_what_one_learns(backend):
    result = subprocess.run(
        [sys.executable, str(Path(__file__))],
        env=jax_environment("--xla_force_host_platform_device_count=2") | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["backend"] == backend
    np.testing.assert_allclose(told["two"]["loss"], told["one"]["loss"], atol=1e-4)
    np.testing.assert_allclose(told["two"]["val_loss"], told["one"]["val_loss"], atol=1e-4)
    np.testing.assert_allclose(told["two"]["probabilities"], told["one"]["probabilities"], atol=1e-3)
    assert told["devices"] == {"one": 1, "two": 2, "three": 2}
    assert told["notes"] == {
        "one": [],
        "two": [],
        "three": ["2 of 3 devices were used: there are no more of the kind."],
    }
    averaged = "TensorFlow cannot average" in told["averaged"]
    assert averaged == (backend == "tensorflow")


# What follows runs in a process of its own.


def on_this_backend() -> dict[str, object]:
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow

        (cpu,) = tensorflow.config.list_physical_devices("CPU")
        two = [tensorflow.config.LogicalDeviceConfiguration()] * 2
        tensorflow.config.set_logical_device_configuration(cpu, two)
    from gait_core.learn.backend import active_backend
    from gait_core.learn.classifiers import SampleShape, classifier
    from gait_core.learn.data_parallel import chosen_devices
    from gait_core.learn.datasets.samples import Samples

    draw = np.random.default_rng(0)
    labels = np.arange(22) % 2
    data = Samples(
        values=draw.normal(size=(22, 8, 2)) + labels[:, None, None],
        lengths=np.full(22, 8),
        labels=labels,
        subjects=np.arange(22).astype(np.str_),
        walks=np.arange(22).astype(np.str_),
        channels=("a_m", "b_m"),
        classes=("well", "ill"),
        kind="windows",
    )
    spec = classifier("naive_cnn")
    told: dict[str, object] = {"backend": active_backend(), "devices": {}, "notes": {}}
    for name, devices in (("one", 1), ("two", 2), ("three", 3)):
        epochs = 1 if name == "three" else 3
        settings = spec.settings(filters=4, epochs=epochs, batch_size=6, dropout=0.0, devices=devices)
        model = spec.build(settings, SampleShape.of(data))
        report = model.fit(data.take(slice(0, 15)), data.take(slice(15, None)))
        told["devices"][name] = max(1, len(chosen_devices(devices)[0]))
        told["notes"][name] = list(report.notes)
        told[name] = {
            "loss": report.history.loss,
            "val_loss": report.history.val_loss,
            "probabilities": model.predict(data).tolist(),
        }
    told["averaged"] = chosen_devices(2, accumulate=2)[1]
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(on_this_backend()) + "\n")
