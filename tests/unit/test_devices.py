"""Devices are found from what the system says, each with the reason for or against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gait_core.errors import LibraryError, SettingsError
from gait_core.runtime import devices
from gait_core.runtime.devices import choose_device, find_devices, has_fast_bf16
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


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return the root of a pretended Linux machine without tools, plug-ins or OpenVINO."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text("model name : Some CPU\nflags : amx_bf16\n")
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    monkeypatch.setattr(devices.platform, "system", lambda: "Linux")
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices, "_installed", lambda name: False)
    monkeypatch.setattr(devices, "_openvino_devices", lambda load: ["CPU", "GPU.0"] if load else None)
    return tmp_path


def card(root: Path, place: str, vendor: str) -> None:
    folder = root / "sys" / "class" / place / "device"
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")


def test_a_plain_machine_has_its_processor(machine):
    (only,) = find_devices(root=machine)
    assert (only.kind, only.name, only.usable_for) == ("cpu", "Some CPU", ("pose", "training"))
    assert "AMX" in only.reason
    assert choose_device("training", [only]) == (only, "No other device was found.")


def test_an_nvidia_card_is_for_training_where_the_libraries_are(machine, monkeypatch):
    folder = machine / "proc/driver/nvidia/gpus/0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA H100\nIRQ: 5\n")
    processor, found = find_devices(root=machine)
    assert (found.kind, found.name, found.usable_for) == ("nvidia", "NVIDIA H100", ())
    assert "requirements-gpu.txt" in found.reason
    device, why = choose_device("training", [processor, found])
    assert device is processor
    assert "requirements-gpu.txt" in why
    monkeypatch.setattr(devices, "_installed", lambda name: name == "nvidia-cudnn-cu12")
    found_devices = find_devices(root=machine)
    device, why = choose_device("training", found_devices)
    assert device.kind == "nvidia"


def test_each_use_has_its_device(machine, monkeypatch):
    (only,) = find_devices(root=machine)
    card = devices.Device(kind="nvidia", name="Card", memory_bytes=1, usable_for=("training",), reason="It is fast.")
    for use, expected in (("pose", only), ("training", card), ("recognition", card)):
        device, reason = choose_device(use, [only, card])
        assert device is expected
        assert "It is fast." in reason
    with pytest.raises(SettingsError, match="pose, training, recognition, but got 'cooking'"):
        choose_device("cooking", [only])
    with pytest.raises(LibraryError, match="device that supports pose, but got Card"):
        choose_device("pose", [card])


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


def test_the_tool_of_the_driver_tells_the_memory(machine, monkeypatch):
    done = devices.subprocess.CompletedProcess([], 0, stdout="NVIDIA A2, 15356\nNVIDIA X, [N/A]\n")
    monkeypatch.setattr(devices.shutil, "which", lambda name: "/bin/nvidia-smi")
    monkeypatch.setattr(devices.subprocess, "run", lambda *a, **k: done)
    assert [(d.name, d.memory_bytes) for d in find_devices(root=machine)[1:]] == [
        ("NVIDIA A2", 15356 * 1024**2),
        ("NVIDIA X", 0),
    ]


def test_this_machine_has_a_device_to_train_on():
    found = find_devices()
    device, why = choose_device("training", found)
    assert device in found
    assert why
