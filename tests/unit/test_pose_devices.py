"""Where the pose model could run, what is kept of the trials, and what an analysis does with a device."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gait_core.cli.main import main
from gait_core.config import DEFAULT_PROFILE, PROFILES, Limits, PoseSettings
from gait_core.errors import Cancelled, SettingsError
from gait_core.jobs.performance_report import build_report
from gait_core.pose import batch, extracted
from gait_core.pose.devices import choice as device_choice
from gait_core.pose.devices import results as device_results
from gait_core.pose.devices.choice import VARIABLE, known_choice
from gait_core.pose.devices.results import Trial, keep_trial, key_of, read_trials, trials_path
from gait_core.pose.devices.targets import Place, cpu_place, other_places
from gait_core.pose.devices.trial import brief, try_place
from gait_core.pose.extract import ExtractedWalk, extract_many, extract_track
from gait_core.pose.extracted import track_address
from gait_core.pose.mediapipe.engine import MediaPipeEngine, mediapipe_version
from gait_core.pose.mediapipe.library import load_mediapipe
from gait_core.pose.models.sources import VARIANTS, bundle_name
from gait_core.pose.openvino.engine import openvino_version
from gait_core.progress import Event, Reporter, silent
from gait_core.runtime import devices as runtime_devices
from gait_core.runtime.devices import Device
from gait_core.video.info import VideoInfo
from gait_core.video.pixels import RgbPixels
from gait_core.workspace import Workspace
from tests.unit.test_pose_extract import StandIn, write

AUTO = PoseSettings()
INFO = VideoInfo(
    path="/nowhere/walk.mp4",
    name="walk.mp4",
    size_bytes=1,
    content_sha256="0" * 64,
    frame_count=100,
    width_px=64,
    height_px=48,
    frame_rate_hz=25.0,
    duration_s=4.0,
    codec="h264",
    rotation_deg=0,
    variable_frame_rate=False,
    pixel_format="yuv420p",
)


def device(kind: str, name: str = "") -> Device:
    uses = ("pose", "training", "recognition") if kind == "cpu" else ()
    return Device(kind=kind, name=name or kind, memory_bytes=0, usable_for=uses, reason="")


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what is tried in a folder of the test, and pretend that the models are there."""
    folder = tmp_path / "models"
    folder.mkdir()
    for variant in VARIANTS:
        (folder / bundle_name(variant)).touch()
    monkeypatch.setenv("GAIT_MODELS", str(folder))
    monkeypatch.delenv(VARIABLE, raising=False)
    for module in (batch, extracted, device_results):
        monkeypatch.setattr(module, "model_sha256", lambda variant, reporter=None: f"model {variant}")
    return folder


