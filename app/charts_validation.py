"""Charts of a validation: Bland–Altman plots, and mean curves beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from app import words
from app.charts import Chart, blank
from app.theme import palette

__all__ = ["bland_altman", "digits_of", "mean_curves", "signed"]

_SYMBOLS: Final[Mapping[str, str]] = {"left": "circle", "right": "diamond-open", "both": "circle"}
_DIGITS: Final[Mapping[str, int]] = {"s": 3, "m": 3, "m/s": 3, "ms": 1, "%": 1, "steps/min": 1, "deg": 1}


def digits_of(unit: str) -> int:
    """Return how many decimals a value of that unit is worth."""
    return _DIGITS.get(unit, 3)


def signed(value: float | None, digits: int) -> str:
    """Return a number with its sign, or a dash."""
    if value is None or not np.isfinite(value):
        return words.number(None)
    rounded = round(float(value), digits)
    if rounded == 0.0:
        return f"{0.0:.{digits}f}"
    return f"{rounded:+.{digits}f}".replace("-", "−")


def bland_altman(
    label: str,
    unit: str,
    across: Sequence[float],
    differences: Sequence[float],
    sides: Sequence[str],
    agreement: Mapping[str, float],
    *,
    across_title: str | None = None,
) -> Chart:
    """Draw differences with their bias, limits of agreement and the intervals of all three.

    Parameters
    ----------
    label, unit : str
    across : sequence of float
        What lies on the horizontal axis, usually the mean of both methods.
    differences : sequence of float
        Measured − reference.
    sides : sequence of str
    agreement : mapping
        Fields of `gait_core.validation.agreement.BlandAltman`.
    across_title : str, optional
    """
    p = palette()
    figure = blank(330, across_title or f"Mean of both ({unit})", f"Measured − reference ({unit})")
    places = digits_of(unit)
    for side in sorted(set(sides)):
        chosen = [i for i, name in enumerate(sides) if name == side]
        figure.add_scatter(
            x=[across[i] for i in chosen],
            y=[differences[i] for i in chosen],
            mode="markers",
            name=side,
            marker={
                "size": 8,
                "symbol": _SYMBOLS.get(side, "circle"),
                "color": p.accent if side != "right" else p.watch,
                "opacity": 0.75,
            },
            hovertemplate=f"%{{y:.{places}f}} {unit}<extra>{side}</extra>",
        )
    for name, word, dash in (("bias", "bias", "solid"), ("upper", "+1.96 SD", "dash"), ("lower", "−1.96 SD", "dash")):
        value, low, high = (float(agreement[key]) for key in (name, f"{name}_low", f"{name}_high"))
        colour = p.text if name == "bias" else p.muted
        figure.add_hrect(y0=low, y1=high, fillcolor=colour, opacity=0.1, line_width=0, layer="below")
        figure.add_hline(y=value, line={"color": colour, "width": 1.8, "dash": dash})
        figure.add_annotation(
            x=1, xref="paper", y=value, xanchor="right", yanchor="bottom", showarrow=False,
            text=f"{word} {signed(value, places)}", font={"color": colour, "size": 13},
        )  # fmt: skip
    left, right = min(across), max(across)
    wide = (right - left) or 1.0
    figure.update_xaxes(range=[left - 0.04 * wide, right + 0.17 * wide])  # space for the words at the right
    ends = [*differences, float(agreement["lower_low"]), float(agreement["upper_high"])]
    room = 0.08 * ((max(ends) - min(ends)) or 1.0)
    figure.update_yaxes(range=[min(ends) - room, max(ends) + 2 * room])
    low, high = float(agreement["lower"]), float(agreement["upper"])
    return figure, (
        f"{label}: on average {signed(float(agreement['bias']), places)} {unit} from the reference "
        f"({signed(float(agreement['bias_low']), places)} to {signed(float(agreement['bias_high']), places)}); "
        f"95 % of the differences lie between {signed(low, places)} and {signed(high, places)} {unit}. "
        "Shaded: 95 % intervals of the bias and of the limits of agreement."
    )


def mean_curves(label: str, sides: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw the mean curve of a joint over the stride beside that of the reference, both sides.

    Parameters
    ----------
    label : str
    sides : sequence of mapping
        Fields of `gait_core.validation.stride_agreement.AngleAgreement`.
    """
    p = palette()
    figure = blank(330, "Part of the stride (%)", "Angle (deg)")
    share = list(range(101))
    for item in sides:
        colour = p.accent if item["side"] == "left" else p.watch
        for name, dash, width in (("measured", "solid", 2.5), ("reference", "dot", 2.0)):
            figure.add_scatter(
                x=share,
                y=list(item[name]),
                mode="lines",
                name=f"{item['side']}, {name}",
                line={"color": colour, "dash": dash, "width": width},
                hovertemplate="%{x} %: %{y:.1f}°<extra>" + f"{item['side']}, {name}</extra>",
            )
    figure.update_xaxes(range=[0, 100])
    worst = max(sides, key=lambda item: float(item["rmse_deg"]))
    offset = float(np.mean([float(item["offset_deg"]) for item in sides]))
    return figure, (
        f"{label}, mean over the strides: RMSE {float(worst['rmse_deg']):.1f}° on the {worst['side']} "
        f"({float(worst['rmse_without_offset_deg']):.1f}° without the offset). Mean offset {signed(offset, 1)}°: "
        "methods differ in where an angle is zero."
    )
