"""The trial of a device with the real pose model, on a machine that may have none: crashes, hangs and refusals."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import psutil
import pytest

from gait_core.config import PoseSettings
from gait_core.errors import Cancelled, GaitError
from gait_core.pose.devices import choice as device_choice
from gait_core.pose.devices.choice import VARIABLE, known_choice
from gait_core.pose.devices.results import Trial, read_trials
from gait_core.pose.devices.targets import Place, cpu_place
from gait_core.pose.devices.trial import try_place
from gait_core.pose.extract import extract_track
from gait_core.pose.extracted import track_address
from gait_core.pose.models.assets import ensure_models, models_folder
from gait_core.pose.openvino.library import load_openvino
from gait_core.pose.parity import compare_tracks
from gait_core.progress import Event, Reporter, silent
from gait_core.runtime.devices import Device
from gait_core.simulate.cohort import simulate_walks
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.info import VideoInfo
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow
SETTINGS = PoseSettings(variant="lite", engine="openvino")
FRAMES = 30
SPOILED = "import os, sys, time\nfrom gait_core.pose.devices import measure\n{}\nmeasure.main(sys.argv[1:])"
CARD = Device(kind="intel_gpu", name="Some card", memory_bytes=0, usable_for=(), reason="")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> VideoInfo:
    """Return a rendered walk."""
    (video,) = simulate_walks(tmp_path_factory.mktemp("walk"), walks=1, seed=101, fps=25.0)
    return probe(video)


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work with a copy of the smallest model, beside which nothing was tried yet."""
    try:
        (model,) = ensure_models(("lite",)).values()
    except GaitError as error:
        pytest.skip(f"no pose model on this machine: {error}")
    folder = tmp_path / "models"
    folder.mkdir()
    for path in (model, models_folder() / "models.json"):
        shutil.copy(path, folder)
    monkeypatch.setenv("GAIT_MODELS", str(folder))
    monkeypatch.delenv(VARIABLE, raising=False)
    return folder


def other(device: str, engine: str = "openvino", name: str = "Some card") -> Place:
    settings = cpu_place(SETTINGS).settings.with_(engine=engine)
    return Place(settings=settings, device=device, kind="intel_gpu", name=name)


def has_openvino(device: str) -> bool:
    return any(name.partition(".")[0] == device for name in load_openvino().Core().available_devices)


def spoiled(code: str) -> list[str]:
    """Return a process that measures the real CPU and then does something else than the device."""
    return [sys.executable, "-c", SPOILED.format(code)]


def test_the_cpu_under_another_name_agrees_and_does_not_win(walk: VideoInfo) -> None:
    place = other("CPU", name="The CPU again")
    found = try_place(place, cpu_place(SETTINGS), walk, silent(), frames=FRAMES)
    assert isinstance(found, Trial)
    assert (found.median_pct, found.p95_pct) == (pytest.approx(0.0, abs=0.01), pytest.approx(0.0, abs=0.05))
    assert all(rate > 1 for rates in found.frames_per_s.values() for rate in rates)
    assert 0.0 < found.speedup < 1.2
    assert found.outcome == "slower"
    assert re.search(r"\d+ frames/s against \d+ with one video and \d+ frames/s against \d+ with several", found.reason)


def test_a_device_has_to_agree_with_its_own_engine(walk: VideoInfo) -> None:
    """The two engines never agree exactly, so that only this comparison gives 0."""
    place = other("CPU", engine="mediapipe")
    found = try_place(place, cpu_place(SETTINGS), walk, silent(), frames=FRAMES)
    assert isinstance(found, Trial)
    assert (found.key.engine, found.key.against) == ("mediapipe", "openvino f32")
    assert found.p95_pct == pytest.approx(0.0, abs=1e-3)


def test_a_device_that_is_not_there_is_refused_with_a_reason(walk: VideoInfo) -> None:
    if has_openvino("GPU"):
        pytest.skip("this machine has such a device")
    found = try_place(other("GPU.0"), cpu_place(SETTINGS), walk, silent(), frames=FRAMES)
    assert isinstance(found, Trial)
    assert found.outcome == "failed"
    assert found.reason.startswith("Some card (openvino, GPU.0): it failed: ")
    assert len(found.reason) > 60
    assert found.frames_per_s["device"] == []
    assert min(found.frames_per_s["cpu"]) > 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os.abort()", "it crashed (SIGABRT)"),
        ("(os.write(2, b'driver: lost it\\n'), os._exit(7))", "it crashed (exit code 7): driver: lost it."),
    ],
    ids=["abort", "exit"],
)
def test_a_driver_that_ends_the_process_becomes_a_reason(walk: VideoInfo, code: str, words: str) -> None:
    command = spoiled(f"measure.on_device = lambda *_: {code}")
    found = try_place(other("CPU"), cpu_place(SETTINGS), walk, silent(), frames=FRAMES, command=command)
    assert isinstance(found, Trial)
    assert (found.outcome, found.taken) == ("failed", False)
    assert words in found.reason


def children() -> set[int]:
    """Return the processes that this one has begun; other tests may keep a browser."""
    return {child.pid for child in psutil.Process().children()}


