"""Performance profiles in the words of the interface; the same wherever one can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.state import workspace
from gait_core.config import Profile, load_profiles
from gait_core.config.profiles import MIB
from gait_core.pose.engines import engine_memory
from gait_core.runtime.devices import fast_bf16_unit

__all__ = ["known_profiles", "profile_caption", "profile_title"]

_TITLES: Final = {"fast": "Fast", "balanced": "Balanced (recommended)", "accurate": "Accurate"}

_ON_THIS_CPU: Final = {
    "": "It takes two to three times as long as Balanced.",
    "AMX": "On this CPU, which has AMX, it takes about a third longer than Balanced.",
    "AVX-512": "On this CPU (AVX-512 with bf16) it takes about 1.7 times as long as Balanced.",
}
"""What accurate costs, by the CPU's bfloat16 unit; `bench profiles` on a CPU of each kind."""


def known_profiles() -> Mapping[str, Profile]:
    """Return the built-in profiles and the valid ones of the user, by name."""
    return load_profiles(workspace().profiles, engine_memory())


def profile_title(profile: Profile | str) -> str:
    """Return the name of a profile as it is shown."""
    name = profile if isinstance(profile, str) else profile.name
    return _TITLES.get(name, name)


def profile_caption(profile: Profile) -> str:
    """Return what a profile means and what it costs."""
    side = f"Frames up to {profile.max_side_px} px" if profile.max_side_px else "Frames in full size"
    here = _ON_THIS_CPU.get(fast_bf16_unit() or "", "") if profile.name == "accurate" else ""
    return " ".join(f"{profile.description} {here} {side}, at most {_memory(profile)} of memory.".split())


def _memory(profile: Profile) -> str:
    """Return the limit in the units in which it is set, powers of 1024."""
    mib = profile.memory_limit_bytes / MIB
    return f"{mib / 1024:g} GB" if mib % 1024 == 0 else f"{mib:,.0f} MB"
