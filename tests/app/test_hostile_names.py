"""Names of people and files are text everywhere: on pages, in charts, and in reports."""

from __future__ import annotations

import re
from typing import Any

import fake
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from app.plain_text import plain, plain_card, plain_chart
from gait_core.workspace import Workspace

HOSTILE = "![x](http://203.0.113.7/a.png) <img src=http://203.0.113.7/b> $x$ :material/home: :smile: **b** | #1"

ACTS = re.compile(r"(?<!\\)(?:!\[|\]\(|<img|\$x|\*\*b)")
"""What Streamlit would act upon."""


def test_every_sign_of_markdown_is_escaped() -> None:
    shown = plain(HOSTILE)
    assert not ACTS.search(shown) and ACTS.search(HOSTILE)
    assert ":material/home:" not in shown.replace("\\", ""), "read after the Markdown, so a backslash is no help"
    for usual in ("walk_1-b.mp4", "P-017 (left), visit #2: 12:30", "Ünïcödé & Söhne", "張三"):
        assert plain(usual) == usual, "a screen reader reads the backslashes of some labels aloud"
    assert plain("_a_ &amp; http://b.c d@e.f") == "\\_a\\_ \\&amp; http\\://b.c d\\@e.f"
    assert plain("- a") == "\\- a" and plain("# a") == "\\# a"
    assert plain("1. walk") == "1\\. walk"
    assert plain("two\nlines\t") == "two lines"


def test_a_card_keeps_its_tables_and_nothing_else_acts() -> None:
    shown = plain_card(
        "# Card\n\n| a | b |\n|---|---|\n- " + HOSTILE.replace("**", "") + " http://203.0.113.7 www.example.org"
    )
    assert shown.startswith("# Card\n\n| a | b |\n|---|---|\n- ")
    assert not ACTS.search(shown) and "http://" not in shown and "www." not in shown


def test_names_in_a_chart_are_text_and_its_own_line_breaks_stay() -> None:
    figure = go.Figure(
        go.Bar(x=[HOSTILE, "b"], y=[1, 2], text=["one<br>two", "<a href='http://a'>b</a>"], name=HOSTILE)
    )
    figure.add_annotation(text=HOSTILE, x=HOSTILE)
    shown = plain_chart(figure).to_json()
    assert "<img" not in shown and "<a href" not in shown and "\\u003cimg" not in shown
    assert "&lt;img" in shown
    assert "one<br>two" in shown or "one\\u003cbr\\u003etwo" in shown
    calm = go.Figure(go.Bar(x=["a"], y=[1]))
    assert plain_chart(calm) is calm


def everything(space: Workspace) -> dict[str, str]:
    """Store results under a hostile name; return the pages that show them, with their parameters."""
    baseline = fake.baseline(space, subject=HOSTILE)
    fake.norms(space, baseline)
    walk = fake.measurement(space, subject=HOSTILE, name=f"{HOSTILE}.mp4")
    analysis = fake.analysis(space, baseline, subject=HOSTILE, name=f"{HOSTILE}.mp4", measurement_id=walk.id)
    fake.analysis(space, baseline, "earlier-1", subject=HOSTILE, name=f"{HOSTILE}.mov", level="normal", score=1.0)
    space.save_record("walks", {"id": "w1", "subject": HOSTILE, "name": HOSTILE, "path": f"/v/{HOSTILE}"})
    title = f"Baseline of {HOSTILE}"
    fake.job(space, "done", title=title, params={"subject": HOSTILE}, result=fake.baseline_result(baseline))
    return {"baseline": baseline, "analysis": analysis, "measurement": walk.id}


def texts_read_as_markdown(test: AppTest) -> list[str]:
    """Return every text of a page that the browser reads as Markdown."""
    found: list[str] = []
    for element in [*test.main, *test.sidebar]:
        message = getattr(element, "proto", None)
        kind = type(message).__name__
        if kind == "Html" or message is None:
            continue
        for field in ("label", "body", "help", "title"):
            found.append(str(getattr(message, field, "")))
        if kind in ("ButtonGroup", "Radio"):
            found += [str(option) for option in getattr(message, "options", ())]
    return found


@pytest.mark.parametrize(
    ("page", "params"),
    [
        ("overview", {}),
        *(
            ("library", {"shelf": shelf})
            for shelf in ("subjects", "walks", "baselines", "analyses", "measurements", "jobs")
        ),
        ("analyse", {"baseline": "", "analysis": ""}),
        ("measure", {}),
        ("measure", {"measurement": ""}),
        ("thresholds", {"baseline": ""}),
        ("performance", {}),
    ],
)
def test_no_page_reads_a_name_as_markdown(space: Workspace, open_page: Any, page: str, params: dict[str, str]) -> None:
    known = everything(space)
    test = open_page(page, **{name: value or known[name] for name, value in params.items()})
    for text in texts_read_as_markdown(test):
        assert not ACTS.search(text), text
        assert ":material/home:" not in text.replace("\\", "") or text == ":material/home:"


def test_what_is_said_after_a_deletion_is_text(space: Workspace, open_page: Any) -> None:
    known = everything(space)
    test = open_page("library", shelf="subjects")
    test.button(key=f"delete_subject_{known['baseline']}").click().run()
    test.button(key="delete_yes").click().run()
    assert not test.exception
    assert [ACTS.search(one.value) for one in test.toast] == [None]
