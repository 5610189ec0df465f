"""Pose models: three ways to get them, digests, repair, two processes at once."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from gait_core.errors import Cancelled, ModelError, SettingsError
from gait_core.pose.models import assets, sources
from gait_core.pose.models.assets import (
    bundle_path,
    ensure_models,
    list_models,
    model_checks,
    model_sha256,
    models_folder,
)
from gait_core.pose.models.bundle import DETECTOR_MEMBER, LANDMARK_MEMBER, build_bundle, check_bundle
from gait_core.progress import Reporter


def tiny_model(weights: bytes) -> bytes:
    """Return a TensorFlow Lite file with one input, two outputs and some weights."""
    import flatbuffers
    import numpy as np

    from gait_core.pose.mediapipe.library import load_mediapipe

    load_mediapipe()
    from mediapipe.tasks.metadata import schema_py_generated as schema

    model, graph = schema.ModelT(), schema.SubGraphT()
    graph.tensors = [schema.TensorT() for _ in range(3)]
    graph.inputs, graph.outputs = [0], [1, 2]
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(weights, np.uint8)
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT(), buffer]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture(scope="module")
def npm_files() -> dict[str, bytes]:
    names = ["pose_solution_packed_assets.data", *(f"pose_landmark_{variant}.tflite" for variant in assets.VARIANTS)]
    return {name: tiny_model(name.encode() * 7) for name in names}


@pytest.fixture(scope="module")
def archive(npm_files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        for name, content in npm_files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()


@pytest.fixture(autouse=True)
def closed_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, npm_files: dict[str, bytes]) -> list[str]:
    """Return the addresses asked for; by default there is no network, no npm and no model."""
    asked: list[str] = []

    def refuse(url: str, timeout: float) -> None:
        asked.append(url)
        assert timeout <= 6
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setenv("GAIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in npm_files.items()}
    monkeypatch.setattr(sources, "_NPM_SHA256", digests)
    return asked


def give_npm(folder: Path, archive: bytes | None) -> Path:
    """Put a program npm on the path that leaves an archive in its working folder, or fails; it counts its calls."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    (folder / "archive").write_bytes(archive or b"")
    script = place / "npm"
    copy = f"open('mediapipe-pose.tgz', 'wb').write(open({str(folder / 'archive')!r}, 'rb').read())"
    fail = "sys.exit('npm error network is unreachable')"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(folder / 'calls')!r}, 'a').write(' '.join(sys.argv[1:3]) + '\\n')\n"
        + (copy if archive else fail)
        + "\n"
    )
    script.chmod(0o755)
    return folder / "calls"


