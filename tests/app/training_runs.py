"""Training runs for the tests of the dashboard, made by the library itself from a small table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gait_core.progress import Reporter
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace


@dataclass(frozen=True)
class Trained:
    """A workspace with runs; `runs` holds their identifiers by what they are."""

    root: Path
    data: Path
    runs: dict[str, str] = field(default_factory=dict)


def table(path: Path, *, per_class: tuple[int, int] = (12, 9)) -> Path:
    """Write a table of parameters in which two groups overlap a little."""
    generator = np.random.default_rng(3)
    lines = ["subject,label,cadence_spm,stride_m,knee_deg"]
    for label, count, shift in (("control", per_class[0], 0.0), ("stroke", per_class[1], 1.8)):
        for number in range(count):
            values = generator.normal(shift, 1.0, 3)
            lines.append(f"{label[0]}{number:02d},{label}," + ",".join(f"{value:.4f}" for value in values))
    path.write_text("\n".join(lines) + "\n")
    return path


def train_some(root: Path) -> Trained:
    """Train three classifiers; the last one on exchanged labels, as a control."""
    made = Trained(root / "space", table(root / "gait.csv"))
    asked = {
        "svm": {"model": "svm", "settings": {"kernel": "linear"}},
        "majority": {"model": "majority"},
        "control": {"model": "logistic_regression", "permuted": True},
    }
    for name, values in asked.items():
        request = TrainRequest.from_dict({"dataset": str(made.data), "folds": 3, **values})
        made.runs[name] = train_classifier(request, Workspace(made.root), Reporter())["run"]
    return made
