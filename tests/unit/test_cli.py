"""The command line: JSON on standard output, people on standard error, exit codes as promised."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from gait_core.baseline.named import baseline_id_of
from gait_core.baseline.store import BaselineSummary
from gait_core.cli.commands import app as app_command
from gait_core.cli.console import Console, duration_text, shown
from gait_core.cli.main import build_parser, main
from gait_core.compare.profile_comparison import ProfileRun
from gait_core.config import profile_named
from gait_core.errors import InputError, NotFoundError, StorageError, VideoError
from gait_core.progress import Event
from gait_core.workspace import write_json


def run(capsys, workspace, *arguments: str) -> tuple[int, str, str]:
    code = main([*arguments, "--workspace", str(workspace.root)])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    "arguments",
    [
        ("baseline", "list"),
        ("cache", "info"),
        ("cache", "clear"),
        ("profiles", "list"),
        ("profiles", "show", "fast"),
        ("models", "list"),
    ],
    ids=" ".join,
)
def test_short_commands_answer_in_both_forms(capsys, workspace, arguments):
    code, out, _ = run(capsys, workspace, *arguments, "--json")
    assert code == 0
    assert isinstance(json.loads(out), dict)
    code, out, _ = run(capsys, workspace, *arguments)
    assert code == 0
    assert out.strip()


def test_the_list_of_models_has_those_of_poses_and_those_that_can_be_trained(capsys, workspace):
    _, out, _ = run(capsys, workspace, "models", "list", "--json")
    answer = json.loads(out)
    assert {one["name"] for one in answer["models"]} == {f"pose model {name}" for name in ("lite", "full", "heavy")}
    trainable = {one["name"]: one for one in answer["trainable"]}
    assert trainable["skeletongait"] == {
        "name": "skeletongait",
        "title": "SkeletonGait",
        "task": "embed",
        "inputs": ["limb", "joint"],
        "description": trainable["skeletongait"]["description"],
    }
    assert {trainable[name]["task"] for name in ("svm", "tcn")} == {"classify"}
    assert trainable["autoencoder"]["task"] == "reconstruct"


def test_doctor_names_every_check_and_its_remedy(capsys, workspace):
    code, out, _ = run(capsys, workspace, "doctor", "--json")
    answer = json.loads(out)
    names = {check["name"] for check in answer["checks"]}
    assert {"Python", "mediapipe", "workspace", "disk space"} <= names
    assert code == (0 if answer["ok"] else 1)
    assert all(check["remedy"] for check in answer["checks"] if not check["ok"])


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("baseline", "show", "nobody"), "NotFoundError"),
        (("baseline", "delete", "../../etc"), "InputError"),
        (("profiles", "show", "turbo"), "SettingsError"),
        (("bench", "nothing"), "InputError"),
        (("worker", "/nowhere"), "InputError"),
        (("models", "fetch", "--from", "/nowhere"), "NotFoundError"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_what_is_wrong_is_said_once_with_exit_code_one(capsys, workspace, arguments, kind, monkeypatch, tmp_path):
    monkeypatch.setenv("GAIT_MODELS", str(tmp_path / "no-models"))
    code, out, err = run(capsys, workspace, *arguments, "--json")
    assert code == 1
    error = json.loads(out)["error"]
    assert error["kind"] == kind
    assert error["remedy"]
    assert err.count("Error: ") == 1
    assert "Traceback" not in err


def test_an_internal_error_exits_with_three_and_shows_where(capsys, workspace, monkeypatch):
    def broken(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr("gait_core.cache.ArrayCache.of", broken)
    code, _, err = run(capsys, workspace, "cache", "info")
    assert code == 3
    assert "boom" in err


@pytest.mark.parametrize("name", ["fast", "clinic"])
def test_what_profiles_show_prints_is_a_file_that_validate_accepts(capsys, workspace, tmp_path, name):
    own = {"performance_profiles": {"clinic": {"performance_mode": "accurate", "target_fps": 20, "batch_size": 16}}}
    write_json(workspace.profiles / "own.json", own)
    code, shown, _ = run(capsys, workspace, "profiles", "show", name)
    assert code == 0
    file = tmp_path / "shown.json"
    file.write_text(shown)
    code, out, _ = run(capsys, workspace, "profiles", "validate", str(file), "--json")
    answer = json.loads(out)
    assert (code, answer["problems"]) == (0, [])
    (read,) = answer["profiles"]
    settings = profile_named(name, workspace.profiles).to_dict()
    assert read["name"] == ("my fast" if name == "fast" else "clinic")
    assert {key: value for key, value in read.items() if key not in ("name", "built_in")} == {
        key: value for key, value in settings.items() if key != "name"
    }


def test_profiles_compare_runs_one_job_per_video_and_prints_each_profile(capsys, workspace, tmp_path, monkeypatch):
    started: list[tuple[str, dict]] = []
    good = ProfileRun(
        name="fast", settings={}, stages_s={"pose": 2.0}, frames_per_s=75.0, agreement={"median_pct": 0.8}
    )
    runs = [
        good,
        ProfileRun(name="accurate", settings={}, stages_s={"pose": 9.0}, frames_per_s=16.0),
        ProfileRun(name="clinic", settings={}, error={"message": "Out of memory.", "remedy": "Close programs."}),
    ]

    def run_now(_, kind, params, *__, **___):
        started.append((kind, params))
        if params["video"].endswith("b.mp4"):
            raise VideoError("Expected a video, but b.mp4 is damaged.", "Take another one.")
        return {"comparison_id": "a", "summary": "fast is fast.", "runs": [asdict(run) for run in runs]}

    monkeypatch.setattr("gait_core.jobs.run.run_now", run_now)
    videos = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    videos[0].touch()
    line = ("profiles", "compare", *map(str, videos), "--profiles", "fast", "accurate", "--profiles", "balanced")
    code, out, _ = run(capsys, workspace, *line)
    assert code == 0
    asked = {"profiles": ["fast", "accurate", "balanced"], "overlay": False, "person": "auto"}
    assert started == [("compare_profiles", {"video": str(video), **asked}) for video in videos]
    assert "fast: 2.0 s, 75 frames/s, 0 MB, landmarks 0.80 % of body height away" in out
    assert "accurate: 9.0 s, 16 frames/s, 0 MB, the reference" in out
    assert "b.mp4 is damaged. Take another one." in out
    assert "✗ clinic: Out of memory. Close programs." in out
    run(capsys, workspace, "profiles", "compare", str(videos[0]), "--json")
    assert started[-1][1]["profiles"] == ["fast", "balanced", "accurate"]


def test_a_subject_stands_for_its_only_baseline(monkeypatch, workspace):
    for folder in ("p014-1", "p014-2", "a-1", "p014"):
        write_json(workspace.baseline_folder(folder) / "manifest.json", {})
    subjects = {"p014-1": "P014", "p014-2": "P014", "a-1": "A B", "p014": "Other"}
    facts = {"created_s": 0.0, "n_walks": 5, "profile": "balanced", "mode": "fine-tuned", "path": ""}
    stored = [BaselineSummary(id=name, subject=subject, **facts) for name, subject in subjects.items()]
    monkeypatch.setattr("gait_core.baseline.named.list_baselines", lambda _: stored)
    assert baseline_id_of(workspace, "A B") == "a-1"
    assert baseline_id_of(workspace, "p014-2") == "p014-2"
    assert baseline_id_of(workspace, "p014") == "p014", "an identifier goes before a subject"
    with pytest.raises(InputError, match="'P014' has 2: p014-1, p014-2"):
        baseline_id_of(workspace, "P014")
    with pytest.raises(NotFoundError, match="etc', but there is neither"):
        baseline_id_of(workspace, "../../etc")


def test_a_damaged_baseline_is_not_said_to_be_missing(workspace):
    (workspace.baseline_folder("anna-q-20260101-000000-abcdef") / "manifest.json").parent.mkdir(parents=True)
    (workspace.baseline_folder("anna-q-20260101-000000-abcdef") / "manifest.json").write_text("{")
    with pytest.raises(StorageError, match="baseline of 'Anna Q', but anna-q-20260101-000000-abcdef is damaged"):
        baseline_id_of(workspace, "Anna Q")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_an_answer_that_cannot_be_written_is_said_in_one_sentence(capsys, monkeypatch, workspace):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["baseline", "list", "--json", "--workspace", str(workspace.root)]) == 1
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
    told = capsys.readouterr().err
    assert "could not be written to standard output" in told and "Traceback" not in told


def test_no_command_prints_the_help(capsys):
    assert main([]) == 2
    assert "COMMAND" in capsys.readouterr().err


def test_every_documented_command_is_there():
    text = build_parser().format_help()
    for name in (
        "doctor",
        "models",
        "simulate",
        "extract",
        "baseline",
        "analyse",
        "measure",
        "validate",
        "pretrain",
        "bench",
        "cache",
        "demo",
    ):
        assert name in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (12.4, "12 s"), (185, "3 min 05 s"), (59.4, "59 s"), (60, "1 min 00 s")]
)
def test_durations_read_as_people_say_them(seconds, text):
    assert duration_text(seconds) == text


def test_the_console_tells_warnings_even_when_quiet(capsys):
    quiet = Console(quiet=True)
    quiet.sink(Event(kind="warning", item="a.mp4", message="dark"))
    quiet.sink(Event(kind="stage", message="Looking"))
    quiet.sink(Event(kind="progress", stage="extract", done=1, total=2, unit="frames"))
    assert capsys.readouterr().err == "  ! a.mp4: dark\n"
    loud = Console()
    loud.sink(Event(kind="stage", message="Looking"))
    loud.sink(Event(kind="progress", stage="extract", done=5, total=20, unit="frames", rate_per_s=10.0, eta_s=1.5))
    assert capsys.readouterr().err == "Looking\n  extract: 5 of 20 frames, 10 frames/s, 1.5 s left\n"


# The command line is a contract: what the parser knew before its commands registered themselves, option by option.


COMMON = [
    "-h/--help help [kind=Help nargs=0 default=SUPPRESS] show this help message and exit",
    "--workspace workspace [metavar=DIR] where everything is stored",
    "--json json [kind=StoreTrue nargs=0 default=False] print JSON to standard output",
    "--quiet quiet [kind=StoreTrue nargs=0 default=False] no progress, only errors",
]

OPTIONS = {
    "": [
        "--version version [kind=Version nargs=0 default=SUPPRESS] show program's version number and exit",
        "COMMAND required=False",
    ],
    "doctor": [
        "check the machine: what is there, what is missing, and how to fix it",
        "--deep deep [kind=StoreTrue nargs=0 default=False] also ask OpenVINO which devices it can use",
    ],
    "models": [
        "the pose models, and the models that can be trained",
        "ACTION required=True",
    ],
    "models fetch": [
        "get the pose models: lite, full and heavy",
        "--from source [metavar=DIR] a folder that holds them, for an offline machine",
    ],
    "models list": [
        "list the pose models, the models that can be trained, and those promoted",
    ],
    "simulate": [
        "make videos of simulated walkers, with their truth",
        "folder [metavar=DIR required=True] None",
        "--walks walks [default=5 type=int metavar=N] None",
        "--pattern pattern [metavar=NAME] an impairment; default: normal gait",
        "--severity severity [type=float] 0 to 1, with --pattern; default: 0.7",
        "--seed seed [default=0 type=int] None",
        "--fps fps [default=30.0 type=float] None",
    ],
    "extract": [
        "find the landmarks in videos",
        "videos [nargs=+ metavar=VIDEO required=True] video, or folder of videos",
        "--profile profile [default=balanced metavar=NAME] fast, balanced, accurate, or one of your own",
        "--person person [default=auto choices=auto/largest/leftmost/rightmost] whom to follow where "
        "several are in view",
        "--engine engine [type=engine_name metavar=E] engine that runs the pose model; default: that of the profile",
        "--workers workers [type=int metavar=N] None",
        "--no-cache no_cache [kind=StoreTrue nargs=0 default=False] neither read nor write cached landmarks",
        "--export export [metavar=DIR] also write the landmarks as .keypoints.json.gz and .npz",
        "--json-lines json_lines [kind=StoreTrue nargs=0 default=False] print one JSON object per video, as they end",
        "--cluster cluster [metavar=ADDRESS] let a Dask cluster find the landmarks, for example tcp://10.0.0.5:8786",
    ],
    "baseline": [
        "baselines",
        "ACTION required=True",
    ],
    "baseline create": [
        "make a baseline from (usually five) walks",
        "videos [nargs=+ metavar=VIDEO required=True] video, or folder of videos",
        "--subject subject [metavar=S required=True] a pseudonym",
        "--speed-mps speed_mps [type=speed_mps metavar=V] walking speed, if known: 1.2 or 4.3km/h",
        "--height-m height_m [type=height_m metavar=H] height of the person, for step lengths: 1.7, 170cm or 5ft7in",
        "--fps fps [type=frame_rate_hz metavar=F] true frame rate of slow-motion video, Hz",
        "--profile profile [default=balanced metavar=NAME] fast, balanced, accurate, or one of your own",
        "--person person [default=auto choices=auto/largest/leftmost/rightmost] whom to follow where "
        "several are in view",
        "--cell cell [default=gru choices=gru/lstm] None",
        "--from-scratch from_scratch [kind=StoreTrue nargs=0 default=False] do not start from the pre-trained model",
        "--workers workers [type=int metavar=N] None",
        "--no-cache no_cache [kind=StoreTrue nargs=0 default=False] None",
        "--cluster cluster [metavar=ADDRESS] let a Dask cluster find the landmarks, for example tcp://10.0.0.5:8786",
        "--disable-optimizations disable_optimizations [kind=StoreTrue nargs=0 default=False] for "
        "comparison: one video after another with OpenCV and MediaPipe, no cache, an LSTM from scratch",
    ],
    "baseline list": [
        "list the baselines",
    ],
    "baseline show": [
        "show one baseline",
        "id [metavar=ID required=True] None",
    ],
    "baseline delete": [
        "delete a baseline and its analyses",
        "id [metavar=ID required=True] None",
    ],
    "baseline export": [
        "copy a baseline's artefacts, the model as .h5 too",
        "id [metavar=ID required=True] None",
        "folder [metavar=DIR required=True] None",
    ],
    "analyse": [
        "compare walks with a baseline",
        "videos [nargs=+ metavar=VIDEO required=True] video, or folder of videos",
        "--baseline baseline [metavar=ID required=True] baseline, or subject that has only one",
        "--profile profile [metavar=NAME] default: that of the baseline",
        "--person person [default=auto choices=auto/largest/leftmost/rightmost] whom to follow where "
        "several are in view",
        "--cluster cluster [metavar=ADDRESS] let a Dask cluster find the landmarks, score and draw, for "
        "example tcp://10.0.0.5:8786",
        "--overlay overlay [kind=StoreTrue nargs=0 default=False] also make the overlay videos",
        "--no-classify no_classify [kind=StoreTrue nargs=0 default=False] do not apply the promoted models",
        "--guard guard [default=auto metavar=GALLERY] enrolled walks to compare the person with; auto, or off",
        "--report report [metavar=FILE] write a report: FILE.html or FILE.pdf",
    ],
    "measure": [
        "gait events, parameters and curves, without a baseline",
        "videos [nargs=+ metavar=VIDEO required=True] video, or folder of videos; also walks with markers (.c3d)",
        "--profile profile [default=balanced metavar=NAME] fast, balanced, accurate, or one of your own",
        "--person person [default=auto choices=auto/largest/leftmost/rightmost] whom to follow where "
        "several are in view",
        "--height-m height_m [type=height_m metavar=H] body height, for lengths in metres: 1.7, 170cm or 5ft7in",
        "--distance-m distance_m [type=distance_m metavar=D] a known distance on the floor, for metres: "
        "4, 400cm or 13ft",
        "--distance-px distance_px [type=float metavar=PX] its length in the image, px",
        "--speed-mps speed_mps [type=speed_mps metavar=V] walking speed, for metres: 1.2 or 4.3km/h",
        "--subject subject [default= metavar=S] a pseudonym",
        "--method method [default=coordinate choices=coordinate/velocity/foot_velocity] method that detects the events",
        "--events events [metavar=FILE] changed events, as the dashboard stores them (edits.json)",
        "--fps fps [type=frame_rate_hz metavar=F] true frame rate of slow-motion video, Hz",
        "--side side [choices=left/right] near side of the passes that set scale and quality",
        "--export export [metavar=DIR] write files of the formats below into this folder",
        "--format format [] csv (default), trc, mot, c3d, json; several separated by commas",
        "--report report [metavar=FILE] write a report: FILE.html or FILE.pdf",
        "--workers workers [type=int metavar=N] None",
        "--no-cache no_cache [kind=StoreTrue nargs=0 default=False] None",
        "--cluster cluster [metavar=ADDRESS] let a Dask cluster find the landmarks, for example tcp://10.0.0.5:8786",
    ],
    "validate": [
        "agreement with a reference",
        "--reference reference [metavar=FILE required=True] .csv, or a walk with markers: .c3d, .npz",
        "--video video [metavar=VIDEO] of the same walk; a walk with markers can do without",
        "--offset-s offset_s [type=float metavar=T] added to the times of the reference, if known",
        "--profile profile [default=balanced metavar=NAME] fast, balanced, accurate, or one of your own",
        "--person person [default=auto choices=auto/largest/leftmost/rightmost] whom to follow where "
        "several are in view",
        "--height-m height_m [type=height_m metavar=H] body height, for lengths in metres: 1.7, 170cm or 5ft7in",
        "--distance-m distance_m [type=distance_m metavar=D] a known distance on the floor, for metres: "
        "4, 400cm or 13ft",
        "--distance-px distance_px [type=float metavar=PX] its length in the image, px",
        "--speed-mps speed_mps [type=speed_mps metavar=V] walking speed, for metres: 1.2 or 4.3km/h",
    ],
    "pretrain": [
        "train the autoencoder that every baseline starts from",
        "--out out [metavar=FILE] where to write it; default: the shipped file",
        "--people people [type=int] simulated people to train on",
        "--cell cell [default=gru choices=gru/lstm] None",
        "--keep-network keep_network [kind=StoreTrue nargs=0 default=False] keep the trained network, learn only how "
        "people deviate from their baselines and the references",
        "--from-scratch from_scratch [kind=StoreTrue nargs=0 default=False] first fit the errors of the landmarks to "
        "rendered walks, then train with them; for new landmarks",
    ],
    "bench": [
        "measure what docs/benchmarks.md quotes",
        "name [metavar=NAME required=True] pipeline, extraction, decode, training, profiles, memory, "
        "cache, detection, accuracy, measuring …",
        "--quick quick [kind=StoreTrue nargs=0 default=False] fewer and shorter: for a first look, not for quoting",
        "--data data [metavar=DIR] folder with real walks, where there is one",
    ],
    "cache": [
        "the cache",
        "ACTION required=True",
    ],
    "cache info": [
        "content and hit rate of the cache",
    ],
    "cache clear": [
        "delete everything that can be computed again",
    ],
    "profiles": [
        "performance profiles",
        "ACTION required=True",
    ],
    "profiles list": [
        "list the profiles",
    ],
    "profiles show": [
        "show one profile, as a file of profiles",
        "name [metavar=NAME required=True] None",
    ],
    "profiles validate": [
        "check a file of profiles",
        "file [metavar=FILE required=True] None",
    ],
    "demo": [
        "five simulated walks, a baseline, one normal and one impaired walk scored",
    ],
    "worker": [
        "run one job folder (the dashboard starts this)",
        "folder [nargs=? metavar=FOLDER] None",
        "--resume resume [kind=StoreTrue nargs=0 default=False] run a job again that failed, crashed or was cancelled",
        "--spare spare [kind=StoreTrue nargs=0 default=False] load everything, then wait for a job and run it",
        "--idle-s idle_s [default=900.0 type=float metavar=S] longest wait of a spare",
    ],
}

ADDED = {
    "app": [
        "open the dashboard, from a checkout",
        "--port port [type=int] port on this computer; default: the first free one from 8501",
        "--headless headless [kind=StoreTrue nargs=0 default=False] do not open a browser",
    ],
}


def option_table(parser: argparse.ArgumentParser, path: str = "") -> dict[str, list[str]]:
    """Return every command with its help and one line per option: all that the parser knows of it."""
    found: dict[str, list[str]] = {path: []}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help for choice in action._choices_actions}
            for name, sub in action.choices.items():
                inner = f"{path} {name}".strip()
                assert sub.description in (None, helps[name])
                below = option_table(sub, inner)
                found |= below | {inner: [helps[name], *below[inner]]}
            found[path].append(f"{action.metavar} required={action.required}")
            continue
        facts = {
            "kind": type(action).__name__.strip("_").removesuffix("Action"),
            "nargs": action.nargs,
            "default": "SUPPRESS" if action.default == argparse.SUPPRESS else action.default,
            "type": getattr(action.type, "__name__", None),
            "choices": action.choices and "/".join(action.choices),
            "metavar": action.metavar,
            "required": action.required or None,
        }
        known = {
            name: value for name, value in facts.items() if value is not None and (name, value) != ("kind", "Store")
        }
        told = " ".join(f"{name}={value}" for name, value in known.items())
        found[path].append(f"{'/'.join(action.option_strings)} {action.dest} [{told}] {action.help}".strip())
    return found


def test_every_option_is_what_it_was():
    for path, told in option_table(build_parser()).items():
        if path not in OPTIONS | ADDED:
            continue  # commands that came later are held by their own tests
        shared = COMMON[:1] if path in ("", "models", "baseline", "cache", "profiles") else COMMON
        assert [line for line in told if line in COMMON] == shared, path
        assert [line for line in told if line not in COMMON] == (OPTIONS | ADDED)[path], path


def test_no_command_was_lost_and_the_order_is_kept():
    assert [path for path in option_table(build_parser()) if path in OPTIONS] == list(OPTIONS)


@pytest.mark.parametrize(
    ("called", "prog"),
    [
        ("/usr/bin/gait-studio", "gait-studio"),
        ("gait-studio.exe", "gait-studio"),
        ("/x/gait_core/__main__.py", "python -m gait_core"),
    ],
)
def test_help_shows_the_name_that_was_called(monkeypatch, called, prog):
    monkeypatch.setattr(sys, "argv", [called, "--help"])
    assert build_parser().format_usage().startswith(f"usage: {prog} [-h]")


def test_app_replaces_the_process_by_the_dashboard(monkeypatch, workspace):
    started = []

    def execv(path, line):
        started.append(([path, *line], Path.cwd()))
        raise SystemExit(0)

    monkeypatch.chdir(Path.cwd())  # brings the folder back afterwards
    monkeypatch.setattr(app_command.os, "execv", execv)
    with pytest.raises(SystemExit):
        main(["app", "--port", "8600", "--headless", "--workspace", str(workspace.root)])
    ((line, folder),) = started
    root = Path(__file__).resolve().parents[2]
    assert line == [
        sys.executable,
        *(sys.executable, "-m", "app.launch"),
        *("--workspace", str(workspace.root), "--port", "8600", "--headless"),
    ]
    assert folder == root
    assert (root / "app" / "launch.py").is_file()


def test_app_without_a_checkout_says_where_to_get_one(capsys, monkeypatch, tmp_path, workspace):
    monkeypatch.setattr(app_command, "_CHECKOUT", tmp_path)
    code, out, err = run(capsys, workspace, "app", "--json")
    assert code == 1
    assert json.loads(out)["error"]["kind"] == "NotFoundError"
    assert "checkout" in json.loads(out)["error"]["remedy"]
    assert "Traceback" not in err


def test_a_name_can_neither_colour_nor_turn_what_the_terminal_shows():
    assert (
        shown("red \x1b[31m\r\x9b\u202egnp.exe\n\tWalk Ä 步") == "red \ufffd[31m\ufffd\ufffd\ufffdgnp.exe\n\tWalk Ä 步"
    )


def test_a_report_that_cannot_be_written_is_refused_before_the_work(workspace, tmp_path, capsys):
    command = ["measure", str(tmp_path / "gone.mp4"), "--report", "visit.docx", "--workspace", str(workspace.root)]
    assert main([*command, "--json", "--quiet"]) == 1
    assert "ends in .html or .pdf" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert not (workspace.root / "jobs").exists()
