"""Reports of simulated walks, for the tests of the report: with and without baseline, and at their worst."""

from dataclasses import replace
from functools import cache

import numpy as np
from measured_walks import measured

from gait_core.baseline.findings import BaselineComparison
from gait_core.errors import WalkWarning
from gait_core.gait.change import changes
from gait_core.gait.cleaning import Repair
from gait_core.gait.deviation import band_of, gait_variable_scores, z_curves
from gait_core.gait.events.gait_events import Rejection
from gait_core.gait.gate import Check
from gait_core.report.document.content import build_report
from gait_core.report.document.source import ReportSource
from gait_core.video.encode import VideoWriter

PARTS = (
    "right hip",
    "left hip",
    "right knee",
    "left knee",
    "right ankle and foot",
    "left ankle and foot",
    "right step",
    "left step",
    "pelvis",
    "trunk",
    "head",
    "right arm",
    "left arm",
)
CREATED_S = 1_760_000_000.0


def source(path=None, name="visit.mp4", seed=1, with_track=True):
    _, motion, _ = measured(seed)
    track = motion.track.with_(info={**motion.track.info, "model_sha256": "ab" * 32}) if with_track else None
    return ReportSource(name=name, path=path, content_sha256="cd" * 32, track=track)


def video_of(path, seed=1):
    """Write a video of coarse noise as long as the walk, in which a blurred place shows."""
    _, motion, _ = measured(seed)
    track, generator = motion.track, np.random.default_rng(7)
    pixels = generator.integers(0, 256, (track.height_px // 2, track.width_px // 2, 3), dtype=np.uint8)
    pixels = pixels.repeat(2, axis=0).repeat(2, axis=1)
    with VideoWriter(path, pixels.shape[1], pixels.shape[0], track.frame_rate_hz) as video:
        for time_s in track.time_s:
            video.write(pixels, float(time_s - track.time_s[0]))
    return path


@cache
def compared(level="alert", seed=1, size=3.2):
    """Return a comparison with the walks of the same person."""
    _, _, visit = measured(seed)
    walks = [measured(seed, direction=1, duration_s=duration_s)[2] for duration_s in (5.0, 6.0, 7.0)]
    before = [{**walk.parameters, **walk.key_values} for walk in walks]
    bands = band_of([walk.curves for walk in walks])
    joints = dict.fromkeys(PARTS, 1.0) | {"right knee": size, "right step": 1.0 + 0.3 * size}
    profile = np.exp(-(((np.arange(101) - 70) / 8) ** 2))
    return BaselineComparison(
        baseline_id="person-20260101-000000-abcdef",
        subject="person",
        n_walks=len(walks),
        level=level,
        score=None if level is None else 2.0,
        share_over_threshold=0.4,
        watch=1.3,
        alert=1.6,
        joints={} if level is None else joints,
        phase_joints={part: value + profile for part, value in joints.items()},
        bands=bands,
        z=z_curves(visit.curves, bands),
        map_deg=gait_variable_scores(visit.curves, bands),
        changes=(
            *changes(visit.parameters, before),
            *changes(visit.key_values, before, sides=("left", "right")),
        ),
    )


def report(baseline=None, subject="Patient 7", with_scale=True, **given):
    _, _, measurement = measured(1, with_scale)
    return build_report(
        measurement,
        subject=subject,
        source=given.pop("source", source()),
        created_s=CREATED_S,
        baseline=baseline,
        **given,
    )


def worst(path=None, text="<b>Ünïcödé & “quotes” المريض</b> "):
    """Return the fullest report there can be: every text long, every part of the body marked, everything left out."""
    _, _, measurement = measured(1)
    long = text * 9
    checks = tuple(
        Check(name=f"check_{k}", label=text * 3, state=state, figure=1.0, unit="", sentence=long, advice=long)
        for k, state in enumerate(("good", "poor", "unusable", "poor", "poor", "good", "not_measured", "good") * 2)
    )
    full = replace(
        measurement,
        checks=checks,
        warnings=tuple(WalkWarning(code=f"odd_{k}", message=long, blocking=k == 1) for k in range(5)),
        rejections=tuple(
            Rejection(start_s=k, end_s=k + 1, side="left", code="order", reason=f"{k} {long}") for k in range(6)
        ),
        repairs=tuple(
            Repair(
                kind=kind, start_s=0.0, end_s=1.0, frames=(k, k + 1), side=None, landmarks=("left_knee",), sentence=long
            )
            for kind in ("swap", "blend", "outlier", "bone_length", "gap")
            for k in range(4)
        ),
    )
    everything = replace(
        compared("watch"), joints=dict.fromkeys(PARTS, 3.0), baseline_id=f"{'very-long-' * 8}id", n_walks=20
    )
    return build_report(
        full,
        subject=f"Dr. {'Wolfeschlegelsteinhausenbergerdorff' * 3} {text}",
        source=source(path, name=f"{'a_long_name_without_a_space_' * 8}.mp4"),
        created_s=CREATED_S,
        baseline=everything,
    )
