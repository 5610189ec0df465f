"""Whether the fast baseline is as good as the slow one: its error on the held-out walk, its levels of later walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.baseline.pretrained import load_pretrained
from gait_core.bench.common import Table
from gait_core.bench.processes import run_gait
from gait_core.cache.archive import load_arrays
from gait_core.progress import Reporter

__all__ = ["Quality", "judge", "levels_of"]

Walk = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Both baselines side by side.

    Attributes
    ----------
    val_loss_before, val_loss_now : float
        Mean squared error on the last walk, which neither had seen, in units of the reference cohort's SD.
    levels_before, levels_now : list of dict
        Entries of ``analyse --json``.
    """

    val_loss_before: float
    val_loss_now: float
    levels_before: list[Walk]
    levels_now: list[Walk]

    def figures(self) -> dict[str, float]:
        """Return the figures."""
        same = [a["level"] == b["level"] for a, b in zip(self.levels_before, self.levels_now, strict=True)]
        return {
            "val_loss_before": self.val_loss_before,
            "val_loss_now": self.val_loss_now,
            "same_levels": float(np.mean(same)),
        }

    def tables(self, names: Sequence[str]) -> list[Table]:
        """Return the levels of the test walks."""
        rows = [
            [name, a["level"], a["score"], b["level"], b["score"]]
            for name, a, b in zip(names, self.levels_before, self.levels_now, strict=True)
        ]
        columns = ["walk", "level before", "score before", "level now", "score now"]
        return [Table(title="Test walks against both baselines", columns=columns, rows=rows)]


def judge(
    before: Mapping[str, Any], now: Mapping[str, Any], levels_before: list[Walk], levels_now: list[Walk]
) -> Quality:
    """Compare two answers of ``baseline create --json`` over the same videos.

    Both networks are asked to reproduce the windows of the last walk, found by their own pipeline and held out of
    their training: before, of the one training there is; now, of the fold that leaves this walk out. Errors before are
    stored in units of the person's own SD, those now in the cohort's, and are brought to the cohort's.

    Parameters
    ----------
    before, now : mapping
        The two answers, the old way and the new way.
    levels_before, levels_now : list of dict
        As of `levels_of`, of the same later walks against each of the two baselines.

    Returns
    -------
    Quality
        Its `val_loss_now` is the smallest of the fold, the error before its first epoch included.
    """
    fold = now["training"]["folds"][-1]
    return Quality(
        val_loss_before=_loss_before(Path(before["artefacts"]["scorer"]), int(before["training"]["held_out"])),
        val_loss_now=min([fold["first_val_loss"], *fold["val_loss"]]),
        levels_before=levels_before,
        levels_now=levels_now,
    )


def _loss_before(scorer: Path, held_out: int) -> float:
    arrays = load_arrays(scorer)
    missed = arrays["misses"][arrays["walk"] == held_out].astype(np.float64)
    return float(np.mean((missed * arrays["sd"] / load_pretrained("gru").sd) ** 2))


def levels_of(videos: Sequence[str], baseline_id: str, workspace: Path, reporter: Reporter) -> list[Walk]:
    """Run ``analyse --json`` on walks.

    Parameters
    ----------
    videos : sequence of str
    baseline_id : str
    workspace : Path
        Root of the workspace that holds the baseline.
    reporter : Reporter

    Returns
    -------
    list of dict
        ``level`` and ``score`` of each walk, both None for one that failed; the level is None also where it was
        withheld.
    """
    answer = run_gait(["analyse", *videos, "--baseline", baseline_id], workspace, reporter).json()
    return [{"level": walk.get("level"), "score": walk.get("score")} for walk in answer["walks"]]
