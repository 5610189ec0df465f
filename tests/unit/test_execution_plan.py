"""What each level of optimisation means on each kind of device, and what is given up after a failure."""

from __future__ import annotations

import pytest

from gait_core.errors import LibraryError
from gait_core.runtime.devices import Device, ExecutionPlan, OptimisationLevel, fall_back, plan


def device(kind: str, **abilities) -> Device:
    return Device(kind=kind, name=kind, memory_bytes=0, usable_for=(), reason="", **abilities)


DEVICES = {
    "cpu": device("cpu", threads=2),
    "cpu with AMX": device("cpu", threads=2, half_precision="bfloat16"),
    "cuda": device("nvidia", half_precision="float16", tensor_float32=True, compiles=True),
    "metal": device("apple", half_precision="float16"),
    "other": device("abacus", compiles=True, layout="channels_first"),
}
TABLE = [
    # device, level, (precision, compile, layout, threads, TF32)
    ("cpu", "conservative", ("float32", False, "channels_last", 0, False)),
    ("cpu", "balanced", ("float32", False, "channels_last", 2, False)),
    ("cpu", "aggressive", ("float32", False, "channels_last", 2, False)),
    ("cpu with AMX", "conservative", ("float32", False, "channels_last", 0, False)),
    ("cpu with AMX", "balanced", ("bfloat16", False, "channels_last", 2, False)),
    ("cpu with AMX", "aggressive", ("bfloat16", False, "channels_last", 2, False)),
    ("cuda", "conservative", ("float32", False, "channels_last", 0, False)),
    ("cuda", "balanced", ("float16", False, "channels_last", 0, True)),
    ("cuda", "aggressive", ("float16", True, "channels_last", 0, True)),
    ("metal", "conservative", ("float32", False, "channels_last", 0, False)),
    ("metal", "balanced", ("float16", False, "channels_last", 0, False)),
    ("metal", "aggressive", ("float16", False, "channels_last", 0, False)),
    ("other", "conservative", ("float32", False, "channels_last", 0, False)),
    ("other", "balanced", ("float32", False, "channels_first", 0, False)),
    ("other", "aggressive", ("float32", True, "channels_first", 0, False)),
]


def values(made: ExecutionPlan) -> tuple[str, bool, str, int, bool]:
    return made.precision, made.compile, made.layout, made.threads, made.tf32


@pytest.mark.parametrize(("name", "level", "expected"), TABLE)
def test_what_a_level_means(name, level, expected):
    made = plan(DEVICES[name], OptimisationLevel(level))
    assert values(made) == expected
    assert made.device == DEVICES[name].kind
    assert made.policy == ("float32" if expected[0] == "float32" else f"mixed_{expected[0]}")
    assert made.reasons


@pytest.mark.parametrize(("name", "level", "expected"), TABLE)
def test_strict_mode_changes_only_the_arithmetic(name, level, expected):
    made = plan(DEVICES[name], OptimisationLevel(level), strict=True)
    assert values(made) == ("float32", *expected[1:4], False)
    assert made.reasons[0] == "Strict mode keeps float32."


def test_each_failure_gives_up_one_thing_until_nothing_is_left():
    full = device("abacus", half_precision="float16", tensor_float32=True, compiles=True, layout="channels_first")
    tried = plan(full, OptimisationLevel.AGGRESSIVE)
    seen = []
    for number in range(4):
        before = tried
        tried = fall_back(tried, RuntimeError(f"failure\n {number}"))
        assert tried.reasons[:-1] == before.reasons
        assert f"failure {number}" in tried.reasons[-1]
        seen.append((tried.device, *values(tried)))
    assert seen == [
        ("abacus", "float16", False, "channels_first", 0, True),
        ("abacus", "float32", False, "channels_first", 0, False),
        ("abacus", "float32", False, "channels_last", 0, False),
        ("cpu", "float32", False, "channels_last", 0, False),
    ]
    with pytest.raises(LibraryError, match="in float32 on the CPU, but it failed: the end") as caught:
        fall_back(tried, RuntimeError("the end"))
    assert isinstance(caught.value.__cause__, RuntimeError)
