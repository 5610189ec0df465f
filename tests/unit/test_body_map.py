"""The body map: told by colour, by shape and in words."""

import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from gait_core.baseline.part_levels import part_level
from gait_core.drawing.shapes import Path, Text
from gait_core.drawing.style import DARK, LIGHT, LOOKS
from gait_core.report.body_map import PartNote, body_drawing, body_map_svg, deviation_notes

SVG = "{http://www.w3.org/2000/svg}"
SIDED = ("hip", "knee", "ankle and foot", "step", "arm")
PARTS = ("head", "trunk", "pelvis", *(f"{side} {part}" for side in ("left", "right") for part in SIDED))


def texts(drawing):
    return [shape for shape in drawing.shapes if isinstance(shape, Text)]


@pytest.mark.parametrize(
    ("value", "level"), [(0.9, "normal"), (1.49, "normal"), (1.5, "watch"), (2.5, "alert"), (float("nan"), "withheld")]
)
def test_level_of_a_part(value, level):
    assert part_level(value) == level


def test_what_deviates_is_named_beside_the_figure_and_the_rest_is_spoken():
    drawing = body_drawing(deviation_notes({"right knee": 3.1, "left arm": 1.6, "trunk": 1.0}), title="Where")
    shown = [text.text for text in texts(drawing)]
    assert {"Right knee", "clearly different (3.1)", "Left arm", "somewhat different (1.6)"} <= set(shown)
    assert "Trunk" not in shown
    assert drawing.description.startswith("Right knee: clearly different (3.1). Left arm")
    assert "Trunk: as usual (1.0)." in drawing.description


def test_levels_differ_in_shape_not_only_in_colour():
    assert len({LOOKS[level].shape for level in ("normal", "watch", "alert", "withheld")}) == 4
    corners = {}
    for value in (1.0, 2.0, 3.0):
        drawing = body_drawing(deviation_notes({"right knee": value}), title="")
        level = part_level(value)
        marks = [s for s in drawing.shapes if isinstance(s, Path) and s.fill == LIGHT.level(level) and s.opacity == 1]
        corners[level] = [letter for letter, _ in marks[0].steps]
    assert corners["watch"].count("L") == 2
    assert corners["alert"].count("L") == 3
    assert "C" in corners["normal"]


def test_the_legend_tells_the_levels_and_the_missing_ones():
    known = [text.text for text in texts(body_drawing(deviation_notes({"head": 1.0}), title=""))]
    assert known == ["as usual", "somewhat different", "clearly different"]
    hidden = [text.text for text in texts(body_drawing(deviation_notes({"head": float("nan")}), title=""))]
    assert hidden == ["not compared"]


def test_values_without_a_judgement_have_no_legend():
    drawing = body_drawing({"left knee": PartNote(level="measured", text="moves 60°")}, title="")
    assert [text.text for text in texts(drawing)] == ["Left knee", "moves 60°"]


@pytest.mark.parametrize("near", ["left", "right"])
def test_labels_never_cover_each_other_nor_leave_the_frame(near):
    drawing = body_drawing(deviation_notes(dict.fromkeys(PARTS, 3.0)), title="", near=near)
    names = [text for text in texts(drawing) if text.bold]
    assert len(names) == len(PARTS)
    for anchor in ("start", "end"):
        heights = sorted(text.y for text in names if text.anchor == anchor)
        assert all(b - a >= 20.0 for a, b in pairwise(heights))
        assert heights[0] > 0 and heights[-1] + 12.0 < drawing.height - 12.0


def test_the_figure_shows_the_side_that_was_filmed():
    def marked_x(near):
        drawing = body_drawing(deviation_notes({"right ankle and foot": 3.0}), title="", near=near)
        return next(text.x for text in texts(drawing) if text.bold)

    # On a figure that faces right the near leg is in front; facing left the right leg is the far one, behind.
    assert marked_x("right") > 154.0
    assert marked_x("left") > 154.0
    facing = {near: body_drawing({}, title="", near=near).shapes for near in ("left", "right")}
    assert facing["left"] != facing["right"]


def test_names_may_come_from_anywhere():
    svg = body_map_svg({"right_knee": 3.0, "left ear lobe": 2.0, "<script>": 9.0}, title='<i>"&\x00\ud800')
    tree = ElementTree.fromstring(svg)
    assert tree.find(f"{SVG}title").text == '<i>"&'
    spoken = tree.find(f"{SVG}desc").text
    assert "<script>: clearly different (9.0)." in spoken and "Right knee" in spoken
    assert tree.get("role") == "img"


def test_dark_ground_takes_the_dark_colours():
    svg = body_map_svg({"right knee": 3.0}, title="", dark=True)
    assert DARK.alert in svg and LIGHT.alert not in svg


def test_another_rule_of_levels():
    svg = body_map_svg({"right knee": 1.1}, title="", level_of=lambda value: "alert" if value > 1 else "normal")
    assert LIGHT.alert in svg
