"""Weights of PyTorch trainings: what is read, what is refused, and that a converted network is stored whole."""

from __future__ import annotations

import io
import json
import pickle
import struct
import sys
import types
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import ModelError, NotFoundError, SettingsError
from gait_core.recognition.checkpoint_kind import settings_of_state
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import (
    DeepGaitV2Settings,
    GaitBaseSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)
from gait_core.recognition.stored import load_network, save_network
from gait_core.recognition.weights import convert_checkpoint, load_state, read_state_dict

SETTINGS = GaitBaseSettings(width=0.125, classes=4)


def state_of(settings, seed: int = 1) -> dict[str, np.ndarray]:
    """Return the weights of a random network as PyTorch has them."""
    network = build_network(settings, seed=seed)
    named = network.parameters.by_name
    return {name: own.to_source(np.asarray(own.variable)) for name, own in named.items()}


def safetensors(path: Path, state: dict[str, np.ndarray], kind: str = "F32") -> Path:
    table, numbers = {}, b""
    for name, value in state.items():
        content = value.tobytes()
        table[name] = {"dtype": kind, "shape": value.shape, "data_offsets": [len(numbers), len(numbers) + len(content)]}
        numbers += content
    text = json.dumps({"__metadata__": {"format": "pt"}, **table}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)
    return path


class Tensor:
    """Pickles as a tensor of PyTorch does."""

    def __init__(self, key: str, value: np.ndarray, torch: types.ModuleType) -> None:
        self.storage = ("storage", torch.FloatStorage, key, "cpu", value.size)
        self.value = value

    def __reduce__(self):
        strides = tuple(step // self.value.itemsize for step in self.value.strides)
        arguments = (self.storage, 0, self.value.shape, strides, False, OrderedDict())
        return sys.modules["torch._utils"]._rebuild_tensor_v2, arguments


@pytest.fixture
def torch_names(monkeypatch):
    """Put stand-ins for the names that such files hold where pickle looks for them."""

    def rebuild(*_):
        raise AssertionError("reading must not call anything")

    rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = "torch._utils", *["_rebuild_tensor_v2"] * 2
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    utils._rebuild_tensor_v2 = rebuild
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


def archive(path: Path, content: object, torch: types.ModuleType, *, cut: str = "") -> Path:
    """Write a file as `torch.save` does; `cut` leaves out one storage."""
    storages: dict[str, np.ndarray] = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value if isinstance(value, tuple) and value[:1] == ("storage",) else None

    def tensors(value):
        if isinstance(value, np.ndarray):
            key = str(len(storages))
            storages[key] = value
            return Tensor(key, value, torch)
        if isinstance(value, dict):
            return type(value)((name, tensors(inner)) for name, inner in value.items())
        return value

    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(tensors(content))
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("archive/data.pkl", buffer.getvalue())
        target.writestr("archive/byteorder", "little")
        for key, value in storages.items():
            if key != cut:
                target.writestr(f"archive/data/{key}", value.tobytes("A"))
    return path


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        DeepGaitV2Settings(width=0.125, blocks=(1, 3, 2, 1)),
        DeepGaitV2Settings(width=0.125, mode="2d", blocks=(2, 1, 1, 1)),
        DeepGaitV2Settings(width=0.125, mode="3d"),
        SkeletonGaitSettings(width=0.25, classes=3),
        SkeletonGaitPPSettings(width=0.125, classes=7),
        XGaitSettings(width=0.125, classes=2),
    ],
    ids=lambda settings: settings.network,
)
def test_a_state_dict_tells_its_network_and_fills_it(settings):
    state = state_of(settings)
    assert settings_of_state(state) == settings
    network = build_network(settings, seed=2)
    conversion = load_state(network, state, classifier="load" if settings.classes else "drop")
    assert {one.name for one in conversion.mapped} == set(state) == set(network.parameters.by_name)
    for name, own in network.parameters.by_name.items():
        assert np.array_equal(own.to_source(np.asarray(own.variable)), state[name])
    json.dumps(conversion.to_dict())


def test_safetensors_and_pt_files_give_the_same(tmp_path, torch_names):
    state = state_of(SETTINGS)
    counters = {"Backbone.forward_block.bn1.num_batches_tracked": np.array(3.0, np.float32)}
    wrapped = {
        "model": OrderedDict(
            (f"module.{name}", np.asarray(value, order="F")) for name, value in {**state, **counters}.items()
        ),
        "scheduler": {"milestones": Counter({20000: 1}), "last": 3, "rates": [0.1, 0.01], "note": "x", "none": None},
        "iteration": 60000,
    }
    first = read_state_dict(safetensors(tmp_path / "a.safetensors", state))
    # Column by column: the strides in the file count.
    second = read_state_dict(archive(tmp_path / "a.pt", wrapped, torch_names))
    assert set(second) - set(first) == set(counters)
    for name, value in state.items():
        assert np.array_equal(first[name], value)
        assert np.array_equal(second[name], value)
    network, conversion = convert_checkpoint(tmp_path / "a.pt", classifier="load")
    assert network.settings == SETTINGS
    assert conversion.ignored == tuple(counters)
    assert conversion.source == "a.pt"
    assert len(conversion.source_sha256) == 64


