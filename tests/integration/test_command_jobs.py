"""The long commands are job folders: stopped, killed and queued like any other, with the output they always had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock
from many_clips import make_clips

from gait_core.cli.main import main
from gait_core.errors import InputError
from gait_core.jobs.kinds import REGISTERED, JobKind, job_kinds
from gait_core.jobs.run import run_now
from gait_core.jobs.status import StatusWriter
from gait_core.jobs.store import JobStore
from gait_core.pose.models.assets import ModelStatus, list_models
from gait_core.progress import Event
from gait_core.workspace import Workspace, read_json

ROOT = Path(__file__).resolve().parents[2]
CLIPS = 28


def line_of(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "gait_core", *map(str, arguments)]


def answer_of(capsys, *arguments: object) -> dict:
    assert main([*map(str, arguments), "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def clips(tmp_path) -> list[Path]:
    if not all(status.ready for status in list_models()):
        pytest.skip("the pose models are not on this machine: python -m gait_core models fetch")
    return make_clips(tmp_path / "clips", CLIPS)


def test_simulate_is_a_job_and_names_its_videos_as_the_folder_was_named(capsys, workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = answer_of(capsys, "simulate", "made", "--walks", 1, "--fps", 15, "--workspace", workspace.root)
    (video,) = answer["videos"]
    assert video == "made/person000_normal_walk01.mp4"
    assert Path(video).is_file()
    (job,) = JobStore(workspace).list()
    assert (job.kind, job.state, job.title) == ("simulate", "done", "Simulated walks in made")
    assert job.spec["params"]["folder"] == str(tmp_path / "made"), "a job may be resumed from elsewhere"
    assert JobStore(workspace).result(job.id) == {"videos": [str(tmp_path / video)]}
    assert [stage["name"] for stage in job.stages] == ["simulate"]
    assert "start simulate" in JobStore(workspace).log(job.id)
    assert {event["kind"] for event in JobStore(workspace).events(job.id)} >= {"stage", "stage_end", "item_end"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("simulate", "{}/made", "--pattern", "moonwalk"), "moonwalk"),
        (("extract", "{}/nowhere.mp4"), "no such file"),
        (("extract", "{}/text.mp4", "--profile", "turbo"), "turbo"),
        (("baseline", "create", "{}/a.mp4", "{}/b.mp4", "--subject", "P"), "any of 2 files"),
        (
            ("baseline", "create", "{}/text.mp4", "{}/b.mp4", "{}/c.mp4", "--subject", "P", "--profile", "turbo"),
            "turbo",
        ),
        (("analyse", "{}/text.mp4", "--baseline", "nobody"), "nobody"),
        (("measure", "{}/text.mp4", "--profile", "turbo"), "turbo"),
        (("validate", "--reference", "{}/nowhere.csv"), "nowhere.csv"),
        (("train", "{}/nowhere", "--model", "svm"), "nowhere"),
        (("dataset", "check", "{}/nowhere"), "nowhere"),
        (("profiles", "compare", "{}/text.mp4", "--profiles", "fast", "turbo"), "turbo"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else value,
)
def test_what_never_started_leaves_no_job(capsys, workspace, tmp_path, line, said):
    (tmp_path / "text.mp4").write_text("no video")
    code = main([*(word.format(tmp_path) for word in line), "--workspace", str(workspace.root)])
    out, err = capsys.readouterr()
    assert (code, out) == (1, ""), err
    assert said in err
    assert JobStore(workspace).list() == []


@pytest.mark.parametrize("begun", [True, False])
def test_a_job_stays_once_something_was_done(workspace, monkeypatch, begun):
    def task(params, space, reporter):
        with reporter.stage("extract"):
            reporter.progress("extract", 3 if begun else 0, 10, "frames")
            raise InputError("Expected a sound file, but this one is damaged.", "Take another one.")

    job_kinds()
    monkeypatch.setitem(REGISTERED, "late", JobKind(name="late", title="Late", task=task))
    with pytest.raises(InputError):
        run_now(workspace, "late", {}, "Late")
    assert [job.state for job in JobStore(workspace).list()] == (["failed"] if begun else [])
    if begun:
        (job,) = JobStore(workspace).list()
        assert [stage["state"] for stage in job.stages] == ["failed"]


def test_models_fetch_is_a_job_only_where_models_are_missing(capsys, workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("GAIT_MODELS", str(tmp_path / "models"))
    asked: list[dict] = []

    def ensure(**options):
        asked.append({"source": options["source"]})
        return {"lite": tmp_path / "lite.task"}

    monkeypatch.setattr("gait_core.pose.models.assets.ensure_models", ensure)
    line = ("models", "fetch", "--from", tmp_path, "--workspace", workspace.root)
    assert answer_of(capsys, *line) == {"models": {"lite": str(tmp_path / "lite.task")}}
    assert asked == [{"source": str(tmp_path)}]
    (job,) = JobStore(workspace).list()
    assert (job.kind, job.state, job.title) == ("models", "done", "Pose models")

    ready = ModelStatus(variant="lite", state="ready", path=str(tmp_path / "lite.task"))
    monkeypatch.setattr("gait_core.pose.models.assets.list_models", lambda: [ready])
    assert answer_of(capsys, *line) == {"models": {"lite": str(tmp_path / "lite.task")}}
    assert len(JobStore(workspace).list()) == len(asked) == 1


def test_pretrain_hands_its_options_to_the_job(capsys, workspace, tmp_path, monkeypatch):
    called = {}

    def pretrain(out, space, reporter, **options):
        called.update(options, out=out, workspace=space.root)
        return {"model": str(out), "val_loss": 0.25, "manifest": {"people": options["people"]}}

    monkeypatch.setattr("gait_core.workflows.pretrain.pretrain", pretrain)
    monkeypatch.chdir(tmp_path)
    options = ("--out", "model.keras", "--people", 9, "--cell", "lstm")
    answer = answer_of(capsys, "pretrain", *options, "--workspace", workspace.root)
    assert answer == {"model": "model.keras", "val_loss": 0.25, "manifest": {"people": 9}}
    expected = {"out": tmp_path / "model.keras", "workspace": workspace.root, "people": 9, "cell": "lstm"}
    assert called == expected
    (job,) = JobStore(workspace).list()
    assert (job.kind, job.state, job.title) == ("pretrain", "done", "Pre-training of the LSTM autoencoder")


def test_a_misspelt_benchmark_leaves_no_job(capsys, workspace):
    assert main(["bench", "detektion", "--workspace", str(workspace.root)]) == 1
    assert "detection" in capsys.readouterr().err
    assert JobStore(workspace).list() == []


def test_a_long_command_waits_for_its_turn_and_says_so(workspace, tmp_path):
    workspace.jobs.mkdir(parents=True)
    said = threading.Event()
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if event.kind == "note":
            said.set()

    params = {"folder": str(tmp_path / "made"), "walks": 1, "fps": 15}
    with FileLock(workspace.jobs / "queue.lock"):
        work = threading.Thread(target=run_now, args=(workspace, "simulate", params, "Waits"), kwargs={"sink": listen})
        work.start()
        assert said.wait(30)
        (job,) = JobStore(workspace).list()
        assert job.state == "queued"
        assert not (tmp_path / "made").exists()
    work.join(60)
    (job,) = JobStore(workspace).list()
    assert job.state == "done"
    assert [event.message for event in heard if event.kind == "note"] == [
        "Waiting for another job of this workspace to end."
    ]


@pytest.mark.slow
def test_extract_stopped_from_the_keyboard_is_cancelled_and_goes_on(clips, tmp_path):
    space = Workspace(tmp_path / "space")
    run = line_of("extract", clips[0].parent, "--profile", "fast", "--workspace", space.root, "--quiet", "--json-lines")
    with subprocess.Popen(
        run,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts the tests in the background lets all of its children ignore the key.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        first = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    told = [*first, *map(json.loads, rest.splitlines())]
    assert 3 <= len(told) < CLIPS
    assert not any("summary" in line for line in told)
    (job,) = JobStore(space).list()
    assert (job.kind, job.state) == ("extract", "cancelled")
    assert job.spec["params"]["videos"] == [str(clips[0].parent)], "a folder is one line, however much is in it"
    assert JobStore(space).result(job.id) is None

    again = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    walks = [json.loads(line) for line in again.stdout.splitlines()]
    summary = walks.pop()["summary"]
    assert sorted(walk["path"] for walk in walks) == sorted(map(str, clips))
    cached = {walk["path"] for walk in walks if walk["cached"]}
    assert {walk["path"] for walk in told} <= cached
    assert summary["cached"] == len(cached)
    done, _ = JobStore(space).list()
    assert done.state == "done"
    assert [walk["path"] for walk in JobStore(space).result(done.id)["walks"]] == [str(clip) for clip in clips]


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_extract(clips, tmp_path):
    space = Workspace(tmp_path / "space")
    run = line_of("extract", *clips[:6], "--profile", "fast", "--workspace", space.root, "--quiet", "--json-lines")
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    (job,) = JobStore(space).list()
    assert job.state == "cancelled"


@pytest.mark.slow
def test_a_killed_extract_shows_as_crashed_and_its_job_can_be_resumed(clips, tmp_path):
    space = Workspace(tmp_path / "space")
    run = line_of("extract", clips[0].parent, "--profile", "fast", "--workspace", space.root, "--quiet", "--json-lines")
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        kept = json.loads(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        process.stdout.read()
    (job,) = JobStore(space).list()
    assert job.state == "crashed"
    assert job.error is not None
    assert "stopped unexpectedly" in job.error["message"]
    line = ["worker", str(job.folder), "--workspace", str(space.root), "--quiet"]
    assert main(line) == 1, "it has been begun: only a resume begins it again"
    assert main([*line, "--resume"]) == 0
    (job,) = JobStore(space).list()
    walks = JobStore(space).result(job.id)["walks"]
    assert [walk["path"] for walk in walks] == [str(clip) for clip in clips]
    assert {walk["path"] for walk in walks if walk["cached"]} >= {kept["path"]}


def test_the_status_of_a_job_over_many_videos_stays_small(tmp_path):
    names = [f"video-{number:05d}.mp4" for number in range(3000)]
    with StatusWriter(tmp_path) as writer:
        writer.start()
        for number, name in enumerate(names):
            state = "failed" if number in (7, 1500) else "done"
            writer.sink(Event(kind="item_end", stage="extract", item=name, data={"state": state}))
        writer.end("done")
    status = read_json(tmp_path / "status.json")
    shown = [item["name"] for item in status["items"]]
    assert len(shown) == 400
    assert status["items_left_out"] == len(names) - len(shown)
    assert shown[:2] == [names[7], names[1500]], "what failed stays"
    assert shown[2:] == names[-398:]
    assert (tmp_path / "status.json").stat().st_size < 100_000
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == len(names)
    assert (tmp_path / "events.jsonl").stat().st_size < 200 * len(names)
