"""What is stored is what is reported: a changed baseline, analysis, report or cache entry is named and refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "app"))  # for `fake`; last, so that no conftest is hidden

import fake

from gait_core.baseline.analyses import damaged_analyses, list_analyses, load_analysis, save_analysis, verify_analysis
from gait_core.baseline.artefacts import ARTEFACTS, seal_baseline, verify_baseline
from gait_core.baseline.store import damaged_baselines, delete_baseline, list_baselines, load_baseline, save_variant
from gait_core.cache import ArrayCache
from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.cli.main import main
from gait_core.config import ThresholdSettings
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.storage.report_seal import sealed_html, sealed_pdf, verify_report
from gait_core.storage.seal import SEAL, check_seal, sealed
from gait_core.video.info import VideoInfo
from gait_core.video.metadata import MetadataCache, _state
from gait_core.workspace import Workspace, read_json, write_json


@pytest.fixture(scope="session")
def master(tmp_path_factory) -> Workspace:
    """Return a workspace with a sealed baseline and a sealed analysis; every test works on a copy."""
    space = Workspace(tmp_path_factory.mktemp("sealed") / "workspace")
    folder = space.baseline_folder(fake.baseline(space, "b1", created_s=1.75e9))
    fake.norms(space, "b1")
    save_arrays(folder / "scorer.npz", {"mean": np.arange(4.0), "scale": np.ones(4)})
    with zipfile.ZipFile(folder / "baseline_model.keras", "w") as archive:
        archive.writestr("model.weights.h5", np.arange(100.0).tobytes())
    seal_baseline(folder)
    fake.baseline(space, "b2", subject="P-2")
    fake.analysis(space, "b1", "a1", level="alert", score=2.3)
    stored = load_analysis(space, "a1")
    save_analysis(space, stored.summary, load_arrays(space.analysis_folder("a1") / "scores.npz"))
    fake.analysis(space, "b1", "a2", level="normal", score=0.9)
    return space


@pytest.fixture
def space(master, tmp_path) -> Workspace:
    shutil.copytree(master.root, tmp_path / "w")
    return Workspace(tmp_path / "w")


def digit(path):
    """Change one digit, and nothing else."""
    content = path.read_text()
    place = next(i for i in range(content.index("0."), len(content)) if content[i] in "12345678")
    path.write_text(content[:place] + str(int(content[place]) + 1) + content[place + 1 :])


def doubled(path):
    save_arrays(
        path, {name: array * 2 if array.dtype.kind == "f" else array for name, array in load_arrays(path).items()}
    )


def bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(bytes(content))


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path):
    path.write_bytes(b"")


def missing(path):
    path.unlink()


def folder(path):
    path.unlink()
    path.mkdir()


def cutoff(path):
    values = read_json(path)
    values["windows"]["cutoff_hz"] = 3.0
    write_json(path, values)


FILES = [file for file in ARTEFACTS.values() if file != "manifest.json"]
CHANGES = [
    *((file, change) for file in [*FILES, "manifest.json"] for change in (bit, half, emptied, missing, folder)),
    *((file, digit) for file in ("calibration.json", "thresholds.json", "norms.json", "manifest.json")),
    *((file, doubled) for file in ("scorer.npz", "validation.npz", "norms.npz")),
    ("calibration.json", cutoff),
]


@pytest.mark.parametrize(("file", "change"), CHANGES, ids=lambda one: one if isinstance(one, str) else one.__name__)
def test_a_changed_baseline_is_named_refused_and_shown_as_damaged(space, file, change):
    place = space.baseline_folder("b1")
    change(place / file)
    with pytest.raises(StorageError, match=file.replace(".", r"\.")) as caught:
        load_baseline(space, "b1")
    assert caught.value.remedy
    assert [one.id for one in list_baselines(space)] == ["b2"]
    (damaged,) = damaged_baselines(space)
    assert (damaged.collection, damaged.id) == ("baselines", "b1")
    assert file in damaged.message
    assert verify_baseline(place).state == "changed"
    delete_baseline(space, "b1")
    assert damaged_baselines(space) == []


def test_a_whole_baseline_is_read_and_verified_wherever_it_lies(space, tmp_path):
    stored = load_baseline(space, "b1")
    assert stored.seal == "sealed"
    assert stored.manifest.created_s == 1.75e9
    shutil.copytree(stored.folder, tmp_path / "elsewhere")
    found = verify_baseline(tmp_path / "elsewhere")
    assert found.intact
    assert set(found.files) == set(ARTEFACTS.values())
    with pytest.raises(NotFoundError):
        verify_baseline(tmp_path / "nowhere")


def test_a_file_that_is_changed_after_it_was_read_is_noticed(space):
    load_baseline(space, "b1")
    path = space.baseline_folder("b1") / "calibration.json"
    content, before = path.read_text(), path.stat()
    path.write_text(content.replace("0.8", "0.7", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    with pytest.raises(StorageError, match=r"as it was stored on 2025-06-1\d at .*calibration\.json was changed"):
        load_baseline(space, "b1")


def test_a_manifest_cannot_lose_its_seal(space):
    path = space.baseline_folder("b1") / "manifest.json"
    write_json(path, {name: value for name, value in read_json(path).items() if name != SEAL})
    with pytest.raises(StorageError, match="lost it"):
        load_baseline(space, "b1")


@pytest.mark.parametrize("seal", [None, [], {}, {"format": 1, "files": {"../x": {}}, "sha256": ""}, {"format": 99}])
def test_a_damaged_seal_seals_nothing(space, seal):
    path = space.baseline_folder("b1") / "manifest.json"
    write_json(path, read_json(path) | {SEAL: seal})
    with pytest.raises(StorageError, match=r"manifest\.json was changed"):
        load_baseline(space, "b1")


def test_a_baseline_of_an_earlier_version_is_read_and_sealed_on_request_only(space):
    place = space.baseline_folder("b2")
    assert load_baseline(space, "b2").seal == "unsealed"
    assert verify_baseline(place).state == "unsealed"
    write_json(place / "manifest.json", read_json(place / "manifest.json") | {"format": 2})
    digests = {
        "calibration": read_json(space.baseline_folder("b1") / "manifest.json")[SEAL]["files"]["calibration.json"]
    }
    values = read_json(place / "manifest.json") | {"artefact_sha256": {"calibration": digests["calibration"]["sha256"]}}
    write_json(place / "manifest.json", values)
    assert load_baseline(space, "b2").seal == "files"
    digit(place / "calibration.json")
    with pytest.raises(StorageError, match=r"calibration\.json was changed"):
        seal_baseline(place)  # damage is not sealed
    shutil.copyfile(space.baseline_folder("b1") / "calibration.json", place / "calibration.json")
    seal_baseline(place)
    assert verify_baseline(place).intact
    with pytest.raises(InputError, match="has one"):
        seal_baseline(place)


def test_the_layout_of_a_document_does_not_matter_and_its_content_does(tmp_path):
    values = {"b": [1, 2.5, None], "a": {"x": "é", "1": True}}
    (tmp_path / "f").write_bytes(b"file")
    whole = sealed(values, tmp_path, ["f"])
    again = json.loads(json.dumps(dict(reversed(whole.items())), indent=7))
    assert check_seal(again, tmp_path / "d.json", what="it", stored_s=None, remedy="")
    for change in ({"b": [1, 2.6, None]}, {"c": 0}, {"a": {}}):
        with pytest.raises(StorageError, match=r"d\.json was changed"):
            check_seal(again | change, tmp_path / "d.json", what="it", stored_s=1e300, remedy="")


def test_a_changed_variant_is_refused(space):
    path = save_variant(space, "b1", "strict", ThresholdSettings(method="mean_sd"))
    assert list(load_baseline(space, "b1").variants()) == ["strict"]
    assert verify_baseline(space.baseline_folder("b2")).files == ()
    digit(path)
    with pytest.raises(StorageError, match="strict"):
        load_baseline(space, "b1").variants()
    found = verify_baseline(space.baseline_folder("b1"))
    assert (found.state, "strict" in found.message) == ("changed", True)


def test_verifying_a_baseline_compares_its_saved_limits_too(space):
    save_variant(space, "b1", "strict", ThresholdSettings(method="mean_sd"))
    found = verify_baseline(space.baseline_folder("b1"))
    assert found.intact
    assert "variants/strict.json" in found.files


@pytest.mark.parametrize("document", ["analysis", "variant"])
def test_a_document_cannot_lose_its_seal(space, document):
    path = space.analysis_folder("a1") / "analysis.json"
    if document == "variant":
        path = save_variant(space, "b1", "strict", ThresholdSettings(method="mean_sd"))
    write_json(path, {name: value for name, value in read_json(path).items() if name != SEAL})
    with pytest.raises(StorageError, match="lost it"):
        load_analysis(space, "a1") if document == "analysis" else load_baseline(space, "b1").variants()


def test_what_lies_in_the_folder_of_another_is_noticed(space):
    own = space.baseline_folder("b1")
    files = [file for name, file in ARTEFACTS.items() if name != "manifest" and (own / file).is_file()]
    write_json(own / "manifest.json", sealed(read_json(own / "manifest.json") | {"id": "b1"}, own, files))
    assert load_baseline(space, "b1").id == "b1"
    shutil.copytree(own, space.baseline_folder("b9"))
    with pytest.raises(StorageError, match="holds the baseline b1"):
        load_baseline(space, "b9")
    assert verify_baseline(space.baseline_folder("b9")).state == "changed"
    space.analysis_folder("a1").rename(space.analysis_folder("a9"))
    with pytest.raises(StorageError, match="another one is described, a1"):
        load_analysis(space, "a9")
    assert [one.id for one in list_analyses(space)] == ["a2"]


@pytest.mark.parametrize("change", [bit, half, emptied, missing, folder], ids=lambda one: one.__name__)
@pytest.mark.parametrize("file", ["analysis.json", "scores.npz"])
def test_a_changed_analysis_is_refused_and_shown_as_damaged(space, file, change):
    change(space.analysis_folder("a1") / file)
    with pytest.raises(StorageError if change is not missing or file == "scores.npz" else NotFoundError):
        load_analysis(space, "a1")
    assert [one.id for one in list_analyses(space)] == ["a2"]
    (damaged,) = damaged_analyses(space)
    assert damaged.id == "a1"
    assert file in damaged.message
    assert verify_analysis(space, "a1").state == "changed"


@pytest.mark.parametrize(
    "change", [{"level": "normal"}, {"score": 0.67}, {"content_sha256": "1" * 64}, {"joints": {}}, {"facts": {"x": 1}}]
)
def test_no_part_of_an_analysis_can_be_exchanged(space, change):
    path = space.analysis_folder("a1") / "analysis.json"
    write_json(path, read_json(path) | change)
    with pytest.raises(StorageError, match=r"analysis\.json was changed"):
        load_analysis(space, "a1")


@pytest.mark.parametrize(
    "change",
    [
        {"score": "high"},
        {"joints": []},
        {"joints": {"left_hip": None}},
        {"created_s": -1},
        {"warnings": ["x"]},
        {"x": 1},
    ],
)
def test_an_unsealed_analysis_of_a_wrong_shape_is_damaged_too(space, change):
    path = space.analysis_folder("a2") / "analysis.json"
    assert verify_analysis(space, "a2").state == "unsealed"
    write_json(path, read_json(path) | change)
    assert [one.id for one in damaged_analyses(space)] == ["a2"]


def test_curves_of_other_shapes_are_one_message(space):
    path = space.analysis_folder("a2") / "scores.npz"
    arrays = load_arrays(path)
    save_arrays(path, arrays | {"joint_time_scores": arrays["joint_time_scores"][:, :3]})
    with pytest.raises(StorageError, match=r"scores\.npz"):
        load_analysis(space, "a2")


@pytest.mark.parametrize(("name", "seal"), [("r.html", sealed_html), ("r.pdf", sealed_pdf)])
def test_a_report_can_be_verified_later(tmp_path, name, seal):
    path, content = tmp_path / name, b"%PDF or <html>: score 2.30, alert" * 50
    path.write_bytes(seal(content))
    assert verify_report(path).intact
    path.write_bytes(seal(content).replace(b"2.30", b"0.67", 1))
    assert verify_report(path).state == "changed"
    path.write_bytes(content)
    assert verify_report(path).state == "unsealed"
    path.write_bytes(seal(content) + b"more")
    assert verify_report(path).state == "unsealed"
    with pytest.raises(InputError, match="folder"):
        verify_report(tmp_path)


def test_the_commands_answer_with_their_exit_code(space, capsys, tmp_path):
    where = ["--json", "--workspace", str(space.root)]

    def answer(*words):
        code = main([*words, *where])
        return code, json.loads(capsys.readouterr().out)

    assert answer("baseline", "verify", "b1")[0] == 0
    assert answer("report", "verify", "a1")[0] == 0
    code, found = answer("baseline", "verify", "b2")
    assert (code, found["state"], found["intact"]) == (1, "unsealed", False)
    assert answer("baseline", "verify", "b2", "--seal")[0] == 0
    digit(space.baseline_folder("b1") / "thresholds.json")
    code, found = answer("baseline", "verify", "b1")
    assert (code, found["state"]) == (1, "changed")
    assert "thresholds.json" in found["message"]
    code, found = answer("baseline", "list")
    assert code == 0
    assert [one["id"] for one in found["baselines"]] == ["b2"]
    assert [one["id"] for one in found["damaged"]] == ["b1"]
    (tmp_path / "r.html").write_bytes(sealed_html(b"<html>")[:-10])
    assert answer("report", "verify", str(tmp_path / "r.html"))[0] == 1
    assert answer("report", "verify", str(tmp_path / "none.html"))[0] == 1


class TestCache:
    def put(self, root: Path, key: str, value: float) -> Path:
        cache = ArrayCache(root)
        cache.put("track", key, {"a": np.full(9, value)}, {"source": key})
        return root / "track" / key[:2] / key

    def test_the_entry_of_another_walk_is_a_miss(self, tmp_path):
        one, other = self.put(tmp_path, "aa11", 1.0), self.put(tmp_path, "bb22", 2.0)
        shutil.rmtree(one)
        shutil.copytree(other, one)
        assert ArrayCache(tmp_path).get("track", "aa11") is None
        assert ArrayCache(tmp_path).get("track", "bb22") is not None

    def test_other_facts_in_an_entry_are_a_miss(self, tmp_path):
        path = self.put(tmp_path, "aa11", 1.0) / "entry.json"
        write_json(path, read_json(path) | {"meta": {"source": "bb22"}})
        assert ArrayCache(tmp_path).get("track", "aa11") is None

    @pytest.mark.parametrize("change", [bit, half, emptied, folder, lambda path: path.write_bytes(b"[" * 9000)])
    @pytest.mark.parametrize("file", ["entry.json", "a.npy"])
    def test_a_damaged_entry_is_made_again(self, tmp_path, file, change):
        change(self.put(tmp_path, "aa11", 1.0) / file)
        assert ArrayCache(tmp_path).get("track", "aa11") is None
        self.put(tmp_path, "aa11", 1.0)
        assert ArrayCache(tmp_path).get("track", "aa11") is not None

    def test_an_entry_of_an_earlier_version_is_read(self, tmp_path):
        path = self.put(tmp_path, "aa11", 1.0) / "entry.json"
        write_json(path, {name: value for name, value in read_json(path).items() if name in ("arrays", "meta")})
        found = ArrayCache(tmp_path).get("track", "aa11")
        assert found is not None
        assert found.meta == {"source": "aa11"}


class TestVideoMetadata:
    """What is known of a video, its content hash above all, is that of this file as it is now."""

    def known(self, folder: Path, name: str, fill: bytes) -> tuple[MetadataCache, Path]:
        path, metadata = folder / name, MetadataCache(folder / "metadata")
        path.write_bytes(fill * 300_000)
        facts = {"frame_count": 30, "width_px": 64, "height_px": 48, "frame_rate_hz": 30.0, "duration_s": 1.0}
        words = {"codec": "h264", "pixel_format": "yuv420p", "content_sha256": hashlib.sha256(fill).hexdigest()}
        more = {"path": str(path), "name": name, "size_bytes": 300_000, "rotation_deg": 0, "variable_frame_rate": False}
        metadata.put(path, VideoInfo.from_dict(facts | words | more | {"frames_declared": 30}))
        assert metadata.get(path) is not None
        return metadata, path

    def test_a_file_that_is_replaced_at_equal_size_and_time_is_unknown(self, tmp_path):
        metadata, path = self.known(tmp_path, "a.mp4", b"a")
        before = path.stat()
        other = tmp_path / "other"
        other.write_bytes(b"b" * before.st_size)
        other.replace(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        assert metadata.get(path) is None

    def test_a_file_that_is_rewritten_in_place_is_unknown(self, tmp_path):
        metadata, path = self.known(tmp_path, "a.mp4", b"a")
        before = path.stat()
        with path.open("r+b") as file:
            file.seek(100_000)  # in none of the samples
            file.write(b"b")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_ino == before.st_ino
        assert metadata.get(path) is None

    def test_samples_tell_where_a_file_system_keeps_no_time_of_change(self, tmp_path):
        _, path = self.known(tmp_path, "a.mp4", b"a")
        _, other = self.known(tmp_path, "b.mp4", b"b")
        assert _state(path)[-1] != _state(other)[-1]

    def test_the_hash_of_another_walk_is_unknown(self, tmp_path):
        metadata, path = self.known(tmp_path, "a.mp4", b"a")
        _, other = self.known(tmp_path, "b.mp4", b"b")
        own, others = metadata._file(path), metadata._file(other)
        whole = read_json(own)
        write_json(own, whole | {"info": read_json(others)["info"]})
        assert metadata.get(path) is None
        shutil.copyfile(others, own)
        assert metadata.get(path) is None
        write_json(own, {name: value for name, value in whole.items() if name != SEAL})
        assert metadata.get(path) is None

    @pytest.mark.parametrize("change", [bit, half, emptied, folder, missing], ids=lambda one: one.__name__)
    def test_damaged_metadata_is_unknown(self, tmp_path, change):
        metadata, path = self.known(tmp_path, "a.mp4", b"a")
        change(metadata._file(path))
        assert metadata.get(path) is None
