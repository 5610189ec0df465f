"""A gallery on disk: round trip, deletion that deletes, damage that is named, and several writers at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from gallery_people import MODEL, OTHER_MODEL, People, embedding_of

from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.recognition.gallery.entries import ModelIdentity
from gait_core.recognition.gallery.gallery import Gallery, list_galleries, remove_subject_from_all
from gait_core.recognition.gallery.selection import select_entries


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def gallery(workspace, people) -> Gallery:
    found = Gallery.create(workspace, "Clinic")
    found.enrol(*(people.enrolment(name) for name in ("P1", "P1", "P2")))
    return found


def stored_bytes(gallery: Gallery) -> bytes:
    return b"".join(path.read_bytes() for path in gallery.folder.rglob("*") if path.is_file())


def rewritten(gallery: Gallery, **changes) -> None:
    path = gallery.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_was_enrolled_is_read_again(workspace, people):
    gallery = Gallery.create(workspace, "Clinic")
    enrolment = people.enrolment("P1")
    (record,) = gallery.enrol(enrolment)
    (entry,) = Gallery(workspace, gallery.id).entries()
    assert entry.record == record
    assert (record.subject, record.source, record.view, record.model) == ("P1", "P1.mp4", "side", MODEL)
    assert (record.frames, record.quality, record.consent) == (30, 0.9, "agreed in writing")
    assert np.array_equal(entry.parts, enrolment.embedding.parts)
    assert entry.vector == pytest.approx(enrolment.embedding.vector, abs=1e-6)
    assert np.linalg.norm(entry.vector) == pytest.approx(1.0)


def test_an_empty_gallery_is_one_too(workspace):
    gallery = Gallery.create(workspace, "Clinic")
    assert gallery.entries() == gallery.list() == ()
    assert [(found.id, found.name, found.entries) for found in list_galleries(workspace)] == [(gallery.id, "Clinic", 0)]


def test_the_list_is_by_subject(gallery):
    assert [record.subject for record in gallery.list()] == ["P1", "P1", "P2"]
    assert len(gallery.list(" P1 ")) == 2
    assert gallery.summary().subjects == ("P1", "P2")


def test_nothing_of_a_removed_person_stays(gallery):
    former = next(gallery.folder.glob("embeddings-*.npz"))
    leftover = gallery.folder / ".embeddings-1.npz.ab12.tmp"
    leftover.write_bytes(former.read_bytes())
    assert gallery.remove_subject("P1") == 2
    assert [entry.record.subject for entry in gallery.entries()] == ["P2"]
    assert not former.exists()
    assert not leftover.exists()
    assert b"P1" not in stored_bytes(gallery)
    assert gallery.remove_subject("P1") == 0


def test_the_last_person_leaves_no_embeddings(gallery):
    gallery.remove_subject("P1")
    gallery.remove_subject("P2")
    assert [path.name for path in gallery.folder.iterdir()] == ["manifest.json"]


def test_one_entry_is_removed(gallery):
    first = gallery.list()[0]
    gallery.remove_entry(first.id)
    assert first.id not in {record.id for record in gallery.list()}
    assert len(gallery.entries()) == 2
    with pytest.raises(NotFoundError, match=first.id):
        gallery.remove_entry(first.id)


def test_a_deleted_gallery_leaves_nothing(gallery, workspace):
    gallery.delete()
    assert list_galleries(workspace) == []
    assert [path.name for path in workspace.galleries.iterdir()] == [".lock"]
    with pytest.raises(NotFoundError, match=gallery.id):
        gallery.entries()
    with pytest.raises(NotFoundError, match=gallery.id):
        gallery.enrol(People(seed=5).enrolment("P3"))


def test_names_are_text_and_never_paths(workspace, people):
    hostile = "../../etc/<b>P1</b>"
    gallery = Gallery.create(workspace, hostile)
    gallery.enrol(replace(people.enrolment("P1"), subject=hostile))
    assert gallery.folder.parent == workspace.galleries
    assert gallery.list()[0].subject == hostile
    assert gallery.remove_subject(hostile) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"subject": "  "}, "name for the subject"),
        ({"subject": "P1\nP2"}, "control characters"),
        ({"subject": "P\udc801"}, "control characters"),
        ({"subject": "P" * 201}, "201 characters"),
        ({"consent": " "}, "consent of P1"),
        ({"view": "back"}, "side, front, unknown"),
        ({"embedding": embedding_of(np.full((24, 4), np.nan))}, "NaN"),
    ],
)
def test_what_cannot_be_enrolled_is_refused(people, changes, says):
    with pytest.raises(InputError, match=says):
        replace(people.enrolment("P1"), **changes)


def test_an_embedding_of_nothing_is_refused(people):
    nothing = replace(people.walk("P1"), parts=np.zeros((24, 4), np.float32))
    with pytest.raises(InputError, match="zero"):
        replace(people.enrolment("P1"), embedding=nothing)


@pytest.mark.parametrize("quality", [1.5, float("nan")])
def test_a_refused_walk_enrols_none_of_the_others(gallery, people, quality):
    with pytest.raises(InputError, match="quality"):
        gallery.enrol(people.enrolment("P3"), replace(people.enrolment("P3"), quality=quality))
    assert len(gallery.entries()) == 3


def test_the_same_recording_is_enrolled_once(gallery, people):
    walk = people.enrolment("P3")
    again = replace(walk, subject="P4", source="copy.mp4")
    with pytest.raises(InputError, match=r"copy\.mp4 is the same recording as P3\.mp4 of P3"):
        gallery.enrol(walk, again)
    gallery.enrol(walk)
    with pytest.raises(InputError, match="same recording"):
        gallery.enrol(again)


def test_a_model_has_one_shape_and_models_stay_apart(gallery, people):
    wide = embedding_of(np.ones((24, 8)))
    with pytest.raises(InputError, match=r"\(24, 4\) by made-up"):
        gallery.enrol(replace(people.enrolment("P1"), embedding=wide))
    gallery.enrol(replace(people.enrolment("P1", model=OTHER_MODEL), embedding=wide))
    chosen = select_entries(gallery.entries(), OTHER_MODEL)
    assert (len(chosen.entries), chosen.other_model) == (1, 3)


def test_a_model_is_named_by_a_digest():
    with pytest.raises(InputError, match="hexadecimal"):
        ModelIdentity(name="made-up", digest="latest")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda g: next(g.folder.glob("*.npz")).write_bytes(b"PK"), "not as it was written"),
        (lambda g: next(g.folder.glob("*.npz")).unlink(), "missing"),
        (lambda g: (g.folder / "manifest.json").write_text("{"), "damaged"),
        (lambda g: (g.folder / "manifest.json").write_text("[]"), "damaged"),
        (lambda g: (g.folder / "manifest.json").unlink(), "damaged"),
        (lambda g: rewritten(g, name="Other"), "not as it was written"),
        (lambda g: rewritten(g, embeddings_file="../../x.npz"), "not as it was written"),
        (lambda g: rewritten(g, format=2), "later version"),
    ],
)
def test_a_damaged_gallery_is_named_and_the_rest_works(gallery, workspace, people, damage, says):
    damage(gallery)
    with pytest.raises(StorageError, match=says) as caught:
        gallery.entries()
    assert gallery.id in str(caught.value)
    with pytest.raises(StorageError):
        gallery.enrol(people.enrolment("P3"))
    other = Gallery.create(workspace, "Other")
    other.enrol(people.enrolment("P1"))
    assert {found.id for found in list_galleries(workspace)} == {gallery.id, other.id}
    assert len(other.entries()) == 1
    # A person must not stay in a gallery that cannot be read without anybody knowing.
    with pytest.raises(StorageError, match=gallery.id):
        remove_subject_from_all(workspace, "P1")
    assert other.entries() == ()
    gallery.delete()
    assert remove_subject_from_all(workspace, "P1") == 0


def test_a_person_is_deleted_from_every_gallery(gallery, workspace, people):
    other = Gallery.create(workspace, "Other")
    other.enrol(people.enrolment("P1"), people.enrolment("P2"))
    assert remove_subject_from_all(workspace, "P1") == 3
    assert gallery.summary().subjects == other.summary().subjects == ("P2",)


def test_writers_wait_for_each_other(gallery, workspace):
    enrolments = [People(seed=seed).enrolment(f"Q{seed}") for seed in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        records = list(pool.map(lambda one: Gallery(workspace, gallery.id).enrol(one), enrolments))
    assert {entry.record.id for entry in gallery.entries()} >= {record.id for (record,) in records}
    assert len(gallery.entries()) == 11


def test_a_reader_sees_one_state_or_the_next(gallery, workspace, monkeypatch):
    from gait_core.recognition.gallery import storage

    read = storage.read_manifest
    seen = []

    def changed_meanwhile(folder):
        manifest = read(folder)
        if not seen:
            seen.append(manifest.revision)
            with monkeypatch.context() as patch:
                patch.setattr(storage, "read_manifest", read)
                gallery.remove_subject("P1")
        return manifest

    monkeypatch.setattr(storage, "read_manifest", changed_meanwhile)
    assert [entry.record.subject for entry in Gallery(workspace, gallery.id).entries()] == ["P2"]


def test_a_full_disk_leaves_the_former_state(gallery, people, monkeypatch):
    from gait_core.recognition.gallery import storage

    before = {path.name for path in gallery.folder.iterdir()}

    def full(path, value):
        raise StorageError("Expected room, but the disk is full.", "Free some space.")

    monkeypatch.setattr(storage, "write_json", full)
    with pytest.raises(StorageError, match="full"):
        gallery.enrol(people.enrolment("P3"))
    assert {path.name for path in gallery.folder.iterdir()} == before
    assert len(gallery.entries()) == 3
