"""What a process that only fine-tunes must not load: start-up is half of a baseline from cached walks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_fitting_a_person_loads_neither_keras_nor_scipy(tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "import gait_core.workflows.create_baseline\n"
        "from gait_core.baseline.fit import PersonFitter\n"
        "from gait_core.baseline.pretrained import load_pretrained\n"
        "from gait_core.learn.autoencoder.settings import AutoencoderSettings\n"
        "from gait_core.learn.autoencoder.keras_file import RewrittenModel\n"
        "from gait_core.progress import silent\n"
        "start = load_pretrained()\n"
        "walk = start.mean + start.sd * np.random.default_rng(0).normal(size=(4, 32, len(start.mean)))\n"
        "settings = AutoencoderSettings(fine_tune_epochs=1)\n"
        "fitted = PersonFitter(start, settings).fit([walk.astype(np.float32)] * 3, silent())\n"
        f"target = Path({str(tmp_path)!r}) / 'm.keras'\n"
        "RewrittenModel(source=start.model_path, weights=fitted.scorer.weights).save(target)\n"
        "assert target.is_file()\n"
        "print(sorted({'tensorflow', 'keras', 'scipy', 'mediapipe', 'openvino'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
