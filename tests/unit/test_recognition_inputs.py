"""What is not a sequence of aligned frames is refused before a network sees it."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.recognition.inputs import checked_sequence
from gait_core.recognition.networks.settings import (
    GaitBaseSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)

SILHOUETTE, MAPS, BOTH, LABELS = GaitBaseSettings(), SkeletonGaitSettings(), SkeletonGaitPPSettings(), XGaitSettings()


def body(frames: int = 5) -> np.ndarray:
    """Return upright white bars."""
    silhouettes = np.zeros((frames, 64, 44), np.float32)
    silhouettes[:, 4:60, 15:30] = 1.0
    return silhouettes


def glow(frames: int = 5) -> np.ndarray:
    """Return a soft blob, as a skeleton map is."""
    rows, columns = np.mgrid[:64, :44]
    blob = 0.9 * np.exp(-((rows - 30) ** 2 + (columns - 22) ** 2) / 200.0)
    return np.repeat(blob[None].astype(np.float32), frames, axis=0)


def labels(frames: int = 5) -> np.ndarray:
    return body(frames) * 7.0


def test_a_good_sequence_gets_its_channel_and_its_type():
    found = checked_sequence(body().astype(np.float64), SILHOUETTE)
    assert found.shape == (5, 64, 44, 1)
    assert found.dtype == np.float32
    for settings, channels in (
        (MAPS, [glow(), glow()]),
        (BOTH, [glow(), glow(), body()]),
        (LABELS, [labels(), body()]),
    ):
        assert checked_sequence(np.stack(channels, -1), settings).shape[-1] == len(channels)


@pytest.mark.parametrize(
    ("sequence", "settings", "message", "remedy"),
    [
        (np.zeros((0, 64, 44)), SILHOUETTE, "at least one frame", "filtering"),
        ([], SILHOUETTE, "at least one frame", "filtering"),
        (np.zeros((5, 64, 44)), SILHOUETTE, "all frames are empty", "masks"),
        (np.ones((5, 64, 64)), SILHOUETTE, "(frames, 64, 44, 1)", "Cut 10 columns from each side"),
        (np.ones((5, 44, 64)), SILHOUETTE, "(frames, 64, 44, 1)", "Swap height and width"),
        (np.ones((5, 1, 64, 44)), SILHOUETTE, "(frames, 64, 44, 1)", "Move the channels to the last axis"),
        (np.ones((64, 44)), SILHOUETTE, "(frames, 64, 44, 1)", "four axes"),
        (np.ones((2, 5, 64, 44, 1)), SILHOUETTE, "(frames, 64, 44, 1)", "one sequence at a time"),
        (np.ones((5, 64, 44, 2)), BOTH, "(frames, 64, 44, 3)", "limb, joint, silhouette"),
        (body() * 255, SILHOUETTE, "from 0 to 1", "Divide by 255"),
        (body() / 255, SILHOUETTE, "none exceeds", "once only"),
        (body() - 0.5, SILHOUETTE, "from 0 to 1", "how the channel was made"),
        (np.where(body() > 0, np.nan, 0), SILHOUETTE, "5 of 5 frames hold NaN", "Leave these frames out"),
        (np.full((5, 64, 44), np.inf), SILHOUETTE, "NaN or infinity", "Leave these frames out"),
        (np.full((5, 64, 44), "a"), SILHOUETTE, "Expected numbers", "array"),
        ([np.ones((64, 44)), np.ones((64, 64))], SILHOUETTE, "frames of one size", "Align"),
        (np.stack([body(), glow(), glow()], -1), BOTH, "looks like silhouettes", "limb, joint, silhouette"),
        (np.stack([body(), labels()], -1), LABELS, "the other way round", "parsing, silhouette"),
        (np.stack([labels() / 255, body()], -1), LABELS, "labels 0 to 11", "neither scaled"),
        (np.stack([labels() * 2, body()], -1), LABELS, "labels 0 to 11", "as it is"),
        (np.stack([labels(), body() * 255], -1), LABELS, "silhouette channel", "Divide by 255"),
    ],
)
def test_what_is_wrong_is_said(sequence, settings, message, remedy):
    with pytest.raises(InputError) as caught:
        checked_sequence(sequence, settings, "walk 3")
    assert message in caught.value.message
    assert "walk 3" in caught.value.message
    assert remedy in caught.value.remedy
