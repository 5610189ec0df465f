"""From leg lengths to metres: by the height of the person, a known distance, or the walking speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, WalkWarning
from gait_core.gait.angles import SIDES
from gait_core.gait.body import LONGEST_LEG_M, SHORTEST_LEG_M
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.parameters.lengths import stride_lengths_leg
from gait_core.gait.strides import Stride

__all__ = ["Scale", "ScaleInput", "believable_scale", "resolve_scale"]

EAR_TO_ANKLE: Final = 0.884
"""Height of the ear (tragion) over the outer ankle (lateral malleolus), share of stature.

Computed here from the 6,068 men and women of ANSUR II (Gordon et al. 2014, 2012 Anthropometric Survey of U.S. Army
Personnel, NATICK/TR-15/007): 0.8837 for both sexes, SD 0.6 %. It stands in for the height because both ends are
landmarks that the pose model finds where an anatomist would, and because shoes change neither. A leg length would not
do: from the greater trochanter to the malleolus it is 0.474 of stature with an SD of 3.4 % between people, and the
pose model's hip is not the trochanter.
"""

_MIDDLE: Final = ("ear", "shoulder", "hip")
_WANTED: Final[Mapping[str, tuple[str, float, float]]] = {
    "height": ("the height of the person in metres", 0.8, 2.5),
    "distance": ("a distance on the floor in metres", 0.1, 50.0),
    "speed": ("the walking speed in metres per second", 0.1, 4.0),
    "markers": ("a metre", 1.0, 1.0),
}


@dataclass(frozen=True, kw_only=True)
class ScaleInput:
    """What the user knows of the size of things.

    Attributes
    ----------
    kind : {"none", "height", "distance", "speed", "markers"}
        ``markers`` is no choice of the user's: positions were recorded in metres.
    value : float or None
        Height or distance in m, or walking speed in m/s; 1 m for markers.
    pixels : float or None
        Length of the known distance in the upright image, at the depth of the walker, px.

    Raises
    ------
    InputError
        When a value is missing or cannot be.
    """

    kind: str = "none"
    value: float | None = None
    pixels: float | None = None

    def __post_init__(self) -> None:
        if self.kind == "none":
            return
        if self.kind not in _WANTED:
            kinds = ", ".join(kind for kind in _WANTED if kind != "markers")
            raise InputError(
                f"Expected kind to be one of none, {kinds}, but got {self.kind!r}.", "Choose one of these."
            )
        what, low, high = _WANTED[self.kind]
        if self.value is None or not low <= self.value <= high:
            got = "nothing" if self.value is None else f"{self.value:g}"
            raise InputError(
                f"Expected {what} between {low:g} and {high:g}, but got {got}.",
                "Correct the value, or measure in leg lengths, without metres.",
            )
        if self.kind in ("distance", "markers") and (self.pixels is None or not 2.0 <= self.pixels <= 1e5):
            got = "nothing" if self.pixels is None else f"{self.pixels:g}"
            raise InputError(
                f"Expected the length of the known distance in the image in px, at least 2, but got {got}.",
                "Mark both ends of the distance in the image, at the depth of the walker.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How long a leg length of `Kinematics` is.

    Attributes
    ----------
    metres_per_leg : float
    source : {"height", "distance", "speed", "markers"}
    note : str
        One readable sentence: where the metres come from.
    """

    metres_per_leg: float
    source: str
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**values)


def resolve_scale(given: ScaleInput, motion: Kinematics, strides: Sequence[Stride]) -> Scale | None:
    """Turn what the user knows into metres per leg length.

    Parameters
    ----------
    given : ScaleInput
    motion : Kinematics
    strides : sequence of Stride

    Returns
    -------
    Scale or None
        None when nothing was given, or when the walk does not show what is needed: a head and a leg for the
        height, a complete stride for the speed.
    """
    if given.value is None:
        return None
    if given.kind == "height":
        return _from_height(given.value, motion)
    if given.kind in ("distance", "markers") and given.pixels is not None:
        known = f"Scale from a known distance of {given.value:.2f} m on the floor."
        return Scale(
            metres_per_leg=given.value / given.pixels * motion.leg_length_px,
            source=given.kind,
            note=known if given.kind == "distance" else "Scale from the markers, which were recorded in metres.",
        )
    if given.kind == "speed":
        return _from_speed(given.value, motion, strides)
    return None


def believable_scale(scale: Scale | None) -> tuple[Scale | None, WalkWarning | None]:
    """Refuse a scale with which the legs would not be those of a person.

    Parameters
    ----------
    scale : Scale or None

    Returns
    -------
    scale : Scale or None
        None where it was refused.
    warning : WalkWarning or None
        With the code ``scale_impossible``; why it was refused.
    """
    if scale is None or SHORTEST_LEG_M <= scale.metres_per_leg <= LONGEST_LEG_M:
        return scale, None
    given = {"height": "body height", "distance": "distance"}.get(scale.source, "speed")
    text = (
        f"With the {given} that was given, the legs would be {scale.metres_per_leg:.2g} m long, from hip to ankle; a "
        f"person has {SHORTEST_LEG_M:g} to {LONGEST_LEG_M:g} m. There are no metres: check the {given} and its unit."
    )
    return None, WalkWarning(code="scale_impossible", message=text)


def _from_speed(speed_mps: float, motion: Kinematics, strides: Sequence[Stride]) -> Scale | None:
    lengths = stride_lengths_leg(motion, strides)
    speeds = [length / s.duration_s for length, s in zip(lengths, strides, strict=True) if np.isfinite(length)]
    if not speeds or np.mean(speeds) <= 0:
        return None
    return Scale(
        metres_per_leg=speed_mps / float(np.mean(speeds)),
        source="speed",
        note=f"Scale from the walking speed, {speed_mps:.2f} m/s.",
    )


def _from_height(height_m: float, motion: Kinematics) -> Scale | None:
    """Compare the height with the chain from ear to ankle.

    The chain runs over the middle of the ears, of the shoulders and of the hips to knee and ankle. Bent knees or a
    bent trunk do not shorten it, and an error of the hip along the body cancels between trunk and thigh. The mean of
    near and far leg is at the depth of the pelvis.
    """
    middle = {name: (motion.points[f"left_{name}"] + motion.points[f"right_{name}"]) / 2 for name in _MIDDLE}
    upper = _length(middle["ear"], middle["shoulder"]) + _length(middle["shoulder"], middle["hip"])
    chains = []
    for side in SIDES:
        hip, knee, ankle = (motion.points[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        chain = (upper + _length(hip, knee) + _length(knee, ankle))[motion.walking]
        chain = chain[np.isfinite(chain)]
        if len(chain):
            chains.append(float(np.median(chain)))
    if not chains:
        return None
    seen = "" if len(chains) == 2 else " Only one leg was seen, so they may be 1 to 2 % off."
    return Scale(
        metres_per_leg=EAR_TO_ANKLE * height_m / float(np.mean(chains)),
        source="height",
        note=f"Scale from the body height, {height_m:.2f} m.{seen}",
    )


def _length(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(end - start, axis=1))