def offer(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """Pretend that the machine has devices."""
    found = [device("cpu", "Some CPU"), *map(device, kinds)]
    monkeypatch.setattr(device_choice, "find_devices", lambda: found)


def trial(place: Place, outcome: str = "taken", speedup: float = 2.0, settings: PoseSettings = AUTO) -> Trial:
    key = key_of(place, cpu_place(settings))
    return Trial(key=key, outcome=outcome, reason=f"{place.name} was {outcome}.", speedup=speedup, frames_per_s={})


# Places


def test_every_device_is_offered_to_the_engine_that_can_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    devices = [device("cpu"), device("intel_gpu", "A"), device("intel_gpu", "B"), device("intel_npu"), device("nvidia")]
    found, why_not = other_places(AUTO.with_(precision="auto"), devices)
    assert [(place.settings.engine, place.settings.precision, place.device, place.name) for place in found] == [
        ("openvino", "bf16", "GPU.0", "A"),
        ("openvino", "bf16", "GPU.1", "B"),
        ("openvino", "bf16", "NPU", "intel_npu"),
        ("mediapipe", "f32", "GPU", "nvidia or A or B"),
    ]
    assert why_not == []


def test_f32_stays_f32_on_a_device_and_keeps_away_from_one_without_it() -> None:
    found, why_not = other_places(AUTO.with_(engine="openvino"), [device("intel_gpu"), device("intel_npu")])
    assert [(place.device, place.settings.precision) for place in found] == [("GPU.0", "f32")]
    assert why_not == ["intel_npu: it runs in half precision only, and f32 is asked for."]


@pytest.mark.parametrize(
    ("settings", "devices"),
    [
        (AUTO.with_(engine="openvino"), ["GPU.0"]),
        (AUTO.with_(engine="mediapipe"), ["GPU"]),
        (AUTO.with_(person="largest"), ["GPU"]),
    ],
)
def test_a_named_engine_is_kept(settings: PoseSettings, devices: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    found, _ = other_places(settings, [device("intel_gpu")])
    assert [place.device for place in found] == devices


def test_what_no_engine_can_use_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, why_not = other_places(AUTO.with_(engine="openvino"), [device("nvidia", "NVIDIA X")])
    assert why_not == ["NVIDIA X: the engine openvino cannot use it."]
    monkeypatch.setattr("sys.platform", "win32")
    found, why_not = other_places(AUTO, [device("nvidia", "NVIDIA X")])
    assert found == []
    assert why_not == ["NVIDIA X: MediaPipe uses GPUs on Linux and macOS only."]


def test_only_a_device_beside_the_cpu_is_part_of_the_address() -> None:
    for settings, version in (
        (AUTO.with_(engine="openvino"), openvino_version()),
        (AUTO.with_(engine="mediapipe"), mediapipe_version()),
    ):
        parts = (INFO.content_sha256, settings.digest(), "model full", version)
        before = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        assert track_address(INFO, settings) == before, "landmarks in the caches of today would be lost"
        found = {track_address(INFO, settings, device=name) for name in ("CPU", "GPU.0", "GPU.1", "NPU")}
        assert len(found) == 4
        assert before in found


# What is kept


def test_a_trial_is_kept_and_found_again_until_anything_it_holds_for_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "intel_gpu")
    (place,), _ = other_places(AUTO.with_(engine="openvino"), [device("intel_gpu")])
    settings = AUTO.with_(engine="openvino")
    kept = replace(
        trial(place, settings=settings), frames_per_s={"cpu": [50.0, 60.0], "device": [90.5, 140.0]}, p95_pct=0.5
    )
    keep_trial(kept)
    keep_trial(kept)
    assert list(read_trials().values()) == [kept]
    choice = known_choice(settings)
    assert (choice.place, choice.why, choice.untried) == (place, "intel_gpu was taken.", ())
    trials_path().write_text(trials_path().read_text().replace('"cpu"', '"processor"'))
    assert list(read_trials().values()) == [kept], "an earlier version stored it"
    assert known_choice(settings.with_(variant="lite")).untried != ()
    assert known_choice(settings.with_(precision="bf16")).untried != ()
    monkeypatch.setattr(device_results, "engine_version", lambda settings: "another")
    choice = known_choice(settings)
    assert choice.place.kind == "cpu"
    assert "not tried yet" in choice.why


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{torn",
        b"[]",
        b'{"format": 0, "trials": [{"outcome": "taken"}]}',
        b'{"format": 1, "trials": [{"outcome": "taken"}, 3, null, {"key": {}}]}',
    ],
)
def test_a_damaged_or_old_file_counts_as_not_tried_and_is_replaced(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "intel_gpu")
    trials_path().write_bytes(content)
    settings = AUTO.with_(engine="openvino")
    choice = known_choice(settings)
    assert choice.place.kind == "cpu"
    (place,) = choice.untried
    keep_trial(trial(place, settings=settings))
    assert known_choice(settings).place == place
    assert json.loads(trials_path().read_text())["format"] == device_results.FORMAT


def test_the_fastest_of_those_that_won_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "intel_gpu", "intel_npu")
    settings = AUTO.with_(engine="openvino", precision="bf16")
    graphics, npu = known_choice(settings).untried
    keep_trial(trial(graphics, speedup=1.5, settings=settings))
    keep_trial(trial(npu, speedup=2.5, settings=settings))
    assert known_choice(settings).place == npu
    keep_trial(trial(npu, "failed", speedup=0.0, settings=settings))
    assert known_choice(settings).place == graphics
    keep_trial(trial(graphics, "slower", speedup=1.0, settings=settings))
    choice = known_choice(settings)
    assert choice.place == cpu_place(settings)
    assert choice.why == "intel_gpu was slower. intel_npu was failed."


