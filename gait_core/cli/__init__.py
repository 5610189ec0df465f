"""The command line: ``python -m gait_core …``."""

from gait_core.cli.main import main

__all__ = ["main"]