def give_folder(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_bundle_is_stable_and_says_how_to_scale_pixels(npm_files: dict[str, bytes]) -> None:
    from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
    from mediapipe.tasks.metadata import schema_py_generated as schema

    detector, landmarks = npm_files["pose_solution_packed_assets.data"], npm_files["pose_landmark_full.tflite"]
    bundle = build_bundle(detector, landmarks)
    assert bundle == build_bundle(detector, landmarks)
    check_bundle(bundle, "full")
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.namelist() == [DETECTOR_MEMBER, LANDMARK_MEMBER]
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
        for name, mean, std, weights in (
            (DETECTOR_MEMBER, 127.5, 127.5, b"pose_solution_packed_assets.data" * 7),
            (LANDMARK_MEMBER, 0.0, 255.0, b"pose_landmark_full.tflite" * 7),
        ):
            content = archive.read(name)
            start = bundle.index(content)
            assert start % 64 == 0, "weights are mapped from the file"
            assert content.index(weights) % 16 == 0
            model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
            (entry,) = model.metadata
            assert entry.name == b"TFLITE_METADATA"
            raw = bytes(model.buffers[entry.buffer].data)
            found = metadata_schema.ModelMetadataT.InitFromObj(metadata_schema.ModelMetadata.GetRootAs(raw, 0))
            options = found.subgraphMetadata[0].inputTensorMetadata[0].processUnits[0].options
            assert (options.mean[0], options.std[0]) == (mean, std)
            assert len(found.subgraphMetadata[0].outputTensorMetadata) == 2


def test_without_network_and_models_there_is_one_message_with_three_ways(closed_world: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        ensure_models()
    assert len(closed_world) == 1, "one failure of the host is enough"
    for way in ("connect to the internet", "npm", "--from FOLDER"):
        assert way in caught.value.remedy
    assert [status.state for status in list_models()] == ["missing"] * 3
    with pytest.raises(ModelError, match="could not be fetched"):
        bundle_path("lite")


def test_npm_is_the_second_way_and_asked_once(tmp_path: Path, archive: bytes, closed_world: list[str]) -> None:
    calls = give_npm(tmp_path, archive)
    paths = ensure_models()
    assert sorted(paths) == ["full", "heavy", "lite"]
    assert all(path.is_file() for path in paths.values())
    assert calls.read_text().split("\n")[:-1] == ["pack @mediapipe/pose@0.5.1675469404"]
    assert len(closed_world) == 1
    assert [status.source for status in list_models()] == ["npm"] * 3
    assert ensure_models() == paths
    assert len(closed_world) == 1, "what is here is not asked for again"
    for variant, path in paths.items():
        assert bundle_path(variant) == path
        assert model_sha256(variant) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_failing_npm_is_named(tmp_path: Path) -> None:
    give_npm(tmp_path, None)
    with pytest.raises(ModelError, match="network is unreachable"):
        ensure_models(("full",))


def test_another_package_is_refused(tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    give_npm(tmp_path, archive)
    monkeypatch.setattr(sources, "_NPM_SHA256", dict.fromkeys(sources._NPM_SHA256, "0" * 64))
    with pytest.raises(ModelError, match="damaged or another"):
        ensure_models(("full",))
    assert not (models_folder() / "pose_landmarker_full.task").exists()


def test_the_official_bundle_is_the_first_way(
    monkeypatch: pytest.MonkeyPatch, npm_files: dict[str, bytes], closed_world: list[str]
) -> None:
    bundle = build_bundle(npm_files["pose_solution_packed_assets.data"], npm_files["pose_landmark_lite.tflite"])

    class Response(io.BytesIO):
        headers = {"Content-Length": str(len(bundle))}

    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Response(bundle))
    digests = dict.fromkeys(assets.VARIANTS, hashlib.sha256(bundle).hexdigest())
    monkeypatch.setattr(sources, "OFFICIAL_SHA256", digests)
    events = []
    ensure_models(("lite",), reporter=Reporter(sink=events.append))
    assert list_models()[0].source == "official"
    assert any(event.kind == "progress" and event.unit == "bytes" for event in events)


def test_an_official_bundle_put_there_by_hand_is_taken(
    monkeypatch: pytest.MonkeyPatch, npm_files: dict[str, bytes], closed_world: list[str]
) -> None:
    bundle = build_bundle(npm_files["pose_solution_packed_assets.data"], npm_files["pose_landmark_full.tflite"])
    digest = hashlib.sha256(bundle).hexdigest()
    monkeypatch.setattr(assets, "OFFICIAL_SHA256", dict.fromkeys(assets.VARIANTS, digest))
    models_folder().mkdir(parents=True, exist_ok=True)
    (models_folder() / "pose_landmarker_full.task").write_bytes(bundle)
    assert bundle_path("full").read_bytes() == bundle
    assert model_sha256("full") == digest
    assert closed_world == [], "nothing is asked for over the network"


def test_an_official_bundle_with_another_digest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Response(io.BytesIO):
        headers: dict[str, str] = {}

    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Response(b"<html>log in first</html>"))
    with pytest.raises(ModelError, match="damaged or another"):
        ensure_models(("lite",))


@pytest.mark.parametrize("kind", ["archive", "files", "package folder", "archive itself"])
def test_a_folder_is_the_third_way(
    tmp_path: Path, kind: str, archive: bytes, npm_files: dict[str, bytes], closed_world: list[str]
) -> None:
    source = tmp_path / "usb"
    if kind == "archive":
        give_folder(source, {"mediapipe-pose-0.5.1675469404.tgz": archive})
    elif kind == "files":
        give_folder(source, npm_files)
    elif kind == "package folder":
        source.mkdir()
        give_folder(source / "package", npm_files)
    else:
        source = give_folder(source, {"x.tgz": archive}) / "x.tgz"
    ensure_models(source=source)
    assert closed_world == [], "nothing is asked for over the network"
    assert {status.source for status in list_models()} == {"folder"}


def test_bundles_of_another_gait_studio(tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_models(source=give_folder(tmp_path / "usb", {"x.tgz": archive}))
    first = models_folder()
    monkeypatch.setenv("GAIT_MODELS", str(tmp_path / "elsewhere"))
    ensure_models(source=first)
    assert all(status.ready for status in list_models())
    (first / "models.json").unlink()
    monkeypatch.setenv("GAIT_MODELS", str(tmp_path / "third"))
    with pytest.raises(ModelError, match="its digest differs"):
        ensure_models(source=first)


def test_an_empty_or_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="none is there") as caught:
        ensure_models(source=give_folder(tmp_path / "usb", {}))
    assert "npm pack" in caught.value.remedy
    with pytest.raises(ModelError, match="there is none"):
        ensure_models(source=tmp_path / "nowhere")
    with pytest.raises(ModelError, match="is damaged"):
        ensure_models(source=give_folder(tmp_path / "bad", {"x.tgz": b"no archive"}))


def test_a_damaged_bundle_is_refused_and_repaired(tmp_path: Path, archive: bytes) -> None:
    source = give_folder(tmp_path / "usb", {"x.tgz": archive})
    path = ensure_models(source=source)["full"]
    whole = path.read_bytes()
    path.write_bytes(whole[:-100] + bytes(100))
    with pytest.raises(ModelError, match="the file is damaged") as caught:
        bundle_path("full")
    assert "models fetch" in caught.value.remedy
    bad = {check.name: check for check in model_checks() if not check.ok}
    assert list(bad) == ["pose model full"]
    ensure_models(source=source)
    assert bundle_path("full").read_bytes() == whole


def test_unknown_variant() -> None:
    with pytest.raises(SettingsError, match="lite, full, heavy"):
        bundle_path("huge")


def test_fetching_can_be_cancelled(tmp_path: Path, archive: bytes) -> None:
    give_npm(tmp_path, archive)
    with pytest.raises(Cancelled):
        ensure_models(reporter=Reporter(cancelled=lambda: True))


def test_two_processes_fetch_once(tmp_path: Path, archive: bytes, npm_files: dict[str, bytes]) -> None:
    calls = give_npm(tmp_path, archive)
    code = (
        "import urllib.request, json, sys\n"
        "from gait_core.pose.models import assets, sources\n"
        "def refuse(url, timeout): raise OSError('closed')\n"
        "urllib.request.urlopen = refuse\n"
        "sources._NPM_SHA256 = json.loads(sys.argv[1])\n"
        "assets.ensure_models()\n"
    )
    import json

    command = [sys.executable, "-c", code, json.dumps(sources._NPM_SHA256)]
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    running = [subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error.decode()
    assert len(calls.read_text().splitlines()) == 1
    assert all(status.ready for status in list_models())
