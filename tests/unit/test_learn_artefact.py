"""Stored models: what was saved comes back; what was changed, is unknown, escapes or is absurd is refused."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from gait_core.baseline.pretrained import PRETRAINED_FOLDER, load_pretrained
from gait_core.errors import InputError, ModelError, NotFoundError, StorageError
from gait_core.learn import artefact_files
from gait_core.learn.artefact import load_artefact, save_artefact
from gait_core.learn.autoencoder import AUTOENCODER, AutoencoderSettings
from gait_core.learn.history import History
from gait_core.learn.registry import InputShape, model_kind, model_kinds, register_model
from gait_core.storage.zip_archive import ArchiveLimits

SMALL = AutoencoderSettings(units=6, latent=3)
SHAPE = InputShape(axes=(8, 5))


@pytest.fixture(scope="module")
def model():
    return AUTOENCODER.build(SMALL, SHAPE)


def save(place: Path, model, **changes):
    history = History(loss=[0.5, 0.25], val_loss=[0.75, 0.1 + 0.2], best_epoch=2, metrics={"mae": [0.5, float("nan")]})
    facts = {
        "kind": "autoencoder",
        "settings": SMALL,
        "inputs": SHAPE,
        "versions": {"keras": "3"},
        "history": history,
        "feature_names": ("a", "b", "c", "d", "e"),
        "arrays": {"mean": np.arange(5.0)},
        "details": {"people": 7},
    }
    return save_artefact(place, model, **(facts | changes))


@pytest.mark.parametrize("place", ["stem", "folder"])
def test_what_was_saved_comes_back(place, tmp_path, model):
    where = tmp_path if place == "folder" else tmp_path / "deep" / "m"
    saved = save(where, model)
    found = load_artefact(where)
    assert found.manifest.to_dict() == saved.manifest.to_dict()
    assert found.manifest.settings == SMALL
    assert found.manifest.inputs == SHAPE
    assert found.manifest.history.val_loss == [0.75, 0.1 + 0.2]
    assert np.isnan(found.manifest.history.first_val_loss)
    assert found.manifest.details == {"people": 7}
    np.testing.assert_array_equal(found.arrays()["mean"], np.arange(5.0))
    for one, two in zip(found.model().get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    stem = "model" if place == "folder" else "m"
    assert sorted(path.name for path in found.folder.iterdir()) == [f"{stem}.json", f"{stem}.keras", f"{stem}.npz"]


def test_a_model_without_arrays_says_so(tmp_path, model):
    save(tmp_path, model, arrays=None)
    with pytest.raises(ModelError, match="file of arrays"):
        load_artefact(tmp_path).arrays()


@pytest.fixture
def stored(tmp_path, model):
    save(tmp_path, model)
    return tmp_path


def rewrite(stored: Path, change) -> None:
    values = json.loads((stored / "model.json").read_text())
    change(values)
    (stored / "model.json").write_text(json.dumps(values))


def put(stored: Path, role: str, content: bytes) -> None:
    """Replace a file and make the manifest vouch for the new one, as an attacker would."""
    name = {"model": "model.keras", "arrays": "model.npz"}[role]
    (stored / name).write_bytes(content)
    facts = {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    rewrite(stored, lambda values: values["files"].update({role: facts}))


@pytest.mark.parametrize("name", ["model.keras", "model.npz"])
def test_a_changed_file_is_noticed(name, stored):
    content = bytearray((stored / name).read_bytes())
    content[len(content) // 2] ^= 1
    (stored / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"Expected {name} as its manifest describes it"):
        load_artefact(stored)
    (stored / name).unlink()
    with pytest.raises(ModelError, match=f"Expected {name} in .*is missing"):
        load_artefact(stored)


@pytest.mark.parametrize("name", ["../model.keras", "/etc/passwd", "a/b.keras", "..", "C:\\a", "", ".hidden", "a\x00b"])
def test_a_file_elsewhere_is_refused(name, stored):
    rewrite(stored, lambda values: values["files"]["model"].update(name=name))
    with pytest.raises(ModelError, match="plain name"):
        load_artefact(stored)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda values: values.update(format=2), "in format 1, but it has the format 2"),
        (lambda values: values.update(format="1"), "has the format '1'"),
        (lambda values: values.update(model="unheard_of"), "model to be one of autoencoder.*'unheard_of'"),
        (lambda values: values["settings"].update(units=-1), "units between"),
        (lambda values: values["settings"].update(wings=2), "wings"),
        (lambda values: values["inputs"].update(axes=[8]), "shape"),
        (lambda values: values.pop("history"), "history"),
        (lambda values: values["files"]["model"].update(sha256="00"), "SHA-256"),
        (lambda values: values.clear(), "format None"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(change, text, stored):
    rewrite(stored, change)
    with pytest.raises(ModelError, match=text):
        load_artefact(stored)


@pytest.mark.parametrize("content", ["[]", "null", "3"])
def test_other_json_is_no_manifest(content, stored):
    (stored / "model.json").write_text(content)
    with pytest.raises(ModelError, match="format None"):
        load_artefact(stored)


def test_no_manifest_and_half_of_one(stored):
    (stored / "model.json").write_text('{"format": 1, "mod')
    with pytest.raises(StorageError, match="damaged"):
        load_artefact(stored)
    (stored / "model.json").unlink()
    with pytest.raises(NotFoundError):
        load_artefact(stored)


def test_absurd_sizes_are_refused_before_anything_is_unpacked(stored, monkeypatch):
    found = load_artefact(stored)
    few = ArchiveLimits(unpacked_bytes=1000)
    monkeypatch.setattr("gait_core.learn.keras_archive._LIMITS", few)
    with pytest.raises(ModelError, match=r"model.keras to be an archive .* unpacks to \d+ bytes, more than the 1000"):
        found.model()
    monkeypatch.setattr(artefact_files, "NPZ_LIMITS", ArchiveLimits(members=0))
    with pytest.raises(ModelError, match=r"model.npz to be an archive .*1 parts"):
        found.arrays()
    monkeypatch.setattr(artefact_files, "_FILE_BYTES", 100)
    with pytest.raises(ModelError, match="at most 100 bytes"):
        load_artefact(stored)


def weights_of(fill):
    with io.BytesIO() as buffer:
        with h5py.File(buffer, "w") as file:
            fill(file)
        return buffer.getvalue()


def announces_much(file):
    file.create_dataset("layers/dense/vars/0", (100_000, 1_000_000), "f8", chunks=(1000, 1000))


def compressed(file):
    file.create_dataset("vars/0", data=np.zeros(3_000_000, np.float32), compression="gzip")


def elsewhere(file):
    file["layers"] = h5py.ExternalLink("/etc/passwd", "/")


def inside_out(file):
    file.create_dataset("vars/0", (10,), "u1", external=[("/etc/passwd", 0, 10)])


def soft(file):
    file["vars"] = h5py.SoftLink("/")


@pytest.mark.parametrize(
    ("part", "content", "words"),
    [
        ("config.json", lambda: b" " * 20 * 1024**2 + b"{}", "that unpack to"),
        ("config.json", lambda: b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested deeper"),
        ("config.json", lambda: b'{"units": Infinity}', "not a number"),
        ("model.weights.h5", lambda: weights_of(announces_much), "announces weights of 800000000000"),
        ("model.weights.h5", lambda: weights_of(compressed), "announces weights of 12000000"),
        ("model.weights.h5", lambda: weights_of(elsewhere), "leads out of the file"),
        ("model.weights.h5", lambda: weights_of(soft), "leads out of the file"),
        ("model.weights.h5", lambda: weights_of(inside_out), "lies in another file"),
        ("model.weights.h5", lambda: b"no weights at all", "to be an archive"),
    ],
    ids=["bomb", "deep", "infinite", "huge", "packed", "link", "soft link", "external", "text"],
)
def test_a_model_that_would_fill_the_memory_or_lead_elsewhere_is_refused_first(stored, part, content, words):
    whole = zipfile.ZipFile(stored / "model.keras")
    parts = {name: whole.read(name) for name in whole.namelist()} | {part: content()}
    whole.close()
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, own in parts.items():
                archive.writestr(name, own)
        put(stored, "model", buffer.getvalue())
    artefact = load_artefact(stored)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=words):
            artefact.model()
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_a_model_that_is_no_archive_is_not_loaded(stored):
    """Keras reads a plain HDF5 file by an older way that knows no safe mode."""
    put(stored, "model", b"\x89HDF\r\n\x1a\n" + bytes(200))
    with pytest.raises(ModelError, match="to be an archive"):
        load_artefact(stored).model()


def test_an_archive_that_leaves_its_place_is_not_loaded(stored):
    with zipfile.ZipFile(stored / "model.keras", "a") as archive:
        archive.writestr("assets/../../../evil", b"x")
    put(stored, "model", (stored / "model.keras").read_bytes())
    with pytest.raises(ModelError, match=r"evil"):
        load_artefact(stored).model()


def test_code_in_a_model_is_not_run(stored):
    from gait_core.learn.backend import load_keras

    keras = load_keras()
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs)).save(stored / "model.keras")
    put(stored, "model", (stored / "model.keras").read_bytes())
    with pytest.raises(ModelError, match="safe mode"):
        load_artefact(stored).model()


def test_the_shipped_model_is_what_its_manifest_says():
    found = load_artefact(PRETRAINED_FOLDER / "autoencoder_gru")
    assert found.manifest.inputs == InputShape(axes=(32, 19))
    assert set(found.manifest.details["references"]) == {"3", "5"}
    weights = load_pretrained().weights
    assert sum(value.size for value in weights.values()) == found.model().count_params()


# The registry.


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_number_of_parameters_is_that_of_the_network(cell):
    for settings, shape in ((SMALL, SHAPE), (AutoencoderSettings(), InputShape(axes=(32, 19)))):
        own = settings.with_(cell=cell)
        assert AUTOENCODER.parameter_count(own, shape) == AUTOENCODER.build(own, shape).count_params()


def test_memory_grows_with_the_batch_and_covers_weights_and_optimizer():
    settings, shape = AutoencoderSettings(), InputShape(axes=(32, 19))
    parameters = AUTOENCODER.parameter_count(settings, shape)
    one, two, three = (AUTOENCODER.memory_bytes(settings, shape, size) for size in (64, 128, 192))
    assert one > 4 * 4 * parameters
    assert three - two == two - one > 0
    # Of each window at least the outputs of all layers are kept.
    assert two - one >= 64 * 4 * 32 * (2 * 64 + 2 * 32)


def test_models_are_found_by_name():
    assert model_kind("autoencoder") is AUTOENCODER
    assert AUTOENCODER in model_kinds()
    with pytest.raises(InputError, match=r"model to be one of autoencoder.*but got 'transformer'"):
        model_kind("transformer")
    with pytest.raises(InputError, match=r"\(frames, features\) for the model autoencoder, but got \(8,\)"):
        AUTOENCODER.check(InputShape(axes=(8,)))


def test_two_models_of_one_name_are_refused():
    twin = replace(AUTOENCODER, title="Another")
    with pytest.raises(ValueError, match="registered twice"):
        register_model(twin)
    assert register_model(AUTOENCODER) is AUTOENCODER
