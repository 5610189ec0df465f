"""Bad frames of a walk are dropped for the right reason, good ones stay in order, and a page can show both."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from gait_core.errors import Cancelled, InputError
from gait_core.pose.landmarks import INDEX
from gait_core.pose.masks import PersonMasks
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.recognition.inputs import InputSettings, from_video
from gait_core.recognition.inputs.building import Placed, SequenceBuilder
from gait_core.recognition.inputs.from_video import rate_walk
from gait_core.recognition.inputs.preview import input_preview, preview
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.networks.settings import SkeletonGaitPPSettings, XGaitSettings

WIDTH, HEIGHT = 640, 360


def person(x: int = 320, y: int = 180, *, height: int = 200, step: float = 20.0) -> np.ndarray:
    """Return the mask of a person with two legs over a whole frame."""
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    top, bottom, hip = y - height // 2, y + height // 2, y + height // 20
    cv2.circle(image, (x, top + height // 14), height // 14, 255, -1)
    cv2.ellipse(image, (x, (top + hip) // 2 + height // 20), (height // 10, height // 4), 0, 0, 360, 255, -1)
    for foot in (x - int(step), x + int(step)):
        cv2.line(image, (x, hip), (foot, bottom - height // 24), 255, height // 12)
    return image


def walk(frames: int = 24, **changes) -> RatedFrames:
    """Return a rated walk to the right; `changes` replaces masks by number, as ``at_5=mask``."""
    builder = SequenceBuilder("walk", InputSettings())
    for frame in range(frames):
        mask = person(150 + 12 * frame, step=20 * abs(np.sin(frame / 4)))
        mask = changes.get(f"at_{frame}", mask)
        builder.add(frame, mask, Placed(matrix=np.eye(2, 3), frame_px=(WIDTH, HEIGHT)))
    return builder.finish()


def test_a_good_walk_is_kept_whole():
    rated = walk()
    assert (rated.quality.kept, dict(rated.quality.counts)) == (24, {})
    assert rated.quality.scores.min() > 0.6
    assert rated.sequence.frame_numbers.tolist() == list(range(24))


def littered(mask: np.ndarray) -> np.ndarray:
    mask = mask.copy()
    mask[40:110, 520:560] = 255
    return mask


@pytest.mark.parametrize(
    ("mask", "code"),
    [
        (None, "empty_mask"),
        (np.zeros((HEIGHT, WIDTH), np.uint8), "empty_mask"),
        (person(270, height=80), "too_small"),
        (person(270, height=350), "too_large"),
        (person(4), "touches_border"),
        (person(270, y=300), "touches_border"),
        (littered(person(270)), "debris"),
        (cv2.resize(person(270)[:, 170:370], (WIDTH, HEIGHT)), "aspect"),
        (person(620 - 30), "jump"),
        (np.ascontiguousarray(person(270, step=45)[::-1]), "low_overlap"),
    ],
    ids=["none", "empty", "small", "large", "left", "bottom", "debris", "wide", "jump", "upside down"],
)
def test_a_bad_frame_is_dropped_with_its_reason_and_takes_no_other_along(mask, code):
    rated = walk(at_10=mask)
    assert code in rated.quality.codes_of(10)
    assert rated.sequence.frame_numbers.tolist() == [frame for frame in range(24) if frame != 10]
    assert rated.quality.longest_run == 13
    assert rated.quality.scores[10] < rated.quality.scores[9] or code in ("jump", "aspect")


def test_somebody_who_comes_nearer_is_not_too_large():
    builder = SequenceBuilder("walk", InputSettings(median_frames=15))
    for frame in range(60):
        builder.add(frame, person(320, 200, height=80 + 4 * frame), Placed(matrix=np.eye(2, 3), frame_px=(WIDTH, 480)))
    assert not {"too_small", "too_large"} & set(builder.finish().quality.counts)


def test_frames_after_the_longest_sequence_are_dropped():
    builder = SequenceBuilder("walk", InputSettings(most_frames=8))
    for frame in range(12):
        builder.add(frame, None if frame == 3 else person(300 + frame))
    found = builder.finish()
    assert found.sequence.frame_numbers.tolist() == [0, 1, 2, 4, 5, 6, 7, 8]
    assert dict(found.quality.counts) == {"empty_mask": 1, "over_length": 3}


def test_a_walk_without_good_frames_is_refused_and_can_still_be_shown():
    builder = SequenceBuilder("empty.mp4", InputSettings())
    for frame in range(20):
        builder.add(frame, None)
    found = builder.finish()
    with pytest.raises(InputError, match=r"empty.mp4, but all 20 were dropped \(no person in the mask: 20\)"):
        _ = found.sequence
    shown = preview(found)
    assert (shown.kept, shown.dropped, shown.reasons[0][::2]) == (0, 20, ("empty_mask", 20))
    with pytest.raises(InputError, match="there are no frames"):
        _ = SequenceBuilder("nothing", InputSettings()).finish().sequence


def test_a_preview_shows_every_dropped_frame_of_a_short_list_and_both_kinds_in_order():
    shown = preview(walk(at_3=None, at_10=person(270, height=80)), most_tiles=8, columns=4, tile_px=40)
    numbers = [tile.frame_number for tile in shown.tiles]
    assert numbers == sorted(numbers)
    assert len(numbers) == 8
    assert {tile.frame_number: tile.codes[0] for tile in shown.tiles if tile.codes} == {
        3: "empty_mask",
        10: "too_small",
    }
    assert {code for code, _, _ in shown.reasons} == {"empty_mask", "too_small"}
    height, width, colours = shown.image.shape
    assert (colours, shown.image.dtype) == (3, np.uint8)
    place = next(tile for tile in shown.tiles if tile.codes)
    red, green, _ = shown.image[place.row * height // 2 + 5, place.column * width // 4 + 2]
    assert red > green


def tracked(masks: list[np.ndarray | None], visibility: float = 0.9) -> tuple[Track, PersonMasks]:
    """Return landmarks and stored masks of masks over whole frames; the square is turned a little, as engines do."""
    turn = np.deg2rad(12)
    bits, matrices, position = [], [], []
    for mask in masks:
        if mask is None:
            bits.append(np.zeros((256, 32), np.uint8))
            matrices.append(np.full((2, 3), np.nan))
            position.append(np.full((33, 2), np.nan))
            continue
        rows, columns = np.nonzero(mask)
        middle = np.array([columns.mean(), rows.mean()])
        linear = 1.4 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = np.column_stack([linear, middle - linear @ [128, 128]])
        square = cv2.warpAffine(mask, matrix, (256, 256), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        bits.append(np.packbits(square >= 128, axis=1))
        matrices.append(matrix)
        position.append(skeleton(middle[0], float(rows.min()), float(np.ptp(rows))))
    count = len(masks)
    points = np.array(position, np.float32)
    seen = np.isfinite(points).all(axis=2)
    track = Track(
        position=points,
        world=np.zeros((count, 33, 3), np.float32),
        confidence=np.where(seen, visibility, 0.0).astype(np.float32),
        time_s=np.arange(count) / 25.0,
        width_px=WIDTH,
        height_px=HEIGHT,
    )
    return track, PersonMasks(bits=np.array(bits), matrix=np.array(matrices))


def skeleton(x: float, top: float, height: float) -> np.ndarray:
    """Return landmarks of a person who stands there."""
    shares = {"shoulder": 0.22, "elbow": 0.38, "wrist": 0.5, "pinky": 0.54, "index": 0.54, "thumb": 0.54, "hip": 0.55,
              "knee": 0.75, "ankle": 0.95, "heel": 0.98, "foot_index": 0.99}  # fmt: skip
    points = np.full((33, 2), (x, top + 0.07 * height), np.float64)
    for joint, share in shares.items():
        for side, sign in (("left", 1), ("right", -1)):
            points[INDEX[f"{side}_{joint}"]] = x + sign * 0.06 * height, top + share * height
    return points


def test_a_video_gives_all_channels_upright_in_the_frame():
    masks = [person(150 + 12 * frame) for frame in range(20)]
    masks[7] = None
    track, stored = tracked(masks)
    found = rate_walk("walk.mp4", track, stored, InputSettings()).sequence
    assert found.frame_numbers.tolist() == [frame for frame in range(20) if frame != 7]
    np.testing.assert_array_equal(found.time_s, track.time_s[found.frame_numbers])
    plain = walk(1, at_0=masks[0]).aligned[0]
    assert np.mean((found.silhouettes[0] >= 128) != (plain >= 128)) < 0.02, "upright, whatever the square's angle"
    for settings in (SkeletonGaitPPSettings(), XGaitSettings()):
        assert len(found.for_network(settings)) == 19
    plain_only = rate_walk("walk.mp4", track, stored, InputSettings(maps=False, parsing=False)).sequence
    assert plain_only.available == ("silhouette",)


def test_a_person_cut_off_by_the_frame_and_hidden_landmarks_are_noticed():
    masks = [person(150 + 12 * frame) for frame in range(20)]
    masks[4] = person(3)
    track, stored = tracked(masks)
    confidence = track.confidence.copy()
    confidence[9], confidence[12, INDEX["left_hip"]] = 0.2, 0.1
    quality = rate_walk("walk.mp4", track.with_(confidence=confidence), stored, InputSettings()).quality
    assert "touches_border" in quality.codes_of(4)
    assert [frame for frame in range(20) if "low_visibility" in quality.codes_of(frame)] == [9, 12]


def test_masks_of_another_video_are_refused_and_work_can_be_cancelled():
    track, stored = tracked([person(), person(330)])
    other = PersonMasks(bits=stored.bits[:1], matrix=stored.matrix[:1])
    with pytest.raises(InputError, match="masks for the 2 frames"):
        rate_walk("walk.mp4", track, other, InputSettings())
    with pytest.raises(Cancelled):
        rate_walk("walk.mp4", track, stored, InputSettings(), Reporter(cancelled=lambda: True))


@pytest.mark.parametrize(
    ("view_deg", "segments", "expected"),
    [(10.0, 1, "side"), (50.0, 1, "unknown"), (80.0, 0, "front"), (10.0, 0, "unknown")],
)
def test_the_view_comes_from_the_measurement(monkeypatch, view_deg, segments, expected):
    from types import SimpleNamespace

    seen = SimpleNamespace(view_deg=view_deg, segments=(None,) * segments)
    monkeypatch.setattr(from_video, "look", lambda *_, **__: seen)
    assert from_video.view_of(tracked([person(), person(330)])[0]) == expected


def test_rated_frames_come_back_from_their_arrays():
    rated = rate_walk("a.mp4", *tracked([person(150 + 12 * frame) for frame in range(5)]), InputSettings())
    again = RatedFrames.from_arrays(rated.to_arrays()).named("b.mp4")
    assert again.sequence.to_dict() == rated.sequence.to_dict() | {"source": "b.mp4"}
    np.testing.assert_array_equal(again.sequence.parsing, rated.sequence.parsing)


def test_what_a_network_takes_is_drawn_in_colours_for_the_kept_frames_alone():
    rated = walk(at_3=None)
    assert input_preview(rated) is None, "silhouettes alone are in the other overview"
    maps = np.zeros((len(rated), 64, 64, 2), np.uint8)
    maps[:, :32, 20:40, 0], maps[:, 32:, 20:40, 1] = 255, 255
    image = input_preview(replace(rated, maps=maps), most_tiles=4, columns=4, tile_px=64)
    assert image is not None
    height, width, _ = image.shape
    limb, joint = image[10, width // 8].astype(int), image[55, width // 8].astype(int)
    assert limb[0] > limb[2] + 100, "orange"
    assert joint[2] > joint[0] + 100, "blue"
    parts = np.full((len(rated), 64, 64), 4, np.uint8)
    image = input_preview(replace(rated, parsing=parts), most_tiles=4, columns=4, tile_px=64)
    assert image is not None
    assert image.shape == (height, width, 3)
    assert tuple(image[30, width // 8]) == (240, 228, 66)
