"""The performance page: live figures, reports of jobs, jobs side by side; it shows folders and computes nothing."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import fake
import pytest
from reading import text_of
from streamlit.testing.v1 import AppTest

from app import charts_live, charts_performance, jobreport
from app.views.performance_live import machine_chart, machine_facts
from gait_core.jobs.performance import write_report
from gait_core.jobs.store import JobStore
from gait_core.pose.extracted import track_cost
from gait_core.runtime.profiler import SERIES
from gait_core.workspace import Workspace, read_json, write_json

Open = Callable[..., AppTest]
MIB = 1024**2


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def measured(space: Workspace, state: str = "done", *, title: str = "Baseline of P-017", ago_s: float = 600.0) -> str:
    """Write a job with samples, and with its report when it has ended."""
    job_id = fake.job(
        space,
        state,
        title=title,
        stage="thresholds" if state == "done" else "extract",
        params={"videos": ["walk_1.mp4"], "profile": "balanced"},
        created_s=time.time() - ago_s,
    )
    folder = space.jobs / job_id
    begun_s = float(read_json(folder / "status.json")["started_s"])
    count = 40
    values: dict[str, list[float | None]] = {
        "memory_bytes": [300.0 * MIB + 5 * MIB * n for n in range(count)],
        "resident_bytes": [500.0 * MIB] * count,
        "cpu_share": [0.8] * count,
        "machine_cpu_share": [0.9] * count,
        "frames": [12.0 * n for n in range(count)],
        "cache_hits": [3.0] * count,
        "cache_misses": [1.0] * count,
    }
    series = {
        name: {"low": values.get(name, [None] * count), "high": values.get(name, [None] * count)} for name in SERIES
    }
    info = {"engine": "openvino", "extraction_s": 8.0, "stage_s": {"decode": 2.0, "pose": 5.0}, "settings": {}}
    lanes = [
        {
            "item": f"walk_{n}.mp4",
            "stage": "extract",
            "started_s": begun_s + 5 * n,
            "ended_s": begun_s + 5 * n + 8 if n > 1 else begun_s + 5.1,
            "state": "cached" if n == 1 else "done",
            "frames": 152,
            "cost": track_cost(info, 152, str(n) * 64),
        }
        for n in range(1, 6)
    ]
    usage = {
        "peak_bytes": 495 * MIB,
        "resident_peak_bytes": 500 * MIB,
        "cpus": 2,
        "cpu_mean_share": 0.8,
        "cpu_peak_share": 0.97,
        "cache_hits": 3,
        "cache_misses": 1,
        "gpu": {"cards": [], "note": "No NVIDIA GPU found."},
    }
    times = [begun_s + 0.5 * n for n in range(count)]
    write_json(folder / "samples.json", {"usage": usage, "series": {"time_s": times, **series}, "lanes": lanes})
    if state in ("done", "failed", "cancelled"):
        write_report(folder, read_json(folder / "status.json"))
    return job_id


def test_a_job_shows_its_figures_recommendations_and_report(open_page: Open, space: Workspace) -> None:
    test = open_page("performance", job=measured(space))
    said = text_of(test)
    for words in ("495 MB", "limit 2.00 GB", "608 frames computed", "3 of 4 from the cache", "openvino"):
        assert words in said, words
    assert "Recommendations" in said
    report = "\n".join(block.value for block in test.code)
    assert "Performance of “Baseline of P-017”" in report
    assert "No NVIDIA GPU found." in report
    assert "walk_5.mp4" in report


def test_each_memory_number_stands_under_its_own_name(open_page: Open, space: Workspace) -> None:
    said = text_of(open_page("performance", tab="Jobs", job=measured(space)))
    assert said.count("Own peak memory") >= 2, "in the table of jobs and among the figures of one"
    assert said.count("495 MB") >= 2, "and the same number in both"
    assert said.count("812 MB") == said.count("812 MB with mapped files") >= 1, "that of the worker is another"


def test_downloads_are_the_report_as_text_and_json(open_page: Open, space: Workspace) -> None:
    job_id = measured(space)
    labels = [button.proto.label for button in open_page("performance", job=job_id).get("download_button")]
    assert labels[:2] == ["Report (text)", "Report (JSON)"]
    stored = (space.jobs / job_id / "result" / "performance_report.json").read_text()
    assert json.loads(stored)["job"]["id"] == job_id


def test_a_job_from_before_there_were_reports_still_shows(open_page: Open, space: Workspace) -> None:
    said = text_of(open_page("performance", job=fake.job(space, "done", stage="thresholds")))
    assert "Nothing was sampled while it ran" in said


@pytest.mark.parametrize("state", ["running", "failed", "cancelled", "crashed"])
def test_every_state_shows_what_is_known(open_page: Open, space: Workspace, state: str) -> None:
    test = open_page("performance", job=measured(space, state))
    assert "495 MB" in text_of(test)
    assert ("Recommendations" in text_of(test)) == (state != "running")


def test_the_running_job_stands_under_live(open_page: Open, space: Workspace) -> None:
    measured(space, "running", title="Baseline of P-020", ago_s=60)
    said = text_of(open_page("performance"))
    assert "Baseline of P-020" in said
    assert "0.48 GB" in said
    assert "75 %" in said
    assert "Memory of this job: 0.48 GB now; its limit is 2.0 GB." in said


def test_without_a_running_job_live_says_so(open_page: Open, space: Workspace) -> None:
    assert "No job has run yet" in text_of(open_page("performance"))
    measured(space)
    assert "No job is running" in text_of(open_page("performance"))


def test_two_jobs_side_by_side(open_page: Open, space: Workspace) -> None:
    first, second = measured(space, title="First", ago_s=900), measured(space, title="Second")
    test = open_page("performance", section="Compare jobs")
    assert test.multiselect(key="compare_jobs").value == [second, first]
    assert test.query_params["compare"] in (f"{second},{first}", [f"{second},{first}"])
    said = text_of(test)
    for words in (
        "1: Second",
        "2: First",
        "Frames/s",
        "495 MB",
        "Find the body in every frame",
        "times as fast as job",
    ):
        assert words in said, words
    test.multiselect(key="compare_jobs").set_value([first]).run()
    assert "Choose at least two jobs" in text_of(test)


def test_one_job_is_too_few_to_compare(open_page: Open, space: Workspace) -> None:
    measured(space)
    assert "Nothing to compare yet" in text_of(open_page("performance", section="Compare jobs"))


def test_a_link_to_a_comparison_opens_it(open_page: Open, space: Workspace) -> None:
    jobs = [measured(space, title=f"Job {n}", ago_s=1000.0 - n) for n in range(3)]
    test = open_page("performance", compare=f"{jobs[0]},{jobs[2]},gone")
    assert test.multiselect(key="compare_jobs").value == [jobs[0], jobs[2]]


def report_of(space: Workspace, job_id: str) -> jobreport.JobReport:
    return jobreport.load(JobStore(space).get(job_id))


def test_the_waterfall_has_a_bar_for_every_stage_and_video(space: Workspace) -> None:
    item = report_of(space, measured(space))
    bars = jobreport.spans(item)
    assert [bar.name for bar in bars if not bar.video][:2] == ["Check the videos", "Find the body in every frame"]
    assert [bar.name for bar in bars if bar.video] == [f"walk_{n}.mp4" for n in range(1, 6)]
    assert "decoding 2.0 s, pose 5.0 s" in bars[3].more
    figure, sentence = charts_performance.waterfall(bars)
    assert sum(len(trace.y) for trace in figure.data) == len(bars)
    assert "“Set the thresholds”" in sentence
    texts = [text for trace in figure.data for text in trace.text]
    assert texts.count("from the cache") == 1


def test_very_many_videos_leave_the_stages_readable(space: Workspace) -> None:
    stage = jobreport.Span(name="Extract", start_s=0, end_s=9, state="done")
    lanes = [jobreport.Span(name=str(n), start_s=0, end_s=1, state="done", video=True) for n in range(30)]
    figure, sentence = charts_performance.waterfall([stage, *lanes])
    assert sum(len(trace.y) for trace in figure.data) == 1
    assert "30 videos are too many to draw" in sentence


def test_frames_a_second_come_from_the_counted_frames(space: Workspace) -> None:
    rate = report_of(space, measured(space)).frame_rate()
    assert rate.high[0] is None
    assert rate.high[-1] == pytest.approx(24.0)
    assert rate.measured


def test_memory_is_drawn_with_the_limit_only_where_it_is_near(space: Workspace) -> None:
    item = report_of(space, measured(space))
    far, sentence = charts_performance.memory_over_time(item, [])
    assert not far.layout.shapes
    assert "24 % of the limit of 2.0 GB" in sentence
    item.report["memory_usage"]["limit_mb"] = 512.0
    near, sentence = charts_performance.memory_over_time(item, [])
    assert [shape.y0 for shape in near.layout.shapes] == [0.5]
    assert "97 % of the limit" in sentence


def shares(**values: float | None) -> dict[str, float | None]:
    return {"memory": None, "cpu": None, "gpu": None, "gpu_memory": None} | values


def test_live_lines_are_drawn_only_for_what_is_measured() -> None:
    html, sentence = machine_chart([2.0, 0.0], [shares(memory=0.2), shares(memory=0.3, cpu=0.9)])
    assert sentence == "The whole computer now: memory 30 %, CPU 90 %."
    assert "GPU" not in html
    html, sentence = machine_chart([0.0], [shares(gpu=0.4, gpu_memory=0.1)])
    assert sentence == "The whole computer now: GPU 40 %, GPU memory 10 %."


def test_a_drawing_leaves_a_gap_where_nothing_was_read_and_keeps_within_its_frame() -> None:
    line = charts_live.Line(label="a<b", values=[1.0, None, 2.0, 99.0])
    html = charts_live.drawing([30.0, 20.0, 10.0, 0.0], [line, line], title="Busy (%)", top=10.0)
    path = next(path for path in re.findall(r'd="([^"]+)"', html) if "L" in path)
    assert path.count("M") == 2
    numbers = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert numbers == sorted(numbers, reverse=True)
    assert min(numbers) == pytest.approx(34.0), "what is too high stays at the upper edge"
    assert "a&lt;b" in html
    assert "Seconds ago (s)" in html


def test_a_card_is_shown_with_load_and_memory_and_its_absence_with_the_reason() -> None:
    card = {"name": "NVIDIA X", "utilisation_pct": 55.0, "memory_bytes": 2e9, "memory_total_bytes": 8e9}
    assert machine_facts({"gpu": [card]})[-1] == ("NVIDIA X", "55 %", "2.0 GB of 8.0 GB")
    assert machine_facts({"gpu": [], "gpu_note": "No NVIDIA GPU found."})[-1][2] == "No NVIDIA GPU found."
