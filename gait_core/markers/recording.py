"""Opens a walk that a laboratory recorded with markers, in whichever file it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.markers.believable import believable_legs, believable_unit, leg_length_m
from gait_core.markers.directions import Directions, directions_of
from gait_core.markers.marker_sets import LegMarkers, legs_of
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.trial import MarkerTrial, read_trial
from gait_core.storage.ordinary_file import check_file

__all__ = ["Recording", "open_recording"]

_NPZ_SET: Final = "joints of an .npz file"


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """A recorded walk and how it was understood.

    Attributes
    ----------
    walk : MocapWalk
    marker_set : str
        Display name.
    made_of : mapping of str to str
        Landmark → the markers that it was taken from, where it is not a marker itself.
    treadmill : bool
    notes : tuple of str
        What was not understood or assumed, one sentence each.
    """

    walk: MocapWalk
    marker_set: str
    made_of: Mapping[str, str] = field(default_factory=dict)
    treadmill: bool = False
    notes: tuple[str, ...] = ()


def open_recording(path: Path) -> Recording:
    """Read a recorded walk, recognise its marker set and the directions of its laboratory.

    Parameters
    ----------
    path : Path
        ``.c3d`` of any laboratory, or ``.npz`` as `MocapWalk.load` reads it.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        When the file cannot be read, or the markers of both legs are not in it.
    LibraryError
        When ezc3d is not installed.
    """
    check_file(path)
    if path.suffix.lower() == ".npz":
        walk = MocapWalk.load(path)
        odd = believable_legs(walk.points_m, path.name)
        return Recording(walk=walk, marker_set=_NPZ_SET, notes=(*walk.notes, *odd))
    trial = read_trial(path)
    if not len(trial.time_s):
        raise InputError(f"Expected markers over time, but {path.name} has no frames.", "Export the trial again.")
    legs, of_unit = _legs(trial)
    directions = directions_of(legs, trial.rate_hz)
    return Recording(
        walk=_walk(path, trial, legs, directions),
        marker_set=legs.marker_set,
        made_of=legs.made_of,
        treadmill=directions.treadmill,
        notes=(*trial.notes, *of_unit, *legs.notes, *believable_legs(legs.points_m, path.name)),
    )


def _legs(trial: MarkerTrial) -> tuple[LegMarkers, list[str]]:
    """Return the legs in the unit of length in which they are those of a person, and what was assumed."""
    legs = legs_of(trial)
    metres, notes = believable_unit(leg_length_m(legs.points_m), trial.unit_m, trial.name)
    if not notes:
        return legs, []
    points_m = {label: curve * (metres / trial.unit_m) for label, curve in trial.points_m.items()}
    return legs_of(replace(trial, points_m=points_m, unit_m=metres)), notes


def _walk(path: Path, trial: MarkerTrial, legs: LegMarkers, directions: Directions) -> MocapWalk:
    turn = np.stack([directions.forward, directions.up, directions.right], axis=-1)
    points = {name: np.asarray(position @ turn) for name, position in legs.points_m.items()}
    floor_m = _floor_m(points)
    return MocapWalk(
        name=path.name,
        time_s=trial.time_s,
        rate_hz=trial.rate_hz,
        points_m={name: position - np.array([0.0, floor_m, 0.0]) for name, position in points.items()},
        events=trial.events,
        angles={f"{side}_{joint}": angle for (joint, side), angle in trial.angles.items()},
        source=path.name,
    )


def _floor_m(points: Mapping[str, NDArray[np.float64]]) -> float:
    """Return the height of the lowest foot: the origin of some laboratories does not lie on the floor."""
    feet = np.concatenate(
        [points[f"{side}_{name}"][:, 1] for side in ("left", "right") for name in ("heel", "foot_index")]
    )
    return float(np.nanpercentile(feet, 1.0)) if np.isfinite(feet).any() else 0.0
