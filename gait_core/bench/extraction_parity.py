"""Whether our engine finds what MediaPipe finds: places, frames, gait events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gait_core.bench.common import Table
from gait_core.config import MeasureSettings
from gait_core.errors import WalkRefused
from gait_core.gait.events.detect import detect_events
from gait_core.gait.events.gait_events import GaitEvent
from gait_core.gait.measurement import motion_of
from gait_core.pose.parity import Parity, compare_tracks
from gait_core.pose.track import Track
from gait_core.validation.event_agreement import match_events

__all__ = ["EventParity", "event_parity", "parity_figures", "parity_table"]


@dataclass(frozen=True, kw_only=True)
class EventParity:
    """Gait events of one clip by two engines.

    Attributes
    ----------
    events : int
        Events that at least one of both found where both could see them.
    close : int
        Those that both found, at most one frame apart.
    apart_frames : tuple of float
        Distance of those that both found, frames.
    """

    events: int
    close: int
    apart_frames: tuple[float, ...]


def event_parity(first: Track, second: Track) -> EventParity | None:
    """Compare the gait events of two tracks of one video.

    Returns
    -------
    EventParity or None
        None when one of the tracks is refused: the video is no walk.
    """
    settings = MeasureSettings()
    try:
        motions = [motion_of(track, settings) for track in (first, second)]
    except WalkRefused:
        return None
    reference, found = (detect_events(motion, settings).events for motion in motions)
    # An event at the edge of a pass may lie inside for one engine and outside for the other.
    edge_s = settings.edge_ignore_s + 1.5 / first.frame_rate_hz
    spans = [
        (max(a.start_s, b.start_s) + edge_s, min(a.end_s, b.end_s) - edge_s)
        for a in motions[0].segments
        for b in motions[1].segments
    ]

    def inside(events: Sequence[GaitEvent]) -> list[GaitEvent]:
        return [event for event in events if any(low <= event.time_s <= high for low, high in spans)]

    forth = match_events(found, inside(reference))
    back = match_events(reference, inside(found))
    apart = np.abs(forth.errors_s) * first.frame_rate_hz
    return EventParity(
        events=len(forth.pairs) + len(forth.missed) + len(back.missed),
        close=int(np.sum(apart <= 1.001)),
        apart_frames=tuple(apart.tolist()),
    )


def parity_figures(reference: Sequence[Track], found: Sequence[Track]) -> dict[str, float]:
    """Compare landmarks and events over all clips; every landmark of every frame with the whole person counts alike.

    Frames in which the person walks in or out, and what the models guess beyond the edge, are in ``parity_all_…``.

    Parameters
    ----------
    reference, found : sequence of Track
        One per clip, in the same order.

    Returns
    -------
    dict of str to float
        ``parity_median_pct``, ``parity_p95_pct``, ``parity_all_median_pct`` and ``parity_all_p95_pct``, distances in %
        of the body height; ``parity_found_same``, share of frames in which both agree whether a person is there;
        ``parity_events``, their number, ``parity_events_within_a_frame``, share of them that both found at most one
        frame apart, ``parity_events_median_frames`` and ``parity_events_p95_frames``, distances in frames. NaN without
        events.
    """
    results = [compare_tracks(a, b) for a, b in zip(reference, found, strict=True)]
    whole, every = (
        np.concatenate([getattr(result, name).ravel() for result in results])
        for name in ("in_view_pct", "distance_pct")
    )
    frames = sum(result.frames for result in results)
    events = [event_parity(a, b) for a, b in zip(reference, found, strict=True)]
    counted = sum(event.events for event in events if event is not None)
    close = sum(event.close for event in events if event is not None)
    apart = [frames for event in events if event is not None for frames in event.apart_frames]
    return {
        "parity_median_pct": float(np.median(whole)),
        "parity_p95_pct": float(np.quantile(whole, 0.95)),
        "parity_all_median_pct": float(np.median(every)),
        "parity_all_p95_pct": float(np.quantile(every, 0.95)),
        "parity_found_same": sum(result.found_same * result.frames for result in results) / frames,
        "parity_events": float(counted),
        "parity_events_within_a_frame": close / counted if counted else float("nan"),
        "parity_events_median_frames": float(np.median(apart)) if apart else float("nan"),
        "parity_events_p95_frames": float(np.quantile(apart, 0.95)) if apart else float("nan"),
    }


def parity_table(
    title: str, names: Sequence[str], reference: Sequence[Track], found: Sequence[Track], extra: Sequence[Sequence[Any]]
) -> Table:
    """Compare landmarks and events clip by clip.

    Parameters
    ----------
    title : str
    names : sequence of str
        Names of the clips.
    reference, found : sequence of Track
        One per clip.
    extra : sequence of sequence
        Per clip, seconds of the plain loop and of ours on one core.

    Returns
    -------
    Table
        One row per clip; distances in % of the body height.
    """
    rows = []
    for name, first, second, seconds in zip(names, reference, found, extra, strict=True):
        parity: Parity = compare_tracks(first, second)
        events = event_parity(first, second)
        worst = max(parity.by_landmark().items(), key=lambda pair: pair[1] if np.isfinite(pair[1]) else -1.0)
        rows.append(
            [
                name,
                parity.frames,
                *seconds,
                float(np.median(parity.in_view_pct)),
                float(np.quantile(parity.in_view_pct, 0.95)),
                parity.p95_pct,
                f"{worst[0]} {worst[1]:.2f}",
                parity.found_same,
                f"{events.close} of {events.events}" if events is not None else "no walk",
            ]
        )
    columns = [
        "clip",
        "frames",
        "MediaPipe, s",
        "ours, s",
        "median, %",
        "95th, %",
        "95th of all frames, %",
        "worst landmark, %",
    ]
    return Table(title=title, columns=[*columns, "found alike", "events within a frame"], rows=rows)
