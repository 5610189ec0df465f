"""Numbers that a person types: units, ranges, and a sentence for what cannot be used."""

from __future__ import annotations

import pytest

pytest.importorskip("streamlit")

from app.entries import DISTANCE, FRAME_RATE, HEIGHT, PIXELS, SPEED


@pytest.mark.parametrize(
    ("text", "height_m"),
    [
        ("1.72", 1.72),
        ("1,72 m", 1.72),
        (" 172 ", 1.72),
        ("172 cm", 1.72),
        ("68 in", 1.7272),
        ("5 ft 8 in", 1.7272),
        ("5'8\"", 1.7272),
        ("5′ 8.5″", 1.7399),
        ("6 ft", 1.8288),
        ("5'8", 1.7272),
    ],
)
def test_a_height_may_be_typed_in_the_units_that_people_use(text, height_m):
    assert HEIGHT.read(text) == pytest.approx(height_m, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("17", "Enter 0.8 to 2.5 m; 17.00 m is out of range."),
        ("1720", "Enter 0.8 to 2.5 m; 17.20 m is out of range."),
        ("-1.72", "Enter a number"),
        ("nan", "Enter a number"),
        ("1.72 kg", "Enter a number (m, cm, in, ft)"),
        ("tall", "“tall” is not one"),
    ],
)
def test_what_cannot_be_a_height_is_said(text, sentence):
    found = HEIGHT.read(text)
    assert isinstance(found, str)
    assert sentence in found


def test_an_empty_field_is_no_value():
    assert HEIGHT.read("  ") is None


@pytest.mark.parametrize("quantity", [HEIGHT, SPEED, DISTANCE, FRAME_RATE, PIXELS])
def test_what_is_shown_can_be_typed_again(quantity):
    for value in (quantity.low, quantity.high):
        assert quantity.read(quantity.write(value)) == value
        assert not quantity.is_converted(quantity.write(value), value)


def test_other_units_are_converted_and_shown():
    assert SPEED.read("4.5 km/h") == pytest.approx(1.25)
    assert FRAME_RATE.read("240 fps") == 240
    assert HEIGHT.is_converted("172", 1.72)
    assert HEIGHT.shown(1.72) == "1.72 m"
