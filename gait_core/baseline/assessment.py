"""Compares one walk with a baseline: level, score, where in the body and when in the walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.calibration import Calibration
from gait_core.baseline.conditions import compare_conditions
from gait_core.baseline.norms import Norms
from gait_core.baseline.reconstruction import Scorer, WalkScore, by_part
from gait_core.baseline.store import StoredBaseline, load_baseline
from gait_core.baseline.thresholds import level_of
from gait_core.cache.archive import load_arrays
from gait_core.errors import StorageError, WalkWarning
from gait_core.gait.features import JOINTS, joint_label
from gait_core.gait.fingerprint import same_recording
from gait_core.gait.windows import Windows
from gait_core.walks.prepare import PreparedWalk
from gait_core.workspace import Workspace

__all__ = ["Assessment", "ScoringBaseline", "assess", "load_scorer"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """One walk against one baseline.

    Attributes
    ----------
    level : {"normal", "watch", "alert"} or None
        None when a warning forbids a verdict.
    score : float or None
        1 is typical of the person's own walks; None when a warning forbids a number.
    share_over_threshold : float or None
        Share of windows above what 95 % of the person's own windows stay below.
    joints : mapping of str to float
        Part of the body → deviation over the walk; 1 is typical.
    window_time_s, window_scores : ndarray, shape (n_windows,)
    window_limit : float
        What 95 % of the person's own windows stay below.
    joint_time_s : ndarray, shape (n_times,)
    joint_time_scores : ndarray, shape (n_times, n_joints)
        Deviation per moment and part of the body; 1 is typical.
    warnings : tuple of WalkWarning
    """

    level: str | None
    score: float | None
    share_over_threshold: float | None
    joints: dict[str, float]
    window_time_s: NDArray[np.float64]
    window_scores: NDArray[np.float64]
    window_limit: float
    joint_time_s: NDArray[np.float64]
    joint_time_scores: NDArray[np.float64]
    warnings: tuple[WalkWarning, ...]

    def with_doubts(self, doubts: Sequence[WalkWarning]) -> Self:
        """Return it with further warnings; one that blocks withholds level and score."""
        if not any(doubt.blocking for doubt in doubts):
            return replace(self, warnings=(*self.warnings, *doubts))
        return replace(
            self, level=None, score=None, share_over_threshold=None, joints={}, warnings=(*self.warnings, *doubts)
        )


def load_scorer(stored: StoredBaseline) -> Scorer:
    """Load what scoring needs; no training library is involved.

    Returns
    -------
    Scorer
        Weights, the person's own walks and the usual residuals.

    Raises
    ------
    NotFoundError
        When ``scorer.npz`` is missing.
    StorageError
        When the file is damaged or was written by another version.
    """
    path = stored.folder / "scorer.npz"
    try:
        return Scorer.from_arrays(load_arrays(path))
    except KeyError as error:
        raise StorageError(
            f"Expected {error.args[0]!r} in {path}, but this baseline was made by another version of Gait Studio.",
            "Create the baseline again from the same videos; their landmarks come from the cache.",
        ) from error


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoringBaseline:
    """Everything of a baseline that scoring needs; loaded once for any number of walks.

    Attributes
    ----------
    stored : StoredBaseline
    scorer : Scorer
    norms : Norms or None
        None for a baseline made before there were norms.
    """

    stored: StoredBaseline
    scorer: Scorer
    norms: Norms | None

    @classmethod
    def load(cls, workspace: Workspace, baseline_id: str) -> Self:
        """Load a baseline for scoring.

        Raises
        ------
        NotFoundError
            When there is none of that name.
        StorageError
            When it is damaged or was made by another version.
        """
        stored = load_baseline(workspace, baseline_id)
        return cls(stored=stored, scorer=load_scorer(stored), norms=Norms.load(stored.folder))


def assess(walk: PreparedWalk, baseline: ScoringBaseline) -> Assessment:
    """Compare a walk with a baseline.

    Parameters
    ----------
    walk : PreparedWalk
    baseline : ScoringBaseline

    Returns
    -------
    Assessment
        With the level and score withheld where the conditions forbid a verdict.
    """
    stored, scorer = baseline.stored, baseline.scorer
    calibration = stored.calibration
    warnings = (
        *walk.warnings,
        *_known(walk, stored),
        *compare_conditions(walk.features, calibration.conditions),
    )
    result = scorer.score(walk.windows.stacked())
    typical = calibration.typical_score
    window_scores = result.window_scores / calibration.typical_window
    limit = calibration.window_limit
    score = result.overall / typical
    times, by_joint = joint_deviation(result, walk.windows, calibration)
    names = [joint_label(joint, walk.features.visible_side) for joint in JOINTS]
    by_feature = result.by_feature() / calibration.typical_by_feature
    joints = dict(zip(names, by_part(by_feature).tolist(), strict=True))
    withheld = any(warning.blocking for warning in warnings)
    return Assessment(
        level=None if withheld else level_of(score, stored.thresholds),
        score=None if withheld else score,
        share_over_threshold=None if withheld else float(np.mean(window_scores > limit)),
        joints={} if withheld else joints,
        window_time_s=walk.windows.middle_s,
        window_scores=window_scores,
        window_limit=limit,
        joint_time_s=times,
        joint_time_scores=by_joint,
        warnings=warnings,
    )


def _known(walk: PreparedWalk, stored: StoredBaseline) -> tuple[WalkWarning, ...]:
    """Warn when the walk is one of those that the baseline was made from, or a copy of one in another file."""
    for known in stored.walks:
        if walk.content_sha256 == known.content_sha256:
            what = "This video is one of those that the baseline was made from"
        elif same_recording(walk.fingerprint, known.fingerprint):
            what = f"This recording is one of those that the baseline was made from ({known.name}), in another file"
        else:
            continue
        message = f"{what}, so it fits by construction. Analyse a later walk."
        return (WalkWarning(code="in_baseline", message=message),)
    return ()


def joint_deviation(
    result: WalkScore, windows: Windows, calibration: Calibration
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average the energy of overlapping windows at every moment.

    Returns
    -------
    time_s : ndarray, shape (n_times,)
    deviation : ndarray, shape (n_times, n_joints)
        Root mean energy per part of the body, 1 is typical; NaN where no window lies.
    """
    length = result.energy.shape[1]
    rate_hz = calibration.windows.rate_hz
    first_s = float(windows.start_s.min())
    starts = np.rint((windows.start_s - first_s) * rate_hz).astype(int)
    n = int(starts.max()) + length
    typical = calibration.typical_by_feature**2
    energy = result.energy / typical
    groups: Sequence[tuple[int, ...]] = list(JOINTS.values())
    by_joint = np.stack([energy[:, :, list(rows)].mean(axis=2) for rows in groups], axis=2)
    total = np.zeros((n, len(groups)))
    count = np.zeros(n)
    positions = starts[:, None] + np.arange(length)[None, :]
    np.add.at(total, positions, by_joint)
    np.add.at(count, positions, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.sqrt(total / count[:, None])
    return first_s + np.arange(n) / rate_hz, deviation
