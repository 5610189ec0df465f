"""The result of an identification names people; it goes with any of them."""

from gallery_people import People

from gait_core.recognition.gallery.gallery import Gallery
from gait_core.workflows.delete_subject import delete_subject
from gait_core.workspace import write_json


def identification(workspace, number, *people):
    """Store the job of an identification that found these people."""
    folder = workspace.jobs / f"recognise-identify-20260101-000000-00000{number}"
    write_json(
        folder / "spec.json", {"kind": "recognise_identify", "params": {"sources": ["/walk.mp4"], "gallery": "Clinic"}}
    )
    matches = [{"subject": name, "distance": 1.0} for name in people]
    write_json(folder / "result" / "result.json", {"walks": [{"path": "/walk.mp4", "matches": matches}]})
    return folder


def test_an_identification_that_names_a_deleted_person_is_deleted_and_others_stay(workspace):
    gallery = Gallery.create(workspace, "Clinic")
    people = People()
    gallery.enrol(*(people.enrolment(name) for name in ("Patient-17", "Patient-18")))
    both = identification(workspace, 1, "Patient-18", "Patient-17")
    other = identification(workspace, 2, "Patient-18")
    delete_subject(workspace, "Patient-17")
    assert not both.exists() and other.exists()
    assert gallery.summary().subjects == ("Patient-18",)
