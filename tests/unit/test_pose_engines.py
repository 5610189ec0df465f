"""Engines bring everything that is particular to them: one that registers is used everywhere, by its name alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gait_core.cli.main import main
from gait_core.config import PROFILES, PoseSettings, profile_named
from gait_core.errors import SettingsError
from gait_core.pose import batch, extracted
from gait_core.pose.devices import choice as device_choice
from gait_core.pose.engines import check_engine, engine_memory, engine_titles, registry, resolved, turn_delay_s
from gait_core.pose.engines.registry import engine_named, engines_by_rank, pose_engine
from gait_core.workspace import Workspace
from tests.unit.test_pose_extract import StandIn, write


@pytest.fixture
def dummy(monkeypatch: pytest.MonkeyPatch) -> list[PoseSettings]:
    """Register an engine for one test, in one line; return the settings with which it was opened."""
    opened: list[PoseSettings] = []

    def open_dummy(settings: PoseSettings, **_: Any) -> StandIn:
        opened.append(settings)
        return StandIn()

    engines_by_rank()
    monkeypatch.setattr(registry, "REGISTERED", dict(registry.REGISTERED))
    facts = {"version": lambda: "7", "installed": lambda: True, "precision": lambda asked: "f32"}
    pose_engine("dummy", title="A dummy", rank=99, turn_delay_s=0.5, process_mib=(500, 600, 700), **facts)(open_dummy)
    for module in (batch, extracted):
        monkeypatch.setattr(module, "model_sha256", lambda variant, reporter=None: f"model {variant}")
    monkeypatch.setattr(device_choice, "only_cpu", lambda: True)
    return opened


def test_a_new_engine_runs_an_extraction_without_a_change_elsewhere(
    dummy: list[PoseSettings], tmp_path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.profiles.mkdir(parents=True, exist_ok=True)
    file = workspace.profiles / "mine.json"
    file.write_text(json.dumps({"performance_profiles": {"mine": {"engine": "dummy", "max_memory_mb": 800}}}))
    place = ["--workspace", str(workspace.root)]
    assert main(["profiles", "validate", str(file), *place]) == 0
    capsys.readouterr()
    assert main(["profiles", "show", "mine", "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["engine"] == "dummy"
    video = write(tmp_path / "walk.mp4")
    assert main(["extract", str(video), "--profile", "mine", "--json", *place]) == 0
    (walk,) = json.loads(capsys.readouterr().out)["walks"]
    assert (walk["frames"], walk["detection_rate"], walk["cached"]) == (40, 1.0, False)
    assert main(["extract", str(video), "--engine", "dummy", "--no-cache", "--json", *place]) == 0
    assert [settings.engine for settings in dummy] == ["dummy", "dummy"]


def test_what_is_particular_to_an_engine_comes_with_it(dummy: list[PoseSettings], workspace: Workspace) -> None:
    assert engine_titles()["dummy"] == "A dummy"
    assert engine_memory()["dummy"] == (500, 600, 700)
    assert turn_delay_s("dummy") == 0.5
    assert turn_delay_s("a simulation") == 0.0
    profile = profile_named("balanced").with_(engine="dummy")
    more = profile.needed_bytes(engine_memory()) - replace(profile, engine="openvino").needed_bytes(engine_memory())
    assert more == (600 - 310) * 1024**2


def test_the_known_engines_and_their_facts() -> None:
    assert engine_titles() == {"auto": "Fastest that works here", "openvino": "OpenVINO", "mediapipe": "MediaPipe"}
    assert engine_memory() == {"openvino": (290, 310, 400), "mediapipe": (400, 410, 470)}
    assert [engine.turn_delay_s for engine in engines_by_rank()] == [0.028, 0.028]


@pytest.mark.parametrize("ask", [engine_named, check_engine, lambda name: resolved(PoseSettings(engine=name))])
def test_an_unknown_engine_is_refused_with_the_nearest_one(ask: Any) -> None:
    with pytest.raises(SettingsError, match="one of auto, openvino, mediapipe, but got 'mediapip'") as caught:
        ask("mediapip")
    assert caught.value.remedy == "Did you mean 'mediapipe'?"


def test_the_command_line_refuses_an_unknown_engine_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["extract", "x.mp4", "--engine", "openvin"])
    assert caught.value.code == 2
    assert "but got 'openvin'. Did you mean 'openvino'?" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["", "two words", "a/b", 3, None])
def test_an_engine_is_a_single_word(word: Any) -> None:
    with pytest.raises(SettingsError, match="Expected engine to be a single word, but got"):
        PoseSettings(engine=word)


def test_digests_are_those_of_the_closed_list_before() -> None:
    assert PoseSettings(engine="mediapipe").digest() == "7b2c3eb993754a8f"
    assert PoseSettings(decoding="display").digest() == "618cc222d7dbf3b1"
    display = profile_named("balanced").with_(decoding="display")
    assert display.digest() == "73a91a2442a90368"
    assert len({display.digest(), profile_named("balanced").digest()}) == 2


def test_every_profile_reads_for_measurement_where_the_engine_can() -> None:
    assert {profile.decoding for profile in PROFILES.values()} == {"measure"}
    assert resolved(PoseSettings(engine="openvino")).decoding == "measure"
    assert resolved(PoseSettings(engine="mediapipe")).decoding == "display"
    assert resolved(PoseSettings(engine="openvino", decoding="display")).decoding == "display"
