"""Numbers with units on the command line: read as on the pages."""

import argparse
import json

import pytest

from gait_core.cli.arguments import add_scale, frame_rate_hz, scale_of
from gait_core.cli.main import main


def given(*words):
    parser = argparse.ArgumentParser()
    add_scale(parser)
    return scale_of(parser.parse_args(words))


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("--height-m", "1.7", 1.7),
        ("--height-m", "170", 1.7),
        ("--height-m", "170 cm", 1.7),
        ("--height-m", "5 ft 7 in", 1.7018),
        ("--height-m", "5ft7in", 1.7018),
        ("--height-m", "17", 17.0),  # out of range: for the command to say, with what to do
        ("--distance-m", "400cm", 4.0),
        ("--speed-mps", "4.5km/h", 1.25),
        ("--speed-mps", "-1", -1.0),
    ],
)
def test_units_are_read_as_on_the_pages(option, text, value):
    assert given(option, text)["value"] == pytest.approx(value)


def test_what_is_no_number_is_told_with_the_units_that_may_be_typed(capsys):
    with pytest.raises(SystemExit) as caught:
        given("--height-m", "1.7 kg")
    assert caught.value.code == 2
    assert "--height-m: Enter a number (m, cm, in, ft). “1.7 kg” is not one." in capsys.readouterr().err


def test_a_frame_rate_may_have_its_unit():
    assert frame_rate_hz("240fps") == 240.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["measure", "walk.mp4", "--height-m", "abc", "--json"], "Enter a number"),
        (["measure", "--json"], "VIDEO"),
        (["measure", "walk.mp4", "--nope", "--json"], "--nope"),
    ],
)
def test_wrong_arguments_are_answered_in_json_as_well(capsys, arguments, said):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert caught.value.code == 2
    assert error["kind"] == "UsageError" and said in error["message"] and said in shown.err and "usage:" in shown.err


def test_an_empty_name_is_no_folder(capsys, tmp_path):
    """From an empty variable of a shell; it once measured every video of the current folder."""
    assert main(["measure", "", "--workspace", str(tmp_path / "ws")]) == 1
    assert "one of the names is empty" in capsys.readouterr().err
    assert main(["baseline", "list", "--workspace", ""]) == 1
    assert "the workspace, but its name is empty" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["baseline", "list"], ["baseline", "list", "--json"]])
def test_standard_output_that_was_closed_is_one_sentence(capsys, monkeypatch, tmp_path, arguments):
    monkeypatch.setattr("sys.stdout", None)
    assert main([*arguments, "--workspace", str(tmp_path / "ws")]) == 1
    assert "could not be written to standard output (it is closed)" in capsys.readouterr().err


def test_two_forms_of_the_answer_are_refused_together(capsys, tmp_path):
    assert main(["extract", "a.mp4", "--json", "--json-lines", "--workspace", str(tmp_path / "ws")]) == 1
    assert "--json or --json-lines, but got both" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["rows=clips", "window_s=3"])
def test_what_only_says_how_videos_are_read_is_refused_for_a_table(capsys, tmp_path, given):
    table = tmp_path / "table.csv"
    table.write_text("subject,label,stride_s\n" + "".join(f"s{i},{'ab'[i % 2]},{1 + i / 10}\n" for i in range(8)))
    arguments = [str(table), "--model", "logistic_regression", "--data", given, "--workspace", str(tmp_path / "ws")]
    assert main(["train", *arguments, "--quiet"]) == 1
    assert "for a dataset of videos only, but table.csv is a table" in capsys.readouterr().err
