"""The parts around the landmark model: region, detector, heat maps, smoothing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import LibraryError, ModelError
from gait_core.pose.models.assets import bundle_path, model_sha256
from gait_core.pose.openvino import compile as openvino_compile
from gait_core.pose.openvino import library as openvino_library
from gait_core.pose.openvino.compile import Recipe, load_models
from gait_core.pose.openvino.detector import decode
from gait_core.pose.openvino.network import DETECTOR_PX, Networks
from gait_core.pose.openvino.refinement import refine
from gait_core.pose.openvino.region import Region
from gait_core.pose.openvino.smoothing import LowPass, OneEuro


def test_an_upright_person_stands_upright_in_the_square() -> None:
    region = Region.around(np.array([300.0, 200.0]), np.array([300.0, 100.0]))
    assert region is not None
    assert (region.x, region.y, region.side) == pytest.approx((300, 200, 250))
    assert region.angle_rad == pytest.approx(0)


@pytest.mark.parametrize("degrees", [-170, -90, -20, 35, 90, 150])
def test_a_leaning_person_is_turned_upright(degrees: float) -> None:
    angle = np.radians(degrees)
    middle, up = np.array([50.0, 80.0]), 40 * np.array([np.sin(angle), -np.cos(angle)])
    region = Region.around(middle, middle + up)
    assert region is not None
    assert region.angle_rad == pytest.approx(angle)
    # The middle of the crop is the middle of the hips; straight above it lies the second point.
    assert region.placed(np.array([[0.5, 0.5], [0.5, 0.5 - 40 / region.side]])) == pytest.approx(
        np.array([middle, middle + up])
    )


def test_matrix_and_placed_agree() -> None:
    region = Region(400, 300, 200, 0.3)
    corners = np.array([[0, 0], [256, 0], [64, 200]], float)
    matrix = region.matrix(256)
    assert corners @ matrix[:, :2].T + matrix[:, 2] == pytest.approx(region.placed(corners / 256))


def test_world_vectors_turn_with_the_square_and_keep_their_depth() -> None:
    turned = Region(0, 0, 10, np.pi / 2).turned(np.array([[1.0, 0.0, 7.0]]))
    assert turned == pytest.approx(np.array([[0.0, 1.0, 7.0]]))


def test_points_that_coincide_give_no_region() -> None:
    assert Region.around(np.array([5.0, 5.0]), np.array([5.0, 5.0])) is None
    assert Region.around(np.array([np.nan, 5.0]), np.array([5.0, 5.0])) is None


def test_a_steadied_square_follows_its_middle_at_once_and_size_and_angle_slowly() -> None:
    found = Region(10, 20, 200, 3.1).steadied(Region(0, 0, 100, -3.1))
    assert (found.x, found.y) == (10, 20)
    assert 100 < found.side < 200
    # The short way round: across a half turn, not back through zero.
    assert abs(found.angle_rad) > 3.1


def test_the_whole_frame_fits_its_square() -> None:
    whole = Region.whole(400, 300)
    assert whole.placed(np.array([[0.0, 0.5], [1.0, 0.5]])) == pytest.approx(np.array([[0, 150], [400, 150]]))


def raw_detections(*people: tuple[int, float, tuple[float, float, float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the detector's raw output with a person at some anchors: (anchor, logit, box in px of the square)."""
    boxes, scores = np.zeros((2254, 12), np.float32), np.full(2254, -20.0, np.float32)
    for anchor, logit, box in people:
        boxes[anchor, :4], scores[anchor] = box, logit
    return boxes, scores


def test_anchors_lie_in_the_middle_of_their_cells() -> None:
    # Two anchors a cell of 8 px, then of 16 px; six a cell of 32 px.
    for anchor, centre in ((0, (4, 4)), (1, (4, 4)), (2, (12, 4)), (56, (4, 12)), (1568, (8, 8)), (1960, (16, 16))):
        (found,) = decode(*raw_detections((anchor, 5.0, (0, 0, 10, 20))), 0.5)
        left, top, right, bottom = found.box * DETECTOR_PX
        assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx(centre)
        assert (right - left, bottom - top) == pytest.approx((10, 20))


def test_boxes_that_overlap_are_one_person_averaged_by_score() -> None:
    raw = raw_detections((0, 3.0, (20, 20, 40, 80)), (1, 0.5, (24, 20, 40, 80)), (1000, 1.0, (0, 0, 30, 30)))
    first, second = decode(*raw, 0.5)
    weights = 1 / (1 + np.exp([-3.0, -0.5]))
    assert first.score == pytest.approx(weights[0])
    middle = (first.box[0] + first.box[2]) / 2 * DETECTOR_PX
    assert middle == pytest.approx(4 + np.average([20, 24], weights=weights))
    assert second.score == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_unlikely_boxes_are_left_out() -> None:
    raw = raw_detections((7, 0.2, (0, 0, 10, 10)))
    assert len(decode(*raw, 0.54)) == 1
    assert decode(*raw, 0.56) == []


