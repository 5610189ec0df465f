"""Recommendations follow from the figures of the job, and from nothing else."""

from __future__ import annotations

import copy

import pytest

from gait_core.jobs.recommendations import NOTHING, Recommendation, recommend


def report(**changes):
    """A job that leaves nothing to wish for; `changes` are set by path: ``cpu__cpus=4``."""
    values = {
        "job": {"state": "done"},
        "performance_mode": "balanced",
        "memory_usage": {"peak_mb": 600.0, "limit_mb": 2048.0, "machine_share_peak": 0.4},
        "timing_metrics": {"video_processing": 6.2, "model_training": 2.0, "total": 9.0},
        "stages": [
            {"name": "extract", "duration_s": 6.2, "peak_memory_mb": 600.0, "cpu_share": 0.95},
            {"name": "train", "duration_s": 2.0, "peak_memory_mb": 500.0, "cpu_share": 0.9},
        ],
        "videos": [
            {"duration_s": 6.0, "pose_s": 4.4, "decode_s": 1.2, "state": "done"},
            {"duration_s": 6.0, "pose_s": 4.4, "decode_s": 1.2, "state": "done"},
        ],
        "cache": {"videos_from_cache": 0, "videos_computed": 2},
        "cpu": {"cpus": 2, "mean_share": 0.9, "others_mean_share": 0.02},
        "engine": {"name": "openvino", "model": "full", "precision": "f32"},
        "machine": {"fast_bf16": False},
        "settings": {"params": {}, "profile": {}},
        "walks_in_other_profile": 0,
        "error": None,
    }
    for path, value in changes.items():
        place = values
        *parents, last = path.split("__")
        for name in parents:
            place = place[int(name)] if name.isdigit() else place[name]
        place[last] = value
    return values


def keys(values):
    return [item.key for item in recommend(values)]


def only(values) -> Recommendation:
    (item,) = recommend(values)
    return item


def test_a_good_job_gets_nothing_recommended():
    item = only(report())
    assert item.key == "nothing"
    assert item.sentence.startswith(NOTHING)
    assert not item.change


def test_a_job_that_broke_off_early_says_that_little_was_measured():
    assert "too little was measured" in only(report(job__state="cancelled")).measured


def test_accurate_is_recommended_where_it_costs_a_third():
    item = only(report(machine__bf16_unit="AMX", settings__profile={"name": "balanced"}))
    assert item.key == "accurate"
    assert "6.2 s" in item.measured and "about 8.5 s" in item.gain
    for other in (
        {"machine__bf16_unit": "AVX-512", "settings__profile": {"name": "balanced"}},
        {"machine__bf16_unit": "AMX", "settings__profile": {"name": "accurate"}},
        {"machine__bf16_unit": "AMX", "settings__profile": {"name": "balanced"}, "engine__name": "mediapipe"},
    ):
        assert keys(report(**other)) == ["nothing"]


def test_everything_from_the_cache_leaves_nothing_to_gain():
    cached = report(
        cache={"videos_from_cache": 5, "videos_computed": 0}, videos=[], stages=[], timing_metrics={"total": 0.4}
    )
    assert only(cached).sentence == (
        f"{NOTHING}: the landmarks of all 5 videos came from the cache; nothing to gain there."
    )
    beside = recommend(cached | {"memory_usage": {"peak_mb": 2000.0, "limit_mb": 2048.0, "machine_share_peak": None}})
    assert [item.key for item in beside] == ["all_cached", "memory_near_limit"]
    assert NOTHING not in beside[0].measured


def test_memory_near_the_limit_names_figure_and_stage():
    item = only(report(memory_usage__peak_mb=1945.6))
    assert item.measured == "Memory reached 1.9 GB of 2.0 GB (95 %), in the stage “extract”."
    assert "fewer workers" in item.change
    assert keys(report(memory_usage__peak_mb=1700.0)) == ["nothing"]
    assert keys(report(memory_usage__peak_mb=1945.6, memory_usage__limit_mb=None)) == ["nothing"]


def test_a_job_refused_for_memory_says_how_to_go_on():
    refused = report(memory_usage__peak_mb=2100.0, error={"kind": "MemoryLimitError"}, job__state="failed")
    assert keys(refused) == ["memory_refused"]
    assert "--workers 1" in only(refused).change


def test_a_full_machine_is_told_even_when_the_job_itself_is_small():
    assert keys(report(memory_usage__machine_share_peak=0.93)) == ["machine_memory"]


