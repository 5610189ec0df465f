"""The command line: ``python -m gait_core …``; it begins in `gait_core.cli.main`."""
