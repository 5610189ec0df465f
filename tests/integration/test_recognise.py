"""Recognition from the command line: models, embeddings, enrolment, identification, galleries, training."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import gait_core as gait
from gait_core.cli.console import Console
from gait_core.cli.main import main
from gait_core.errors import Cancelled, InputError
from gait_core.jobs.store import JobStore
from gait_core.progress import silent
from gait_core.recognition.embedding_sets import embeddings_map, load_embeddings, new_embeddings
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.model_store import add_model, find_model, list_models, weights_digest
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import GaitBaseSettings
from gait_core.recognition.training.train import TrainedNetwork
from gait_core.workflows.delete_subject import delete_subject
from gait_core.workflows.recognise.sources import SourceReader, find_sources, input_settings
from gait_core.workspace import Workspace

TINY = GaitBaseSettings(width=0.0625)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "recognition.md"
CONSENT = "agreed in writing, 3 May"
ONE, OTHER = "a1" * 32, "b2" * 32
"""Digests of two videos."""


def silhouettes(person: int, walk: int, frames: int = 8) -> np.ndarray:
    """Return a box that is as wide as the person, with arms that swing and some noise of the walk."""
    generator = np.random.default_rng([person, walk])
    found = np.zeros((frames, 64, 64), np.uint8)
    for number in range(frames):
        half = 5 + person + int(3 * abs(np.sin(number + walk / 3)))
        found[number, :, 32 - half : 32 + half] = 255
        found[number, 20:30, 32 - half + generator.integers(2) : 32 + half + 2] = 255
    return found


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder per person with three walks each, and one file that holds nothing."""
    folder = tmp_path_factory.mktemp("walks")
    for person in range(6):
        for walk in range(3):
            path = folder / f"P{person}" / f"walk{walk}.npz"
            path.parent.mkdir(exist_ok=True)
            np.savez_compressed(path, silhouettes=silhouettes(person, walk))
    return folder


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a workspace with one narrow network of random weights."""
    workspace = Workspace(tmp_path_factory.mktemp("recognise") / "workspace")
    add_model(workspace, build_network(TINY, seed=1), "Tiny")
    return workspace


def run(capsys, space: Workspace, *arguments: object) -> tuple[int, dict]:
    code = main(["recognise", *map(str, arguments), "--workspace", str(space.root), "--json", "--quiet"])
    return code, json.loads(capsys.readouterr().out)


def test_walks_become_embeddings_and_a_bad_one_does_not_stop_the_others(capsys, space, walks, tmp_path):
    empty = tmp_path / "empty.npz"
    np.savez_compressed(empty, silhouettes=np.zeros((8, 64, 64), np.uint8))
    missing, out = tmp_path / "missing.mp4", tmp_path / "found.npz"
    named = [walks / "P0" / "walk0.npz", empty, missing, walks / "P1"]
    code, answer = run(capsys, space, "embed", *named, "--out", out)
    assert code == 0
    assert [walk["name"] for walk in answer["walks"]] == [
        "walk0.npz", "empty.npz", "missing.mp4", *(f"walk{walk}.npz" for walk in range(3))
    ]  # fmt: skip
    assert [walk.get("row") for walk in answer["walks"]] == [0, None, None, 1, 2, 3]
    nothing = answer["walks"][1]
    assert nothing["quality"]["counts"] == {"empty_mask": 8}
    assert "all 8 were dropped" in nothing["error"]["message"]
    assert {warning["code"] for warning in answer["walks"][0]["warnings"]} == {"few_frames", "unknown_view"}
    assert (answer["device"]["kind"], answer["device"]["precision"]) == ("cpu", "float32")

    stored = load_embeddings(space, answer["embeddings_id"])
    arrays = np.load(out)
    np.testing.assert_array_equal(arrays["parts"], stored.parts())
    np.testing.assert_array_equal(arrays["rows"], [0, 3, 4, 5])
    assert np.linalg.norm(stored.vectors(), axis=1) == pytest.approx(1.0, abs=1e-6)
    assert json.loads(out.with_suffix(".json").read_text())["input_digest"] == stored.manifest["input_digest"]
    alone = stored.parts()[0]
    _, again = run(capsys, space, "embed", walks / "P0" / "walk0.npz", "--no-previews")
    one = load_embeddings(space, again["embeddings_id"])
    np.testing.assert_allclose(one.parts()[0], alone, atol=1e-5 * np.abs(alone).max())
    assert stored.preview(0) is not None
    assert one.preview(0) is None
    assert run(capsys, space, "embeddings", "delete", one.id) == (0, {"deleted": one.id})
    assert [found["id"] for found in run(capsys, space, "embeddings", "list")[1]["embeddings"]] == [stored.id]


def test_every_way_of_running_a_network_is_compared_with_strict_float32(capsys, space, walks):
    code, answer = run(capsys, space, "check", walks / "P0", walks / "P1")
    assert code == 0
    strict, conservative, *others = answer["runs"]
    assert (strict["strict"], strict["precision"], strict["largest_difference"]) == (True, "float32", 0.0)
    assert conservative["agrees"]
    assert conservative["nearest_changed"] == 0
    assert [way["level"] for way in others] == ["balanced", "aggressive"]
    for way in others:
        assert way["agrees"] == (way["largest_difference"] <= 1e-4)
        assert way["largest_difference"] < 0.1
    assert all(way["first_s"] >= way["ms_per_walk"] / 1000 > 0 for way in answer["runs"])
    assert len(answer["walks"]) == 6


def test_enrolled_people_are_found_strangers_are_not_and_deletion_is_complete(capsys, space, walks):
    for person in range(5):
        named = [walks / f"P{person}" / f"walk{walk}.npz" for walk in range(2)]
        options = ("--gallery", "Clinic", "--subject", f"P{person}", "--view", "side", "--consent", CONSENT)
        code, answer = run(capsys, space, "enrol", *named, *options)
        assert (code, answer["enrolled"], answer["gallery"]["created"]) == (0, 2, person == 0)
    code, twice = run(capsys, space, "enrol", *named, *options)
    assert (code, twice["enrolled"]) == (1, 0)
    assert "the same recording" in twice["walks"][0]["error"]["message"]

    probes = [walks / "P2" / "walk2.npz", walks / "P5" / "walk0.npz"]
    code, answer = run(capsys, space, "identify", *probes, "--gallery", "Clinic", "--view", "side", "--k", 3)
    assert code == 0
    known, _ = answer["walks"]
    assert len(known["matches"]) == 3
    assert known["matches"][0]["subject"] == "P2"
    assert known["outcome"] in ("accepted", "not_calibrated")
    _, front = run(capsys, space, "identify", probes[0], "--gallery", "Clinic", "--view", "front")
    assert front["walks"][0]["outcome"] == "other_view"
    assert front["walks"][0]["subject"] is None

    gallery_id = answer["gallery"]["id"]
    _, shown = run(capsys, space, "galleries", "show", gallery_id)
    assert (len(shown["entries"]), shown["subjects"]) == (10, [f"P{person}" for person in range(5)])
    assert shown["limits"][0]["sentence"]
    entry = shown["entries"][0]
    run(capsys, space, "galleries", "remove", "Clinic", "--entry", entry["id"])
    assert run(capsys, space, "galleries", "remove", "Clinic", "--subject", "P1")[1]["removed"] == 2
    assert len(Gallery(space, gallery_id).list()) == 7
    assert run(capsys, space, "galleries", "delete", "Clinic")[1] == {"deleted": gallery_id}
    assert run(capsys, space, "galleries", "list")[1] == {"galleries": []}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("enrol", "{walk}", "--gallery", "g", "--subject", "A", "--consent", " "), "note on the consent of A"),
        (("identify", "{walk}", "--gallery", "nowhere"), "Expected the gallery to be one of none"),
        (("embed", "{walk}", "--model", "other"), "to be one of tiny, but got 'other'"),
        (("embed", "{folder}/nothing"), "Expected to find"),
        (("train", "{walk}", "--demo"), "but got both"),
        (("train", "{folder}/P0", "--name", "Tiny"), "'tiny' is taken"),
        (("models", "add", "{walk}"), "ending in .safetensors, .pt or .pth"),
        (("galleries", "remove", "g"), "both or neither"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_said_before_the_work(capsys, space, walks, arguments, words):
    filled = [str(one).format(walk=walks / "P0" / "walk0.npz", folder=walks) for one in arguments]
    code, answer = run(capsys, space, *filled)
    assert code == 1
    assert words in answer["error"]["message"]


def test_a_pickle_and_a_missing_array_are_named_as_such(space, tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"anything")
    reader = SourceReader(space, input_settings(TINY), silent())
    sources = find_sources([str(tmp_path / name) for name in ("a.pkl", "b.pkl", "c.npz", "d.NPY")])
    messages = [str(outcome) for _, outcome in reader.read(sources)]
    assert [source.name for source in sources] == ["a.pkl", "b.pkl", "c.npz", "d.NPY"]
    assert "it is a pickle, which is never read" in messages[0]
    assert all("Expected a file at" in message and "there is none" in message for message in messages[1:])


def test_a_checkpoint_is_converted_listed_shown_and_deleted(capsys, workspace, tmp_path):
    network = build_network(TINY.with_(classes=3), seed=2)
    path = tmp_path / "weights.safetensors"
    write_safetensors(path, network)
    code, answer = run(capsys, workspace, "models", "add", path, "--name", "My weights")
    assert code == 0
    model = answer["model"]
    assert (model["name"], model["origin"], model["network"]) == ("my-weights", "converted", "gaitbase")
    assert answer["conversion"]["dropped"] == 1
    assert model["digest"] == weights_digest(network), "the classifier has no part in the embedding"
    _, shown = run(capsys, workspace, "models", "show", "my-weights")
    mapped = shown["manifest"]["details"]["conversion"]["mapped"]
    assert len(mapped) == answer["conversion"]["mapped"]
    found = find_model(workspace, model["digest"][:8])
    assert weights_digest(found.load()) == model["digest"]
    code, refused = run(capsys, workspace, "models", "add", found.path, "--name", "my weights")
    assert (code, "is taken" in refused["error"]["message"]) == (1, True)
    assert run(capsys, workspace, "models", "add", found.path, "--name", "copy")[1]["model"]["origin"] == "added"
    assert [one["name"] for one in run(capsys, workspace, "models", "list")[1]["models"]] == ["copy", "my-weights"]
    code, answer = run(capsys, workspace, "models", "export", "my-weights", workspace.root / "network.xml")
    assert code == 0
    assert answer["export"]["difference"] <= answer["export"]["tolerance"]
    assert (workspace.root / "network.bin").stat().st_size > 1000
    code, refused = run(capsys, workspace, "models", "export", "my-weights", workspace.root / "network.txt")
    assert code == 1
    assert ".onnx" in str(refused["error"])
    run(capsys, workspace, "models", "delete", "copy")
    assert [one.name for one in list_models(workspace)] == ["my-weights"]


def write_safetensors(path: Path, network) -> None:
    """Write the weights of a network as a PyTorch user would have them."""
    table, numbers = {}, b""
    for name, parameter in network.parameters.by_name.items():
        value = np.asarray(parameter.to_source(np.asarray(parameter.variable)), "<f4")
        table[name] = {
            "dtype": "F32", "shape": value.shape, "data_offsets": [len(numbers), len(numbers) + value.nbytes]
        }  # fmt: skip
        numbers += value.tobytes()
    head = json.dumps(table).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + numbers)


def interrupt(_) -> dict:
    raise Cancelled()


def test_a_network_learns_from_a_folder_per_person_and_the_same_command_goes_on(capsys, space, walks, monkeypatch):
    options = [
        f"{name}={value}"
        for name, value in {
            "people": 3, "walks_per_person": 2, "frames": 4, "skip": 0, "steps": 2, "steps_per_epoch": 1,
            "milestones": [], "validation_share": 0.34,
        }.items()
    ]  # fmt: skip
    sets = [part for option in options for part in ("--set", option)]
    command = ("train", walks, "--name", "ours", "--network-set", "width=0.0625", *sets)
    with monkeypatch.context() as patch:
        patch.setattr(TrainedNetwork, "to_dict", interrupt)
        assert main(["recognise", *map(str, command), "--workspace", str(space.root), "--quiet"]) == 130
    assert not list_models(space)[1:]
    assert len(list(space.runs.glob("gaitbase-*/checkpoint.npz"))) == 1
    capsys.readouterr()
    told: list[str] = []
    monkeypatch.setattr(Console, "sink", lambda _, event: told.append(event.kind))
    code, answer = run(capsys, space, *command)
    assert code == 0
    assert "epoch" not in told, "both epochs were in the checkpoint"
    model = answer["model"]
    assert (model["origin"], model["settings"]["classes"]) == ("trained", 6)
    assert set(answer["training"]["figures"]) == {"rank_1", "equal_error_rate"}
    assert {walk["subject"] for walk in answer["walks"]} == {f"P{person}" for person in range(6)}
    assert not list((space.runs / answer["run"]).glob("checkpoint*"))
    job = JobStore(space).list()[0]
    assert (job.kind, job.state) == ("recognise_train", "done")
    run(capsys, space, "models", "delete", "ours")


def test_the_map_keeps_the_distances_of_points_in_a_plane():
    points = np.array([[0, 0], [3, 0], [0, 1], [5, 2]], np.float32)
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(7, 2)))[0].astype(np.float32)
    places, explained = embeddings_map(points @ turned.T)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(places[:, None] - places[None], axis=2), apart, atol=1e-3)
    assert explained == pytest.approx(1.0, abs=1e-5)
    assert embeddings_map(points[:1]) == (pytest.approx(np.zeros((1, 2))), None)


def test_sets_that_hold_a_video_of_a_person_are_deleted(workspace):
    for content in (ONE, OTHER):
        with new_embeddings(workspace, 16) as (_, writer):
            writer.finish({"created_s": 0.0}, [{"name": "walk", "content_sha256": content}])
    for left, content in ((1, ONE), (0, OTHER)):
        workspace.save_record("walks", {"id": "walk-1", "subject": "P014", "content_sha256": content})
        delete_subject(workspace, "P014")
        assert len(list((workspace.root / "embeddings").iterdir())) == left


def test_the_page_runs_from_python_and_results_show_themselves(tmp_path, monkeypatch):
    monkeypatch.setenv("GAIT_WORKSPACE", str(tmp_path / "workspace"))
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    known: dict = {}
    exec(compile(block, PAGE.name, "exec"), known)
    embedded, found, table = known["embedded"], known["found"], known["table"]
    assert embedded.vectors.shape == (4, 256 * 16)
    np.testing.assert_array_equal(embedded[1].vector, embedded.vectors[1])
    assert embedded[0].parts.shape == (256, 16)
    again = gait.EmbeddedWalks.load(embedded.id)
    assert (len(again), again[2].frames, again[2].view) == (4, embedded[2].frames, "side")
    assert embedded.to_dataframe()["row"].tolist() == [0, 1, 2, 3]
    assert [walk.outcome for walk in found] == ["not_calibrated"] * 3
    assert table["subject"].tolist() == ["walker01"] * 3
    assert found[0].sentence.startswith("The nearest person is walker01")
    assert found.to_dataframe()["distance"].tolist() == table["best"].tolist()
    assert repr(found).startswith("<IdentifiedWalks 3 walks>")
    assert "array-1" in embedded._repr_html_()
    for result in (embedded, found):
        assert result.plot().axes
    with pytest.raises(InputError, match="but got both"):
        gait.embed(["walk.mp4", np.zeros((1, 64, 64))])
    with pytest.raises(InputError, match="but got 5"):
        gait.embed(5)
