"""Names from users as they were written, in places that read Markdown or the little markup of charts.

Streamlit reads labels, captions, titles, toasts and the help of buttons as Markdown: a name there could fetch an image
from another address. `st.html` and `st.text` need other care: the first gets `html.escape`, the second nothing.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

__all__ = ["plain", "plain_card", "plain_chart"]

_SPECIAL: Final = re.compile(
    r"([\\`*\[\]<>$~@|]|(?<!\w)_|_(?!\w)|^[-+#=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|:(?=//)|(?<=www)\.|&(?=[\w#]+;))",
    re.IGNORECASE,
)
"""Only where it would act: a screen reader reads the backslashes of some labels aloud."""
_SHORTCODE: Final = re.compile(r":(?=[\w+/-]+:)")
_WORD_JOINER: Final = "\u2060"
_MARKUP: Final = re.compile(r"<(?!/?(?:br|b|i|sub|sup|extra)\s*/?>)", re.IGNORECASE)
"""Whatever is no markup that the charts themselves use."""


def plain(text: str) -> str:
    """Return a text of the user for a place that reads Markdown; it shows as it was written.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    # Streamlit looks for the names of icons and emoji after it has read the Markdown: no backslash helps there.
    one_line = _SHORTCODE.sub(f":{_WORD_JOINER}", " ".join(text.split()))
    return _SPECIAL.sub(r"\\\1", one_line)


def plain_card(card: str) -> str:
    """Return Markdown of the library with names of users in it: its layout stays, nothing is fetched or linked.

    Parameters
    ----------
    card : str

    Returns
    -------
    str
    """
    joined = _SHORTCODE.sub(f":{_WORD_JOINER}", card)
    acting = re.sub(r"([!\[\]<>$&])", r"\\\1", joined)
    return re.sub(r"(?<=[a-z])(?=://)|(?<=www)(?=\.)", _WORD_JOINER, acting, flags=re.IGNORECASE)


def plain_chart(figure: Any) -> Any:
    """Return a chart in which names of users act as text; the figure itself where nothing in it looks like markup.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure

    Returns
    -------
    plotly.graph_objects.Figure
    """
    values = figure.to_plotly_json()
    return go.Figure(_escaped(values)) if _has_markup(values) else figure


def _has_markup(value: Any) -> bool:
    if isinstance(value, str):
        return _MARKUP.search(value) is not None
    if isinstance(value, dict):
        return any(_has_markup(one) for one in value.values())
    if _holds_texts(value):
        return any(_has_markup(one) for one in value)
    return False


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return _MARKUP.sub("&lt;", value)
    if isinstance(value, dict):
        return {key: _escaped(one) for key, one in value.items()}
    if _holds_texts(value):
        return [_escaped(one) for one in value]
    return value


def _holds_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype.kind in "OU")
