"""Readings, bounded series and the report of a job: the seed's fields, ours, and honest gaps."""

from __future__ import annotations

import json
import subprocess
import sys
import types

import pytest

from gait_core.jobs.kinds import REGISTERED, JobKind
from gait_core.jobs.performance import read_report, read_samples
from gait_core.jobs.performance_report import build_report
from gait_core.jobs.performance_text import report_text
from gait_core.jobs.run import run_folder
from gait_core.jobs.status import StatusWriter
from gait_core.jobs.store import JobStore
from gait_core.pose.extracted import track_cost
from gait_core.progress import Event, Reporter
from gait_core.runtime.gpu_monitor import GpuMonitor, unmeasured_cards
from gait_core.runtime.monitor import ProcessMonitor, Reading, sample
from gait_core.runtime.profiler import JobProfile, SampleSeries
from gait_core.storage.seal import unsealed
from gait_core.workspace import Workspace, read_json

MIB = 1024**2


class NVMLError(Exception):
    pass


def nvml(cards=1, driver=True, tells_load=True):
    """Return a module that behaves like pynvml."""
    module = types.SimpleNamespace(NVMLError=NVMLError, calls=[])

    def init():
        module.calls.append("init")
        if not driver:
            raise NVMLError("Driver Not Loaded")

    def rates(_):
        if not tells_load:
            raise NVMLError("Not Supported")
        return types.SimpleNamespace(gpu=37, memory=5)

    module.nvmlInit = init
    module.nvmlDeviceGetCount = lambda: cards
    module.nvmlDeviceGetHandleByIndex = lambda number: number
    module.nvmlDeviceGetName = lambda number: b"NVIDIA Test" if number == 0 else f"NVIDIA {number}"
    module.nvmlDeviceGetMemoryInfo = lambda _: types.SimpleNamespace(used=2 * MIB, total=8 * MIB)
    module.nvmlDeviceGetUtilizationRates = rates
    return module


def test_cards_are_read_through_nvml_which_is_opened_once():
    library = nvml(cards=2)
    monitor = GpuMonitor(library)
    first, second = monitor.read()
    monitor.read()
    assert library.calls == ["init"]
    assert first == {
        "name": "NVIDIA Test",
        "utilisation_pct": 37.0,
        "memory_bytes": 2 * MIB,
        "memory_total_bytes": 8 * MIB,
    }
    assert second["name"] == "NVIDIA 1"
    assert monitor.reason == ""


def test_a_card_that_does_not_tell_its_load_still_tells_its_memory():
    (card,) = GpuMonitor(nvml(tells_load=False)).read()
    assert card["utilisation_pct"] is None
    assert card["memory_bytes"] == 2 * MIB


@pytest.mark.parametrize("library", [nvml(driver=False), nvml(cards=0)])
def test_without_driver_or_card_nothing_is_read_and_the_reason_is_said(library):
    monitor = GpuMonitor(library)
    assert monitor.read() == []
    assert monitor.reason == "No NVIDIA GPU found."


def test_without_the_library_the_reason_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monitor = GpuMonitor()
    assert monitor.read() == []
    assert "nvidia-ml-py is not installed" in monitor.reason


def test_the_installed_library_is_found_by_its_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    assert len(GpuMonitor().read()) == 1


def test_intel_cards_are_named_as_not_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "card0" / "device").mkdir(parents=True)
    vendor = tmp_path / "card0" / "device" / "vendor"
    vendor.write_text("0x8086\n")
    assert unmeasured_cards(tmp_path) == ["The Intel GPU is not measured."]
    vendor.write_text("0x1af4\n")
    assert unmeasured_cards(tmp_path) == []


def test_a_reading_of_this_process_has_all_figures_within_their_ranges():
    monitor = ProcessMonitor(GpuMonitor(nvml(cards=2)))
    sum(number * number for number in range(300_000))
    reading = monitor.read()
    assert 0 < reading.memory_bytes <= reading.resident_bytes
    assert 0 <= reading.cpu_share <= 1
    assert 0 <= reading.machine_cpu_share <= 1
    assert 0 < reading.machine_memory_share < 1
    assert reading.gpu_share == pytest.approx(0.37)
    assert reading.gpu_memory_bytes == 4 * MIB


