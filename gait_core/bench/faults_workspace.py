"""A small workspace with one of every kind of result, made by the library itself, for the bench of faults.

The landmarks of its walks are simulated and put where the pose model would have put them, so that everything after the
pose model runs as it does for a video that was analysed before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.cache import ArrayCache
from gait_core.config import profile_named
from gait_core.pose.extracted import TRACK_KIND, track_address
from gait_core.progress import silent
from gait_core.recognition.batching import Embedding
from gait_core.recognition.gallery.entries import Enrolment, ModelIdentity
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import observe
from gait_core.simulate.walker import sample_person, walk
from gait_core.video.encode import VideoWriter
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workflows.analyse import analyse_walks
from gait_core.workflows.baseline_request import BaselineRequest
from gait_core.workflows.create_baseline import create_baseline
from gait_core.workflows.measure import MeasureRequest, measure_walks
from gait_core.workspace import Workspace

__all__ = ["SUBJECT", "enrolment", "fill_workspace", "walk_video"]

SUBJECT: Final = "P-014"
PROFILE: Final = "balanced"
_PERSON: Final = 7_100_033
_RATE_HZ: Final = 30.0
_SECONDS: Final = 8.0
_SIDE_PX: Final = (64, 48)
_BASELINE_WALKS: Final = 3


def walk_video(workspace: Workspace, folder: Path, number: int) -> Path:
    """Write a grey video and store the landmarks of a simulated walk as those of its frames.

    Parameters
    ----------
    workspace : Workspace
    folder : Path
    number : int
        Which walk.

    Returns
    -------
    Path
        The video.
    """
    camera = Camera(distance_m=8.0)
    truth = walk(sample_person(_PERSON), seed=number, fps=_RATE_HZ, duration_s=_SECONDS, camera=camera)
    track = observe(truth, seed=number)
    path = folder / f"walk_{number}.mp4"
    with VideoWriter(path, *_SIDE_PX, _RATE_HZ) as video:
        for frame, time_s in enumerate(track.time_s):
            grey = (40 * number + frame) % 256
            video.write(np.full((_SIDE_PX[1], _SIDE_PX[0], 3), grey, np.uint8), float(time_s - track.time_s[0]))
    info = probe(path, MetadataCache.of(workspace))
    address = track_address(info, profile_named(PROFILE).pose_settings())
    meta = track.with_(info={**track.info, "source_content_sha256": info.content_sha256}).to_meta()
    ArrayCache.of(workspace).put(TRACK_KIND, address, track.to_arrays(), meta)
    return path


def fill_workspace(root: Path) -> dict[str, Any]:
    """Make a baseline, an analysis, a measurement and a gallery in an empty workspace.

    Parameters
    ----------
    root : Path

    Returns
    -------
    dict
        ``videos``, ``baseline``, ``analysis``, ``measurement`` and ``gallery``: paths and identifiers.
    """
    workspace = Workspace(root / "workspace")
    folder = root / "videos"
    folder.mkdir(parents=True)
    videos = [str(walk_video(workspace, folder, number)) for number in range(1, _BASELINE_WALKS + 2)]
    request = BaselineRequest(videos=videos[:_BASELINE_WALKS], subject=SUBJECT, profile=PROFILE)
    baseline = str(create_baseline(request, workspace, silent())["baseline_id"])
    analysed = analyse_walks(videos[-1:], baseline, workspace, silent(), overlay=False, classify=False)
    measured = measure_walks(MeasureRequest(videos=videos[-1:], subject=SUBJECT, profile=PROFILE), workspace, silent())
    gallery = Gallery.create(workspace, "Clinic")
    gallery.enrol(enrolment(1), enrolment(2))
    return {
        "videos": videos,
        "baseline": baseline,
        "analysis": str(analysed["walks"][0]["analysis_id"]),
        "measurement": str(measured["walks"][0]["measurement_id"]),
        "gallery": gallery.id,
    }


def enrolment(number: int) -> Enrolment:
    """Return a walk to be enrolled, its embedding drawn at random.

    Parameters
    ----------
    number : int
        Of the person, and seed of the embedding.

    Returns
    -------
    Enrolment
    """
    parts = np.random.default_rng(number).normal(size=(24, 4)).astype(np.float32)
    vector = (parts / np.linalg.norm(parts, axis=0, keepdims=True)).ravel() / 2.0
    return Enrolment(
        subject=f"person-{number}",
        source=f"walk_{number}.mp4",
        view="side",
        model=ModelIdentity(name="bench", digest="0123456789abcdef"),
        embedding=Embedding(index=0, n_frames=30, parts=parts, vector=vector.astype(np.float32), logits=None),
        consent="simulated",
        quality=0.9,
    )
