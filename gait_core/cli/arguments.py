"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
from typing import Any

from gait_core.config import DEFAULT_PROFILE, PERSONS
from gait_core.config.quantities import DISTANCE, FRAME_RATE, HEIGHT, SPEED, Quantity
from gait_core.errors import InputError, SettingsError

__all__ = [
    "add_cluster",
    "add_person",
    "add_profile",
    "add_scale",
    "add_videos",
    "check_effect",
    "distance_m",
    "frame_rate_hz",
    "height_m",
    "scale_of",
    "speed_mps",
]


def add_videos(command: argparse.ArgumentParser, *, also: str = "") -> None:
    """Add the videos and the other arguments of the command."""
    command.add_argument("videos", nargs="+", metavar="VIDEO", help=f"video, or folder of videos{also}")


def add_profile(command: argparse.ArgumentParser) -> None:
    """Add the performance profile and the person to follow."""
    command.add_argument(
        "--profile", metavar="NAME", default=DEFAULT_PROFILE, help="fast, balanced, accurate, or one of your own"
    )
    add_person(command)


def add_person(command: argparse.ArgumentParser) -> None:
    """Add the person to follow."""
    command.add_argument(
        "--person", choices=PERSONS, default=PERSONS[0], help="whom to follow where several are in view"
    )


def add_cluster(command: argparse.ArgumentParser, what: str = "find the landmarks") -> None:
    """Add the cluster that does part of the work."""
    command.add_argument(
        "--cluster", metavar="ADDRESS", help=f"let a Dask cluster {what}, for example tcp://10.0.0.5:8786"
    )


def add_scale(command: argparse.ArgumentParser) -> None:
    """Add the ways to metres; see `scale_of`."""
    command.add_argument(
        "--height-m", type=height_m, metavar="H", help="body height, for lengths in metres: 1.7, 170cm or 5ft7in"
    )
    command.add_argument(
        "--distance-m", type=distance_m, metavar="D", help="a known distance on the floor, for metres: 4, 400cm or 13ft"
    )
    command.add_argument("--distance-px", type=float, metavar="PX", help="its length in the image, px")
    command.add_argument("--speed-mps", type=speed_mps, metavar="V", help="walking speed, for metres: 1.2 or 4.3km/h")


def height_m(text: str) -> float:
    """Read a body height, m; a number from 50 without a unit is in cm.

    Returns
    -------
    float
        In m; the range is for the command to judge.

    Raises
    ------
    argparse.ArgumentTypeError
        When the text is not a number with a known unit.
    """
    return _typed(HEIGHT, text)


def distance_m(text: str) -> float:
    """Read a distance on the floor, m.

    Returns
    -------
    float
        In m; the range is for the command to judge.

    Raises
    ------
    argparse.ArgumentTypeError
        When the text is not a number with a known unit.
    """
    return _typed(DISTANCE, text)


def speed_mps(text: str) -> float:
    """Read a walking speed, m/s.

    Returns
    -------
    float
        In m/s; the range is for the command to judge.

    Raises
    ------
    argparse.ArgumentTypeError
        When the text is not a number with a known unit.
    """
    return _typed(SPEED, text)


def frame_rate_hz(text: str) -> float:
    """Read a frame rate, Hz.

    Returns
    -------
    float
        In Hz; the range is for the command to judge.

    Raises
    ------
    argparse.ArgumentTypeError
        When the text is not a number with a known unit.
    """
    return _typed(FRAME_RATE, text)


def _typed(quantity: Quantity, text: str) -> float:
    """Read what was typed as the pages do; signs, ``nan`` and ``inf`` too, which the command then refuses."""
    value = quantity.value(text)
    try:
        return float(text) if value is None else value
    except ValueError:
        raise argparse.ArgumentTypeError(quantity.refusal(text)) from None


def check_effect(given: object, option: str, needs: str) -> None:
    """Refuse an option that does nothing without another one, before any work is done.

    Parameters
    ----------
    given : object
        Value of the option; None or False where it was not given.
    option, needs : str
        The option, and the one that is missing, as people write them.

    Raises
    ------
    SettingsError
        When it was given.
    """
    if given is not None and given is not False:
        raise SettingsError(
            f"Expected {needs} beside {option}, but it was not given: {option} alone has no effect.",
            f"Add {needs}, or leave {option} out.",
        )


def scale_of(args: argparse.Namespace) -> dict[str, Any]:
    """Read the source of scale from the options given, at most one of which may be.

    Returns
    -------
    dict
        Fields of a `ScaleInput`: ``kind``, ``value`` in m, or in m/s for a speed, and ``pixels`` in px, None unless the
        source is a distance with a known length in the image. Empty when no source was given.

    Raises
    ------
    InputError
        When several are given, or one that has no effect.
    """
    if args.distance_m is None:
        check_effect(args.distance_px, "--distance-px", "--distance-m")
    given = {
        "height": args.height_m,
        "distance": args.distance_m,
        "speed": args.speed_mps,
    }
    chosen = {kind: value for kind, value in given.items() if value is not None}
    if len(chosen) > 1:
        raise InputError(
            f"Expected one source of scale, but got {', '.join(chosen)}.",
            "Give only one of --height-m, --distance-m, --speed-mps.",
        )
    if not chosen:
        return {}
    ((kind, value),) = chosen.items()
    return {"kind": kind, "value": value, "pixels": args.distance_px if kind == "distance" else None}
