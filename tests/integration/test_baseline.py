"""The whole way: videos to a stored baseline, later walks to levels, through the real pose model and real training."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from gait_core.baseline.analyses import list_analyses, load_analysis
from gait_core.baseline.artefacts import verify_baseline
from gait_core.baseline.assessment import load_scorer
from gait_core.baseline.store import delete_baseline, list_baselines, load_baseline, save_variant
from gait_core.cli.main import main
from gait_core.compare.profile_store import delete_profile, save_profile
from gait_core.config import PROFILES, ThresholdSettings
from gait_core.config.profile_body import profile_body
from gait_core.errors import Cancelled, GaitError, InputError, NotFoundError
from gait_core.jobs.run import run_now
from gait_core.jobs.store import JobStore
from gait_core.progress import Reporter
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe
from gait_core.workflows import create_baseline as create
from gait_core.workflows.analyse import analyse_walks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def analysed(made):
    videos = [str(made.later["normal"]), str(made.later["impaired"])]
    return run_now(made.workspace, "analyse", {"videos": videos, "baseline_id": made.baseline_id}, "Later walks")


def test_the_result_says_everything_that_is_promised(made):
    result = made.result
    assert set(result) >= {"baseline_id", "walks", "timing_s", "training", "thresholds", "artefacts"}
    assert set(result["timing_s"]) == {"probe", "extract", "features", "train", "thresholds", "total"}
    assert set(result["training"]) >= {"mode", "cell", "epochs", "val_loss", "kept", "note"}
    assert result["training"]["mode"] == "fine-tuned"
    assert set(result["thresholds"]) >= {"watch", "alert", "method", "stated_rate", "smallest_rate"}
    assert 1.0 < result["thresholds"]["watch"] <= result["thresholds"]["alert"]
    for walk in result["walks"]:
        assert set(walk) >= {"path", "frames", "detection_rate", "cached", "warnings"}
        assert walk["detection_rate"] >= 0.98
    for name in ("model", "calibration", "thresholds", "manifest"):
        assert Path(result["artefacts"][name]).is_file()
    json.dumps(result, allow_nan=False)


def test_the_artefacts_hold_what_they_should(made):
    stored = load_baseline(made.workspace, made.baseline_id)
    assert stored.calibration.speed_mps == 1.3
    assert stored.calibration.windows.rate_hz == 25.0
    assert len(stored.calibration.feature_mean) == len(stored.calibration.feature_names)
    assert len(stored.walks) == 5
    assert all(len(walk.content_sha256) == 64 for walk in stored.walks)
    assert set(stored.manifest.artefact_sha256) >= {"model", "calibration", "thresholds"}
    validation = stored.validation
    assert validation.walk_scores.shape == (5,)
    assert np.exp(np.log(validation.walk_scores).mean()) == pytest.approx(1.0)
    assert validation.joint_scores.shape == (5, len(validation.joint_names))
    assert [len(s) for s in validation.window_scores] == [len(t) for t in validation.window_time_s]


def test_a_later_normal_walk_is_normal_and_an_impaired_one_is_not(analysed):
    normal, impaired = analysed["walks"]
    assert normal["level"] == "normal"
    assert impaired["level"] in ("watch", "alert")
    assert impaired["score"] > normal["score"]
    assert max(impaired["joints"], key=impaired["joints"].get).startswith("right")


def test_an_analysis_is_stored_with_curves_and_a_video_that_plays(made, analysed):
    walk = analysed["walks"][1]
    stored = load_analysis(made.workspace, walk["analysis_id"])
    assert stored.summary.score == walk["score"]
    assert stored.window_scores.shape == stored.window_time_s.shape
    assert stored.joint_time_scores.shape == (len(stored.joint_time_s), len(stored.joint_names))
    assert stored.overlay is not None
    info = probe(stored.overlay)
    assert (info.codec, info.pixel_format) == ("h264", "yuv420p")
    assert info.height_px > probe(made.later["impaired"]).height_px
    assert {summary.id for summary in list_analyses(made.workspace, made.baseline_id)} >= {walk["analysis_id"]}


def test_scoring_loads_no_training_library(made):
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from gait_core.baseline.store import load_baseline\n"
        "from gait_core.baseline.assessment import load_scorer\n"
        "from gait_core.workspace import Workspace\n"
        f"load_scorer(load_baseline(Workspace({str(made.workspace.root)!r}), {made.baseline_id!r}))\n"
        "assert not {'tensorflow', 'keras', 'mediapipe'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])


def test_a_second_baseline_takes_landmarks_and_features_from_the_cache(made, tmp_path):
    renamed = []
    for number, video in enumerate(made.videos):
        # Other names, another folder: the content decides.
        renamed.append(str(shutil.copyfile(video, tmp_path / f"àlso “walk” {number}.mp4")))
    again = run_now(made.workspace, "baseline", {"videos": renamed, "subject": "Again"}, "Again")
    assert all(walk["cached"] for walk in again["walks"])
    cold, warm = (sum(r["timing_s"][s] for s in ("extract", "features")) for r in (made.result, again))
    assert warm < cold
    assert again["thresholds"]["watch"] == pytest.approx(made.result["thresholds"]["watch"], rel=1e-3)


def test_a_baseline_keeps_its_profile_as_it_was(made):
    workspace = made.workspace
    body = profile_body(PROFILES["balanced"])
    save_profile(workspace, "clinic", body)
    videos = [str(video) for video in made.videos]
    own = run_now(workspace, "baseline", {"videos": videos, "subject": "Own", "profile": "clinic"}, "Own profile")
    assert all(walk["cached"] for walk in own["walks"]), "the same settings under another name"

    def analysed_with(profile):
        events = []
        answer = analyse_walks(
            [str(made.later["normal"])],
            own["baseline_id"],
            workspace,
            Reporter(sink=events.append),
            profile=profile,
            overlay=False,
        )
        return answer["walks"][0], [event.message for event in events if event.kind == "warning"]

    first, warned = analysed_with(None)
    assert not warned
    mediapipe = {**body["mediapipe"], "min_detection_confidence": 0.4}
    save_profile(workspace, "clinic", {**body, "mediapipe": mediapipe}, instead_of="clinic")
    second, warned = analysed_with(None)
    assert second["cached"]
    assert second["score"] == first["score"]
    assert [message for message in warned if "was changed since" in message]
    assert any("it as it is now" in message for message in analysed_with("clinic")[1])
    assert not analysed_with("balanced")[1], "another name for the same settings"
    delete_profile(workspace, "clinic")
    third, warned = analysed_with(None)
    assert third["score"] == first["score"]
    assert [message for message in warned if "was deleted since" in message]


def test_the_keras_model_and_the_stored_weights_are_one(made):
    from gait_core.learn.autoencoder.networks import weights_of
    from gait_core.learn.backend import load_keras

    stored = load_baseline(made.workspace, made.baseline_id)
    model = load_keras().models.load_model(stored.folder / "baseline_model.keras", compile=False, safe_mode=True)
    scorer = load_scorer(stored)
    for name, value in weights_of(model).items():
        np.testing.assert_array_equal(value, scorer.weights[name])


def test_variants_are_saved_beside_and_never_overwritten(made):
    strict = ThresholdSettings(method="mean_sd", watch_k=1.0, alert_k=2.0)
    path = save_variant(made.workspace, made.baseline_id, "Strict ones!", strict)
    assert path.name == "strict-ones.json"
    with pytest.raises(InputError, match="exists"):
        save_variant(made.workspace, made.baseline_id, "strict ones", strict)
    stored = load_baseline(made.workspace, made.baseline_id)
    assert stored.variants()["strict-ones"].method == "mean_sd"
    assert stored.thresholds.method == "conformal"


def test_the_export_holds_the_model_in_both_formats(made, tmp_path):
    assert main(["baseline", "export", made.baseline_id, str(tmp_path), "--workspace", str(made.workspace.root)]) == 0
    assert {path.name for path in tmp_path.iterdir()} >= {
        "baseline_model.keras",
        "baseline_model.h5",
        "calibration.json",
        "thresholds.json",
        "manifest.json",
    }
    own = made.workspace.baseline_folder(made.baseline_id)
    assert main(["baseline", "export", made.baseline_id, str(own), "--workspace", str(made.workspace.root)]) == 1
    assert verify_baseline(own).intact


def test_a_walk_from_the_other_side_gets_a_warning_and_no_number(made, tmp_path):
    mirrored = tmp_path / "mirrored.mp4"
    info = probe(made.later["normal"])
    with VideoWriter(mirrored, info.width_px, info.height_px, info.frame_rate_hz) as writer:
        for frame in iter_frames(made.later["normal"]):
            writer.write(np.ascontiguousarray(frame.image[:, ::-1]))
    result = run_now(
        made.workspace,
        "analyse",
        {"videos": [str(mirrored)], "baseline_id": made.baseline_id, "overlay": False},
        "Other side",
    )
    (walk,) = result["walks"]
    assert (walk["level"], walk["score"]) == (None, None)
    assert "other_side" in {warning["code"] for warning in walk["warnings"]}


def test_a_walk_of_the_baseline_itself_is_recognised(made):
    params = {"videos": [str(made.videos[0])], "baseline_id": made.baseline_id, "overlay": False}
    (walk,) = run_now(made.workspace, "analyse", params, "Known")["walks"]
    assert "in_baseline" in {warning["code"] for warning in walk["warnings"]}


def test_the_same_video_five_times_is_refused(made):
    with pytest.raises(InputError, match="the same video as"):
        run_now(made.workspace, "baseline", {"videos": [str(made.videos[0])] * 5, "subject": "x"}, "Five times")


def test_four_videos_make_a_baseline_and_say_what_it_costs(made):
    params = {"videos": [str(path) for path in made.videos[:4]], "subject": "four"}
    result = run_now(made.workspace, "baseline", params, "Four")
    job = next(job for job in JobStore(made.workspace).list() if job.title == "Four")
    assert len(result["walks"]) == 4
    assert any("five" in warning or "5 are recommended" in warning for warning in job.warnings)


def test_a_broken_video_among_good_ones_does_not_stop_the_others(made, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is not a video")
    params = {"videos": [*(str(path) for path in made.videos[:4]), str(broken)], "subject": "mixed"}
    result = run_now(made.workspace, "baseline", params, "Mixed")
    used = [walk for walk in result["walks"] if walk.get("used")]
    (left_out,) = [walk for walk in result["walks"] if not walk.get("used")]
    assert len(used) == 4
    assert left_out["error"]["kind"] == "VideoError"


def test_nothing_usable_is_one_message_that_names_each_video(made, tmp_path):
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(b"nothing")
    before = len(list_baselines(made.workspace))
    videos = [str(tmp_path / name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    with pytest.raises(InputError, match=r"a\.mp4.*b\.mp4.*c\.mp4"):
        run_now(made.workspace, "baseline", {"videos": videos, "subject": "x"}, "Nothing")
    assert len(list_baselines(made.workspace)) == before


def test_a_full_disk_while_saving_leaves_nothing_behind(made, monkeypatch):
    import errno

    import gait_core.baseline.save as save

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    before = {path.name for path in (made.workspace.root / "baselines").iterdir()}
    monkeypatch.setattr(save, "save_arrays", full)
    with pytest.raises(GaitError, match="disk is full"):
        run_now(made.workspace, "baseline", {"videos": [str(p) for p in made.videos], "subject": "full"}, "Full disk")
    assert {path.name for path in (made.workspace.root / "baselines").iterdir()} == before


def test_cancel_during_training_stores_nothing(made):
    before = len(list_baselines(made.workspace))
    store = JobStore(made.workspace)
    params = {"videos": [str(path) for path in made.videos], "subject": "stop", "from_scratch": True}
    job = store.submit("baseline", params, "Cancelled in training")
    end = time.monotonic() + 120
    while not store.events(job.id, kinds=["epoch"]):
        assert time.monotonic() < end, store.log(job.id)
        time.sleep(0.1)
    asked = time.monotonic()
    store.cancel(job.id)
    while store.get(job.id).active:
        assert time.monotonic() < asked + 10
        time.sleep(0.05)
    assert store.get(job.id).state == "cancelled"
    assert len(list_baselines(made.workspace)) == before


def test_deleting_a_baseline_deletes_its_analyses(made, tmp_path):
    other = type(made.workspace)(tmp_path / "copy")
    shutil.copytree(made.workspace.root, other.root)
    delete_baseline(other, made.baseline_id)
    assert not list_analyses(other, made.baseline_id)
    with pytest.raises(NotFoundError):
        load_baseline(other, made.baseline_id)


def test_a_training_that_was_killed_finds_its_checkpoints_again(made, monkeypatch):
    """What the loop makes of them is tested in test_train_resume; here that a second try gets the same folder."""
    folders: list[Path] = []

    def fit(walks, settings, reporter, *, from_scratch, checkpoints):
        folders.append(checkpoints)
        checkpoints.mkdir(parents=True, exist_ok=True)
        raise Cancelled()

    monkeypatch.setattr(create, "fit_walks", fit)
    for videos in (made.videos, made.videos, made.videos[:4]):
        params = {"videos": [str(video) for video in videos], "subject": "Demo Person"}
        with pytest.raises(Cancelled):
            run_now(made.workspace, "baseline", params, "Killed")
    first, again, others = folders
    assert first == again != others
    assert first.is_relative_to(made.workspace.cache)
    shutil.rmtree(first.parent)
