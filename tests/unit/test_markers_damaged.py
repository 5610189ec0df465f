"""A marker file that is damaged, or not what its name says, is refused in one sentence, and nothing else is lost."""

import os
from pathlib import Path

import numpy as np
import pytest
from marker_files import write_c3d

from gait_core.errors import InputError
from gait_core.markers.recording import open_recording
from gait_core.walks import c3d_library
from gait_core.walks.c3d_child import plain

POINTS = {"A": np.ones((5, 3)), "B": np.full((5, 3), 2.0)}


@pytest.fixture
def c3d(tmp_path):
    pytest.importorskip("ezc3d")
    return write_c3d(tmp_path / "walk.c3d", POINTS)


def change(path, after, changes):
    """Change bytes behind the name of a parameter: offset → value."""
    content = bytearray(path.read_bytes())
    at = content.index(after) + len(after)
    for offset, value in changes.items():
        content[at + offset] = value
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("after", "offset", "value"),
    [(b"\x06\x01LABELS", 2, 0), (b"\xfb\x01SCALE", 2, 255), (b"UNITS", 2, 0), (b"FRAMES", 2, 255), (b"RATE", 2, 255)],
)
def test_one_wrong_byte_does_not_end_the_process(c3d, after, offset, value):
    change(c3d, after, {offset: value})
    with pytest.raises(InputError, match=r"a C3D file, but walk\.c3d cannot be read"):
        open_recording(c3d)


def test_a_crash_is_an_error_of_this_file(c3d, monkeypatch):
    monkeypatch.setattr(c3d_library, "_CHILD", ("-c", "import os; os.abort()"))
    with pytest.raises(InputError, match="reading it crashed"):
        open_recording(c3d)


def test_reading_that_does_not_end_is_ended(c3d, monkeypatch):
    monkeypatch.setattr(c3d_library, "_CHILD", ("-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(c3d_library, "BASE_S", 0.2)
    with pytest.raises(InputError, match="took more than"):
        open_recording(c3d)


def test_a_parameter_of_seven_full_dimensions_does_not_fill_the_memory(c3d):
    pytest.importorskip("resource")
    change(c3d, b"\x06\x01LABELS", {3: 7} | {4 + number: 255 for number in range(7)})
    with pytest.raises(InputError, match=r"took more than 1\.5 GB of memory"):
        open_recording(c3d)


def test_no_sentence_of_a_library_is_shown(c3d):
    c3d.write_bytes(b"\x02\x50" + bytes(2000))
    with pytest.raises(InputError) as refused:
        open_recording(c3d)
    assert str(refused.value) == (
        "Expected a C3D file, but walk.c3d cannot be read: it is of another kind or damaged. "
        "Export it again from the program that made it."
    )


def test_a_name_that_is_not_in_utf8(c3d):
    odd = os.fsdecode(os.fsencode(c3d.parent) + b"/w\xfclk.c3d")
    try:
        c3d.rename(odd)
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    content = c3d_library.read_c3d(Path(odd))
    assert content["data"]["points"].shape == (4, 2, 5)


def test_texts_that_are_not_in_utf8_are_latin_1():
    assert plain({"value": ["L.H\udcfcel", "Knie"]}) == {"value": ["L.Hüel", "Knie"]}
    assert plain(np.array([[1, 2]])) == [[1, 2]]
