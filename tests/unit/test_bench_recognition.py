"""The benchmark of recognition: its arithmetic is that of the publications, and each part gives its figures."""

from __future__ import annotations

import json

import pytest

from gait_core.bench import recognition_demo, recognition_memory, recognition_runs, recognition_speed
from gait_core.bench.common import as_text
from gait_core.bench.processes import Finished
from gait_core.bench.recognition import bench_recognition
from gait_core.bench.recognition_models import MODELS, gmac, lengths
from gait_core.progress import silent
from gait_core.recognition.networks.settings import DeepGaitV2Settings, GaitBaseSettings, SkeletonGaitPPSettings
from gait_core.recognition.training.demo_walkers import drawn_silhouettes
from gait_core.recognition.training.settings import training_preset
from gait_core.workspace import Workspace


@pytest.mark.parametrize(
    ("settings", "published"),
    [
        (MODELS["gaitbase"], 35.4),
        (MODELS["deepgaitv2"], 41.6),
        (DeepGaitV2Settings(blocks=(1, 4, 4, 1)), 85.2),
        (DeepGaitV2Settings(mode="3d"), 91.4),
        (DeepGaitV2Settings(mode="3d", blocks=(1, 4, 4, 1)), 203.5),
        (MODELS["skeletongaitpp"], 48.0),
        (SkeletonGaitPPSettings(blocks=(1, 4, 4, 1)), 91.6),
        (MODELS["xgait"], 70.7),
    ],
)
def test_the_arithmetic_is_that_of_the_publications(settings, published):
    assert gmac(settings) == pytest.approx(published, abs=0.06)


def test_lengths_are_spread_and_differ_between_passes():
    one, other = lengths(24, 200, 7), lengths(24, 200, 8)
    assert all(5 <= count <= 200 for count in one)
    assert max(one) - min(one) > 180
    assert set(other) - set(one)  # shapes that the first pass has not compiled
    assert one != sorted(one)


@pytest.fixture
def in_this_process(monkeypatch):
    """One small network; the functions of the child processes run here."""
    small = {"gaitbase": GaitBaseSettings(width=0.0625)}
    for module in (recognition_runs, recognition_speed):
        monkeypatch.setattr(module, "MODELS", small)
    monkeypatch.setattr(recognition_runs, "_REPEATS", 1)
    monkeypatch.setattr(recognition_runs, "machine_peak", lambda dtype: {"gmac_per_cpu_s": 50.0, "gmac_per_s": 100.0})
    monkeypatch.setattr(recognition_speed, "machine_peak", recognition_runs.machine_peak)
    monkeypatch.setattr(recognition_speed, "_QUICK", (3, 9))
    monkeypatch.setattr(recognition_memory, "_QUICK_LENGTHS", (6, 3))
    monkeypatch.setattr(recognition_memory, "_QUICK_THOUSAND", 20)
    peaks = iter([100, 300, 200, 210, 150, 153])

    def here(function, arguments, reporter, **_):
        answer = json.loads(json.dumps(function(**arguments)))
        peak = next(peaks) if function in (recognition_runs.embed_many, recognition_runs.plain_batch) else 1
        finished = Finished(wall_s=1.0, cpu_s=1.0, peak_bytes=peak, private_bytes=None, mapped_bytes=None, output="")
        return answer, finished

    for module in (recognition_speed, recognition_memory):
        monkeypatch.setattr(module, "call", here)
    # The walkers come straight from the drawn body, without video and pose engine.
    monkeypatch.setattr(
        recognition_demo, "demo_sequences", lambda walks, *_, **__: [drawn_silhouettes(one) for one in walks]
    )
    settings = training_preset("demo").with_(network=GaitBaseSettings(width=0.0625), frames=6, skip=0)
    monkeypatch.setattr(recognition_demo, "training_preset", lambda _: settings)


def test_all_parts_give_their_figures(in_this_process, tmp_path):
    result = bench_recognition(Workspace(tmp_path), silent(), quick=True)
    figures = result.figures
    assert figures["gaitbase_batched_max_difference"] <= 1e-5
    assert figures["gaitbase_limit_share"] == pytest.approx(
        figures["gaitbase_gmac"] / 50.0 / figures["gaitbase_cpu_ms_per_sequence"] * 1000, rel=1e-9
    )
    assert {"gaitbase_batch_speedup", "gaitbase_bf16_speedup", "gaitbase_ms_per_sequence"} <= set(figures)
    assert 1 <= figures["traces"] <= 4
    assert figures["memory_reduction_pct"] == pytest.approx(100 / 3)
    assert figures["memory_reduction_without_libraries_pct"] == pytest.approx(50)
    assert figures["memory_many_vs_few"] == pytest.approx(1.05)
    assert figures["memory_thousand_vs_ten"] == pytest.approx(1.02)
    text = as_text(result.to_dict())
    assert {"rank1_simulated", "same_body_eer", "rank1_unknown"} <= set(figures)
    assert 0 <= figures["same_body_eer"] <= 1
    assert text.count("| gaitbase |") == 2
    assert "in batches, four times as many" in text
    assert "sequences of 5 frames in batches" in text
