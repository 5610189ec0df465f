"""From the landmarks of a walk to the motion of a body: passes, both legs, angles, in units of the leg.

Everything that measures gait starts here: the feature sequence of the autoencoder, events, parameters and curves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.errors import WalkRefused
from gait_core.gait.angles import SIDES, angles_of_placed, joint_angles
from gait_core.gait.channels import ROWS
from gait_core.gait.cleaned_walk import CleanedWalk, clean_walk
from gait_core.gait.cleaning import Cleaned
from gait_core.gait.perspective import oscillation, remove_parallax, scale_px
from gait_core.gait.quality import LEG, missing_leg_share
from gait_core.gait.rhythm import stride_time_s
from gait_core.gait.signals import Signals
from gait_core.gait.view import Segment, View, look
from gait_core.gait.walk_warnings import legs_too_fast, too_fast_remedy, too_fast_sentence
from gait_core.phrases import percent
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["SHORTEST_WALK_S", "Kinematics", "compute_kinematics"]

SHORTEST_WALK_S: Final = 1.0
PELVIS_HIGHPASS_HZ: Final = 0.7


@dataclass(frozen=True, kw_only=True, eq=False)
class Kinematics:
    """The motion of one walk on a fixed-rate grid.

    All curves are NaN where a landmark is missing and outside the passes.

    Attributes
    ----------
    time_s : ndarray, shape (n,), float64
        Even grid on the clock of the video, s.
    rate_hz : float
        Samples per second.
    segments : tuple of Segment
        All passes, in order of time; ``used`` is False for those that show the other side.
    visible_side : {"left", "right"}
        Side nearer to the camera in the passes used. In a pass of the other direction it is `Segment.visible_side`.
    points : mapping of str to ndarray, shape (n, 2)
        Landmark (names of `channels.ROWS`) from the middle of the hips: forward along the walking direction and up,
        leg lengths, parallax removed.
    angles : mapping of str to ndarray, shape (n,)
        ``trunk``, ``left_knee`` …, see `angles.joint_angles`, degrees.
    pelvis : ndarray, shape (n, 2)
        Middle of the hips along the walking direction and up, in the frame, leg lengths; its forward part rises
        while the person walks forward. Only differences within one pass mean something.
    bounce : ndarray, shape (n,)
        Height of the pelvis without its slow part, leg lengths.
    leg_px : ndarray, shape (n,)
        Length of thigh plus shank of the near leg at that moment, px.
    filled : mapping of side to ndarray, shape (n,), bool
        Samples in which a landmark of that leg was interpolated over a short gap.
    confidence : mapping of side to ndarray, shape (n,)
        Lowest confidence of knee, ankle, heel and toe of that leg in the nearest frame, in [0, 1].
    view : View
        What the camera saw.
    track : Track
        The landmarks that all this comes from, after cleaning.
    cleaned : Cleaned
        What was put right in the landmarks.
    """

    time_s: NDArray[np.float64]
    rate_hz: float
    segments: tuple[Segment, ...]
    visible_side: str
    points: Mapping[str, NDArray[np.float64]]
    angles: Mapping[str, NDArray[np.float64]]
    pelvis: NDArray[np.float64]
    bounce: NDArray[np.float64]
    leg_px: NDArray[np.float64]
    filled: Mapping[str, NDArray[np.bool_]]
    confidence: Mapping[str, NDArray[np.float64]]
    view: View
    track: Track
    cleaned: Cleaned

    @property
    def used(self) -> tuple[Segment, ...]:
        """Passes that show the side that was analysed."""
        return tuple(segment for segment in self.segments if segment.used)

    @property
    def walking(self) -> NDArray[np.bool_]:
        """Samples inside the passes used, shape (n,)."""
        inside = np.zeros(len(self.time_s), dtype=bool)
        for segment in self.used:
            inside[segment.start : segment.stop] = True
        return inside

    @property
    def leg_length_px(self) -> float:
        """Usual length of thigh plus shank of the near leg in the passes used, px."""
        return float(np.nanmedian(self.leg_px[self.walking]))


def compute_kinematics(
    walk: Track | CleanedWalk,
    settings: FeatureSettings,
    *,
    side: str | None = None,
    undone: frozenset[str] = frozenset(),
) -> Kinematics:
    """Turn landmarks into the motion of a body.

    Parameters
    ----------
    walk : Track or CleanedWalk
        Landmarks of one walk, as found or as `clean_walk` left them.
    settings : FeatureSettings
        Rate, filter, gap rule.
    side : {"left", "right"}, optional
        Side of the body wanted where the walk shows both (passes to and fro); the side seen longer by default.
    undone : frozenset of str
        Repairs not to be carried out, see `cleaning.clean`.

    Returns
    -------
    Kinematics
        Joint angles and positions on a uniform grid.

    Raises
    ------
    WalkRefused
        No person, upside down, sideways, legs out of the frame, or less than one second of walking.
    """
    walk = clean_walk(walk, settings, undone=undone)
    track = walk.cleaned.track
    view = look(track, settings.rate_hz, edge_trim_s=settings.edge_trim_s, max_gap_s=settings.max_gap_s)
    near, segments = _choose_side(view.segments, side)
    _check_walk(walk, view, [segment for segment in segments if segment.used], near, settings)
    motion = _assemble(walk.cleaned, walk.signals(settings), view, segments, near)
    if not np.isfinite(motion.leg_px[motion.walking]).any():
        raise WalkRefused(
            "Expected hip, knee, ankle and shoulder of the nearer side in view together, but they never are.",
            "Film the whole body, free of furniture and other people.",
        )
    return motion


def _assemble(cleaned: Cleaned, signals: Signals, view: View, segments: tuple[Segment, ...], near: str) -> Kinematics:
    track = cleaned.track
    count = len(signals.time_s)
    column = {name: number for number, name in enumerate(ROWS)}
    placed = angles_of_placed(track.info.get("not_recorded", ()))
    points = {name: np.full((count, 2), np.nan) for name in ROWS}
    angles: dict[str, NDArray[np.float64]] = {}
    pelvis, bounce, leg_px = np.full((count, 2), np.nan), np.full(count, np.nan), np.full(count, np.nan)
    mid_hip = signals.position[:, [column["left_hip"], column["right_hip"]]].mean(axis=1)
    bounce_px = -oscillation(mid_hip[:, 1], signals.rate_hz, PELVIS_HIGHPASS_HZ)
    for segment in segments:
        span = slice(segment.start, segment.stop)
        here = signals.position[span]
        scale = scale_px(here, column, segment.visible_side, segment.duration_s)
        turned = (here - mid_hip[span, None]) * (segment.direction, -1.0) / scale[:, None, None]
        if not view.camera_moves:
            apart = turned[:, column["left_ankle"], 0] - turned[:, column["right_ankle"], 0]
            travel = segment.direction * (mid_hip[span, 0] - track.width_px / 2) / scale
            stride_s = stride_time_s(apart, signals.rate_hz)
            turned[:, :, 0] = remove_parallax(turned[:, :, 0], travel, signals.time_s[span], stride_s)
        for name in ROWS:
            points[name][span] = turned[:, column[name]]
        for name, curve in joint_angles({name: turned[:, column[name]] for name in ROWS}).items():
            angles.setdefault(name, np.full(count, np.nan))[span] = np.nan if name in placed else curve
        middle = np.array([track.width_px, track.height_px]) / 2
        pelvis[span] = (mid_hip[span] - middle) * (segment.direction, -1.0) / scale[:, None]
        bounce[span] = bounce_px[span] / scale
        leg_px[span] = scale
    nearest = np.searchsorted((track.time_s[1:] + track.time_s[:-1]) / 2, signals.time_s)
    return Kinematics(
        time_s=signals.time_s,
        rate_hz=signals.rate_hz,
        segments=segments,
        visible_side=near,
        points=points,
        angles=angles,
        pelvis=pelvis,
        bounce=bounce,
        leg_px=leg_px,
        filled={
            side: np.asarray(signals.filled[:, [column[f"{side}_{name}"] for name in LEG]].any(axis=1))
            for side in SIDES
        },
        confidence={
            side: track.confidence[:, [INDEX[f"{side}_{name}"] for name in LEG[1:]]].min(axis=1)[nearest].astype(float)
            for side in SIDES
        },
        view=view,
        track=track,
        cleaned=cleaned,
    )


def _choose_side(segments: tuple[Segment, ...], side: str | None) -> tuple[str, tuple[Segment, ...]]:
    """Return the near side and the segments, those that show the other side marked as not used."""
    seen = {name: sum(s.duration_s for s in segments if s.visible_side == name) for name in SIDES}
    near = side if side is not None and seen[side] >= SHORTEST_WALK_S else max(seen, key=lambda name: seen[name])
    return near, tuple(replace(segment, used=segment.visible_side == near) for segment in segments)


def _check_walk(walk: CleanedWalk, view: View, used: list[Segment], near: str, settings: FeatureSettings) -> None:
    track = walk.cleaned.track
    time_scale = float(track.info.get("time_scale", 1.0))
    walking_s = sum(segment.duration_s for segment in used)
    missing = missing_leg_share(track, used, near, settings.min_confidence)
    if missing > 0.6 and legs_too_fast(missing, missing_leg_share(walk.found, used, near, settings.min_confidence)):
        found = too_fast_sentence(missing, time_scale)
        raise WalkRefused(f"Expected legs that can be followed. {found}", too_fast_remedy(time_scale))
    if missing > 0.6:
        raise WalkRefused(
            "Expected both legs in the frame down to the feet, but the leg nearer to the camera is cut off or hidden "
            f"in {percent(missing)} of the frames.",
            "Film the whole body with some floor below the feet.",
        )
    if walking_s >= SHORTEST_WALK_S:
        return
    reason = f"Expected at least {SHORTEST_WALK_S:g} s of walking across the frame, but found {walking_s:.1f} s."
    if time_scale != 1.0:
        raise WalkRefused(
            f"{reason} With the frame rate given, the whole video lasts {track.duration_s:.1f} s.",
            "Check the true frame rate, or leave it out.",
        )
    if view.view_deg > 50:
        raise WalkRefused(
            f"{reason} The person seems to be filmed from the front or the back.",
            "Film from the side, with the camera at right angles to the walking direction.",
        )
    if track.detection_rate < 0.5:
        raise WalkRefused(
            f"{reason} A person was found in only {percent(track.detection_rate)} of the frames.",
            "Film the whole body upright, from the side, in good light, at least a third of the frame's height.",
        )
    raise WalkRefused(reason, "Film from the side while the person walks past, at least four steps.")
