"""Choosing one person and following them, with a stand-in engine that sees coloured blocks."""

from typing import Any, Self

import cv2
import numpy as np
import pytest

from gait_core.config import PROFILES, PoseSettings
from gait_core.errors import SettingsError
from gait_core.pose.engine import PoseResult
from gait_core.pose.engines import open_engine
from gait_core.pose.following import FollowingEngine
from gait_core.pose.landmarks import INDEX
from gait_core.video.pixels import Pixels, RgbPixels

WIDTH, HEIGHT, RATE_HZ = 640, 360, 25.0


class Blocks:
    """See people as blocks in the green channel; the red one tells which way they face. Follow the nearest block."""

    name, version = "blocks", "1"

    def __init__(self) -> None:
        self.last: np.ndarray | None = None
        self.restarts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def _people(self, image: np.ndarray) -> list[PoseResult]:
        count, _, stats, _ = cv2.connectedComponentsWithStats((image[:, :, 1] > 200).astype(np.uint8))
        found = []
        for left, top, width, height, area in sorted(stats[1:count].tolist(), key=lambda row: -row[4]):
            if area < 1500:
                continue
            facing = 1 if np.median(image[top : top + height, left : left + width, 0]) > 150 else -1
            found.append(person(left + width / 2, top + height / 2, height, facing))
        return found

    def find(self, pixels: Pixels) -> PoseResult | None:
        return next(iter(self._people(pixels.rgb())), None)

    def detect(self, pixels: Pixels, time_s: float) -> PoseResult | None:
        people = self._people(pixels.rgb())
        if self.last is not None and people:
            people.sort(key=lambda one: float(np.linalg.norm(one.position.mean(axis=0) - self.last)))
        self.last = people[0].position.mean(axis=0) if people else None
        return people[0] if people else None

    def restart(self) -> None:
        self.last = None
        self.restarts += 1

    def count_people(self, pixels: Pixels, known: PoseResult) -> int:
        return len(self._people(pixels.rgb()))


def person(x: float, y: float, height: float, facing: int) -> PoseResult:
    points = np.tile([[x, y]], (33, 1)).astype(np.float64)
    points[INDEX["nose"]] += (0.12 * facing * height, -height / 2)
    for side in ("left", "right"):
        points[INDEX[f"{side}_foot_index"]] += (0.12 * facing * height, height / 2)
        points[INDEX[f"{side}_heel"]] += (-0.05 * facing * height, height / 2)
    return PoseResult(
        position=(points / [WIDTH, HEIGHT]).astype(np.float32),
        world=np.zeros((33, 3), np.float32),
        confidence=np.ones(33, np.float32),
    )


