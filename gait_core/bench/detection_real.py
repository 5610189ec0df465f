"""The real walks: five people as a reference group, their second recordings, acted abnormal walks, strangers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.baseline.fit import PersonFitter, relative_scores, typical_score
from gait_core.baseline.pretrained import Pretrained
from gait_core.baseline.thresholds import compute_thresholds, level_of
from gait_core.bench.common import Table
from gait_core.bench.linear import LinearBaseline
from gait_core.config import FeatureSettings, ThresholdSettings, profile_named
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workspace import Workspace

__all__ = ["real_walks"]

_PEOPLE = (1, 3, 6, 9, 14)
_LATER = (
    *((f"walks/p{n}s3.mp4", "same people, second recording", True) for n in _PEOPLE),
    ("abnormal/normal_01.mp4", "stranger, normal", True),
    ("other/marche-manon.mp4", "stranger, normal, hand-held", True),
    ("other/sports2d_demo.mp4", "stranger, normal, outdoors", True),
    ("abnormal/slouch_01.mp4", "stranger, acted slouch", False),
    ("abnormal/circumduction_03.mp4", "stranger, acted circumduction", False),
)


def real_walks(
    fitter: PersonFitter,
    pretrained: Pretrained,
    data: Path,
    workspace: Workspace,
    settings: FeatureSettings,
    reporter: Reporter,
) -> tuple[dict[str, float], Table]:
    """Score the real walks against the group baseline of the five first recordings.

    Parameters
    ----------
    fitter : PersonFitter
    pretrained : Pretrained
    data : Path
        Folder with ``walks/``, ``abnormal/`` and ``other/``; later walks that are missing are left out.
    workspace : Workspace
        Its cache keeps the landmarks.
    settings : FeatureSettings
    reporter : Reporter

    Returns
    -------
    figures : dict of str to float
        ``real_watch_limit``; ``real_second_recordings_normal``, how many second recordings of the group stay normal, of
        at most five; where walks of both kinds were scored ``real_gap``, from the highest normal score to the lowest
        abnormal one, in SD of the log of normal scores, negative where they overlap, and ``real_gap_linear``, the same
        of a linear reconstruction.
    table : Table
        One row for each later walk.

    Raises
    ------
    InputError
        When one of the five first recordings is missing.
    """
    firsts = [data / f"walks/p{n}s1.mp4" for n in _PEOPLE]
    missing = [path for path in firsts if not path.is_file()]
    if missing:
        raise InputError(f"Expected real walks in {data}, but {missing[0].name} is not there.", "Name another folder.")
    pose = profile_named("balanced").pose_settings()
    later = [(data / path, what, normal) for path, what, normal in _LATER if (data / path).is_file()]
    walks = prepare_walks([*firsts, *(path for path, _, _ in later)], pose, settings, workspace, reporter)
    own = [walk.windows.stacked() for walk in walks[: len(firsts)] if isinstance(walk, PreparedWalk)]
    fitted = fitter.fit(own, reporter.without_events())
    scores = relative_scores(fitted)
    thresholds = compute_thresholds(scores, ThresholdSettings(), pretrained.reference_for(len(own)))
    linear = LinearBaseline(own)
    rows: list[list[Any]] = []
    normal_scores: list[float] = []
    abnormal_scores: list[float] = []
    linear_ratio: dict[bool, list[float]] = {True: [], False: []}
    for (path, what, normal), walk in zip(later, walks[len(firsts) :], strict=True):
        if not isinstance(walk, PreparedWalk):
            rows.append([path.name, what, "–", "refused", "–"])
            continue
        windows = walk.windows.stacked()
        score = fitted.scorer.score(windows).overall / typical_score(fitted)
        error = linear.score(windows)
        (normal_scores if normal else abnormal_scores).append(score)
        linear_ratio[normal].append(error)
        rows.append([path.name, what, score, level_of(score, thresholds), error])
    figures = {
        "real_watch_limit": thresholds.watch,
        "real_second_recordings_normal": float(
            sum(row[3] == "normal" for row in rows if row[1] == "same people, second recording")
        ),
    }
    if normal_scores and abnormal_scores:
        # How far the mildest abnormal walk stands off the strangest normal one, in SD of the log of normal ones.
        figures["real_gap"] = _gap(normal_scores, abnormal_scores)
        figures["real_gap_linear"] = _gap(linear_ratio[True], linear_ratio[False])
    columns = ["walk", "what", "score", "level", "linear error"]
    return figures, Table(title=f"Real walks (watch from {thresholds.watch:.2f})", columns=columns, rows=rows)


def _gap(normal: list[float], abnormal: list[float]) -> float:
    logs = np.log(normal)
    return (math.log(min(abnormal)) - float(logs.max())) / float(logs.std(ddof=1))
