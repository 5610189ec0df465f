"""Charts of joint angles over the stride: single strides, mean, spread, and what is usual behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app import words
from app.charts import Chart, blank
from app.theme import palette
from gait_core.gait.curves import CURVES, Curves
from gait_core.gait.deviation import Band

__all__ = ["CYCLE", "SIDES", "SideLook", "side_colour", "stride_chart", "tint"]

Key = tuple[str, str]
Array = NDArray[np.float64]
CYCLE: Final = np.arange(0, 101)
MOST_STRIDES: Final = 40
"""Single strides that are drawn of a side; more would only slow down drawing."""
_WAYS: Final[Mapping[str, str]] = {
    "hip": "up: bends forward",
    "knee": "up: bends",
    "ankle": "up: toes up",
    "arm": "up: swings forward",
    "trunk": "up: leans forward",
}


@dataclass(frozen=True, kw_only=True)
class SideLook:
    """How the sides of the body are distinguished: by colour, by line and by symbol."""

    light: str
    dark: str
    dash: str
    symbol: str


SIDES: Final[Mapping[str, SideLook]] = {
    "left": SideLook(light="#0B6470", dark="#5DBBC6", dash="solid", symbol="circle"),
    "right": SideLook(light="#7B3FA0", dark="#CBA6F5", dash="dash", symbol="square"),
}


def side_colour(side: str) -> str:
    """Return the colour of a side of the body in the present theme."""
    look = SIDES[side]
    return look.dark if palette().name == "dark" else look.light


def tint(colour: str, share: float) -> str:
    """Return a colour, ``#RRGGBB``, with an opacity in [0, 1]."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def stride_chart(name: str, curves: Curves, bands: Mapping[Key, Band], sides: Sequence[str]) -> Chart:
    """Draw one joint angle over the gait cycle: strides, mean ± SD, foot off, and the baseline behind."""
    label = CURVES[name][1]
    figure = blank(290, "Gait cycle (%)", f"{label} (°)", showlegend=False)
    shown = [side for side in sides if curves.count(side)]
    for side in shown:
        if (name, side) in bands:
            _band(figure, bands[name, side], side)
    for side in shown:
        _strides(figure, curves.values[name, side])
    sentences = [_mean(figure, name, side, curves) for side in shown]
    offs = sorted((float(np.mean(curves.foot_off_pct[side])), side) for side in shown)
    for number, (percent, side) in enumerate(offs):
        _foot_off(figure, side, percent, before=number == 0 and len(offs) > 1)
    figure.update_xaxes(range=[0, 100], dtick=20)
    figure.add_annotation(
        x=0,
        xref="paper",
        xanchor="left",
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=_WAYS[name],
        font={"color": palette().muted, "size": 13},
    )
    missing = [side for side in sides if side not in shown]
    tail = f" No complete stride of the {' or '.join(missing)} leg was seen." if missing else ""
    return figure, f"{label}: {'; '.join(sentences) or 'nothing to draw'}.{tail}"


def _band(figure: Any, band: Band, side: str) -> None:
    """Draw what is usual: a grey field, its middle dotted in the colour of the side."""
    line = {"color": side_colour(side), "width": 1.3, "dash": "dot"}
    sd = np.where(np.isfinite(band.sd), band.sd, 0.0)
    low, high = band.mean - sd, band.mean + sd
    figure.add_scatter(
        x=np.concatenate([CYCLE, CYCLE[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=tint(palette().muted, 0.17),
        line={"width": 0},
        hoverinfo="skip",
    )
    figure.add_scatter(x=CYCLE, y=band.mean, mode="lines", line=line, hoverinfo="skip")


def _strides(figure: Any, values: Array) -> None:
    """Draw the single strides as one trace with gaps between them; every other point is enough for the eye."""
    chosen = np.asarray(values)[:MOST_STRIDES, ::2]
    gap = np.full((len(chosen), 1), np.nan)
    x = np.concatenate([np.tile(CYCLE[::2].astype(float), (len(chosen), 1)), gap], axis=1)
    y = np.concatenate([chosen, gap], axis=1)
    line = {"color": palette().faint, "width": 1}
    figure.add_scatter(x=x.ravel(), y=y.ravel(), mode="lines", line=line, hoverinfo="skip", connectgaps=False)


def _mean(figure: Any, name: str, side: str, curves: Curves) -> str:
    colour, mean, sd = side_colour(side), curves.mean(name, side), curves.sd(name, side)
    if np.isfinite(sd).all():
        figure.add_scatter(
            x=np.concatenate([CYCLE, CYCLE[::-1]]),
            y=np.concatenate([mean + sd, (mean - sd)[::-1]]),
            fill="toself",
            fillcolor=tint(colour, 0.2),
            line={"width": 0},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=CYCLE,
        y=mean,
        mode="lines",
        name=side,
        line={"color": colour, "width": 2.6, "dash": SIDES[side].dash},
        hovertemplate="%{x} %: %{y:.1f}°<extra>" + side + "</extra>",
    )
    strides = words.plural(curves.count(side), "stride")
    if not np.isfinite(mean).any():
        return f"{side} not seen"
    return (
        f"{side} from {np.nanmin(mean):.0f}° to {np.nanmax(mean):.0f}° over {strides}, "
        f"foot off at {np.mean(curves.foot_off_pct[side]):.0f} %"
    ).replace("-", "−")


def _foot_off(figure: Any, side: str, percent: float, *, before: bool) -> None:
    """Mark foot off by a thin line and a triangle at its foot; the earlier of two is named on its left."""
    colour = side_colour(side)
    figure.add_vline(x=percent, line={"color": colour, "width": 1.2, "dash": SIDES[side].dash}, layer="below")
    figure.add_annotation(
        x=percent,
        y=0.0,
        yref="paper",
        yanchor="bottom",
        xanchor="right" if before else "left",
        showarrow=False,
        text=f"{side} foot off ▲" if before else f"▲ {side} foot off",
        font={"color": colour, "size": 12},
    )
