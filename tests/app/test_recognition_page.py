"""The page 'Recognition': empty, with a model, embeddings, a gallery, an identification, and jobs in every state."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fake
import numpy as np
import pytest
from reading import primary, text_of
from streamlit.testing.v1 import AppTest

from gait_core.jobs.store import JobStore
from gait_core.progress import silent
from gait_core.recognition.batching import Embedding
from gait_core.recognition.embedding_sets import list_embeddings
from gait_core.recognition.gallery.entries import Enrolment
from gait_core.recognition.gallery.gallery import Gallery, list_galleries
from gait_core.recognition.model_store import add_model, list_models
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import GaitBaseSettings
from gait_core.workflows.recognise.check import CheckRequest, check_consistency
from gait_core.workflows.recognise.embed import EmbedRequest, embed_walks
from gait_core.workflows.recognise.enrol import EnrolRequest, enrol_walks
from gait_core.workflows.recognise.identify import IdentifyRequest, identify_walks
from gait_core.workspace import Workspace

Open = Callable[..., AppTest]
SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Made:
    """What the library made in a workspace, once for all tests."""

    root: Path
    params: dict[str, dict[str, Any]]
    results: dict[str, dict[str, Any]]


def silhouettes(width: int, frames: int = 16) -> np.ndarray:
    """Return a box with arms that swing."""
    found = np.zeros((frames, 64, 64), np.uint8)
    for number in range(frames):
        half = width + int(3 * abs(np.sin(number)))
        found[number, :, 32 - half : 32 + half] = 255
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("recognition")
    space = Workspace(folder / "workspace")
    add_model(space, build_network(GaitBaseSettings(width=0.0625), seed=1), "Tiny")
    for number, name in enumerate(("first", "second", "<b>third</b>".replace("/", "-"))):
        np.savez_compressed(folder / f"{name}.npz", silhouettes=silhouettes(6 + number))
    np.savez_compressed(folder / "empty.npz", silhouettes=np.zeros((8, 64, 64), np.uint8))
    walks = [str(folder / name) for name in ("first.npz", "second.npz", "<b>third<-b>.npz", "empty.npz")]
    usual = {"model": "tiny", "view": "side"}
    params: dict[str, dict[str, Any]] = {
        "recognise_embed": {"sources": walks, **usual},
        "recognise_enrol": {
            "sources": walks[:1], "gallery": "Clinic", "subject": SCRIPT, "consent": "agreed on 3 May", **usual
        },
        "recognise_identify": {"sources": walks[1:2] + walks[3:], "gallery": "Clinic", **usual},
        "recognise_check": {"sources": walks, **usual},
    }  # fmt: skip
    results = {
        "recognise_embed": embed_walks(EmbedRequest.from_dict(params["recognise_embed"]), space, silent()),
        "recognise_enrol": enrol_walks(EnrolRequest.from_dict(params["recognise_enrol"]), space, silent()),
        "recognise_identify": identify_walks(IdentifyRequest.from_dict(params["recognise_identify"]), space, silent()),
        "recognise_check": check_consistency(CheckRequest.from_dict(params["recognise_check"]), space, silent()),
    }
    return Made(space.root, params, results)


@pytest.fixture
def full(space: Workspace, made: Made) -> Made:
    shutil.copytree(made.root, space.root)
    return made


def done(space: Workspace, made: Made, kind: str) -> str:
    return fake.job(space, "done", kind=kind, params=made.params[kind], result=made.results[kind])


def people(space: Workspace, count: int) -> str:
    """Enrol made-up people of whom each two walks are near each other, with the model of the workspace."""
    gallery = Gallery.create(space, "Large")
    generator = np.random.default_rng(1)
    (model,) = list_models(space)
    for person in range(count):
        centre = generator.normal(size=(256, model.settings.parts))
        for walk in range(2):
            parts = (centre + 0.1 * generator.normal(size=centre.shape)).astype(np.float32)
            vector = (parts / np.linalg.norm(parts, axis=0)).ravel() / np.sqrt(parts.shape[1])
            embedding = Embedding(index=0, n_frames=30, parts=parts, vector=vector.astype(np.float32), logits=None)
            enrolment = Enrolment(
                subject=f"P{person}", source=f"p{person}w{walk}.mp4", view="side", model=model.identity,
                embedding=embedding, consent="agreed", quality=0.9,
            )  # fmt: skip
            gallery.enrol(enrolment)
    return gallery.id


def test_speed_and_precision_are_compared_and_what_was_left_out_is_said(
    open_page: Open, space: Workspace, full: Made
) -> None:
    test = open_page("recognition")
    test.text_area(key="recognition_embed_paths_0").set_value(full.params["recognise_check"]["sources"][0]).run()
    test.button(key="recognition_check_start").click().run()
    assert not test.exception
    (job,) = [job for job in JobStore(space).list() if job.kind == "recognise_check"]
    assert job.spec["params"]["model"] == "tiny"
    test = open_page("recognition", job=done(space, full, "recognise_check"))
    assert not test.exception
    assert "3 walks embedded with Tiny in 4 ways" in text_of(test)
    assert "empty.npz was left out" in text_of(test)


def test_without_a_model_it_says_what_can_be_done(open_page: Open) -> None:
    test = open_page("recognition")
    assert "ships no weights" in text_of(test)
    assert "10 to 15 minutes" in text_of(test)
    labels = [button.label for button in test.button]
    assert labels == ["Add these weights", "Train on these walks", "Train on simulated walkers"]
    assert [button.disabled for button in test.button] == [True, True, False]
    assert "No one is enrolled yet" in text_of(open_page("recognition", tab="Gallery"))
    assert "No one is enrolled yet" in text_of(open_page("recognition", tab="Identify"))


@pytest.mark.parametrize(
    ("fields", "button", "kind", "params"),
    [
        ({}, "recognition_demo", "recognise_train", {"demo": True, "name": "demo"}),
        (
            {"recognition_weights": "/w/gait.safetensors", "recognition_weights_name": " Ours "},
            "recognition_add",
            "recognise_model",
            {"file": "/w/gait.safetensors", "name": "Ours"},
        ),
        (
            {"recognition_data": "/data/people"},
            "recognition_train",
            "recognise_train",
            {"data": "/data/people", "name": "people", "network": "gaitbase"},
        ),
    ],
)
def test_each_way_to_a_model_starts_its_job(
    open_page: Open,
    space: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, str],
    button: str,
    kind: str,
    params: dict[str, Any],
) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)
    test = open_page("recognition")
    for key, value in fields.items():
        test.text_input(key=key).set_value(value).run()
    test.button(key=button).click().run()
    assert not test.exception
    (job,) = JobStore(space).list()
    assert (job.kind, job.spec["params"]) == (kind, params)
    assert test.query_params["job"] == job.id
    assert "Queued" in text_of(test)


def test_uploaded_weights_are_kept_and_added(
    open_page: Open, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)
    test = open_page("recognition")
    uploads = [("my weights.safetensors", b"12345", "application/octet-stream"), ("a.json", b"{}", "application/json")]
    test.file_uploader(key="recognition_upload").set_value(uploads).run()
    test.button(key="recognition_add").click().run()
    assert not test.exception
    (job,) = JobStore(space).list()
    kept = Path(job.spec["params"]["file"])
    assert (kept.suffix, kept.read_bytes()) == (".safetensors", b"12345")
    assert kept.is_relative_to(space.root)


@pytest.mark.usefixtures("full")
def test_a_walk_is_embedded_by_a_job(
    open_page: Open, space: Workspace, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)
    test = open_page("recognition")
    assert test.button(key="recognition_embed_start").disabled
    walk = made.params["recognise_embed"]["sources"][0]
    test.text_area[0].set_value(f"{walk}\n/nowhere/walk.mp4").run()
    assert "Array of silhouettes" in text_of(test)
    assert "No file here" in text_of(test)
    test.button(key="recognition_embed_start").click().run()
    (job,) = JobStore(space).list()
    request = EmbedRequest.from_dict(job.spec["params"])
    assert (job.kind, request.sources, request.model, request.view) == ("recognise_embed", [walk], "tiny", "auto")


@pytest.mark.usefixtures("full")
def test_a_set_shows_frames_map_distances_and_its_command_without_its_job(open_page: Open, made: Made) -> None:
    set_id = made.results["recognise_embed"]["embeddings_id"]
    test = open_page("recognition", set=set_id)
    text = text_of(test)
    assert "3 of 4 walks embedded with Tiny" in text
    assert "all 8 were dropped" in text
    assert "view from the side" in text
    assert "Distances on the map are only approximate" in text
    assert "not a medical device" in text
    assert "&lt;b&gt;third" in "".join(item.proto.body for item in test.html)
    assert len(test.get("image")) == 4
    assert len(test.get("plotly_chart")) == 2
    command, python = (code.value for code in test.code)
    assert shlex.split(command)[3:5] == ["recognise", "embed"]
    assert "--model tiny" in command and "gait.embed(" in python
    assert primary(test) == ["Embed other walks"]


@pytest.mark.usefixtures("full")
def test_a_set_is_deleted_after_a_question(open_page: Open, space: Workspace) -> None:
    (one,) = list_embeddings(space)
    test = open_page("recognition")
    test.button(key=f"delete_set_{one.id}").click().run()
    assert list_embeddings(space), "deleted without an answer"
    test.button(key="recognition_delete_no").click().run()
    assert list_embeddings(space)
    test.button(key=f"delete_set_{one.id}").click().run()
    test.button(key="recognition_delete_yes").click().run()
    assert not list_embeddings(space)
    assert "No walk has been embedded yet" in text_of(test)
    assert "These embeddings are gone" in text_of(open_page("recognition", set=one.id))


@pytest.mark.usefixtures("full")
def test_the_job_leads_to_the_embeddings(open_page: Open, space: Workspace, made: Made) -> None:
    job = done(space, made, "recognise_embed")
    test = open_page("recognition", job=job)
    test.button(key="recognition_open_set").click().run()
    assert test.query_params["set"] == made.results["recognise_embed"]["embeddings_id"]
    assert "Map of the embeddings" in text_of(test)


@pytest.mark.usefixtures("full")
def test_names_of_people_and_files_are_text(open_page: Open, space: Workspace, made: Made) -> None:
    identified = open_page("recognition", job=done(space, made, "recognise_identify"))
    for test in (identified, open_page("recognition"), open_page("recognition", tab="Gallery")):
        html = "".join(item.proto.body for item in test.html)
        assert SCRIPT not in html
        assert "<b>third" not in html


@pytest.mark.usefixtures("full")
def test_fewer_than_five_people_have_no_limit(open_page: Open) -> None:
    text = text_of(open_page("recognition", tab="Gallery"))
    assert "No limit yet: too few people" in text
    assert "agreed on 3 May" in text, "the note on consent stands with the walk"


@pytest.mark.usefixtures("full")
def test_a_limit_stands_with_its_expected_error(open_page: Open, space: Workspace) -> None:
    test = open_page("recognition", tab="Gallery", gallery=people(space, 5))
    text = text_of(test).replace("\N{NO-BREAK SPACE}", " ")
    assert "Accepted up to" in text
    assert "95 % interval 0 % to 52 %" in text


@pytest.mark.usefixtures("full")
def test_a_person_and_a_walk_are_removed_after_a_question(open_page: Open, space: Workspace) -> None:
    gallery = Gallery(space, people(space, 2))
    first, _, third, _ = gallery.list()
    test = open_page("recognition", tab="Gallery", gallery=gallery.id)
    test.button(key=f"remove_entry_{first.id}").click().run()
    assert len(gallery.list()) == 4
    test.button(key="recognition_delete_yes").click().run()
    assert [record.id for record in gallery.list("P0")] != [first.id]
    assert len(gallery.list()) == 3
    test.button(key=f"remove_person_{third.id}").click().run()
    test.button(key="recognition_delete_yes").click().run()
    assert gallery.summary().subjects == ("P0",)
    test.button(key="recognition_gallery_delete").click().run()
    test.button(key="recognition_delete_yes").click().run()
    assert gallery.id not in {one.id for one in list_galleries(space)}


@pytest.mark.usefixtures("full")
def test_a_damaged_gallery_says_so_and_can_be_deleted(open_page: Open, space: Workspace) -> None:
    (one,) = list_galleries(space)
    (space.galleries / one.id / "manifest.json").write_text("{")
    test = open_page("recognition", tab="Gallery")
    assert "is damaged" in text_of(test)
    test.button(key="recognition_gallery_delete").click().run()
    test.button(key="recognition_delete_yes").click().run()
    assert not list_galleries(space)


@pytest.mark.usefixtures("full")
def test_enrolment_needs_consent(
    open_page: Open, space: Workspace, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)
    (gallery,) = list_galleries(space)
    test = open_page("recognition", tab="Gallery")
    test.selectbox(key="recognition_enrol_subject").set_value(SCRIPT).run()
    test.text_area(key="recognition_enrol_paths_0").set_value(made.params["recognise_embed"]["sources"][1]).run()
    assert test.button(key="recognition_enrol_start").disabled
    assert "Still needed: the note on consent." in text_of(test)
    assert "biometric data" in text_of(test)
    test.text_area(key="recognition_enrol_consent").set_value("agreed").run()
    test.button(key="recognition_enrol_start").click().run()
    (job,) = JobStore(space).list()
    request = EnrolRequest.from_dict(job.spec["params"])
    assert (request.gallery, request.subject, request.consent) == (gallery.id, SCRIPT, "agreed")


@pytest.mark.usefixtures("full")
def test_an_identification_in_words_with_its_command(open_page: Open, space: Workspace, made: Made) -> None:
    test = open_page("recognition", job=done(space, made, "recognise_identify"))
    text = text_of(test)
    assert "Not calibrated" in text
    assert "one person is always the nearest" in text
    assert "This walk could not be compared" in text
    assert text.count("not a medical device") == 1
    assert len(test.get("plotly_chart")) == 1
    commands = [code.value for code in test.code if code.value.startswith("python -m")]
    assert [shlex.split(command)[3:5] for command in commands] == [["recognise", "identify"]]


@pytest.mark.usefixtures("full")
def test_an_enrolment_leads_to_its_gallery(open_page: Open, space: Workspace, made: Made) -> None:
    test = open_page("recognition", job=done(space, made, "recognise_enrol"))
    assert "1 walk of" in text_of(test)
    test.button(key="recognition_open_gallery").click().run()
    assert not test.exception
    assert "No limit yet" in text_of(test), "the tab with the gallery is open"


@pytest.mark.usefixtures("full")
def test_a_gallery_without_its_model(open_page: Open, space: Workspace) -> None:
    shutil.rmtree(space.models / "tiny")
    assert "The model of this gallery is missing" in text_of(open_page("recognition", tab="Identify"))
    assert "Enrolment needs a recognition model" in text_of(open_page("recognition", tab="Gallery"))


@pytest.mark.parametrize(
    ("state", "says", "action"),
    [
        ("failed", "pickled", "Try again"),
        ("cancelled", "You cancelled this", "Start again"),
        ("crashed", "worker stopped unexpectedly", "Resume"),
    ],
)
def test_ended_jobs(open_page: Open, space: Workspace, state: str, says: str, action: str) -> None:
    error = {"kind": "ModelError", "message": "a.pt holds pickled objects.", "remedy": "Export a state dict."}
    job = fake.job(space, state, kind="recognise_model", stage="model", error=error if state == "failed" else None)
    test = open_page("recognition", job=job)
    assert says in text_of(test)
    assert primary(test) == [action]


def test_a_running_job_is_followed_and_found_again(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running", kind="recognise_identify", stage="embed", title="Identity in <b>x</b>.mp4")
    test = open_page("recognition")
    assert test.query_params["job"] == job
    assert "Read the walks and compare them" in text_of(test)
    assert "<b>x" not in "".join(item.proto.body for item in test.html)
    home = open_page()
    home.button(key=f"strip_open_{job}").click().run()
    assert home.title[0].value == "Recognition"
    assert "This run is gone" in text_of(open_page("recognition", job="recognise-none"))


def test_accepted_and_rejected_are_told_apart(open_page: Open, space: Workspace, made: Made) -> None:
    result = made.results["recognise_identify"]
    walk = result["walks"][0]
    for outcome, subject, says in (("accepted", "P1", "Accepted: P1"), ("rejected", None, "Rejected as unknown")):
        changed = {**walk, "outcome": outcome, "subject": subject, "threshold": 1.0}
        job = fake.job(
            space, "done", kind="recognise_identify", params=made.params["recognise_identify"],
            result={**result, "walks": [changed]}, created_s=time.time() - len(outcome),
        )  # fmt: skip
        assert says in text_of(open_page("recognition", job=job))


def test_the_page_alone_loads_no_network_library() -> None:
    import subprocess

    script = (
        "import sys, app.views.recognition\n"
        "print(*[name for name in ('tensorflow', 'keras', 'jax', 'cv2', 'av', 'mediapipe') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