def test_sixteen_bit_numbers_are_read(tmp_path):
    values = {"a": np.array([1.0, -2.5, 0.15625], np.float32)}
    bits = {"a": (values["a"].view(np.uint32) >> 16).astype(np.uint16)}
    assert np.array_equal(read_state_dict(safetensors(tmp_path / "b.safetensors", bits, "BF16"))["a"], values["a"])
    half = {"a": values["a"].astype(np.float16)}
    assert np.array_equal(read_state_dict(safetensors(tmp_path / "h.safetensors", half, "F16"))["a"], half["a"])


def test_the_classifier_is_loaded_dropped_or_replaced(tmp_path):
    path = safetensors(tmp_path / "a.safetensors", state_of(SETTINGS))
    dropped, conversion = convert_checkpoint(path)
    assert dropped.settings.classes == 0
    assert conversion.dropped == ("BNNecks.fc_bin",)
    replaced, conversion = convert_checkpoint(path, SETTINGS.with_(classes=9), classifier="replace")
    assert replaced.settings.classes == 9
    assert conversion.dropped == conversion.fresh == ("BNNecks.fc_bin",)
    loaded, conversion = convert_checkpoint(path, classifier="load")
    assert loaded.settings.classes == 4
    assert conversion.dropped == ()
    with pytest.raises(SettingsError, match="number of people"):
        convert_checkpoint(path, classifier="replace")
    with pytest.raises(SettingsError, match="load, drop or replace"):
        load_state(loaded, state_of(SETTINGS), classifier="forget")
    with pytest.raises(SettingsError, match="network has none"):
        load_state(dropped, state_of(SETTINGS), classifier="load")
    with pytest.raises(SettingsError, match="network has one"):
        load_state(loaded, state_of(SETTINGS), classifier="drop")


def changed(name: str, value: np.ndarray | None) -> dict[str, np.ndarray]:
    state = state_of(SETTINGS)
    if value is None:
        del state[name]
    else:
        state[name] = value
    return state


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FCs.fc_bin", None, "1 of its weights are missing (FCs.fc_bin)"),
        ("extra.weight", np.zeros(3, np.float32), "1 do not belong to it (extra.weight)"),
        ("FCs.fc_bin", np.zeros((16, 64, 128), np.float32), "shape (16, 64, 256), but got (16, 64, 128)"),
        ("FCs.fc_bin", np.full((16, 64, 256), np.nan, np.float32), "262144 of 262144 are not"),
        ("FCs.fc_bin", np.full((16, 64, 256), 1e300), "finite numbers in FCs.fc_bin"),
        ("FCs.fc_bin", np.zeros((16, 64, 256), np.int8), "but got int8"),
        ("BNNecks.bn1d.running_var", np.full(4096, -1.0, np.float32), "no variance below 0"),
    ],
)
def test_a_wrong_weight_is_named_and_nothing_is_changed(name, value, message):
    network = build_network(SETTINGS, seed=5)
    before = [np.asarray(variable).copy() for variable in network.variables]
    with pytest.raises(ModelError) as caught:
        load_state(network, changed(name, value))
    assert message in str(caught.value)
    assert all(np.array_equal(old, new) for old, new in zip(before, network.variables, strict=True))


def test_weights_of_another_network_are_recognised():
    state = state_of(DeepGaitV2Settings(width=0.125, blocks=(1, 2, 2, 1), classes=4))
    with pytest.raises(ModelError) as caught:
        load_state(build_network(SETTINGS), state)
    assert "looks like deepgaitv2 (mode=p3d, blocks=(1, 2, 2, 1), width=0.125)" in caught.value.message
    with pytest.raises(ModelError, match="3 arrays with names such as a, b, c"):
        settings_of_state({name: np.zeros(1) for name in "abc"})
    with pytest.raises(ModelError, match="shapes fit none"):
        settings_of_state(changed("Backbone.forward_block.conv1.conv.weight", np.zeros((3, 1, 3, 3))))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_a_truncated_file_is_refused(tmp_path, torch_names, share):
    for path in (
        safetensors(tmp_path / "a.safetensors", state_of(SETTINGS)),
        archive(tmp_path / "a.pt", state_of(SETTINGS), torch_names),
    ):
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ModelError) as caught:
            convert_checkpoint(path)
        assert "again" in caught.value.remedy