def test_a_driver_that_hangs_is_ended(walk: VideoInfo) -> None:
    before = children()
    # The CPU is done at once here, lest a busy machine be taken for a device that hangs.
    done = "pathlib.Path(sys.argv[2]).write_text('{\"cpu\": [50, 60]}')"
    command = [sys.executable, "-c", f"import pathlib, sys, time\n{done}\ntime.sleep(600)"]
    found = try_place(other("CPU"), cpu_place(SETTINGS), walk, silent(), command=command, limit_s=4.0)
    assert isinstance(found, Trial)
    assert found.outcome == "failed"
    assert "did not answer within 4 s" in found.reason
    assert found.frames_per_s["cpu"] == [50, 60]
    assert children() <= before


def test_a_process_that_nobody_waits_for_is_ended_or_ends_itself(walk: VideoInfo, tmp_path: Path) -> None:
    before = children()
    begun_s = time.monotonic()
    stop = Reporter(cancelled=lambda: time.monotonic() - begun_s > 1.0)
    with pytest.raises(Cancelled):
        try_place(other("CPU"), cpu_place(SETTINGS), walk, stop, frames=FRAMES)
    assert time.monotonic() - begun_s < 3.0
    assert children() <= before
    # The limit of the process itself, for the case that its parent is killed.
    (tmp_path / "question.json").write_text("{}")
    code = "measure.answer = lambda *_: time.sleep(600)"
    arguments = [str(tmp_path / "question.json"), str(tmp_path / "answer.json"), "1.5"]
    process = psutil.Popen([*spoiled(code), *arguments], stderr=subprocess.DEVNULL)
    assert process.wait(20) != 0


def test_a_video_without_anybody_or_too_short_tells_nothing(walk: VideoInfo, tmp_path: Path) -> None:
    empty, short = tmp_path / "empty.mp4", tmp_path / "short.mp4"
    with VideoWriter(empty, 320, 240, 25) as writer:
        for _ in range(40):
            writer.write(np.full((240, 320, 3), 90, np.uint8))
    with VideoWriter(short, walk.width_px, walk.height_px, 25) as writer:
        for frame in islice(iter_frames(walk, span_s=(1.5, 9.0)), 15):
            writer.write(frame.image)
    for path, words in ((empty, "no person is seen in the first 10 s of empty.mp4"), (short, "short.mp4 is too short")):
        assert try_place(other("CPU"), cpu_place(SETTINGS), probe(path), silent()) == words


def test_mediapipe_on_a_graphics_card_runs_or_says_why_not(walk: VideoInfo) -> None:
    place = other("GPU", engine="mediapipe")
    found = try_place(place, cpu_place(SETTINGS), walk, silent(), frames=FRAMES)
    assert isinstance(found, Trial)
    assert found.reason.startswith("Some card (mediapipe, GPU): ")
    if found.outcome == "failed":
        said = found.reason.partition("it failed: ")[2] or found.reason.partition("it crashed ")[2]
        assert len(said) > 20
    else:
        assert len(found.frames_per_s["device"]) == 2


def test_an_analysis_tries_once_and_goes_on_with_the_cpu(
    walk: VideoInfo, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if has_openvino("GPU"):
        pytest.skip("this machine has such a device")
    cpu = Device(kind="cpu", name="CPU", memory_bytes=0, usable_for=("pose",), reason="")
    monkeypatch.setattr(device_choice, "find_devices", lambda: [cpu, CARD])
    events: list[Event] = []
    reporter = Reporter(sink=events.append)
    first = extract_track(walk.path, SETTINGS, workspace=workspace, reporter=reporter)
    assert first.address == track_address(walk, SETTINGS)
    assert first.track.info["device"] == "cpu"
    assert "Some card (openvino, GPU.0): it failed" in first.track.info["device_reason"]
    notes = [event.message for event in events if event.kind == "note"]
    assert notes[0].startswith("Trying Some card for the pose model")
    (kept,) = read_trials().values()
    assert kept.outcome == "failed"
    assert known_choice(SETTINGS).trials == (kept,)
    monkeypatch.setattr(device_choice, "try_place", None)  # whoever calls it again fails
    again = extract_track(walk.path, SETTINGS, workspace=Workspace(tmp_path / "another"))
    assert not again.cached
    assert again.track.info["device_reason"] == first.track.info["device_reason"]
    assert np.array_equal(again.track.position, first.track.position)


def test_a_device_that_wins_is_used_with_its_own_address(
    walk: VideoInfo, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO has a second name for the CPU, ``AUTO:CPU``: a device that really runs, and is not ``CPU``."""
    place = other("AUTO:CPU")
    monkeypatch.setattr(device_choice, "other_places", lambda asked, devices: ([place], []))
    monkeypatch.setattr("gait_core.pose.devices.trial._SPEEDUP", 0.0)
    found = extract_track(walk.path, SETTINGS, workspace=workspace)
    assert found.track.info["device"] == "intel_gpu"
    assert "It runs the pose model." in found.track.info["device_reason"]
    assert found.address == track_address(walk, SETTINGS, device="AUTO:CPU") != track_address(walk, SETTINGS)
    plain = extract_track(walk.path, SETTINGS, workspace=workspace)
    assert plain.cached
    monkeypatch.setenv(VARIABLE, "cpu")
    cpu = extract_track(walk.path, SETTINGS, workspace=workspace)
    assert (cpu.cached, cpu.track.info["device"]) == (False, "cpu")
    apart = compare_tracks(cpu.track, found.track)
    assert apart.median_pct <= 0.1
    assert apart.p95_pct <= 0.5
