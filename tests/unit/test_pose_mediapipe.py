"""Loading MediaPipe: what is missing is named, TensorFlow stays out, chatter is dropped, people are told apart."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gait_core.errors import LibraryError
from gait_core.pose.mediapipe.library import load_mediapipe
from gait_core.pose.person_path import same_person
from gait_core.runtime.native_stderr import quiet_native_stderr

ROOT = Path(__file__).resolve().parents[2]


def test_importing_the_packages_loads_nothing_heavy() -> None:
    code = (
        "import sys, gait_core.pose.extract, gait_core.pose.mediapipe.engine, gait_core.pose.models.assets, "
        "gait_core.video.decode, gait_core.video.encode, gait_core.video.metadata\n"
        "heavy = {'tensorflow', 'keras', 'mediapipe', 'openvino', 'streamlit', 'cv2', 'av'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_loading_mediapipe_leaves_tensorflow_out() -> None:
    code = (
        "import sys\nfrom gait_core.pose.mediapipe.library import load_mediapipe\nload_mediapipe()\n"
        "sys.exit('tensorflow was loaded' if 'tensorflow' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("error", "words", "remedy"),
    [
        (OSError("libGLESv2.so.2: cannot open shared object file"), "libGLESv2.so.2", "libegl1 libgles2"),
        (ImportError("libEGL.so.1: cannot open shared object file"), "libEGL.so.1", "libegl1 libgles2"),
        (ModuleNotFoundError("No module named 'mediapipe'", name="mediapipe"), "mediapipe", "requirements.txt"),
        (OSError("something else"), "something else", "doctor"),
    ],
)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str, remedy: str) -> None:
    original = builtins.__import__

    def refuse(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("mediapipe"):
            raise error
        return original(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(LibraryError, match=words) as caught:
        load_mediapipe()
    assert remedy in caught.value.remedy


def test_chatter_is_dropped_and_the_rest_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_native_stderr(), quiet_native_stderr():
        os.write(2, b"W0000 00:00:1795252764.701406   28902 inference_feedback_manager.cc:121] Feedback manager\n")
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        os.write(2, b"Something that matters\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "Something that matters\nafter\n"


def person(x: float, y: float, height: float = 0.6) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.uniform(-0.5, 0.5, (33, 2)) * [0.3 * height, height] + [x, y]).astype(np.float32)


@pytest.mark.parametrize(
    ("other", "same"),
    [(person(0.5, 0.5), True), (person(0.52, 0.51), True), (person(1.2, 0.5), False), (person(0.9, 0.6, 0.2), False)],
)
def test_one_person_found_twice_counts_once(other: np.ndarray, same: bool) -> None:
    assert same_person(person(0.5, 0.5), other) is same
