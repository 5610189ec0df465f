"""Profiles that the user made, beside the built-in ones."""

from __future__ import annotations

from pathlib import Path

from gait_core.config.profiles import PROFILES, Profile
from gait_core.errors import SettingsError

__all__ = ["load_profiles", "profile_named"]


def load_profiles(folder: Path | None = None) -> dict[str, Profile]:  # noqa: ARG001 - the files come next
    """Return the built-in profiles and the valid ones of a folder, by name."""
    return dict(PROFILES)


def profile_named(name: str, folder: Path | None = None) -> Profile:
    """Return a profile by its name.

    Raises
    ------
    SettingsError
        When there is no such profile.
    """
    found = load_profiles(folder)
    try:
        return found[name]
    except KeyError:
        raise SettingsError(
            f"Expected a profile among {', '.join(found)}, but got {name!r}.", "Choose one of these."
        ) from None
