"""The two engines on the same videos: landmarks, frames found, gait events, and who is followed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gait_core.config import MeasureSettings, PoseSettings
from gait_core.gait.events.detect import detect_events
from gait_core.gait.measurement import motion_of
from gait_core.pose.engines import open_engine, resolved
from gait_core.pose.extract import extract_track
from gait_core.pose.parity import compare_tracks
from gait_core.pose.track import Track
from gait_core.runtime.cpu import has_fast_bf16
from gait_core.video.decode import iter_frames
from gait_core.workspace import Workspace
from tests.integration.conftest import Made

pytestmark = pytest.mark.slow
LIMITS = {"f32": (0.3, 1.5), "bf16": (0.5, 2.5)}
"""Median and 95th percentile of the distance to MediaPipe Tasks, % of the body height."""
WALKS = ["p1s1", "p3s3", "p9s1"]
HIPS = [23, 24]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("engines"))


def track(path: Path, store: Workspace, engine: str, precision: str = "f32") -> Track:
    settings = PoseSettings(engine=engine, precision=precision, target_fps=None, decoding="display")
    return extract_track(path, settings, workspace=store).track


def events_shared(reference: Track, other: Track) -> float:
    """Return the share of the events of one track that the other has within one frame."""
    found = [detect_events(motion_of(one), MeasureSettings()) for one in (reference, other)]
    frame_s = 1.01 / reference.frame_rate_hz
    near = [np.abs(found[1].times_s(event.side, event.kind) - event.time_s) for event in found[0].events]
    return float(np.mean([len(times) > 0 and times.min() <= frame_s for times in near]))


def assert_same(paths: list[Path], store: Workspace, precision: str) -> float:
    """Compare the engines on some clips together; return the share of events within one frame."""
    pairs = [(track(path, store, "mediapipe"), track(path, store, "openvino", precision)) for path in paths]
    parities = [compare_tracks(*pair) for pair in pairs]
    # Where the person walks in or out of the frame both engines guess, each in its own way.
    apart = np.concatenate([parity.in_view_pct.ravel() for parity in parities])
    median_pct, p95_pct = LIMITS[precision]
    assert np.median(apart) <= median_pct
    assert np.quantile(apart, 0.95) <= p95_pct
    assert min(parity.found_same for parity in parities) >= 0.98
    return float(np.mean([events_shared(*pair) for pair in pairs]))


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_real_walks(data: Path, store: Workspace, precision: str) -> None:
    if precision == "bf16" and not has_fast_bf16():
        pytest.skip("this CPU does not calculate in bf16")
    # MediaPipe itself moves one event in eight by more than a frame when pixels change by one grey level.
    assert assert_same([data / f"walks/{name}.mp4" for name in WALKS], store, precision) >= 0.75


def test_a_simulated_walk(made: Made, store: Workspace) -> None:
    assert assert_same([made.videos[0]], store, "f32") >= 0.75


def jumps(found: Track) -> int:
    """Return how often the hips move by more than a quarter of the body height from one frame to the next."""
    seen = found.position[found.detected]
    hips = seen[:, HIPS].mean(axis=1)
    height = np.median(np.ptp(seen[:, :, 1], axis=1))
    return int((np.linalg.norm(np.diff(hips, axis=0), axis=1) > 0.25 * height).sum())


@pytest.mark.parametrize("name", ["hostile/two_people_crossing.mp4", "other/street_walk.mp4"])
def test_with_a_second_person_it_stays_on_the_walker_at_least_as_well(data: Path, store: Workspace, name: str) -> None:
    reference, ours = (track(data / name, store, engine) for engine in ("mediapipe", "openvino"))
    assert jumps(ours) <= jumps(reference)
    assert ours.detection_rate >= reference.detection_rate - 0.02


@pytest.mark.parametrize("engine", ["openvino", "mediapipe"])
def test_masks_on_request(data: Path, engine: str) -> None:
    frame = next(iter(iter_frames(data / "walks/p3s1.mp4")))
    with open_engine(PoseSettings(engine=engine)) as plain:
        found = plain.detect(frame.pixels, frame.time_s)
        assert found is not None
        assert found.mask is None
    with open_engine(PoseSettings(engine=engine), masks=True) as masking:
        found = masking.detect(frame.pixels, frame.time_s)
    assert found is not None
    assert found.mask is not None
    mask = found.mask.on_frame(frame.pixels.width_px, frame.pixels.height_px)
    assert mask.shape == (frame.pixels.height_px, frame.pixels.width_px)
    # The trunk is inside, the upper corners are not.
    trunk = found.position[[11, 12, 23, 24]].mean(axis=0) * mask.shape[::-1]
    assert mask[int(trunk[1]), int(trunk[0])] > 0.9
    assert mask[:40, :40].max() < 0.1
    assert mask[:40, -40:].max() < 0.1


def test_masks_of_both_engines_are_the_same(data: Path) -> None:
    frame = next(iter(iter_frames(data / "walks/p3s1.mp4")))
    masks = []
    for engine in ("openvino", "mediapipe"):
        with open_engine(PoseSettings(engine=engine), masks=True) as opened:
            found = opened.detect(frame.pixels, frame.time_s)
        assert found is not None
        assert found.mask is not None
        masks.append(found.mask.on_frame(frame.pixels.width_px, frame.pixels.height_px) > 0.5)
    both, either = (masks[0] & masks[1]).sum(), (masks[0] | masks[1]).sum()
    assert both / either > 0.97


def test_auto_is_the_faster_engine_here() -> None:
    assert resolved(PoseSettings()).engine == "openvino"
    assert resolved(PoseSettings(precision="auto")).precision == ("bf16" if has_fast_bf16() else "f32")
    assert resolved(PoseSettings(engine="mediapipe", precision="bf16")).precision == "f32"
