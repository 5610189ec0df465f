import numpy as np
import pytest
from support.recorded_walks import RATE_HZ, recording

from gait_core.bench.accuracy_laboratories import laboratory_figures
from gait_core.bench.accuracy_mocap import mocap_figures
from gait_core.config import FeatureSettings, MeasureSettings
from gait_core.errors import InputError
from gait_core.gait.events.detect import detect_events
from gait_core.gait.kinematics import compute_kinematics
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.projection import jitter, project
from gait_core.pose.landmarks import INDEX
from gait_core.simulate.noise import NoiseModel
from gait_core.validation.event_agreement import TOLERANCE_S, match_events


@pytest.mark.parametrize(("axis", "sign"), [(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0)])
def test_a_recording_is_turned_to_forward_up_right(tmp_path, axis, sign):
    truth = recording(tmp_path / "walk.npz", axis=axis, sign=sign)
    loaded = MocapWalk.load(tmp_path / "walk.npz")
    assert loaded.name == "walk" and loaded.rate_hz == RATE_HZ and loaded.source == "made"
    for name in ("left_hip", "right_foot_index"):
        assert np.allclose(loaded.points_m[name], truth.room_m[:, INDEX[name]], atol=1e-9)
    assert [e.kind for e in loaded.truth_events()] == [e.kind for e in truth.events]
    assert np.allclose(loaded.angles["left_knee"], truth.angle_deg("left", "knee"))
    assert loaded.height_m == pytest.approx(truth.height_m, rel=0.06)


def matched(motion, truth):
    settings = MeasureSettings()
    edge_s = settings.edge_ignore_s + TOLERANCE_S
    spans = [(segment.start_s + edge_s, segment.end_s - edge_s) for segment in motion.segments]
    return match_events(detect_events(motion, settings).events, truth.events, spans_s=spans)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_the_whole_pipeline_runs_on_a_projected_recording(tmp_path, fps, direction):
    recording(tmp_path / "walk.npz")
    loaded = MocapWalk.load(tmp_path / "walk.npz")
    truth, track = project(loaded, fps=fps, seed=1, noise=NoiseModel.none(), direction=direction)
    assert np.allclose(np.diff(track.time_s), 1.0 / fps)
    assert truth.near_side == ("right" if direction > 0 else "left")
    assert (track.position[..., 0] > 0).all() and (track.position[..., 0] < track.width_px).all()
    motion = compute_kinematics(track, FeatureSettings(rate_hz=100.0))
    found = matched(motion, truth)
    assert found.f1 == 1.0
    assert np.median(np.abs(found.errors_s)) < 0.02
    true = np.interp(motion.time_s, loaded.time_s, loaded.angles["right_knee"])
    away = (motion.angles["right_knee"] - true)[motion.walking]
    assert np.sqrt(np.nanmean(away**2)) < 3.0


def test_the_same_seed_gives_the_same_errors_and_another_shifts_the_frames(tmp_path):
    recording(tmp_path / "walk.npz")
    loaded = MocapWalk.load(tmp_path / "walk.npz")
    first, again, other = (project(loaded, seed=seed, noise=jitter())[1] for seed in (1, 1, 2))
    assert np.array_equal(first.position, again.position)
    assert abs(first.time_s[0] - other.time_s[0]) > 1e-4
    assert abs(first.time_s[0] - other.time_s[0]) < 1.0 / 30.0


def test_jitter_has_the_size_that_is_asked_for(tmp_path):
    recording(tmp_path / "walk.npz")
    loaded = MocapWalk.load(tmp_path / "walk.npz")
    truth, track = project(loaded, seed=3, noise=jitter(0.008, loaded.height_m))
    error_m = (track.position - truth.position_px) / truth.height_px[:, None, None] * loaded.height_m
    assert error_m.std() == pytest.approx(0.008, rel=0.05)


def test_heel_and_toe_are_placed_where_only_the_forefoot_was_recorded(tmp_path):
    truth = recording(tmp_path / "walk.npz", foot=True)
    loaded = MocapWalk.load(tmp_path / "walk.npz")
    flat = truth.phase[:, 0] > 0.2
    flat &= truth.phase[:, 0] < 0.3
    heel, ankle, toe = (loaded.points_m[f"left_{name}"][flat] for name in ("heel", "ankle", "foot_index"))
    assert (heel[:, 0] < ankle[:, 0]).all() and (heel[:, 1] < ankle[:, 1]).all() and (toe[:, 0] > ankle[:, 0]).all()
    truth, track = project(loaded, seed=0, noise=NoiseModel.none())
    motion = compute_kinematics(track, FeatureSettings(rate_hz=100.0))
    assert matched(motion, truth).f1 == 1.0


@pytest.mark.parametrize(
    "changes",
    [{"L_knee": None}, {"events": None}, {"time": np.arange(7.0)}, {"events": np.array([["L", "XX", "1.0"]])}],
)
def test_an_incomplete_recording_says_what_is_missing(tmp_path, changes):
    recording(tmp_path / "walk.npz", **changes)
    with pytest.raises(InputError, match=r"walk\.npz (lacks|events|L_hip)"):
        MocapWalk.load(tmp_path / "walk.npz")


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    (tmp_path / "walk.npz").write_bytes(b"not an archive")
    with pytest.raises(InputError, match="cannot be read"):
        MocapWalk.load(tmp_path / "walk.npz")
    with pytest.raises(InputError, match="cannot be read"):
        MocapWalk.load(tmp_path / "absent.npz")


def test_a_recording_without_strides_cannot_be_projected(tmp_path):
    recording(tmp_path / "walk.npz", events=np.array([["L", "HS", "1.0"]]))
    with pytest.raises(InputError, match="two contacts"):
        project(MocapWalk.load(tmp_path / "walk.npz"))


def test_figures_of_a_folder(tmp_path):
    recording(tmp_path / "walk.npz")
    figures, table = mocap_figures(tmp_path, repeats=1)
    assert figures["mocap_event_f1"] == 1.0
    assert 0.0 <= figures["mocap_contact_error_ms"] < 30.0
    assert len(table.rows) == 6 and len(table.columns) == 2 + len(figures)
    with pytest.raises(InputError, match="there are none"):
        mocap_figures(tmp_path / "empty")


def test_the_recorded_walks_stay_within_the_limits(data):
    figures, _ = mocap_figures(data / "mocap", repeats=3)
    # Constants lie in the middle between simulated walkers and force plates, and were not chosen by these four.
    assert figures["mocap_contact_error_ms"] <= 17.0
    assert figures["mocap_off_error_ms"] <= 18.0
    assert abs(figures["mocap_contact_bias_ms"]) <= 14.0
    assert abs(figures["mocap_off_bias_ms"]) <= 12.0
    assert figures["mocap_within_40ms_pct"] >= 90.0
    assert figures["mocap_event_f1"] == 1.0
    assert figures["mocap_stride_mae_s"] <= 0.02
    assert figures["mocap_knee_rmse_deg"] <= 3.0


def test_no_laboratory_is_far_off_and_no_slow_walk_is_refused(data):
    figures, (table,) = laboratory_figures(data, repeats=1)
    assert abs(figures["lab_contact_worst_bias_ms"]) <= 24.0
    assert len(table.rows) >= 4
    if (data / "mocap_slow").is_dir():
        assert figures["slow_refused"] == 0.0
        assert figures["slow_contact_f1"] >= 0.88
        assert figures["slow_off_f1"] >= 0.78
        assert figures["slow_contact_error_ms"] <= 20.0
