"""What the images of a walk allow: light, frame rate, blur, a camera at rest, and how large the person is."""

from __future__ import annotations

from typing import Final

from gait_core.gait.body import body_height_px
from gait_core.gait.camera_motion import CAMERA_SHAKE, CAMERA_SPEED
from gait_core.gait.check import Check, check_of, graded
from gait_core.gait.kinematics import Kinematics
from gait_core.pose.track import Track

__all__ = [
    "NOT_MEASURED",
    "RATE_HZ",
    "camera",
    "frame_rate",
    "lighting",
    "mean_rate_hz",
    "motion_blur",
    "person_size",
]

RATE_HZ: Final = (24.5, 20.0)
BODY_PX: Final = (160.0, 80.0)
SHARP: Final = (0.010, 0.0008)
"""Sharpness of body or legs: 0.025 and more on ten good walks, 0.001 when blurred by a twentieth of the body."""
DIM, DARK = 45.0, 20.0
FLAT, FAINT = 25.0, 12.0
GLARE: Final = 0.5

NOT_MEASURED: Final = "Not measured: the landmarks come from an earlier version of this program."


def lighting(track: Track) -> Check:
    """Judge how bright, flat and glaring the image of the person is.

    Parameters
    ----------
    track : Track

    Returns
    -------
    Check
    """
    make = check_of("lighting", "Lighting", "of 255")
    figures = track.info.get("frame_quality") or {}
    brightness, contrast, glare = (figures.get(name) for name in ("brightness", "contrast", "bright_share"))
    if brightness is None or contrast is None or glare is None:
        return make("not_measured", None, NOT_MEASURED)
    found = f"The brightness of the person is {brightness:.0f} of 255."
    if brightness < DARK or contrast < FAINT:
        return make("unusable", brightness, f"{found} It is too dark to see the legs.", "Turn on more light.")
    if brightness < DIM:
        return make("poor", brightness, f"{found} That is dim.", "Turn on more light.")
    if contrast < FLAT:
        advice = "Wear clothes that stand out from the background."
        return make("poor", brightness, f"{found} The person hardly stands out.", advice)
    if glare > GLARE:
        advice = "Avoid windows and lamps behind the person, or lower the exposure."
        return make("poor", brightness, f"{found} Half of that part of the image is white without detail.", advice)
    return make("good", brightness, found)


def mean_rate_hz(track: Track) -> float:
    """Return the frames per second over the whole walk, Hz: the usual distance may be short and holes many.

    Returns
    -------
    float
        Hz; never more than by the usual distance of two frames.
    """
    return min(track.frame_rate_hz, (len(track) - 1) / track.duration_s) if len(track) > 1 else 0.0


def frame_rate(track: Track) -> Check:
    """Judge how many frames a second were analysed.

    Parameters
    ----------
    track : Track

    Returns
    -------
    Check
    """
    rate = mean_rate_hz(track)
    return check_of("frame_rate", "Frame rate", "Hz")(
        graded(rate, RATE_HZ),
        rate,
        f"{rate:.0f} frames a second were analysed.",
        "Record with at least 25 frames a second, better 60.",
    )


def motion_blur(track: Track) -> Check:
    """Judge how sharp the person and the legs are.

    Parameters
    ----------
    track : Track

    Returns
    -------
    Check
    """
    make = check_of("motion_blur", "Motion blur", "")
    figures = track.info.get("frame_quality") or {}
    known = [figures[name] for name in ("sharpness", "leg_sharpness") if figures.get(name) is not None]
    if not known:
        return make("not_measured", None, NOT_MEASURED)
    sharpness = min(known)
    state = graded(sharpness, SHARP)
    words = {"good": "sharp", "poor": "blurred", "unusable": "so blurred that the feet cannot be made out"}
    advice = "Use more light, a shorter exposure or a higher frame rate; check the focus."
    return make(state, sharpness, f"The person is {words[state]}.", advice)


def camera(track: Track, motion: Kinematics | None) -> Check:
    """Judge whether the camera rests.

    Parameters
    ----------
    track : Track
    motion : Kinematics or None
        None when the walk was refused.

    Returns
    -------
    Check
    """
    make = check_of("camera_motion", "Camera at rest", "widths/s")
    figures = track.info.get("frame_quality") or {}
    speed, shake = figures.get("camera_speed"), figures.get("camera_shake")
    advice = "Put the camera on a stand."
    follows = motion is not None and motion.view.camera_moves
    if speed is None or shake is None:
        if follows:
            return make("poor", None, "The person stays in the middle: the camera follows, or a treadmill.", advice)
        if figures:
            return make("not_measured", None, "Not measured: the background has nothing to hold on to.")
        return make("not_measured", None, NOT_MEASURED)
    if speed > CAMERA_SPEED:
        return make("poor", speed, "The camera follows the person; distances are less certain.", advice)
    if shake > CAMERA_SHAKE:
        return make("poor", shake, "The camera shakes.", advice)
    return make("good", speed, "The camera is at rest; a treadmill." if follows else "The camera is at rest.")


def person_size(track: Track) -> Check:
    """Judge how tall the person is in the image.

    Parameters
    ----------
    track : Track

    Returns
    -------
    Check
    """
    make = check_of("person_size", "Size of the person", "px")
    if not track.detected.any():
        return make("not_measured", None, "Not measured: no person was found.")
    limit = (track.info.get("settings") or {}).get("max_side_px")
    factor = min(1.0, limit / max(track.width_px, track.height_px)) if limit else 1.0
    height = factor * body_height_px(track.position[track.detected])
    advice = "Film from nearer or with a higher resolution; the person should fill half of the frame's height."
    return make(graded(height, BODY_PX), height, f"The person is {height:.0f} px tall in the analysed frames.", advice)