def test_a_missing_storage_is_refused(tmp_path, torch_names):
    path = archive(tmp_path / "a.pt", {"a": np.ones(3, np.float32)}, torch_names, cut="0")
    with pytest.raises(ModelError, match="file is incomplete"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("settings", "missing", "network"),
    [
        (SETTINGS, ["Backbone.forward_block.conv1.conv.weight"], "gaitbase"),
        (DeepGaitV2Settings(width=0.125), ["layer0.forward_block.0.weight"], "deepgaitv2 or skeletongait"),
        (DeepGaitV2Settings(width=0.125, blocks=(1, 4, 4, 1)), ["layer0.forward_block.0.weight"], "deepgaitv2"),
        (SkeletonGaitPPSettings(width=0.125), ["sil_layer0.forward_block.0.weight"], "skeletongaitpp"),
        (XGaitSettings(width=0.125), ["Backbone_par.forward_block.conv1.conv.weight"], "xgait"),
    ],
)
def test_a_checkpoint_that_lacks_a_weight_is_told_which(settings, missing, network):
    state = {name: array for name, array in state_of(settings).items() if name not in missing}
    with pytest.raises(ModelError) as caught:
        settings_of_state(state)
    assert f"all weights of {network}" in caught.value.message
    assert f"1 of them is missing ({missing[0]})" in caught.value.message


def test_a_checkpoint_without_a_whole_stage_is_told_what_it_lacks():
    state = {name: array for name, array in state_of(DeepGaitV2Settings(width=0.125)).items() if "layer3." not in name}
    with pytest.raises(ModelError, match=r"deepgaitv2 .* are missing \(layer3\."):
        settings_of_state(state)


class Harmful:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def test_a_pickle_that_wants_more_than_tensors_is_refused_and_not_run(tmp_path, torch_names):
    marker = tmp_path / "was run"
    path = archive(tmp_path / "a.pt", {"model": {"a": Harmful(marker)}}, torch_names)
    with pytest.raises(ModelError) as caught:
        read_state_dict(path)
    assert "Nothing of the file has been run" in caught.value.message
    assert "safetensors" in caught.value.remedy
    assert not marker.exists()


@pytest.mark.parametrize(
    "instructions",
    [
        b"cos\nsystem\n(X\x04\x00\x00\x00truetR.",
        b"c__builtin__\neval\n(X\x01\x00\x00\x001tR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
        b"(X\x04\x00\x00\x00truecos\nsystem\no.",
        b"(X\x04\x00\x00\x00trueios\nsystem\n.",
        b"ctorch\nFloatStorage\n)R.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00)))tR.",
        b"ccollections\nOrderedDict\n)\x81.",
        b"X\x01\x00\x00\x00a.",
        b"}",
        b"h\x05.",
        b"t.",
    ],
)
def test_other_instructions_are_refused(tmp_path, instructions):
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("archive/data.pkl", instructions)
    with pytest.raises(ModelError) as caught:
        read_state_dict(path)
    assert "safetensors" in caught.value.remedy


def test_other_files_are_refused(tmp_path):
    (tmp_path / "old.pt").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelError, match=r"plain pickle .* which is not read"):
        read_state_dict(tmp_path / "old.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "old.pt").read_bytes()[:-1])
    with pytest.raises(ModelError, match="cut short or of an older format"):
        read_state_dict(tmp_path / "cut.pt")
    with pytest.raises(ModelError, match="ending in"):
        read_state_dict(tmp_path / "a.onnx")
    for name in ("a.pt", "a.safetensors"):
        with pytest.raises(ModelError, match="cannot be read"):
            read_state_dict(tmp_path / name)
    table = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "b.safetensors").write_bytes(struct.pack("<Q", len(table)) + table + b"\0" * 8)
    with pytest.raises(ModelError, match="does not fit its shape"):
        read_state_dict(tmp_path / "b.safetensors")


def test_a_stored_network_gives_the_same_embedding(tmp_path):
    network, conversion = convert_checkpoint(safetensors(tmp_path / "a.safetensors", state_of(SETTINGS)))
    path = save_network(network, tmp_path / "models" / "own.keras", conversion)
    again = load_network(path)
    assert again.settings == network.settings
    inputs = {
        "frames": np.random.default_rng(0).random((1, 4, 64, 44, 1), dtype=np.float32),
        "valid": np.ones((1, 4), np.float32),
    }
    assert np.array_equal(np.asarray(network(inputs)["parts"]), np.asarray(again(inputs)["parts"]))
    report = json.loads(path.with_suffix(".json").read_text())
    assert report["model"] == "gaitbase"
    assert len(report["details"]["conversion"]["mapped"]) == len(conversion.mapped)
    assert sorted(file.name for file in path.parent.iterdir()) == ["own.json", "own.keras"]


def test_what_is_no_stored_network_is_refused(tmp_path):
    network = build_network(SETTINGS)
    with pytest.raises(SettingsError, match=r"\.keras"):
        save_network(network, tmp_path / "a.h5")
    path = save_network(network, tmp_path / "a.keras")
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"x" * 100):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match="file has changed"):
            load_network(path)
    other = save_network(build_network(SETTINGS, seed=1), tmp_path / "b.keras")
    path.write_bytes(other.read_bytes())
    with pytest.raises(ModelError, match="file has changed"):
        load_network(path)
    with pytest.raises(NotFoundError):
        load_network(tmp_path / "missing.keras")
