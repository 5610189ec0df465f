"""Chooses and opens the engine that the settings name; each engine registers itself in a module of this package."""

from __future__ import annotations

from gait_core.config import PoseSettings
from gait_core.pose.engine import CPU, PoseEngine
from gait_core.pose.engines.registry import (
    AUTO,
    Engine,
    check_engine,
    engine_memory,
    engine_named,
    engine_titles,
    engines_by_rank,
    turn_delay_s,
)
from gait_core.pose.following import FollowingEngine

__all__ = [
    "check_engine",
    "engine_memory",
    "engine_titles",
    "engine_version",
    "open_engine",
    "resolved",
    "turn_delay_s",
]


def resolved(settings: PoseSettings) -> PoseSettings:
    """Return the settings with the engine and the precision that ``auto`` means on this machine.

    An engine that does not read the heat maps gives what MediaPipe shows live, whatever decoding was asked for.

    Returns
    -------
    PoseSettings
        A copy in which neither `engine` nor `precision` is ``auto``.

    Raises
    ------
    SettingsError
        When there is no engine of that name.
    """
    engine = _best_for(settings) if settings.engine == AUTO else engine_named(settings.engine)
    return settings.with_(
        engine=engine.name,
        precision=engine.precision(settings.precision),
        decoding=settings.decoding if engine.measures else "display",
    )


def _best_for(settings: PoseSettings) -> Engine:
    """Return the preferred engine that does what is asked; the last one stands in where nothing is installed."""
    engines = engines_by_rank()
    able = (one for one in engines if one.installed() and (one.follows or settings.person == "auto"))
    return next(able, engines[-1])


def engine_version(settings: PoseSettings) -> str:
    """Return the version of the engine without loading it; part of the address of cached landmarks.

    Returns
    -------
    str
        Version of the library and our revision of the engine, for example ``2026.4.1+9``.

    Raises
    ------
    LibraryError
        When the engine is not installed.
    """
    return engine_named(resolved(settings).engine).version()


def open_engine(settings: PoseSettings, *, masks: bool = False, at_once: int = 1, device: str = CPU) -> PoseEngine:
    """Return a new engine for one video.

    Parameters
    ----------
    settings : PoseSettings
    masks : bool
        Also give the mask of the person.
    at_once : int
        Videos that share the CPU.
    device : str
        Where the models run, as the engine calls it.

    Returns
    -------
    PoseEngine

    Raises
    ------
    ModelError
        When the pose model is missing or damaged.
    LibraryError
        When a library is missing.
    """
    settings = resolved(settings)
    engine = engine_named(settings.engine).open(settings, masks=masks, at_once=at_once, device=device)
    return engine if settings.person == "auto" else FollowingEngine(engine, settings.person, settings.max_side_px)
