"""Entry point of ``python -m gait_core``."""

from gait_core.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
