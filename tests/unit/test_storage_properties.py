"""Properties of the readers of stored files: what was written comes back, and whatever else is refused by one error."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gait_core.errors import StorageError
from gait_core.storage.json_file import parse_json
from gait_core.storage.npz_file import load_arrays
from gait_core.storage.schema import problem_in
from gait_core.storage.seal import check_seal, sealed
from gait_core.workspace import read_json, write_json

# Derandomised: the same examples every time, so that a failure is a failure of the code and not of the day.
FEW = settings(max_examples=80, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**200), 2**200)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=5)
    ),
    max_leaves=30,
)
OBJECTS = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), VALUES, max_size=6)


@pytest.fixture(scope="module")
def place():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@FEW
@given(value=VALUES)
def test_json_that_was_written_comes_back(place, value):
    write_json(place / "a.json", value)
    assert read_json(place / "a.json") == value


@FEW
@given(content=st.binary(max_size=200) | st.text('[]{}"\\:,0123456789eE+-.tfnNaIil', max_size=60).map(str.encode))
def test_whatever_lies_there_is_json_or_a_value_error(content):
    try:
        found = parse_json(content)
    except ValueError:
        return
    assert parse_json(json.dumps(found, allow_nan=False).encode()) == found


@FEW
@given(value=OBJECTS, data=st.data())
def test_a_seal_holds_through_any_layout_and_breaks_with_any_change(place, value, data):
    whole = sealed(value, place)
    again = json.loads(
        json.dumps(whole, sort_keys=data.draw(st.booleans()), indent=data.draw(st.sampled_from([None, 3])))
    )
    assert check_seal(again, place / "d.json", what="it", stored_s=None, remedy="")
    name = data.draw(st.sampled_from(sorted(value)) if value else st.just("new"))
    other = data.draw(VALUES)
    if name == "seal" or json.dumps(again.get(name)) == json.dumps(other):
        return
    with pytest.raises(StorageError, match="changed"):
        check_seal(again | {name: other}, place / "d.json", what="it", stored_s=None, remedy="")


def stored_arrays() -> bytes:
    with io.BytesIO() as buffer:
        np.savez_compressed(buffer, a=np.arange(40.0).reshape(5, 8), b=np.array(["left", "right"]), c=np.array(1.5))
        return buffer.getvalue()


WHOLE = stored_arrays()


@FEW
@given(
    changes=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.none() | st.integers(0, len(WHOLE)),
)
def test_damaged_arrays_are_refused_or_whole(place, changes, cut):
    content = bytearray(WHOLE)
    for where, value in changes:
        content[where] = value
    (place / "a.npz").write_bytes(bytes(content[:cut]))
    try:
        found = load_arrays(place / "a.npz")
    except StorageError:
        return
    # What is not covered by a checksum (dates, names, flags) may differ; every array that has its name is as it was.
    with np.load(io.BytesIO(WHOLE)) as before:
        for name in set(found) & set(before.files):
            np.testing.assert_array_equal(found[name], before[name])


HEADS = st.tuples(
    st.lists(st.integers(-3, 2**45), max_size=4).map(tuple),
    st.sampled_from(["<f8", "|u1", "<U9", "|O", "<M8[s]", "|V7", "<f3", "x"]),
    st.booleans(),
    st.integers(0, 64),
)


@FEW
@given(head=HEADS)
def test_a_head_that_announces_another_size_is_refused_before_anything_is_allocated(place, head):
    shape, dtype, fortran_order, count = head
    text = repr({"descr": dtype, "fortran_order": fortran_order, "shape": shape}).encode().ljust(117) + b"\n"
    with zipfile.ZipFile(place / "h.npz", "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(count))
    try:
        found = load_arrays(place / "h.npz")["a"]
    except StorageError:
        return
    assert found.nbytes == count
    assert found.shape == shape


class Row(TypedDict):
    name: str
    value: NotRequired[float | None]
    inner: NotRequired[list[dict[str, int]]]


@FEW
@given(value=VALUES)
def test_a_shape_is_named_or_fits(value):
    if problem_in(value, Row):
        return
    assert isinstance(value["name"], str)
    assert value.get("value") is None or float(value["value"]) is not None


@FEW
@given(value=st.fixed_dictionaries({"name": st.text()}, optional={"value": st.none() | st.floats() | st.integers()}))
def test_every_row_fits_its_shape(value):
    assert problem_in(value, Row) == ""
    assert "name" in problem_in({**value, "name": 3}, Row)
    assert "inner[0].a" in problem_in({**value, "inner": [{"a": "1"}]}, Row)
