"""Stored JSON, arrays and archives: what is damaged, endless or a bomb is refused cheaply, by one clear message."""

from __future__ import annotations

import io
import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from gait_core.errors import NotFoundError, StorageError
from gait_core.storage.json_file import DEEPEST, MOST_JSON_BYTES, read_json
from gait_core.storage.npz_file import load_arrays
from gait_core.storage.zip_archive import ArchiveLimits, checked_members

FEW_BYTES = 40 * 1024**2


def test_json_comes_back_as_it_was_written(tmp_path):
    value = {"a": [1, 2.5, None, True, "e1234", "[{" * 200], "é": {}, "big": 1e300, "deep": nested(DEEPEST - 1)}
    (tmp_path / "a.json").write_text(json.dumps(value), encoding="utf-8")
    assert read_json(tmp_path / "a.json") == value


def nested(depth):
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"{half", "damaged"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b"[-Infinity]", "not a number"),
        (b"[1e999]", "not a finite number"),
        (b"[1" + b"0" * 400 + b"]", "300 digits"),
        (b"9" * 5000, "damaged"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b'"\xff\xfe"', "damaged"),
        (b"\x00" * 100, "damaged"),
    ],
    ids=["empty", "half", "nan", "infinite", "overflow", "long number", "longer", "deep", "deeper", "bytes", "zeros"],
)
def test_what_is_no_plain_json_is_refused(tmp_path, content, words):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StorageError, match=words) as caught:
        read_json(tmp_path / "a.json")
    assert "a.json" in caught.value.message
    assert caught.value.remedy


def folder_in_place(path):
    path.mkdir()


def pipe_in_place(path):
    os.mkfifo(path)


def loop_in_place(path):
    path.symlink_to(path)


def huge_in_place(path):
    with path.open("wb") as file:
        file.truncate(MOST_JSON_BYTES + 1)


@pytest.mark.parametrize("put", [folder_in_place, pipe_in_place, loop_in_place, huge_in_place])
@pytest.mark.parametrize("read", [read_json, load_arrays])
def test_what_is_no_ordinary_file_of_bounded_size_is_refused(tmp_path, put, read):
    put(tmp_path / "item")
    with pytest.raises(StorageError, match="item") as caught:
        read(tmp_path / "item")
    assert caught.value.remedy


@pytest.mark.parametrize("read", [read_json, load_arrays])
@pytest.mark.parametrize("place", ["nothing", "file/inside"])
def test_what_is_missing_is_not_damaged(tmp_path, read, place):
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError):
        read(tmp_path / place)


ARRAYS = {
    "numbers": np.arange(12.0).reshape(3, 4),
    "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "one": np.array(1.5),
    "none": np.zeros((0, 4), np.float32),
    "names": np.array(["left", "rechts"]),
    "missing": np.array([np.nan, 1.0]),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_as_they_were_written(tmp_path, save):
    save(tmp_path / "a.npz", **ARRAYS)
    found = load_arrays(tmp_path / "a.npz")
    assert list(found) == list(ARRAYS)
    for name, wanted in ARRAYS.items():
        np.testing.assert_array_equal(found[name], wanted)
        assert (found[name].dtype, found[name].shape) == (wanted.dtype, wanted.shape)
        assert found[name].flags.writeable


def npy(shape, dtype="<f8", content=b""):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue() + content


def packed(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def with_sizes(path, unpacked):
    """Let the directory of an archive announce another size."""
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", unpacked)
    path.write_bytes(bytes(content))


def four_terabytes(path):
    packed(path, {"a.npy": npy((2**29, 1024))})


def hundreds_of_gigabytes(path):
    packed(path, {"a.npy": npy((100_000, 1_000_000), content=bytes(800))})


def negative(path):
    packed(path, {"a.npy": npy((-1, 8))})


def objects(path):
    packed(path, {"a.npy": npy((1,), "|O", b"\x80\x04N.")})


def zeros(path):
    packed(path, {"a.npy": npy((9 * 1024**2,), content=bytes(72 * 1024**2))})


def lying(path):
    packed(path, {"a.npy": npy((4,), content=bytes(32))})
    with_sizes(path, 2**31)


def no_array(path):
    packed(path, {"a.npy": b"text"})


def no_archive(path):
    path.write_bytes(b"PK but not for long")


def encrypted(path):
    packed(path, {"a.npy": npy((1,), content=bytes(8))})
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))


def another_method(path):
    packed(path, {"a.npy": npy((1,), content=bytes(8))}, zipfile.ZIP_LZMA)


def one_bit(path):
    np.savez(path, a=np.arange(100.0))
    content = bytearray(path.read_bytes())
    content[400] ^= 1
    path.write_bytes(bytes(content))


def cut_off(path):
    np.savez(path, a=np.arange(100.0))
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    "damage",
    [
        four_terabytes,
        hundreds_of_gigabytes,
        negative,
        objects,
        zeros,
        lying,
        no_array,
        no_archive,
        encrypted,
        another_method,
        one_bit,
        cut_off,
    ],
    ids=lambda one: one.__name__,
)
def test_arrays_that_are_not_what_they_say_are_refused_before_they_fill_the_memory(tmp_path, damage):
    path = tmp_path / "a.npz"
    damage(path)
    tracemalloc.start()
    try:
        with pytest.raises(StorageError, match=r"a\.npz, but the file is damaged"):
            load_arrays(path)
        assert tracemalloc.get_traced_memory()[1] < FEW_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["../out", "/etc/x", "C:\\x", "a/../../b"])
def test_an_archive_cannot_reach_out_of_its_place(tmp_path, name):
    packed(tmp_path / "a.zip", {name: b"x"})
    with pytest.raises(ValueError, match="outside the archive"):
        checked_members(tmp_path / "a.zip", ArchiveLimits())


def test_parts_of_an_archive_do_not_overlap(tmp_path):
    path = tmp_path / "a.zip"
    packed(path, {f"{number}": os.urandom(5000) for number in range(3)}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    directory = content.index(b"PK\x01\x02")
    entry = content[directory : content.index(b"PK\x01\x02", directory + 4)]
    many = 200
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, many, many, len(entry) * many, directory, 0)
    path.write_bytes(content[:directory] + entry * many + end)
    with pytest.raises(ValueError, match="overlap"):
        checked_members(path, ArchiveLimits())
