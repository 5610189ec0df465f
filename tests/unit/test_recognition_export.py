"""An exported network gives the numbers of Keras, for any number of sequences of any length, or is not left."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gait_core.errors import LibraryError, ModelError, SettingsError
from gait_core.pose.openvino.library import load_openvino
from gait_core.recognition import export
from gait_core.recognition.export import export_network
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import DeepGaitV2Settings, GaitBaseSettings, XGaitSettings


@pytest.fixture(scope="module")
def network():
    """Along time too, so that the mask matters; with a classifier."""
    built = build_network(DeepGaitV2Settings(width=0.0625, classes=3), seed=1)
    for parameter in built.parameters.by_name.values():
        if parameter.name.endswith(".bias"):
            parameter.variable.assign(np.full(parameter.source_shape, 0.3))
    return built


@pytest.fixture(scope="module", params=["xml", "onnx"])
def exported(request, network, tmp_path_factory):
    return export_network(network, tmp_path_factory.mktemp("exported") / f"walk.{request.param}")


def test_the_file_is_whole_and_agrees(exported):
    assert exported.difference <= exported.tolerance == 2e-5
    endings = {".xml": {"walk.xml", "walk.bin"}, ".onnx": {"walk.onnx"}}[exported.path.suffix]
    files = list(exported.path.parent.iterdir())
    assert {file.name for file in files} == endings
    assert exported.bytes == sum(file.stat().st_size for file in files)
    assert exported.outputs == ("parts", "vector", "logits")


def test_an_exported_embedding_is_the_same_alone_and_padded(exported, network):
    run = load_openvino().Core().compile_model(exported.path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    clip = np.random.default_rng(5).random((1, 7, *network.settings.frame_shape), dtype=np.float32)
    alone = run({"frames": clip, "valid": np.ones((1, 7), np.float32)})["parts"]
    frames = np.concatenate([np.pad(clip, ((0, 0), (0, 4), (0, 0), (0, 0), (0, 0))), np.ones((1, 11, 64, 44, 1))])
    valid = np.ones((2, 11), np.float32)
    valid[0, 7:] = 0.0
    padded = run({"frames": frames.astype(np.float32), "valid": valid})["parts"]
    open_ = run({"frames": frames.astype(np.float32), "valid": np.ones_like(valid)})["parts"]
    assert np.abs(padded[0] - alone[0]).max() <= 1e-5 * np.abs(alone).max()
    assert np.abs(open_[0] - alone[0]).max() > 1e-3 * np.abs(alone).max()  # the mask is in the file


def test_the_file_says_what_it_is(exported, network):
    if exported.format == "onnx":
        import onnx

        said = {entry.key: entry.value for entry in onnx.load(exported.path).metadata_props}
    else:
        model = load_openvino().Core().read_model(exported.path)
        said = {
            name: model.get_rt_info(["gait_studio", name]).astype(str) for name in ("network", "channels", "settings")
        }
    assert (said["network"], said["channels"]) == ("deepgaitv2", "silhouette")
    assert '"width": 0.0625' in said["settings"]


def test_labels_of_body_parts_are_exported_too(tmp_path):
    report = export_network(build_network(XGaitSettings(width=0.0625), seed=2), tmp_path / "x.xml")
    assert report.outputs == ("parts", "vector")
    assert report.difference <= 2e-5


def test_a_file_that_differs_is_not_left_and_the_earlier_one_stays(network, tmp_path, monkeypatch):
    def rounded(function, settings, path):
        model = load_openvino().convert_model(function.get_concrete_function())
        load_openvino().save_model(model, path, compress_to_fp16=True)

    monkeypatch.setitem(export._WRITERS, "openvino", rounded)
    (tmp_path / "walk.xml").write_text("earlier")
    with pytest.raises(ModelError, match="agree with Keras within 2e-05"):
        export_network(network, tmp_path / "walk.xml")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("walk.xml", "earlier")]


def test_a_failed_conversion_is_one_error(network, tmp_path, monkeypatch):
    def broken(function, settings, path):
        raise RuntimeError("first line\nno such operation")

    monkeypatch.setitem(export._WRITERS, "openvino", broken)
    with pytest.raises(ModelError, match="failed: no such operation"):
        export_network(network, tmp_path / "walk.xml")
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named(network, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(LibraryError) as caught:
        export_network(network, tmp_path / "walk.onnx")
    assert "requirements-export.txt" in caught.value.remedy
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("walk.pb", {}, "ending in .xml"),
        ("walk.xml", {"format": "onnx"}, "but got walk.xml for onnx"),
        ("walk.xml", {"tolerance": 0.0}, "tolerance above 0"),
        ("walk.xml", {"tolerance": float("nan")}, "tolerance above 0"),
    ],
)
def test_what_does_not_fit_is_refused(network, tmp_path, name, options, message):
    with pytest.raises(SettingsError, match=message):
        export_network(network, tmp_path / name, **options)


def test_half_precision_is_not_exported(tmp_path):
    network = build_network(GaitBaseSettings(width=0.0625), dtype="mixed_bfloat16")
    with pytest.raises(SettingsError, match="runs in bfloat16"):
        export_network(network, tmp_path / "walk.xml")
