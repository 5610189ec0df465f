"""Reads pages under test."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def text_of(test: AppTest) -> str:
    """Return everything a page says, as one string."""
    kinds = (test.title, test.subheader, test.markdown, test.caption, test.html, test.error, test.info, test.warning)
    return "\n".join(str(getattr(item, "value", None) or item.proto) for kind in kinds for item in kind)


def primary(test: AppTest) -> list[str]:
    """Return the labels of the primary buttons of a page."""
    return [button.label for button in test.button if button.proto.type == "primary"]
