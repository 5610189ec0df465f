"""Gait Studio's library: from walking videos to a personal baseline of gait and what changed since."""

__version__ = "0.1.0"

__all__ = ["__version__"]