def test_what_a_child_process_uses_belongs_to_the_job():
    monitor = ProcessMonitor(GpuMonitor(nvml(cards=0)))
    before = monitor.read()
    work = "held = bytearray(b'x') * (100 << 20); sum(range(3_000_000)); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        during = monitor.read()
        spent_s = monitor.cpu_s
        child.communicate(b"\n")
    assert during.memory_bytes - before.memory_bytes > 90 * MIB
    assert during.resident_bytes - before.resident_bytes > 90 * MIB
    assert monitor.cpu_s >= spent_s, "the time of a child that has ended stays counted"
    assert monitor.memory_bytes < during.memory_bytes - 50 * MIB


def test_the_share_of_the_cpus_is_time_used_over_time_there():
    now = [100.0]
    monitor = ProcessMonitor(GpuMonitor(nvml(cards=0)), clock=lambda: now[0])
    begun = monitor.cpu_s
    while monitor.cpu_s - begun < 0.2:
        sum(range(10_000))
    now[0] += 1.0
    assert monitor.mean_cpu_share() == pytest.approx(0.2 / monitor.cpus, rel=0.5)
    assert monitor.read().gpu_share is None


def test_the_sample_of_the_dashboard_says_why_there_is_no_card():
    reading = sample()
    assert reading["memory_bytes"] < reading["memory_total_bytes"]
    assert reading["gpu"] or "No NVIDIA GPU found" in reading["gpu_note"]


def test_a_series_stays_bounded_and_loses_no_peak():
    series = SampleSeries(most_points=20)
    for number in range(1, 1001):
        spike = 9000.0 if number == 637 else float(number % 7)
        series.add(float(number), {"memory_bytes": spike, "frames": float(number)})
    values = series.to_dict()
    assert 10 <= len(series) <= 20
    assert len(values["time_s"]) == len(values["memory_bytes"]["high"]) == len(series)
    assert max(values["memory_bytes"]["high"]) == 9000.0
    assert min(values["memory_bytes"]["low"]) == 0.0
    assert values["frames"]["high"][-1] == 1000.0
    assert values["frames"]["high"] == sorted(values["frames"]["high"])
    assert values["time_s"][0] == 1.0
    assert values["gpu_share"]["high"] == [None] * len(series)
    assert values["readings_each"] == 64


def reading(memory=100 * MIB, cpu=0.5, at_s=1.0):
    return Reading(
        time_s=at_s,
        memory_bytes=memory,
        resident_bytes=2 * memory,
        cpu_share=cpu,
        machine_cpu_share=0.6,
        machine_memory_share=0.3,
    )


def test_each_stage_has_its_own_peak():
    profile = JobProfile()
    profile.stage_begins("extract", 50 * MIB)
    profile.read(reading(900 * MIB))
    assert profile.stage_ends("extract", 60 * MIB) == 900 * MIB
    profile.stage_begins("train", 60 * MIB)
    assert profile.stage_ends("train", 70 * MIB) == 70 * MIB
    assert profile.peak_bytes == 900 * MIB


def test_frames_from_the_cache_are_not_counted_as_computed():
    profile = JobProfile()
    for item, state in (("a.mp4", "done"), ("b.mp4", "cached")):
        profile.item_moves("extract", item, 1.0, 152)
        profile.item_ends("extract", item, 2.0, state, {"frames": 152})
    profile.item_moves("extract", "c.mp4", 2.0, 40)
    profile.item_moves("overlay", "a.mp4", 3.0, None)
    assert profile.frames == 192
    profile.end(4.0, "cancelled")
    assert [(lane.item, lane.stage, lane.state) for lane in profile.lanes] == [
        ("a.mp4", "extract", "done"),
        ("b.mp4", "extract", "cached"),
        ("c.mp4", "extract", "cancelled"),
        ("a.mp4", "overlay", "cancelled"),
    ]


def test_a_thousand_videos_do_not_make_a_thousand_lanes():
    profile = JobProfile()
    for number in range(1000):
        profile.item_ends("extract", f"{number}.mp4", 1.0, "done", {"frames": 3})
    assert profile.frames == 3000
    assert profile.to_dict()["lanes_left_out"] == 600


INFO = {
    "engine": "openvino",
    "engine_version": "2026.4",
    "extraction_s": 4.0,
    "stage_s": {"decode": 1.0, "pose": 2.5, "other": 0.2},
    "settings": {"variant": "full", "engine": "openvino", "precision": "f32", "detection_confidence": 0.5},
    "people": [[0.0, 1]],
}


