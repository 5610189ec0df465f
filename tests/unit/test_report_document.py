"""The report: one content model, written as HTML and PDF."""

import re
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from measured_walks import measured
from PIL import Image
from reported_walks import CREATED_S, compared, report, source, video_of, worst
from support.pdf_text import text_of_pdf

from gait_core.drawing.fonts import FontChain, font_files
from gait_core.drawing.scripts import as_drawn
from gait_core.drawing.shapes import Text
from gait_core.drawing.svg import to_svg
from gait_core.errors import StorageError, WalkWarning
from gait_core.gait.curves import Curves, key_values
from gait_core.phrases import joined
from gait_core.report.document import pdf
from gait_core.report.document.charts import CurvePanel, Span, curve_drawing
from gait_core.report.document.content import build_report
from gait_core.report.document.evidence import moments
from gait_core.report.document.html import render_html, write_html
from gait_core.report.document.pdf import render_pdf, write_pdf
from gait_core.report.document.words import DISCLAIMER, clean_text, day, difference, interval, number, signed
from gait_core.report.privacy import blur_face

HOSTILE = "<script>alert(1)</script>\"'&\u202e\x00 Žofia"


def pages_of(content):
    return len(re.findall(rb"/Type /Page\b", content))


# --- what it says ---------------------------------------------------------------------------------------------------


def test_what_makes_a_verdict_doubtful_stands_beside_it():
    doubts = (
        WalkWarning(code="other_person", message="The proportions do not fit."),
        WalkWarning(code="in_baseline", message="It is one of the walks of the baseline."),
        WalkWarning(code="no_scale", message="There are no metres."),
    )
    made = report(replace(compared("watch"), warnings=doubts))
    assert [row.label for row in made.checks[:2]] == ["Same person?", "Part of the baseline"]
    assert "Check first that this is the same person" in made.summary[2]
    assert "made from this very recording" in made.summary[2]
    assert made.facts[0].value != "Good"
    html = render_html(made)
    assert "The proportions do not fit." in html
    assert pages_of(render_pdf(made)) == 2


def test_three_sentences_without_a_baseline():
    made = report()
    assert len(made.summary) == 3
    assert all(text.endswith(".") for text in made.summary)
    assert "cannot say whether the walk has changed" in made.summary[2]
    assert made.verdict.word == "No baseline"
    assert made.ranges and not made.changes
    assert made.body_map.title == "How far each joint moves"


@pytest.mark.parametrize(
    ("level", "word", "sentence"),
    [
        ("normal", "Normal", "looks as usual"),
        ("watch", "Watch", "film another walk"),
        ("alert", "Alert", "clearly different, most of all at the right knee"),
        (None, "Withheld", "left open"),
    ],
)
def test_verdicts_in_words(level, word, sentence):
    made = report(compared(level))
    assert made.verdict.word == word
    assert sentence in made.summary[2]
    assert made.changes and not made.ranges


def test_values_have_intervals_and_what_is_withheld_is_said():
    made = report()
    speed = next(row for row in made.parameters if row.label == "Walking speed")
    assert speed.unit == "m/s" and speed.interval and speed.mean in made.summary[1]
    notes = " ".join(made.parameter_notes)
    assert "vary from stride to stride is withheld: that needs 50 strides" in notes
    assert "left and right is withheld: it needs 10 strides" in notes
    assert "Scale from the body height" in notes


def test_without_a_scale_there_are_leg_lengths_and_it_is_said():
    made = report(with_scale=False)
    assert next(row for row in made.parameters if row.label == "Walking speed").unit == "leg lengths/s"
    assert "are not in metres" in made.summary[1]
    assert any("leg lengths" in note for note in made.parameter_notes)
    assert next(fact for fact in made.facts if fact.label == "Scale from").value == "No scale"


