"""The benchmark of classifiers on small made-up tables of the documented form."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from gait_core.bench.classifier import bench_classifier
from gait_core.errors import InputError
from gait_core.progress import silent


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data" / "clinical"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    wave = np.sin(np.linspace(0, 2 * np.pi, 101))
    with (folder / "stroke_cycles.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["subject", "label", "cycle", "side", "channel", *(f"p{i:03d}_deg" for i in range(101))])
        for person in range(24):
            label = ("control", "stroke")[person % 2]
            for side in ("left", "right"):
                size = 30.0 if label == "control" or side == "left" else 12.0
                curve = size * wave + generator.normal(0, 2, 101)
                rows.writerow([f"s{person}", label, 1, side, "knee_flexion", *np.round(curve, 2)])
    with (folder / "stride_times.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["subject", "label", "time_s", "right_stride_time_s"])
        for person in range(32):
            label = ("ctr", "als", "pd", "hd")[person % 4]
            spread = 0.01 if label == "ctr" else 0.08
            for number, stride_s in enumerate(generator.normal(1.1, spread, 40)):
                rows.writerow([f"{label}{person}", label, round(1.1 * number, 2), round(float(stride_s), 4)])
    return tmp_path / "data"


def test_the_figures_follow_from_what_separates_the_people(data, workspace):
    result = bench_classifier(workspace, silent(), quick=True, data=str(data)).to_dict()
    figures = result["figures"]
    assert figures["stroke_balanced_accuracy"] > 0.9
    assert figures["neuro_balanced_accuracy"] > 0.9
    assert figures["stroke_majority_balanced_accuracy"] < 0.6
    assert 0.2 < figures["permuted_balanced_accuracy"] < 0.8
    assert figures["neuro_four_classes_balanced_accuracy"] < figures["neuro_balanced_accuracy"]
    assert [table["title"].split()[0] for table in result["tables"]] == ["Stroke", "The", "Control", "Four"]


def test_without_data_it_says_what_it_needs(workspace):
    with pytest.raises(InputError, match="stroke_cycles"):
        bench_classifier(workspace, silent())