def follow(rule: str, *people: Any, seconds: float = 4.0) -> tuple[np.ndarray, np.ndarray, FollowingEngine]:
    """Return times, the middle found (px, NaN where missing or in doubt) and the engine; nearer people come last."""
    engine, times, middle = FollowingEngine(Blocks(), rule), np.arange(0, seconds, 1 / RATE_HZ), []
    with engine:
        for time_s in times:
            image = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
            for where in people:
                place = where(time_s)
                if place is not None:
                    x, height, facing = place
                    box = (slice(180 - height // 2, 180 + height // 2), slice(max(0, int(x) - 20), max(0, int(x) + 20)))
                    image[box] = (220 if facing > 0 else 90, 255, 60)
            found = engine.detect(RgbPixels(image), float(time_s))
            middle.append(np.nan if found is None else float(found.position[INDEX["left_hip"], 0]) * WIDTH)
    result = np.array(middle)
    for first_s, last_s in engine.doubts:
        result[(times >= first_s - 1e-6) & (times <= last_s + 1e-6)] = np.nan
    return times, result, engine


def to_the_right(time_s: float) -> tuple[float, int, int]:
    return 80 + 120 * time_s, 150, 1


def to_the_left(time_s: float) -> tuple[float, int, int]:
    return 560 - 120 * time_s, 140, -1


@pytest.mark.parametrize("rule", ["largest", "leftmost", "rightmost"])
def test_one_person_alone_is_followed_whatever_the_rule(rule):
    times, x, engine = follow(rule, to_the_right)
    np.testing.assert_allclose(x, 80 + 120 * times, atol=1.5)
    assert engine.doubts == ()
    assert engine.name == "blocks"


@pytest.mark.parametrize(
    ("rule", "way"), [("leftmost", to_the_right), ("largest", to_the_right), ("rightmost", to_the_left)]
)
@pytest.mark.parametrize("order", [(to_the_right, to_the_left), (to_the_left, to_the_right)])
def test_two_people_who_cross_are_kept_apart(rule, way, order):
    times, x, _ = follow(rule, *order)
    known = np.isfinite(x)
    truth = np.array([way(time_s)[0] for time_s in times])
    assert np.abs(x - truth)[known].max() < 25
    assert known[times < 1.55].all()
    assert known[times > 2.8].all()


def test_an_engine_by_itself_passes_over_to_the_other():
    engine, middle = Blocks(), []
    for time_s in np.arange(0, 4, 1 / RATE_HZ):
        image = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
        for x, height, facing in (to_the_right(time_s), to_the_left(time_s)):
            image[180 - height // 2 : 180 + height // 2, int(x) - 20 : int(x) + 20] = (
                220 if facing > 0 else 90,
                255,
                60,
            )
        middle.append(engine.detect(RgbPixels(image), time_s).position[INDEX["left_hip"], 0] * WIDTH)
    assert middle[0] < 100
    assert middle[-1] < 400


def test_somebody_who_comes_into_the_frame_soon_can_still_be_chosen():
    def late(time_s):
        return None if time_s < 0.4 else (600 - 60 * time_s, 140, -1)

    times, x, engine = follow("rightmost", lambda time_s: (100, 150, 1), late)
    assert np.isnan(x[times < 0.4]).all()
    np.testing.assert_allclose(x[times > 0.8], 600 - 60 * times[times > 0.8], atol=1.5)
    assert len(engine.doubts) == 1


def test_somebody_who_comes_later_is_not():
    def later(time_s):
        return None if time_s < 2 else (600 - 60 * time_s, 200, -1)

    times, x, _ = follow("largest", lambda time_s: (100 + 40 * time_s, 150, 1), later)
    np.testing.assert_allclose(x, 100 + 40 * times, atol=1.5)


def test_a_person_who_turns_round_is_not_lost():
    def there_and_back(time_s):
        away = abs(time_s - 2.0)
        x = 400 - 130 * (away if away > 0.4 else 0.2 + away**2 / 0.8)
        return x, 150, 1 if time_s < 2.0 else -1

    times, x, _ = follow("largest", there_and_back)
    assert np.isfinite(x).mean() > 0.85
    assert np.isfinite(x[times > 3.0]).all()


def test_a_person_who_leaves_and_comes_back_is_found_again():
    def out_and_in(time_s):
        x = 560 + 120 * time_s if time_s < 1.5 else 560 + 120 * (3.0 - time_s)
        return None if x > 645 else (x, 150, 1 if time_s < 1.5 else -1)

    times, x, _ = follow("largest", out_and_in, lambda time_s: (100, 140, 1), seconds=5.0)
    assert np.isnan(x[(times > 1.0) & (times < 2.0)]).all()
    assert np.isfinite(x[times > 3.2]).all()
    assert np.nanmin(x) > 300


def test_nobody_is_none():
    _, x, engine = follow("leftmost")
    assert np.isnan(x).all()
    assert engine.count_people(RgbPixels(np.zeros((8, 8, 3), np.uint8)), person(4, 4, 4, 1)) == 0


def test_the_choice_is_a_setting_that_changes_no_address_of_before():
    before = PoseSettings(engine="mediapipe")
    assert before.digest() == "7b2c3eb993754a8f"
    assert [
        profile.pose_settings().with_(engine="mediapipe", skip_loop_filter=False).digest()
        for profile in PROFILES.values()
    ] == [
        "873a43ab2c777620",
        "7b2c3eb993754a8f",
        "9976073e8dbc5cb9",
    ]
    digests = {PoseSettings(person=person).digest() for person in ("auto", "largest", "leftmost", "rightmost")}
    assert len(digests) == 4
    with pytest.raises(SettingsError, match="person"):
        PoseSettings(person="tallest")
    assert PoseSettings.from_dict({"variant": "lite"}).person == "auto"


def test_the_engine_follows_only_when_somebody_was_chosen():
    assert not isinstance(open_engine(PoseSettings()), FollowingEngine)
    assert isinstance(open_engine(PoseSettings(person="leftmost")), FollowingEngine)
