"""A deletion that is killed before any of its steps and run again leaves nothing of the person."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gallery_people import MODEL, People, embedding_of

from gait_core.cache import ArrayCache
from gait_core.errors import StorageError
from gait_core.pose.masks import MASKS_KIND
from gait_core.recognition.embedding_sets import new_embeddings
from gait_core.recognition.gallery.gallery import Gallery, list_galleries
from gait_core.recognition.networks.settings import PART_FEATURES
from gait_core.storage import leftovers
from gait_core.video.metadata import MetadataCache
from gait_core.workflows.delete_subject import delete_subject, find_items
from gait_core.workspace import Workspace, write_json

NAME, OTHER = "Emil-17", "Stranger-18"
DIGESTS = {NAME: "ab12" * 16, OTHER: "cd34" * 16}
STEPS = ("unlink", "rename", "replace", "rmdir")


class Killed(BaseException):
    """What no handler of errors catches, as of a process that is killed."""


def everything(workspace: Workspace) -> dict[str, list[str]]:
    """Enrol two people in two galleries; only a set tells which video that was. Return what tells of each."""
    draw = np.random.default_rng(1)
    people, cache, telling = People(), ArrayCache.of(workspace), {}
    galleries = [Gallery.create(workspace, name) for name in ("Clinic", "Study")]
    for person, digest in DIGESTS.items():
        video = workspace.uploads / f"visit-{digest[:8]}.mp4"
        video.parent.mkdir(exist_ok=True)
        video.write_bytes(f"video of {person}".encode())
        embedding = embedding_of(draw.normal(size=(PART_FEATURES, 4)))
        with new_embeddings(workspace, 4) as (set_id, writer):
            row = writer.add(embedding)
            walk = {"name": "visit", "path": str(video), "content_sha256": digest, "row": row}
            writer.finish({"created_s": 0.0, "model": {"name": MODEL.name, "digest": MODEL.digest}}, [walk])
        for gallery in galleries:
            gallery.enrol(replace(people.enrolment(person), embedding=embedding, source="walk", content_sha256=""))
        for number, kind in enumerate(("track", MASKS_KIND)):
            cache.put(kind, digest[number:] + digest[:number], {"a": np.zeros(3)}, {"source_content_sha256": digest})
        about = {"version": 3, "info": {"path": str(video), "content_sha256": digest}}
        write_json(MetadataCache.of(workspace).folder / MetadataCache.file_name(video), about)
        params = {"sources": [str(video)], "model": MODEL.name}
        write_json(workspace.jobs / f"embed-{digest[:6]}" / "spec.json", {"kind": "recognise_embed", "params": params})
        compared = {"id": f"compared-{digest[:6]}", "path": str(video), "content_sha256": digest, "runs": []}
        write_json(workspace.root / "comparisons" / f"compared-{digest[:6]}" / "comparison.json", compared)
        workspace.save_record("walks", {"id": f"walk-{digest[:6]}", "subject": person, "path": "elsewhere.mp4"})
        telling[person] = [person, digest, digest[:6], digest[1:] + digest[:1], set_id]
    return telling


def told_by(root: Path, texts: list[str]) -> list[str]:
    def content(path: Path) -> bytes:
        return os.fsencode(path.relative_to(root)) + (path.read_bytes() if path.is_file() else b"")

    return [str(path) for path in sorted(root.rglob("*")) if any(text.encode() in content(path) for text in texts)]


def killed_before(step: int, workspace: Workspace) -> bool:
    """Delete the person, but let no change of a file happen from one of them on; tell whether it came to that."""
    done = 0

    def counted(change):
        def changed(*args, **kwargs):
            nonlocal done
            if done == step:
                raise Killed
            done += 1
            return change(*args, **kwargs)

        return changed

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, counted(getattr(os, name)))
        try:
            delete_subject(workspace, NAME)
        except Killed:
            return True
        return False


def test_a_deletion_killed_before_any_step_is_completed_by_the_next(workspace, tmp_path, monkeypatch):
    telling, kept = everything(workspace), tmp_path / "kept"
    assert len(told_by(workspace.root, telling[NAME])) >= 12, "the test has something to find"
    others = len(told_by(workspace.root, telling[OTHER]))
    shutil.copytree(workspace.root, kept)
    monkeypatch.setattr(leftovers, "_lives", lambda process: False)  # the process that was killed is this one
    step = 0
    while killed_before(step, workspace):
        listed = {record["name"] for record in workspace.records("subjects")}
        listed |= {name for gallery in list_galleries(workspace) for name in gallery.subjects}
        assert NAME in listed or told_by(workspace.root, telling[NAME]) == [], f"cannot be chosen again: step {step}"
        delete_subject(workspace, NAME)
        assert told_by(workspace.root, telling[NAME]) == [], f"killed before step {step}"
        assert len(told_by(workspace.root, telling[OTHER])) == others
        shutil.rmtree(workspace.root)
        shutil.copytree(kept, workspace.root)
        step += 1
    assert step >= 20
    assert told_by(workspace.root, telling[NAME]) == []


def test_an_unfinished_deletion_is_told_when_another_person_is_deleted(workspace):
    everything(workspace)
    assert killed_before(8, workspace)
    (told,) = delete_subject(workspace, OTHER).stays
    assert told.what == f"Unfinished deletion of {NAME}" and Path(told.path).is_file()
    assert not find_items(workspace, NAME).stays
    delete_subject(workspace, NAME)
    assert not Path(told.path).parent.exists()


def test_a_changed_record_is_refused_and_deletes_nothing(workspace):
    everything(workspace)
    assert killed_before(8, workspace)
    (record,) = (workspace.root / "deletions").iterdir()
    values = json.loads(record.read_text())
    record.write_text(json.dumps({**values, "sets": ["another"]}))
    before = sorted(workspace.root.rglob("*"))
    with pytest.raises(StorageError, match=record.name):
        delete_subject(workspace, NAME)
    assert sorted(workspace.root.rglob("*")) == before
