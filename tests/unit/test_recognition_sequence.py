"""A stored sequence gives each network its channels, cut and scaled once, and comes back from its arrays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.errors import InputError, StorageError
from gait_core.recognition.inputs import GaitSequence, Geometry, InputSettings, SequenceQuality
from gait_core.recognition.networks.settings import (
    GaitBaseSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)


def quality(*rows: tuple[str, ...], scores=None, fewest: int = 3) -> SequenceQuality:
    """Return the quality of frames, one tuple of codes each."""
    codes = {code: np.array([code in row for row in rows]) for row in rows for code in row}
    return SequenceQuality.of_codes(codes, np.ones(len(rows)) if scores is None else scores, fewest)


@pytest.fixture
def sequence() -> GaitSequence:
    """Return four frames with all channels, whose frame 2 of the video was dropped."""
    noise = np.random.default_rng(3)
    silhouettes = np.zeros((4, 64, 64), np.uint8)
    silhouettes[:, 4:60, 20:40] = 255
    return GaitSequence(
        source="walk.mp4",
        silhouettes=silhouettes,
        maps=noise.integers(0, 256, (4, 64, 64, 2), dtype=np.uint8),
        parsing=(silhouettes // 255) * noise.integers(1, 12, (4, 64, 64), dtype=np.uint8),
        frame_numbers=np.array([0, 1, 3, 4]),
        time_s=np.array([0.0, 0.04, 0.12, 0.16]),
        view="side",
        quality=quality((), (), ("touches_border", "aspect"), (), scores=[0.9, 0.8, 0.1, 1.0]),
    )


@pytest.mark.parametrize(
    "settings", [GaitBaseSettings(), SkeletonGaitSettings(), SkeletonGaitPPSettings(), XGaitSettings()]
)
def test_every_network_gets_its_channels_in_order_and_scale(sequence, settings):
    frames = sequence.for_network(settings)
    assert frames.shape == (4, 64, 44, len(settings.channels))
    stored = {
        "silhouette": sequence.silhouettes / np.float32(255),
        "limb": sequence.maps[..., 0] / np.float32(255),
        "joint": sequence.maps[..., 1] / np.float32(255),
        "parsing": sequence.parsing.astype(np.float32),
    }
    for place, name in enumerate(settings.channels):
        np.testing.assert_array_equal(frames[..., place], stored[name][:, :, 10:54], err_msg=name)


def test_silhouettes_below_full_white_are_scaled_as_well(sequence):
    """Upstream divides by 255 only where the maximum is 255: a walk whose brightest pixel is 254 went in unscaled."""
    dim = np.minimum(sequence.silhouettes, 254)
    assert GaitSequence.of_silhouettes("dim", dim).channels(("silhouette",)).max() == np.float32(254 / 255)


def test_what_was_cut_is_not_cut_again(sequence):
    cut = GaitSequence.of_silhouettes("cut", np.ascontiguousarray(sequence.silhouettes[:, :, 10:54]))
    assert (sequence.geometry.already_cut, cut.geometry.already_cut) == (False, True)
    assert cut.to_dict()["geometry"] == {"height_px": 64, "width_px": 44, "already_cut": True}
    np.testing.assert_array_equal(cut.for_network(GaitBaseSettings()), sequence.for_network(GaitBaseSettings()))


def test_frames_of_twice_the_size_fit_the_larger_network_only(sequence):
    double = GaitSequence.of_silhouettes("large", sequence.silhouettes.repeat(2, axis=1).repeat(2, axis=2))
    assert double.for_network(GaitBaseSettings(frame_height=128)).shape == (4, 128, 88, 1)
    with pytest.raises(InputError, match="64, 44"):
        double.for_network(GaitBaseSettings())


def test_it_comes_back_from_its_arrays(sequence, tmp_path):
    save_arrays(tmp_path / "walk.npz", sequence.to_arrays())
    again = GaitSequence.from_arrays(load_arrays(tmp_path / "walk.npz"))
    assert again.to_dict() == sequence.to_dict()
    for name in ("silhouettes", "maps", "parsing", "frame_numbers", "time_s"):
        np.testing.assert_array_equal(getattr(again, name), getattr(sequence, name))
    assert again.quality.codes_of(2) == ("touches_border", "aspect")


def test_damaged_arrays_are_refused(sequence):
    arrays = sequence.to_arrays()
    cut = arrays | {name: arrays[name][:, :, 10:54] for name in ("silhouettes", "maps", "parsing")}
    for broken in ({}, cut, arrays | {"reasons": arrays["reasons"][:2]}, arrays | {"facts": arrays["facts"][:5]}):
        with pytest.raises(StorageError, match="do not fit together"):
            GaitSequence.from_arrays(broken)


def test_a_part_keeps_its_frame_numbers(sequence):
    part = sequence.select(slice(1, 3))
    assert (part.frame_numbers.tolist(), part.time_s.tolist(), len(part.maps)) == ([1, 3], [0.04, 0.12], 2)
    with pytest.raises(InputError, match="rising"):
        sequence.select(np.array([2, 1]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"silhouettes": np.zeros((4, 64, 50), np.uint8)}, "64 x 50"),
        ({"silhouettes": np.zeros((0, 64, 64), np.uint8)}, "at least one frame"),
        ({"silhouettes": np.ones((4, 64, 64), np.uint8)}, "none exceeds 1"),
        ({"silhouettes": np.ones((4, 64, 64), np.float32)}, "uint8"),
        ({"maps": np.zeros((4, 2, 64, 64), np.uint8)}, "maps of shape"),
        ({"parsing": np.full((4, 64, 64), 12, np.uint8)}, "labels 0 to 11"),
        ({"frame_numbers": np.array([0, 1, 1, 2])}, "rising"),
        ({"time_s": np.array([0.0, 1.0])}, "time_s"),
        ({"view": "back"}, "side, front, unknown"),
    ],
)
def test_what_does_not_fit_is_refused(sequence, changes, message):
    known = {
        name: getattr(sequence, name)
        for name in ("source", "silhouettes", "maps", "parsing", "frame_numbers", "time_s", "view", "quality")
    }
    with pytest.raises(InputError, match=message):
        GaitSequence(**known | changes)


def test_a_missing_channel_is_named(sequence):
    plain = GaitSequence.of_silhouettes("plain", sequence.silhouettes)
    with pytest.raises(InputError, match="the channel limb in plain"):
        plain.for_network(SkeletonGaitPPSettings())


def test_quality_counts_frames_and_reasons():
    found = quality((), ("debris",), (), (), ("debris", "jump"), (), scores=[1, 0, 0.5, 0.6, 0, 0.9])
    assert (len(found), found.kept, found.dropped, found.longest_run) == (6, 4, 2, 2)
    assert dict(found.counts) == {"debris": 2, "jump": 1}
    assert found.score == pytest.approx(0.75)
    assert found.codes_of(0) == ()
    assert not found.warnings
    few = quality((), ("jump",), fewest=2)
    assert [warning.code for warning in few.warnings] == ["few_frames"]
    assert "1 of 2" in few.warnings[0].message


def test_no_frame_at_all_is_an_error_with_the_counts():
    quality((), ("debris",)).require_frames("walk.mp4")
    with pytest.raises(InputError, match=r"walk.mp4, but all 3 .*several parts: 2, .*one frame before: 1"):
        quality(("debris",), ("debris",), ("jump",)).require_frames("walk.mp4")
    with pytest.raises(InputError, match="there are no frames"):
        SequenceQuality.unknown(0).require_frames("walk.mp4")


def test_settings_are_checked():
    assert InputSettings.from_dict(InputSettings().to_dict()) == InputSettings()
    assert InputSettings().digest() != InputSettings(maps=False).digest()
    with pytest.raises(InputError, match="narrowest"):
        InputSettings(narrowest=0.95)
    assert Geometry(height_px=128, width_px=88).columns == slice(0, 88)
