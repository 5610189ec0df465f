"""One of everything of a person in a workspace: deleted, nothing tells of them, and others are untouched."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import fake
import numpy as np
import pytest
from filelock import FileLock

from gait_core.baseline.analyses import list_analyses
from gait_core.baseline.store import list_baselines
from gait_core.cache import ArrayCache
from gait_core.errors import InputError
from gait_core.storage.leftovers import writer_mark
from gait_core.video.metadata import MetadataCache
from gait_core.walks.measurements import list_measurements
from gait_core.workflows import delete_subject as deletion
from gait_core.workflows.delete_subject import delete_subject, find_items
from gait_core.workspace import Workspace, name_id, write_json

NAME, OTHER = "P-14 Zoë", "P-140"
DIGEST, OTHER_DIGEST = "ab12" * 16, "cd34" * 16
BASELINE = "p-14-zoe-20260101-000000-abc123"
ADDRESS = "ee77" * 16
FAILED, FAILED_ADDRESS = "5f5f" * 16, "6a6a" * 16
"""Of a video whose only job failed: its digest stands in what is known of the video alone."""


def everything(space: Workspace, outside: Path) -> list[str]:
    """Store one of everything of both people; return what tells of the first."""
    mine = str(space.uploads / f"visit-{DIGEST[:8]}.mp4")
    own_file, others_file = str(outside / "zoe-at-home.mp4"), str(outside / "other.mp4")
    for path in (mine, own_file, others_file):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(b"video of " + path[-8:].encode())
    for name, baseline, path, digest in (
        (NAME, BASELINE, mine, DIGEST),
        (OTHER, "p-140-20260101-000000-abc124", others_file, OTHER_DIGEST),
    ):
        tag = baseline[-6:]
        fake.baseline(space, baseline, name)
        fake.analysis(space, baseline, f"visit-{tag}", subject=name)
        fake.measurement(space, f"measured-{tag}", subject=name, path=path, content=digest, landmarks=False)
        space.save_record("subjects", {"id": name_id(name), "name": name})
        walk = {"id": f"{digest[:20]}-{name_id(name)}", "subject": name, "path": path, "content_sha256": digest}
        space.save_record("walks", walk)
        write_json(
            space.root / "drafts" / f"draft-{tag}.json", {"id": f"draft-{tag}", "subject": name, "videos": [path]}
        )
        params = {"subject": name, "videos": [path, own_file if name == NAME else path]}
        job = fake.job(space, "done", kind="measure", job_id=f"measure-{tag}", title=f"Measure {name}", params=params)
        (space.jobs / job / "log.txt").write_text(f"start measure of {name} from {path}\n", encoding="utf-8")
        write_json(space.jobs / job / "result" / "result.json", {"walks": [{"path": path, "measurement_id": "x"}]})
        walks = [{"name": "visit.mp4", "row": 0, "content_sha256": digest, "source": path}]
        write_json(space.root / "embeddings" / f"walks-{tag}" / "manifest.json", {"format": 1, "walks": walks})
        compared = {"id": f"compared-{tag}", "name": "visit.mp4", "path": path, "content_sha256": digest, "runs": []}
        write_json(space.root / "comparisons" / f"compared-{tag}" / "comparison.json", compared)
        held = {"id": f"validation-{tag}", "measurement_id": f"measured-{tag}", "request": {"video": path}}
        write_json(space.root / "validations" / f"validation-{tag}.json", held)
        about = {"version": 3, "info": {"path": path, "content_sha256": digest}}
        write_json(space.cache / "video-metadata" / f"{digest[:32]}.json", about)
    cache = ArrayCache.of(space)
    cache.put("track", ADDRESS, {"a": np.zeros(3)}, {"info": {"source_content_sha256": DIGEST}})
    cache.put("track", "ff" * 32, {"a": np.zeros(3)}, {"info": {"source_content_sha256": OTHER_DIGEST}})
    cache.put("features", "aa" * 32, {"a": np.zeros(3)}, {})
    video = str(outside / "zoe-failed.mp4")
    fake.job(space, "failed", kind="measure", job_id="measure-failed", params={"subject": NAME, "videos": [video]})
    about = {"version": 3, "info": {"path": video, "content_sha256": FAILED}}
    write_json(space.cache / "video-metadata" / MetadataCache.file_name(Path(video)), about)
    cache.put("track", FAILED_ADDRESS, {"a": np.zeros(3)}, {"info": {"source_content_sha256": FAILED}})
    for address in (ADDRESS, FAILED_ADDRESS, "77" * 32, "ff" * 32):  # the third of an entry that was evicted
        (cache.root / "track" / address[:2]).mkdir(exist_ok=True)
        (cache.root / "track" / address[:2] / f"{address}.lock").touch()
    _damaged_and_left_behind(space, mine)
    return [NAME, mine, own_file, DIGEST, FAILED, ADDRESS, FAILED_ADDRESS]


def _damaged_and_left_behind(space: Workspace, mine: str) -> None:
    cut = json.dumps({"subject": NAME, "walks": [{"path": mine}]})[:-2]
    broken = space.baseline_folder("p-14-zoe-20260102-000000-abc125")
    broken.mkdir()
    (broken / "manifest.json").write_text(cut)
    silent = space.baseline_folder("p-14-zoe-20260103-000000-abc126")
    silent.mkdir()
    (silent / "manifest.json").write_text("")
    np.savez(silent / "validation.npz", walk_names=np.array(["visit", NAME]))
    lost = space.analysis_folder("visit-broken")
    lost.mkdir()
    (lost / "analysis.json").write_text(f'{{"baseline_id": "{BASELINE}", "score"')
    job = space.jobs / "baseline-20260101-000000-dddddd"
    (job / "result").mkdir(parents=True)
    (job / "spec.json").write_text(cut)
    with zipfile.ZipFile(job / "result" / "report.zip", "w") as archive:
        archive.writestr("report.html", f"<h1>{NAME}</h1>" + " " * 2000)
    deleted = space.analysis_folder("visit-gone").with_name(f".visit-gone.deleted-{writer_mark()}")
    write_json(deleted / "analysis.json", {"subject": NAME})
    (space.uploads / f".visit.{writer_mark()}.part").write_bytes(NAME.encode())
    (space.root / "walks" / f".w.json.{writer_mark()}.tmp").write_text(cut)


def told_by(root: Path, texts: list[str]) -> list[str]:
    """Return every place below a folder that tells one of some texts, in names, contents and archives."""
    forms = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
    wanted = [form.encode(code) for form in forms for code in ("utf-8", "utf-32-le")]
    found = []
    for path in sorted(root.rglob("*")):
        content = os.fsencode(path.relative_to(root))
        if path.is_file():
            content += path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
                    content += b"".join(archive.read(name) for name in archive.namelist())
        if any(text in content for text in wanted):
            found.append(str(path.relative_to(root)))
    return found


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_nothing_tells_of_a_deleted_person_and_others_are_untouched(space: Workspace, tmp_path: Path) -> None:
    telling = everything(space, tmp_path / "own")
    before = told_by(space.root, telling)
    assert len(before) >= 20, "the test has something to find"
    others = files_of(space.root)
    others = {path: content for path, content in others.items() if path not in before}

    planned = find_items(space, NAME)
    assert told_by(space.root, telling) == before, "looking changes nothing"
    deleted = delete_subject(space, NAME)

    assert told_by(space.root, telling) == []
    assert deleted.stays == planned.stays
    assert [stays.path for stays in deleted.stays] == [telling[2]], "only the user's own file stays, and is listed"
    assert Path(telling[2]).is_file()
    left = files_of(space.root)
    of_other = {path for path in left if "abc124" in path or OTHER_DIGEST[:20] in path}
    assert len(of_other) >= 15
    assert all(left[path] == others[path] for path in of_other)
    assert [one.subject for one in list_baselines(space)] == [OTHER]
    assert [one.subject for one in list_analyses(space)] == [OTHER]
    assert [one["subject"] for one in list_measurements(space)] == [OTHER]
    assert ArrayCache.of(space).holds("track", "ff" * 32)
    assert [path.stem for path in ArrayCache.of(space).root.glob("*/*/*.lock")] == ["ff" * 32]


def test_deleting_again_and_deleting_the_other_leaves_no_item(space: Workspace, tmp_path: Path) -> None:
    everything(space, tmp_path / "own")
    for name in (NAME, NAME, OTHER):
        delete_subject(space, name)
    named = [path for path in files_of(space.root) if not path.startswith("cache/arrays/counters")]
    assert [path for path in named if not path.endswith(".lock") or "arrays" in path] == []


def test_a_deletion_that_breaks_at_any_item_is_completed_by_the_next(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling = everything(space, tmp_path / "own")
    shutil.copytree(space.root, tmp_path / "kept")
    erase, items = deletion._erase, [*find_items(space, NAME).paths]
    assert len(items) >= 20
    for last in items:

        def erased(path: Path, last: Path = last) -> None:
            if path == last:
                raise KeyboardInterrupt
            erase(path)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(deletion, "_erase", erased)
            delete_subject(space, NAME)
        delete_subject(space, NAME)
        assert told_by(space.root, telling) == [], f"broken at {last.name}"
        shutil.rmtree(space.root)
        shutil.copytree(tmp_path / "kept", space.root)


def test_a_running_job_of_the_person_is_named_and_nothing_is_deleted(space: Workspace, tmp_path: Path) -> None:
    everything(space, tmp_path / "own")
    before = files_of(space.root / "baselines")
    with FileLock(space.jobs / "measure-abc123" / "lock"), pytest.raises(InputError, match="measure-abc123 is running"):
        delete_subject(space, NAME)
    assert files_of(space.root / "baselines") == before


def test_a_name_that_is_an_ordinary_word_takes_no_other_items_along(space: Workspace, tmp_path: Path) -> None:
    everything(space, tmp_path / "own")
    before = files_of(space.root)
    write_json(space.root / "drafts" / "draft-1.json", {"id": "draft-1", "subject": "left", "videos": []})
    delete_subject(space, "left")
    kept = files_of(space.root)
    gone = {path for path in before if path not in kept}
    assert all("/." in path for path in gone), "only what killed processes left"
    assert "drafts/draft-1.json" not in kept


def test_what_cannot_be_told_whose_it_is_is_listed(space: Workspace) -> None:
    fake.baseline(space, BASELINE, NAME)
    nobody = space.analysis_folder("walk-nobody")
    nobody.mkdir(parents=True)
    (nobody / "analysis.json").write_text("")
    kept = delete_subject(space, NAME).stays
    assert [one.what for one in kept] == ["analyses/walk-nobody"]
    assert nobody.is_dir()
