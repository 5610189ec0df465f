"""Entry point: ``streamlit run app/main.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    # `streamlit run` puts app/ on the path, not the folder that holds gait_core.
    sys.path.insert(0, ROOT)


def main() -> None:
    """Draw the dashboard once; Streamlit calls this on every rerun."""
    from app import shell

    shell.run()


if __name__ == "__main__":  # a child process that imports this file must not draw
    main()
elif __name__ == "main":  # the server imports this file once and finds the application by its name
    import streamlit as st

    from app.routes import open_token, routes

    open_token()
    app = st.App(Path(__file__).resolve(), routes=routes())
