"""What laboratories call the same places on the body, and the marker sets that are known by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.markers.event_dialects import SIDE_WORDS

__all__ = ["KNOWN_SETS", "STEMS", "KnownSet", "Markers", "sided"]

Array = NDArray[np.float64]

STEMS: Final[Mapping[str, tuple[str, ...]]] = {
    place: tuple(names.split())
    for place, names in {
        "hip centre": "hjc hipjc vhipjc fep hipjointcentre hipjointcenter hipcentre hipcenter",
        "asis": "asi asis ias",
        "psis": "psi psis ips",
        "trochanter": "gtr gt gtro gtroc ftc troc trochanter greatertrochanter hip",
        "lateral knee": "kne knee lek le fle lfe lfc lknee kneelat kneelateral latknee lateralknee lepi lk",
        "medial knee": "knm kneemedial mek me fme mfe mfc mknee kneemed medknee medialknee kneem mkne mepi mk",
        "knee centre": "kjc kneejc vkneejcdynamic vkneejc feo kneejointcentre kneejointcenter kneecentre kneecenter",
        "lateral ankle": "ank ankle lm fal lmal lankle anklelat anklelateral latankle latmal lateralmalleolus mal la",
        "medial ankle": "med anklemedial mm tam mmal mankle anklemed medankle medmal medialmalleolus ankm ma",
        "ankle centre": "ajc anklejc vanklejcdynamic vanklejc tio anklejointcentre anklejointcenter anklecentre "
        "anklecenter",
        "heel": "hee heel ca cal calc calcaneus fcc heelpost pcal hel",
        "toe": "toe footindex toetip bigtoe hallux hlx toes",
        "mt2": "mt2 smh sm fm2 2mt mth2 met2 mtp2 smt",
        "mt1": "mt1 fmh fm fm1 1mt mth1 met1 mtp1 d1m",
        "mt5": "mt5 vmh vm fm5 5mt mth5 met5 mtp5 5meta d5m",
        "shoulder": "sho shoulder acr acro acromion sae",
        "lateral elbow": "el lelbow hle elb elbow",
        "medial elbow": "em melbow hme elbm",
        "one wrist": "wra wl lwrist rsp",
        "other wrist": "wrb wm mwrist usp",
        "wrist": "wrist wri wjc",
        "ear": "ear",
        "front head": "fhd",
        "back head": "bhd",
    }.items()
}
"""Place → names without a side, small and without anything between, the usual ones first.

