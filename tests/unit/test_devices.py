"""Devices are found by kind, each with the reason for or against it; one chooser serves every use."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gait_core.errors import LibraryError, SettingsError
from gait_core.runtime.cpu import cpu_name, fast_bf16_unit
from gait_core.runtime.devices import (
    Device,
    DeviceKind,
    choose_device,
    device_kinds,
    find_devices,
    has_fast_bf16,
    intel,
    nvidia,
    register_device,
    registry,
)


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


def test_the_name_of_the_cpu_comes_in_one_line(tmp_path):
    assert cpu_name(cpuinfo(tmp_path, "model name\t: Some   Maker (R)  9 ")) == "Some Maker (R) 9"
    assert cpu_name(cpuinfo(tmp_path, "flags : a"))


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return the root of a pretended Linux machine without tools, plug-ins or OpenVINO."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text("model name : Some CPU\nflags : amx_bf16\n")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(nvidia, "is_installed", lambda name: False)
    monkeypatch.setattr(intel, "openvino_devices", lambda load: ["CPU", "GPU.0"] if load else None)
    return tmp_path


def card(root: Path, place: str, vendor: str) -> None:
    folder = root / "sys" / "class" / place / "device"
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")


def gpu(name: str = "GPU", **more) -> Device:
    known = {"kind": "nvidia", "memory_bytes": 1, "usable_for": ("training", "recognition"), "score": 100.0}
    return Device(name=name, reason=f"{name} is fast.", **{**known, **more})


def test_a_machine_without_any_gpu_library_has_its_cpu(machine):
    (only,) = find_devices(root=machine)
    assert (only.kind, only.name, only.usable_for) == ("cpu", "Some CPU", ("pose", "training", "recognition"))
    assert "AMX" in only.reason
    for use in only.usable_for:
        choice = choose_device(use, [only])
        assert (choice.device, choice.score, choice.reason) == (only, 10.0, "No other device was found.")


def test_an_nvidia_gpu_is_for_training_where_the_libraries_are(machine, monkeypatch):
    folder = machine / "proc/driver/nvidia/gpus/0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA H100\nIRQ: 5\n")
    cpu, found = find_devices(root=machine)
    assert (found.kind, found.name, found.usable_for) == ("nvidia", "NVIDIA H100", ())
    assert "requirements-gpu.txt" in found.reason
    choice = choose_device("training", [cpu, found])
    assert choice.device is cpu
    assert "requirements-gpu.txt" in choice.reason
    monkeypatch.setattr(nvidia, "is_installed", lambda name: name == "nvidia-cudnn-cu12")
    assert choose_device("training", find_devices(root=machine)).device.kind == "nvidia"


def test_each_use_has_its_device(machine):
    (only,) = find_devices(root=machine)
    card = gpu()
    for use, expected in (("pose", only), ("training", card), ("recognition", card)):
        choice = choose_device(use, [only, card])
        assert choice.device is expected
        assert choice.score == expected.score
        assert "GPU is fast." in choice.reason
    with pytest.raises(SettingsError, match="pose, training, recognition, but got 'cooking'"):
        choose_device("cooking", [only])
    with pytest.raises(LibraryError, match="device that supports pose, but got GPU"):
        choose_device("pose", [card])


def test_of_equal_scores_the_larger_memory_wins_and_then_the_first():
    small, large, twin = gpu("small"), gpu("large", memory_bytes=2), gpu("twin", memory_bytes=2, number=1)
    assert choose_device("training", [small, large, twin]).device is large


@pytest.mark.parametrize(
    ("preference", "chosen", "said"),
    [
        (None, "GPU", "GPU is fast."),
        ("auto", "GPU", "GPU is fast."),
        ("cpu", "Some CPU", "Some CPU was asked for."),
        ("gpu", "GPU", "GPU was asked for."),
        ("intel_npu", "GPU", "intel_npu was asked for, but it cannot be used for training: No driver."),
        ("apple", "GPU", "apple was asked for, but this machine has no such device."),
        ("CUDA", "GPU", "GPU was asked for."),
        ("mps", "GPU", "mps was asked for, but this machine has no such device."),
    ],
)
def test_a_preference_is_kept_or_the_reason_says_why_not(machine, preference, chosen, said):
    (cpu,) = find_devices(root=machine)
    npu = Device(kind="intel_npu", name="NPU", memory_bytes=0, usable_for=(), reason="No driver.")
    choice = choose_device("training", [cpu, gpu(), npu], preference=preference)
    assert choice.device.name == chosen
    assert said in choice.reason


def test_a_misspelt_preference_is_one_clear_message(machine):
    with pytest.raises(SettingsError, match=r"auto, cpu, nvidia, .* but got 'nvidai'") as caught:
        choose_device("training", find_devices(root=machine), preference="nvidai")
    assert caught.value.remedy == "Did you mean 'nvidia'?"


def test_intel_devices_are_told_with_what_openvino_says(machine):
    card(machine, "drm/card0", "0x8086")
    card(machine, "drm/card1", "0x10de")
    card(machine, "accel/accel0", "0x8086")
    (machine / "sys/class/drm/card0-HDMI-A-1/device").mkdir(parents=True)
    (machine / "sys/class/drm/card0-HDMI-A-1/device/vendor").write_text("0x8086")
    shallow = find_devices(root=machine)
    assert [device.kind for device in shallow] == ["cpu", "intel_gpu", "intel_npu"]
    assert "doctor --deep" in shallow[1].reason
    _, graphics, npu = find_devices(root=machine, deep=True)
    assert "OpenVINO can use it" in graphics.reason
    assert "does not see it" in npu.reason


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, [("A2", 0, True), ("X", 1, True)]),
        ("1", [("A2", 0, False), ("X", 0, True)]),
        ("1,0", [("A2", 1, True), ("X", 0, True)]),
        ("-1", [("A2", 0, False), ("X", 1, False)]),
        ("GPU-8932f937", [("A2", 0, True), ("X", 1, True)]),
    ],
)
def test_the_tool_of_the_driver_is_believed_as_far_as_cuda_may_see(machine, monkeypatch, visible, expected):
    done = nvidia.subprocess.CompletedProcess([], 0, stdout="A2, 15356\nX, [N/A]\n")
    monkeypatch.setattr("shutil.which", lambda name: "/bin/nvidia-smi")
    monkeypatch.setattr(nvidia.subprocess, "run", lambda *a, **k: done)
    monkeypatch.setattr(nvidia, "is_installed", lambda name: True)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    _, *found = find_devices(root=machine)
    assert [one.memory_bytes for one in found] == [15356 * 1024**2, 0]
    assert [(one.name, one.number, "training" in one.usable_for) for one in found] == expected


@pytest.fixture
def plugged_in(monkeypatch):
    """Register kinds of devices for one test."""
    device_kinds()
    monkeypatch.setattr(registry, "REGISTERED", dict(registry.REGISTERED))
    return register_device


def test_a_device_from_elsewhere_registers_in_one_line(machine, plugged_in):
    abacus = gpu("Abacus", kind="abacus", score=200.0)
    plugged_in(DeviceKind(name="abacus", title="Abacus", find=lambda search: [abacus]))
    found = find_devices(root=machine)
    assert [device.kind for device in found] == ["cpu", "abacus"]
    assert choose_device("recognition", found).device is abacus
    assert choose_device("recognition", found, preference="cpu").device.kind == "cpu"
    with pytest.raises(ValueError, match="'abacus' is registered already"):
        register_device(DeviceKind(name="abacus", title="Another", find=lambda search: []))


def test_a_kind_whose_search_fails_is_left_out_and_told(machine, plugged_in, caplog):
    def find(search):
        raise OSError("the bus is gone")

    plugged_in(DeviceKind(name="broken", title="Broken", find=find))
    with caplog.at_level(logging.WARNING, logger=registry.__name__):
        assert [device.kind for device in find_devices(root=machine)] == ["cpu"]
    assert "the kind broken are left out, the search failed: the bus is gone" in caplog.text


def test_this_machine_has_a_device_to_train_on():
    choice = choose_device("training")
    assert choice.device in find_devices()
    assert choice.reason
