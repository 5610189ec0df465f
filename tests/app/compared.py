"""A stored comparison of profiles made by hand, from simulated walks with known differences."""

from __future__ import annotations

import time

import numpy as np

from gait_core.cache.archive import save_arrays
from gait_core.compare.agreement import agreement, curve_differences, curve_means, gait_values
from gait_core.compare.comparison_store import COLLECTION
from gait_core.compare.profile_comparison import ProfileComparison, ProfileRun
from gait_core.config import PROFILES
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.pose.track import Track
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import observe
from gait_core.simulate.walker import sample_person, walk
from gait_core.workflows.compare_profiles import machine_facts
from gait_core.workspace import Workspace, write_json

__all__ = ["comparison_of_walk", "simulated", "store_comparison"]

SECONDS = {"fast": 3.1, "balanced": 4.4, "accurate": 8.8}


def simulated(seed: int = 1, noise_seed: int = 1) -> tuple[Track, Measurement]:
    """Return the landmarks of a simulated walk under some noise, and what is measured from them."""
    truth = walk(sample_person(1), seed=seed, fps=30.0, duration_s=6.0, camera=Camera(distance_m=8.0))
    track = observe(truth, seed=noise_seed)
    return track, measure(motion_of(track))


def comparison_of_walk(comparison_id: str = "walk-20260103-000000-cccccc", *, failed: str = "") -> ProfileComparison:
    """Return a comparison of the three built-in profiles."""
    reference, best = simulated()
    near = best.visible_side
    means = curve_means(best.curves, near)
    runs, curves = [], {}
    for number, (name, seconds) in enumerate(SECONDS.items()):
        profile = PROFILES[name]
        if name == failed:
            error = {"kind": "LibraryError", "message": "Expected OpenVINO.", "remedy": "Install it."}
            runs.append(ProfileRun(name=name, settings=profile.to_dict(), error=error))
            continue
        track, found = simulated(noise_seed=number + 1) if name != "accurate" else (reference, best)
        own = curve_means(found.curves, near)
        curves |= {f"{number}_{key}": values for key, values in own.items()}
        is_reference = name == "accurate"
        runs.append(
            ProfileRun(
                name=name,
                settings=profile.to_dict(),
                engine="openvino",
                precision="f32",
                frames=len(track),
                detection_rate=track.detection_rate,
                stages_s={"start": 2.0, "probe": 0.1, "decode": 0.2, "pose": seconds - 0.6, "measure": 0.3},
                frames_per_s=len(track) / seconds,
                peak_bytes=450 * 1024**2,
                agreement=None if is_reference else agreement(track, reference, near),
                values=gait_values(found),
                curve_difference_deg={} if is_reference else curve_differences(own, means),
            )
        )
    return ProfileComparison(
        id=comparison_id,
        created_s=time.time() - 300,
        name="visit_2.mp4",
        path="/videos/visit_2.mp4",
        content_sha256="0" * 64,
        duration_s=6.0,
        frame_rate_hz=30.0,
        width_px=1280,
        height_px=720,
        near=near,
        reference="accurate" if failed != "accurate" else "balanced",
        runs=tuple(runs),
        machine=machine_facts(),
        curves={key: np.asarray(values) for key, values in curves.items()},
    )


def store_comparison(
    workspace: Workspace, comparison: ProfileComparison | None = None, video: bytes = b""
) -> ProfileComparison:
    """Store a comparison as its job does."""
    comparison = comparison or comparison_of_walk()
    folder = workspace.entry(COLLECTION, comparison.id)
    write_json(folder / "comparison.json", comparison.to_dict())
    save_arrays(folder / "curves.npz", comparison.curves)
    for number, run in enumerate(comparison.runs):
        if video and run.error is None:
            (folder / f"overlay_{number}.mp4").write_bytes(video)
    return comparison
