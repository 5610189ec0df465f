"""Pure parts of the dashboard: words, checks, decimation, drafts, the launcher."""

from __future__ import annotations

import io
import socket
from pathlib import Path
from typing import Any

import fake
import numpy as np
import pytest

from app import charts_job, videos, words
from app.decimate import thin
from app.draft import Draft
from app.jobview import all_items, bar, items_html, stage_rows, standing_of_training
from app.launch import command, environment, free_port
from app.views.analyse_result import joints_sentence, spans_sentence
from app.views.overview import latest_by_subject
from gait_core.baseline.analyses import list_analyses
from gait_core.baseline.store import list_baselines
from gait_core.errors import InputError, SettingsError
from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0.25, "0.2 s"), (9.04, "9.0 s"), (59.7, "1 min 00 s"), (3700, "1 h 01 min")]
)
def test_duration(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


def test_size_and_rate() -> None:
    assert words.size(999) == "999 bytes"
    assert words.size(12_345_678) == "12.3 MB"
    assert words.rate(31.4, "frames") == "31 frames/s"
    assert words.rate(None, "frames") == ""


def test_ago() -> None:
    assert words.ago(1000.0, now_s=1030.0) == "just now"
    assert words.ago(1000.0, now_s=1000.0 + 7200) == "2 hours ago"


def test_thin_keeps_every_peak() -> None:
    generator = np.random.default_rng(0)
    y = generator.normal(size=60_000)
    y[31_337] = 99.0
    y[100] = -99.0
    x, thinned = thin(np.arange(60_000), y, 2000)
    assert len(x) <= 2000
    assert thinned.max() == 99.0
    assert thinned.min() == -99.0
    assert np.all(np.diff(x) > 0)


def test_thin_leaves_short_series_and_gaps() -> None:
    x = np.arange(10_000.0)
    y = np.full(10_000, np.nan)
    assert np.isnan(thin(x, y, 100)[1]).all()
    assert len(thin(x[:5], y[:5])[0]) == 5


def test_scan_refuses_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        videos.scan(str(tmp_path / "none"))
    (tmp_path / "B.MP4").write_bytes(b"x")
    (tmp_path / "a.mov").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    assert [path.name for path in videos.scan(f'"{tmp_path}"')] == ["a.mov", "B.MP4"]


def test_upload_is_kept_inside_the_workspace_and_once(workspace: Workspace) -> None:
    first = videos.keep_upload(workspace, "../../etc/päss.mp4", io.BytesIO(b"film"))
    second = videos.keep_upload(workspace, "../../etc/päss.mp4", io.BytesIO(b"film"))
    assert first == second
    assert first.parent == workspace.uploads
    assert first.read_bytes() == b"film"
    assert [path.name for path in workspace.uploads.iterdir()] == [first.name]


def test_draft_round_trip_and_damage(workspace: Workspace) -> None:
    draft = Draft(id="draft-1", subject="P", videos=("a", "b"), speed_mps=1.2)
    draft.save(workspace)
    assert Draft.load(workspace, "draft-1") == draft
    (workspace.root / "drafts" / "draft-1.json").write_text("{nonsense")
    assert Draft.load(workspace, "draft-1").subject == ""
    assert draft.add(["b", "c"]).videos == ("a", "b", "c", "", "")


def test_draft_refuses_contradicting_rates() -> None:
    with pytest.raises(SettingsError):
        Draft(id="d", watch_rate=0.01, alert_rate=0.05).params()


def test_stage_rows_follow_the_pipeline_and_add_up_after_a_resume() -> None:
    stages = [
        {"name": "extract", "state": "crashed", "duration_s": 3.0},
        {"name": "extract", "state": "done", "duration_s": 2.0},
        {"name": "extra", "state": "running", "duration_s": None},
    ]
    waiting = [(name, "waiting", None) for name in ("features", "train", "thresholds")]
    assert stage_rows("baseline", stages) == [("extract", "done", 5.0), ("extra", "running", None), *waiting]
    assert stage_rows("baseline", ())[0] == ("probe", "waiting", None)


def test_stages_stand_in_the_order_in_which_they_run() -> None:
    simulated = {"name": "simulate", "state": "running", "duration_s": None}
    assert [row[0] for row in stage_rows("recognise_train", [simulated])] == ["simulate", "silhouettes", "train"]
    training = {"name": "train", "state": "running", "duration_s": None}
    assert [row[0] for row in stage_rows("recognise_train", [simulated, training])] == ["simulate", "train"]


def test_bar_is_readable_by_a_screen_reader() -> None:
    assert 'aria-valuenow="57"' in bar(0.57, "walk")
    assert "aria-valuenow" not in bar(None, "walk")
    assert "&lt;b&gt;" in bar(0.5, "<b>")


def test_items_name_failed_and_unfinished_apart() -> None:
    html = items_html(
        [
            {"name": "a.mp4", "state": "failed", "done": 3, "total": 10, "message": "No frame"},
            {"name": "b.mp4", "state": "failed", "done": 3, "total": 10},
        ]
    )
    assert "cannot be used" in html
    assert "No frame" in html
    assert "not finished" in html


def test_sentences() -> None:
    assert joints_sentence({"left_knee": 2.0, "right_hip": 1.0}) == "Most different: left knee (2.0 times typical)."
    assert "No joint stands out" in joints_sentence({"left_knee": 1.1})
    assert spans_sentence([]) == "No part of the walk lies over the limit."
    assert spans_sentence([(1.0, 2.0), (3.0, 3.0)]) == "Over the limit: 1.0 to 2.0 s, around 3.0 s."


def test_latest_by_subject_takes_the_newest_of_each(workspace: Workspace) -> None:
    assert latest_by_subject([], []) == []
    old = fake.baseline(workspace, "p-1", created_s=1000.0)
    new = fake.baseline(workspace, "p-2", created_s=2000.0)
    fake.analysis(workspace, old, "walk-old", created_s=1500.0)
    fake.analysis(workspace, new, "walk-1", created_s=2500.0)
    fake.analysis(workspace, new, "walk-2", created_s=2600.0)
    found = latest_by_subject(list_baselines(workspace), list_analyses(workspace))
    assert [(baseline.id, latest.id if latest else None) for baseline, latest in found] == [("p-2", "walk-2")]


def test_training_counts_its_rounds_and_never_jumps_back() -> None:
    epochs: list[dict[str, Any]] = []
    shares = []
    for fold, epoch in ((1, 1), (1, 5), (2, 1), (5, 5), (None, 1), (None, 5)):
        data = {"epoch": epoch, "loss": 0.1, **({"fold": fold, "folds": 5} if fold else {})}
        epochs.append({"kind": "epoch", "stage": "train", "done": epoch, "total": 5, "data": data})
        now = standing_of_training(epochs)
        shares.append(now.share)
        assert "round" in now.text
        assert f"epoch {epoch} of 5" in now.text
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_losses_draw_the_present_round_and_name_it() -> None:
    points = [
        {"epoch": e, "loss": 1 / e, "val_loss": 2 / e, "fold": f, "folds": 5, "epochs": 3}
        for f in (1, 2)
        for e in (1, 2, 3)
    ]
    figure, sentence = charts_job.losses(points)
    assert "Round 2 of 5" in sentence
    assert "0.6667, in epoch 3" in sentence
    assert len(figure.data) == 3
    figure, sentence = charts_job.losses([{"epoch": 1, "loss": 2.0, "val_loss": 3.0, "epochs": 2}], of_person=False)
    assert sentence.startswith("Loss after each epoch")
    assert "reconstruction" not in figure.layout.yaxis.title.text.lower()


def test_videos_that_have_not_begun_are_listed_in_the_order_given(workspace: Workspace) -> None:
    params = {"videos": ["/a/walk_2.mp4", "/b/walk_9.mp4", "/c/walk_9.mp4"]}
    job = JobStore(workspace).get(fake.job(workspace, "running", params=params))
    names = [item["name"] for item in all_items(job)]
    assert names[:3] == ["walk_2.mp4", "walk_9.mp4", "walk_9.mp4 (2)"]
    assert all_items(job)[1]["state"] == "waiting"


def test_launcher_keeps_to_this_computer() -> None:
    changed = environment({"A": "b"}, "~/gait")
    assert changed["STREAMLIT_SERVER_ADDRESS"] == "127.0.0.1"
    assert changed["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] == "false"
    assert Path(changed["GAIT_WORKSPACE"]).is_absolute()
    assert command(8501, headless=True)[-1] == "true"


def test_launcher_passes_over_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
