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
    import threading

    import streamlit as st
    from starlette.middleware import Middleware

    from app.own_pages import OwnPagesOnly
    from app.routes import open_token, routes
    from gait_core.storage.leftovers import sweep_leftovers
    from gait_core.workspace import default_root

    open_token()
    threading.Thread(target=lambda: sweep_leftovers(default_root(), thorough=True), name="sweep", daemon=True).start()
    app = st.App(Path(__file__).resolve(), routes=routes(), middleware=[Middleware(OwnPagesOnly)])
