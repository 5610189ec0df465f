"""A guard against the wrong person: the proportions of the body, compared with those of earlier walks.

It warns and never blocks: proportions in one frame tell many people apart, but not all, and clothes, shoes and the
angle of the camera change them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.kinematics import Kinematics

__all__ = [
    "PROPORTIONS",
    "BodyProportions",
    "IdentityVerdict",
    "Proportion",
    "body_proportions",
    "compare_people",
    "one_person",
    "people_doubt",
]

Array = NDArray[np.float64]

PROPORTIONS: Final[Mapping[str, str]] = {
    "thigh_shank": "Thigh to shank",
    "trunk_leg": "Trunk to leg",
    "foot_leg": "Foot to leg",
    "hindfoot_leg": "Ankle to heel, to leg",
    "upper_arm_leg": "Upper arm to leg",
    "forearm_leg": "Forearm to leg",
    "head_leg": "Ear to shoulders, to leg",
}
"""Proportion → label for people."""

_SPREAD: Final = (0.020, 0.0105, 0.0048, 0.0024, 0.0086, 0.0062, 0.0062)
_CORRELATION: Final = (
    (1.00, 0.23, -0.11, -0.23, 0.20, 0.24, 0.03),
    (0.23, 1.00, 0.21, 0.12, 0.65, 0.34, 0.20),
    (-0.11, 0.21, 1.00, 0.16, 0.24, 0.10, 0.12),
    (-0.23, 0.12, 0.16, 1.00, 0.02, -0.20, -0.04),
    (0.20, 0.65, 0.24, 0.02, 1.00, 0.27, 0.23),
    (0.24, 0.34, 0.10, -0.20, 0.27, 1.00, 0.39),
    (0.03, 0.20, 0.12, -0.04, 0.23, 0.39, 1.00),
)
"""How the proportions differ between walks of one person: SD of one walk, and correlations, drawn to zero by a fifth.

