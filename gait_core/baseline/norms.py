"""What is usual for a person in parameters and curves: the measurements of the walks of a baseline.

::

    baselines/<id>/
      norms.json   parameters, key values and proportions of every walk
      norms.npz    their curves
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.arrays import load_arrays, save_arrays
from gait_core.errors import WalkRefused
from gait_core.gait.curves import Curves
from gait_core.gait.deviation import Band, band_of
from gait_core.gait.identity import BodyProportions
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.gait.parameters.model import Parameter
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.pose.track import Track
from gait_core.workspace import read_json, write_json

__all__ = ["Norms", "measure_norms"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Norms:
    """Parameters, curves and proportions of the walks of a baseline, in the same order.

    Attributes
    ----------
    parameters : tuple of mapping of str to Parameter
        Spatiotemporal parameters and key values of the curves together.
    curves : tuple of Curves
    proportions : tuple of BodyProportions
    """

    parameters: tuple[Mapping[str, Parameter], ...]
    curves: tuple[Curves, ...]
    proportions: tuple[BodyProportions, ...]

    @property
    def bands(self) -> dict[tuple[str, str], Band]:
        """Usual course of every curve, by name and side."""
        return band_of(self.curves)

    @classmethod
    def of(cls, measurements: Sequence[Measurement]) -> Self:
        """Take from measurements what is kept."""
        return cls(
            parameters=tuple(one.values for one in measurements),
            curves=tuple(one.curves for one in measurements),
            proportions=tuple(one.proportions for one in measurements),
        )

    def save(self, folder: Path) -> None:
        """Write both files into the folder of a baseline."""
        walks: list[dict[str, Any]] = [
            {
                "parameters": {name: parameter.to_dict() for name, parameter in parameters.items()},
                "proportions": proportions.to_dict(),
            }
            for parameters, proportions in zip(self.parameters, self.proportions, strict=True)
        ]
        arrays: dict[str, NDArray[Any]] = {
            f"{number}/{name}": values
            for number, curves in enumerate(self.curves)
            for name, values in curves.to_arrays().items()
        }
        write_json(folder / "norms.json", {"walks": walks})
        save_arrays(folder / "norms.npz", arrays or {"empty": np.zeros(0)})

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read from the folder of a baseline; None for one that was made before there were norms."""
        if not (folder / "norms.json").is_file():
            return None
        walks = read_json(folder / "norms.json")["walks"]
        arrays = load_arrays(folder / "norms.npz")
        return cls(
            parameters=tuple(
                {name: Parameter.from_dict(name, values) for name, values in walk["parameters"].items()}
                for walk in walks
            ),
            curves=tuple(Curves.from_arrays(_part(arrays, number)) for number in range(len(walks))),
            proportions=tuple(BodyProportions.from_dict(walk["proportions"]) for walk in walks),
        )


def measure_norms(tracks: Sequence[Track], side: str, scale: ScaleInput | None = None) -> Norms:
    """Measure the walks of a baseline; a walk in which no gait can be measured is left out.

    Parameters
    ----------
    tracks : sequence of Track
    side : {"left", "right"}
        Side that the baseline shows.
    scale : ScaleInput, optional
    """
    found = []
    for track in tracks:
        try:
            found.append(measure(motion_of(track, side=side), scale=scale))
        except WalkRefused:
            continue
    return Norms.of(found)


def _part(arrays: Mapping[str, NDArray[Any]], number: int) -> dict[str, NDArray[Any]]:
    prefix = f"{number}/"
    return {name[len(prefix) :]: values for name, values in arrays.items() if name.startswith(prefix)}
