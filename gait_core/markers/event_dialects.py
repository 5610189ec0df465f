"""What programs call initial contact and foot off, and the two feet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT

__all__ = ["KIND_WORDS", "SIDE_WORDS", "Meaning", "letters_of", "meaning_of"]

SIDE_WORDS: Final[Mapping[str, str]] = {"l": "left", "left": "left", "r": "right", "right": "right"}
_CONTACT_WORDS: Final = (
    "initialcontact footstrike heelstrike contact ic hs fs heelcontact footcontact hc strike touchdown td footdown ifc"
)
_OFF_WORDS: Final = "footoff toeoff off fo to terminalcontact finalcontact liftoff footlift"
KIND_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_CONTACT_WORDS.split(), INITIAL_CONTACT),
    **dict.fromkeys(_OFF_WORDS.split(), FOOT_OFF),
}
"""What programs call the two events, in small letters without anything between."""

_PLATES: Final = ("", "fp", "plate", "force", "forceplate")
_PLATE_WORDS: Final[Mapping[str, str]] = {
    f"{plate}{word}": kind for plate in _PLATES for word, kind in (("on", INITIAL_CONTACT), ("off", FOOT_OFF))
}
"""How programs call the moments at which the load on a force plate begins and ends."""
_SENTENCES: Final[Mapping[str, str]] = {
    "theinstanttheheelstrikestheground": INITIAL_CONTACT,
    "theinstantthefootmeetsthefloor": INITIAL_CONTACT,
    "theinstantthetoeleavestheground": FOOT_OFF,
    "theinstantthetoeleavesthefloor": FOOT_OFF,
}
"""Descriptions that Vicon's programs and our own export write."""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What the texts of one event say.

    Attributes
    ----------
    side : {"left", "right"}
    kind : {"initial_contact", "foot_off"}
    plate : bool
        The word is that of a force plate (on, off) rather than that of a marked event.
    """

    side: str
    kind: str
    plate: bool


def letters_of(text: str) -> str:
    """Return the letters of a text, small and without anything between.

    Returns
    -------
    str
        For example ``"rhs"`` for ``"R_HS"``.
    """
    return re.sub(r"[^a-z]", "", text.lower())


def meaning_of(label: str, context: str = "", description: str = "") -> Meaning | None:
    """Return which event of which foot three texts mean together.

    Parameters
    ----------
    label, context, description : str
        Entries of EVENT:LABELS, CONTEXTS and DESCRIPTIONS. Any of them may hold the side, the event or both, for
        example ``Foot Strike`` with ``Left``, or ``RHS`` with nothing or with ``General``. The description is asked
        only for what the other two leave open.

    Returns
    -------
    Meaning or None
        None when the texts lack the side or the event, or contradict each other.
    """
    read = [_parts(text) for text in (label, context)]
    if not (any(side for side, _, _ in read) and any(kind for _, kind, _ in read)):
        read.append(_parts(description))
    sides = {side for side, _, _ in read if side}
    events = [(kind, plate) for _, kind, plate in read if kind]
    if len(sides) != 1 or len({kind for kind, _ in events}) != 1:
        return None
    return Meaning(side=sides.pop(), kind=events[0][0], plate=all(plate for _, plate in events))


def _parts(text: str) -> tuple[str, str, bool]:
    """Return side and kind where a text holds them, else empty, and whether the word is that of a force plate."""
    letters = letters_of(text)
    if letters in SIDE_WORDS:
        return SIDE_WORDS[letters], "", False
    for side, rest in ((("", letters)), *_without_side(text)):
        if rest in _PLATE_WORDS:
            return side, _PLATE_WORDS[rest], True
        kind = KIND_WORDS.get(rest) or _SENTENCES.get(rest)
        if kind:
            return side, kind, False
    return "", "", False


def _without_side(text: str) -> Iterator[tuple[str, str]]:
    """Yield each way to split a side from the front or the end; one letter at the end only after a separator."""
    letters = letters_of(text)
    for word, side in SIDE_WORDS.items():
        if letters.startswith(word):
            yield side, letters[len(word) :]
    words = re.findall(r"[a-z]+", text.lower())
    for word, side in SIDE_WORDS.items():
        if letters.endswith(word) and (len(word) > 1 or words[-1] == word):
            yield side, letters[: -len(word)]
