"""The look of the report: the light colours of the dashboard, for paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["DARK", "LIGHT", "LOOKS", "LevelLook", "Palette"]


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours of one ground; every text colour has a contrast of at least 4.5 against `paper`.

    Attributes
    ----------
    accent : str
        The one colour that says "look here".
    paper, surface : str
        Ground, and ground of a box.
    text, muted, line, faint : str
        Print, lesser print, rules, single strides.
    band : str
        Spread of the baseline, or of the reference values.
    body, body_far : str
        The figure of the body map: the side near to the viewer, and the other one.
    normal, watch, alert : str
        Levels.
    """

    accent: str
    paper: str
    surface: str
    text: str
    muted: str
    line: str
    faint: str
    band: str
    body: str
    body_far: str
    normal: str
    watch: str
    alert: str

    def level(self, level: str) -> str:
        """Return the colour of a level; grey where there is no verdict."""
        levels = {"normal": self.normal, "watch": self.watch, "alert": self.alert, "measured": self.accent}
        return levels.get(level, self.muted)

    def to_dict(self) -> dict[str, str]:
        """Return the colours by name."""
        return dict(vars(self))


LIGHT: Final = Palette(
    accent="#0B6470",
    paper="#FFFFFF",
    surface="#F4F6F3",
    text="#17211F",
    muted="#56625F",
    line="#D9DDD7",
    faint="#A9B3AF",
    band="#DCE9E8",
    body="#D5DCD8",
    body_far="#E6EAE7",
    normal="#24734A",
    watch="#9A5700",
    alert="#B02A25",
)
DARK: Final = Palette(
    accent="#5DBBC6",
    paper="#111718",
    surface="#1A2223",
    text="#E4EAE8",
    muted="#9FADAB",
    line="#324041",
    faint="#566567",
    band="#1F3A3E",
    body="#3B4A4B",
    body_far="#2A3637",
    normal="#6FC795",
    watch="#E7AC53",
    alert="#F28B82",
)


@dataclass(frozen=True, kw_only=True)
class LevelLook:
    """How levels are distinguished without colour.

    Attributes
    ----------
    word : str
        Name of the level.
    shape : str
        Marker: ``circle``, ``triangle``, ``diamond`` or ``ring``.
    part : str
        What the level says about one part of the body, for a patient.
    """

    word: str
    shape: str
    part: str


LOOKS: Final[Mapping[str, LevelLook]] = {
    "normal": LevelLook(word="Normal", shape="circle", part="as usual"),
    "watch": LevelLook(word="Watch", shape="triangle", part="somewhat different"),
    "alert": LevelLook(word="Alert", shape="diamond", part="clearly different"),
    "withheld": LevelLook(word="Withheld", shape="ring", part="not compared"),
    "measured": LevelLook(word="Measured", shape="circle", part="measured"),
}
