"""Deleting a person leaves nothing of theirs, and everything of others."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gallery_people import MODEL, People, embedding_of

from gait_core import workspace as module
from gait_core.cache import ArrayCache
from gait_core.errors import StorageError
from gait_core.recognition.embedding_sets import new_embeddings
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.networks.settings import PART_FEATURES
from gait_core.storage.report_seal import sealed_html, sealed_pdf
from gait_core.workflows.delete_subject import delete_subject
from gait_core.workflows.subject_items import find_items
from gait_core.workspace import COLLECTIONS, write_json


def words_in(workspace) -> bytes:
    return b"".join(path.read_bytes() for path in workspace.root.rglob("*") if path.is_file())


def test_a_deleted_person_is_in_no_gallery_and_no_record(workspace):
    people = People()
    gallery = Gallery.create(workspace, "Clinic")
    gallery.enrol(*(people.enrolment(name) for name in ("Patient-17", "Patient-17", "Patient-18")))
    workspace.save_record("walks", {"id": "w1", "subject": "Patient-17", "path": "a.mp4"})
    workspace.save_record("walks", {"id": "w2", "subject": "Patient-18", "path": "b.mp4"})
    assert b"Patient-17" in words_in(workspace)

    delete_subject(workspace, "Patient-17")

    assert b"Patient-17" not in words_in(workspace)
    assert gallery.summary().subjects == ("Patient-18",)
    assert [record["subject"] for record in workspace.records("walks")] == ["Patient-18"]


def test_nothing_else_is_deleted_when_a_gallery_cannot_be_read(workspace):
    gallery = Gallery.create(workspace, "Clinic")
    gallery.enrol(People().enrolment("Patient-17"))
    (gallery.folder / "manifest.json").write_text("{")
    workspace.save_record("walks", {"id": "w1", "subject": "Patient-17", "path": "a.mp4"})
    with pytest.raises(StorageError, match=gallery.id):
        delete_subject(workspace, "Patient-17")
    assert len(workspace.records("walks")) == 1


def test_sets_of_the_enrolled_person_go_and_sets_that_only_share_the_model_stay(workspace):
    draw = np.random.default_rng(1)
    walks = {name: embedding_of(draw.normal(size=(PART_FEATURES, 4))) for name in ("emil", "stranger")}
    model = {"name": MODEL.name, "digest": MODEL.digest, "path": str(workspace.root / "models" / "made-up" / "m.keras")}
    sets = {}
    for name, embedding in walks.items():
        with new_embeddings(workspace, 4) as (sets[name], writer):
            row = writer.add(embedding)
            source = f"/silhouettes/{name}.npz"
            writer.finish({"created_s": 0.0, "model": model}, [{"name": f"{name}.npz", "path": source, "row": row}])
        spec = {"id": f"embed-{name}", "kind": "recognise_embed", "params": {"sources": [source], "model": MODEL.name}}
        write_json(workspace.jobs / f"embed-{name}" / "spec.json", spec)
        write_json(workspace.jobs / f"embed-{name}" / "result" / "result.json", {"model": model})
    gallery = Gallery.create(workspace, "Clinic")
    enrolment = replace(People().enrolment("emil"), embedding=walks["emil"])
    gallery.enrol(enrolment)
    enrol = {"id": "enrol-emil", "kind": "recognise_enrol", "params": {"subject": "emil", "sources": ["/x/walk.npz"]}}
    write_json(workspace.jobs / "enrol-emil" / "spec.json", enrol)
    write_json(workspace.jobs / "enrol-emil" / "result" / "result.json", {"subject": "emil", "model": model})

    delete_subject(workspace, "emil")

    assert [path.name for path in workspace.entries("embeddings")] == [sets["stranger"]]
    assert [path.name for path in workspace.entries("jobs")] == ["embed-stranger"]
    assert gallery.summary().subjects == ()


def test_what_is_cached_of_an_enrolled_video_goes_with_the_person(workspace):
    digest, other = "ab" * 32, "cd" * 32
    cache = ArrayCache.of(workspace)
    for key, content in (("11" * 32, digest), ("22" * 32, other)):
        cache.put("track", key, {"a": np.zeros(3)}, {"info": {"source_content_sha256": content}})
    gallery = Gallery.create(workspace, "Clinic")
    people = People()
    gallery.enrol(replace(people.enrolment("emil"), content_sha256=digest))
    gallery.enrol(replace(people.enrolment("stranger"), content_sha256=other))

    delete_subject(workspace, "emil")

    assert not cache.holds("track", "11" * 32)
    assert cache.holds("track", "22" * 32)
    assert [record.content_sha256 for record in gallery.list()] == [other]


def test_reports_and_exports_that_were_written_into_the_workspace_are_named_before_and_after(workspace):
    workspace.save_record("walks", {"id": "w1", "subject": "Anna Q", "path": "a.mp4"})
    exports = workspace.root / "exports"
    exports.mkdir()
    (exports / "all_parameters.csv").write_text("subject,walk\nAnna Q,a.mp4\n")
    (exports / "of_ben.csv").write_text("subject,walk\nBen,b.mp4\n")
    (workspace.root / "anna.html").write_bytes(sealed_html(b"<h1>Anna Q</h1>"))
    (exports / "visit.pdf").write_bytes(sealed_pdf(b"%PDF-1.4 compressed"))
    (exports / "paper.pdf").write_bytes(b"%PDF-1.4 of somebody else's")
    before = find_items(workspace, "Anna Q").stays
    after = delete_subject(workspace, "Anna Q").stays
    assert after == before
    named = {path.relative_to(workspace.root).as_posix(): one.what for one in after for path in [Path(one.path)]}
    assert named == {
        "anna.html": "A report or export",
        "exports/all_parameters.csv": "A report or export",
        "exports/visit.pdf": "A report that may be theirs",
    }
    assert all(Path(one.path).is_file() for one in after)


def test_everything_at_the_top_of_a_workspace_is_listed_where_it_is_described():
    described = re.findall(r"^      (\w+(?:\.json)?)(?:/| )", module.__doc__, re.MULTILINE)
    assert set(described) == COLLECTIONS