Vicon: Plug-in Gait reference guide (marker set, and the outputs HJC, KJC, AJC, FEP, FEO, TIO). IOR: Leardini et al.
2007 (Gait Posture 26: 560–571) as Cortex writes it. Foot: Leardini et al. 2007 (Gait Posture 25: 453–462). FLE, FAL and
so on: van Sint Jan 2007, Color Atlas of Skeletal Landmark Definitions. OpenCap: Uhlrich et al. 2023, PLoS Comput Biol
19: e1011462, without ``_study``.
"""
SACRUM: Final = frozenset(("sacr", "sacrum", "sacral", "vsacral", "vsacrum", "sac", "midpsis", "vmidpsis"))
_STUDY: Final = re.compile(r"_study$", re.IGNORECASE)
_VIRTUAL: Final = re.compile(r"^v[_.](?=.)", re.IGNORECASE)
_LAST_CAPITAL: Final = re.compile(r"(.*[a-z])([LR])")


@dataclass(frozen=True)
class KnownSet:
    """A marker set that has a name.

    Attributes
    ----------
    name : str
        For people.
    left : tuple of str
        Labels of the left leg by which it is told, as laboratories write them; those of the right have an R.
    """

    name: str
    left: tuple[str, ...]

    def lacking(self, markers: Markers) -> list[str]:
        """Return the labels of both sides that are not there."""
        both = [label for left in self.left for label in (left, _of_the_right(left))]
        return [label for label in both if not any(key in markers.label_of for key in sided(label))]


KNOWN_SETS: Final = (
    KnownSet("CGM2", ("LKNE", "LKNM", "LANK", "LMED", "LHEE")),
    KnownSet("CGM2", ("LASI", "LKNE", "LANK", "LHEE", "LFMH", "LVMH")),
    KnownSet("CGM2", ("LASI", "LKNE", "LANK", "LHEE", "LTHAP", "LTIAP")),
    KnownSet("Rizzoli", ("LCA", "LFMH", "LSMH", "LVMH")),
    KnownSet("Plug-in Gait", ("LASI", "LKNE", "LANK", "LHEE", "LTOE")),
    KnownSet("IOR (Leardini)", ("L.ASIS", "L.Knee", "L.HF", "L.TT", "L.Ankle", "L.Heel", "L.MT1", "L.MT5")),
    KnownSet("IOR (Leardini)", ("LASIS", "LLE", "LLM", "LCA", "LFM", "LVM")),
    KnownSet(
        "OpenCap", ("L_knee_study", "L_mknee_study", "L_ankle_study", "L_mankle_study", "L_calc_study", "L_toe_study")
    ),
    KnownSet("Helen Hayes", ("L.ASIS", "L.Knee", "L.Ankle", "L.Heel", "L.Toe")),
    KnownSet("CAST", ("L_IAS", "L_FLE", "L_FAL", "L_FCC", "L_FM1", "L_FM5")),
    KnownSet("Human Body Model", ("LASIS", "LLEK", "LLM", "LHEE", "LTOE")),
    KnownSet("joint centres (OpenPose)", ("LHip", "LKnee", "LAnkle", "LHeel", "LBigToe")),
    KnownSet("joint centres (Theia)", ("LHip", "LKnee", "LAnkle", "LHeel", "LToe")),
    KnownSet("joint centres (Theia)", ("LHJC", "LKJC", "LAJC", "LHEE", "LTOE")),
    KnownSet("MediaPipe landmarks", ("left_hip", "left_knee", "left_ankle", "left_heel", "left_foot_index")),
)
"""In the order in which they are asked; one that has more markers stands before one that it contains."""


def _of_the_right(label: str) -> str:
    return label.replace("left", "right") if label.startswith("left") else f"R{label[1:]}"


def sided(label: str) -> Iterator[tuple[str, str]]:
    """Split a label into the side and what is left of it, in each way that is usual.

    Parameters
    ----------
    label : str
        For example ``LKNE``, ``L.Knee``, ``l_knee``, ``Left Knee``, ``Knee_L``, ``KneeLeft`` or ``L_knee_study``.

    Yields
    ------
    (str, str)
        Side, and the rest small and without anything between. A virtual marker (``V_L.Hip_JC``) keeps its v.
    """
    text = _STUDY.sub("", label.strip())
    virtual = "v" if _VIRTUAL.match(text) else ""
    text = _VIRTUAL.sub("", text)
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text.lower()) if word]
    key = "".join(words)
    for side_word, rest in ((words[:1], words[1:]), (words[-1:], words[:-1])):
        if rest and side_word[0] in SIDE_WORDS:
            yield SIDE_WORDS[side_word[0]], virtual + "".join(rest)
    for word in ("left", "right", "l", "r"):
        if key.startswith(word) and len(key) > len(word):
            yield SIDE_WORDS[word], virtual + key[len(word) :]
        if len(word) > 1 and key.endswith(word) and len(key) > len(word):
            yield SIDE_WORDS[word], virtual + key[: -len(word)]
    if last := _LAST_CAPITAL.fullmatch(text):
        yield SIDE_WORDS[last[2].lower()], virtual + "".join(re.findall(r"[a-z0-9]+", last[1].lower()))


class Markers:
    """The markers of a trial that were seen in at least one frame, found by place and side.

    Parameters
    ----------
    points_m : mapping of str to ndarray, shape (n, 3)
        Positions by label, m.
    """

    def __init__(self, points_m: Mapping[str, Array]) -> None:
        self.points_m = {label: curve for label, curve in points_m.items() if np.isfinite(curve[:, 0]).any()}
        self.label_of: dict[tuple[str, str], str] = {}
        for label in self.points_m:
            for key in sided(label):
                self.label_of.setdefault(key, label)
        self.sacrum = next((label for label in self.points_m if re.sub(r"\W|_", "", label.lower()) in SACRUM), None)

    def find(self, side: str, place: str) -> str | None:
        """Return the label at a place of `STEMS`, the usual names first; None where there is none."""
        labels = (self.label_of.get((side, stem)) for stem in STEMS[place])
        return next((label for label in labels if label), None)

    def has(self, place: str) -> bool:
        """Return whether both sides have a marker at a place."""
        return all(self.find(side, place) for side in SIDES)

    def has_stem(self, stem: str) -> bool:
        """Return whether both sides have a marker of a name."""
        return all((side, stem) in self.label_of for side in SIDES)
