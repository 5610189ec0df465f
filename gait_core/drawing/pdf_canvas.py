"""A page of a PDF with the origin at the top left, text in any script, and drawings."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gait_core.drawing.fonts import FontChain
from gait_core.drawing.scripts import as_drawn
from gait_core.drawing.shapes import Drawing, Path, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MM", "PAGE_HEIGHT", "PAGE_WIDTH", "Sheet"]

MM: Final = 72.0 / 25.4
PAGE_WIDTH: Final = 210.0 * MM
PAGE_HEIGHT: Final = 297.0 * MM


class Sheet:
    """Draws on one page after the other.

    All lengths are points; y is measured from the top of the page.

    Parameters
    ----------
    title, subject, language : str
        For the properties of the file.
    """

    def __init__(self, *, title: str, subject: str, language: str) -> None:
        from reportlab.pdfgen.canvas import Canvas

        self._target = io.BytesIO()
        # Invariant: the file holds no time stamp, so that the same report gives the same bytes.
        self._canvas: Any = Canvas(
            self._target, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), pageCompression=1, invariant=1, lang=language
        )
        self._canvas.setTitle(title)
        self._canvas.setSubject(subject)
        self._canvas.setCreator("Gait Studio")
        self._canvas.setAuthor("Gait Studio")
        self._chains = {bold: FontChain(bold=bold) for bold in (False, True)}
        self._widths = lru_cache(maxsize=4096)(self._measure)

    def next_page(self) -> None:
        """Begin a new page."""
        self._canvas.showPage()

    def finish(self) -> bytes:
        """Return the file."""
        self._canvas.showPage()
        self._canvas.save()
        return self._target.getvalue()

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of a line of text."""
        return self._widths(text, bold) * size

    def _measure(self, text: str, bold: bool) -> float:
        return self._chains[bold].width(as_drawn(text), 1.0)

    def wrap(self, text: str, size: float, width: float, *, bold: bool = False, first: float = 0.0) -> list[str]:
        """Break a text into lines of at most that width, the first starting at `first`; a longer word is cut."""
        lines: list[str] = []
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self.width(longer, size, bold=bold) <= width - (0.0 if lines else first):
                line = longer
                continue
            if line or (first and not lines):
                lines.append(line)
            pieces = self._cut(word, size, width, bold=bold)
            lines += pieces[:-1]
            line = pieces[-1]
        return [*lines, line] if line else lines

    def _cut(self, word: str, size: float, width: float, *, bold: bool) -> list[str]:
        pieces, piece = [], ""
        for character in word:
            if piece and self.width(piece + character, size, bold=bold) > width:
                pieces.append(piece)
                piece = ""
            piece += character
        return [*pieces, piece]

    def fitted(self, text: str, size: float, width: float, *, bold: bool = False) -> str:
        """Return the text, cut with an ellipsis where it is wider than that."""
        if self.width(text, size, bold=bold) <= width:
            return text
        while text and self.width(f"{text}…", size, bold=bold) > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str,
        *,
        bold: bool = False,
        anchor: str = "start",
        turned: bool = False,
    ) -> None:
        """Write one line; y is its base line."""
        canvas = self._canvas
        shift = {"middle": 0.5, "end": 1.0}.get(anchor, 0.0) * self.width(text, size, bold=bold)
        canvas.saveState()
        canvas.setFillColor(_colour(colour))
        canvas.translate(x, PAGE_HEIGHT - y)
        if turned:
            canvas.rotate(90)
        pen = canvas.beginText(-shift, 0)
        for name, piece in self._chains[bold].runs(as_drawn(text)):
            pen.setFont(name, size)
            pen.textOut(piece)
        canvas.drawText(pen)
        canvas.restoreState()

    def rule(self, x: float, end: float, y: float, colour: str, width: float = 0.6) -> None:
        """Draw a level line."""
        self._canvas.setStrokeColor(_colour(colour))
        self._canvas.setLineWidth(width)
        self._canvas.line(x, PAGE_HEIGHT - y, end, PAGE_HEIGHT - y)

    def upright_rule(self, x: float, y: float, end: float, colour: str, width: float = 0.6) -> None:
        """Draw an upright line."""
        self._canvas.setStrokeColor(_colour(colour))
        self._canvas.setLineWidth(width)
        self._canvas.line(x, PAGE_HEIGHT - y, x, PAGE_HEIGHT - end)

    def pixels(self, jpeg: bytes, x: float, y: float, width: float, height: float, *, radius: float = 3.0) -> None:
        """Place an image with rounded corners; it fills the frame and loses what is too much at its sides."""
        from reportlab.lib.utils import ImageReader

        canvas = self._canvas
        image = ImageReader(io.BytesIO(jpeg))
        own_width, own_height = image.getSize()
        scale = max(width / own_width, height / own_height)
        wide, high = own_width * scale, own_height * scale
        bottom = PAGE_HEIGHT - y - height
        canvas.saveState()
        frame = canvas.beginPath()
        frame.roundRect(x, bottom, width, height, radius)
        canvas.clipPath(frame, stroke=0, fill=0)
        canvas.drawImage(image, x - (wide - width) / 2, bottom - (high - height) / 2, wide, high)
        canvas.restoreState()

    def drawing(self, drawing: Drawing, x: float, y: float, width: float) -> float:
        """Draw a drawing at the given width and return its height."""
        canvas, scale = self._canvas, width / drawing.width
        for shape in drawing.shapes:
            if isinstance(shape, Text):
                self.text(
                    x + shape.x * scale,
                    y + shape.y * scale,
                    shape.text,
                    shape.size * scale,
                    shape.colour,
                    bold=shape.bold,
                    anchor=shape.anchor,
                    turned=shape.turned,
                )
            else:
                canvas.saveState()
                canvas.translate(x, PAGE_HEIGHT - y)
                canvas.scale(scale, -scale)
                _paint(canvas, shape)
                canvas.restoreState()
        return drawing.height * scale


def _colour(name: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(name)


def _paint(canvas: Any, shape: Path) -> None:
    path = canvas.beginPath()
    for letter, points in shape.steps:
        flat: Sequence[float] = [value for point in points for value in point]
        if letter == "M":
            path.moveTo(*flat)
        elif letter == "L":
            path.lineTo(*flat)
        elif letter == "C":
            path.curveTo(*flat)
        else:
            path.close()
    if shape.fill:
        canvas.setFillColor(_colour(shape.fill), alpha=shape.opacity)
    if shape.stroke:
        canvas.setStrokeColor(_colour(shape.stroke), alpha=shape.opacity)
        canvas.setLineWidth(shape.width)
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        canvas.setDash(*([list(shape.dash)] if shape.dash else []))
    canvas.drawPath(path, stroke=int(shape.stroke is not None), fill=int(shape.fill is not None))
