"""Writes job, baseline and analysis folders by hand, in the documented format, for tests and for looking."""

from __future__ import annotations

import time
import zlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

from gait_core.baseline.analyses import AnalysisSummary
from gait_core.baseline.calibration import Calibration
from gait_core.baseline.conditions import Conditions
from gait_core.baseline.norms import Norms
from gait_core.baseline.store import ValidationScores
from gait_core.baseline.thresholds import compute_thresholds
from gait_core.cache import ArrayCache
from gait_core.cache.archive import save_arrays
from gait_core.config import FeatureSettings, ThresholdSettings
from gait_core.gait.features import FEATURE_NAMES
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.pose.track import Track
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import observe
from gait_core.simulate.walker import sample_person, walk
from gait_core.video.encode import VideoWriter
from gait_core.walks.measurements import MeasuredWalk, save_measurement
from gait_core.workspace import Workspace, write_json

JOINTS = ["left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "trunk", "arms"]


def videos(folder: Path, count: int = 5) -> list[str]:
    """Make small videos of two grey frames, each with other bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for i in range(count):
        path = folder / f"walk_{i + 1}.mp4"
        head = _grey_video()
        size = 40_000 + i - len(head)
        path.write_bytes(head + size.to_bytes(4, "big") + b"free" + bytes([i]) * (size - 8))
        paths.append(str(path))
    return paths


@cache
def _grey_video() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "grey.mp4"
        with VideoWriter(path, 64, 48, 30.0) as video:
            for number in range(2):
                video.write(np.full((48, 64, 3), 128, np.uint8), number / 30.0)
        return path.read_bytes()


def _number_of(text: str) -> int:
    """Return a number for a text, the same in every process: `hash` is not."""
    return zlib.crc32(text.encode())


def job(
    workspace: Workspace,
    state: str,
    *,
    kind: str = "baseline",
    job_id: str | None = None,
    title: str = "Baseline of P-017",
    params: dict[str, Any] | None = None,
    stage: str = "extract",
    result: dict[str, Any] | None = None,
    error: dict[str, str] | None = None,
    created_s: float | None = None,
    epochs: int = 0,
    warnings: list[str] | None = None,
    alive: bool = True,
) -> str:
    """Write one job folder; an active one is backed by this very process, so that it counts as alive."""
    created_s = created_s or time.time() - 60
    job_id = (
        job_id or f"{kind.replace('_', '-')}-20260101-000000-{_number_of(f'{kind} {state} {created_s}') % 0xFFFFFF:06x}"
    )
    folder = workspace.jobs / job_id
    own = psutil.Process()
    order = ["probe", "extract", "features", "train", "thresholds"]
    ended = state not in ("queued", "running", "cancelling")
    stages = []
    for name in order[: order.index(stage) + 1] if stage in order and state != "queued" else []:
        last = name == stage
        stages.append(
            {
                "name": name,
                "state": ("done" if not last or state == "done" else state if ended else "running"),
                "started_s": created_s,
                "duration_s": None if last and state != "done" else 4.2 + 11 * order.index(name),
            }
        )
    items = []
    if state != "queued" and kind == "baseline":
        for i, (done, item_state) in enumerate(
            [(152, "cached"), (152, "done"), (98, "running"), (31, "running"), (0, "waiting")], start=1
        ):
            over = stage != "extract" or state == "done"
            items.append(
                {
                    "name": f"walk_{i}.mp4",
                    "state": ("cached" if i == 1 else "done") if over else (state if ended and i > 2 else item_state),
                    "done": 152.0 if over else float(done),
                    "total": 152.0,
                    "unit": "frames",
                    "rate_per_s": 18.4,
                    "eta_s": 3.0 + 2 * i,
                    "message": "",
                }
            )
    status = {
        "state": "running" if state in ("crashed", "cancelling") else state,
        "stage": "" if state == "queued" else stage,
        "message": "",
        "done": 433.0 if stage == "extract" else float(epochs or 3),
        "total": 760.0 if stage == "extract" else 5.0,
        "unit": "frames" if stage == "extract" else "epochs",
        "rate_per_s": 36.2,
        "eta_s": 12.0 if not ended else None,
        "items": items,
        "stages": stages,
        "warnings": warnings or [],
        "error": error,
        "pid": 1 if state == "crashed" or not alive else own.pid,
        "pid_started_s": 0.0 if state == "crashed" or not alive else own.create_time(),
        "peak_memory_bytes": 812_000_000,
        "started_s": None if state == "queued" else created_s + 1,
        "ended_s": created_s + 96 if ended and state != "crashed" else None,
        "heartbeat_s": time.time() + 3600 if not ended else created_s + 50,
    }
    write_json(folder / "status.json", status)
    spec = {"id": job_id, "kind": kind, "title": title, "params": params or {}, "created_s": created_s}
    write_json(folder / "spec.json", spec)
    lines = [
        f'{{"kind": "epoch", "stage": "train", "done": {e}, "total": 5, "unit": "epochs", "data": '
        f'{{"epoch": {e}, "loss": {0.21 / e + 0.05:.4f}, "val_loss": {0.19 / e + 0.07:.4f}}}}}'
        for e in range(1, epochs + 1)
    ]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n" if lines else "")
    (folder / "log.txt").write_text("2026-01-01 00:00:00 INFO gait_core.jobs.run start baseline\n" * 6)
    if state == "cancelling":
        (folder / "cancel").touch()
    if result is not None:
        write_json(folder / "result" / "result.json", result)
    return job_id


def baseline(
    workspace: Workspace,
    baseline_id: str = "p-017-20260101-000000-abc123",
    subject: str = "P-017",
    *,
    kept: str = "fine-tuned",
    created_s: float | None = None,
) -> str:
    """Write one baseline folder."""
    generator = np.random.default_rng(7)
    names = [f"walk_{i}.mp4" for i in range(1, 6)]
    scores = np.array([0.94, 1.05, 0.98, 1.11, 0.91])
    windows = [score * generator.lognormal(0.0, 0.16, 38) for score in scores]
    validation = ValidationScores(
        walk_names=names,
        walk_scores=scores,
        window_scores=windows,
        window_time_s=[0.64 + 0.08 * np.arange(38) for _ in names],
        joint_scores=generator.normal(1.0, 0.12, (5, len(JOINTS))),
        joint_names=JOINTS,
    )
    folder = workspace.baseline_folder(baseline_id)
    settings = ThresholdSettings(method="mean_sd")
    write_json(folder / "thresholds.json", compute_thresholds(scores, settings).to_dict())
    write_json(folder / "calibration.json", _calibration().to_dict())
    save_arrays(folder / "validation.npz", validation.to_arrays())
    walks = [
        {"name": name, "path": f"/videos/{name}", "frames": 152, "detection_rate": 0.99 - 0.01 * i, "warnings": []}
        for i, name in enumerate(names)
    ]
    write_json(
        folder / "manifest.json",
        {
            "id": baseline_id,
            "subject": subject,
            "created_s": created_s or time.time() - 7200,
            "profile": "balanced",
            "walks": walks,
            "training": {
                "mode": "fine-tuned",
                "cell": "gru",
                "epochs": 5,
                "val_loss": 0.0712,
                "start_val_loss": 0.0755,
                "kept": kept,
                "stopped_early": "",
                "note": "Fine-tuned for 5 epochs; the error on held-out walks fell by 5.7 % to 0.0712."
                if kept == "fine-tuned"
                else "Fine-tuning did not help on held-out walks: the pre-trained model is kept.",
            },
        },
    )
    return baseline_id


def _calibration() -> Calibration:
    n = len(FEATURE_NAMES)
    return Calibration(
        fps=30.0,
        speed_mps=None,
        scale_input=ScaleInput(),
        leg_length_px=(210.0,) * 5,
        feature_names=tuple(FEATURE_NAMES),
        feature_mean=(0.0,) * n,
        feature_sd=(1.0,) * n,
        residual_scale=(1.0,) * n,
        typical_score=0.8,
        typical_window=0.9,
        window_limit=1.38,
        typical_by_feature=np.ones(n),
        windows=FeatureSettings(),
        conditions=Conditions(visible_sides=("left", "right"), frame_rate_hz=(30.0, 30.0), view_deg=(0.0, 4.0)),
    )


def baseline_result(baseline_id: str) -> dict[str, Any]:
    """Return the result of the job that made a baseline."""
    return {
        "baseline_id": baseline_id,
        "walks": [
            {"path": f"/videos/walk_{i}.mp4", "frames": 152, "detection_rate": 0.99, "cached": i == 1, "warnings": []}
            for i in range(1, 6)
        ],
        "timing_s": {"probe": 0.4, "extract": 31.0, "features": 1.2, "train": 22.5, "thresholds": 0.3, "total": 55.4},
        "training": {"mode": "fine-tuned", "cell": "gru", "epochs": 5, "val_loss": 0.0712},
        "thresholds": {"watch": 1.16, "alert": 1.24, "method": "mean_sd"},
        "artefacts": {},
    }


def analysis(
    workspace: Workspace,
    baseline_id: str,
    analysis_id: str = "walk-20260102-000000-aaaaaa",
    *,
    level: str | None = "alert",
    score: float = 2.31,
    name: str = "visit_2.mp4",
    subject: str = "P-017",
    created_s: float | None = None,
    warnings: list[dict[str, Any]] | None = None,
    overlay: bytes | None = None,
    measurement_id: str = "",
) -> str:
    """Write one analysis folder."""
    generator = np.random.default_rng(_number_of(analysis_id) % 1000)
    time_s = 0.64 + 0.08 * np.arange(52)
    shape = 1 + (score - 1) * (0.7 + 0.5 * np.sin(time_s * 2.1))
    joints = {name: 1.0 + (score - 1) * weight for name, weight in zip(JOINTS, _WEIGHTS, strict=True)}
    moments = 0.04 * np.arange(120)
    wave = 0.6 + 0.5 * np.abs(np.sin(moments * 3.0))
    per_joint = np.array([value * wave for value in joints.values()]).T * generator.lognormal(0, 0.1, (120, 8))
    summary = AnalysisSummary(
        id=analysis_id,
        baseline_id=baseline_id,
        subject=subject,
        name=name,
        path=f"/videos/{name}",
        content_sha256="0" * 64,
        created_s=created_s or time.time() - 600,
        level=level,
        score=score,
        share_over_threshold=0.62 if score > 1.3 else 0.03,
        joints=joints,
        warnings=warnings or [],
        thresholds={"watch": 1.16, "alert": 1.24, "method": "mean_sd"},
        measurement_id=measurement_id,
    )
    folder = workspace.analysis_folder(analysis_id)
    write_json(folder / "analysis.json", summary.to_dict())
    save_arrays(
        folder / "scores.npz",
        {
            "window_time_s": time_s,
            "window_scores": shape * generator.lognormal(0, 0.05, 52),
            "window_limit": np.array(1.45),
            "joint_time_s": moments,
            "joint_time_scores": per_joint,
            "joint_names": np.array(JOINTS),
        },
    )
    if overlay is not None:
        (folder / "overlay.mp4").write_bytes(overlay)
    return analysis_id


@cache
def _walked(seed: int, duration_s: float, metres: bool) -> tuple[Track, Measurement]:
    """Simulate and measure a walk of one person; each seed is another walk of theirs."""
    truth = walk(sample_person(1), seed=seed, fps=30.0, duration_s=duration_s, camera=Camera(distance_m=8.0))
    track = observe(truth, seed=seed)
    scale = ScaleInput(kind="height", value=truth.height_m) if metres else ScaleInput()
    return track, measure(motion_of(track), scale=scale)


def measurement(
    workspace: Workspace,
    measurement_id: str = "walk-20260102-000000-bbbbbb",
    *,
    subject: str = "P-017",
    name: str = "visit_2.mp4",
    seed: int = 1,
    metres: bool = True,
    duration_s: float = 8.0,
    landmarks: bool = True,
    path: str | None = None,
    content: str = "0" * 64,
    created_s: float | None = None,
) -> MeasuredWalk:
    """Measure a simulated walk and store it, with its landmarks in the cache."""
    track, found = _walked(seed, duration_s, metres)
    walk_of = MeasuredWalk(
        id=measurement_id,
        subject=subject,
        name=name,
        path=path or f"/videos/{name}",
        content_sha256=content,
        created_s=created_s or time.time() - 500,
        track_address=f"{seed:02d}{int(duration_s):02d}" + "f" * 60,
        time_scale=1.0,
        profile="balanced",
        frame_rate_hz=30.0,
        measurement=found,
    )
    save_measurement(workspace, walk_of)
    if landmarks:
        ArrayCache.of(workspace).put("track", walk_of.track_address, track.to_arrays(), track.to_meta())
    return walk_of


def norms(workspace: Workspace, baseline_id: str) -> None:
    """Store what is usual for the person of a baseline: five more walks."""
    Norms.of([_walked(seed, 8.0, True)[1] for seed in range(11, 16)]).save(workspace.baseline_folder(baseline_id))


_WEIGHTS = (0.1, 0.5, 1.6, 0.3, 1.1, 0.2, 0.1, 0.05)


def demo_walks(workspace: Workspace) -> str:
    """Write a finished job that made demo walks."""
    made = videos(workspace.root / "demo")
    later = videos(workspace.root / "demo" / "later", 2)
    result = {
        "videos": made,
        "later": [
            {"path": later[0], "label": "normal", "pattern": None, "severity": 0.0},
            {"path": later[1], "label": "impaired", "pattern": "stiff_knee", "severity": 0.8},
        ],
    }
    return job(workspace, "done", kind="demo_walks", title="Five demo walks", stage="simulate", result=result)
