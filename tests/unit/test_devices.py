"""Devices are found from what the system says, each with the reason for or against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gait_core.runtime.devices import has_fast_bf16
from gait_core.runtime.processor import fast_bf16_unit, processor_name


def cpuinfo(folder: Path, *lines: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "unit"),
    [
        (["flags\t\t: fpu sse2 avx2 avx512f"], None),
        (["flags\t\t: fpu avx512f avx512_bf16"], "AVX-512"),
        (["flags\t\t: fpu avx512_bf16 amx_bf16 amx_tile"], "AMX"),
        (["Features\t: fp asimd bf16 i8mm"], "the Arm BF16 extension"),
        (["Features\t: fp asimd bf16", "Features\t: fp asimd"], None),
        (["flags\t\t: fpu avx512_bf160"], None),
        ([], None),
    ],
)
def test_fast_bf16_needs_a_unit_in_every_core(tmp_path, lines, unit):
    path = cpuinfo(tmp_path, *lines)
    assert fast_bf16_unit(path) == unit
    assert has_fast_bf16(path) is (unit is not None)


def test_the_name_of_the_processor_comes_in_one_line(tmp_path):
    assert processor_name(cpuinfo(tmp_path, "model name\t: Some   Maker (R)  9 ")) == "Some Maker (R) 9"
    assert processor_name(cpuinfo(tmp_path, "flags : a"))
