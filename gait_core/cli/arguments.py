"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
from typing import Any

from gait_core.config import DEFAULT_PROFILE, PERSONS
from gait_core.errors import InputError, SettingsError

__all__ = ["add_cluster", "add_person", "add_profile", "add_scale", "add_videos", "check_effect", "scale_of"]


def add_videos(command: argparse.ArgumentParser, *, also: str = "") -> None:
    """Add the videos, and what else the command takes."""
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
    command.add_argument("--height-m", type=float, metavar="H", help="body height, for lengths in metres")
    command.add_argument("--distance-m", type=float, metavar="D", help="a known distance on the floor, for metres")
    command.add_argument("--distance-px", type=float, metavar="PX", help="its length in the image, px")
    command.add_argument("--speed-mps", type=float, metavar="V", help="walking speed, for metres")


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
    """Read the source of metres from the options given, at most one of which may be.

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
            f"Expected one source of metres, but got {', '.join(chosen)}.",
            "Give only one of --height-m, --distance-m, --speed-mps.",
        )
    if not chosen:
        return {}
    ((kind, value),) = chosen.items()
    return {"kind": kind, "value": value, "pixels": args.distance_px if kind == "distance" else None}
