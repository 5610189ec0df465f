"""What the cache holds has a plain name for people."""

import re
from pathlib import Path

import numpy as np

from gait_core.cache import ArrayCache
from gait_core.cache.labels import kind_label
from gait_core.cli.main import main
from gait_core.recognition.inputs.from_video import FRAMES_KIND

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_names_what_is_cached(workspace, capsys):
    ArrayCache.of(workspace).put(FRAMES_KIND, "a" * 64, {"frames": np.zeros(250_000, np.uint8)})
    assert main(["cache", "info", "--workspace", str(workspace.root)]) == 0
    assert "0.3 MB  silhouettes for recognition" in capsys.readouterr().out


def test_each_kind_of_the_library_has_a_label_with_words():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "gait_core").rglob("*.py")]
    kinds = {kind for text in sources for kind in re.findall(r'get_or_compute\(\s*"([\w-]+)"', text)}
    assert {"features", "norms", "curve_rows"} <= kinds
    for kind in {*kinds, "track", "masks", "clips", FRAMES_KIND}:
        assert kind == "features" or kind_label(kind) != kind
    assert kind_label("of a later version") == "of a later version"
