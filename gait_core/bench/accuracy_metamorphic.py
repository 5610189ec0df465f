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
from numpy.typing import NDArray

from gait_core.bench.altered_videos import ALTERATIONS, altered_video
from gait_core.bench.common import Table
from gait_core.bench.metamorphic import (
    COMPARED,
    FEET,
    PHASES,
    SHOWN_BESIDE,
    STEPS,
    Comparison,
    compare,
    mirrored_track,
    with_gap,
    with_legs_exchanged,
)
from gait_core.config import MeasureSettings, profile_named
from gait_core.errors import GaitError
from gait_core.gait.events.gait_events import KINDS
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

Array = NDArray[np.float64]
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
        For each change, of the parameters of the events found in both walks: ``real_metamorphic_<change>_pct``, the
        median absolute difference over walks and parameters; ``…_within_pct``, the share within 2 %, and the same for
        parameters between contacts (``…_steps_within_pct``) and between contact and foot off
        (``…_phases_within_pct``); ``…_mean_pct``, the largest difference of the mean over all walks.
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
    return figures, [_overview(found), _by_parameter(found), _by_event(found)]


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


def _changes_pct(found: Sequence[Comparison | None], names: Sequence[str], *, common: bool = True) -> dict[str, Array]:
    """Return the differences of each parameter over both sides, %, one per comparison, signed."""
    parts = [one.common_pct if common else one.all_pct for one in found if one is not None]
    return {name: np.array([part[name, "both"] for part in parts if (name, "both") in part]) for name in names}


def _figures(name: str, found: Sequence[Comparison | None]) -> dict[str, float]:
    changes = _changes_pct(found, COMPARED)
    return {
        f"{name}_pct": _median(_sizes(changes, COMPARED)),
        f"{name}_within_pct": _within_pct(_sizes(changes, COMPARED)),
        f"{name}_steps_within_pct": _within_pct(_sizes(changes, STEPS)),
        f"{name}_phases_within_pct": _within_pct(_sizes(changes, PHASES)),
        f"{name}_mean_pct": max((abs(float(part.mean())) for part in changes.values() if len(part)), default=np.nan),
    }


def _sizes(changes: Mapping[str, Array], names: Sequence[str]) -> Array:
    return np.asarray(np.abs(np.concatenate([changes[name] for name in names])))


def _median(sizes: Array) -> float:
    return float(np.median(sizes)) if len(sizes) else np.nan


def _within_pct(sizes: Array) -> float:
    return 100.0 * float(np.mean(sizes <= LIMIT_PCT)) if len(sizes) else np.nan


def _label(name: str) -> str:
    return ALTERATIONS[name].label if name in ALTERATIONS else _IN_LANDMARKS[name][0]


def _overview(found: Mapping[str, Sequence[Comparison | None]]) -> Table:
    rows: list[list[Any]] = []
    for name, comparisons in found.items():
        known = [one for one in comparisons if one is not None]
        everything = _sizes(_changes_pct(known, COMPARED, common=False), COMPARED)
        both = _sizes(_changes_pct(known, COMPARED), COMPARED)
        rows.append(
            [
                _label(name),
                "video" if name in ALTERATIONS else "landmarks",
                len(known),
                len(comparisons) - len(known),
                sum(one.lost for one in known),
                sum(one.added for one in known),
                _median(everything),
                _within_pct(everything),
                float(np.percentile(both, 90)) if len(both) else np.nan,
                *_figures(name, known).values(),
            ]
        )
    columns = [
        *("change", "made in", "walks", "refused", "events lost", "events new", "all: median %", "all: within 2 %, %"),
        *("90th percentile %", "median %", "within 2 %, %", "steps within 2 %, %", "phases within 2 %, %"),
        "largest change of a mean over walks, %",
    ]
    title = (
        f"Changes that must not matter: absolute differences of {len(COMPARED)} parameters of each walk, both sides "
        "together; first of all that was measured, then of the events found in both"
    )
    return Table(title=title, columns=columns, rows=rows)


def _by_event(found: Mapping[str, Sequence[Comparison | None]]) -> Table:
    kinds = [(foot, kind) for foot in FEET for kind in KINDS]
    rows: list[list[Any]] = []
    for name, comparisons in found.items():
        known = [one for one in comparisons if one is not None]
        shifts_ms = [1000.0 * np.array([shift for one in known for shift in one.shifts_s[key]]) for key in kinds]
        rows.append(
            [
                _label(name),
                *(_median(np.abs(part)) for part in shifts_ms),
                float(np.mean(np.concatenate(shifts_ms))),
                sum(len(part) for part in shifts_ms),
            ]
        )
    columns = ["change", *(f"{foot} foot, {kind.replace('_', ' ')}" for foot, kind in kinds), "mean shift", "events"]
    return Table(title="Median absolute shift of the events found in both, ms", columns=columns, rows=rows)


def _by_parameter(found: Mapping[str, Sequence[Comparison | None]]) -> Table:
    names = (*COMPARED, *SHOWN_BESIDE)
    changes = {name: _changes_pct(comparisons, names) for name, comparisons in found.items()}
    rows: list[list[Any]] = []
    for parameter in names:
        values = [changes[name][parameter] for name in found]
        rows.append([parameter, *(_median(np.abs(part)) for part in values)])
    return Table(
        title="Median absolute difference of each parameter, %, of the events found in both",
        columns=["parameter", *(_label(name) for name in found)],
        rows=rows,
    )
