"""A person's usual parameters and curves: the measurements of the walks of a baseline.

::

    baselines/<id>/
      norms.json   parameters, key values and proportions of every walk
      norms.npz    their curves
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import ArrayCache, Entry
from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import digest_of
from gait_core.errors import WalkRefused
from gait_core.gait.cleaned_walk import CleanedWalk
from gait_core.gait.curves import Curves
from gait_core.gait.deviation import Band, band_of
from gait_core.gait.features import FEATURES_VERSION
from gait_core.gait.identity import BodyProportions
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.gait.parameters.parameter import Parameter
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.pose.track import Track
from gait_core.workspace import read_json, write_atomic

__all__ = ["NORMS_VERSION", "Norms", "measure_norms"]

NORMS_VERSION: Final = 2
"""Raised when the same landmarks give different norms, so that cached ones are not reused."""


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

    def to_meta(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        walks: list[dict[str, Any]] = [
            {
                "parameters": {name: parameter.to_dict() for name, parameter in parameters.items()},
                "proportions": proportions.to_dict(),
            }
            for parameters, proportions in zip(self.parameters, self.proportions, strict=True)
        ]
        return {"walks": walks}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the curves as flat arrays."""
        return {
            f"{number}/{name}": values
            for number, curves in enumerate(self.curves)
            for name, values in curves.to_arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> Self:
        """Build from the output of `to_arrays` and `to_meta`."""
        walks = meta["walks"]
        return cls(
            parameters=tuple(
                {name: Parameter.from_dict(name, values) for name, values in walk["parameters"].items()}
                for walk in walks
            ),
            curves=tuple(Curves.from_arrays(_part(arrays, number)) for number in range(len(walks))),
            proportions=tuple(BodyProportions.from_dict(walk["proportions"]) for walk in walks),
        )

    def save(self, folder: Path) -> None:
        """Write both files into the folder of a baseline."""
        # Half a megabyte that no one reads: indentation would make writing it take six times as long.
        write_atomic(folder / "norms.json", json.dumps(self.to_meta(), allow_nan=False).encode())
        save_arrays(folder / "norms.npz", self.to_arrays() or {"empty": np.zeros(0)})

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read from the folder of a baseline; None for one that was made before there were norms."""
        if not (folder / "norms.json").is_file():
            return None
        return cls.from_arrays(load_arrays(folder / "norms.npz"), read_json(folder / "norms.json"))


def measure_norms(
    tracks: Sequence[Track | CleanedWalk],
    side: str,
    scale: ScaleInput | None = None,
    *,
    cache: ArrayCache | None = None,
    addresses: Sequence[str] = (),
) -> Norms:
    """Measure the walks of a baseline; a walk in which no gait can be measured is left out.

    Parameters
    ----------
    tracks : sequence of Track or CleanedWalk
        Landmarks of each walk, as found or cleaned before.
    side : {"left", "right"}
        Side that the baseline shows.
    scale : ScaleInput, optional
    cache : ArrayCache, optional
        Keeps the norms of each walk; default: measured again.
    addresses : sequence of str
        What identifies each track, with a cache.

    Returns
    -------
    Norms
    """
    scale = scale or ScaleInput()
    found = []
    for number, track in enumerate(tracks):

        def compute(track: Track | CleanedWalk = track) -> Entry:
            norms = Norms.of([measure(motion_of(track, side=side), scale=scale)])
            return Entry(arrays=norms.curves[0].to_arrays(), meta=norms.to_meta())

        try:
            if cache is None:
                entry = compute()
            else:
                key = digest_of([addresses[number], side, scale.to_dict(), FEATURES_VERSION, NORMS_VERSION])
                entry, _ = cache.get_or_compute("norms", key, compute)
        except WalkRefused:
            continue
        found.append(Norms.from_arrays({f"0/{name}": values for name, values in entry.arrays.items()}, entry.meta))
    return Norms(
        parameters=tuple(one for norms in found for one in norms.parameters),
        curves=tuple(one for norms in found for one in norms.curves),
        proportions=tuple(one for norms in found for one in norms.proportions),
    )


def _part(arrays: Mapping[str, NDArray[Any]], number: int) -> dict[str, NDArray[Any]]:
    prefix = f"{number}/"
    return {name[len(prefix) :]: values for name, values in arrays.items() if name.startswith(prefix)}