def maps(*peaks: tuple[int, int, float]) -> np.ndarray:
    found = np.full((64, 64, len(peaks)), -30.0, np.float32)
    for number, (column, row, logit) in enumerate(peaks):
        found[row, column, number] = logit
    return found


def test_a_sure_map_moves_the_point_and_an_unsure_one_does_not() -> None:
    points = np.array([[30.2 / 64, 20.9 / 64], [30.2 / 64, 20.9 / 64], [30.2 / 64, 20.9 / 64]])
    moved = refine(points, maps((32, 22, 4.0), (32, 22, -1.0), (40, 22, 4.0)))
    assert moved[0] * 64 == pytest.approx([32, 22])
    assert moved[1] == pytest.approx(points[1])  # below one half
    assert moved[2] == pytest.approx(points[2])  # the peak is out of reach


def test_points_outside_the_map_stay() -> None:
    points = np.array([[1.2, 0.5], [0.5, -0.3], [0.999, 0.001]])
    moved = refine(points, maps((63, 32, 9.0), (32, 0, 9.0), (63, 0, 9.0)))
    assert moved[:2] == pytest.approx(points[:2])
    assert moved[2] * 64 == pytest.approx([63, 0], abs=1e-6)


def test_low_pass_begins_with_the_first_sample() -> None:
    smooth = LowPass(0.1)
    assert smooth(np.array([1.0])) == pytest.approx([1.0])
    assert smooth(np.array([2.0])) == pytest.approx([1.1])
    smooth.reset()
    assert smooth(np.array([7.0])) == pytest.approx([7.0])


def test_one_euro_steadies_what_is_at_rest_and_follows_what_moves() -> None:
    rng = np.random.default_rng(0)
    calm, moving = OneEuro(0.05, 0.5), OneEuro(0.05, 80.0)
    times = np.arange(1, 200) / 30
    noise = rng.normal(0, 1, len(times))
    still = [float(calm(np.array([value]), time_s, 100.0)[0]) for value, time_s in zip(noise, times, strict=True)]
    assert np.std(still[50:]) < 0.3 * np.std(noise)
    followed = [float(moving(np.array([50 * time_s]), time_s, 100.0)[0]) for time_s in times]
    assert np.abs(np.array(followed) - 50 * times)[30:].max() < 1.0


def test_one_euro_by_hand() -> None:
    smooth = OneEuro(1.0, 2.0)
    assert smooth(np.array([0.0]), 0.0) == pytest.approx([0.0])
    weight = 2 * np.pi * 0.1 / (1 + 2 * np.pi * 0.1)
    speed = weight * 10.0  # the raw speed, smoothed from rest
    turns = 2 * np.pi * (1.0 + 2.0 * speed) * 0.1
    assert smooth(np.array([1.0]), 0.1) == pytest.approx([turns / (1 + turns)])


def test_a_damaged_bundle_is_named(tmp_path: Path) -> None:
    bundle = tmp_path / "pose_landmarker_full.task"
    bundle.write_bytes(b"not a zip")
    with pytest.raises(ModelError, match=r"pose_landmarker_full\.task"):
        load_models(bundle, Recipe(sha256="0", precision="f32"))


def test_openvino_comes_without_the_part_that_reports_use() -> None:
    openvino_library.load_openvino()
    assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]


def test_without_openvino_the_message_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)  # what the import system takes for "not there"
    with pytest.raises(LibraryError) as caught:
        openvino_library.load_openvino()
    assert "--engine mediapipe" in caught.value.remedy


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_what_was_compiled_is_kept_and_a_damaged_file_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    bundle = tmp_path / "pose_landmarker_lite.task"
    bundle.write_bytes(bundle_path("lite").read_bytes())
    recipe = Recipe(sha256=model_sha256("lite"), precision=precision)
    crop = np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8)

    def found() -> tuple[np.ndarray, np.ndarray]:
        monkeypatch.setattr(openvino_compile, "_shared", openvino_compile._Shared())
        networks = Networks(load_models(bundle, recipe))
        return networks.landmarks(crop).landmarks.copy(), networks.detect(crop[:224, :224].copy())[1].copy()

    first = found()
    kept = sorted((tmp_path / "compiled").glob("*.blob"))
    assert len(kept) == (2 if precision == "f32" else 3)
    with monkeypatch.context() as patched:
        patched.setattr(openvino_compile, "_read", None)  # nothing is read from the bundle again
        second = found()
    kept[0].write_bytes(kept[0].read_bytes()[:-1] + b"?")
    third = found()
    for one, two, three in zip(first, second, third, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_without_room_for_what_was_compiled_the_models_still_load(tmp_path: Path) -> None:
    bundle = tmp_path / "pose_landmarker_lite.task"
    bundle.write_bytes(bundle_path("lite").read_bytes())
    (tmp_path / "compiled").write_bytes(b"in the way")
    load_models(bundle, Recipe(sha256=model_sha256("lite"), precision="f32", threads=3))
