"""Deleting a person leaves nothing of theirs, and everything of others."""

from __future__ import annotations

import pytest
from gallery_people import People

from gait_core.errors import StorageError
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.workflows.delete_subject import delete_subject


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