def test_bf16_only_where_it_is_fast_and_pose_is_what_takes_the_time():
    fast = {"machine__fast_bf16": True, "stages__0__duration_s": 12.4, "engine__model": "lite"}
    item = only(report(**fast))
    assert item.key == "bf16"
    assert "73 % of 12.0 s" in item.measured
    # Inference took 8.8 of 12 s of work; 38 % of that share of the 12.4 s falls away.
    assert "about 3.5 s less" in item.gain
    # The larger models lose too much in bf16.
    for model in ("full", "heavy"):
        assert keys(report(**fast | {"engine__model": model})) == ["nothing"]
    assert keys(report()) == ["nothing"]
    assert keys(report(**fast, engine__precision="bf16")) == ["nothing"]
    assert keys(report(**fast, engine__name="mediapipe")) == ["nothing"]
    mostly_decoding = [{"duration_s": 6.0, "pose_s": 1.0, "decode_s": 0.5, "state": "done"}]
    assert keys(report(**fast, videos=mostly_decoding)) == ["nothing"]


def test_decoding_that_takes_most_of_the_time():
    slow = [{"duration_s": 6.0, "pose_s": 1.0, "decode_s": 4.5, "state": "done"}]
    assert "skip_loop_filter" in only(report(videos=slow)).change
    assert "1080p" in only(report(videos=slow, settings__profile={"skip_loop_filter": True})).change


def test_idle_cpus_name_what_can_be_changed():
    idle = {"stages__0__cpu_share": 0.5}
    one = only(report(**idle, settings__params={"workers": 1}))
    assert "Only 1.0 of 2 CPUs were busy" in one.measured
    assert "more than 1 at the same time" in one.change
    assert "At most 2.9 s less" in one.gain
    alone = report(**idle, cache__videos_computed=1)
    assert "several videos" in only(alone).change
    assert keys(report(**idle)) == ["nothing"], "nothing to set: every CPU had a video"
    assert keys(report(**idle, settings__params={"workers": 1}, cpu__others_mean_share=0.4)) == ["nothing"]
    assert keys(report(**idle, settings__params={"workers": 1}, cpu__cpus=1)) == ["nothing"]


def test_other_programs_are_named_only_when_they_cost_something():
    item = only(report(cpu__others_mean_share=0.4, timing_metrics__total=100.0))
    assert item.key == "other_programs"
    assert "40 %" in item.measured
    assert keys(report(cpu__others_mean_share=0.4)) == ["nothing"]


def test_landmarks_in_the_cache_under_other_settings():
    item = only(report(walks_in_other_profile=1))
    assert item.measured.startswith("1 of 2 videos were computed although")
    assert "3.1 s" in item.gain


def test_a_cache_that_was_switched_off():
    assert keys(report(settings__params={"use_cache": False})) == ["cache_off"]


@pytest.mark.parametrize(("profile", "other"), [("balanced", "'fast'"), ("accurate", "'balanced'")])
def test_a_long_extraction_offers_the_faster_profile(profile, other):
    long = report(performance_mode=profile, stages__0__duration_s=60.0, timing_metrics__total=80.0)
    item = only(long)
    assert item.key == "faster_profile"
    assert other in item.change
    assert keys(long | {"performance_mode": "fast"}) == ["nothing"]
    assert keys(report(stages__0__duration_s=60.0, timing_metrics__total=200.0)) == ["nothing"]


def test_training_from_scratch_and_the_overlay():
    scratch = report(settings__params={"from_scratch": True}, timing_metrics__model_training=60.0)
    assert "56.0 s less" in only(scratch).gain
    overlay = report(timing_metrics={"overlay": 5.0, "total": 9.0})
    assert only(overlay).key == "overlay"


def test_every_rule_is_silent_where_nothing_was_measured():
    empty = report(
        memory_usage={"peak_mb": None, "limit_mb": None, "machine_share_peak": None},
        timing_metrics={"video_processing": 0.0, "model_training": 0.0},
        stages=[{"name": "extract", "duration_s": None, "peak_memory_mb": None, "cpu_share": None}],
        videos=[],
        cpu={"cpus": None, "mean_share": None, "others_mean_share": None},
        engine={},
    )
    before = copy.deepcopy(empty)
    assert keys(empty) == ["nothing"]
    assert empty == before


def test_lines_are_short_and_say_measured_change_expect():
    lines = only(report(machine__fast_bf16=True, stages__0__duration_s=12.4, engine__model="lite")).lines
    assert all(len(line) <= 100 for line in lines)
    assert [line.split(":")[0].strip("- ") for line in lines if ":" in line[:12]] == ["Measured", "Change", "Expect"]
