"""From the motion of a walk to its gait events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import MeasureSettings
from gait_core.gait.angles import SIDES
from gait_core.gait.events.certainty import confidence, evidence, time_sd_s
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, EventSet, GaitEvent, Rejection
from gait_core.gait.events.lag import FIXED_LAG_S, lags_s, pooled
from gait_core.gait.events.methods import METHODS, FootPath
from gait_core.gait.events.order import in_order
from gait_core.gait.events.pass_ends import turn_at_begin_s, turn_at_end_s
from gait_core.gait.events.swing_speed import own_contacts_s, own_offs_s
from gait_core.gait.gaps import runs
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.rhythm import stride_time_s
from gait_core.gait.view import Segment
from gait_core.pose.engines import turn_delay_s

__all__ = ["detect_events", "foot_path"]

Array = NDArray[np.float64]

USUAL_STRIDE_S: Final = 1.1
FLOOR_S: Final = 0.03
"""Over how long the speed of the other foot is averaged, 1 SD, s."""
OWN_SHARE: Final = {INITIAL_CONTACT: 0.5, FOOT_OFF: 1.0}
"""Weight of the time that a foot's own speed tells, against the lag of the whole pass: at contact their errors are as
large and differ; at foot off the lag of the pass is of no use in slow walkers."""
BEYOND_S: Final = 0.015
"""How far beyond the ends of a pass, of which 30 ms are cut off, an event is still counted, s."""
_NAMES: Final = {INITIAL_CONTACT: "contact", FOOT_OFF: "foot off"}


def detect_events(motion: Kinematics, settings: MeasureSettings) -> EventSet:
    """Find initial contact and foot off of both feet in every pass.

    Parameters
    ----------
    motion : Kinematics
        The walk. Standing, turning and walking in and out of the frame lie outside its passes.
    settings : MeasureSettings
        Rule, and how much of both ends of a pass is left out.

    Returns
    -------
    EventSet
        Events that follow each other in the order of walking, and what was left out and why. Events nearer to the ends
        of a pass than `edge_ignore_s` are left out without a word.

    References
    ----------
    See `methods.CITATIONS` for the rules and `lag` for the correction of their mean errors.
    """
    events: list[GaitEvent] = []
    rejections: list[Rejection] = []
    for segment in motion.segments:
        found, stride_s = _candidates(motion, segment, settings)
        kept, dropped = in_order(found, stride_s)
        ignored_s = settings.edge_ignore_s or -BEYOND_S
        low, high = segment.start_s + ignored_s, segment.end_s - ignored_s
        events += [event for event in kept if low <= event.time_s <= high]
        rejections += [_out_of_order(event) for event in dropped if low <= event.time_s <= high]
        for side in SIDES:
            rejections += _gaps(motion, segment, side)
    return EventSet(
        events=tuple(sorted(events, key=lambda event: event.time_s)),
        rejections=tuple(sorted(rejections, key=lambda rejection: rejection.start_s)),
        method=settings.event_method,
    )


def foot_path(motion: Kinematics, segment: Segment, side: str) -> FootPath:
    """Return the path of one foot during one pass.

    Parameters
    ----------
    motion : Kinematics
    segment : Segment
        One of its passes.
    side : {"left", "right"}

    Returns
    -------
    FootPath
        Path of heel and toe from the middle of the hips, leg lengths.
    """
    span = slice(segment.start, segment.stop)
    other = SIDES[1 - SIDES.index(side)]
    heel, toe = (motion.points[f"{side}_{name}"][span].copy() for name in ("heel", "foot_index"))
    # Heights over the floor rather than over the hips, which rise and fall.
    for point in (heel, toe):
        point[:, 1] += motion.pelvis[span, 1]
    lead = motion.points[f"{side}_ankle"][span, 0] - motion.points[f"{other}_ankle"][span, 0]
    return FootPath(
        time_s=motion.time_s[span],
        rate_hz=motion.rate_hz,
        heel=heel,
        toe=toe,
        lead=lead,
        pitch_deg=motion.angles[f"{side}_foot"][span],
        floor=_floor(motion, span, other),
        stride_s=stride_time_s(lead, motion.rate_hz) or USUAL_STRIDE_S,
        turn_delay_s=_turn_delay_s(motion),
    )


def _floor(motion: Kinematics, span: slice, side: str) -> NDArray[np.float64]:
    """Return the speed of a foot against the hips, leg lengths/s: that of the floor where it stands flat on it."""
    from scipy.ndimage import gaussian_filter1d

    foot = (motion.points[f"{side}_heel"][span, 0] + motion.points[f"{side}_foot_index"][span, 0]) / 2.0
    speed: NDArray[np.float64] = gaussian_filter1d(np.gradient(foot, 1.0 / motion.rate_hz), FLOOR_S * motion.rate_hz)
    return speed


def _turn_delay_s(motion: Kinematics) -> float:
    """Return by how much the landmarks lag behind a quick turn: only causal smoothing makes them."""
    track = motion.track
    return 0.0 if track.decoding == "measure" else turn_delay_s(str(track.info.get("engine", "")))


def _candidates(motion: Kinematics, segment: Segment, settings: MeasureSettings) -> tuple[list[GaitEvent], float]:
    """Return the corrected events of both feet in one pass, and the usual stride time, s."""
    paths = {side: foot_path(motion, segment, side) for side in SIDES}
    raw = {side: METHODS[settings.event_method](path) for side, path in paths.items()}
    near = SIDES.index(segment.visible_side)
    has_cues = settings.event_method not in FIXED_LAG_S
    lags = pooled(
        np.array([lags_s(raw[side], paths[side], settings.event_method) for side in SIDES]), near, known=has_cues
    )
    found: list[GaitEvent] = []
    strides_s: list[float] = []
    for side, (contact_lag_s, off_lag_s) in zip(SIDES, lags.tolist(), strict=True):
        path, candidates = paths[side], raw[side]
        for kind, turns_s, lag_s, own_of, curve in (
            (INITIAL_CONTACT, candidates.contact_s, contact_lag_s, own_contacts_s, path.heel[:, 0]),
            (FOOT_OFF, candidates.off_s, off_lag_s, own_offs_s, path.toe[:, 0]),
        ):
            own_s = own_of(candidates, path) if has_cues else np.full(len(turns_s), np.nan)
            if has_cues:
                turns_s, own_s = _with_ends(kind, turns_s, own_s, curve, path)
            usual_s, share = turns_s + lag_s, OWN_SHARE[kind]
            times = np.where(np.isfinite(own_s), share * own_s + (1.0 - share) * usual_s, usual_s)
            # A missed event makes one difference of two strides.
            strides_s += [apart / max(1, round(apart / path.stride_s)) for apart in np.diff(times).tolist()]
            for time_s, own_time_s, usual_time_s in zip(times.tolist(), own_s.tolist(), usual_s.tolist(), strict=True):
                # A heel that seems foremost at the very end may go on: one side of it was not seen.
                end_s = segment.end_s + (BEYOND_S if kind == FOOT_OFF else 0.0)
                if segment.start_s - BEYOND_S <= time_s <= end_s:
                    seen = evidence(
                        motion,
                        segment,
                        side,
                        kind,
                        time_s,
                        disagreement_s=abs(own_time_s - usual_time_s),
                        stride_s=path.stride_s,
                    )
                    found.append(_event(time_s, side, kind, time_sd_s(seen)))
    usual_stride_s = np.median(strides_s) if len(strides_s) > 1 else np.mean([path.stride_s for path in paths.values()])
    return found, float(usual_stride_s)


def _with_ends(kind: str, turns_s: Array, own_s: Array, curve: Array, path: FootPath) -> tuple[Array, Array]:
    """Add the turning points at the ends of a pass, where no foot shows a time of its own.

    The heel is foremost before its contact, so that at the end of a pass that was seen; the toe is hindmost after foot
    off.
    """
    begin_s = turn_at_begin_s(curve, path, turns_s)
    end_s = turn_at_end_s(curve, path, turns_s) if kind == FOOT_OFF else None
    before, after = ([] if time_s is None else [time_s] for time_s in (begin_s, end_s))
    unknown = [np.full(len(times_s), np.nan) for times_s in (before, after)]
    return np.concatenate((before, turns_s, after)), np.concatenate((unknown[0], own_s, unknown[1]))


def _event(time_s: float, side: str, kind: str, sd_s: float) -> GaitEvent:
    return GaitEvent(time_s=time_s, side=side, kind=kind, confidence=confidence(sd_s), time_sd_s=sd_s)


def _out_of_order(event: GaitEvent) -> Rejection:
    return Rejection(
        start_s=event.time_s,
        end_s=event.time_s,
        side=event.side,
        code="order",
        reason=f"A {event.side} {_NAMES[event.kind]} at {event.time_s:.2f} s does not fit the events around it.",
    )


def _gaps(motion: Kinematics, segment: Segment, side: str) -> Sequence[Rejection]:
    """Return the pieces of a pass in which a foot was not seen."""
    span = slice(segment.start, segment.stop)
    heel, toe = (motion.points[f"{side}_{name}"][span, 0] for name in ("heel", "foot_index"))
    known = runs(np.isfinite(heel) & np.isfinite(toe))
    holes = [(stop, start) for (_, stop), (start, _) in pairwise(known)] if known else [(0, len(heel) - 1)]
    times = motion.time_s[span]
    return [
        Rejection(
            start_s=float(times[start]),
            end_s=float(times[stop]),
            side=side,
            code="gap",
            reason=f"The {side} foot was not seen from {times[start]:.2f} to {times[stop]:.2f} s.",
        )
        for start, stop in holes
    ]
