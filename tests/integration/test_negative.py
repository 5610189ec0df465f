"""A photographic negative of a real walk gets no score; the walk itself does."""

from __future__ import annotations

import pytest
from support.derived_videos import encoded_again

from gait_core.config import PoseSettings
from gait_core.gait.gate import frame_warnings
from gait_core.pose.extract import extract_track


@pytest.mark.parametrize(("is_negative", "codes"), [(False, set()), (True, {"colours_inverted"})])
def test_inverted_colours_are_told(data, workspace, tmp_path, is_negative, codes):
    clip = encoded_again(
        data / "walks" / "p14s3.mp4",
        tmp_path / "clip.mp4",
        image=(lambda image: 255 - image) if is_negative else None,
        keeps=lambda number: 20 <= number < 60,
    )
    track = extract_track(clip, PoseSettings(), workspace=workspace, use_cache=False).track
    found = [warning for warning in frame_warnings(track) if warning.code.startswith("colours")]
    assert {warning.code for warning in found} == codes
    assert all(warning.blocking for warning in found)
