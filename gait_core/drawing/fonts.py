"""The typefaces of the report: found where their packages lie, never fetched.

Source Sans is the face of the dashboard; what it lacks comes from DejaVu Sans, and Chinese, Japanese and Korean from
the faces that PDF viewers provide.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Final

__all__ = ["FontChain", "font_files", "web_font", "web_fonts_css"]

_FACES: Final = {
    False: (
        ("font_source_sans_pro", "files/SourceSansPro-Regular.ttf"),
        ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf"),
    ),
    True: (
        ("font_source_sans_pro", "files/SourceSansPro-Semibold.ttf"),
        ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"),
    ),
}
"""Bold or not → packages and files, best first."""
_EAST_ASIAN: Final = (
    ("HYSMyeongJo-Medium", ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))),
    ("HeiseiKakuGo-W5", ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF00, 0xFFEF))),
    ("STSong-Light", ((0x2E80, 0x303F), (0x3400, 0x9FFF), (0xF900, 0xFAFF))),
)
"""Fonts that viewers provide, and the Unicode blocks that they cover: Korean, kana, Chinese characters."""
_MISSING: Final = "□"


def font_files(*, bold: bool) -> list[Path]:
    """Return the font files that are installed; no package is imported for that.

    Returns
    -------
    list of Path
        Source Sans, then DejaVu Sans; empty where neither is installed.
    """
    found = []
    for package, name in _FACES[bold]:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent / name
            if path.is_file():
                found.append(path)
    return found


class FontChain:
    """Fonts of one weight in a PDF: each character is drawn by the first that has it.

    Parameters
    ----------
    bold : bool
    """

    def __init__(self, *, bold: bool) -> None:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont

        self._fonts: list[tuple[str, frozenset[int]]] = []
        for path in font_files(bold=bold):
            font = TTFont(f"{path.stem}", str(path))
            pdfmetrics.registerFont(font)
            self._fonts.append((path.stem, frozenset(font.face.charToGlyph)))
        self._last = self._fonts[0][0] if self._fonts else ("Helvetica-Bold" if bold else "Helvetica")

    def runs(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield pieces of a text with the name of the font that draws each."""
        drawn = [(self._font_of(character), character) for character in text]
        for name, group in groupby(drawn, key=lambda pair: pair[0]):
            piece = "".join(character for _, character in group)
            if name is None:
                yield from (
                    self.runs(_MISSING * len(piece)) if self._has(_MISSING) else ((self._last, "?" * len(piece)),)
                )
            else:
                yield name, piece

    def width(self, text: str, size: float) -> float:
        """Return the width of a text, points."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(sum(stringWidth(piece, name, size) for name, piece in self.runs(text)))

    def _has(self, character: str) -> bool:
        return any(ord(character) in known for _, known in self._fonts)

    def _font_of(self, character: str) -> str | None:
        code = ord(character)
        for name, known in self._fonts:
            if code in known:
                return name
        for name, blocks in _EAST_ASIAN:
            if any(first <= code <= last for first, last in blocks):
                return _east_asian(name)
        return self._last if not self._fonts and code < 256 else None


def _east_asian(name: str) -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


@lru_cache(maxsize=8)
def web_font(text: str, *, bold: bool) -> str:
    """Return Source Sans, reduced to the characters of a text.

    Returns
    -------
    str
        ``data:`` URL of a WOFF file; empty where the font is not installed.
    """
    files = font_files(bold=bold)
    if not files or "SourceSans" not in files[0].name:
        return ""
    from fontTools import subset

    options = subset.Options(layout_features=["kern", "tnum", "locl", "mark"], hinting=False, notdef_outline=True)
    options.drop_tables += ["DSIG", "GDEF"]
    target = BytesIO()
    with subset.load_font(str(files[0]), options, dontLoadGlyphNames=True) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(text=text)
        cutter.subset(font)
        font.flavor = "woff"
        font.save(target)
    return f"data:font/woff;base64,{base64.b64encode(target.getvalue()).decode()}"


def web_fonts_css(text: str) -> str:
    """Return the CSS rules that embed the characters of a text in both weights.

    Returns
    -------
    str
        ``@font-face`` rules for ``Report Sans`` at weights 400 and 600; empty where the font is not installed.
    """
    characters = "".join(sorted(set(text)))
    rules = []
    for bold in (False, True):
        address = web_font(characters, bold=bold)
        if address:
            weight = 600 if bold else 400
            rules.append(
                f'@font-face{{font-family:"Report Sans";font-weight:{weight};src:url({address}) format("woff")}}'
            )
    return "".join(rules)
