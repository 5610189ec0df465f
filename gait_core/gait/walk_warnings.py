"""What is wrong with a walk, in sentences; some of it withholds a level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gait_core.errors import WalkWarning
from gait_core.gait.view import View
from gait_core.phrases import percent

__all__ = [
    "BROKEN_TIME",
    "SHORT_WALK_S",
    "WIDEST_VIEW_DEG",
    "legs_too_fast",
    "too_fast_remedy",
    "too_fast_sentence",
    "warnings_from",
]

LOWEST_RATE_HZ: Final = 20.0
FEWEST_STRIDES: Final = 2.0
WIDEST_VIEW_DEG: Final = 45.0
MOST_PEOPLE_SHARE: Final = 0.2
MOST_MISSING_SHARE: Final = 0.25
MOST_TILT_DEG: Final = 4.0
LEAST_FOOT_CONFIDENCE: Final = 0.65
"""Mean confidence of heel or toe of the foot seen better: 0.78 at least in 700 walks, 0.53 with the feet covered."""
BROKEN_TIME: Final = frozenset({"image_frozen", "playing_speed", "pose_jumps", "too_many_repeated"})
"""Codes of warnings after which no time or length of the walk can be told."""
CATCHES_UP_S: Final = 0.3
MOST_REPEATED: Final = 0.15
"""Share of frames like the one before: 0.125 at most in 1,200 tracks with none repeated, 0.18 where every fifth is."""
SHORT_WALK_S: Final = 3.0
"""Walking in which slow steps leave no rhythm to be found, s: two strides of 1.5 s."""

_PASSED_ON: Final = "The pose seems to have passed from one person to another; film one person alone."


def legs_too_fast(missing: float, unseen: float) -> bool:
    """Return whether legs are missing because they moved too fast to be followed, and not because they were hidden.

    Parameters
    ----------
    missing : float
        Share of frames without a leg after cleaning, in [0, 1].
    unseen : float
        The same before cleaning: what the pose model itself did not see.

    Returns
    -------
    bool
    """
    return missing > MOST_MISSING_SHARE and unseen <= 0.5 * missing


def too_fast_sentence(missing: float, time_scale: float) -> str:
    """Say that the legs are too fast; `time_scale` is not 1 where a frame rate was given.

    Returns
    -------
    str
    """
    found = f"In {percent(missing)} of the frames the legs, in full view, move too fast from one frame to the next"
    if time_scale != 1.0:
        return (
            f"{found}: with the frame rate given, everything is {1.0 / time_scale:.3g} times as fast as in the video."
        )
    return f"{found}: the steps are too fast for the frames that were analysed."


def too_fast_remedy(time_scale: float) -> str:
    """Say what to do about legs that are too fast.

    Returns
    -------
    str
    """
    if time_scale != 1.0:
        return "Check the true frame rate, or leave it out."
    return (
        "Record with more frames a second, and analyse all of them (profile accurate); check that it is no time lapse."
    )


def _no_rhythm(walking_s: float, time_scale: float, *, broken: bool) -> str:
    if broken:
        return f"No regular rhythm of steps was found in {walking_s:.1f} s of walking."
    if walking_s < SHORT_WALK_S:
        return (
            f"No regular rhythm of steps was found in {walking_s:.1f} s of walking; have the person walk farther "
            "through the frame."
        )
    found = f"No regular rhythm of steps was found, although there are {walking_s:.1f} s of walking."
    if time_scale != 1.0:
        return f"{found} Check the true frame rate that was given."
    return f"{found} Is it slow motion? Then give its true frame rate. Or the legs of another person are seen as well."


def warnings_from(quality: Mapping[str, Any], view: View, near: str) -> list[WalkWarning]:
    """Return what is wrong with a walk by its figures.

    Parameters
    ----------
    quality : mapping of str to object
        See `gait_core.gait.quality.assess`.
    view : View
    near : {"left", "right"}
        Nearer side.

    Returns
    -------
    list of WalkWarning
    """
    far = "left" if near == "right" else "right"
    tilt_deg = abs(quality["camera_tilt_deg"] or 0.0)
    still, hole, jump = quality["still_s"], quality["hole_s"], view.jump_s
    if still is not None and jump is not None and abs(jump - still[1]) < CATCHES_UP_S:
        jump = None  # the walk goes on at its true time
    repeated = quality["repeated_share"]
    true_hz = (1.0 - repeated) * quality["frame_rate_hz"]
    if repeated >= MOST_REPEATED:
        jump = None  # frames that are shown twice make jumps of their own
    broken = repeated >= MOST_REPEATED or any(one is not None for one in (still, hole, jump, view.speed_ratio))
    found: list[tuple[bool, str, str, bool]] = [
        (
            quality["frame_rate_hz"] < LOWEST_RATE_HZ,
            "low_frame_rate",
            f"Only {quality['frame_rate_hz']:.0f} frames a second could be used; record with at least 25, better 60.",
            True,
        ),
        (
            legs_too_fast(quality["missing_leg_share"], quality["unseen_leg_share"]),
            "legs_too_fast",
            f"{too_fast_sentence(quality['missing_leg_share'], quality['time_scale'])} "
            f"{too_fast_remedy(quality['time_scale'])}",
            True,
        ),
        (
            view.speed_ratio is not None,
            "playing_speed",
            f"The speed of the person changes by a factor of {view.speed_ratio or 0.0:.1f} from one moment to the next "
            "while the steps stay as long: the playback speed changes, as in a slow-motion ramp. Times and lengths are "
            "withheld. Cut the video to a part with one speed, and give its true frame rate.",
            True,
        ),
        (
            quality["missing_leg_share"] > MOST_MISSING_SHARE
            and not legs_too_fast(quality["missing_leg_share"], quality["unseen_leg_share"]),
            "legs_out_of_frame",
            f"The {near} leg is cut off or hidden in {percent(quality['missing_leg_share'])} of the frames; film the "
            "whole body with some floor below the feet.",
            True,
        ),
        (
            view.view_deg > WIDEST_VIEW_DEG,
            "not_side_view",
            f"The walk is seen about {view.view_deg:.0f} degrees away from the side; set the camera at right angles "
            "to the walking direction.",
            True,
        ),
        (
            jump is not None,
            "pose_jumps",
            f"The pose jumps to another place at {jump or 0.0:.1f} s: frames are missing there, as at a cut, or it "
            "passed to another person. Times and lengths are withheld. Use one uncut recording of one person.",
            True,
        ),
        (
            repeated >= MOST_REPEATED and true_hz >= LOWEST_RATE_HZ,
            "frames_repeated",
            f"{percent(repeated)} of the frames repeat the one before, as after a conversion: there are about "
            f"{true_hz:.0f} different ones a second, and times are less exact. Use the original recording.",
            False,
        ),
        (
            repeated >= MOST_REPEATED and true_hz < LOWEST_RATE_HZ,
            "too_many_repeated",
            f"{percent(repeated)} of the frames repeat the one before: there are only about {true_hz:.0f} different "
            "ones a second. Times and lengths are withheld. Use the original recording, or record with at least 25 "
            "frames a second.",
            True,
        ),
        (
            still is not None,
            "image_frozen",
            f"The image stands still {_span(still)} while the person walks: the camera or a conversion lost frames. "
            "Times and lengths are withheld. Use the original recording, or cut the video there.",
            True,
        ),
        (
            hole is not None and not quality["frames_in_hole"],
            "frames_missing",
            f"The video has no frames {_span(hole)}. Strides across that time are left out.",
            False,
        ),
        (
            hole is not None and quality["frames_in_hole"],
            "person_missing",
            f"The person was not found {_span(hole)}. Strides across that time are left out.",
            False,
        ),
        (
            max(quality["near_foot_confidence"], quality["far_foot_confidence"]) < LEAST_FOOT_CONFIDENCE,
            "feet_unseen",
            f"The feet are hardly seen (confidence {quality['near_foot_confidence']:.2f}): their place is a guess. "
            "Film the whole body with some floor below the feet, and nothing in front of them.",
            True,
        ),
        (
            quality["people_share"] > MOST_PEOPLE_SHARE or (view.sudden_turn and jump is None),
            "several_people",
            _PASSED_ON
            if quality["people_share"] <= MOST_PEOPLE_SHARE
            else f"Another person is in {percent(quality['people_share'])} of the frames looked at; film one person "
            "alone.",
            True,
        ),
        (
            view.depth_agreement < 0.5,
            "side_uncertain",
            f"By its direction the walk shows the {near} side, but the pose model sees it the other way round; "
            "check whether the video is mirrored or rotated.",
            True,
        ),
        (
            view.moves_backwards,
            "walks_backwards",
            "The person moves against the direction of the feet; walking backwards cannot be compared with walking "
            "forwards.",
            True,
        ),
        (
            quality["near_leg_confidence"] < 0.6,
            "low_leg_confidence",
            f"The {near} leg is hard to see (confidence {quality['near_leg_confidence']:.2f}); use better light "
            "and clothes that stand out from the background.",
            False,
        ),
        (
            quality["far_leg_confidence"] < 0.5,
            "far_leg_uncertain",
            f"The {far} leg is often hidden (confidence {quality['far_leg_confidence']:.2f}); read its values with "
            "care or film the other side as well.",
            False,
        ),
        (
            quality["strides_estimate"] is not None and quality["strides_estimate"] < FEWEST_STRIDES,
            "few_strides",
            "Fewer than two strides were seen"
            + ("." if broken else "; have the person walk farther through the frame."),
            False,
        ),
        (
            quality["strides_estimate"] is None
            and view.speed_ratio is None
            and not legs_too_fast(quality["missing_leg_share"], quality["unseen_leg_share"]),
            "no_rhythm",
            _no_rhythm(quality["walking_s"], quality["time_scale"], broken=broken),
            True,
        ),
        (
            quality["other_side_s"] > 0.5,
            "both_sides",
            "The walk was seen from both sides. Steps, times and curves come from all passes; the scale, and any "
            f"comparison with a baseline, from the {quality['walking_s']:.1f} s seen from the {near} only.",
            False,
        ),
        (
            tilt_deg > MOST_TILT_DEG,
            "camera_tilted",
            f"The path of the hips slopes by {tilt_deg:.0f} degrees across the image: the camera is tilted, or the "
            "floor slopes. Angles against the vertical, such as the lean of the trunk, are off by as much; level the "
            "camera.",
            False,
        ),
        (
            quality["body_height_share"] < 0.25,
            "small_person",
            f"The person fills only {percent(quality['body_height_share'])} of the frame's height; film from nearer.",
            False,
        ),
    ]
    return [WalkWarning(code=code, message=text, blocking=blocking) for seen, code, text, blocking in found if seen]


def _span(span_s: tuple[float, float] | None) -> str:
    return f"from {span_s[0]:.1f} to {span_s[1]:.1f} s" if span_s else ""
