"""Ranges of real joints measured twice: in two recordings of a person, and in one recording encoded again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from gait_core.bench.altered_videos import altered_video
from gait_core.bench.common import Table
from gait_core.config import MeasureSettings, profile_named
from gait_core.errors import GaitError
from gait_core.gait.channels import other_side
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.pose.extract import ExtractedWalk, extract_many
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["reencoded_figures", "retest_figures"]

JOINTS: Final = ("hip", "knee", "ankle")
PLACES: Final = ("near", "far")
_ENCODED_AGAIN: Final = "encoded_again"


def retest_figures(measurements: Sequence[Measurement]) -> tuple[dict[str, float], Table]:
    """Compare the ranges of motion of two recordings of each person.

    Parameters
    ----------
    measurements : sequence of Measurement
        Two after each other of every person.

    Returns
    -------
    figures : dict
        ``retest_knee_within_deg`` and so on: mean absolute difference of the near leg's range, degrees;
        ``retest_far_knee_within_deg`` of the far leg's.
    table : Table
        Both ranges of every person.
    """
    figures: dict[str, float] = {}
    rows: list[list[Any]] = []
    for place in PLACES:
        for joint in JOINTS:
            ranges = np.array([_range_deg(one, joint, place) for one in measurements]).reshape(-1, 2)
            within = float(np.nanmean(np.abs(np.diff(ranges, axis=1))))
            figures[f"retest_{'' if place == 'near' else 'far_'}{joint}_within_deg"] = within
            rows.append([f"{place} {joint}", *(f"{a:.1f}, {b:.1f}" for a, b in ranges), within])
    columns = [
        "range, degrees",
        *(f"person {number + 1}" for number in range(len(measurements) // 2)),
        "mean difference",
    ]
    return figures, Table(title="Two recordings of each person", columns=columns, rows=rows)


def reencoded_figures(
    walks: Sequence[ExtractedWalk], settings: MeasureSettings, workspace: Workspace, reporter: Reporter
) -> dict[str, float]:
    """Encode walks again, and see how far the ranges of the near leg move.

    Parameters
    ----------
    walks : sequence of ExtractedWalk
    settings : MeasureSettings
    workspace : Workspace
        Its cache keeps the copies and their landmarks.
    reporter : Reporter

    Returns
    -------
    dict
        ``reencoded_knee_shift_deg`` and so on: the largest change over the walks, degrees.
    """
    folder = workspace.cache / "bench-metamorphic"
    with reporter.stage("reencoded", f"Encoding {len(walks)} walks again"):
        paths = [altered_video(walk.info, _ENCODED_AGAIN, folder, reporter) for walk in walks]
        copies = extract_many(paths, profile_named("balanced").pose_settings(), workspace=workspace, reporter=reporter)
    shifts: dict[str, list[float]] = {joint: [] for joint in JOINTS}
    for walk, copy in zip(walks, copies, strict=True):
        if isinstance(copy, GaitError):
            raise copy
        before, after = (measure(motion_of(one.track, settings), settings) for one in (walk, copy))
        for joint in JOINTS:
            shifts[joint].append(abs(_range_deg(after, joint, "near") - _range_deg(before, joint, "near")))
    return {f"reencoded_{joint}_shift_deg": float(np.nanmax(values)) for joint, values in shifts.items()}


def _range_deg(measurement: Measurement, joint: str, place: str) -> float:
    near = measurement.visible_side
    found = measurement.key_values.get(f"{joint}_rom_deg")
    summary = getattr(found, near if place == "near" else other_side(near)) if found is not None else None
    return float("nan") if summary is None else summary.mean