def test_a_walk_without_a_stride_still_has_a_report():
    _, _, measurement = measured(1)
    none = Curves(
        values={key: np.empty((0, 101)) for key in measurement.curves.values},
        foot_off_pct={side: np.empty(0) for side in ("left", "right")},
    )
    empty = replace(measurement, strides=(), curves=none, parameters={}, key_values=key_values(none))
    made = build_report(empty, subject="", source=source(with_track=False), created_s=CREATED_S)
    assert made.subject == "Unnamed"
    assert "no complete stride" in made.summary[0] and "could not be measured" in made.summary[1]
    assert not made.parameters and not made.evidence and "No images" in made.evidence_note
    assert pages_of(render_pdf(made)) == 2
    assert "No value could be measured" in render_html(made)


def test_only_values_chosen_beforehand_are_tested_for_change():
    made = report(compared())
    assert [row.label for row in made.changes] == [
        "Walking speed",
        "Cadence",
        "Step length",
        "Step time",
        "Both feet on the floor",
        *(f"{side} {joint}, range of movement" for joint in ("hip", "knee", "ankle") for side in ("Left", "Right")),
    ]
    assert {row.source for row in made.changes} <= {"published", "own walks"}
    assert "Published: " in made.table_note


def test_the_seal_names_video_model_settings_and_the_report_itself():
    made = report(compared())
    seal = {fact.label: fact.value for fact in made.seal}
    assert seal["Video"] == "cd" * 32 and seal["Pose model"] == "ab" * 32
    assert seal["Settings"] == measured(1)[2].settings.digest()
    assert seal["Baseline"].startswith("person-") and "Gait Studio" in seal["Versions"]
    assert made.digest == report(compared()).digest
    assert made.digest != report(compared(), subject="Patient 8").digest
    assert made.digest in render_html(made)


def test_the_disclaimer_stands_there_once():
    made = report(compared())
    assert render_html(made).count(DISCLAIMER) == 1
    assert text_of_pdf(render_pdf(made)).count(DISCLAIMER) == 1


# --- images -------------------------------------------------------------------------------------------------------


def test_moments_are_contact_and_mid_stance_of_both_sides_near_each_other():
    strides = measured(1)[2].strides
    chosen = moments(strides)
    assert [moment.title for moment in chosen] == [
        "Left foot lands",
        "Left leg, middle of stance",
        "Right foot lands",
        "Right leg, middle of stance",
    ]
    times_s = [moment.time_s for moment in chosen]
    assert times_s[0] in {stride.start_s for stride in strides if stride.side == "left"}
    assert max(times_s) - min(times_s) < 2.5
    assert moments(()) == ()