def whole_report(**status):
    samples = {
        "usage": {
            "peak_bytes": 512 * MIB,
            "resident_peak_bytes": 600 * MIB,
            "virtual_bytes": 2048 * MIB,
            "machine_memory_bytes": 2400 * MIB,
            "machine_memory_share_peak": 0.4,
            "cpus": 2,
            "cpu_mean_share": 0.75,
            "cpu_peak_share": 0.98,
            "cache_hits": 3,
            "cache_misses": 1,
            "gpu": {"cards": [], "note": "No NVIDIA GPU found."},
        },
        "lanes": [
            {
                "item": "a.mp4",
                "stage": "extract",
                "started_s": 1.0,
                "ended_s": 5.2,
                "state": "done",
                "frames": 100,
                "cost": track_cost(INFO, 100, "f" * 64),
            },
            {
                "item": "b.mp4",
                "stage": "extract",
                "started_s": 1.0,
                "ended_s": 1.1,
                "state": "cached",
                "frames": 90,
                "cost": track_cost(INFO, 90, "e" * 64),
            },
        ],
    }
    stages = [
        {"name": "probe", "state": "done", "started_s": 0.5, "duration_s": 0.5},
        {
            "name": "extract",
            "state": "done",
            "started_s": 1.0,
            "duration_s": 4.5,
            "peak_memory_bytes": 512 * MIB,
            "cpu_share": 0.95,
        },
        {"name": "train", "state": "done", "started_s": 5.5, "duration_s": 3.0},
        {"name": "overlay", "state": "running", "started_s": 8.5, "duration_s": None},
    ]
    return build_report(
        {"id": "baseline-1", "kind": "baseline", "title": "Baseline", "created_s": 0.0, "params": {"workers": 2}},
        {"state": "done", "started_s": 0.4, "ended_s": 9.4, "stages": stages, "error": None} | status,
        samples,
        profile={"name": "balanced", "memory_limit_bytes": 2048 * MIB},
        machine={"cpu": "Test", "cores": 2, "memory_mb": 2400, "system": "Linux"},
        versions={"gait_studio": "0.1.0"},
        device={"device": "cpu", "device_reason": "No card was found."},
    )


def test_the_report_has_the_fields_of_the_document_that_asked_for_it():
    report = whole_report()
    assert report["performance_mode"] == "balanced"
    assert report["memory_usage"]["rss_mb"] == 600.0
    assert report["memory_usage"]["vms_mb"] == 2048.0
    assert report["memory_usage"]["percent"] == 25.0
    assert report["timing_metrics"]["video_processing"] == 5.0
    assert report["timing_metrics"]["model_training"] == 3.0
    assert all(isinstance(line, str) for line in report["optimization_recommendations"])
    assert len(report["optimization_recommendations"]) == len(report["recommendations"]) >= 1


def test_the_report_tells_videos_rates_cache_and_engine():
    report = whole_report()
    first, second = report["videos"]
    assert (first["decode_s"], first["pose_s"], first["other_s"], first["opening_s"]) == (1.0, 2.5, 0.2, 0.3)
    assert first["frames_per_s"] == 25.0
    assert second["duration_s"] is None, "what another job took is not this one's time"
    assert "pose_s" not in second
    assert report["frames"] == {"computed": 100, "from_cache": 90}
    assert report["frames_per_s"] == pytest.approx(100 / 4.5, abs=0.01)
    assert report["cache"]["hit_rate"] == 0.75
    assert report["cache"]["videos_from_cache"] == 1
    assert report["cpu"]["busy_mean"] == 1.5
    assert (report["engine"]["name"], report["engine"]["precision"], report["engine"]["device"]) == (
        "openvino",
        "f32",
        "cpu",
    )
    assert report["engine"]["device_reason"] == "No card was found."
    assert report["job"]["waited_s"] == 0.4
    json.dumps(report, allow_nan=False)


def test_the_text_names_every_part_with_its_unit():
    text = report_text(whole_report())
    for piece in (
        "Performance of “Baseline”",
        "balanced",
        "9.00 s",
        "512 MB of 2.00 GB allowed",
        "75 % of 2 CPUs",
        "No NVIDIA GPU found.",
        "3 hits, 1 miss (75 %)",
        "openvino 2026.4 (full, f32, cpu)",
        "a.mp4",
        "Recommendations",
    ):
        assert piece in text, piece
    assert all(len(line) <= 130 for line in text.splitlines())