def test_who_only_asks_does_not_have_models_fetched(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    offer(monkeypatch, "intel_gpu")
    monkeypatch.setattr(device_results, "model_sha256", None)  # it would fetch
    for path in models.iterdir():
        path.unlink()
    choice = known_choice(SETTINGS)
    assert choice.place.kind == "cpu"
    assert choice.why == "intel_gpu: the engine openvino or its model is not installed."


@pytest.mark.parametrize(("outcome", "runs_on"), [("taken", "intel_gpu"), ("slower", None)])
def test_the_doctor_tells_what_was_tried_and_what_was_not(
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    outcome: str,
    runs_on: str | None,
) -> None:
    found = [device("cpu", "Some CPU"), device("intel_gpu"), device("nvidia")]
    monkeypatch.setattr(runtime_devices, "find_devices", lambda **_: found)
    monkeypatch.setattr("sys.platform", "linux")
    settings = PROFILES[DEFAULT_PROFILE].pose_settings()
    offer(monkeypatch, "intel_gpu", "nvidia")
    graphics, _ = known_choice(settings).untried
    keep_trial(trial(graphics, outcome, settings=settings))
    main(["doctor", "--json", "--workspace", str(workspace.root)])
    answer = json.loads(capsys.readouterr().out)
    assert answer["chosen"]["pose"]["device"] == (runs_on or cpu_place(settings).name)
    assert f"intel_gpu was {outcome}." in answer["chosen"]["pose"]["why"]
    assert [one["outcome"] for one in answer["pose_trials"]] == [outcome]
    main(["doctor", "--workspace", str(workspace.root)])
    text = capsys.readouterr().out
    assert f"intel_gpu was {outcome}." in text
    assert ("nvidia or intel_gpu: not tried yet" in text) is (runs_on is None)
    assert f"delete {trials_path()}" in text


# The environment


def test_the_environment_keeps_poses_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "intel_gpu")
    for place in known_choice(AUTO).untried:
        keep_trial(trial(place))
    assert known_choice(AUTO).place.kind == "intel_gpu"
    monkeypatch.setenv(VARIABLE, " CPU ")
    choice = known_choice(AUTO)
    assert choice.place.kind == "cpu"
    assert VARIABLE in choice.why
    monkeypatch.setenv(VARIABLE, "auto")
    assert known_choice(AUTO).place.kind == "intel_gpu"


def test_an_unknown_word_is_one_clear_message(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "cuda")
    paths = [write(tmp_path / f"{number}.mp4") for number in range(2)]
    with pytest.raises(SettingsError, match="GAIT_POSE_DEVICE to be cpu or auto, but got 'cuda'"):
        extract_many(paths, AUTO, workspace=workspace)


# The verdict


def answered(tmp_path: Path, answer: dict[str, Any]) -> list[str]:
    """Return the command of a process that gives this answer."""
    given = tmp_path / "given.json"
    given.write_text(json.dumps(answer))
    return [sys.executable, "-c", f"import shutil, sys; shutil.copy({str(given)!r}, sys.argv[2])"]


def parity(median_pct: float | None = 0.1, p95_pct: float | None = 0.6, found_same: float = 1.0) -> dict[str, Any]:
    return {"median_pct": median_pct, "p95_pct": p95_pct, "found_same": found_same}


@pytest.mark.parametrize(
    ("there", "apart", "outcome", "words"),
    [
        ([90.0, 150.0], parity(), "taken", "90 frames/s against 50 with one video and 150 frames/s against 100"),
        ([60.0, 120.0], parity(0.5, 2.5), "taken", "0.50 % of body height"),
        ([59.0, 150.0], parity(), "slower", "1.2 times"),
        ([90.0, 119.0], parity(), "slower", "1.2 times"),
        ([90.0, 150.0], parity(0.51, 0.6), "differs", "Allowed are 0.5 % and 2.5 %"),
        ([90.0, 150.0], parity(0.1, 2.51), "differs", "95 % within 2.51 %"),
        ([90.0, 150.0], parity(0.1, 0.6, found_same=0.9), "differs", "95 % of the frames detected alike"),
        ([90.0, 150.0], parity(None, None, found_same=0.0), "differs", "does not find the person"),
    ],
)
def test_a_device_has_to_agree_and_to_win(
    tmp_path: Path, there: list[float], apart: dict[str, Any], outcome: str, words: str
) -> None:
    place = Place(settings=cpu_place(AUTO).settings, device="GPU.0", kind="intel_gpu", name="Some card")
    command = answered(tmp_path, {"cpu": [50.0, 100.0], "device": there, "parity": apart})
    found = try_place(place, cpu_place(AUTO), INFO, silent(), command=command)
    assert isinstance(found, Trial)
    assert found.outcome == outcome
    assert found.taken is (outcome == "taken")
    assert found.reason.startswith("Some card (openvino, GPU.0): ")
    assert words in found.reason
    assert found.speedup == pytest.approx(min(there[0] / 50, there[1] / 100))


