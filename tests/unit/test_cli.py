"""The command line: JSON on standard output, people on standard error, exit codes as promised."""

from __future__ import annotations

import json

import pytest

from gait_core.cli.console import Console, duration_text
from gait_core.cli.main import build_parser, main
from gait_core.progress import Event


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
        (("models", "fetch", "--from", "/nowhere"), "ModelError"),
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
