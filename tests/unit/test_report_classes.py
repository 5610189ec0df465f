"""What promoted models said of a walk, in the HTML and PDF report."""

import re
from dataclasses import replace

import pytest
from reported_walks import compared, report, worst
from support.pdf_text import text_of_pdf

from gait_core.report.document import pdf
from gait_core.report.document.class_cards import class_cards
from gait_core.report.document.html import render_html
from gait_core.report.document.pdf import render_pdf

SURE = {
    "name": "ward-3",
    "title": "Ward 3",
    "classifier": "Support vector machine",
    "run": "r1",
    "trained_on": {"name": "stroke", "subjects": {"control": 30, "stroke": 37}, "balanced_accuracy": {"mean": 0.904}},
    "class": "stroke",
    "probabilities": {"control": 0.22, "stroke": 0.78},
    "abstained": False,
    "reasons": [],
}
UNSURE = {
    **SURE,
    "title": "Clinic",
    "class": None,
    "probabilities": {"control": 0.6, "stiff_knee": 0.4},
    "abstained": True,
    "reasons": ["it lies 9.1 from the training data, of which nearly all lie within 4.2"],
}
FAILED = {"name": "old", "class": None, "probabilities": {}, "abstained": True, "error": {"message": "It is damaged."}}
LONG = "<b>Ünïcödé & “quotes” المريض</b> " * 9
FULLEST = {
    **UNSURE,
    "title": LONG,
    "classifier": LONG,
    "probabilities": {f"{k} {LONG}": 1 / 20 for k in range(20)},
    "reasons": [LONG] * 7,
}


def with_models(*said):
    return report(replace(compared(), classified=said))


@pytest.fixture(scope="module")
def both():
    return with_models(SURE, UNSURE, FAILED)


def test_class_and_probabilities_stand_there_and_it_is_no_diagnosis(both):
    sure, unsure, failed = both.classes
    assert (sure.title, sure.sentence) == ("Ward 3", "Stroke, 78\u00a0%")
    assert [(row.label, row.probability) for row in sure.rows] == [("stroke", "78\u00a0%"), ("control", "22\u00a0%")]
    assert "30 control, 37 stroke" in sure.trained_on and "0.90" in sure.trained_on
    assert unsure.sentence.startswith("Abstains") and "9.1 from the training data" in unsure.reasons[0]
    assert [row.label for row in unsure.rows] == ["control", "stiff knee"] and not sure.reasons
    assert failed.sentence == "Could not be used. It is damaged." and not failed.rows
    assert "not a diagnosis" in both.classes_note and "no part in the level" in both.classes_note


def test_without_models_the_report_has_two_pages_and_no_word_of_them():
    alone = report(compared())
    assert (alone.pages, alone.classes, alone.classes_note) == (2, (), "")
    assert "trained models" not in render_html(alone)


def test_html_has_a_page_for_them(both):
    html = render_html(both)
    assert html.count('<section class="sheet"') == 3 and "3 of 3" in html and "1 of 2" not in html
    assert "Stroke, 78\u00a0%" in html and "not a diagnosis" in html and "It abstains: it lies 9.1" in html
    assert html.count('class="abstains"') == 1


def test_pdf_has_a_page_for_them(both):
    content = render_pdf(both)
    assert len(re.findall(rb"/Type /Page\b", content)) == 3
    text = text_of_pdf(content)
    assert "Stroke, 78" in text and "not a diagnosis" in text and "3 of 3" in text
    assert "it lies 9.1 from the training data" in text


def test_the_fullest_cards_stay_on_their_pages(monkeypatch):
    bottoms = []
    fill = pdf._fill
    monkeypatch.setattr(pdf, "_fill", lambda blocks: bottoms.append(fill(blocks)) or bottoms[-1])
    cards, note = class_cards([FULLEST] * 5)
    made = replace(worst(), classes=cards, classes_note=note)
    assert len(cards[0].rows) == 9 and cards[0].rows[-1].label == "12 further classes"
    assert len(cards[0].reasons) == 3 and cards[0].reasons[-1] == "And 5 further reasons."
    assert len(re.findall(rb"/Type /Page\b", render_pdf(made))) == 4
    assert len(bottoms) == 4 and max(bottoms) <= pdf.PAGE_HEIGHT - pdf._BOTTOM + 0.1
    html = render_html(made)
    assert html.count('<section class="sheet"') == made.pages == 4 and "4 of 4" in html
    assert "<b>Ünï" not in html
