"""Entry point of ``python -m gait_core``."""

import os

# The matrices here are small and videos run side by side: more threads per product only wait for each other.
# It has to be set before NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from gait_core.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
