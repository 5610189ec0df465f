"""The section on validation: words, charts, and the way from a file to a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fake
import numpy as np
import pytest
from reading import text_of
from streamlit.testing.v1 import AppTest

from app import charts_validation
from app.charts_validation import signed
from app.views.validation import validated
from app.views.validation_result import allowed, parameter_label, verdict, verdict_sentence
from gait_core.errors import InputError
from gait_core.report.write import export_walk
from gait_core.validation.agreement import bland_altman
from gait_core.workspace import Workspace, read_json

Open = Callable[..., AppTest]


@pytest.fixture
def reference(space: Workspace, tmp_path: Path) -> Path:
    """Return the events of a measured walk as a file: a reference that agrees perfectly."""
    export_walk(space, fake.measurement(space), tmp_path / "out", ["csv"], stem="reference")
    return tmp_path / "out" / "reference_events.csv"


def test_verdicts_differ_in_word_and_class() -> None:
    assert "Passed" in verdict(True)
    assert "Failed" in verdict(False, big=True)
    assert "withheld" in verdict(None)


def test_sentences() -> None:
    good: dict[str, Any] = {"label": "Knee", "passed": True}
    bad: dict[str, Any] = {"label": "Hip", "passed": False}
    assert verdict_sentence({"checks": [good, good]}) == "All 2 limits are met."
    assert verdict_sentence({"checks": [good, bad, bad]}) == "2 of 3 limits not met: Hip and Hip."
    assert "No limit applies" in verdict_sentence({"checks": []})
    assert allowed({"low": -5.0, "high": 5.0}) == "−5 to 5"
    assert allowed({"low": None, "high": 15.0}) == "at most 15"
    assert allowed({"low": 0.98, "high": None}) == "at least 0.98"
    assert parameter_label("stride_time_s") == "Stride time"
    assert parameter_label("knee_rom_deg") == "Knee rom"


def test_signs() -> None:
    assert signed(0.0004, 2) == "0.00"
    assert signed(-1.25, 1) == "−1.2"
    assert signed(2.0, 1) == "+2.0"
    assert signed(None, 1) == signed(float("nan"), 1) == "–"


def test_bland_altman_plot_shows_bias_and_limits() -> None:
    generator = np.random.default_rng(3)
    truth = generator.normal(1.1, 0.05, 20)
    found = truth + 0.01 + generator.normal(0, 0.005, 20)
    agreement = bland_altman(found, truth)
    assert agreement is not None
    figure, sentence = charts_validation.bland_altman(
        "Stride time", "s", ((found + truth) / 2).tolist(), (found - truth).tolist(), ["left", "right"] * 10,
        agreement.to_dict(),
    )  # fmt: skip
    assert [trace.name for trace in figure.data] == ["left", "right"]
    assert figure.data[0].marker.symbol != figure.data[1].marker.symbol
    drawn = {round(shape.y0, 9) for shape in figure.layout.shapes if shape.y0 == shape.y1}
    assert drawn == {round(value, 9) for value in (agreement.bias, agreement.lower, agreement.upper)}
    assert "+0.01" in sentence


def test_a_reference_becomes_a_verdict_that_a_reload_keeps(open_page: Open, space: Workspace, reference: Path) -> None:
    test = open_page("performance", section="Validation")
    assert test.button(key="validation_start").disabled
    test.text_input(key="validation_path").set_value(str(reference)).run()
    test.button(key="validation_start").click().run()
    said = text_of(test)
    for words in ("Passed", "limits are met", "Stride time", "The reference has no joint angles."):
        assert words in said
    assert not test.exception
    made = str(test.query_params["validation"])
    stored = read_json(space.root / "validations" / f"{made}.json")
    assert stored["result"]["figures"]["event_f1"] == 1.0
    json.dumps(stored, allow_nan=False)
    assert "Passed" in text_of(open_page("performance", validation=made))


@pytest.mark.parametrize(("name", "content"), [("a.txt", "x"), ("a.csv", ""), ("a.csv", "a;b\n1;2\n"), ("a.npz", "x")])
def test_a_file_that_is_no_reference_says_so(
    open_page: Open, space: Workspace, tmp_path: Path, name: str, content: str
) -> None:
    fake.measurement(space)
    path = tmp_path / name
    path.write_text(content)
    test = open_page("performance", section="Validation")
    test.text_input(key="validation_path").set_value(str(path)).run()
    test.button(key="validation_start").click().run()
    assert "This reference cannot be used" in text_of(test)
    assert not test.exception
    assert not (space.root / "validations").exists()


def test_a_csv_needs_a_walk(open_page: Open, space: Workspace, reference: Path) -> None:
    with pytest.raises(InputError, match="Expected a video"):
        validated(str(reference), None, "", None)


def test_no_walk_yet(open_page: Open, space: Workspace) -> None:
    test = open_page("performance", section="Validation")
    assert test.selectbox(key="validation_walk").options == ["None: motion capture alone"]


def test_a_result_that_is_gone(open_page: Open, space: Workspace) -> None:
    assert "This result was deleted" in text_of(open_page("performance", validation="validation-x"))