def test_frames_are_cut_out_of_the_video_and_faces_are_blurred(tmp_path):
    path = video_of(tmp_path / "walk.mp4")
    blurred = report(source=source(path))
    plain = report(source=source(path), blur_faces=False)
    assert len(blurred.evidence) == len(plain.evidence) == 4
    assert "Faces are blurred" in blurred.evidence_note and "as filmed" in plain.evidence_note

    for hidden, shown in zip(blurred.evidence, plain.evidence, strict=True):
        a, b = (np.asarray(Image.open(BytesIO(frame.jpeg)), dtype=float) for frame in (hidden, shown))
        height, width = a.shape[:2]
        assert height / width == pytest.approx(1.25, abs=0.01)
        changed = np.abs(a - b).mean(axis=2) > 20
        assert changed[: height // 3].mean() > 0.02
        assert changed[height // 3 :].mean() < 0.001


def test_a_face_is_coarse_and_everything_else_stays():
    pixels = np.random.default_rng(3).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    points = np.full((33, 2), np.nan)
    points[:11] = np.random.default_rng(4).normal((150.0, 100.0), 6.0, (11, 2))
    points[[11, 12]], points[[23, 24]] = [150.0, 150.0], [150.0, 260.0]
    done = blur_face(pixels, points)
    rows, columns = np.mgrid[:400, :300]
    away = np.hypot(rows - 100, columns - 150)
    assert np.ptp(done[away < 25].astype(float), axis=0).max() < 80
    assert (done[away > 50] == pixels[away > 50]).all()
    points[:11] = np.nan
    assert (blur_face(pixels, points)[90:110, 140:160] != pixels[90:110, 140:160]).any()
    points[:] = np.nan
    unknown = blur_face(pixels, points)
    assert np.ptp(unknown[:100].astype(float)) < 150 and (unknown[200:] == pixels[200:]).all()


def test_with_other_people_everything_around_the_walker_is_blurred(tmp_path):
    given = source(video_of(tmp_path / "walk.mp4"))
    crowd = replace(given, track=given.track.with_(info={**given.track.info, "people_share": 0.3}))
    made = report(source=crowd)
    assert "everything around the walker" in made.evidence_note

    def corner(frame):
        pixels = np.asarray(Image.open(BytesIO(frame.jpeg)).convert("L"), dtype=float)
        return np.abs(np.diff(pixels[-60:, :40], axis=1)).mean()

    alone = report(source=given)
    assert corner(made.evidence[0]) < 0.35 * corner(alone.evidence[0])


def test_without_video_or_landmarks_the_rest_stands(tmp_path):
    gone = report(source=source(tmp_path / "gone.mp4"))
    assert not gone.evidence and "no longer where it was" in gone.evidence_note
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    assert "No images" in report(source=source(broken)).evidence_note
    cleared = report(source=source(broken, with_track=False))
    assert "landmarks" in cleared.evidence_note and cleared.parameters
    assert "No images" in render_html(cleared) and pages_of(render_pdf(cleared)) == 2


# --- HTML -----------------------------------------------------------------------------------------------------------


def test_html_stands_alone_and_nothing_in_it_runs(tmp_path):
    path = video_of(tmp_path / "walk.mp4")
    html = render_html(report(compared(), source=source(path)))
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|<link|<iframe|\son\w+=|javascript:|@import|<object", html)
    assert html.count("data:image/jpeg;base64,") == 4
    assert all(address.startswith("data:") for address in re.findall(r"(?:src=\"|url\()([^\")]+)", html))
    assert 'lang="en-GB"' in html and "default-src 'none'" in html


def test_texts_from_outside_are_escaped(tmp_path):
    bad = replace(compared(), joints={"right knee": 3.0, "<img src=x>": 4.0}, baseline_id=HOSTILE)
    made = report(bad, subject=HOSTILE, source=source(name=HOSTILE))
    html = render_html(made)
    assert "<script" not in html and "<img src=x" not in html
    assert "&lt;script&gt;alert(1)" in html and "\u202e" not in html and "\x00" not in html
    assert pages_of(render_pdf(made)) == 2


def test_written_files_replace_whole_ones_only(tmp_path):
    made = report()
    write_html(made, tmp_path / "report.html")
    write_pdf(made, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.pdf"]
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write_pdf(made, tmp_path / "file" / "report.pdf")


# --- PDF ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made", [lambda: report(), lambda: report(compared()), worst], ids=["plain", "baseline", "worst"]
)
def test_pdf_fills_two_pages_and_no_more(made, monkeypatch):
    bottoms = []

    def remembered(blocks):
        bottoms.append(fill(blocks))
        return bottoms[-1]

    fill = pdf._fill
    monkeypatch.setattr(pdf, "_fill", remembered)
    assert pages_of(render_pdf(made())) == 2
    assert len(bottoms) == 2 and all(bottom <= pdf.PAGE_HEIGHT - pdf._BOTTOM + 0.1 for bottom in bottoms)


def test_pdf_depends_on_the_report_alone():
    assert render_pdf(report()) == render_pdf(report())


def test_pdf_has_its_fonts_inside_and_writes_any_name():
    content = render_pdf(report(subject="Žofia Δημήτρης Иван שלום 李"))
    assert content.count(b"/FontFile2") >= 2
    assert "Žofia Δημήτρης Иван" in text_of_pdf(content)


def test_every_character_is_drawn_by_a_font_that_has_it():
    chain = FontChain(bold=False)
    runs = {piece: name for name, piece in chain.runs("Ab●ﺳ日본\U0001fae8")}
    assert runs["Ab"].startswith("SourceSans") or runs["Ab"].startswith("DejaVu")
    assert runs["日"] == "STSong-Light" and runs["본"] == "HYSMyeongJo-Medium"
    assert "□" in runs
    assert len(font_files(bold=True)) == 2


@pytest.mark.parametrize(
    ("read", "drawn"),
    [
        ("Patient 7", "Patient 7"),
        ("שלום", "םולש"),
        ("שלום 12", "12 םולש"),
        # A number after a word from the right stands at its left, as a browser places it.
        ("Patient שלום 7", "Patient 7 םולש"),
        ("שלום, 12–15", "15–12 ,םולש"),
        ("שלום 12.5 m", "m 12.5 םולש"),
        # Brackets open towards what they enclose, from whichever side it is read.
        ("Walk (שלום) (7)", "Walk (םולש) (7)"),
        ("(שלום) a", "a (םולש)"),
        ("שלום (a) [12] «b»", "«b» [12] (a) םולש"),
        # seen, lam with alef, meem: initial, final ligature, isolated; drawn from the left.
        ("سلام", "\ufee1\ufefc\ufeb3"),
        ("لا ١٢", "\u0661\u0662 \ufefb"),
        # A vowel sign stays with its letter, and lam and alef join across it.
        ("بِلَا", "\u064e\ufefc\u0650\ufe91"),
        # No typeface has the one glyph for the whole word.
        ("الله", "\ufeea\ufee0\ufedf\ufe8d"),
    ],
)
def test_scripts_from_the_right_are_put_in_order_and_joined(read, drawn):
    assert as_drawn(read) == drawn
    assert "".join(piece for _, piece in FontChain(bold=False).runs(drawn)) == drawn  # no font lacks any of it


# --- words and charts -----------------------------------------------------------------------------------------------


def test_numbers_in_words():
    assert number(1.234, "m/s") == "1.23" and number(None, "s") == "–" and number(float("nan")) == "–"
    assert number(-0.001, "s") == "0.00" and number(-3.2, "deg") == "−3"
    assert number(0.00612, "m/(steps/min)") == "0.0061"
    assert difference(33.4, 66.6, "deg") == "−34"  # 33 beside 67: not the −33 of the exact values
    assert difference(1.26, 1.0, "m") == "+0.26" and difference(None, 1.0, "m") == "–"
    assert signed(0.25, "s") == "+0.25" and signed(-0.25, "s") == "−0.25" and signed(0.0, "s") == "0.00"
    assert interval(1.0, 2.0, "s") == "1.00–2.00" and interval(-3.0, 2.0, "deg") == "−3 to 2"
    assert interval(None, 2.0) == ""
    assert joined(["a", "b", "c"]) == "a, b and c" and joined([]) == ""
    assert re.fullmatch(r"\d{1,2} \w+ 2025", day(CREATED_S))


def test_texts_from_outside_become_one_short_line():
    assert clean_text("a\n\tb\u202ec\x00 d") == "a bc d"
    assert clean_text("x" * 80, 10) == "x" * 9 + "…"
    assert clean_text("95 % of") == "95\u00a0% of"
    long = "No regular rhythm was found. Is it slow motion? Or the legs of another person are seen."
    assert clean_text(long, 60) == "No regular rhythm was found. Is it slow motion? …"
    assert clean_text(long, 31) == "No regular rhythm was found. …"
    assert clean_text(long, 25) == "No regular rhythm was…"


def test_a_joint_that_was_not_seen_says_so():
    hidden = CurvePanel(name="Hip", direction="bends", side="Left", strides=np.full((2, 101), np.nan))
    drawing = curve_drawing([[hidden]], width=200.0, height=120.0)
    assert "not measured" in [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert "Left hip: not measured." in to_svg(drawing)


def test_a_value_stays_on_its_scale():
    span = Span(
        label="x", mean=1.0, ci_low=0.9, ci_high=1.1, left=0.2, right=1.8, reference_low=0.5, reference_high=3.0
    )
    low, high = span.scale()
    assert low < 0.2 and high > 3.0
    bare = Span(
        label="x", mean=None, ci_low=None, ci_high=None, left=None, right=None, reference_low=None, reference_high=None
    )
    assert bare.values() == []
