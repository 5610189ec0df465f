"""Profiles that users make: seed keys, every kind of broken file, and the folder they live in."""

from __future__ import annotations

import json
import os

import pytest

from gait_core.cli.main import main
from gait_core.compare.profile_store import (
    body_of,
    delete_profile,
    export_text,
    import_profiles,
    problems_of,
    save_profile,
)
from gait_core.config import PROFILES, load_profiles, profile_named
from gait_core.config.profile_body import check_name, check_profile, profile_body
from gait_core.config.profile_json import LARGEST_BYTES
from gait_core.config.profile_keys import KEYS, nearest_key
from gait_core.config.profiles import MIB
from gait_core.config.user_profiles import profile_files, read_profile_file
from gait_core.errors import InputError, NotFoundError, SettingsError
from gait_core.pose.engines import engine_memory, resolved

GUIDE = {
    "description": "Custom fast profile for specific use case",
    "performance_mode": "fast",
    "enable_optimizations": True,
    "max_memory_mb": 1536,
    "io_optimization": {"batch_size": 100, "use_compression": True, "parallel_processing": True, "max_workers": 4},
    "memory_optimization": {"chunk_processing": True, "chunk_size": 1000, "garbage_collection_frequency": 100},
    "mediapipe": {
        "model_complexity": 1,
        "min_detection_confidence": 0.4,
        "min_tracking_confidence": 0.6,
        "smooth_landmarks": True,
        "enable_segmentation": False,
    },
    "training": {
        "num_filters": 64,
        "num_blocks": 4,
        "kernel_size": 3,
        "dropout_rate": 0.2,
        "batch_size": 32,
        "epochs": 100,
        "n_folds": 5,
    },
}
"""All keys of the four blocks of the performance guide, with its values."""


def document(**profiles):
    return json.dumps({"performance_profiles": profiles})