def test_a_failed_job_says_what_ended_it():
    error = {"kind": "VideoError", "message": "Expected a video.", "remedy": "Give another."}
    text = report_text(whole_report(state="failed", error=error))
    assert "What ended it" in text
    assert "Expected a video. Give another." in text


def test_a_report_of_nothing_is_still_a_report():
    report = build_report({}, {}, {}, profile={}, machine={}, versions={})
    assert report["frames_per_s"] is None
    assert report["cache"]["hit_rate"] is None
    assert "Nothing to recommend" in report_text(report)


@pytest.fixture
def store(workspace: Workspace) -> JobStore:
    return JobStore(workspace)


def fake_task(params, workspace, reporter: Reporter):
    with reporter.stage("extract"):
        reporter.progress("extract", 40, 100, "frames", item="a.mp4")
        reporter.item_end("extract", "a.mp4", state="done", cost=track_cost(INFO, 100, "f" * 64))
        if params.get("fails"):
            raise RuntimeError("broken")
    return {}


@pytest.mark.parametrize("fails", [False, True])
def test_every_job_leaves_its_report_whether_it_works_or_not(store, monkeypatch, fails):
    monkeypatch.setitem(REGISTERED, "fake", JobKind(name="fake", title="Fake", task=fake_task))
    job = store.create("fake", {"fails": fails, "videos": ["a.mp4"]}, "Fake")
    if fails:
        with pytest.raises(RuntimeError):
            run_folder(job.folder, store.workspace)
    else:
        run_folder(job.folder, store.workspace)
    report = read_report(job.folder)
    assert report == unsealed(read_json(job.folder / "result" / "performance_report.json"))
    assert report["job"]["state"] == ("failed" if fails else "done")
    assert report["performance_mode"] == "balanced"
    assert report["frames"]["computed"] == 100
    assert report["stages"][0]["peak_memory_mb"] > 5
    assert (job.folder / "result" / "performance_report.txt").read_text().startswith("Performance of “Fake”")
    assert len(read_samples(job.folder)["series"]["time_s"]) >= 1
    assert "cost" not in store.get(job.id).items[0], "the status stays small"


def test_a_running_job_can_be_reported_on_before_it_has_written_one(store):
    job = store.create("fake", {}, "Fake")
    with StatusWriter(job.folder) as writer:
        writer.start()
        writer.sink(Event(kind="stage", stage="extract", time_s=1.0))
        report = read_report(job.folder)
        assert report is not None
        assert report["job"]["state"] == "running"
        assert not (job.folder / "result").exists()
        writer.end("done")


def test_a_damaged_report_is_as_good_as_none(store):
    job = store.create("fake", {}, "Fake")
    (job.folder / "result").mkdir()
    (job.folder / "result" / "performance_report.json").write_text("[1, 2")
    (job.folder / "samples.json").write_text("{")
    assert read_report(job.folder) is None
    assert read_samples(job.folder) == {}


def test_what_an_earlier_version_measured_is_read_under_the_names_of_today(store):
    job = store.create("fake", {}, "Fake")
    (job.folder / "result").mkdir()
    report = whole_report()
    stored = {
        **report,
        "cpu": {"processors" if name == "cpus" else name: value for name, value in report["cpu"].items()},
        "machine": {"processor" if name == "cpu" else name: value for name, value in report["machine"].items()},
    }
    (job.folder / "result" / "performance_report.json").write_text(json.dumps(stored))
    (job.folder / "samples.json").write_text(json.dumps({"usage": {"processors": 3, "peak_bytes": 1}}))
    assert read_report(job.folder) == report and (report["cpu"]["cpus"], report["machine"]["cpu"]) == (2, "Test")
    assert read_samples(job.folder) == {"usage": {"cpus": 3, "peak_bytes": 1}}


def test_landmarks_under_other_settings_are_noticed(store, monkeypatch):
    import numpy as np

    from gait_core.cache import ArrayCache

    monkeypatch.setitem(REGISTERED, "fake", JobKind(name="fake", title="Fake", task=fake_task))
    other = {"info": {**INFO, "source_content_sha256": "f" * 64, "settings": {**INFO["settings"], "variant": "lite"}}}
    ArrayCache.of(store.workspace).put("track", "ab" * 32, {"time_s": np.zeros(3)}, other)
    job = store.create("fake", {}, "Fake")
    run_folder(job.folder, store.workspace)
    report = read_report(job.folder)
    assert report is not None
    assert report["walks_in_other_profile"] == 1
    assert report["recommendations"][0]["key"] == "cached_in_other_profile"
