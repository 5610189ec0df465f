"""Real walks measured twice: as they are, and mirrored, smaller, at another frame rate, legs exchanged, with a gap.

The first five changes are made in the video, and the pose model sees it again; the rest are made in the landmarks. The
copy that was only encoded again tells how far the parameters move when nothing is changed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from gait_core.bench.altered_videos import ALTERATIONS, altered_video
from gait_core.bench.common import Table
from gait_core.bench.metamorphic import (
    COMPARED,
    PHASES_COMPARED,
    Comparison,
    compare,
    mirrored_track,
    with_gap,
    with_legs_exchanged,
)
from gait_core.config import MeasureSettings, profile_named
from gait_core.errors import GaitError
from gait_core.gait.measurement import motion_of
from gait_core.pose.extract import ExtractedWalk, extract_many
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["LIMIT_PCT", "metamorphic_figures"]

LIMIT_PCT: Final = 2.0
SWAP_S: Final = 0.2
GAP_S: Final = 0.1
PLACES: Final = (1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6)
"""Where in a walk legs are exchanged or missing, share of its longest pass; one place at a time."""

Change = Callable[[Track, float], Track]
_IN_LANDMARKS: Final[Mapping[str, tuple[str, Change, Sequence[float]]]] = MappingProxyType(
    {
        "landmarks_mirrored": ("landmarks mirrored", lambda track, _: mirrored_track(track), PLACES[:1]),
        "legs_exchanged": (
            f"legs exchanged for {SWAP_S:g} s",
            lambda track, start_s: with_legs_exchanged(track, start_s, start_s + SWAP_S),
            PLACES,
        ),
        "gap": (f"gap of {GAP_S:g} s", lambda track, start_s: with_gap(track, start_s, start_s + GAP_S), PLACES),
    }
)
_SIDES_EXCHANGED: Final = ("mirrored", "landmarks_mirrored")


def metamorphic_figures(
    walks: Sequence[ExtractedWalk], settings: MeasureSettings, workspace: Workspace, reporter: Reporter
) -> tuple[dict[str, float], list[Table]]:
    """Change walks in ways that must not matter, and measure them again.

    Parameters
    ----------
    walks : sequence of ExtractedWalk
        The originals.
    settings : MeasureSettings
    workspace : Workspace
        Its cache keeps the changed videos and their landmarks.
    reporter : Reporter

    Returns
    -------
    figures : dict
        For each change ``real_metamorphic_<change>_pct``, the median absolute difference over walks and parameters of
        what was measured in both, ``…_within_pct``, the share within 2 %, and ``…_mean_pct``, the largest difference
        of a mean over all walks.
    tables : list of Table
    """
    found = _from_videos(walks, settings, workspace, reporter)
    with reporter.stage("metamorphic_landmarks", "Changing landmarks and measuring again"):
        for name, (_, change, places) in _IN_LANDMARKS.items():
            found[name] = []
            for walk in walks:
                reporter.check()
                found[name] += _from_landmarks(walk.track, name, change, places, settings)
    figures = {f"real_metamorphic_{key}": value for name in found for key, value in _figures(name, found[name]).items()}
    return figures, [_overview(found), _by_parameter(found)]


def _from_videos(
    walks: Sequence[ExtractedWalk], settings: MeasureSettings, workspace: Workspace, reporter: Reporter
) -> dict[str, list[Comparison | None]]:
    folder = workspace.cache / "bench-metamorphic"
    paths: list[Path] = []
    with reporter.stage("metamorphic_videos", f"Making {len(ALTERATIONS)} copies of {len(walks)} videos"):
        for name in ALTERATIONS:
            for walk in walks:
                paths.append(altered_video(walk.info, name, folder, reporter))
                reporter.progress("metamorphic_videos", len(paths), len(ALTERATIONS) * len(walks), "videos")
    pose = profile_named("balanced").pose_settings()
    changed = extract_many(paths, pose, workspace=workspace, reporter=reporter)
    found: dict[str, list[Comparison | None]] = {}
    for number, name in enumerate(ALTERATIONS):
        here = changed[number * len(walks) : (number + 1) * len(walks)]
        found[name] = [
            None if isinstance(copy, GaitError) else _compared(walk.track, copy.track, name, settings)
            for walk, copy in zip(walks, here, strict=True)
        ]
    return found


def _from_landmarks(
    track: Track, name: str, change: Change, places: Sequence[float], settings: MeasureSettings
) -> list[Comparison | None]:
    longest = max(motion_of(track, settings).used, key=lambda segment: segment.duration_s)
    moments = [longest.start_s + place * longest.duration_s for place in places]
    return [_compared(track, change(track, start_s), name, settings) for start_s in moments]


def _compared(original: Track, changed: Track, name: str, settings: MeasureSettings) -> Comparison | None:
    """Return the comparison; None where the changed walk cannot be measured, which the table counts."""
    try:
        return compare(original, changed, settings, sides_exchanged=name in _SIDES_EXCHANGED)
    except GaitError:
        return None


def _changes_pct(found: Sequence[Comparison | None], names: Sequence[str], *, common: bool = True) -> dict[str, Any]:
    """Return the differences of each parameter over both sides, %, one per comparison, signed."""
    parts = [one.common_pct if common else one.all_pct for one in found if one is not None]
    return {name: np.array([part[name, "both"] for part in parts if (name, "both") in part]) for name in names}


def _figures(name: str, found: Sequence[Comparison | None]) -> dict[str, float]:
    changes = _changes_pct(found, COMPARED)
    sizes = np.abs(np.concatenate(list(changes.values())))
    return {
        f"{name}_pct": float(np.median(sizes)) if len(sizes) else np.nan,
        f"{name}_within_pct": 100.0 * float(np.mean(sizes <= LIMIT_PCT)) if len(sizes) else np.nan,
        f"{name}_mean_pct": max((abs(float(part.mean())) for part in changes.values() if len(part)), default=np.nan),
    }


def _label(name: str) -> str:
    return ALTERATIONS[name].label if name in ALTERATIONS else _IN_LANDMARKS[name][0]


def _overview(found: Mapping[str, Sequence[Comparison | None]]) -> Table:
    rows: list[list[Any]] = []
    for name, comparisons in found.items():
        known = [one for one in comparisons if one is not None]
        everything = np.abs(np.concatenate(list(_changes_pct(known, COMPARED, common=False).values())))
        both = np.abs(np.concatenate(list(_changes_pct(known, COMPARED).values())))
        shifts_ms = 1000.0 * np.array([shift for one in known for shift in one.event_shifts_s])
        rows.append(
            [
                _label(name),
                "video" if name in ALTERATIONS else "landmarks",
                len(known),
                len(comparisons) - len(known),
                float(np.median(everything)),
                100.0 * float(np.mean(everything <= LIMIT_PCT)),
                float(np.median(both)),
                float(np.percentile(both, 90)),
                100.0 * float(np.mean(both <= LIMIT_PCT)),
                _figures(name, known)[f"{name}_mean_pct"],
                float(np.median(np.abs(shifts_ms))),
                float(np.mean(shifts_ms)),
                len(shifts_ms),
                sum(one.lost for one in known),
                sum(one.added for one in known),
            ]
        )
    columns = [
        *("change", "made in", "walks", "refused", "all: median %", "all: within 2 %, %"),
        *("same events: median %", "90th percentile %", "within 2 %, %", "largest change of a mean %"),
        *("event shift, median ms", "mean ms", "events in both", "lost", "new"),
    ]
    return Table(
        title=f"Changes that must not matter: {len(COMPARED)} parameters of each walk, both sides; then those of the "
        "events found in both",
        columns=columns,
        rows=rows,
    )


def _by_parameter(found: Mapping[str, Sequence[Comparison | None]]) -> Table:
    names = (*COMPARED, *PHASES_COMPARED)
    changes = {name: _changes_pct(comparisons, names) for name, comparisons in found.items()}
    rows: list[list[Any]] = []
    for parameter in names:
        values = [changes[name][parameter] for name in found]
        rows.append([parameter, *(float(np.median(np.abs(part))) if len(part) else np.nan for part in values)])
    return Table(
        title="Median absolute difference of each parameter, %, of the events found in both",
        columns=["parameter", *(_label(name) for name in found)],
        rows=rows,
    )
