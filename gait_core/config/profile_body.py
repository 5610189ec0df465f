"""From the keys of one profile to its values, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gait_core.config.profile_keys import BLOCKS, KEYS, Key, ProfileProblem, nearest_key
from gait_core.config.profiles import DEFAULT_PROFILE, MIB, PROFILES, EngineMemory, Profile
from gait_core.errors import SettingsError

__all__ = ["CheckedProfile", "check_name", "check_profile", "profile_body"]

_NAME: Final = re.compile(r"[^\W_][\w .+()-]{0,59}")
_MOST_PROBLEMS: Final = 40


@dataclass(frozen=True, kw_only=True)
class CheckedProfile:
    """One profile of a file after all checks.

    Attributes
    ----------
    name : str
    profile : Profile or None
        None when there are problems.
    problems : tuple of ProfileProblem
        All of them, at most a page full.
    notes : tuple of str
        Keys that decide nothing, and why.
    """

    name: str
    profile: Profile | None
    problems: tuple[ProfileProblem, ...]
    notes: tuple[str, ...]


def check_name(name: str) -> ProfileProblem | None:
    """Return what is wrong with the name of a profile, or None.

    Returns
    -------
    ProfileProblem or None
    """
    if any(name.casefold() == known for known in PROFILES):
        return _problem(
            name,
            "",
            f"Expected a name of its own, but {name!r} is a built-in profile, which cannot be changed.",
            "Give it another name; performance_mode says which built-in profile it starts from.",
        )
    if not _NAME.fullmatch(name) or name != name.strip() or ".." in name:
        return _problem(
            name[:60],
            "",
            f"Expected a name of 1 to 60 letters, digits, spaces and . _ + ( ) -, but got {name[:80]!r}.",
            "Begin it with a letter or a digit, and avoid characters that could make it a path.",
        )
    return None


def check_profile(name: str, body: Any, engines: EngineMemory | None = None) -> CheckedProfile:
    """Check one profile and build it.

    Parameters
    ----------
    name : str
    body : object
        What the file holds under that name.
    engines : mapping, optional
        The engines that there are, as `gait_core.pose.engines.engine_memory` gives them. Without it any word passes
        for an engine, and the memory that a named engine needs is not checked.

    Returns
    -------
    CheckedProfile
    """
    keys = KEYS if engines is None else {**KEYS, "engine": Key(kind="word", words=("auto", *engines))}
    problems: list[ProfileProblem] = []
    wrong_name = check_name(name)
    if wrong_name is not None:
        problems.append(wrong_name)
    values: dict[str, Any] = {}
    for key, value in _flat(name, body, problems):
        wrong = keys[key].wrong(value)
        if wrong is None:
            values[key] = value
        else:
            expected, remedy = wrong
            problems.append(_problem(name, key, f"Expected {key} to be {expected}, but got {_shown(value)}.", remedy))
    problems += _contradictions(name, values)
    notes = tuple(f"{key} decides nothing here: {KEYS[key].kept}." for key in values if KEYS[key].kept)
    # Built from the valid parts even where something is wrong: all problems are reported at once.
    profile, problem = _built(name, values, engines)
    problems += [problem] if problem is not None else []
    return CheckedProfile(
        name=name,
        profile=profile if not problems else None,
        problems=tuple(problems[:_MOST_PROBLEMS]),
        notes=notes,
    )


def profile_body(profile: Profile) -> dict[str, Any]:
    """Return a profile in the keys of a file; `check_profile` makes the same profile of it.

    Returns
    -------
    dict of str to object
    """
    mediapipe: dict[str, Any] = {
        "model_complexity": profile.model_complexity,
        "min_detection_confidence": profile.confidence,
    }
    if profile.tracking_confidence is not None:
        mediapipe["min_tracking_confidence"] = profile.tracking_confidence
    io: dict[str, Any] = {"parallel_processing": profile.max_workers != 1}
    if profile.max_workers is not None:
        io["max_workers"] = profile.max_workers
    return {
        "description": profile.description,
        "performance_mode": profile.base,
        "max_memory_mb": math.ceil(profile.memory_limit_bytes / MIB),
        "batch_size": profile.batch_size,
        "target_fps": profile.target_fps,
        "max_side_px": profile.max_side_px,
        "engine": profile.engine,
        "precision": profile.precision,
        "skip_loop_filter": profile.skip_loop_filter,
        "decoding": profile.decoding,
        "mediapipe": mediapipe,
        "io_optimization": io,
        "memory_optimization": {"chunk_size": profile.chunk_frames},
    }


def _flat(name: str, body: Any, problems: list[ProfileProblem]) -> Iterator[tuple[str, Any]]:
    """Yield the known keys, dotted, and note the unknown ones."""
    if not isinstance(body, Mapping):
        problems.append(_problem(name, "", f"Expected an object of keys, but got {_shown(body)}.", "Put it in braces."))
        return
    for key, value in body.items():
        if key not in BLOCKS:
            yield from _known(name, str(key), value, problems)
        elif not isinstance(value, Mapping):
            message = f"Expected {key} to be an object of keys, but got {_shown(value)}."
            problems.append(_problem(name, key, message, "Put it in braces."))
        else:
            for inner, entry in value.items():
                yield from _known(name, f"{key}.{inner}", entry, problems)


def _known(name: str, key: str, value: Any, problems: list[ProfileProblem]) -> Iterator[tuple[str, Any]]:
    if key in KEYS:
        yield key, value
        return
    near = nearest_key(key)
    remedy = f"Did you mean {near!r}?" if near else f"Remove it; known are {', '.join(k for k in KEYS if '.' not in k)}"
    remedy += "" if near else f" and the blocks {', '.join(BLOCKS)}."
    problems.append(_problem(name, key[:80], f"Expected a known key, but got {key[:80]!r}.", remedy))


def _contradictions(name: str, values: Mapping[str, Any]) -> Iterator[ProfileProblem]:
    own, training = values.get("batch_size"), values.get("training.batch_size")
    if own is not None and training is not None and own != training:
        message = f"Expected one batch size, but batch_size is {own} and training.batch_size {training}."
        yield _problem(name, "batch_size", message, "Give one of them; they mean the same.")
    parallel, workers = values.get("io_optimization.parallel_processing"), values.get("io_optimization.max_workers", 1)
    if parallel is False and workers > 1:
        message = f"Expected max_workers of 1 without parallel_processing, but got {workers}."
        yield _problem(
            name, "io_optimization.max_workers", message, "Set parallel_processing to true, or leave it out."
        )


def _built(name: str, values: Mapping[str, Any], engines: EngineMemory | None) -> tuple[Profile, ProfileProblem | None]:
    base = PROFILES[values.get("performance_mode", DEFAULT_PROFILE)]
    changes: dict[str, Any] = {"name": name, "base": base.name}
    if "description" in values:
        changes["description"] = values["description"]
    else:
        changes["description"] = f"Made by the user from {base.name}."
    for key, field in _FIELDS.items():
        if key in values:
            value = values[key]
            changes[field] = int(value) if KEYS[key].kind == "whole" and value is not None else value
    if "max_memory_mb" in values:
        changes["memory_limit_bytes"] = int(values["max_memory_mb"]) * MIB
    if values.get("io_optimization.parallel_processing") is False:
        changes["max_workers"] = 1
    chunks = [values[key] for key in _CHUNKS if key in values]
    if chunks:
        changes["chunk_frames"] = int(min(chunks))
    # The limit comes last: what a frame needs depends on the rest.
    limit_bytes = changes.pop("memory_limit_bytes", base.memory_limit_bytes)
    profile = base.with_(**changes)
    needed_mib = math.ceil(profile.needed_bytes(engines) / MIB)
    checked = engines is not None or profile.engine == "auto"
    if checked and limit_bytes < needed_mib * MIB:
        side = f"at most {profile.max_side_px} px" if profile.max_side_px else "full size"
        return profile, _problem(
            name,
            "max_memory_mb",
            f"Expected max_memory_mb of at least {needed_mib}, which one frame of {side} with the "
            f"{profile.model} model needs, but got {limit_bytes // MIB}.",
            f"Set it to {needed_mib} or more, or choose smaller frames or a smaller model.",
        )
    try:
        return profile.with_(memory_limit_bytes=limit_bytes), None
    except SettingsError as error:
        return profile, _problem(name, "", error.message, error.remedy)


_FIELDS: Final[Mapping[str, str]] = {
    "batch_size": "batch_size",
    "training.batch_size": "batch_size",
    "target_fps": "target_fps",
    "max_side_px": "max_side_px",
    "engine": "engine",
    "precision": "precision",
    "skip_loop_filter": "skip_loop_filter",
    "decoding": "decoding",
    "mediapipe.model_complexity": "model_complexity",
    "mediapipe.min_detection_confidence": "confidence",
    "mediapipe.min_tracking_confidence": "tracking_confidence",
    "io_optimization.max_workers": "max_workers",
}
_CHUNKS: Final = ("io_optimization.batch_size", "memory_optimization.chunk_size")


def _problem(name: str, key: str, message: str, remedy: str) -> ProfileProblem:
    return ProfileProblem(where=f"{name}: {key}" if key else name, key=key, message=message, remedy=remedy)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