@pytest.mark.parametrize("answer", [{"unusable": "no person is seen"}, {}])
def test_a_video_that_tells_nothing_leaves_no_verdict(tmp_path: Path, answer: dict[str, Any]) -> None:
    place = Place(settings=cpu_place(AUTO).settings, device="GPU.0", kind="intel_gpu", name="Some card")
    found = try_place(place, cpu_place(AUTO), INFO, silent(), command=answered(tmp_path, answer))
    assert isinstance(found, str)
    assert "no person is seen" in found or "could not be measured" in found


def test_a_long_error_is_cut_to_its_end() -> None:
    assert brief("first\n  the second  \n\n") == "the second."
    assert brief("") == "no reason was given."
    text = brief("Service " + "x" * 500 + " was not created: no such card")
    assert text.startswith("…")
    assert text.endswith("no such card.")
    assert len(text) < 260


# In an analysis


class Breaking(StandIn):
    """An engine whose device gives up at a frame."""

    def __init__(self, at: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._at = at

    def detect(self, pixels: Any, time_s: float) -> Any:
        if self._number == self._at:
            raise RuntimeError("[GPU] out of resources\nCL_OUT_OF_RESOURCES")
        return super().detect(pixels, time_s)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the devices on which engines were opened; the one on a device breaks in a video of 50 frames."""
    found: list[str] = []

    def open_engine(settings: PoseSettings, *, masks: bool = False, at_once: int = 1, device: str = "CPU") -> StandIn:
        found.append(device)
        return StandIn() if device == "CPU" else Breaking(45)

    monkeypatch.setattr(batch, "open_engine", open_engine)
    return found


def winning(monkeypatch: pytest.MonkeyPatch, outcome: str = "taken") -> list[str]:
    """Let every trial end so, and return the videos that were used."""
    tried: list[str] = []

    def try_place(place: Place, cpu: Place, info: VideoInfo, reporter: Reporter) -> Trial:
        tried.append(info.name)
        time.sleep(0.2)
        return trial(place, outcome, settings=SETTINGS)

    monkeypatch.setattr(device_choice, "try_place", try_place)
    return tried


SETTINGS = AUTO.with_(engine="openvino")


def test_the_first_analysis_tries_once_and_the_winner_does_the_work(
    tmp_path: Path, workspace: Workspace, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "intel_gpu")
    tried = winning(monkeypatch)
    events: list[Event] = []
    paths = [write(tmp_path / f"{number}.mp4", column=10 * number) for number in range(1, 4)]
    reporter = Reporter(sink=events.append)
    walks = extract_many(paths, SETTINGS, workspace=workspace, reporter=reporter, limits=Limits(workers=3))
    assert len(tried) == 1
    assert opened == ["GPU.0"] * 3
    assert all(isinstance(walk, ExtractedWalk) for walk in walks)
    assert [walk.track.info["device"] for walk in walks] == ["intel_gpu"] * 3
    assert walks[0].track.info["device_reason"] == "intel_gpu was taken."
    assert walks[0].address == track_address(walks[0].info, SETTINGS, device="GPU.0")
    ends = [event.data["cost"] for event in events if event.kind == "item_end"]
    assert [cost["device"] for cost in ends] == ["intel_gpu"] * 3
    assert next(event.message for event in events if event.kind == "note").startswith("Trying intel_gpu")
    lane = {"stage": "extract", "item": "1.mp4", "state": "done", "frames": 40, "cost": ends[0]}
    report = build_report({}, {}, {"lanes": [lane]}, profile={}, machine={}, versions={})
    assert (report["engine"]["device"], report["engine"]["device_reason"]) == ("intel_gpu", "intel_gpu was taken.")
    again = extract_many(paths, SETTINGS, workspace=workspace)
    assert [walk.cached for walk in again] == [True] * 3
    other = extract_track(write(tmp_path / "later.mp4", column=50), SETTINGS, workspace=workspace)
    assert other.track.info["device"] == "intel_gpu"
    assert len(tried) == 1, "the result of the first time holds"


def test_what_the_cpu_found_before_stays_and_costs_no_trial(
    tmp_path: Path, workspace: Workspace, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "walk.mp4")
    offer(monkeypatch)
    before = extract_track(path, SETTINGS, workspace=workspace)
    assert before.track.info["device"] == "cpu"
    assert before.track.info["device_reason"] == "No other device was found."
    assert not trials_path().exists()
    offer(monkeypatch, "intel_gpu")
    tried = winning(monkeypatch)
    again = extract_track(path, SETTINGS, workspace=workspace)
    assert (again.cached, again.address, tried) == (True, before.address, [])


def test_a_device_that_lost_leaves_everything_as_it_is_without_it(
    tmp_path: Path, workspace: Workspace, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "intel_gpu")
    winning(monkeypatch, "slower")
    walk = extract_track(write(tmp_path / "walk.mp4"), SETTINGS, workspace=workspace)
    assert opened == ["CPU"]
    assert walk.address == track_address(walk.info, SETTINGS)
    assert (walk.track.info["device"], walk.track.info["device_reason"]) == ("cpu", "intel_gpu was slower.")


@pytest.mark.parametrize("use_cache", [True, False])
def test_a_device_that_fails_in_the_middle_hands_the_video_to_the_cpu(
    tmp_path: Path, workspace: Workspace, opened: list[str], monkeypatch: pytest.MonkeyPatch, use_cache: bool
) -> None:
    offer(monkeypatch, "intel_gpu")
    winning(monkeypatch)
    paths = [
        write(tmp_path / "short.mp4", frames=40),
        write(tmp_path / "long.mp4", frames=60, column=30),
        write(tmp_path / "later.mp4", frames=40, column=40),
    ]
    events: list[Event] = []
    walks = extract_many(
        paths,
        SETTINGS,
        workspace=workspace,
        reporter=Reporter(sink=events.append),
        limits=Limits(workers=1),
        use_cache=use_cache,
    )
    assert opened == ["GPU.0", "GPU.0", "CPU", "CPU"]
    assert [len(walk.track) for walk in walks] == [40, 60, 40]
    assert [walk.track.info["device"] for walk in walks] == ["intel_gpu", "cpu", "cpu"]
    assert not np.isnan(walks[1].track.position).any()
    warnings = [event.message for event in events if event.kind == "warning"]
    assert warnings == [
        "intel_gpu failed in the middle of long.mp4: CL_OUT_OF_RESOURCES. The CPU begins that video again and "
        "does the others; nothing is lost."
    ]
    assert "CL_OUT_OF_RESOURCES" in walks[2].track.info["device_reason"]
    # It is not trusted the next time either.
    choice = known_choice(SETTINGS)
    assert choice.place.kind == "cpu"
    assert "long.mp4" in choice.why


def test_nothing_is_tried_where_the_result_could_not_be_kept(
    tmp_path: Path, models: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "intel_gpu")
    tried = winning(monkeypatch)
    trials_path().with_suffix(".lock").mkdir()
    walk = extract_track(write(tmp_path / "walk.mp4"), SETTINGS, workspace=Workspace(tmp_path / "space"))
    assert tried == []
    assert walk.track.info["device"] == "cpu"
    assert "could not be kept" in walk.track.info["device_reason"]


def test_a_video_that_tells_nothing_leaves_the_trial_to_the_next(
    tmp_path: Path, workspace: Workspace, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "intel_gpu")
    monkeypatch.setattr(device_choice, "try_place", lambda *_: "no person is seen in it")
    walk = extract_track(write(tmp_path / "walk.mp4"), SETTINGS, workspace=workspace)
    assert walk.track.info["device"] == "cpu"
    assert walk.track.info["device_reason"].startswith("intel_gpu could not be tried: no person is seen in it. ")
    assert known_choice(SETTINGS).untried != ()


def test_everybody_who_waits_for_a_trial_can_be_stopped(
    tmp_path: Path, workspace: Workspace, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "intel_gpu")

    def try_place(place: Place, cpu: Place, info: VideoInfo, reporter: Reporter) -> Trial:
        while True:
            reporter.check()
            time.sleep(0.02)

    monkeypatch.setattr(device_choice, "try_place", try_place)
    paths = [write(tmp_path / f"{number}.mp4", column=10 * number) for number in range(1, 4)]
    begun_s = time.monotonic()
    reporter = Reporter(cancelled=lambda: time.monotonic() - begun_s > 0.5)
    with pytest.raises(Cancelled):
        extract_many(paths, SETTINGS, workspace=workspace, reporter=reporter, limits=Limits(workers=3))
    assert time.monotonic() - begun_s < 1.5
    assert opened == []
    assert read_trials() == {}


def test_a_graphics_card_gets_pixels_of_four_bytes() -> None:
    pixels = RgbPixels(np.full((48, 64, 3), (10, 20, 30), np.uint8))
    for place, channels in (("CPU", 3), ("GPU", 4)):
        engine = MediaPipeEngine(AUTO, device=place)
        engine._mediapipe = load_mediapipe()
        image = engine._image(engine._rgb(pixels), place)
        assert image.channels == channels
        assert image.numpy_view()[0, 0].tolist() == [10, 20, 30, 255][:channels]
