"""Bad input through the command line: one clear message each, nothing stored half, the others go on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gait_core.baseline.store import list_baselines
from gait_core.cli.main import main
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def command(capsys, *arguments: object) -> tuple[int, dict, str]:
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out.strip().startswith("{") else {}, err


def analyse(capsys, made, *videos: Path) -> list[dict]:
    code, answer, err = command(
        capsys, "analyse", *videos, "--baseline", made.baseline_id, "--json", "--workspace", made.workspace.root
    )
    assert "Traceback" not in err
    assert code in (0, 1)
    return answer["walks"]


HOSTILE = {
    "empty.mp4": "empty",
    "text.mp4": "not one or is damaged",
    "audio_only.mp4": "sound",
    "truncated.mp4": "frame",
    "one_frame.mp4": "a single frame",
    "no_person_gray.mp4": "no person",
    "sideways_nometa.mp4": "sideways",
}
WARNED = {
    "legs_cut_off.mp4": {"legs_cut_off", "legs_out_of_frame"},
    "two_people_crossing.mp4": {"several_people"},
    "vfr_dropped.mp4": {"low_frame_rate", "lower_frame_rate"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_one_message_with_a_remedy(capsys, made, data, name):
    (walk,) = analyse(capsys, made, data / "hostile" / name)
    assert walk["level"] is None
    assert HOSTILE[name] in walk["error"]["message"]
    assert walk["error"]["remedy"]
    assert "\n" not in walk["error"]["message"]


@pytest.mark.parametrize("name", WARNED)
def test_a_doubtful_walk_gets_a_warning_and_no_number(capsys, made, data, name):
    (walk,) = analyse(capsys, made, data / "hostile" / name)
    assert (walk["level"], walk["score"]) == (None, None)
    if "error" not in walk:
        assert WARNED[name] & {warning["code"] for warning in walk["warnings"] if warning["blocking"]}


@pytest.mark.parametrize("name", ["av1.mp4", "hevc10bit.mov", "rot90_meta.mp4"])
def test_unusual_but_sound_files_are_analysed(capsys, made, data, name):
    (walk,) = analyse(capsys, made, data / "hostile" / name)
    assert "error" not in walk
    assert walk["detection_rate"] > 0.95


def turned(source: Path, target: Path, turn) -> Path:
    info = probe(source)
    sample = turn(next(iter(iter_frames(source))).image)
    with VideoWriter(target, sample.shape[1], sample.shape[0], info.frame_rate_hz) as writer:
        for frame in iter_frames(source):
            writer.write(np.ascontiguousarray(turn(frame.image)))
    return target


def test_upside_down_and_sideways_are_refused_with_the_remedy(capsys, made, tmp_path):
    flipped = turned(made.later["normal"], tmp_path / "flipped.mp4", lambda image: image[::-1])
    lying = turned(made.later["normal"], tmp_path / "lying.mp4", np.rot90)
    walks = analyse(capsys, made, flipped, lying)
    for walk in walks:
        assert walk["level"] is None
    assert all("Turn the video" in walk["error"]["remedy"] for walk in walks if "error" in walk)
    assert any("error" in walk for walk in walks)


def test_legs_outside_the_frame_give_no_number(capsys, made, tmp_path):
    info = probe(made.later["normal"])
    cut = turned(made.later["normal"], tmp_path / "cut.mp4", lambda image: image[: int(0.62 * info.height_px) // 2 * 2])
    (walk,) = analyse(capsys, made, cut)
    assert (walk["level"], walk["score"]) == (None, None)


def test_a_missing_file_and_a_folder_do_not_stop_a_good_video(capsys, made, tmp_path):
    missing, folder, good = analyse(capsys, made, tmp_path / "gone.mp4", tmp_path, made.later["normal"])
    assert "gone.mp4" in missing["error"]["message"]
    assert "folder" in folder["error"]["message"]
    assert good["level"] == "normal"


def test_a_name_with_spaces_quotes_and_accents_works(capsys, made, tmp_path):
    name = tmp_path / "Füße & “quotes” 'single' $(x) ;.mp4"
    (walk,) = analyse(capsys, made, shutil.copyfile(made.later["normal"], name))
    assert walk["level"] == "normal"
    assert walk["name"] == name.name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(capsys, made, tmp_path):
    locked = Path(shutil.copyfile(made.later["normal"], tmp_path / "locked.mp4"))
    locked.chmod(0)
    (walk,) = analyse(capsys, made, locked)
    assert "permission" in walk["error"]["message"].lower()


@pytest.mark.parametrize(("option", "value"), [("--fps", "0"), ("--speed-mps", "-1")])
def test_an_impossible_number_is_refused_before_any_work(capsys, made, option, value):
    code, answer, err = command(
        capsys, "baseline", "create", *made.videos, "--subject", "x", option, value, "--json", "--workspace",
        made.workspace.root,
    )  # fmt: skip
    assert code == 1
    assert answer["error"]["kind"] == "SettingsError"
    assert "Expected" in err
    assert "What to do" in err


def test_wrong_usage_exits_with_two():
    with pytest.raises(SystemExit) as caught:
        main(["baseline", "create"])
    assert caught.value.code == 2


def test_an_unknown_baseline_names_the_latest(capsys, made):
    code, answer, _ = command(
        capsys, "analyse", made.later["normal"], "--baseline", "nobody", "--json", "--workspace", made.workspace.root
    )
    assert code == 1
    assert made.baseline_id in answer["error"]["message"] or "latest" in answer["error"]["message"]


def test_a_workspace_that_cannot_be_written_is_one_message(capsys, made, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, answer, _ = command(
        capsys, "baseline", "create", *made.videos, "--subject", "x", "--json", "--workspace", tmp_path / "file"
    )
    assert code == 1
    assert answer["error"]["kind"] == "StorageError"
    assert "--workspace" in answer["error"]["remedy"]


def test_a_real_full_disk_is_one_message(made, tmp_path):
    """A limit on the size of files stands in for a full disk: the system refuses the write itself."""
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "from gait_core.cli.main import main\n"
        f"raise SystemExit(main(['extract', {str(made.later['normal'])!r}, '--workspace', {str(tmp_path / 'w')!r}]))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert "Error: " in result.stderr + result.stdout


def test_two_processes_on_one_workspace_compute_once(made, tmp_path):
    workspace = tmp_path / "both"
    arguments = [sys.executable, "-m", "gait_core", "extract", str(made.later["normal"]), "--json", "--workspace"]
    both = [
        subprocess.Popen([*arguments, str(workspace)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    answers = [json.loads(process.communicate(timeout=300)[0])["walks"][0] for process in both]
    assert sorted(answer["cached"] for answer in answers) == [False, True]
    assert answers[0]["frames"] == answers[1]["frames"]


def test_the_real_walks(capsys, made, seen, data):
    """Five first recordings make a baseline; at least four of the five second recordings are normal."""
    shutil.copytree(seen.cache, made.workspace.cache, dirs_exist_ok=True)
    people = (1, 3, 6, 9, 14)
    firsts = [data / "walks" / f"p{n}s1.mp4" for n in people]
    code, answer, err = command(
        capsys, "baseline", "create", *firsts, "--subject", "reference", "--json", "--workspace", made.workspace.root
    )
    assert code == 0, err
    assert all(walk["detection_rate"] >= 0.95 for walk in answer["walks"])
    assert answer["training"]["mode"] == "fine-tuned"
    code, again, _ = command(
        capsys, "baseline", "create", *firsts, "--subject", "reference", "--json", "--workspace", made.workspace.root
    )
    assert all(walk["cached"] for walk in again["walks"])
    seconds = [data / "walks" / f"p{n}s3.mp4" for n in people]
    code, later, _ = command(
        capsys, "analyse", *seconds, "--baseline", answer["baseline_id"], "--json", "--workspace", made.workspace.root
    )
    assert sum(walk["level"] == "normal" for walk in later["walks"]) >= 4
    assert len(list_baselines(made.workspace)) >= 3