def written(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problem_of(**body):
    (problem,) = check_profile("mine", body, engine_memory()).problems
    return problem


def test_every_key_of_the_guide_is_read():
    checked = check_profile("custom_fast", GUIDE)
    assert checked.problems == ()
    profile = checked.profile
    assert profile.memory_limit_bytes == 1536 * MIB
    assert (profile.model_complexity, profile.confidence, profile.tracking_confidence) == (1, 0.4, 0.6)
    assert (profile.max_workers, profile.chunk_frames, profile.batch_size) == (4, 100, 32)
    assert profile.target_fps == PROFILES["fast"].target_fps
    pose = profile.pose_settings()
    assert (pose.variant, pose.detection_confidence, pose.presence_confidence) == ("full", 0.4, 0.4)
    assert pose.tracking_confidence == 0.6


def test_what_decides_nothing_says_why():
    notes = check_profile("custom_fast", GUIDE).notes
    assert len(notes) == sum(bool(key.kept) for key in KEYS.values())
    assert all("decides nothing here: " in note for note in notes)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_in_the_keys_of_a_file_comes_back_as_it_was(name):
    body = json.loads(json.dumps(profile_body(PROFILES[name])))
    assert check_profile("copy", body).profile == PROFILES[name].with_(name="copy")


def test_left_out_keys_come_from_the_mode_and_without_a_mode_from_balanced():
    assert check_profile("mine", {"performance_mode": "accurate"}).profile.model_complexity == 2
    assert check_profile("mine", {}).profile.model_complexity == PROFILES["balanced"].model_complexity


@pytest.mark.parametrize(
    ("body", "key", "expected"),
    [
        ({"performance_mode": "turbo"}, "performance_mode", "one of fast, balanced, accurate"),
        ({"performance_mode": 3}, "performance_mode", "one of fast"),
        ({"enable_optimizations": False}, "enable_optimizations", "to be true"),
        ({"enable_optimizations": "yes"}, "enable_optimizations", "true or false"),
        ({"max_memory_mb": "1024"}, "max_memory_mb", "a whole number"),
        ({"max_memory_mb": True}, "max_memory_mb", "a whole number"),
        ({"max_memory_mb": 1e300}, "max_memory_mb", "from 1 to"),
        ({"max_memory_mb": float("inf")}, "max_memory_mb", "a whole number"),
        ({"target_fps": 2}, "target_fps", "a number from 5 to 1000 or null"),
        ({"max_side_px": 640.5}, "max_side_px", "a whole number"),
        ({"engine": "tensorrt"}, "engine", "to be one of auto, openvino, mediapipe, but got 'tensorrt'"),
        ({"engine": "mediapipe", "max_memory_mb": 400}, "max_memory_mb", "at least 416"),
        ({"precision": "f16"}, "precision", "f32, bf16, auto"),
        ({"description": "two\nlines"}, "description", "a line of at most"),
        ({"description": "x" * 401}, "description", "a line of at most"),
        ({"mediapipe": {"model_complexity": 3}}, "mediapipe.model_complexity", "from 0 to 2"),
        ({"mediapipe": {"min_detection_confidence": 1.5}}, "mediapipe.min_detection_confidence", "from 0 to 1"),
        ({"mediapipe": {"smooth_landmarks": False}}, "mediapipe.smooth_landmarks", "to be true"),
        ({"mediapipe": 1}, "mediapipe", "an object of keys"),
        ({"io_optimization": {"max_workers": 0}}, "io_optimization.max_workers", "from 1 to 64"),
        ({"memory_optimization": {"chunk_processing": False}}, "memory_optimization.chunk_processing", "to be true"),
        ({"training": {"n_folds": 1}}, "training.n_folds", "from 2"),
    ],
)
def test_a_wrong_value_is_told_with_its_key(body, key, expected):
    problem = problem_of(**body)
    assert problem.key == key
    assert expected in problem.message
    assert problem.where == f"mine: {key}"
    assert problem.remedy


def test_a_misspelt_engine_is_told_with_the_nearest():
    assert problem_of(engine="openvin").remedy == "Did you mean 'openvino'?"


@pytest.mark.parametrize("word", ["", "two words", 3, "-x", None])
def test_without_the_engines_any_single_word_passes_for_one(word):
    (problem,) = check_profile("mine", {"engine": word}).problems
    assert f"Expected engine to be a single word, but got {word!r}." in problem.message
    assert check_profile("mine", {"engine": "tensorrt", "max_memory_mb": 300}).profile.engine == "tensorrt"


def test_a_stored_profile_of_an_unknown_engine_is_refused_where_the_engine_is_needed(workspace):
    written(workspace.profiles, "mine.json", document(mine={"engine": "openvin"}))
    settings = profile_named("mine", workspace.profiles).pose_settings()
    with pytest.raises(SettingsError, match="one of auto, openvino, mediapipe, but got 'openvin'") as caught:
        resolved(settings)
    assert caught.value.remedy == "Did you mean 'openvino'?"


def test_contradictions_are_told():
    assert "mean the same" in problem_of(batch_size=8, training={"batch_size": 16}).remedy
    both = {"parallel_processing": False, "max_workers": 3}
    assert problem_of(io_optimization=both).key == "io_optimization.max_workers"
    alone = check_profile("mine", {"io_optimization": {"parallel_processing": False}}).profile
    assert alone.max_workers == 1


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("max_memory", "max_memory_mb"),
        ("model_complexity", "mediapipe.model_complexity"),
        ("mediapipe.model_complexty", "mediapipe.model_complexity"),
        ("training.num_workers", "io_optimization.max_workers"),
        ("Engine", "engine"),
        ("zzz", ""),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_known_one(written_as, meant):
    assert nearest_key(written_as) == meant
    block, _, leaf = written_as.rpartition(".")
    problem = problem_of(**({block: {leaf: 1}} if block else {written_as: 1}))
    assert repr(written_as) in problem.message
    assert (meant or "Remove it") in problem.remedy


def test_a_limit_below_what_one_frame_needs_says_how_much_is_needed():
    small = problem_of(max_memory_mb=300)
    needed = PROFILES["balanced"].needed_bytes()
    assert f"at least {-(-needed // MIB)}," in small.message
    assert check_profile("mine", {"max_memory_mb": -(-needed // MIB)}).profile is not None
    heavy = problem_of(max_memory_mb=500, max_side_px=None, mediapipe={"model_complexity": 2})
    assert "full size with the heavy model" in heavy.message


def test_built_in_profiles_have_what_they_need():
    assert all(profile.needed_bytes() < profile.memory_limit_bytes for profile in PROFILES.values())


@pytest.mark.parametrize(
    "name", ["", " x", "x ", "../x", "a/b", "a\\b", ".hidden", "-x", "a..b", "x" * 61, "a\x00b", "a\nb"]
)
def test_names_that_could_be_a_path_are_refused(name):
    assert check_name(name) is not None


@pytest.mark.parametrize("name", ["fast", "FAST", "Balanced"])
def test_no_profile_hides_a_built_in_one(name):
    assert "built-in" in check_name(name).message


def test_names_in_any_script_are_fine():
    assert check_name("Schnell für Übersicht 2") is None
    assert check_name("速い") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "breaks off"),
        ("{", "breaks off at line 1"),
        ("[]", "an object with 'performance_profiles'"),
        ('{"profiles": {}}', "but got keys profiles"),
        ('{"performance_profiles": []}', "at least one profile"),
        ('{"performance_profiles": {"a": 3}}', "an object of keys"),
        ('{"performance_profiles": {"a": {}, "a": {}}}', "twice"),
        ('{"performance_profiles": {"a": {"max_memory_mb": NaN}}}', "NaN"),
        ('{"performance_profiles": {"a": {"max_memory_mb": 1e999}}}', "a whole number"),
        ('{"performance_profiles": {"a": {"max_memory_mb": ' + "9" * 6000 + "}}}", "cannot be read"),
        ('{"performance_profiles": {}, "more": 1}', "'more' as well"),
        ("[" * 100_000, "nested"),
        ('{"performance_profiles": {"a": ' + "[" * 20 + "]" * 20 + "}}", "nested deeper"),
        (b"\xff\xfe{}", "UTF-8"),
        (b" " * (LARGEST_BYTES + 1), "larger"),
        (json.dumps({"performance_profiles": {f"p{n}": {} for n in range(51)}}), "at most 50"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_broken_file_is_told_and_stops_nothing(tmp_path, text, expected):
    written(tmp_path, "bad.json", text)
    written(tmp_path, "good.json", document(mine={"max_memory_mb": 900}))
    (bad, good) = profile_files(tmp_path)
    assert expected in bad.all_problems[0].message
    assert not bad.sound
    assert list(good.sound) == ["mine"]
    assert profile_named("mine", tmp_path).memory_limit_bytes == 900 * MIB


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    files = profile_files(tmp_path)
    assert len(files) == 3
    assert all(file.problems for file in files)
    assert list(load_profiles(tmp_path)) == list(PROFILES)


def test_a_sound_profile_counts_beside_a_broken_one(tmp_path):
    path = written(tmp_path, "two.json", document(good={}, bad={"engine": "x"}))
    assert list(read_profile_file(path, engine_memory()).sound) == ["good"]
    with pytest.raises(SettingsError, match="a valid profile 'bad' in two"):
        profile_named("bad", tmp_path, engine_memory())


def test_a_name_used_twice_counts_once(tmp_path):
    written(tmp_path, "a.json", document(mine={"max_memory_mb": 700}))
    written(tmp_path, "b.json", document(Mine={"max_memory_mb": 800}))
    first, second = profile_files(tmp_path)
    assert list(first.sound) == ["mine"]
    assert "also in a.json" in second.all_problems[0].message
    assert load_profiles(tmp_path).keys() == {*PROFILES, "mine"}
    twins = read_profile_file(written(tmp_path, "c.json", document(x={}, X={})))
    assert list(twins.sound) == ["x"]


def test_an_unknown_name_lists_what_exists_and_the_nearest(tmp_path):
    written(tmp_path, "a.json", document(evening={}))
    with pytest.raises(SettingsError, match="fast, balanced, accurate, evening") as caught:
        profile_named("evning", tmp_path)
    assert "'evening'" in caught.value.remedy


def test_save_change_rename_delete_and_undo(workspace):
    body = profile_body(PROFILES["fast"])
    path = save_profile(workspace, "Quick look", body)
    assert path == workspace.profiles / "quick-look.json"
    assert save_profile(workspace, "quick_look", body).name == "quick_look.json"
    assert save_profile(workspace, "Quick-look", body).name == "quick-look-2.json"
    assert problems_of(workspace, "quick look", body)[0].message.endswith("already a profile 'quick look'.")
    save_profile(workspace, "Quick look", {**body, "max_memory_mb": 700}, instead_of="Quick look")
    assert profile_named("Quick look", workspace.profiles).memory_limit_bytes == 700 * MIB
    save_profile(workspace, "Slow look", {**body, "max_memory_mb": 701}, instead_of="Quick look")
    assert "Quick look" not in load_profiles(workspace.profiles)
    gone = delete_profile(workspace, "Slow look")
    assert "Slow look" not in load_profiles(workspace.profiles)
    save_profile(workspace, "Slow look", gone)
    assert profile_named("Slow look", workspace.profiles).memory_limit_bytes == 701 * MIB
    with pytest.raises(NotFoundError):
        delete_profile(workspace, "fast")
    with pytest.raises(InputError, match="built-in"):
        save_profile(workspace, "fast", body)


def test_a_file_of_several_keeps_the_others(workspace):
    path = written(workspace.profiles, "two.json", document(one={}, two={"max_memory_mb": 700}))
    save_profile(workspace, "one", {"max_memory_mb": 800}, instead_of="one")
    assert load_profiles(workspace.profiles)["two"].memory_limit_bytes == 700 * MIB
    delete_profile(workspace, "two")
    assert list(read_profile_file(path).sound) == ["one"]
    delete_profile(workspace, "one")
    assert not path.exists()


def test_export_and_import(workspace):
    save_profile(workspace, "mine", {"max_memory_mb": 800})
    text = export_text(workspace, "mine")
    assert body_of(workspace, "mine")["max_memory_mb"] == 800
    names, problems = import_profiles(workspace, text, "mine.json")
    assert names == []
    assert "already a profile" in problems[0].message
    delete_profile(workspace, "mine")
    assert import_profiles(workspace, text, "mine.json") == (["mine"], [])
    assert import_profiles(workspace, document(a={}, b={"engine": "x"}), "x.json")[0] == []
    assert "a" not in load_profiles(workspace.profiles)
    assert import_profiles(workspace, "{", "x.json")[1]


def test_the_command_line_lists_shows_and_validates(workspace, tmp_path, capsys):
    save_profile(workspace, "evening", {"description": "After work"})
    written(workspace.profiles, "broken.json", "{")
    place = ["--workspace", str(workspace.root)]
    assert main(["profiles", "list", "--json", *place]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed["profiles"]] == [*PROFILES, "evening"]
    assert listed["broken"][0]["path"].endswith("broken.json")
    assert main(["profiles", "show", "evening", *place]) == 0
    assert "After work" in capsys.readouterr().out
    assert main(["profiles", "show", "evning", *place]) == 1
    assert "Did you mean 'evening'?" in capsys.readouterr().err


def test_validate_prints_all_problems_at_once(workspace, tmp_path, capsys):
    bad = written(tmp_path, "bad.json", document(fast={}, mine={"enginee": 1, "max_memory_mb": 5, "batch_size": 0}))
    assert main(["profiles", "validate", str(bad), "--workspace", str(workspace.root)]) == 1
    out = capsys.readouterr().out
    for expected in ("built-in", "'enginee'", "max_memory_mb of at least", "batch_size to be", "4 problems"):
        assert expected in out
    good = written(tmp_path, "good.json", document(custom_fast=GUIDE))
    assert main(["profiles", "validate", str(good), "--json", "--workspace", str(workspace.root)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["ok"]
    assert result["notes"]
    assert main(["profiles", "validate", str(tmp_path / "none.json"), "--json"]) == 1


@pytest.mark.parametrize(
    "command",
    [
        ["extract", "x.mp4"],
        ["measure", "x.mp4"],
        ["baseline", "create", "a.mp4", "b.mp4", "c.mp4", "--subject", "s"],
    ],
)
def test_every_command_tells_an_unknown_profile(workspace, command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("x.mp4", "a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(b"")  # the profile is looked up before any video is opened
    save_profile(workspace, "evening", {})
    assert main([*command, "--profile", "evning", "--workspace", str(workspace.root)]) == 1
    assert "Did you mean 'evening'?" in capsys.readouterr().err
