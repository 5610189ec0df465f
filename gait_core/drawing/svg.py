"""Draws a `Drawing` as SVG."""

from __future__ import annotations

import hashlib
from html import escape

from gait_core.drawing.shapes import Drawing, Path, Text

__all__ = ["to_svg"]


def to_svg(drawing: Drawing, *, css_class: str = "") -> str:
    """Render a drawing as an SVG element that scales with its container.

    Parameters
    ----------
    drawing : Drawing
        Its texts may come from anywhere; they are escaped.
    css_class : str
        Class of the element, a plain word of ours.

    Returns
    -------
    str
        An ``<svg>`` element, whose title and description a screen reader speaks.
    """
    body = "".join(_path(shape) if isinstance(shape, Path) else _text(shape) for shape in drawing.shapes)
    key = hashlib.sha256(f"{drawing.title}{body}".encode("utf-8", "surrogatepass")).hexdigest()[:10]
    names = f"t{key} d{key}" if drawing.description else f"t{key}"
    description = f'<desc id="d{key}">{_escaped(drawing.description)}</desc>' if drawing.description else ""
    attribute = f' class="{css_class}"' if css_class else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" role="img"'
        f'{attribute} aria-labelledby="{names}"><title id="t{key}">{_escaped(drawing.title)}</title>{description}'
        f"{body}</svg>"
    )


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    """Return text that is safe in XML: escaped, and without what XML forbids."""
    return escape("".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))


def _path(shape: Path) -> str:
    steps = "".join(letter + " ".join(f"{_n(x)} {_n(y)}" for x, y in points) for letter, points in shape.steps)
    parts = [f'd="{steps}"', f'fill="{shape.fill or "none"}"']
    if shape.stroke:
        parts.append(
            f'stroke="{shape.stroke}" stroke-width="{_n(shape.width)}" stroke-linecap="round" stroke-linejoin="round"'
        )
    if shape.dash:
        parts.append(f'stroke-dasharray="{" ".join(_n(length) for length in shape.dash)}"')
    if shape.opacity < 1:
        parts.append(f'opacity="{_n(shape.opacity)}"')
    return f"<path {' '.join(parts)}/>"


def _text(shape: Text) -> str:
    weight = ' font-weight="600"' if shape.bold else ""
    anchor = f' text-anchor="{shape.anchor}"' if shape.anchor != "start" else ""
    turn = f' transform="rotate(-90 {_n(shape.x)} {_n(shape.y)})"' if shape.turned else ""
    return (
        f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" fill="{shape.colour}"'
        f"{weight}{anchor}{turn}>{_escaped(shape.text)}</text>"
    )