From four walks each of 60 simulated people, each walk with a camera of its own and with the errors of the pose model.
The ten real walks, five people twice in one room, differ less, but for thigh to shank, whose figure is theirs.
"""
LIMIT: Final = 1.6
"""About 1 walk in 100 of the same simulated person lies above."""
FEWEST_FRAMES: Final = 15
FEWEST_PROPORTIONS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Proportion:
    """One proportion over the frames of a walk.

    Attributes
    ----------
    median, spread : float
        Over the samples; the spread is 1.4826 times the median absolute deviation.
    n : int
        Samples.
    """

    median: float
    spread: float
    n: int


@dataclass(frozen=True, kw_only=True)
class BodyProportions:
    """Proportions of a body as the camera saw them, near side.

    Attributes
    ----------
    values : mapping of str to Proportion
        Keys of `PROPORTIONS`; those that could not be measured are left out.
    side : {"left", "right"}
        Side that was seen.
    """

    values: Mapping[str, Proportion]
    side: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "side": self.side,
            "values": {
                name: {"median": one.median, "spread": one.spread, "n": one.n} for name, one in self.values.items()
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(side=values["side"], values={name: Proportion(**one) for name, one in values["values"].items()})


@dataclass(frozen=True, kw_only=True)
class IdentityVerdict:
    """Whether a walk may show the same person as others.

    Attributes
    ----------
    distance : float or None
        Difference of the proportions, in usual differences between two walks of one person; None when it cannot be
        told.
    limit : float
        Distance above which it is probably another person.
    same : bool or None
        None when it cannot be determined.
    sentence : str
        For people.
    """

    distance: float | None
    limit: float
    same: bool | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {"distance": self.distance, "limit": self.limit, "same": self.same, "sentence": self.sentence}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**values)


def body_proportions(motion: Kinematics) -> BodyProportions:
    """Measure the proportions of a body in the passes used.

    Parameters
    ----------
    motion : Kinematics

    Returns
    -------
    BodyProportions
        Medians over the samples of walking; a proportion seen in fewer than 15 samples is left out.
    """
    near, walking = motion.visible_side, motion.walking
    points = {name: values[walking] for name, values in motion.points.items()}

    def between(upper: str, lower: str) -> Array:
        return np.asarray(np.linalg.norm(points[f"{near}_{upper}"] - points[f"{near}_{lower}"], axis=1))

    thigh, shank = between("hip", "knee"), between("knee", "ankle")
    shoulder = np.mean([points[f"{side}_shoulder"] for side in SIDES], axis=0)
    # The middle of the hips is the origin.
    lengths = {
        "trunk_leg": np.linalg.norm(shoulder, axis=1),
        "foot_leg": between("heel", "foot_index"),
        "hindfoot_leg": between("ankle", "heel"),
        "upper_arm_leg": between("shoulder", "elbow"),
        "forearm_leg": between("elbow", "wrist"),
        "head_leg": np.linalg.norm(points[f"{near}_ear"] - shoulder, axis=1),
    }
    known_leg = np.isfinite(thigh + shank)
    leg = float(np.median((thigh + shank)[known_leg])) if known_leg.any() else math.nan
    curves = {"thigh_shank": thigh / shank} | {name: length / leg for name, length in lengths.items()}
    found = {}
    for name, curve in curves.items():
        known = curve[np.isfinite(curve)]
        if len(known) >= FEWEST_FRAMES:
            median = float(np.median(known))
            spread = 1.4826 * float(np.median(np.abs(known - median)))
            found[name] = Proportion(median=median, spread=spread, n=len(known))
    return BodyProportions(values=found, side=near)


def one_person(walks: Sequence[BodyProportions]) -> bool:
    """Return whether walks may all show one person: at most one of them stands off from the others.

    Parameters
    ----------
    walks : sequence of BodyProportions
        For example those of a baseline; those of a reference group show several people.

    Returns
    -------
    bool
        True also when too few proportions are known to judge.
    """
    others = [[other for j, other in enumerate(walks) if j != i] for i in range(len(walks))]
    apart = [compare_people(walk, rest).same is False for walk, rest in zip(walks, others, strict=True) if rest]
    return sum(apart) <= 1


def people_doubt(walks: Sequence[BodyProportions], names: Sequence[str]) -> str:
    """Ask whether walks show one person, where their proportions say otherwise.

    Parameters
    ----------
    walks : sequence of BodyProportions
        Those of a baseline.
    names : sequence of str
        Their names, in the same order.

    Returns
    -------
    str
        For people; empty where nothing is in doubt.
    """
    others = [[other for j, other in enumerate(walks) if j != i] for i in range(len(walks))]
    apart = [
        name
        for name, walk, rest in zip(names, walks, others, strict=True)
        if rest and compare_people(walk, rest).same is False
    ]
    if not apart:
        return ""
    if len(apart) == 1:
        return (
            f"The proportions of the body in {apart[0]} do not fit the other walks. Check that all show the same "
            "person; other shoes, loose clothes or another camera angle can have the same effect."
        )
    return (
        f"The proportions of the body differ more between these walks than within one person ({', '.join(apart)}). "
        "Check that all show the same person: a baseline of several people cannot show a change in one of them."
    )


def compare_people(walk: BodyProportions, known: Sequence[BodyProportions]) -> IdentityVerdict:
    """Return whether a walk may show the same person as earlier walks.

    Parameters
    ----------
    walk : BodyProportions
        The walk in question.
    known : sequence of BodyProportions
        Walks of the person it should be.

    Returns
    -------
    IdentityVerdict
        Without a verdict when fewer than three proportions were seen in both.

    Notes
    -----
    The distance is that of Mahalanobis (1936), Proc Natl Inst Sci India 2:49, by the root of the number of
    proportions: about 1 between two walks of one person. The more walks are known, the smaller is the part of the
    difference that chance explains. On simulated people with other seeds than those of the calibration, see the tests.
    """
    names = [name for name in PROPORTIONS if name in walk.values and any(name in one.values for one in known)]
    if len(names) < FEWEST_PROPORTIONS:
        return IdentityVerdict(
            distance=None,
            limit=LIMIT,
            same=None,
            sentence="Whether this is the same person cannot be determined: too little of the body was seen.",
        )
    rows = [list(PROPORTIONS).index(name) for name in names]
    apart = np.empty(len(names))
    for number, name in enumerate(names):
        earlier = [one.values[name].median for one in known if name in one.values]
        chance = _SPREAD[rows[number]] * math.sqrt(1.0 + 1.0 / len(earlier))
        apart[number] = (walk.values[name].median - float(np.mean(earlier))) / chance
    correlation = np.array(_CORRELATION)[np.ix_(rows, rows)]
    distance = math.sqrt(float(apart @ np.linalg.solve(correlation, apart)) / len(names))
    if distance <= LIMIT:
        sentence = "The proportions of the body fit the earlier walks."
        return IdentityVerdict(distance=distance, limit=LIMIT, same=True, sentence=sentence)
    most = PROPORTIONS[names[int(np.argmax(np.abs(apart)))]].lower()
    return IdentityVerdict(
        distance=distance,
        limit=LIMIT,
        same=False,
        sentence=f"The proportions of the body do not fit the earlier walks (most of all: {most}). Check that this is "
        "the same person; other shoes, loose clothes or another camera angle can have the same effect.",
    )
